"""The service on real MongoDB and Kafka, once for all its tests; it knows two sponsors' studies."""

from collections.abc import AsyncGenerator

import pytest
from regulatory.app import compose
from regulatory.consumers import LISTENS_TO
from regulatory.projections import SITES, STUDIES
from regulatory.settings import Settings
from studyline.testing import Servers
from studyline.testing.known import ACME, ZETA, tell_of
from studyline.testing.service import Face, running


@pytest.fixture(scope="session")
async def face(servers: Servers) -> AsyncGenerator[Face]:
    """The running service's HTTP face."""
    async with running(servers, compose, Settings, listens_to=LISTENS_TO) as face:
        await tell_of(face, (ACME, ZETA), into=(STUDIES.collection, SITES.collection))
        yield face
