"""`studyline rebuild`: the service's own rebuild, run with the settings that it has in this stack."""

import subprocess
import sys
from collections.abc import Sequence

from studyline.paths import Layout
from studyline.replica_set import replica_set_at
from studyline.services import service_program
from studyline.state import load_ready_state


def run_rebuild(layout: Layout, service: str, options: Sequence[str]) -> int:
    """Run it to its end and give its exit code. Raises StackError where no stack is ready."""
    state = load_ready_state(layout)
    whole = replica_set_at(layout, state.mongodb)
    program = service_program(layout, service, whole, state)
    command = [sys.executable, "-m", service, "rebuild", *options]
    return subprocess.run(command, env=program.environment, cwd=program.folder, check=False).returncode
