"""What every request goes through before a route sees it, and the headers that routes read from it.

The middlewares are plain ASGI: they add no task, so that context variables and cancellation reach the route.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import Header
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from chassis import clock
from chassis.metrics import Metrics
from chassis.problems import FieldError, Problem, response_to, unexpected

MAX_JSON_DEPTH = 32
PATIENCE_BYTES = 32 * 1_048_576
PATIENCE_SECONDS = 5.0
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}")
_VERSION_TAG = re.compile(r'"v?(\d{1,18})"')
_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F]"
_HALF_A_PAIR = re.compile(rb"%b(?!%b)|(?<!%b)%b" % (_HIGH, _LOW, _HIGH, _LOW))
_STRUCTURE = bytes.maketrans(b"{}", b"[]")
_NO_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_QUIET_PATHS = ("/health/", "/metrics")
_SAFE_DEFAULTS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class RequestContext:
    """Gives each request an id (the caller's if it is sane), logs and measures it, hardens the answer.

    A route's own headers win over the defaults, so that the portal can state its own content security policy.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, request_id = clock.monotonic(), _request_id(scope)
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_hardened(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _harden(MutableHeaders(scope=message), request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_hardened)
            finally:
                self._record(scope, status, clock.monotonic() - started)

    def _record(self, scope: AsgiScope, status: int, seconds: float) -> None:
        route, method = _route_template(scope), str(scope["method"])
        self.metrics.observe_request(route=route, method=method, status=status, seconds=seconds)
        log = _log.debug if str(scope["path"]).startswith(_QUIET_PATHS) else _log.info
        log("request", method=method, route=route, status=status, duration_ms=round(seconds * 1_000, 1))


class CrashGuard:
    """Answers an error nobody foresaw with a 500 problem without internals, and logs it once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection. An answer that has begun cannot be mended: then the error goes on."""
        begun = False

        async def send_watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_watched)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await response_to(unexpected(error), scope)(scope, receive, send)


class BodyGuard:
    """Reads the body up to its limit and refuses deep or garbled JSON, before any parser sees it.

    `limits` gives the routes that take more, by exact path, in bytes. `streams` are the paths of routes that take
    files: these read the body themselves, while it comes, to a limit of their own.
    """

    def __init__(
        self, app: ASGIApp, limit_bytes: int, limits: Mapping[str, int], streams: Sequence[re.Pattern[str]] = ()
    ) -> None:
        self.app = app
        self.limit_bytes = limit_bytes
        self.limits = dict(limits)
        self.streams = tuple(streams)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http" or any(path.match(scope["path"]) for path in self.streams):
            await self.app(scope, receive, send)
            return
        try:
            body = await self._checked_body(scope, receive)
        except Problem as problem:
            await response_to(problem, scope)(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, _replayed(body, receive), send)

    async def _checked_body(self, scope: AsgiScope, receive: Receive) -> bytes | None:
        headers = Headers(scope=scope)
        body = await _read_body(headers, receive, self.limits.get(scope["path"], self.limit_bytes))
        if body and "json" in headers.get("content-type", "json").lower():
            _refuse_odd_json(body)
        return body


async def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Required: 1 to 255 visible ASCII characters, one for each command.",
        ),
    ] = None,
) -> str:
    """FastAPI dependency: the caller's key for this command. Raises the 400 problem."""
    if key is not None and _VISIBLE_ASCII.fullmatch(key):
        return key
    fault = "is missing" if key is None else "is not usable"
    error = FieldError("Idempotency-Key", fault, "1 to 255 visible ASCII characters", "header")
    detail = f"The header Idempotency-Key {fault}. Send a key of your own for each command; repeat it on a retry."
    raise Problem(400, "idempotency_key", detail, errors=[error])


async def if_match(
    tag: Annotated[
        str | None,
        Header(alias="If-Match", description='The ETag that the change is based on, as `"v7"`.'),
    ] = None,
) -> int | None:
    """FastAPI dependency: the version on which a change is based, if given. Raises the 400 problem."""
    if tag is None:
        return None
    found = _VERSION_TAG.fullmatch(tag.strip())
    if found:
        return int(found[1])
    error = FieldError("If-Match", "is not an entity tag of this service", 'an ETag as "v7"', "header")
    raise Problem(400, "if_match", 'If-Match must be an ETag of this service, such as "v7".', errors=[error])


def etag(version: int) -> str:
    """Give the strong entity tag of a version: `"v7"`."""
    return f'"v{version}"'


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Give the SHA-256 (hex) that tells whether a repeated Idempotency-Key comes with the same request."""
    return hashlib.sha256(b"\n".join((method.upper().encode(), path.encode(), body))).hexdigest()


def is_deeper_than(document: bytes, depth: int) -> bool:
    """Tell whether JSON text nests deeper than `depth`, without parsing it: a few passes in C.

    Escapes are removed, then all but brackets and quotes, then strings; each round peels the innermost
    brackets. Text that is not JSON may pass here with up to twice the depth; the parser refuses it.
    """
    unescaped = document.replace(b"\\\\", b"").replace(b'\\"', b"")
    structure = b"".join(unescaped.translate(_STRUCTURE, _NO_STRUCTURE).split(b'"')[::2])
    too_deep = b"[" * (depth + 1)
    for _ in range(depth):
        if too_deep in structure or not structure:
            return bool(structure)
        structure = structure.replace(b"[]", b"")
    return b"[]" in structure or len(structure) > depth


async def _read_body(headers: Headers, receive: Receive, limit_bytes: int) -> bytes | None:
    """Read all of the body; `None` when the caller has gone. Raises the 413 problem."""
    announced = headers.get("content-length", "")
    too_large = announced.isdecimal() and int(announced[:20]) > limit_bytes
    body = bytearray()
    while not too_large:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        too_large = len(body) > limit_bytes
        if not too_large and not message.get("more_body", False):
            return bytes(body)
    body.clear()
    await let_pass(receive)
    raise _too_large(limit_bytes)


async def let_pass(receive: Receive) -> None:
    """Take a too large body to its end, or as far as patience goes: who is still sending would not hear the answer."""
    passed, more = 0, True
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while more and passed < PATIENCE_BYTES:
                message = await receive()
                passed += len(message.get("body", b""))
                more = bool(message.get("more_body", False))


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def is_unicode(document: bytes) -> bool:
    """Tell whether JSON text is UTF-8 (RFC 8259) whose escapes make whole characters.

    Python's parser takes UTF-16 and halves of surrogate pairs, which no database could write down.
    """
    try:
        document.decode()
    except UnicodeDecodeError:
        return False
    has_halves = b"\\u" in document and _HALF_A_PAIR.search(document.replace(b"\\\\", b""))
    return b"\0" not in document and not has_halves


def _refuse_odd_json(body: bytes) -> None:
    if not is_unicode(body):
        detail = "The body is not JSON in UTF-8 with whole characters. Send it encoded as UTF-8."
        raise Problem(400, "not_unicode", detail)
    if is_deeper_than(body, MAX_JSON_DEPTH):
        detail = f"The JSON document nests deeper than {MAX_JSON_DEPTH} levels. Send a flatter one."
        raise Problem(400, "too_deep", detail)


def _too_large(limit_bytes: int) -> Problem:
    detail = f"The body is larger than {limit_bytes} bytes. Send less at once."
    return Problem(413, "content_too_large", detail, limit_bytes=limit_bytes, headers={"Connection": "close"})


def _request_id(scope: AsgiScope) -> str:
    sent = Headers(scope=scope).get("x-request-id", "")
    return sent if _SANE_REQUEST_ID.fullmatch(sent) else clock.new_id()


def _harden(headers: MutableHeaders, request_id: str) -> None:
    headers["x-request-id"] = request_id
    for name, value in _SAFE_DEFAULTS.items():
        headers.setdefault(name, value)


def _route_template(scope: AsgiScope) -> str | None:
    template = getattr(scope.get("route"), "path_format", None)
    return template if isinstance(template, str) else None
