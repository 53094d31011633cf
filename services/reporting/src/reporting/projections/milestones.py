"""Milestones that other services' work gives to a site or to all sites of a country, one row an aggregate.

Monitoring visits give the milestone of their type; interim visits repeat and are none. A submission gives two: when
the body had it, and when it agreed.
"""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import Received
from contracts.monitoring import (
    MonitoringVisitCancelled,
    MonitoringVisitCompleted,
    MonitoringVisitEvent,
    MonitoringVisitPlanned,
    MonitoringVisitScheduled,
)
from contracts.regulatory import Body, SubmissionApproved, SubmissionEvent, SubmissionRejected, SubmissionSubmitted

from reporting.projections.reading import key_of, owner_of, place_of, version_of

COLLECTION: Final = "milestones"

VISIT_MILESTONES: Final = {
    "PSV": "pre_study_visit",
    "SIV": "initiation_visit",
    "COV": "close_out_visit",
}
"""Pre-study, initiation and close-out visit (TMF Reference Model 05.01, 05.03 and 05.04)."""
BODY_NAMES: Final[dict[Body, str]] = {"competent_authority": "authority", "ethics_committee": "ethics"}
OF_THE_STUDY: Final = frozenset({None, "initial", "additional_member_state"})
"""Kinds of submission that are milestones; modifications and reports repeat and are none."""


def fold_visit(row: Mapping[str, Any] | None, received: Received) -> Document:
    """A monitoring visit's milestone after one more of its events; a cancelled visit has none."""
    event = received.event
    assert isinstance(event, MonitoringVisitEvent)
    known = {one["kind"]: one for one in (row or {"milestones": []})["milestones"]}
    kind = VISIT_MILESTONES[event.visit_type]
    milestone = {**known.get(kind, _undated(kind)), **_visit_dates(event, received.envelope.occurred_at)}
    dated = milestone["planned"] is not None or milestone["actual"] is not None
    return _row(received, [milestone] if dated else [])


def _visit_dates(event: MonitoringVisitEvent, occurred_at: str | None) -> Document:
    match event:
        case MonitoringVisitPlanned():
            return {"planned": event.planned_on}
        case MonitoringVisitScheduled():
            return {"planned": event.scheduled_on}
        case MonitoringVisitCompleted():
            return {"actual": occurred_at}
        case MonitoringVisitCancelled():
            return {"planned": None, "actual": None}
        case _:
            message = f"{event.TYPE} is no event of a visit that this projection knows"
            raise AssertionError(message)


def fold_submission(row: Mapping[str, Any] | None, received: Received) -> Document:
    """A submission's milestones after one more of its events; a rejection takes an approval back."""
    event = received.event
    assert isinstance(event, SubmissionEvent)
    known = {one["kind"]: one for one in (row or {"milestones": []})["milestones"]}
    known |= _submission_dates(event, received.envelope.occurred_at)
    return _row(received, [one for one in known.values() if one["actual"] is not None])


def _submission_dates(event: SubmissionEvent, occurred_at: str | None) -> dict[str, Document]:
    body = BODY_NAMES.get(event.body)
    if body is None or event.kind not in OF_THE_STUDY:
        return {}
    submission, approval = f"{body}_submission", f"{body}_approval"
    match event:
        case SubmissionSubmitted():
            return {submission: {**_undated(submission), "actual": occurred_at}}
        case SubmissionApproved():
            return {approval: {**_undated(approval), "actual": occurred_at}}
        case SubmissionRejected():
            return {approval: _undated(approval)}
        case _:
            return {}


def _undated(kind: str) -> Document:
    return {"kind": kind, "planned": None, "actual": None}


def _row(received: Received, milestones: list[Document]) -> Document:
    return {**owner_of(received), **place_of(received), "milestones": milestones}


def _visit_key(received: Received) -> str | None:
    event = received.event
    if isinstance(event, MonitoringVisitEvent) and event.visit_type in VISIT_MILESTONES:
        return event.visit_id
    return None


VISITS: Final = Rows(COLLECTION, _visit_key, version_of, fold_visit)
SUBMISSIONS: Final = Rows(COLLECTION, key_of("submission", "submission_id"), version_of, fold_submission)
