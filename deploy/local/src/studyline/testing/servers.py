"""Real servers in this process' care: MongoDB, Kafka and the issuer, and all of the platform where it is wanted."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anyio.from_thread import BlockingPortal, start_blocking_portal

from studyline.display import Display
from studyline.members import Shape
from studyline.paths import Layout
from studyline.services import SERVICES
from studyline.stack import SERVERS, Stack, running_stack
from studyline.state import StackAddresses, StackState, load_state
from studyline.tokens import token


@dataclass(frozen=True)
class Servers:
    """What a test needs to know of running servers; the services' addresses answer only in `stack`."""

    data: Path
    addresses: StackAddresses
    stack: Stack
    portal: BlockingPortal

    @property
    def mongodb_uri(self) -> str:
        """The operator's address: it opens every database."""
        return self.addresses.mongodb

    @property
    def kafka(self) -> str:
        """The broker as host:port."""
        return self.addresses.kafka

    @property
    def issuer_url(self) -> str:
        """The issuer, exactly as in its tokens."""
        return self.addresses.issuer

    def token(
        self, role: str, sponsors: Sequence[str] = (), subject: str = "", name: str = "", *, stepped_up: bool = False
    ) -> str:
        """Get a bearer token; `sponsors` are names, none means all. `stepped_up` makes it good for signing."""
        return token(self.data, role, sponsors, subject, name, stepped_up=stepped_up)

    def state(self) -> StackState:
        """Read the present process ids."""
        return load_state(Layout(self.data))

    def stop(self, name: str) -> None:
        """End one process, `kafka-2` for example; it stays away until it is started."""
        self.portal.call(self.stack.stop_one, name)

    def start(self, name: str) -> None:
        """Start one process again and wait until it serves."""
        self.portal.call(self.stack.start_one, name)


@contextmanager
def start_servers(data: Path, *, services: bool = False, replicas: int = 1) -> Generator[Servers]:
    """Run the servers, MongoDB and Kafka with so many members, and the services if wanted."""
    layout = Layout(data)
    parts = (SERVERS, SERVICES) if services else (SERVERS,)
    with start_blocking_portal() as portal:
        running = running_stack(layout, Display(), parts=parts, shape=Shape(replicas))
        with portal.wrap_async_context_manager(running) as stack:
            yield Servers(data, stack.addresses, stack, portal)
