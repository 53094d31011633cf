"""OpenTelemetry: W3C trace context through HTTP, journal and Kafka; OTLP export only when asked for.

The exporters are configured by the standard variables (`OTEL_EXPORTER_OTLP_ENDPOINT`,
`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER` …). Without an endpoint nothing is recorded, yet trace ids
are still made and handed on, so that logs and events of one piece of work can be found together.
"""

import os
from collections.abc import Generator, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from fastapi.telemetry import TelemetryConfig
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Sampler, SamplingResult
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes, AttributeValue

_PROPAGATOR = TraceContextTextMapPropagator()
_SAMPLED_FLAGS = frozenset(f"{flags:02x}" for flags in range(1, 256, 2))
_UNTRACED_PATHS = ("/health/", "/metrics", "/links/")
"""Probes and scrapes, and links: a path below `/links/` holds a secret, and spans hold paths."""


def configure(service: str) -> TracerProvider:
    """Set up tracing, and metrics by OTLP; a repeated call gives the provider of the first."""
    existing = trace.get_tracer_provider()
    if isinstance(existing, TracerProvider):
        return existing
    resource = Resource.create({SERVICE_NAME: f"studyline-{service}"})
    provider = TracerProvider(resource=resource)
    provider.sampler = _OnlyWhenExported(provider.sampler)
    provider.add_span_processor(_QueryValuesHidden())
    trace.set_tracer_provider(provider)
    if _exports("TRACES"):
        export_to(provider, BatchSpanProcessor(OTLPSpanExporter()))
    if _exports("METRICS"):
        reader = PeriodicExportingMetricReader(OTLPMetricExporter())
        metrics.set_meter_provider(MeterProvider(metric_readers=[reader], resource=resource))
    return provider


def export_to(provider: TracerProvider, processor: SpanProcessor) -> None:
    """Record spans from now on and hand each to the processor, such as one that keeps them in memory."""
    if isinstance(provider.sampler, _OnlyWhenExported):
        provider.sampler.exporting = True
    provider.add_span_processor(processor)


def http_telemetry() -> TelemetryConfig:
    """How FastAPI traces requests: one span a request named by its route, no span for probes and scrapes.

    Its logs are off, because they would carry messages of exceptions that have not been looked through.
    """
    return {"operation_spans": False, "logs": False, "auto_configure": False, "exclude": _is_untraced}


def current_traceparent() -> str:
    """Give the W3C `traceparent` of the current span, or an empty string where there is none."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


def is_sampled(traceparent: str) -> bool:
    """Whether a `traceparent` belongs to a trace that is recorded: only that is worth spans of its own."""
    # W3C Trace Context: the lowest bit says sampled; others, such as that of random trace ids, may stand beside it.
    return traceparent.rpartition("-")[2] in _SAMPLED_FLAGS


def context_of(traceparent: str) -> Context:
    """Give the context which a `traceparent` names; a malformed one gives an empty context: a new trace."""
    return _PROPAGATOR.extract({"traceparent": traceparent}, context=Context())


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    **attributes: AttributeValue,
) -> Generator[Span]:
    """Run a block inside a span below `parent` (a traceparent), or below the current span where it is `None`.

    An exception marks the span with its type only: messages may quote data that must not leave the service.
    """
    with _tracer().start_as_current_span(
        name,
        context=context_of(parent) if parent else None,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__qualname__)
            current.set_status(StatusCode.ERROR)
            raise


@cache
def _tracer() -> Tracer:
    # Made once: that takes longer than a span that is not recorded.
    return trace.get_tracer("studyline")


def _exports(signal: str) -> bool:
    wanted = os.environ.get(f"OTEL_{signal}_EXPORTER", "otlp").strip().lower()
    endpoint = os.environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return bool(endpoint) and wanted == "otlp"


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return str(scope.get("path", "")).startswith(_UNTRACED_PATHS)


class _OnlyWhenExported(Sampler):
    """The environment's sampler as long as anybody takes the spans; otherwise none is recorded."""

    def __init__(self, sampler: Sampler) -> None:
        self.exporting = False
        self._sampler = sampler

    def should_sample(  # noqa: PLR0913, PLR0917 - the signature is OpenTelemetry's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = self._sampler if self.exporting else ALWAYS_OFF
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"OnlyWhenExported({self._sampler.get_description()})"


class _QueryValuesHidden(SpanProcessor):
    """Keeps the names of query parameters only: values can be sign-in codes or keys of subjects."""

    def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:  # noqa: ARG002
        query = (span.attributes or {}).get("url.query")
        if isinstance(query, str):
            names = (name for name, _ in parse_qsl(query, keep_blank_values=True))
            span.set_attribute("url.query", "&".join(names))
