"""Supervision, with the smallest possible programs."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
from studyline.errors import StackError
from studyline.processes import NotReadyError, Program, SupervisedProcess

SLEEP = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(600)"


async def always_ready() -> None:
    """Stand for a probe that finds nothing missing."""


async def never_ready() -> None:
    """Stand for a probe that always misses something."""
    message = "nobody answers"
    raise NotReadyError(message)


def supervised(folder: Path, code: str, probe: Callable[[], Awaitable[None]] = always_ready) -> SupervisedProcess:
    """Supervise a small Python program."""
    program = Program("small", [sys.executable, "-c", code], os.environ, folder, folder / "small.log", probe)
    return SupervisedProcess(program, lambda: None, lambda _: None)


async def present_pid(process: SupervisedProcess, other_than: int | None = None) -> int:
    """Wait until the process runs, under another id than before."""
    await eventually(lambda: process.pid not in {None, other_than})
    assert process.pid is not None
    return process.pid


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("the condition never held")


async def test_a_killed_process_comes_back(tmp_path: Path) -> None:
    process = supervised(tmp_path, SLEEP)
    process.start()
    first = await present_pid(process)
    os.kill(first, signal.SIGKILL)
    second = await present_pid(process, other_than=first)
    assert (second != first, process.restarts) == (True, 1)
    await process.stop(5)


async def test_a_stopped_process_stays_away(tmp_path: Path) -> None:
    process = supervised(tmp_path, SLEEP)
    process.start()
    pid = await present_pid(process)
    await process.stop(5)
    assert not psutil.pid_exists(pid)
    assert process.pid is None


async def test_a_process_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    process = supervised(tmp_path, STUBBORN)
    process.start()
    pid = await present_pid(process)
    await eventually(lambda: bool((tmp_path / "small.log").read_text()))
    await process.stop(0.2)
    assert not psutil.pid_exists(pid)


async def test_a_program_that_ends_at_once_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = supervised(tmp_path, "raise SystemExit('the port is taken')", never_ready)
    process.start()
    with pytest.raises(StackError, match=r"(?s)started 4 times and ended with exit code 1\b.*port is taken"):
        await process.until_ready(20)
    await process.stop(5)


async def test_a_program_that_never_serves_is_given_up_with_the_reason(tmp_path: Path) -> None:
    process = supervised(tmp_path, SLEEP, never_ready)
    process.start()
    with pytest.raises(StackError, match=r"was not ready after 1 s \(nobody answers\)"):
        await process.until_ready(1)
    await process.stop(5)


async def test_a_program_that_is_missing_is_a_clear_error(tmp_path: Path) -> None:
    program = Program("lost", ["/no/such/program"], {}, tmp_path, tmp_path / "lost.log", never_ready)
    process = SupervisedProcess(program, lambda: None, lambda _: None)
    process.start()
    with pytest.raises(StackError, match="lost was started 4 times and could not be started"):
        await process.until_ready(20)
    await process.stop(5)


async def test_the_log_of_the_last_run_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "small.log").write_text("yesterday")
    process = supervised(tmp_path, SLEEP)
    process.start()
    await present_pid(process)
    await process.stop(5)
    assert (tmp_path / "small.log.1").read_text() == "yesterday"
