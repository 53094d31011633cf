"""Enrolment month by month: as planned, as it is, and as it is to be expected. Pure.

The forecast in one sentence: it goes on at the pace of the last three whole months until the target is reached. A
country without enrolment in these months has no forecast; nothing is estimated from elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import BaseModel, Field

from sites.domain.plan_content import CountryTarget, EnrolmentTarget

PACE_MONTHS: Final = 3
HORIZON_MONTHS: Final = 60
MONTHS_A_YEAR: Final = 12


class EnrolmentRow(BaseModel):
    """One month of a country; counts are subjects, all told by the end of the month, but `enrolled` in it."""

    country: str
    month: str = Field(description="Year and month, such as 2026-03")
    planned: int | None
    enrolled: int
    actual: int | None = Field(description="Null for months to come")
    forecast: int | None = Field(description="Null for months past, and where the pace of late is nought")


def months(first: str, last: str) -> list[str]:
    """Every month from the first to the last."""
    return [_month(number) for number in range(_number(first), _number(last) + 1)]


def enrolment_of(
    target: CountryTarget | None,
    planned: Iterable[EnrolmentTarget],
    enrolled: Mapping[str, int],
    country: str,
    present: str,
) -> list[EnrolmentRow]:
    """A country's months, from the first that was planned or had an enrolment, to the last planned or forecast."""
    plan = {one.month: one.cumulative for one in planned if one.country == country}
    coming = _forecast(target, enrolled, present)
    told: set[str] = {*plan, *enrolled, *coming, *([present] if enrolled else [])}
    rows: list[EnrolmentRow] = []
    so_far, aimed = 0, None
    for month in months(min(told), max(told)) if told else []:
        so_far, aimed = so_far + enrolled.get(month, 0), plan.get(month, aimed)
        rows.append(
            EnrolmentRow(
                country=country,
                month=month,
                planned=aimed,
                enrolled=enrolled.get(month, 0),
                actual=so_far if month <= present else None,
                forecast=coming.get(month),
            )
        )
    return rows


def _forecast(target: CountryTarget | None, enrolled: Mapping[str, int], present: str) -> dict[str, int]:
    now = _number(present)
    recent = sum(enrolled.get(_month(now - back), 0) for back in range(1, PACE_MONTHS + 1))
    so_far = sum(count for month, count in enrolled.items() if month <= present)
    aim = target.subjects if target is not None else 0
    found: dict[str, int] = {}
    for ahead in range(1, HORIZON_MONTHS + 1) if recent and so_far < aim else ():
        found[_month(now + ahead)] = min(aim, so_far + recent * ahead // PACE_MONTHS)
        if found[_month(now + ahead)] == aim:
            break
    return found


def _number(month: str) -> int:
    year, number = month.split("-")
    return int(year) * MONTHS_A_YEAR + int(number) - 1


def _month(number: int) -> str:
    return f"{number // MONTHS_A_YEAR:04d}-{number % MONTHS_A_YEAR + 1:02d}"
