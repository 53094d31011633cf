"""The platform under faults, at the size of a pull request: `make chaos` does the same for as long as one likes."""

from pathlib import Path

import pytest
from report import written
from rig import Run, run

SEED = 20_260
SECONDS = 60
PER_SECOND = 10


@pytest.mark.stack
@pytest.mark.timeout(400)
async def test_no_promise_is_broken_whatever_is_killed_paused_or_away(tmp_path: Path) -> None:
    verdict = await run(Run(SEED, SECONDS, PER_SECOND, tmp_path))
    assert not verdict.findings, written(verdict)
    assert verdict.operations["ok"] == verdict.operations.total()
    assert verdict.faults.total() >= 5
