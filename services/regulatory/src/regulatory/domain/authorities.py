"""Where authorities sit: the time zone their days end in, and the region whose public holidays they keep.

`authorities.csv` names the seat of each country's competent authority; of a country that is missing there the zone
must be its only one. Ethics committees of other regions may keep further holidays: the row is the country's default.
"""

import csv
from importlib.resources import files
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Seat(BaseModel):
    """Where a country's authority sits; `EU` is the Union's institutions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str = Field(pattern=r"^[A-Z]{2}$")
    zone: str
    subdivision: Annotated[str | None, BeforeValidator(lambda value: value or None)] = None
    seat: str


def _shipped() -> dict[str, Seat]:
    with (files("regulatory.domain") / "authorities.csv").open(encoding="utf-8") as file:
        seats = [Seat.model_validate(row) for row in csv.DictReader(file)]
    return {seat.country: seat for seat in seats}


SEATS: Final = _shipped()
"""The seats that ship with the platform."""
UNION: Final = "EU"
"""The institutions' seat, where no country is named."""


def easter(year: int) -> tuple[int, int]:
    """Month and day of Easter Sunday in the Gregorian calendar (the anonymous algorithm of 1876)."""
    century, rest = divmod(year, 100)
    epact = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    correction = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return month, day + 1
