"""Composition root: settings → database, broker, routers, telemetry."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from chassis.files.keeping import keeping
from chassis.files.store import Files
from chassis.files.sweeping import Sweeper
from chassis.http.asyncapi import document_of
from chassis.obligations import Obligations, agreed_in
from chassis.service import Parts, Service
from chassis.ticking import Ticker
from contracts import received
from contracts import regulatory as public
from fastapi import FastAPI

from regulatory import __version__, api, store
from regulatory.consumers import LISTENS_TO, on_events
from regulatory.handlers.due import whatever_is_due
from regulatory.handlers.known import obligation_of
from regulatory.projections import AGREEMENTS
from regulatory.settings import Settings

NAME = "regulatory"


def compose(settings: Settings) -> Service:
    """The service, ready to run."""
    parts = Parts.of(NAME, settings)
    files = Files.of(parts.database, settings, NAME)
    service = Service(
        parts,
        title="Studyline regulatory",
        version=__version__,
        routers=api.routers(parts.database, files),
        prepare=partial(store.prepare, parts.database),
        topic=public.TOPIC,
        asyncapi=document_of(NAME, __version__, public.TOPIC, public.EVENTS),
        authorise=Obligations(obligation_of, agreed_in(AGREEMENTS.collection)),
        running=partial(_keeping, parts, files),
    )
    assert service.commands is not None
    due = partial(whatever_is_due, parts.database)
    service.ticker = Ticker(NAME, parts.database, service.commands, due, settings.instance)
    events = partial(on_events, service.commands, parts.database)
    service.consumer = parts.consumer(LISTENS_TO, received, events)
    return service


def _keeping(parts: Parts, files: Files, _: FastAPI) -> AbstractAsyncContextManager[None]:
    held = partial(store.files_held, parts.database)
    return keeping(Sweeper(parts.database, files, held, parts.settings.instance), parts.health)
