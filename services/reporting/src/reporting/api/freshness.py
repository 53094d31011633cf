"""How complete the read model is: so that nobody takes what is not there yet for what did not happen."""

from contextlib import suppress

from chassis.auth import Caller
from chassis.consuming import Consumer
from chassis.health import Unhealthy
from chassis.metrics import Metrics
from chassis.mongo import Database
from contracts import TOPICS, Received
from fastapi import APIRouter

from reporting import queries
from reporting.queries.answers import Freshness, SourceFreshness


def router(database: Database, consumer: Consumer[Received], metrics: Metrics) -> APIRouter:
    """The route of freshness."""
    routes = APIRouter(prefix="/v1/freshness", tags=["freshness"])

    @routes.get("")
    async def read_freshness(_: Caller) -> Freshness:
        """By source, when the last folded event was recorded and how many records are still to be folded."""
        recorded = await queries.recorded_until(database)
        lags = await lag_by_topic(consumer, metrics)
        return Freshness(
            sources=[
                SourceFreshness(
                    source=name,
                    topic=topic,
                    recorded_at=recorded.get(f"/studyline/{name}"),
                    lag_records=lags.get(consumer.cluster.topic(topic)),
                )
                for name, topic in TOPICS.items()
            ]
        )

    return routes


async def lag_by_topic(consumer: Consumer[Received], metrics: Metrics) -> dict[str, int]:
    """Records behind, by topic; empty where this process reads none."""
    # Standing still is for the health routes to tell; the lag is measured all the same.
    with suppress(Unhealthy):
        await consumer.progress.alive()
    lags: dict[str, int] = {}
    for metric in metrics.consumer_lag.collect():
        for sample in metric.samples:
            topic = sample.labels["topic"]
            lags[topic] = lags.get(topic, 0) + int(sample.value)
    return lags
