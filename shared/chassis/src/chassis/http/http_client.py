"""Outgoing HTTP: JSON in, JSON out, with limits on time and size; no redirects, no proxy from the environment."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

import httpx

MAX_DOCUMENT_BYTES = 262_144


class HttpError(Exception):
    """The other side did not answer as it must; the text says what it did, without secrets."""


class HttpClient:
    """One conversation with another server, to be used as `async with HttpClient() as client`."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(5.0, connect=2.0),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def get_json(self, url: str) -> dict[str, Any]:
        """Fetch a JSON object. Raises HttpError."""
        return await self._asked("GET", url)

    async def post_form(self, url: str, form: Mapping[str, str], *, user: str, password: str) -> dict[str, Any]:
        """Send a form under HTTP Basic authentication; the JSON object that answers. Raises HttpError."""
        return await self._asked("POST", url, data=dict(form), auth=httpx.BasicAuth(user, password))

    async def _asked(self, method: str, url: str, **arguments: Any) -> dict[str, Any]:
        try:
            response = await self._client.request(method, url, **arguments)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{url} cannot be reached ({type(error).__name__})"
            raise HttpError(message) from error
        return _object_in(response, url)


def _object_in(response: httpx.Response, url: str) -> dict[str, Any]:
    if not response.is_success or len(response.content) > MAX_DOCUMENT_BYTES:
        message = f"{url} answered {response.status_code} with {len(response.content)} bytes"
        raise HttpError(message)
    try:
        document = response.json()
    except (ValueError, RecursionError) as error:
        message = f"{url} did not answer JSON"
        raise HttpError(message) from error
    if not isinstance(document, dict):
        message = f"{url} did not answer a JSON object"
        raise HttpError(message)
    return cast("dict[str, Any]", document)
