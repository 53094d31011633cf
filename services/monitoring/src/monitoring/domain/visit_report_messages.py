"""Commands and events of visit reports; what follows from them stands in `visit_report.py`."""

from kernel import BusinessTime, Command, Event, Signature, SignedEvent

from monitoring.domain.monitoring_visit import VisitType
from monitoring.domain.visit_report_content import Content

# Commands


class DraftReport(Command):
    """Begin the report of a visit. The facts tell of the visit, and whether and when it took place."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    visit_type: VisitType
    visit_took_place: bool
    visit_completed_on: BusinessTime | None
    content: Content
    by: str


class ReviseReport(Command):
    """Write the draft anew."""

    content: Content
    by: str


class SubmitReport(Command):
    """Ask one person to review it and another to approve it then; both by their subject."""

    reviewer: str
    approver: str


class ReturnReport(Command):
    """Send it back to its authors, and say why."""

    by: str
    comment: str | None


class ReviewReport(Command):
    """The reviewer is done."""

    by: str


class ApproveReport(Command):
    """The approver signs it."""

    signature: Signature


class ReopenReport(Command):
    """Begin another version of an approved report, which stays what it is until that one is approved."""

    by: str
    why: str | None


VisitReportCommand = (
    DraftReport | ReviseReport | SubmitReport | ReturnReport | ReviewReport | ApproveReport | ReopenReport
)


# Events


class ReportDrafted(Event):
    """There is a report."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    visit_type: VisitType
    content: Content
    by: str


class ReportRevised(Event):
    """The draft says something else."""

    content: Content
    by: str


class ReportSubmitted(Event):
    """It is with its reviewer."""

    reviewer: str
    approver: str


class ReportReturned(Event):
    """It is a draft again."""

    by: str
    comment: str


class ReportReviewed(Event):
    """It is with its approver."""

    by: str


class ReportApproved(SignedEvent):
    """It is final."""


class ReportReopened(Event):
    """Another version was begun, with the content of the one before."""

    by: str


VisitReportEvent = (
    ReportDrafted | ReportRevised | ReportSubmitted | ReportReturned | ReportReviewed | ReportApproved | ReportReopened
)
