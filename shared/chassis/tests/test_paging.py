"""Cursors come back as they were made, belong to one list, and a malformed one is a clear 400."""

import base64
import json
from datetime import UTC, datetime

import pytest
from chassis.http.paging import MAX_INTEGER, Page, PageRequest, decode_cursor, encode_cursor
from chassis.problems import Problem
from hypothesis import given
from hypothesis import strategies as st

FILTERS = {"sponsor": "acme", "country": ["DE"]}
VALUES = st.lists(
    st.none()
    | st.text(max_size=20)
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.datetimes(timezones=st.just(UTC)),
    max_size=4,
)


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def valid_hash() -> str:
    text = encode_cursor([], FILTERS)
    return str(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0])


@given(VALUES)
def test_a_cursor_gives_its_values_back(values: list[str | int | float | bool | datetime | None]) -> None:
    cursor = encode_cursor(values, FILTERS)
    assert decode_cursor(cursor, dict(reversed(FILTERS.items()))) == values
    assert cursor.isascii()
    assert "=" not in cursor


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(Problem, match="other filters") as refused:
        decode_cursor(encode_cursor(["x"], FILTERS), FILTERS | {"country": ["FR"]})
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        "é",
        "a",
        "AAAA",
        "null",
        encoded(None),
        encoded({}),
        encoded([]),
        encoded(["only one"]),
        encoded([1, list[int]()]),
        encoded([valid_hash(), dict[str, int]()]),
        encoded([valid_hash(), "text"]),
        encoded([valid_hash(), [list[int]()]]),
        encoded([valid_hash(), [{"$gt": ""}]]),
        encoded([valid_hash(), [{"at": "yesterday"}]]),
        encoded([valid_hash(), [{"at": "2026-01-01", "$gt": 1}]]),
        encoded([valid_hash(), [{"at": 7}]]),
        encoded([valid_hash(), ["x" * 3_000]]),
        encoded([valid_hash(), [10**30]]),
        encoded([valid_hash(), ["\ud800"]]),
        encoded([valid_hash(), [{"at": "0001-01-01T00:00:00+14:00"}]]),
        encode_cursor(["x"], FILTERS)[:-3] + "+/=",
        base64.urlsafe_b64encode(b"[" * 1_400).decode(),
    ],
)
def test_a_malformed_cursor_is_a_problem_that_names_it(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        decode_cursor(cursor, FILTERS)
    assert (refused.value.status, refused.value.code) == (400, "invalid_cursor")
    assert refused.value.errors[0].field == "cursor"


@pytest.mark.parametrize("place", [[], ["x", "y"]])
def test_a_cursor_with_more_or_less_than_the_list_sorts_by_is_refused(place: list[str]) -> None:
    with pytest.raises(Problem, match="not a cursor of this list"):
        PageRequest(limit=10, cursor=encode_cursor(place, FILTERS)).after(FILTERS)


def test_the_first_page_has_no_place_to_begin_after() -> None:
    assert PageRequest(limit=10, cursor=None).after(FILTERS) is None
    assert PageRequest(limit=10, cursor=encode_cursor([1], FILTERS)).after(FILTERS) == [1]


def test_a_page_says_items_and_next() -> None:
    assert Page[int](items=[1], next=None).model_dump() == {"items": [1], "next": None}
