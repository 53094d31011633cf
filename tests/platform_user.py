"""A user of the platform as journeys need one: short words, and patience for what comes later."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from chassis import clock
from studyline.testing import Servers

T = TypeVar("T")
PATIENCE_SECONDS = 60


class User:
    """One bearer token, and where the services are."""

    def __init__(self, servers: Servers, role: str, *sponsors: str, trace: str | None = None) -> None:
        """Sign in with a role, for all sponsors or for those named."""
        self.addresses = servers.addresses
        headers = {"Authorization": f"Bearer {servers.token(role, sponsors)}"}
        if trace is not None:
            headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
        self.http = httpx.AsyncClient(headers=headers, timeout=30, trust_env=False)

    async def post(self, service: str, path: str, key: str | None = None, **body: Any) -> httpx.Response:
        """Give a command; the key is a new one unless given."""
        address = getattr(self.addresses, service)
        headers = {"Idempotency-Key": key or clock.new_id()}
        return await self.http.post(f"{address}/v1{path}", json=body, headers=headers)

    async def done(self, service: str, path: str, **body: Any) -> dict[str, Any]:
        """Give a command that must succeed."""
        answer = await self.post(service, path, **body)
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, service: str, path: str, **query: Any) -> httpx.Response:
        """Read."""
        return await self.http.get(f"{getattr(self.addresses, service)}/v1{path}", params=query)

    async def all(self, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list, page after page."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await self.get(service, path, **{"limit": 1_000, **query}, **cursor)).json()
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}


async def eventually(
    read: Callable[[], Awaitable[T]], good: Callable[[T], bool], seconds: float = PATIENCE_SECONDS
) -> T:
    """Read until it is good; what was read last where it never is."""
    try:
        async with asyncio.timeout(seconds):
            while not good(found := await read()):  # noqa: ASYNC110 - a reader has nothing else to wait for
                await asyncio.sleep(0.1)
            return found
    except TimeoutError:
        return await read()
