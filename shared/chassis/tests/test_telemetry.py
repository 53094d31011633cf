"""Traces run on through `traceparent`; spans are recorded only if somebody takes them."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from chassis import telemetry
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C

UNRECORDED = """
from chassis import telemetry
telemetry.configure("sites")
with telemetry.span("outer") as span:
    print(telemetry.current_traceparent(), span.is_recording())
    with telemetry.span("inner"):
        print(telemetry.current_traceparent())
with telemetry.span("joined", parent="{parent}"):
    print(telemetry.current_traceparent())
"""


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    telemetry.export_to(telemetry.configure("test"), SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


def run(code: str, **environment: str) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code], env=clean | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split("\n")


def test_without_an_exporter_trace_ids_are_made_and_handed_on_but_nothing_is_recorded() -> None:
    outer, inner, joined, _ = run(UNRECORDED.format(parent=PARENT))
    traceparent, recording = outer.split()
    assert recording == "False"
    assert len(traceparent) == len(PARENT)
    assert traceparent.split("-")[1] == inner.split("-")[1] != "0" * 32
    assert joined.split("-")[1] == PARENT.split("-")[1]


def test_with_an_endpoint_in_the_environment_spans_and_metrics_are_recorded_for_export() -> None:
    code = (
        "from chassis import telemetry\n"
        "from opentelemetry import metrics\n"
        "telemetry.configure('sites')\n"
        "with telemetry.span('work') as span:\n"
        "    print(span.is_recording(), type(metrics.get_meter_provider()).__name__, flush=True)\n"
        "import os; os._exit(0)  # nobody listens there, so do not wait for the export"
    )
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert run(code, **endpoint)[0] == "True MeterProvider"
    assert run(code, **endpoint, OTEL_TRACES_EXPORTER="none")[0] == "False MeterProvider"


def test_configuring_twice_gives_the_same_provider() -> None:
    assert telemetry.configure("test") is telemetry.configure("other")


def test_a_span_continues_the_trace_of_its_parent(spans: InMemorySpanExporter) -> None:
    with telemetry.span("relay sites", SpanKind.PRODUCER, PARENT, **{"messaging.system": "kafka"}):
        assert telemetry.current_traceparent().split("-")[1] == PARENT.split("-")[1]
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert span.context.trace_id == TRACE_ID
    assert (span.kind, span.attributes) == (SpanKind.PRODUCER, {"messaging.system": "kafka"})


def test_a_failing_span_tells_the_type_of_the_error_and_not_its_message(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Ada"), telemetry.span("work"):
        raise ValueError("subject Ada Lovelace")
    (span,) = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert "Ada" not in span.to_json()


@pytest.mark.parametrize("malformed", ["", "x", "00-0-0-01", PARENT + "é", "ff-" + PARENT[3:]])
def test_a_malformed_traceparent_begins_a_new_trace(malformed: str) -> None:
    assert not get_current_span(telemetry.context_of(malformed)).get_span_context().is_valid


def test_outside_any_span_there_is_no_traceparent() -> None:
    assert telemetry.current_traceparent() == ""


@pytest.mark.parametrize(
    ("flags", "sampled"),
    [("01", True), ("03", True), ("00", False), ("02", False), ("zz", False), ("1", False), ("", False)],
)
def test_a_trace_is_sampled_where_its_lowest_flag_says_so(flags: str, sampled: bool) -> None:  # noqa: FBT001 - parametrised
    assert telemetry.is_sampled(f"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}") is sampled
