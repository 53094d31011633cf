"""Visit report: what a monitor found at a site, from the draft to the report that somebody else signed.

Written by who was there, reviewed by a second person and approved by a third (two pairs of eyes, ICH E6(R3) 4.3). An
approved report never changes: it is reopened as another version, and stays in force until that one is approved. TMF
Reference Model 05.01.04, 05.03.01, 05.04.03 and 05.04.08 by the kind of visit.
"""

from collections.abc import Collection
from typing import Literal

from kernel import BusinessTime, Reason, Refused, Signature, SignedContent, State, changed, is_before

from monitoring.domain.monitoring_visit import VisitType
from monitoring.domain.visit_report_content import Content, flaws, gaps
from monitoring.domain.visit_report_messages import (
    ApproveReport,
    DraftReport,
    ReopenReport,
    ReportApproved,
    ReportDrafted,
    ReportReopened,
    ReportReturned,
    ReportReviewed,
    ReportRevised,
    ReportSubmitted,
    ReturnReport,
    ReviewReport,
    ReviseReport,
    SubmitReport,
    VisitReportCommand,
    VisitReportEvent,
)

KIND = "visit_report"
Status = Literal["draft", "in_review", "in_approval", "approved", "superseded"]

# State


class Return(State):
    """Why a version went back to its authors, who sent it, and when."""

    by: str
    comment: str
    on: BusinessTime | None


class ReportVersion(State):
    """One version; `last_step_on` is when its status last changed."""

    number: int
    content: Content
    authors: tuple[str, ...]
    status: Status = "draft"
    reviewer: str | None = None
    approver: str | None = None
    returns: tuple[Return, ...] = ()
    signature: Signature | None = None
    last_step_on: BusinessTime | None = None

    @property
    def sha256(self) -> str:
        """The hash of what it says: a signature binds it."""
        return self.content.sha256()


class VisitReport(State):
    """The report of one visit, in all its versions; its id is the visit's, its status that of the latest version."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    visit_type: VisitType
    status: Status = "draft"
    versions: tuple[ReportVersion, ...]

    @property
    def latest(self) -> ReportVersion:
        """The version that is worked on, or was last."""
        return self.versions[-1]

    def signed_content(self) -> SignedContent:
        """What a signature of the latest version binds."""
        latest = self.latest
        return SignedContent(kind=KIND, id=self.visit_id, version=str(latest.number), sha256=latest.sha256)


# Decide


def decide(report: VisitReport | None, command: VisitReportCommand) -> list[VisitReportEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, DraftReport):
        return draft(report, command)
    if report is None:
        raise Refused(Reason(code="report_unknown", detail="The visit has no report yet: draft it."))
    match command:
        case ReviseReport():
            return revise(report, command)
        case SubmitReport():
            return submit(report, command)
        case ReturnReport():
            return return_to_authors(report, command)
        case ReviewReport():
            return review(report, command)
        case ApproveReport():
            return approve(report, command)
        case ReopenReport():
            return reopen(report, command)


def draft(report: VisitReport | None, command: DraftReport) -> list[VisitReportEvent]:
    """Begin the one report that a visit has, once it took place."""
    if report is not None:
        return []
    unmet = flaws(command.content, command.visit_type)
    if not command.visit_took_place:
        detail = "The visit has not taken place: complete it, then write what was found."
        unmet.insert(0, Reason(code="visit_not_completed", field="visit_id", detail=detail))
    _require([*unmet, *_too_early(command.visit_completed_on, command.occurred_at, "the visit")])
    facts = {"visit_took_place", "visit_completed_on"}
    return [ReportDrafted.model_validate(command.model_dump(exclude=facts))]


def revise(report: VisitReport, command: ReviseReport) -> list[VisitReportEvent]:
    """Write the draft anew; the same again changes nothing."""
    _require([*_not_in(report, {"draft"}), *flaws(command.content, report.visit_type)])
    if command.content == report.latest.content:
        return []
    return [ReportRevised(occurred_at=command.occurred_at, content=command.content, by=command.by)]


def submit(report: VisitReport, command: SubmitReport) -> list[VisitReportEvent]:
    """Give a complete report to a reviewer and an approver, each another person than its authors."""
    latest = report.latest
    if latest.status == "in_review" and (latest.reviewer, latest.approver) == (command.reviewer, command.approver):
        return []
    _require(
        [
            *_not_in(report, {"draft"}),
            *_too_early(latest.last_step_on, command.occurred_at, "its last step"),
            *gaps(latest.content, report.visit_type),
            *_people(latest, command),
        ]
    )
    return [ReportSubmitted.model_validate(dict(command))]


def return_to_authors(report: VisitReport, command: ReturnReport) -> list[VisitReportEvent]:
    """Whoever has it before them sends it back and says why."""
    comment = command.comment
    unsaid = Reason(code="reason_missing", field="reason", detail="Say what the authors are to change.")
    unmet = [*_not_in(report, {"in_review", "in_approval"}), *_not_theirs(report, command.by)]
    _require([*unmet, *_late(report, command.occurred_at), *([] if comment else [unsaid])])
    assert comment, "without one it was refused"
    return [ReportReturned(occurred_at=command.occurred_at, by=command.by, comment=comment)]


def review(report: VisitReport, command: ReviewReport) -> list[VisitReportEvent]:
    """The named reviewer passes it on to the approver."""
    if report.latest.status == "in_approval" and report.latest.reviewer == command.by:
        return []
    unmet = [*_not_in(report, {"in_review"}), *_not_theirs(report, command.by)]
    _require([*unmet, *_late(report, command.occurred_at)])
    return [ReportReviewed(occurred_at=command.occurred_at, by=command.by)]


def approve(report: VisitReport, command: ApproveReport) -> list[VisitReportEvent]:
    """The named approver signs exactly what the version says (21 CFR 11.70)."""
    signature, latest = command.signature, report.latest
    bound = signature.verify(report.signed_content())
    if latest.status == "approved" and latest.approver == signature.signer_id and bound:
        return []
    unmet = [*_not_in(report, {"in_approval"}), *_not_theirs(report, signature.signer_id)]
    if not bound:
        detail = f"The signature is of other content than version {latest.number} has: read it again, then sign."
        unmet.append(Reason(code="signature_does_not_bind", field="sha256", detail=detail))
    _require([*unmet, *_late(report, command.occurred_at)])
    return [ReportApproved(occurred_at=command.occurred_at, signature=signature)]


def reopen(report: VisitReport, command: ReopenReport) -> list[VisitReportEvent]:
    """Begin another version of an approved report; say why."""
    unsaid = Reason(code="reason_missing", field="reason", detail="Say why the approved report is reopened.")
    unmet = [*_not_in(report, {"approved"}), *_late(report, command.occurred_at)]
    _require([*unmet, *([] if command.why else [unsaid])])
    return [ReportReopened(occurred_at=command.occurred_at, by=command.by)]


def _not_in(report: VisitReport, allowed: Collection[Status]) -> list[Reason]:
    latest = report.latest
    if latest.status in allowed:
        return []
    expected = " or ".join(sorted(one.replace("_", " ") for one in allowed))
    present = latest.status.replace("_", " ")
    detail = f"Version {latest.number} is {present}: this is for one that is {expected}."
    if latest.status == "approved":
        detail += " Reopen the report to change it."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def _people(latest: ReportVersion, command: SubmitReport) -> list[Reason]:
    named = {"reviewer": command.reviewer, "approver": command.approver}
    found = [
        Reason(code=f"author_is_{role}", field=role, detail=f"Who wrote a report cannot be its {role}: name another.")
        for role, who in named.items()
        if who in latest.authors
    ]
    if command.reviewer == command.approver:
        detail = "The same person cannot review and approve a report: name another."
        found.append(Reason(code="reviewer_is_approver", field="approver", detail=detail))
    return found


def _not_theirs(report: VisitReport, subject: str) -> list[Reason]:
    latest = report.latest
    turn = {"in_review": "reviewer", "in_approval": "approver"}.get(latest.status)
    if turn is None or getattr(latest, turn) == subject:
        return []
    return [Reason(code=f"not_the_{turn}", detail=f"Only the named {turn} may do this now.")]


def _late(report: VisitReport, at: BusinessTime | None) -> list[Reason]:
    return _too_early(report.latest.last_step_on, at, "its last step")


def _too_early(last: BusinessTime | None, at: BusinessTime | None, what: str) -> list[Reason]:
    if last is None or at is None or not is_before(at, last):
        return []
    return [Reason(code="before_last_step", field="occurred_at", detail=f"{at} lies before {what} on {last}.")]


def _require(unmet: list[Reason]) -> None:
    if unmet:
        raise Refused(*unmet)


# Evolve


def evolve(report: VisitReport | None, event: VisitReportEvent) -> VisitReport:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, ReportDrafted):
        first = ReportVersion(number=1, content=event.content, authors=(event.by,), last_step_on=event.occurred_at)
        about = event.model_dump(exclude={"occurred_at", "content", "by"})
        return VisitReport.model_validate({**about, "versions": (first,)})
    assert report is not None, "a report begins with its draft"
    latest, on = report.latest, event.occurred_at
    match event:
        case ReportRevised():
            authors = latest.authors if event.by in latest.authors else (*latest.authors, event.by)
            return _with(report, changed(latest, content=event.content, authors=authors))
        case ReportSubmitted():
            given = {"reviewer": event.reviewer, "approver": event.approver}
            return _with(report, changed(latest, status="in_review", last_step_on=on, **given))
        case ReportReturned():
            returns = (*latest.returns, Return(by=event.by, comment=event.comment, on=on))
            return _with(report, changed(latest, status="draft", last_step_on=on, returns=returns))
        case ReportReviewed():
            return _with(report, changed(latest, status="in_approval", last_step_on=on))
        case ReportApproved():
            earlier = tuple(changed(one, status="superseded") for one in report.versions[:-1])
            final = changed(latest, status="approved", last_step_on=on, signature=event.signature)
            return _with(changed(report, versions=(*earlier, latest)), final)
        case ReportReopened():
            another = ReportVersion(
                number=latest.number + 1, content=latest.content, authors=(event.by,), last_step_on=on
            )
            return _with(changed(report, versions=(*report.versions, another)), another)


def _with(report: VisitReport, latest: ReportVersion) -> VisitReport:
    return changed(report, versions=(*report.versions[:-1], latest), status=latest.status)
