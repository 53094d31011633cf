"""The service on real MongoDB and Kafka, once for all its tests."""

from collections.abc import AsyncGenerator

import pytest
from sites.app import compose
from sites.consumers import LISTENS_TO
from sites.settings import Settings
from studyline.testing import Servers
from studyline.testing.service import Face, running


@pytest.fixture(scope="session")
async def face(servers: Servers) -> AsyncGenerator[Face]:
    """The running service's HTTP face."""
    async with running(servers, compose, Settings, listens_to=LISTENS_TO) as face:
        yield face
