"""A visit's report is written by one person, reviewed by a second, signed by a third; what is signed never changes."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused, Signature
from monitoring.domain.monitoring_visit import VisitType
from monitoring.domain.visit_report import VisitReport, decide, evolve
from monitoring.domain.visit_report_content import Content, Observation, topics_of
from monitoring.domain.visit_report_messages import (
    ApproveReport,
    DraftReport,
    ReopenReport,
    ReportApproved,
    ReturnReport,
    ReviewReport,
    ReviseReport,
    SubmitReport,
    VisitReportCommand,
    VisitReportEvent,
)

ON = "2022-03-10"
PEOPLE = ("monitor", "reviewer", "approver")


def whole(visit_type: VisitType = "SIV", **changed: Any) -> Content:
    seen = tuple(Observation(topic=topic.code, outcome="satisfactory") for topic in topics_of(visit_type))
    return Content.model_validate({"summary": "All of it.", "observations": seen, "conclusion": "Ready.", **changed})


def begin(content: Content | None = None, **changed: Any) -> DraftReport:
    facts = {
        "occurred_at": ON,
        "visit_id": "visit-1",
        "study_id": "s1",
        "sponsor_id": "acme-1",
        "site_id": "site-7",
        "country": "DE",
        "visit_type": "SIV",
        "visit_took_place": True,
        "visit_completed_on": "2022-03-07",
        "content": content or whole(),
        "by": "monitor",
    }
    return DraftReport.model_validate({**facts, **changed})


SUBMIT = SubmitReport(occurred_at="2022-03-11", reviewer="reviewer", approver="approver")
REVIEW = ReviewReport(occurred_at="2022-03-12", by="reviewer")
RETURN = ReturnReport(occurred_at="2022-03-12", by="reviewer", comment="Which freezer?")
REOPEN = ReopenReport(occurred_at="2022-04-01", by="monitor", why="A finding was left out.")


def approval(report: VisitReport, by: str = "approver", **bound: Any) -> ApproveReport:
    content = report.signed_content().model_copy(update=bound)
    signature = {
        "signer_id": by,
        "printed_name": "A. Prover",
        "signed_at": "2022-03-13T10:00:00Z",
        "authenticated_at": "2022-03-13T09:59:00Z",
        "meaning": "approval",
        "binds": content,
    }
    return ApproveReport(occurred_at="2022-03-13", signature=Signature.model_validate(signature))


def told(*commands: VisitReportCommand, since: VisitReport | None = None) -> VisitReport:
    """The report after these commands, each carried out."""
    report = since
    for command in commands:
        report = after(report, decide(report, command))
    assert report is not None
    return report


def after(report: VisitReport | None, events: list[VisitReportEvent]) -> VisitReport | None:
    return reduce(evolve, events, report)


def codes(report: VisitReport | None, command: VisitReportCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(report, command)
    return [reason.code for reason in refused.value.reasons]


REVIEWED = told(begin(), SUBMIT, REVIEW)
APPROVED = told(approval(REVIEWED), since=REVIEWED)


def test_a_report_is_begun_once_for_a_visit_that_took_place() -> None:
    assert told(begin()).status == "draft"
    assert decide(told(begin()), begin()) == []
    assert codes(None, begin(visit_took_place=False, visit_completed_on=None)) == ["visit_not_completed"]
    assert codes(None, begin(occurred_at="2022-03-06")) == ["before_last_step"]


def test_without_a_report_nothing_can_be_done_to_it() -> None:
    assert codes(None, SUBMIT) == ["report_unknown"]


def test_a_topic_of_another_kind_of_visit_and_one_named_twice_are_refused_by_name() -> None:
    foreign = Observation(topic="archiving", outcome="satisfactory")
    twice = Observation(topic="consent_process", outcome="issue")
    content = whole(observations=(foreign, twice, twice))
    assert codes(None, begin(content)) == ["topic_unknown", "topic_twice"]
    assert codes(told(begin()), ReviseReport(occurred_at=ON, content=content, by="monitor")) == [
        "topic_unknown",
        "topic_twice",
    ]


def test_a_draft_is_written_anew_and_the_same_again_changes_nothing() -> None:
    revise = ReviseReport(occurred_at=ON, content=whole(summary="More of it."), by="second author")
    report = told(begin(), revise)
    assert (report.latest.content.summary, report.latest.authors) == ("More of it.", ("monitor", "second author"))
    assert decide(report, revise) == []


def test_an_incomplete_report_is_refused_with_everything_that_it_lacks() -> None:
    issue = Observation(topic="consent_process", outcome="issue")
    report = told(begin(Content(observations=(issue,))))
    others = len(topics_of("SIV")) - 1
    expected = ["summary_missing", "conclusion_missing", *["observation_missing"] * others]
    assert codes(report, SUBMIT) == [*expected, "comment_missing", "action_missing"]


def test_author_reviewer_and_approver_are_three_people() -> None:
    report = told(begin())
    alone = SubmitReport(occurred_at="2022-03-11", reviewer="monitor", approver="monitor")
    assert codes(report, alone) == ["author_is_reviewer", "author_is_approver", "reviewer_is_approver"]


def test_only_who_is_named_reviews_returns_and_approves() -> None:
    report = told(begin(), SUBMIT)
    assert codes(report, ReviewReport(occurred_at="2022-03-12", by="approver")) == ["not_the_reviewer"]
    assert codes(report, ReturnReport(occurred_at="2022-03-12", by="monitor", comment="x")) == ["not_the_reviewer"]
    reviewed = told(REVIEW, since=report)
    assert codes(reviewed, approval(reviewed, by="reviewer")) == ["not_the_approver"]


def test_a_report_that_is_returned_is_a_draft_again_and_keeps_why() -> None:
    report = told(begin(), SUBMIT, RETURN)
    assert report.status == "draft"
    assert [(one.by, one.comment) for one in report.latest.returns] == [("reviewer", "Which freezer?")]
    unsaid = RETURN.model_copy(update={"comment": None})
    assert codes(told(begin(), SUBMIT), unsaid) == ["reason_missing"]


def test_the_approver_too_sends_it_back() -> None:
    back = ReturnReport(occurred_at="2022-03-13", by="approver", comment="Say more.")
    assert told(begin(), SUBMIT, REVIEW, back).status == "draft"


def test_a_signature_of_other_content_or_another_version_approves_nothing() -> None:
    report = told(begin(), SUBMIT, REVIEW)
    assert codes(report, approval(report, sha256="0" * 64)) == ["signature_does_not_bind"]
    assert codes(report, approval(report, version="2")) == ["signature_does_not_bind"]
    assert codes(report, approval(report, id="visit-2")) == ["signature_does_not_bind"]


def test_an_approved_report_does_not_change() -> None:
    assert codes(APPROVED, ReviseReport(occurred_at=ON, content=whole(summary="x"), by="monitor")) == ["wrong_status"]
    assert codes(APPROVED, SUBMIT)[0] == "wrong_status"
    assert codes(APPROVED, RETURN) == ["wrong_status", "before_last_step"]


def test_a_reopened_report_goes_on_as_another_version_and_the_signed_one_stays_until_that_is_approved() -> None:
    report = told(REOPEN, since=APPROVED)
    assert [(one.number, one.status) for one in report.versions] == [(1, "approved"), (2, "draft")]
    later = {"occurred_at": "2022-04-02"}
    report = told(SUBMIT.model_copy(update=later), REVIEW.model_copy(update=later), since=report)
    report = told(approval(report).model_copy(update=later), since=report)
    assert [(one.number, one.status) for one in report.versions] == [(1, "superseded"), (2, "approved")]
    assert report.versions[0].signature == APPROVED.latest.signature
    assert codes(APPROVED, REOPEN.model_copy(update={"why": None})) == ["reason_missing"]


@pytest.mark.parametrize("done", [SUBMIT, REVIEW])
def test_what_is_done_again_changes_nothing(done: VisitReportCommand) -> None:
    steps = (begin(), SUBMIT, REVIEW)
    report = told(*steps[: steps.index(done) + 1])
    assert decide(report, done) == []


def test_an_approval_that_comes_again_changes_nothing() -> None:
    assert decide(APPROVED, approval(APPROVED)) == []


@pytest.mark.parametrize("command", [SUBMIT, RETURN, REVIEW])
def test_no_step_lies_before_the_one_it_rests_on(command: VisitReportCommand) -> None:
    report = told(begin()) if command is SUBMIT else told(begin(), SUBMIT)
    early = command.model_copy(update={"occurred_at": "2022-03-08"})
    assert codes(report, early) == ["before_last_step"]


@given(st.sampled_from(["PSV", "SIV", "IMV", "COV"]))
def test_every_kind_of_visit_has_topics_and_a_whole_report_of_it_is_complete(visit_type: VisitType) -> None:
    assert topics_of(visit_type)
    report = told(begin(whole(visit_type), visit_type=visit_type), SUBMIT)
    assert report.status == "in_review"


class Machine(RuleBasedStateMachine):
    """The real decider beside a model that knows only whose turn it is and what was signed."""

    def __init__(self) -> None:
        super().__init__()
        self.report = told(begin())
        self.status, self.number = "draft", 1
        self.signed: dict[int, Content] = {}

    def attempt(self, command: VisitReportCommand, allowed: bool) -> None:  # noqa: FBT001 - reads as the model's word
        try:
            events = decide(self.report, command)
        except Refused:
            assert not allowed
            return
        assert allowed or events == []
        for event in events:
            self.report = evolve(self.report, event)
            if isinstance(event, ReportApproved):
                self.signed[self.number] = self.report.latest.content
                assert event.signature.verify(self.report.signed_content())

    @rule(summary=st.sampled_from(["One.", "Two.", "Three."]), by=st.sampled_from(["monitor", "second"]))
    def revise(self, summary: str, by: str) -> None:
        command = ReviseReport(occurred_at=None, content=whole(summary=summary), by=by)
        self.attempt(command, self.status == "draft")

    @rule()
    def submit(self) -> None:
        allowed = self.status in {"draft", "in_review"}
        self.attempt(SUBMIT.model_copy(update={"occurred_at": None}), allowed)
        self.status = "in_review" if self.status == "draft" else self.status

    @rule(by=st.sampled_from(PEOPLE))
    def review(self, by: str) -> None:
        allowed = by == "reviewer" and self.status in {"in_review", "in_approval"}
        self.attempt(ReviewReport(occurred_at=None, by=by), allowed)
        self.status = "in_approval" if allowed else self.status

    @rule(by=st.sampled_from(PEOPLE))
    def give_back(self, by: str) -> None:
        allowed = (self.status, by) in {("in_review", "reviewer"), ("in_approval", "approver")}
        self.attempt(ReturnReport(occurred_at=None, by=by, comment="Why?"), allowed)
        self.status = "draft" if allowed else self.status

    @rule(by=st.sampled_from(PEOPLE), true=st.booleans())
    def approve(self, by: str, true: bool) -> None:  # noqa: FBT001 - drawn
        command = approval(self.report, by, **({} if true else {"sha256": "f" * 64}))
        allowed = true and by == "approver" and self.status in {"in_approval", "approved"}
        self.attempt(command.model_copy(update={"occurred_at": None}), allowed)
        self.status = "approved" if allowed else self.status

    @rule()
    def reopen(self) -> None:
        allowed = self.status == "approved"
        self.attempt(REOPEN.model_copy(update={"occurred_at": None}), allowed)
        if allowed:
            self.status, self.number = "draft", self.number + 1

    @invariant()
    def where_it_stands_is_what_the_model_says(self) -> None:
        assert (self.report.status, self.report.latest.number) == (self.status, self.number)

    @invariant()
    def what_was_signed_is_what_it_was(self) -> None:
        kept = {one.number: one.content for one in self.report.versions if one.signature is not None}
        assert kept == self.signed


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestVisitReports = Machine.TestCase
