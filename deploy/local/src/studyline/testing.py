"""Real servers for tests: pytest fixtures that every package of the repository can import.

`servers` runs MongoDB, Kafka and the issuer once a test session, on free ports and in a temporary directory;
`stack` runs all of the platform.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from studyline.display import Display
from studyline.paths import Layout
from studyline.services import SERVICES
from studyline.stack import SERVERS, running_stack
from studyline.state import StackAddresses, StackState, load_state
from studyline.tokens import token


@dataclass(frozen=True)
class Servers:
    """What a test needs to know of running servers; the services' addresses answer only in `stack`."""

    data: Path
    addresses: StackAddresses

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

    def token(self, role: str, sponsors: Sequence[str] = (), subject: str = "") -> str:
        """Get a bearer token; `sponsors` are names, none means all."""
        return token(self.data, role, sponsors, subject)

    def state(self) -> StackState:
        """Read the present process ids."""
        return load_state(Layout(self.data))


@contextmanager
def start_servers(data: Path, *, services: bool = False) -> Generator[Servers]:
    """Run the servers, and the services if wanted, while the context is open."""
    layout = Layout(data)
    parts = (SERVERS, SERVICES) if services else (SERVERS,)
    with start_blocking_portal() as portal:
        running = running_stack(layout, Display(), parts=parts)
        with portal.wrap_async_context_manager(running) as stack:
            yield Servers(data, stack.addresses)


@dataclass(frozen=True)
class Command:
    """The `studyline` command on one data directory."""

    data: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one subcommand to its end."""
        return subprocess.run(self._line(*arguments), env=self._settings(), capture_output=True, text=True, check=False)

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run one subcommand that must succeed and print JSON."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin one subcommand; its standard output can be read."""
        return subprocess.Popen(self._line(*arguments), env=self._settings(), stdout=subprocess.PIPE, text=True)

    @contextmanager
    def up(self, *arguments: str) -> Generator[tuple[subprocess.Popen[str], dict[str, Any]]]:
        """Run a stack; give its supervisor and what it printed."""
        supervisor = self.popen("up", "--json", *arguments)
        try:
            assert supervisor.stdout is not None
            yield supervisor, json.loads(supervisor.stdout.readline())
        finally:
            supervisor.terminate()
            supervisor.communicate()

    def _line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "studyline.cli", *arguments]

    def _settings(self) -> dict[str, str]:
        return {**self.environment, "STUDYLINE_DATA": os.fspath(self.data)}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """MongoDB, Kafka and the issuer."""
    with start_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """The whole platform."""
    with start_servers(tmp_path_factory.mktemp("stack"), services=True) as running:
        yield running
