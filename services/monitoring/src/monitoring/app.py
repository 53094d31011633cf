"""Composition root: settings → database, broker, routers, telemetry."""

from functools import partial

from chassis.http.asyncapi import document_of
from chassis.obligations import Obligations, agreed_in
from chassis.service import Parts, Service
from contracts import monitoring as public
from contracts import received

from monitoring import __version__, api, store
from monitoring.consumers import LISTENS_TO, on_events
from monitoring.handlers import obligation_of
from monitoring.projections import AGREEMENTS
from monitoring.settings import Settings

NAME = "monitoring"


def compose(settings: Settings) -> Service:
    """The service, ready to run."""
    parts = Parts.of(NAME, settings)
    return Service(
        parts,
        title="Studyline monitoring",
        version=__version__,
        routers=api.routers(parts.database),
        prepare=partial(store.prepare, parts.database),
        topic=public.TOPIC,
        consumer=parts.consumer(LISTENS_TO, received, partial(on_events, parts.database)),
        asyncapi=document_of(NAME, __version__, public.TOPIC, public.EVENTS),
        authorise=Obligations(obligation_of, agreed_in(AGREEMENTS.collection)),
    )
