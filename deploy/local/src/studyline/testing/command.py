"""The `studyline` command as a user calls it: a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
