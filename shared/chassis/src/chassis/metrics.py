"""Prometheus metrics of one service, and `GET /metrics`. One registry an object, so that tests stay apart."""

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """All metrics which the chassis keeps; a service adds its own to `registry`.

    Labels come from closed sets (routes, consumers, aggregates, outcomes), never from what a caller sent.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.http_duration_seconds = Histogram(
            "studyline_http_request_duration_seconds",
            "Time from the first byte of a request to the last byte of its answer.",
            ("route", "method", "status"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.commands_total = self._counter("commands", "Commands by outcome.", "aggregate", "outcome")
        self.consumed_total = self._counter("consumed", "Records read from Kafka.", "consumer", "outcome")
        self.published_total = self._counter("published", "Events which Kafka has acknowledged.")
        self.consumer_lag = self._gauge("consumer_lag", "Records not yet consumed.", "consumer", "topic", "partition")
        self.parked = self._gauge("parked", "Records in the parking lot.", "consumer")
        self.outbox_pending = self._gauge("outbox_pending", "Journal entries not yet published.")
        self.outbox_oldest_seconds = self._gauge(
            "outbox_oldest_seconds", "Age of the oldest journal entry not yet published."
        )
        self.unsealed_oldest_seconds = self._gauge(
            "unsealed_oldest_seconds",
            "Age of the oldest journal entry in no checkpoint yet.",
        )

    def observe_request(self, *, route: str | None, method: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is its template, or `None` where no route matched."""
        self.http_duration_seconds.labels(
            route=route or "unmatched",
            method=method if method in _METHODS else "other",
            status=str(status),
        ).observe(seconds)

    def router(self) -> APIRouter:
        """Give the route `GET /metrics` in Prometheus' text format."""
        router = APIRouter(include_in_schema=False)

        @router.get("/metrics")
        def read_metrics() -> Response:  # pyright: ignore[reportUnusedFunction]
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return router

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"studyline_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"studyline_{name}", text, labels, registry=self.registry)
