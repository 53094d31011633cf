"""Business time: ISO 8601 with the precision its source had.

`2021`, `2021-06`, `2021-06-30` and `2021-06-30T09:15:00Z` are all business times. A date keeps its precision: a month
stays a month. Registries (ClinicalTrials.gov) and SDTM (`--DTC`, ISO 8601 with reduced precision) write dates so.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

_EXAMPLES = ["2021-06", "2021-06-30", "2021-06-30T09:15:00Z"]
_FORM = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})(?P<time>T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?)?)?"
)
_DATE_FORM = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@lru_cache(maxsize=8_192)
def bounds(value: str) -> tuple[datetime, datetime]:
    """The first instant a business time may mean and the first it may not, in UTC.

    Raises ValueError with a sentence that says what was expected. Remembered, because most events share their days.
    """
    match = _FORM.fullmatch(value)
    if match is None:
        message = "expected an ISO 8601 date such as 2021-06, 2021-06-30 or 2021-06-30T09:15:00Z"
        raise ValueError(message)
    try:
        return _bounds(value, match)
    except (ValueError, OverflowError) as error:
        message = f"{value} is no date of the calendar"
        raise ValueError(message) from error


def _bounds(value: str, match: re.Match[str]) -> tuple[datetime, datetime]:
    year, month, day = (int(match[part] or 1) for part in ("year", "month", "day"))
    start = datetime(year, month, day, tzinfo=UTC)
    if match["time"]:
        instant = datetime.fromisoformat(value).astimezone(UTC)
        return instant, instant + timedelta(microseconds=1)
    if match["day"]:
        return start, start + timedelta(days=1)
    if match["month"]:
        return start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return start, datetime(year + 1, 1, 1, tzinfo=UTC)


def parse_business_time(value: str) -> str:
    """The value itself where it is a business time; ValueError with what was expected where it is not."""
    bounds(value)
    return value


def _date_only(value: str) -> str:
    if _DATE_FORM.fullmatch(value) is None:
        message = "expected a date such as 2021, 2021-06 or 2021-06-30"
        raise ValueError(message)
    return parse_business_time(value)


def is_before(left: str, right: str) -> bool:
    """Whether left certainly lies before right: all it may mean has passed when the other begins."""
    return bounds(left)[1] <= bounds(right)[0]


BusinessTime = Annotated[
    str,
    AfterValidator(parse_business_time),
    Field(
        max_length=40,
        description="ISO 8601 date or time, with the precision its source had",
        examples=_EXAMPLES,
    ),
]
DateOnly = Annotated[
    str,
    AfterValidator(_date_only),
    Field(max_length=10, description="ISO 8601 date of year, month or day precision", examples=_EXAMPLES[:2]),
]
