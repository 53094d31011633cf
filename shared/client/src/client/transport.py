"""HTTP: the one file that touches httpx. One service, its token, its timeouts, the patience with it.

A request is repeated when the connection fails, when no answer comes in time, and on 429, 502, 503 and 504,
after the time the service names in `Retry-After`. Every POST carries an `Idempotency-Key`, the same for every
repetition, so that a repetition never acts twice.
"""

import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from client.problems import ApiProblem, Unreachable, parse_problem

CONNECT_SECONDS = 2.0
READ_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 60.0
TRANSIENT = frozenset({429, 502, 503, 504})
Parameters = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Reply:
    """A success: the body as it came, and the entity tag for a later `If-Match`."""

    body: bytes
    etag: str | None


def on_retry(tell: Callable[[str], None]) -> None:
    """Call `tell` with the cause before each repetition of any request, in place of a log line."""

    def hook(details: RetryDetails) -> None:
        tell(str(details.caused_by) or type(details.caused_by).__name__)

    set_on_retry_hooks([hook])


def fresh_key() -> str:
    """Give a new Idempotency-Key. Random, not derived: the same body may be meant twice."""
    return secrets.token_urlsafe(24)


class Transport:
    """The connection to one service. Use it as an async context manager, or call `close`."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        patience_seconds: float,
        network: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = base_url
        self._patience_seconds = patience_seconds
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            transport=network,
        )

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection pool."""
        await self.close()

    async def close(self) -> None:
        """Close the connection pool."""
        await self._http.aclose()

    async def get(self, path: str, parameters: Parameters | None = None) -> Reply:
        """Read. Raises ApiProblem or Unreachable."""
        return await self._patiently(self._http.build_request("GET", path, params=dict(parameters or {})))

    async def post(
        self,
        path: str,
        body: bytes,
        *,
        key: str | None = None,
        if_match: str | None = None,
        media_type: str = "application/json",
        parameters: Parameters | None = None,
    ) -> Reply:
        """Send a document, JSON unless told. `key` is the Idempotency-Key, a fresh one by default. Raises as `get`."""
        headers = {"Content-Type": media_type, "Idempotency-Key": key or fresh_key()}
        if if_match is not None:
            headers["If-Match"] = if_match
        asked = dict(parameters or {})
        return await self._patiently(
            self._http.build_request("POST", path, content=body, headers=headers, params=asked)
        )

    @asynccontextmanager
    async def lines(
        self, path: str, parameters: Parameters, headers: Mapping[str, str]
    ) -> AsyncGenerator[AsyncGenerator[str, None]]:
        """Open an endless text answer, without a read timeout; a lost connection raises Unreachable."""
        request = self._http.build_request(
            "GET",
            path,
            params=dict(parameters),
            headers=dict(headers),
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        )
        try:
            response = await self._http.send(request, stream=True)
            try:
                await _raise_for_problem(response)
                yield _lines_of(response)
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise Unreachable(_silence(self._base_url, error)) from error

    async def _patiently(self, request: httpx.Request) -> Reply:
        attempts = stamina.retry_context(
            on=_may_be_repeated, attempts=None, timeout=self._patience_seconds, wait_jitter=0.3
        )
        try:
            async for attempt in attempts:
                with attempt:
                    return await self._once(request)
        except httpx.TransportError as error:
            raise Unreachable(_silence(self._base_url, error)) from error
        message = "stamina ends with an answer or an error"
        raise AssertionError(message)

    async def _once(self, request: httpx.Request) -> Reply:
        response = await self._http.send(request)
        await _raise_for_problem(response)
        return Reply(response.content, response.headers.get("etag"))


async def _lines_of(response: httpx.Response) -> AsyncGenerator[str, None]:
    async for line in response.aiter_lines():
        yield line


async def _raise_for_problem(response: httpx.Response) -> None:
    if response.is_success:
        return
    body = await response.aread()
    document = parse_problem(response.status_code, body, response.reason_phrase)
    raise ApiProblem(response.status_code, document, _retry_after_seconds(response.headers))


def _may_be_repeated(error: Exception) -> bool | float:
    if isinstance(error, ApiProblem):
        return error.status in TRANSIENT and (error.retry_after_seconds or True)
    return isinstance(error, (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError))


def _retry_after_seconds(headers: httpx.Headers) -> float | None:
    """Read `Retry-After`: seconds, or a date, which counts from the answer's own `Date`."""
    value = headers.get("retry-after", "")
    if value.isdecimal():
        return min(float(value), LONGEST_WAIT_SECONDS)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def _silence(base_url: str, error: Exception) -> str:
    cause = str(error) or type(error).__name__
    return f"The service at {base_url} does not answer ({cause}): see whether it runs, and the address is right."
