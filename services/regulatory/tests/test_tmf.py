"""A study's trial master file: begun once, moved on to other rules, locked only when nothing that is due is open."""

from functools import reduce
from typing import Any

import pytest
from contracts.regulatory import tmf as public
from kernel import Refused
from regulatory.domain.tmf import Tmf, decide, evolve
from regulatory.domain.tmf_messages import (
    AdoptTmfRules,
    BeginTmfImport,
    CompleteTmfImport,
    ExportTmf,
    JudgeMilestone,
    LockTmf,
    OpenTmf,
    Outstanding,
    TmfCommand,
    UnlockTmf,
)
from regulatory.publishing.tmf import publish_tmf

AT: dict[str, Any] = {"occurred_at": "2026-03-01"}
OPEN = OpenTmf.model_validate(
    {**AT, "tmf_id": "t1", "study_id": "s1", "sponsor_id": "acme-1", "rules_version": 1, "newest": 2}
)
LOCK = LockTmf.model_validate({**AT, "outstanding": ()})
TRANSFER: dict[str, Any] = {"source": "old-etmf", "transfer_id": "tr-1"}


def begin_import(sha256: str = "a" * 64) -> BeginTmfImport:
    return BeginTmfImport.model_validate({**AT, **TRANSFER, "package_sha256": sha256, "objects": 3})


def adopt(version: int, newest: int = 2) -> AdoptTmfRules:
    return AdoptTmfRules.model_validate({**AT, "rules_version": version, "newest": newest})


def judge(*, milestone: str = "02", documents: int = 3, open_ones: int = 0) -> JudgeMilestone:
    return JudgeMilestone(occurred_at="2026-03-02", milestone=milestone, documents=documents, open=open_ones)


COMPLETE = CompleteTmfImport.model_validate({**AT, **TRANSFER})
UNLOCK = UnlockTmf.model_validate({**AT, "grounds": "A late report."})
EXPORT = ExportTmf.model_validate({**AT, "transfer_id": "out-1", "objects": 2})


def after(*commands: TmfCommand) -> Tmf:
    file: Tmf | None = None
    for command in commands:
        file = reduce(evolve, decide(file, command), file)
    assert file is not None
    return file


def codes_of(file: Tmf | None, command: TmfCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(file, command)
    return [reason.code for reason in refused.value.reasons]


def told(*commands: TmfCommand) -> str:
    """The type of the last event as the world learns of it."""
    before = after(*commands[:-1]) if commands[:-1] else None
    event = decide(before, commands[-1])[-1]
    return publish_tmf(evolve(before, event), event).TYPE


def test_a_file_begins_once() -> None:
    assert decide(after(OPEN), OPEN) == []
    assert codes_of(None, OPEN.model_copy(update={"rules_version": 3})) == ["rules_version_unknown"]


def test_a_study_moves_on_to_newer_rules_that_there_are_and_never_back() -> None:
    assert after(OPEN, adopt(2)).rules_version == 2
    assert decide(after(OPEN), adopt(1)) == []
    assert codes_of(after(OPEN), adopt(3)) == ["rules_version_unknown"]
    assert codes_of(after(OPEN, adopt(2)), adopt(1)) == ["rules_version_unknown"]
    assert codes_of(after(OPEN, LOCK), adopt(3)) == ["tmf_locked", "rules_version_unknown"]


def test_a_lock_is_refused_with_everything_that_is_open() -> None:
    open_documents = tuple(
        Outstanding(unique_id=87, status=status, tmf_document_ids=("d1", "d2")) for status in ("missing", "returned")
    )
    lock = LockTmf.model_validate({**AT, "outstanding": open_documents})
    codes = codes_of(after(OPEN, begin_import()), lock)
    assert codes == ["import_unfinished", "document_missing", "document_returned"]
    with pytest.raises(Refused, match=r"05\.02\.04 .*: 2 missing \(d1, d2\)"):
        decide(after(OPEN), lock)


def test_a_locked_file_is_opened_again_only_for_a_reason() -> None:
    locked = after(OPEN, LOCK)
    assert (locked.locked, locked.locked_on) == (True, "2026-03-01")
    assert decide(locked, LOCK) == []
    assert codes_of(locked, UnlockTmf.model_validate({**AT, "grounds": None})) == ["reason_missing"]
    assert after(OPEN, LOCK, UNLOCK).locked is False
    assert decide(after(OPEN), UNLOCK) == []


def test_a_transfer_is_taken_over_once_and_another_one_under_its_id_is_refused() -> None:
    begun = after(OPEN, begin_import())
    assert decide(begun, begin_import()) == []
    assert codes_of(begun, begin_import("b" * 64)) == ["transfer_differs"]
    assert codes_of(after(OPEN, LOCK), begin_import()) == ["tmf_locked"]
    done = after(OPEN, begin_import(), COMPLETE)
    assert [one.completed for one in done.imports] == [True]
    assert decide(done, COMPLETE) == []


def test_one_transfer_that_is_complete_completes_no_other() -> None:
    other = BeginTmfImport.model_validate({**dict(begin_import()), "transfer_id": "tr-2"})
    assert [one.completed for one in after(OPEN, begin_import(), other, COMPLETE).imports] == [True, False]


def test_a_milestone_is_complete_while_nothing_that_is_expected_by_it_is_open() -> None:
    assert decide(after(OPEN), judge(open_ones=1)) == []
    assert decide(after(OPEN), judge(documents=0)) == []
    complete = after(OPEN, judge(milestone="03"), judge())
    assert complete.complete_milestones == ("02", "03")
    assert decide(complete, judge()) == []
    assert decide(complete, judge(documents=4)) == []
    assert after(OPEN, judge(milestone="03"), judge(), judge(open_ones=1)).complete_milestones == ("03",)


def test_a_milestone_of_which_every_document_fell_away_is_complete_no_longer() -> None:
    assert after(OPEN, judge(), judge(documents=0)).complete_milestones == ()


def test_without_a_file_nothing_can_be_done_with_it() -> None:
    for command in (LOCK, UNLOCK, EXPORT, adopt(2), begin_import(), COMPLETE):
        assert codes_of(None, command) == ["tmf_unknown"]


def test_every_event_of_a_file_is_told_and_a_transfers_id_is_not() -> None:
    ways: list[tuple[TmfCommand, ...]]
    ways = [(OPEN,), (OPEN, adopt(2)), (OPEN, LOCK), (OPEN, LOCK, UNLOCK), (OPEN, EXPORT), (OPEN, begin_import())]
    ways += [(OPEN, begin_import(), COMPLETE), (OPEN, judge()), (OPEN, judge(), judge(open_ones=2))]
    types = {told(*way) for way in ways}
    assert types == {one.TYPE for one in public.EVENTS if issubclass(one, public.TmfEvent)}
    event = decide(after(OPEN), EXPORT)[0]
    assert "out-1" not in publish_tmf(after(OPEN), event).model_dump_json()
