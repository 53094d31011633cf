"""Composition root: settings → database, broker, routers, telemetry."""

from functools import partial

from chassis.service import Parts, Service
from contracts import received

from reporting import __version__, api, store
from reporting.api.asyncapi import asyncapi_of
from reporting.api.feed import Feed
from reporting.consumers import LISTENS_TO, on_events
from reporting.portal import router as portal_router
from reporting.settings import Settings

NAME = "reporting"


def compose(settings: Settings) -> Service:
    """The service, ready to run."""
    parts = Parts.of(NAME, settings)
    consumer = parts.consumer(LISTENS_TO, received, partial(on_events, parts.database))
    feed = Feed(parts.database, settings.stream_connections_max)
    return Service(
        parts,
        title="Studyline reporting",
        version=__version__,
        routers=[
            *api.routers(parts.database, feed, consumer, parts.metrics),
            portal_router(parts.database, settings),
        ],
        prepare=partial(store.prepare, parts.database),
        consumer=consumer,
        asyncapi=asyncapi_of(NAME, __version__),
        allow_cookie=True,
        running=feed.running,
    )
