"""Structured logs: one JSON object a line on stderr, with its request and trace, without secrets.

Everything that uses the standard library's logging (uvicorn, aiokafka, FastStream) goes through the same
pipeline.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import cast

import orjson
import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "***"
_SECRET_NAMES = re.compile(r"authorization|cookie|password|passwd|secret|token|api_?key", re.IGNORECASE)
_CREDENTIALS = (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE), rf"\1 {HIDDEN}")
_SECRET_TEXTS = {
    "://": (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@\"]+:)[^\s\"]+(?=@)", re.IGNORECASE), rf"\1{HIDDEN}"),
    "bearer": _CREDENTIALS,
    "basic": _CREDENTIALS,
    "eyj": (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"), HIDDEN),
}
"""By a word in small letters without which the pattern finds nothing: most lines have none of them."""
# These bring handlers of their own, or an access log that repeats ours.
_REROUTED = (
    "uvicorn",
    "uvicorn.error",
    "faststream",
    "faststream.access",
    "faststream.access.kafka",
    "aiokafka",
)
_TOO_CHATTY = ("httpx", "httpcore", "pymongo", "aiokafka", "opentelemetry", "asyncio", "uvicorn.access")


def configure(service: str, level: str = "INFO") -> None:
    """Send all logs from `level` upwards to stderr as JSON; a repeated call replaces the first."""
    shared = _shared_processors(service)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    root = logging.getLogger()
    root.handlers = [_handler(shared)]
    root.setLevel(level)
    _route_libraries()


def scrubbed(text: str) -> str:
    """Give the text without bearer tokens, JWTs and passwords in URIs."""
    folded = text.casefold()
    for word, (pattern, replacement) in _SECRET_TEXTS.items():
        if word in folded:
            text = pattern.sub(replacement, text)
    return text


def _shared_processors(service: str) -> list[Processor]:
    def name_the_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {**event, "service": service}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_the_service,
        _add_trace,
    ]


def _handler(shared: list[Processor]) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _hide_secret_fields,
                _render,
            ],
        )
    )
    return handler


def _route_libraries() -> None:
    for name in _REROUTED:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in _TOO_CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def _hide_secret_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: _without_secrets(name, value) for name, value in event.items()}


def _without_secrets(name: str, value: object) -> object:
    if _SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)
        return {str(key): _without_secrets(str(key), member) for key, member in members.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", member) for member in cast("list[object]", value)]
    return value


def _render(_: WrappedLogger, __: str, event: EventDict) -> str:
    return scrubbed(orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode())
