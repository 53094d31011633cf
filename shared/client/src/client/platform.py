"""The platform as one object: its four services behind one token."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from client.addresses import Addresses
from client.services import Monitoring, Regulatory, Reporting, Sites
from client.transport import Transport

PATIENCE_SECONDS = 30.0


class Studyline:
    """The four services. Use it as an async context manager.

    `patience_seconds` is how long one request may be repeated in all before Unreachable is raised.
    """

    def __init__(self, addresses: Addresses, token: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._transports = {
            name: Transport(address, token, patience_seconds=patience_seconds) for name, address in addresses
        }
        self.sites = Sites(self._transports["sites"])
        self.monitoring = Monitoring(self._transports["monitoring"])
        self.regulatory = Regulatory(self._transports["regulatory"])
        self.reporting = Reporting(self._transports["reporting"])

    async def __aenter__(self) -> Self:
        """Open the connections."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections, all of them even where one fails to."""
        async with AsyncExitStack() as stack:
            for transport in self._transports.values():
                stack.push_async_callback(transport.close)
