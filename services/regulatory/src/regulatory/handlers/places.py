"""Which zone and which working days a period is kept in: public holidays by the `holidays` library, zones by tzdata.

The library's data stands behind the domain's `Calendar`, so that the arithmetic stays pure.
"""

from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

import holidays
from kernel import Reason, Refused

from regulatory.domain.authorities import SEATS, UNION, easter
from regulatory.domain.calendar import Calendar, EveryDay, Place
from regulatory.domain.clock_rules import ClockRule

SATURDAY: Final = 5
EASTER_RELATIVE: Final = (-3, -2, 1, 39, 40, 50)
"""Maundy Thursday, Good Friday, Easter Monday, Ascension, the day after it, Whit Monday: days from Easter."""
FIXED: Final = frozenset({(1, 1), (1, 2), (5, 1), (5, 9), (8, 15), (11, 1), *((12, day) for day in range(24, 32))})
"""The rest of the institutions' holidays (month, day), as the Commission's yearly notices have them."""


class National:
    """The working days of a country, where its authority sits; only the weekend where no holidays are known."""

    def __init__(self, country: str) -> None:
        """For a country (ISO 3166-1 alpha-2)."""
        seat = SEATS.get(country)
        known = country in holidays.list_supported_countries()
        self._days: Any = holidays.country_holidays(country, seat.subdivision if seat else None) if known else {}
        self._weekend: frozenset[int] = frozenset(getattr(self._days, "weekend", {SATURDAY, SATURDAY + 1}))

    def is_working_day(self, day: date) -> bool:
        """Whether it is neither a weekend's day nor a public holiday."""
        return day.weekday() not in self._weekend and day not in self._days


class Institutions:
    """The working days of the institutions of the European Union."""

    def is_working_day(self, day: date) -> bool:
        """Whether it is neither a weekend's day nor a holiday of the institutions."""
        if day.weekday() >= SATURDAY or (day.month, day.day) in FIXED:
            return False
        sunday = date(day.year, *easter(day.year))
        return day not in {sunday + timedelta(days=offset) for offset in EASTER_RELATIVE}


@lru_cache(maxsize=300)
def working_days(country: str | None) -> Calendar:
    """The working days of a country; of the Union's institutions where none is named."""
    return National(country) if country is not None and country != UNION else Institutions()


def zone_of(country: str | None, *, otherwise: str | None = None) -> str:
    """The zone of a country's authority; `otherwise`, or Refused, where it has several and none is known to be it."""
    seat = SEATS.get(country or UNION)
    zones = (seat.zone,) if seat is not None else _zones().get(country or "", ())
    if len(zones) == 1:
        return zones[0]
    if otherwise is not None:
        return otherwise
    detail = f"Which time zone the authority of {country} keeps is not known: have its seat added to authorities.csv."
    raise Refused(Reason(code="zone_unknown", field="country", detail=detail))


def place_of(rule: ClockRule, country: str | None, *, otherwise: str | None = None) -> Place:
    """Where a period under this rule is kept. Where the zone is not known: `otherwise`, or Refused."""
    match rule.calendar:
        case "every_day":
            days: Calendar = EveryDay()
        case "eu_institutions":
            days = working_days(UNION)
        case "country":
            days = working_days(country)
    return Place(zone_of(country, otherwise=otherwise), days)


@lru_cache(maxsize=1)
def _zones() -> dict[str, tuple[str, ...]]:
    """The zones of each country by tzdata's `zone.tab`."""
    found: dict[str, tuple[str, ...]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
