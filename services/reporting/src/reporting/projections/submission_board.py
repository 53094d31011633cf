"""A submission with the clocks that run for it, as the board of submissions shows it. Pure.

Its `order` is one text that sorts as the board does: what is due first stands first, then what waits for nothing with
a date. From `soon_at` on it is due soon. What is so at the instant at which somebody asks is not stored.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from chassis.mongo import Document
from contracts.regulatory import TOLD_ONLY

from reporting.projections.clocks import COUNTING, OPEN, UNDATED, soon_from
from reporting.projections.submissions import DECIDED
from reporting.projections.timeline import instant_text

COLLECTION: Final = "submission_board"
CLOCK_FIELDS: Final = (
    "rule_id",
    "status",
    "obliges",
    "if_missed",
    "round",
    "due_on",
    "due_at",
    "zone",
    "percent",
)


def is_over(row: Mapping[str, Any]) -> bool:
    """Whether nobody waits for the body any more: it has decided, or is only told and has it."""
    return row["stage"] in DECIDED or (row["kind"] in TOLD_ONLY and row["stage"] == "submitted")


def document(row: Mapping[str, Any], clocks: Sequence[Mapping[str, Any]]) -> Document:
    """What the board says of a submission."""
    running = sorted((one for one in clocks if one["status"] in OPEN), key=lambda one: (one["due_at"], one["_id"]))
    first = next((one for one in running if one["status"] in COUNTING), None)
    due = instant_text(first["due_at"]) if first else UNDATED
    said = {name: value for name, value in row.items() if name not in {"_id", "version", "sponsor", "study"}}
    return {
        **said,
        "shown": "closed" if is_over(row) and not running else "open",
        "order": f"{due} {row['_id']}",
        "soon_at": soon_from(date.fromisoformat(first["due_on"]), first["zone"]) if first else None,
        "clocks": [{"clock_id": one["_id"], **{name: one[name] for name in CLOCK_FIELDS}} for one in running],
    }
