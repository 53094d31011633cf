"""Composition root: settings → database, broker, routers, telemetry."""

from functools import partial

from chassis.http.asyncapi import document_of
from chassis.obligations import Obligations
from chassis.service import Parts, Service
from chassis.ticking import Ticker
from contracts import received
from contracts import sites as public

from sites import __version__, api, portal, store
from sites.consumers import LISTENS_TO, on_events
from sites.handlers.agreements import agreed_about, obligation_of
from sites.queries.lapses import due
from sites.settings import Settings

NAME = "sites"


def compose(settings: Settings) -> Service:
    """The service, ready to run."""
    parts = Parts.of(NAME, settings)
    service = Service(
        parts,
        title="Studyline sites",
        version=__version__,
        routers=[*api.routers(parts.database, settings.forms_url), portal.router(parts.database)],
        prepare=partial(store.prepare, parts.database),
        topic=public.TOPIC,
        asyncapi=document_of(NAME, __version__, public.TOPIC, public.EVENTS),
        authorise=Obligations(obligation_of, agreed_about),
    )
    assert service.commands is not None
    service.consumer = parts.consumer(LISTENS_TO, received, partial(on_events, service.commands, parts.database))
    service.ticker = Ticker(NAME, parts.database, service.commands, partial(due, parts.database), settings.instance)
    return service
