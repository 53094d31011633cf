"""A fail point does what it is armed for, once, and nothing where it may not."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from chassis import clock, failpoints
from chassis.commands import Commands
from chassis.failpoints import FailpointError
from chassis.journal import journal_of
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.settings import ServiceSettings
from counting import COUNTS, instruction
from studyline.testing import Servers
from studyline.testing.service import settings_of

ALL = Scope.everything()
INSIDE = ("before-transaction", "after-state-write", "after-journal-write", "before-commit")


@pytest.fixture
def armed(servers: Servers, tmp_path: Path) -> Generator[Path]:
    settings = settings_of(servers, ServiceSettings).model_copy(update={"failpoints": tmp_path})
    failpoints.configure("test", settings)
    yield tmp_path
    failpoints.configure("test", settings.model_copy(update={"failpoints": None}))


@pytest.mark.parametrize("point", INSIDE)
async def test_an_error_before_the_commit_leaves_nothing_and_the_next_try_everything(
    armed: Path, commands: Commands, database: Database, point: str
) -> None:
    (armed / f"test.{point}").write_text("error")
    with pytest.raises(FailpointError):
        await commands.carry_out(ALL, instruction("a", "k1"))
    assert await database.collection(COUNTS.collection).count(ALL, {}) == 0
    assert await journal_of(database).count(ALL, {}) == 0
    assert (await commands.carry_out(ALL, instruction("a", "k1"))).version == 1


async def test_an_error_after_the_commit_leaves_everything_and_the_same_key_gives_the_answer(
    armed: Path, commands: Commands, database: Database
) -> None:
    (armed / "test.after-commit").write_text("error")
    with pytest.raises(FailpointError):
        await commands.carry_out(ALL, instruction("a", "k1"))
    assert await journal_of(database).count(ALL, {}) == 1
    assert (await commands.carry_out(ALL, instruction("a", "k1"))).answer == {"total": 1, "version": 1}
    assert await journal_of(database).count(ALL, {}) == 1


async def test_a_clock_that_goes_back_ten_minutes_does_not_reorder_what_was_recorded(
    servers: Servers, commands: Commands, database: Database
) -> None:
    settings = settings_of(servers, ServiceSettings)
    for key, offset in (("k1", 600.0), ("k2", -600.0), ("k3", 0.0)):
        failpoints.configure("test", settings.model_copy(update={"clock_offset_seconds": offset}))
        await commands.carry_out(ALL, instruction("a", key))
    entries = await journal_of(database).find(ALL, {}, sort=[("recorded_at", 1), ("version.after", 1)])
    assert [entry["_id"] for entry in entries] == ["k1", "k2", "k3"]
    assert entries[0]["recorded_at"] - clock.now() > timedelta(minutes=9)


async def test_a_clock_is_never_shifted_in_production(servers: Servers) -> None:
    shifted = settings_of(servers, ServiceSettings).model_copy(update={"clock_offset_seconds": 600.0})
    before = clock.now()
    failpoints.configure("test", shifted.model_copy(update={"environment": "production"}))
    assert clock.now() - before < timedelta(minutes=9)


async def test_a_point_armed_for_another_service_or_in_production_does_nothing(
    servers: Servers, tmp_path: Path
) -> None:
    settings = settings_of(servers, ServiceSettings).model_copy(update={"failpoints": tmp_path})
    (tmp_path / "other.here").write_text("error")
    (tmp_path / "test.here").write_text("error")
    failpoints.configure("test", settings.model_copy(update={"environment": "production"}))
    await failpoints.reach("here")
    failpoints.configure("test", settings)
    await failpoints.reach("elsewhere")
    with pytest.raises(FailpointError):
        await failpoints.reach("here")
    await failpoints.reach("here")
    failpoints.configure("test", settings.model_copy(update={"failpoints": None}))
