"""How complete the read model is: so that nobody takes what is not there yet for what did not happen."""

from contextlib import suppress

from chassis.health import Unhealthy
from chassis.http.auth import Caller
from chassis.metrics import Metrics
from chassis.service import Parts, Reader
from contracts import TOPICS
from fastapi import APIRouter

from reporting import queries
from reporting.generations import Generations, group_of
from reporting.queries.answers import Freshness, SourceFreshness


def router(generations: Generations, reader: Reader, parts: Parts) -> APIRouter:
    """The route of freshness."""
    routes = APIRouter(prefix="/v1/freshness", tags=["freshness"], dependencies=generations.pinned)

    @routes.get("")
    async def read_freshness(_: Caller) -> Freshness:
        """By source, when the last folded event was recorded and how many records are still to be folded."""
        recorded = await queries.recorded_until(generations.serving)
        lags = await lag_by_topic(reader, group_of((await generations.current()).present), parts.metrics)
        return Freshness(
            sources=[
                SourceFreshness(
                    source=name,
                    topic=topic,
                    recorded_at=recorded.get(f"/studyline/{name}"),
                    lag_records=lags.get(parts.cluster.topic(topic)),
                )
                for name, topic in TOPICS.items()
            ]
        )

    return routes


async def lag_by_topic(reader: Reader, group: str, metrics: Metrics) -> dict[str, int]:
    """Records a group is behind, by topic; empty where this process reads none."""
    # Standing still is for the health routes to tell; the lag is measured all the same.
    with suppress(Unhealthy):
        await reader.progress.alive()
    lags: dict[str, int] = {}
    for metric in metrics.consumer_lag.collect():
        for sample in metric.samples:
            if sample.labels["consumer"] == group:
                topic = sample.labels["topic"]
                lags[topic] = lags.get(topic, 0) + int(sample.value)
    return lags
