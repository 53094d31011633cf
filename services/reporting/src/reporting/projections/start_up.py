"""A site on its way to the green light, as the start-up board shows it. Pure.

A site is on the board while it is starting, and again when it has lost what its green light rests on. Its two orders
are texts that sort as the board does, by study and by country. How long it has been starting is reckoned when asked.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chassis.mongo import Document

from reporting.projections.checklists import SATISFIED

COLLECTION: Final = "start_up"
STARTING: Final = frozenset({"selected", "start_up", "ready_for_activation"})
OPENED: Final = frozenset({"active", "on_hold", "suspended"})
INITIATION: Final = "initiation_visit"
BEGINNINGS: Final = ("start_up", "selected")
"""The milestone from which start-up counts: the first of these that has a date."""
SITE_FIELDS: Final = ("name", "city", "number", "country", "status")


def document(
    site: Mapping[str, Any], checklist: Mapping[str, Any] | None, given: Iterable[Mapping[str, Any]]
) -> Document:
    """What the board says of a site; `given` are the rows of milestones that visits gave it."""
    items: Mapping[str, Document] = checklist["items"] if checklist else {}
    missing = sorted(code for code, one in items.items() if one["status"] not in SATISFIED)
    key, study, country = site["_id"], site["study"], site["country"]
    return {
        **{name: site[name] for name in SITE_FIELDS},
        "shown": _shown(site["status"], missing),
        "checklist_version": checklist["checklist_version"] if checklist else None,
        "items": [{"item": code, **one} for code, one in sorted(items.items())],
        "missing": missing,
        "satisfied": len(items) - len(missing),
        "total": len(items),
        "began_on": next(filter(None, (_reached(site, kind) for kind in BEGINNINGS)), None),
        "activated_on": _reached(site, "activated"),
        "initiation_visit": _visit(given),
        "by_study": f"{study} {country} {key}",
        "by_country": f"{country} {study} {key}",
    }


def _shown(status: str, missing: list[str]) -> str:
    if status in STARTING:
        return "starting"
    return "lost" if status in OPENED and missing else "other"


def _reached(site: Mapping[str, Any], kind: str) -> str | None:
    return next((one["actual"] for one in site["milestones"] if one["kind"] == kind), None)


def _visit(given: Iterable[Mapping[str, Any]]) -> Document | None:
    # A cancelled visit may be followed by another: the one that was done counts, else the last one that is planned.
    visits = [one for row in given for one in row["milestones"] if one["kind"] == INITIATION]
    best = max(visits, key=lambda one: (one["actual"] is not None, one["actual"] or one["planned"] or ""), default=None)
    return {"planned": best["planned"], "actual": best["actual"]} if best else None
