"""Business times keep their precision and refuse what no calendar knows."""

from datetime import UTC, datetime

import pytest
from kernel import bounds, is_before, parse_business_time


@pytest.mark.parametrize(
    ("value", "first", "end"),
    [
        ("2021", datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)),
        ("2021-12", datetime(2021, 12, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_business_time_spans_what_its_precision_leaves_open(value: str, first: datetime, end: datetime) -> None:
    assert bounds(value) == (first, end)


def test_an_instant_is_read_in_its_own_offset() -> None:
    assert bounds("2021-06-30T09:15:00+02:00")[0] == datetime(2021, 6, 30, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "21", "2021-13", "2021-02-30", "2021-6", "06/2021", "2021-06-30T25:00Z", "9999-99"]
)
def test_what_no_calendar_knows_is_refused_with_what_was_expected(value: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no date"):
        parse_business_time(value)


def test_before_means_certainly_before() -> None:
    assert is_before("2021-05", "2021-06-01")
    assert not is_before("2021-06", "2021-06-15")
    assert not is_before("2021-06-15", "2021-06")
