"""Rows and entries come out the same however often and in whatever batches events arrive."""

from typing import Any, NamedTuple

from chassis.mongo import Database
from chassis.scope import Scope
from chassis.stream.projecting import Entries, Rows, folded, project
from hypothesis import given
from hypothesis import strategies as st

ALL = Scope.everything()


class Event(NamedTuple):
    """The n-th event of an aggregate."""

    key: str
    version: int


def fold(row: Any, event: Event) -> dict[str, Any]:
    return {"sponsor": "acme", "study": "s", "history": [*(row["history"] if row else []), event.version]}


ROWS: Rows[Event] = Rows("rows", lambda event: event.key or None, lambda event: event.version, fold)
ENTRIES: Entries[Event] = Entries(
    "entries", lambda event: {"_id": f"{event.key}{event.version}"} if event.key else None
)


async def test_the_same_batch_twice_changes_nothing(database: Database) -> None:
    batch = [Event("a", 1), Event("b", 1), Event("a", 2), Event("", 1)]
    for _ in range(2):
        await project(database, [ROWS, ENTRIES], batch)
    rows = await database.collection("rows").find(ALL, {}, sort=[("_id", 1)])
    assert [(row["_id"], row["version"], row["history"]) for row in rows] == [("a", 2, [1, 2]), ("b", 1, [1])]
    assert await database.collection("entries").count(ALL, {}) == 3


async def test_an_older_write_does_not_undo_a_newer_one(database: Database) -> None:
    await project(database, [ROWS], [Event("a", 1), Event("a", 2)])
    await database.collection("rows").replace_newer([{"_id": "a", "version": 1, "history": []}])
    [row] = await database.collection("rows").find(ALL, {})
    assert row["history"] == [1, 2]


@given(cuts=st.lists(st.integers(0, 30), max_size=6), repeats=st.lists(st.integers(0, 29), max_size=20))
def test_any_cut_into_batches_with_any_repeats_folds_to_the_same_row(cuts: list[int], repeats: list[int]) -> None:
    stream = [Event("a", version) for version in range(1, 31)]
    row: dict[str, Any] = {}
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 30], strict=True):
        # A redelivery repeats what was seen already, never what is still to come.
        seen_again = [stream[index] for index in repeats if index < start]
        concerned = [(event.key, event) for event in [*seen_again, *stream[start:end]]]
        for changed in folded({"a": row} if row else {}, concerned, ROWS):
            row = changed
    assert row["history"] == list(range(1, 31))
