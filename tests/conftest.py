"""The whole platform for tests that belong to no single service, with a collector for its traces."""

import os
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from studyline.testing import Servers, start_servers


@dataclass
class Collector:
    """Spans as an OTLP backend would get them: trace id → service → names of spans."""

    address: str = ""
    traces: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def take(self, request: ExportTraceServiceRequest) -> None:
        """Note the spans of one export."""
        for resource in request.resource_spans:
            service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.traces[span.trace_id.hex()][service].append(span.name)


@contextmanager
def collecting() -> Generator[Collector]:
    """A collector on a free port."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.endswith("/v1/traces"):
                collector.take(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    yield collector
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def collector() -> Generator[Collector]:
    """Where the platform's traces go."""
    with collecting() as collector:
        os.environ |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        yield collector


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Generator[Servers]:  # noqa: ARG001 - the environment it sets
    """The whole platform, its traces sent to the collector."""
    with start_servers(tmp_path_factory.mktemp("stack"), services=True) as running:
        yield running
