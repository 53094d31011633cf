"""One supervised process: started, watched, brought back when it dies, ended in good time.

A child asks the kernel to be killed when its supervisor dies (prctl PR_SET_PDEATHSIG): after a `kill -9` of
the supervisor nothing lingers and holds ports or data files.
"""

import asyncio
import ctypes
import os
import signal
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from studyline.errors import StackError

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
STEADY_SECONDS = 10.0
POLL_SECONDS = 0.1
PROBE_SECONDS = 5.0
ENDINGS_BEFORE_READY = 3
LOG_LINES_SHOWN = 8
LOG_LINE_LENGTH_SHOWN = 300
PR_SET_PDEATHSIG = 1
OWNER_VARIABLE = "STUDYLINE_STACK"
"""Set in every child to its data directory: so a later start recognises what an earlier one left behind."""


class NotReadyError(Exception):
    """The process does not serve yet; the text says what is missing."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it serves.

    `probe` raises while the process cannot serve yet; it may be called many times.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    probe: Callable[[], Awaitable[None]]


class SupervisedProcess:
    """Keeps one program running until it is told to stop."""

    def __init__(self, program: Program, changed: Callable[[], None], tell: Callable[[str], None]) -> None:
        """Call `changed` whenever the process id is another one, and `tell` with sentences for the user."""
        self.program = program
        self.restarts = 0
        self._changed = changed
        self._tell = tell
        self._ending = ""
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The present process id; none between an end and the restart."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Begin to run and watch the program."""
        rotate(self.program.log)
        self._keeper = asyncio.create_task(self._keep_running(), name=self.program.name)

    async def until_ready(self, within_seconds: float) -> None:
        """Wait until the program serves. Raises StackError, with the end of its log, when it does not."""
        reason = "no answer"
        try:
            async with asyncio.timeout(within_seconds):
                while (missing := await self._missing()) is not None:
                    reason = missing
                    self._give_up_after_repeated_endings()
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            waited = f"was not ready after {within_seconds:.0f} s ({reason})"
            raise self._failure(waited) from None

    async def stop(self, within_seconds: float) -> None:
        """Ask the program to end; after `within_seconds` kill it."""
        self._stopping = True
        if self._keeper is None:
            return
        if self.pid is None:
            self._keeper.cancel()
        self._signal(signal.SIGTERM)
        _, late = await asyncio.wait([self._keeper], timeout=within_seconds)
        if late:
            self._tell(f"{self.program.name} did not end within {within_seconds:.0f} s and is killed")
            self._signal(signal.SIGKILL)
            await asyncio.wait([self._keeper])

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            began = loop.time()
            self._ending = await self._run_once()
            if self._stopping:
                return
            pause = FIRST_PAUSE_SECONDS if loop.time() - began > STEADY_SECONDS else pause
            self._tell(f"{self.program.name} {self._ending}; it is started again")
            await asyncio.sleep(pause)
            self.restarts += 1
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _run_once(self) -> str:
        try:
            self._process = await spawn(self.program)
        except OSError as error:
            return f"could not be started ({error})"
        self._changed()
        code = await self._process.wait()
        self._changed()
        return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    async def _missing(self) -> str | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self.program.probe()
        except (NotReadyError, OSError) as reason:
            return str(reason)
        return None

    def _give_up_after_repeated_endings(self) -> None:
        if self.restarts >= ENDINGS_BEFORE_READY:
            tried = f"was started {self.restarts + 1} times and {self._ending}"
            raise self._failure(tried)

    def _failure(self, what: str) -> StackError:
        path = self.program.log
        return StackError(f"{self.program.name} {what}. The end of {path}:\n{last_lines(path)}")

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


async def spawn(program: Program) -> Process:
    """Start the program in a session of its own: a Ctrl-C of the terminal must not end all at once."""
    with program.log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=program.folder,
            env=program.environment,
            start_new_session=True,
            preexec_fn=partial(_die_with, os.getpid(), ctypes.CDLL(None)),
        )


def _die_with(supervisor: int, libc: ctypes.CDLL) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)


def rotate(path: Path) -> None:
    """Set the log of the last run aside."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))


def last_lines(path: Path) -> str:
    """Give the end of a log, for an error message."""
    with path.open(errors="replace") as lines:
        return "\n".join(line.rstrip()[:LOG_LINE_LENGTH_SHOWN] for line in deque(lines, LOG_LINES_SHOWN))
