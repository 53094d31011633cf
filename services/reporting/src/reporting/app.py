"""Composition root: settings → database, broker, routers, telemetry."""

from functools import partial

from chassis.service import Parts, Service
from chassis.stream.consuming import Consumer
from contracts import Received, received

from reporting import __version__, api, store
from reporting.api.asyncapi import asyncapi_of
from reporting.api.feed import Feed
from reporting.consumers import LISTENS_TO, Feeders, feed
from reporting.generations import Generations, group_of
from reporting.portal import router as portal_router
from reporting.settings import Settings

NAME = "reporting"


def compose(settings: Settings) -> Service:
    """The service, ready to run."""
    parts = Parts.of(NAME, settings)
    generations = Generations(parts.database)
    feeders = Feeders(generations, partial(_consumer, parts, generations))
    stream = Feed(generations, settings.stream_connections_max)
    return Service(
        parts,
        title="Studyline reporting",
        version=__version__,
        routers=[
            *api.routers(generations, stream, feeders, parts),
            portal_router(generations.serving, settings, generations.pinned),
        ],
        prepare=partial(store.prepare_kept, generations),
        consumer=feeders,
        asyncapi=asyncapi_of(NAME, __version__),
        allow_cookie=True,
        running=stream.running,
    )


def _consumer(parts: Parts, generations: Generations, number: int) -> Consumer[Received]:
    """What feeds one generation, in a group of its own."""
    effect = partial(feed, generations, number)
    name, instance = group_of(number), parts.settings.instance
    return Consumer(name, LISTENS_TO, received, effect, parts.database, parts.cluster, parts.metrics, instance)
