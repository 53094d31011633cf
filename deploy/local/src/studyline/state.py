"""What is running: addresses and process ids, in a file that every subcommand reads."""

import fcntl
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from studyline.errors import StackError
from studyline.paths import Layout, write_private
from studyline.ports import LOOPBACK
from studyline.processes import OWNER_VARIABLE

KILLED_WITHIN_SECONDS = 5


class StackAddresses(BaseModel):
    """Where each part answers. URLs end without a slash, except the portal's, which is a page.

    `kafka` names every broker as host:port, with commas between.
    """

    model_config = ConfigDict(frozen=True)

    sites: str
    monitoring: str
    regulatory: str
    reporting: str
    portal: str
    issuer: str
    kafka: str
    mongodb: str


class StackState(StackAddresses):
    """One running stack. `pids` lacks a process that is just being started again."""

    pids: dict[str, int]
    restarts: dict[str, int]
    ready: bool

    def summary(self) -> dict[str, object]:
        """Give the object that `studyline up --json` prints."""
        return self.model_dump(include={*StackAddresses.model_fields, "pids"})


def addresses_of(ports: Mapping[str, int], mongodb_uri: str, kafka: str) -> StackAddresses:
    """Name every address of a stack on these ports."""
    url = {user: f"http://{LOOPBACK}:{port}" for user, port in ports.items()}
    return StackAddresses(
        sites=url["sites"],
        monitoring=url["monitoring"],
        regulatory=url["regulatory"],
        reporting=url["reporting"],
        portal=f"{url['reporting']}/",
        issuer=url["issuer"],
        kafka=kafka,
        mongodb=mongodb_uri,
    )


def save_state(layout: Layout, state: StackState) -> None:
    """Replace the state file."""
    write_private(layout.state, state.model_dump_json())


def load_state(layout: Layout) -> StackState:
    """Read the state of the stack that runs on this directory. Raises StackError when none does."""
    if not layout.state.exists() or not is_locked(layout.lock):
        message = (
            f"No stack runs on {layout.root}: start one with `studyline up`, "
            "or name another directory with --data or STUDYLINE_DATA"
        )
        raise StackError(message)
    return StackState.model_validate_json(layout.state.read_text())


def load_ready_state(layout: Layout) -> StackState:
    """Read the state of a stack that has finished starting. Raises StackError otherwise."""
    state = load_state(layout)
    if not state.ready:
        message = f"The stack on {layout.root} is still starting: wait until `studyline up` says it is ready"
        raise StackError(message)
    return state


@contextmanager
def locked(layout: Layout) -> Generator[None]:
    """Hold the directory for one stack. The kernel frees the lock with the process, however it ends."""
    with layout.lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = (
                f"A stack already runs on {layout.root}: see `studyline status`, end that one first, "
                "or choose another directory with --data"
            )
            raise StackError(message) from None
        yield


def is_locked(path: Path) -> bool:
    """Say whether another process holds the lock."""
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def remove_leftovers(layout: Layout) -> None:
    """End what a killed supervisor left behind. Call it only while holding the lock."""
    if not layout.state.exists():
        return
    pids = StackState.model_validate_json(layout.state.read_text()).pids.values()
    left = [process for pid in pids if (process := _left_behind(layout, pid)) is not None]
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=KILLED_WITHIN_SECONDS)
    layout.state.unlink()


def _left_behind(layout: Layout, pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        owner = process.environ().get(OWNER_VARIABLE)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if owner == os.fspath(layout.root) else None
