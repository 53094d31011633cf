"""The HTTP face of a service, put together from its parts in one place."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import JsonValue
from starlette.middleware import Middleware

from chassis import problems
from chassis.health import Health
from chassis.http.auth import Authenticator
from chassis.http.deadline import AnswerInTime
from chassis.http.file_bodies import UPLOAD
from chassis.http.requests import BodyGuard, CrashGuard, RequestContext
from chassis.http.signing import SigningRules
from chassis.metrics import Metrics
from chassis.settings import ServiceSettings
from chassis.telemetry import http_telemetry

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_STATUSES = {
    400: "A header, a cursor or the body cannot be read.",
    401: "The access token is missing or not valid, or who signs must authenticate again (RFC 9470).",
    403: "The caller's roles do not allow this.",
    404: "There is no such object that the caller may see.",
    409: "A rule refuses the command; every unmet reason is under `reasons`.",
    412: "The object has changed since the version named by If-Match.",
    413: "The body is larger than this route takes.",
    415: "The content is of a kind that is not taken, or not of the kind that was declared.",
    422: "The request is not valid: every wrong field, unknown ones included, is under `errors`.",
    503: "A part that the service needs does not answer; try again after Retry-After.",
}
_TEXT = {"type": "string"}
_ERROR_MEMBERS = ("in", "field", "detail", "expected")
_PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem document.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": list(_ERROR_MEMBERS),
                "properties": dict.fromkeys(_ERROR_MEMBERS, _TEXT),
            },
        },
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {"code": _TEXT, "detail": _TEXT, "field": _TEXT},
            },
        },
    },
}


class ServiceApp(FastAPI):
    """A FastAPI app whose OpenAPI document speaks of problems instead of FastAPI's own errors."""

    def __init__(self, **known: Any) -> None:
        """What FastAPI takes, without pages of its own."""
        super().__init__(docs_url=None, redoc_url=None, generate_unique_id_function=operation_id, **known)

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI 3.1 document, made once."""
        if self.openapi_schema is None:
            schemas = super().openapi().setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = _PROBLEM_SCHEMA
        return self.openapi_schema or {}


def create_app(  # noqa: PLR0913 - the composition root names its parts
    *,
    service: str,
    title: str,
    version: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    health: Health,
    metrics: Metrics,
    authenticator: Authenticator,
    lifespan: Lifespan | None = None,
    asyncapi: Mapping[str, JsonValue] | None = None,
    body_limits_bytes: Mapping[str, int] | None = None,
    translations: Mapping[type[Exception], problems.Translation] | None = None,
) -> FastAPI:
    """Put the HTTP API of a service together.

    `routers` are the service's own routes; health, metrics, OpenAPI and AsyncAPI come with it.
    `body_limits_bytes` lifts the body limit for single paths (batches). `translations` turn a service's own
    exceptions into problems.
    """
    app = ServiceApp(
        title=title,
        version=version,
        description=f"The {service} service of Studyline. Bodies with unknown fields are refused (422).",
        lifespan=_with_authenticator(authenticator, lifespan),
        telemetry=http_telemetry(),
        middleware=_middleware(metrics, settings.http_body_limit_bytes, body_limits_bytes or {}, _streams(routers)),
    )
    app.state.authenticator = authenticator
    app.state.signing_rules = SigningRules.from_settings(settings)
    health.register("issuer", authenticator.check)
    problems.install(app, translations or {})
    for router in routers:
        app.include_router(router, responses=_problem_responses())
    for router in (health.router(), metrics.router(), _asyncapi_router(asyncapi or {})):
        app.include_router(router)
    return app


def operation_id(route: APIRoute) -> str:
    """The route's name as clients' generators have it: `activate_site` and `activate-site` give `activateSite`."""
    first, *others = route.name.replace("-", "_").split("_")
    return first + "".join(word.capitalize() for word in others)


def create_server(app: FastAPI, settings: ServiceSettings) -> uvicorn.Server:
    """Give the HTTP server for the app, to be run by `await server.serve()`.

    Logging stays with `chassis.logs`; the request log is `chassis.http.requests`'s.
    """
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_limit_seconds * 2 / 3)),
    )
    return uvicorn.Server(config)


def _streams(routers: Sequence[APIRouter]) -> list[re.Pattern[str]]:
    """The paths of the routes that take files."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return [route.path_regex for route in routes if route.openapi_extra is UPLOAD]


def _middleware(
    metrics: Metrics, limit_bytes: int, limits: Mapping[str, int], streams: Sequence[re.Pattern[str]]
) -> list[Middleware]:
    return [
        Middleware(RequestContext, metrics=metrics),
        Middleware(CrashGuard),
        Middleware(AnswerInTime, batches=limits, streams=streams),
        Middleware(BodyGuard, limit_bytes=limit_bytes, limits=limits, streams=streams),
    ]


def _with_authenticator(authenticator: Authenticator, lifespan: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncGenerator[None]:
        try:
            if lifespan is None:
                yield
            else:
                async with lifespan(app):
                    yield
        finally:
            await authenticator.close()

    return run


def _problem_responses() -> dict[int | str, dict[str, Any]]:
    content = {problems.PROBLEM_JSON: {"schema": _PROBLEM_REF}}
    return {status: {"description": text, "content": content} for status, text in _PROBLEM_STATUSES.items()}


def _asyncapi_router(document: Mapping[str, JsonValue]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/asyncapi.json")
    async def read_asyncapi() -> dict[str, JsonValue]:  # pyright: ignore[reportUnusedFunction]
        return dict(document)

    return router
