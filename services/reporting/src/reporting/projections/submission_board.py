"""A submission with the clocks that run for it, as the board of submissions shows it. Pure.

Its `order` is one text that sorts as the board does: what is due first stands first, then what waits for nothing with
a date. What is overdue is so by the instant at which somebody asks; nothing of that is stored.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chassis.mongo import Document

from reporting.projections.clocks import OPEN
from reporting.projections.submissions import DECIDED
from reporting.projections.timeline import instant_text

COLLECTION: Final = "submission_board"
COUNTING: Final = frozenset({"running", "missed"})
"""Clocks whose end moves nearer, or has passed. A paused one stands still."""
UNDATED: Final = "9999"
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


def document(row: Mapping[str, Any], clocks: Sequence[Mapping[str, Any]]) -> Document:
    """What the board says of a submission."""
    running = sorted((one for one in clocks if one["status"] in OPEN), key=lambda one: (one["due_at"], one["_id"]))
    due = next((instant_text(one["due_at"]) for one in running if one["status"] in COUNTING), UNDATED)
    said = {name: value for name, value in row.items() if name not in {"_id", "version", "sponsor", "study"}}
    return {
        **said,
        "shown": "open" if row["stage"] not in DECIDED or running else "closed",
        "order": f"{due} {row['_id']}",
        "clocks": [{"clock_id": one["_id"], **{name: one[name] for name in CLOCK_FIELDS}} for one in running],
    }
