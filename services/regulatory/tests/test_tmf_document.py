"""A document of the trial master file is expected, received, checked by somebody else and filed."""

from functools import reduce
from typing import Any

import pytest
from kernel import Refused
from regulatory.domain.tmf_commands import NoteExpiry, TmfDocumentCommand
from regulatory.domain.tmf_document import decide
from regulatory.domain.tmf_document_state import TmfDocument, evolve
from regulatory.domain.tmf_events import (
    TmfDocumentChangedAfterLock,
    TmfDocumentDueSet,
    TmfDocumentExpected,
    TmfDocumentExpired,
    TmfDocumentExpiring,
    TmfDocumentFiled,
    TmfDocumentReceived,
    TmfDocumentReleased,
    TmfDocumentRequiredAgain,
    TmfDocumentReturned,
    TmfDocumentWaived,
    TmfQcStarted,
    TmfVersionImported,
    TmfVersionSuperseded,
)
from regulatory.domain.tmf_status import standing_at, status_on
from tmf_examples import (
    ABOUT,
    CV,
    EVIDENCE,
    after,
    check,
    expectation,
    filing,
    imported,
    receipt,
    release,
    returning,
    waiver,
)

BEFORE, AFTER = "2026-02-01", "2026-12-01"


def codes_of(document: TmfDocument | None, command: TmfDocumentCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(document, command)
    assert all(reason.detail.endswith(".") for reason in refused.value.reasons)
    return [reason.code for reason in refused.value.reasons]


def kinds(document: TmfDocument | None, command: TmfDocumentCommand) -> list[type]:
    return [type(event) for event in decide(document, command)]


EXPECTED = after(expectation())
RECEIVED = after(expectation(), receipt())
IN_QC = after(expectation(), receipt(), check())
RETURNED = after(expectation(), receipt(), check(), returning("illegible"))
FILED = after(expectation(), receipt(), check(), filing())


def test_an_expected_document_carries_its_artifact_as_this_edition_names_it() -> None:
    assert EXPECTED.artifact.model_dump() == {
        "model": "TMF Reference Model",
        "edition": "3.3.1",
        "unique_id": CV,
        "number": "05.02.04",
        "name": "Principal Investigator Curriculum Vitae",
    }
    assert EXPECTED.zone == "05"


def test_an_event_that_comes_again_makes_nothing_twice() -> None:
    assert decide(EXPECTED, expectation()) == []


def test_under_rules_the_study_does_not_follow_nothing_is_expected() -> None:
    assert decide(None, expectation(applies=False)) == []


def test_a_document_needs_an_artifact_a_milestone_and_a_place_that_there_are() -> None:
    odd = expectation(unique_id=9_000, milestone="13", country=None, rule=None)
    assert codes_of(None, odd) == ["artifact_unknown", "milestone_unknown", "country_missing"]
    assert codes_of(None, expectation(level="trial")) == ["country_not_allowed", "site_id_not_allowed"]
    assert codes_of(None, expectation(level="country")) == ["site_id_not_allowed"]


def test_the_earliest_day_on_which_it_is_due_counts() -> None:
    earlier = expectation(due_on="2026-03-10", rule="other@1")
    assert kinds(EXPECTED, earlier) == [TmfDocumentDueSet]
    assert after(expectation(), earlier).standing.due_on == "2026-03-10"
    assert decide(EXPECTED, expectation(due_on="2026-05-01", rule="other@1")) == []


def test_a_due_day_that_was_not_known_is_set_by_the_event_that_tells_it() -> None:
    document = after(expectation(due_on=None), expectation(rule="activated@1", due_on="2026-06-01"))
    assert document.standing.due_on == "2026-06-01"


def test_the_same_cause_corrects_its_day_and_somebody_by_hand_sets_any() -> None:
    assert kinds(EXPECTED, expectation(due_on="2026-05-01")) == [TmfDocumentDueSet]
    assert decide(EXPECTED, expectation(due_on="2026-05-01", cause="study-site/site-8")) == []
    assert kinds(EXPECTED, expectation(due_on="2027-05-01", rule=None)) == [TmfDocumentDueSet]


def test_four_eyes_see_a_document_before_it_is_filed() -> None:
    assert codes_of(RECEIVED, check(by="author")) == ["same_person"]
    assert codes_of(IN_QC, filing(by="author")) == ["same_person"]
    assert codes_of(IN_QC, returning("illegible", by="author")) == ["same_person"]
    assert FILED.in_force is not None
    assert (FILED.in_force.received_by, FILED.in_force.checked_by) == ("author", "checker")


def test_the_way_of_a_version_leaves_its_events() -> None:
    assert kinds(EXPECTED, receipt()) == [TmfDocumentReceived]
    assert kinds(RECEIVED, check()) == [TmfQcStarted]
    assert kinds(IN_QC, filing()) == [TmfDocumentFiled]
    assert kinds(IN_QC, returning("illegible")) == [TmfDocumentReturned]


@pytest.mark.parametrize(
    ("document", "command"),
    [
        (RECEIVED, receipt()),
        (IN_QC, check()),
        (RETURNED, returning("illegible")),
        (FILED, filing()),
        (after(expectation(), waiver()), waiver()),
        (after(expectation(), release()), release()),
        (after(imported()), imported()),
    ],
)
def test_a_step_that_is_done_is_not_done_again(document: TmfDocument, command: TmfDocumentCommand) -> None:
    assert decide(document, command) == []


def test_what_is_not_received_is_neither_checked_nor_filed() -> None:
    assert codes_of(EXPECTED, check()) == ["wrong_stage"]
    assert codes_of(EXPECTED, filing()) == ["wrong_stage"]
    assert codes_of(RECEIVED, filing()) == ["wrong_stage"]
    assert codes_of(EXPECTED, returning()) == ["wrong_stage", "findings_missing"]


def test_a_return_names_findings_of_known_codes() -> None:
    assert codes_of(IN_QC, returning()) == ["findings_missing"]
    assert codes_of(IN_QC, returning("ugly", "other")) == ["finding_unknown", "note_missing"]


def test_a_returned_document_is_received_again_and_filed() -> None:
    again = [receipt(sha="b"), check(), filing()]
    document = after(expectation(), receipt(), check(), returning("illegible"), *again)
    assert [one.stage for one in document.versions] == ["returned", "filed"]
    assert document.returns == 1


def test_a_further_version_supersedes_the_one_in_force_when_it_is_filed() -> None:
    second = [receipt(sha="b", about={**ABOUT, "label": "2.0"}), check()]
    document = after(expectation(), receipt(), check(), filing(), *second)
    assert (document.standing.stage, document.standing.review) == ("filed", "in_review")
    assert kinds(document, filing()) == [TmfVersionSuperseded, TmfDocumentFiled]
    assert [one.stage for one in after(expectation(), receipt(), check(), filing(), *second, filing()).versions] == [
        "superseded",
        "filed",
    ]


def test_everything_that_is_wrong_with_a_receipt_is_named_at_once() -> None:
    locked = {"locked_on": "2026-01-01"}
    about = {"label": "1.0", "document_date": "2026-03-05", "finalised_on": "2026-03-06", "expires_on": "2026-01"}
    assert codes_of(FILED, receipt(about=about, **locked)) == [
        "tmf_locked",
        "version_exists",
        "same_content",
        "document_date_out_of_order",
        "finalised_on_out_of_order",
        "expires_on_out_of_order",
    ]
    assert codes_of(IN_QC, receipt(sha="b", about={"label": "2.0"})) == ["in_review"]


def test_a_document_without_a_date_is_not_filed() -> None:
    assert codes_of(after(expectation(), receipt(about={"label": "1.0"}), check()), filing()) == [
        "document_date_missing"
    ]


def test_what_names_the_subjects_never_leaves_the_site() -> None:
    identification_log = after(expectation(unique_id=234))
    assert codes_of(identification_log, receipt()) == ["investigator_only"]
    assert kinds(identification_log, waiver()) == [TmfDocumentWaived]


def test_a_waiver_needs_a_reason_and_a_signature_of_this_very_waiver() -> None:
    assert codes_of(EXPECTED, waiver(None)) == ["reason_missing"]
    assert codes_of(EXPECTED, waiver("Not needed.", signed_for="Something else.")) == ["signature_differs"]
    assert codes_of(FILED, waiver()) == ["filed_already"]
    assert codes_of(RECEIVED, release(None)) == ["in_review", "reason_missing"]


def test_what_was_waived_is_received_all_the_same() -> None:
    document = after(expectation(), waiver(), receipt())
    assert (document.waiver, document.standing.stage) == (None, "in_review")


def test_a_rule_releases_only_what_a_rule_expected_and_nobody_sent_anything_for() -> None:
    gone = expectation(does="release", due_on=None)
    assert kinds(EXPECTED, gone) == [TmfDocumentReleased]
    assert decide(None, gone) == []
    for kept in (RECEIVED, FILED, after(expectation(), waiver()), after(expectation(rule=None))):
        assert decide(kept, gone) == []


def test_what_a_rule_released_a_rule_expects_again_but_not_what_somebody_did() -> None:
    gone = expectation(does="release", due_on=None)
    assert kinds(after(expectation(), gone), expectation()) == [TmfDocumentRequiredAgain]
    assert decide(after(expectation(), release()), expectation()) == []
    assert kinds(after(expectation(), release()), expectation(rule=None)) == [TmfDocumentRequiredAgain]


def test_signed_evidence_files_the_document_at_once() -> None:
    evidence = expectation(does="file", evidence=EVIDENCE)
    assert kinds(None, evidence) == [TmfDocumentExpected, TmfDocumentReceived, TmfDocumentFiled]
    filed = after(evidence)
    assert filed.in_force is not None
    assert filed.in_force.evidence is not None
    assert decide(filed, evidence) == []
    assert kinds(EXPECTED, evidence) == [TmfDocumentReceived, TmfDocumentFiled]


def test_evidence_does_not_push_aside_what_somebody_sent() -> None:
    evidence = expectation(does="file", evidence=EVIDENCE)
    assert decide(RECEIVED, evidence) == []
    assert decide(FILED, evidence) == []
    expired = {**ABOUT, "expires_on": "2026-02-27"}
    document = after(expectation(), receipt(about=expired), check(), filing())
    assert kinds(document, evidence) == [TmfDocumentReceived, TmfVersionSuperseded, TmfDocumentFiled]


def test_a_locked_file_takes_no_step_by_hand_and_still_takes_what_events_say() -> None:
    locked: dict[str, Any] = {"locked_on": "2026-01-01"}
    assert codes_of(None, expectation(rule=None, **locked)) == ["tmf_locked"]
    assert codes_of(RECEIVED, check(**locked)) == ["tmf_locked"]
    assert codes_of(IN_QC, filing(**locked)) == ["tmf_locked"]
    assert kinds(None, expectation(**locked)) == [TmfDocumentExpected, TmfDocumentChangedAfterLock]


def test_what_an_event_changes_in_a_locked_file_is_told_and_stays_on_the_document() -> None:
    locked: dict[str, Any] = {"locked_on": "2026-01-01"}
    sooner = expectation(due_on="2026-02-01", **locked)
    assert kinds(EXPECTED, sooner) == [TmfDocumentDueSet, TmfDocumentChangedAfterLock]
    assert kinds(EXPECTED, expectation(**locked)) == [], "what changes nothing is no news"
    changed = after(expectation(), sooner)
    assert (EXPECTED.after_lock, changed.after_lock) == (None, "2026-01-01")
    assert after(expectation(), sooner, receipt()).after_lock == "2026-01-01"


def test_history_comes_in_whole_and_the_later_dated_of_two_is_in_force() -> None:
    assert kinds(None, imported()) == [TmfDocumentExpected, TmfVersionImported]
    newer = imported(object_id="o2", date="2021-01-01")
    assert kinds(after(imported()), newer) == [TmfVersionSuperseded, TmfVersionImported]
    document = after(newer, imported())
    assert [(one.about.label, one.stage) for one in document.versions] == [("o2", "filed"), ("o1", "superseded")]
    assert after(imported("obsolete")).standing.stage == "superseded"


def test_how_long_it_took_is_known_in_days() -> None:
    late = [check(occurred_at="2026-03-05"), filing(occurred_at="2026-03-08")]
    document = after(expectation(), receipt(), *late)
    assert (document.filing_days, document.review_days) == (4, 7)


def test_an_expiry_is_told_once_soon_before_and_once_after() -> None:
    about = {**ABOUT, "expires_on": "2026-09-30"}
    document = after(expectation(), receipt(about=about), check(), filing())
    assert document.notice_on == "2026-08-01"
    assert decide(document, NoteExpiry(occurred_at=None, on="2026-07-31")) == []
    assert kinds(document, NoteExpiry(occurred_at=None, on="2026-08-01")) == [TmfDocumentExpiring]
    told = reduce(evolve, decide(document, NoteExpiry(occurred_at=None, on="2026-08-15")), document)
    assert decide(told, NoteExpiry(occurred_at=None, on="2026-09-30")) == []
    assert kinds(told, NoteExpiry(occurred_at=None, on="2026-10-01")) == [TmfDocumentExpired]
    assert kinds(document, NoteExpiry(occurred_at=None, on="2027-01-01")) == [TmfDocumentExpired]
    gone = reduce(evolve, decide(document, NoteExpiry(occurred_at=None, on="2027-01-01")), document)
    assert decide(gone, NoteExpiry(occurred_at=None, on="2028-01-01")) == []


@pytest.mark.parametrize(
    ("document", "on", "status"),
    [
        (EXPECTED, "2026-03-31", "not_due"),
        (EXPECTED, "2026-04-01", "missing"),
        (after(expectation(), waiver()), AFTER, "waived"),
        (after(expectation(), release()), AFTER, "not_required"),
        (IN_QC, AFTER, "in_review"),
        (RETURNED, AFTER, "returned"),
        (FILED, AFTER, "current"),
        (after(imported("superseded")), AFTER, "superseded"),
    ],
)
def test_the_status_is_derived_from_the_facts_and_a_day(document: TmfDocument, on: str, status: str) -> None:
    assert status_on(document.standing, on) == status


def test_a_document_expires_on_its_own_last_day() -> None:
    document = after(expectation(), receipt(about={**ABOUT, "expires_on": "2026-09"}), check(), filing())
    days = ("2026-08-01", "2026-07-31", "2026-09-30", "2026-10-01")
    assert [status_on(document.standing, day) for day in days] == ["expiring", "current", "expiring", "expired"]


def test_what_was_so_on_a_day_is_read_from_the_history() -> None:
    steps = [receipt(occurred_at="2026-04-02"), check(occurred_at="2026-04-03"), filing(occurred_at="2026-04-04")]
    document = after(expectation(), *steps)
    days = {"2026-04-01": "missing", "2026-04-02": "in_review", "2026-04-04": "current"}
    for day, status in days.items():
        standing = standing_at(document.history, day)
        assert standing is not None
        assert status_on(standing, day) == status
    assert standing_at(document.history, BEFORE) is None


def test_a_document_that_is_not_there_takes_no_step() -> None:
    assert codes_of(None, check()) == ["tmf_document_unknown"]
