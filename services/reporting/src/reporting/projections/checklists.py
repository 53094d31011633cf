"""Rows of start-up checklists: which items a study asks of its sites, and how each stands at a site.

An item is open until an event says otherwise; one that was lost keeps what it was lost by. The codes are those of the
rules in `sites`, whose numbers are the ten heads of the green light.
"""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts import sites as public

from reporting.projections.reading import key_of, owner_of, version_of

COLLECTION: Final = "checklists"
STUDY_COLLECTION: Final = "study_checklists"

SATISFIED: Final = frozenset({"met", "waived", "not_applicable"})
MISSING: Final = "missing"
OPEN: Final[Mapping[str, Any]] = {
    "number": None,
    "status": MISSING,
    "since": None,
    "evidence": [],
    "expires_on": None,
    "lost_by": None,
}


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The site's checklist after one more of its events."""
    event = received.event
    assert isinstance(event, public.SiteChecklistEvent)
    return {
        **owner_of(received),
        "country": event.country,
        "checklist_version": event.checklist_version,
        "items": _items((row or {"items": {}})["items"], received),
    }


def _items(before: Mapping[str, Document], received: Received) -> dict[str, Document]:
    match received.event:
        case public.ChecklistOpened() as event:
            return {code: before.get(code, dict(OPEN)) for code in event.items}
        case public.ChecklistItemEvent() as event:
            item = {"number": event.number, **_standing(event), "since": received.envelope.occurred_at}
            return {**before, event.item: {**OPEN, **item}}
        case _:
            # That nothing is missing any more, or something is again, follows from the items.
            return dict(before)


def _standing(event: PublicEvent) -> Document:
    match event:
        case public.ChecklistItemMet():
            return {"status": "met", "evidence": list(event.evidence), "expires_on": event.expires_on}
        case public.ChecklistItemWaived():
            return {"status": "waived"}
        case public.ChecklistItemNotApplicable():
            return {"status": "not_applicable"}
        case public.ChecklistItemLost():
            return {"status": event.status, "lost_by": event.lost_by}
        case _:
            message = f"{event.TYPE} is no event of an item that this projection knows"
            raise AssertionError(message)


def fold_study(row: Mapping[str, Any] | None, received: Received) -> Document:
    """What the study's checklist says of each item; items of earlier versions stay, for sites that still follow one."""
    event = received.event
    assert isinstance(event, public.StudyChecklistSetUp)
    known = {one.item: {"number": one.number, "tmf": one.tmf, "waivable": one.waivable} for one in event.items}
    return {**owner_of(received), "rules": {**(row or {"rules": {}})["rules"], **known}}


ROWS: Final = Rows(COLLECTION, key_of("checklist", "site_id"), version_of, fold)
STUDY_ROWS: Final = Rows(STUDY_COLLECTION, key_of("study-checklist", "study_id"), version_of, fold_study)
