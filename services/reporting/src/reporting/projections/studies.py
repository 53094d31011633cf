"""Rows of studies: particulars, status, and the study's own milestones as the last event left them."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import Received
from contracts.sites import (
    StudyDetailsCorrected,
    StudyMilestoneKind,
    StudyMilestonePlanned,
    StudyMilestoneReached,
    StudyRegistered,
    StudyStatusChanged,
)

from reporting.projections.reading import key_of, owner_of, version_of

COLLECTION: Final = "studies"
MILESTONE_ORDER: Final[tuple[str, ...]] = get_args(StudyMilestoneKind)
PARTICULARS: Final = ("protocol_number", "registry_ids", "title", "phase", "countries", "planned_enrolment")


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The study after one more of its events."""
    return _searchable({**(row or {"milestones": []}), **owner_of(received), **_changes(row or {}, received)})


def _changes(row: Mapping[str, Any], received: Received) -> Document:
    match received.event:
        case StudyRegistered() as event:
            return {"sponsor_name": event.sponsor.name, "status": event.status, **_particulars(event)}
        case StudyDetailsCorrected() as event:
            return _particulars(event)
        case StudyStatusChanged() as event:
            return {"status": event.status}
        case StudyMilestonePlanned() as event:
            return {"milestones": _with_date(row, event.milestone, "planned", event.planned)}
        case StudyMilestoneReached() as event:
            return {"milestones": _with_date(row, event.milestone, "actual", event.actual)}
        case event:
            message = f"{event.TYPE} is no event of a study that this projection knows"
            raise AssertionError(message)


def _particulars(event: StudyRegistered | StudyDetailsCorrected) -> Document:
    return event.model_dump(mode="json", include=set(PARTICULARS))


def _with_date(row: Mapping[str, Any], kind: str, which: str, date: str | None) -> list[Document]:
    known: dict[str, Document] = {one["kind"]: one for one in row.get("milestones", ())}
    known[kind] = {**known.get(kind, {"kind": kind, "planned": None, "actual": None}), which: date}
    dated = [one for one in known.values() if one["planned"] is not None or one["actual"] is not None]
    return sorted(dated, key=lambda one: MILESTONE_ORDER.index(one["kind"]))


def _searchable(row: Document) -> Document:
    # One folded text a study: a word is looked for in all that names it, whatever its case.
    named = (row["protocol_number"], row["title"], row["sponsor_name"], *row["registry_ids"])
    return {**row, "search": "\n".join(named).casefold()}


ROWS: Final = Rows(COLLECTION, key_of("study", "study_id"), version_of, fold)
