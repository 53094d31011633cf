"""The platform under faults, at the size of a pull request: `make chaos` does the same for as long as one likes."""

from pathlib import Path

import pytest
from report import Verdict, written
from rig import Run, run

SEED = 20_260
PER_SECOND = 10
SECONDS = 45

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def kept(verdict: Verdict) -> None:
    assert not verdict.findings, written(verdict)
    assert verdict.operations["ok"] > verdict.operations["failed"] > 0


async def test_no_promise_is_broken_whatever_is_killed_paused_or_away(tmp_path: Path) -> None:
    kept(await run(Run(SEED, SECONDS, PER_SECOND, tmp_path, at_least=5)))


async def test_no_promise_is_broken_by_a_wrong_clock_a_full_disk_and_consumers_that_come_and_go(tmp_path: Path) -> None:
    only = frozenset({"sites -600 s", "second reporting comes and goes", "disk full"})
    verdict = await run(Run(SEED, 0, PER_SECOND, tmp_path, only=only, at_least=len(only)))
    kept(verdict)
    if verdict.without:
        pytest.skip(verdict.without)


async def test_three_members_outlive_elections_and_partitions(tmp_path: Path) -> None:
    only = frozenset({"kill the primary", "MongoDB's primary and the other members"})
    kept(await run(Run(SEED, 0, PER_SECOND, tmp_path, replicas=3, only=only, at_least=2)))
