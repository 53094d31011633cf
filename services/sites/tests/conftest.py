"""The service on real MongoDB and Kafka, once for all its tests."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from studyline.testing import Servers

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
async def face(servers: Servers) -> AsyncGenerator[object]:
    """The running service's HTTP face."""
    from sites_service import running  # noqa: PLC0415 - found only after the line above the fixture

    async with running(servers) as face:
        yield face
