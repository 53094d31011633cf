"""Stand-ins for the four services: what the supervisor does is the same for any program that answers as ready."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from studyline.testing import Command

SERVICES = ("sites", "regulatory", "monitoring", "reporting")
STAND_IN = """
import os
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ready", "checks": {}}')

HTTPServer((os.environ["STUDYLINE_HTTP_HOST"], int(os.environ["STUDYLINE_HTTP_PORT"])), Ready).serve_forever()
"""


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give an environment in which the service modules are stand-ins."""
    folder = tmp_path_factory.mktemp("stand-ins")
    for service in SERVICES:
        module = folder / service
        module.mkdir()
        (module / "__init__.py").touch()
        (module / "__main__.py").write_text(STAND_IN)
    return {**os.environ, "PYTHONPATH": os.fspath(folder)}


@pytest.fixture(scope="module")
def running_command(tmp_path_factory: pytest.TempPathFactory, stand_ins: dict[str, str]) -> Generator[Command]:
    """Give the command on a directory where a stack runs for all tests of a module."""
    command = Command(tmp_path_factory.mktemp("running"), stand_ins)
    with command.up():
        yield command


@pytest.fixture
def command(tmp_path: Path, stand_ins: dict[str, str]) -> Command:
    """Give the command on a fresh data directory, with stand-ins for the services."""
    return Command(tmp_path / "data", stand_ins)
