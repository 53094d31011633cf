"""The composed app: probes, documents, one span a request, metrics by route, and a real server that ends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from chassis import telemetry
from chassis.health import Health
from chassis.http.auth import Authenticator, Caller, Principal, requires
from chassis.http.paging import Page, Paging
from chassis.http.requests import idempotency_key
from chassis.http.roles import Role
from chassis.http.web import create_app, create_server
from chassis.metrics import Metrics
from chassis.problems import stale
from chassis.settings import ServiceSettings
from fastapi import APIRouter, Depends, FastAPI
from openapi_spec_validator import validate
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel, ConfigDict

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class NewStudy(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid")

    title: str


class Moved(Exception):  # noqa: N818 - as a service names its own
    """An exception of a service."""


def router() -> APIRouter:
    router = APIRouter(prefix="/v1/studies", tags=["studies"])

    @router.get("/{study_id}")
    async def read_study(study_id: str) -> str:  # pyright: ignore[reportUnusedFunction]
        if study_id == "moved":
            raise Moved
        return telemetry.current_traceparent()

    @router.get("")
    async def list_studies(caller: Caller, paging: Paging) -> Page[str]:  # pyright: ignore[reportUnusedFunction]
        return Page(items=[caller.subject][: paging.limit], next=None)

    @router.post("")
    async def register(  # pyright: ignore[reportUnusedFunction]
        study: NewStudy,
        key: Annotated[str, Depends(idempotency_key)],
        caller: Annotated[Principal, Depends(requires(Role.OPERATIONS))],
    ) -> str:
        return f"{study.title} {key} {caller.subject}"

    return router


def settings() -> ServiceSettings:
    return ServiceSettings.model_validate(
        {
            "mongodb_uri": "mongodb://localhost",
            "mongodb_database": "studyline_sites",
            "kafka_bootstrap": "localhost:9092",
            "issuer_url": "https://issuer.test",
            "http_host": "127.0.0.1",
            "http_port": 1,
        }
    )


def service(metrics: Metrics | None = None, **options: Any) -> FastAPI:
    unreachable = httpx.ASGITransport(FastAPI())
    return create_app(
        service="sites",
        title="Studyline sites",
        version="1.2.3",
        settings=settings(),
        routers=[router()],
        health=Health(),
        metrics=metrics or Metrics(),
        authenticator=Authenticator("https://issuer.test", "studyline", transport=unreachable),
        asyncapi={"asyncapi": "3.0.0"},
        translations={Moved: lambda _: stale(3)},
        **options,
    )


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with client_of(service()) as client:
        yield client


async def test_the_documents_of_the_service_are_served(client: httpx.AsyncClient) -> None:
    openapi = (await client.get("/openapi.json")).json()
    validate(openapi)
    assert openapi["openapi"].startswith("3.1")
    assert (await client.get("/asyncapi.json")).json() == {"asyncapi": "3.0.0"}


async def test_openapi_tells_of_problems_and_of_the_token(client: httpx.AsyncClient) -> None:
    openapi = (await client.get("/openapi.json")).json()
    operation = openapi["paths"]["/v1/studies"]["post"]
    for status in ("400", "401", "403", "404", "409", "412", "413", "422", "503"):
        assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
    assert operation["security"] == [{"HTTPBearer": []}]
    assert openapi["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert "HTTPValidationError" not in openapi["components"]["schemas"]
    assert openapi["components"]["schemas"]["NewStudy"]["additionalProperties"] is False


async def test_no_page_that_loads_foreign_scripts_is_served(client: httpx.AsyncClient) -> None:
    assert {(await client.get(path)).status_code for path in ("/docs", "/redoc")} == {404}


async def test_an_unreachable_issuer_shows_in_readiness_and_not_in_liveness(
    client: httpx.AsyncClient,
) -> None:
    ready, live = await client.get("/health/ready"), await client.get("/health/live")
    assert (ready.status_code, ready.json()["checks"]["issuer"]["ok"]) == (503, False)
    assert live.status_code == 200


async def test_a_services_own_exception_is_translated(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/studies/moved")
    assert (answer.status_code, answer.json()["current_version"]) == (412, 3)


async def test_requests_are_counted_by_route_and_not_by_path() -> None:
    metrics = Metrics()
    async with client_of(service(metrics)) as client:
        for path in ("/v1/studies/a", "/v1/studies/b", "/made/up"):
            await client.get(path)
        shown = (await client.get("/metrics")).text
    assert '_count{method="GET",route="/v1/studies/{study_id}",status="200"} 2.0' in shown
    assert '_count{method="GET",route="unmatched",status="404"} 1.0' in shown


async def test_a_request_is_one_span_named_by_its_route_within_the_callers_trace() -> None:
    exporter = InMemorySpanExporter()
    telemetry.export_to(telemetry.configure("test"), SimpleSpanProcessor(exporter))
    async with client_of(service()) as client:
        answer = await client.get("/v1/studies/s1?code=hush&limit=", headers={"traceparent": PARENT})
        await client.get("/health/live")
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET /v1/studies/{study_id}"
    assert answer.json().split("-")[1] == PARENT.split("-")[1]
    assert span.attributes is not None
    assert span.attributes["url.query"] == "code&limit"
    assert "hush" not in span.to_json()


async def test_the_service_starts_its_own_parts_and_a_real_server_ends_when_told() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        steps.append("started")
        yield
        steps.append("stopped")

    server = create_server(service(lifespan=lifespan), settings().model_copy(update={"http_port": 0}))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        answer = await client.get("/health/live")
    server.should_exit = True
    await serving
    assert (answer.status_code, steps) == (200, ["started", "stopped"])
    assert "server" not in answer.headers
