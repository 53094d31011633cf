"""A pytest plugin for every package of the repository: real servers, and a service running on them.

`servers` runs MongoDB, Kafka and the issuer once a test session, on free ports and in a temporary directory; `stack`
runs all of the platform. `studyline.testing.service` runs one service in the test's own process.
"""

from collections.abc import Generator

import pytest

from studyline.testing.command import Command
from studyline.testing.servers import Servers, start_servers

__all__ = ["Command", "Servers", "servers", "stack", "start_servers"]


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
