"""Entries of the timeline as lines of a list: many of one kind on one day are one line that opens to them. Pure.

A day is folded as a whole. What one act brings about is told within milliseconds and in no order that a reader could
follow, so a line stands where the newest of its entries stands, and each entry keeps its own times inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reporting.queries.answers import TimelineEntry

DAY_CHARACTERS: Final = len("2021-06-30")


@dataclass(frozen=True, slots=True)
class Line:
    """Entries of one kind, study and day, the newest first; `open_ended` where more of them may follow unread."""

    entries: Sequence[TimelineEntry]
    open_ended: bool = False

    @property
    def first(self) -> TimelineEntry:
        """The newest entry, for what all of them share."""
        return self.entries[0]

    @property
    def day(self) -> str | None:
        """When they occurred, no more precise than a day."""
        return day_of(self.first)

    @property
    def countries(self) -> list[str]:
        """The countries that they name."""
        return sorted({one.country for one in self.entries if one.country is not None})


def lines_of(entries: Sequence[TimelineEntry], limit: int, *, more: bool) -> list[Line]:
    """The first lines of these entries, the newest first; `more` says that others follow which were not read."""
    grouped: dict[tuple[str | None, str, str], list[TimelineEntry]] = {}
    for one in entries:
        grouped.setdefault((day_of(one), one.study_id, one.kind), []).append(one)
    last = day_of(entries[-1]) if entries and more else None
    return [Line(found, last is not None and key[0] == last) for key, found in grouped.items()][:limit]


def day_of(entry: TimelineEntry) -> str | None:
    """The day on which it occurred, in UTC; less where its source knew only a month or a year."""
    told = entry.occurred_at
    if told is None or "T" not in told:
        return told
    return datetime.fromisoformat(told).astimezone(UTC).isoformat()[:DAY_CHARACTERS]
