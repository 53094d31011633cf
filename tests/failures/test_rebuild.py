"""A rebuild under live traffic, killed on its way and in the middle of its switch: nobody sees less, both builds equal.

The release's size (guarantee G8): STUDYLINE_REBUILD_EVENTS=1000000, STUDYLINE_REBUILD_KILLS=50 and
STUDYLINE_REBUILD_LIVE=200 in the environment.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator
from itertools import product
from pathlib import Path
from typing import Final

import pytest
from chassis.failpoints import KILLED
from rebuilding import Live, Reporting, running, send, under_traffic
from studyline.testing import Servers
from studyline.testing.known import Known

EVENTS_BEFORE: Final = int(os.environ.get("STUDYLINE_REBUILD_EVENTS", "4000"))
KILLS: Final = int(os.environ.get("STUDYLINE_REBUILD_KILLS", "2"))
LIVE_STUDIES: Final = 6
SEED: Final = 7
PAUSE_SECONDS: Final = 1.5
LONGER_THAN_A_KILL_TAKES: Final = 60
ROUNDS: Final = max(1, KILLS // 10)
PHASES: Final = ("switch-held", "switch-announced", "switch-caught-up", "switch-written")[: None if ROUNDS > 1 else 1]
"""In each of these the switcher is killed, and the process that serves; a pull request goes through the first."""

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600 + EVENTS_BEFORE // 100 + 60 * KILLS)]


@pytest.fixture
async def reporting(servers: Servers, tmp_path: Path) -> AsyncGenerator[Reporting]:
    """Reporting over a read model that holds what came before."""
    async with running(servers, tmp_path) as reporting:
        studies = (Known.of(f"Acme {number}", "DE") for number in range(EVENTS_BEFORE // 2))
        await send(reporting.cluster, (event for known in studies for event in known.events))
        await reporting.caught_up("reporting")
        yield reporting


def live() -> Live:
    """Traffic in a few studies."""
    return Live([Known.of(f"Acme {number}", "DE") for number in range(LIVE_STUDIES)])


async def killed(reporting: Reporting, chance: random.Random) -> None:
    """A rebuild that is killed somewhere on its way; one that is quick waits for it before it hands over."""
    reporting.arm("rebuild-indexed", f"pause {LONGER_THAN_A_KILL_TAKES}")
    rebuild = await reporting.command()
    await asyncio.sleep(chance.uniform(0.5, 6))
    assert rebuild.returncode is None
    rebuild.kill()
    await rebuild.wait()


async def test_a_rebuild_that_is_killed_again_and_again_under_traffic_takes_nothing_away_and_ends_equal(
    reporting: Reporting,
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a test that can be repeated
    async with under_traffic(reporting, live(), chance):
        for _ in range(KILLS):
            await killed(reporting, chance)
        for point in ("rebuild-indexed", "rebuild-counted"):
            assert await ended_by(reporting, point) == KILLED
        assert "generation 2 serves" in await reporting.done()
        assert "generation 1 serves" in await reporting.done("--rollback")
    assert (await reporting.done("--compare")).splitlines()[-1] == "equal"
    assert "generation 1 serves" in await reporting.done("--drop-old")


async def test_a_kill_in_any_phase_of_the_switch_harms_nobody_and_the_same_command_ends_it(
    reporting: Reporting,
) -> None:
    await reporting.done()
    async with under_traffic(reporting, live(), random.Random(SEED)):  # noqa: S311 - a test that can be repeated
        for _, phase in product(range(ROUNDS), PHASES):
            assert await ended_by(reporting, phase, "--rollback") == KILLED
            assert "serves, after" in await reporting.done("--rollback")
            await serving_killed(reporting, phase)
    assert (await reporting.done("--compare")).splitlines()[-1] == "equal"


async def ended_by(reporting: Reporting, point: str, *options: str) -> int | None:
    """Run the command until it is killed at a point; how it ended."""
    reporting.arm(point, "kill")
    command = await reporting.command(*options)
    await command.communicate()
    return command.returncode


async def serving_killed(reporting: Reporting, phase: str) -> None:
    """Kill the process that serves and feeds while the switcher is in this phase; start it again, and it goes on."""
    whole = reporting.parts[0]
    armed = asyncio.create_task(reporting.reached(phase, f"pause {PAUSE_SECONDS}"))
    switch = asyncio.create_task(reporting.done("--rollback"))
    await armed
    await whole.kill()
    await whole.start()
    assert "serves, after" in await switch
