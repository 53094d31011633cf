"""Entries of one kind and day become one line, and nothing is lost or counted that was not read."""

from reporting.portal.folding import lines_of
from reporting.queries.answers import TimelineEntry


def entry(number: int, kind: str, occurred: str | None, study: str = "s-1") -> TimelineEntry:
    return TimelineEntry(
        event_id=f"{number}",
        type="a.type",
        kind=kind,
        study_id=study,
        site_id=None,
        country="DE",
        occurred_at=occurred,
        recorded_at="2026-03-02T10:00:00.000Z",
        provenance="live",
        sponsor_id="acme",
        subject_key=None,
    )


TOLD = [
    entry(1, "checklist_opened", "2026-03-02T10:00:00.500Z"),
    entry(2, "document_expected", "2026-03-02T10:00:00.400Z"),
    entry(3, "checklist_opened", "2026-03-02T10:00:00.300Z"),
    entry(4, "document_expected", "2026-03-02"),
    entry(5, "document_expected", "2026-03-02", study="s-2"),
    entry(6, "document_expected", "2026-03-01"),
    entry(7, "document_expected", "2026-03"),
    entry(8, "document_expected", None),
]


def test_a_days_entries_of_a_kind_and_study_are_one_line_where_the_newest_stands() -> None:
    lines = lines_of(TOLD, 12, more=False)
    assert [[one.event_id for one in line.entries] for line in lines] == [
        ["1", "3"],
        ["2", "4"],
        ["5"],
        ["6"],
        ["7"],
        ["8"],
    ]
    assert [line.day for line in lines] == ["2026-03-02"] * 3 + ["2026-03-01", "2026-03", None]
    assert not any(line.open_ended for line in lines)


def test_a_line_that_may_go_on_unread_says_so() -> None:
    lines = lines_of(TOLD[:5], 2, more=True)
    assert [(len(line.entries), line.open_ended) for line in lines] == [(2, True), (2, True)]
    assert [line.open_ended for line in lines_of(TOLD[:6], 9, more=True)] == [False, False, False, True]
    assert lines_of([], 12, more=False) == []


def test_a_day_is_a_day_in_utc() -> None:
    late = entry(9, "clock_missed", "2026-03-03T00:30:00+02:00")
    assert [line.day for line in lines_of([late], 12, more=False)] == ["2026-03-02"]
