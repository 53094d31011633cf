"""The standard list of a sponsor's obligations, as rows of data: what may be transferred, and what each governs.

A row names its sources and the commands that belong to it: `service.aggregate` (every command of it) or
`service.aggregate.Command`, and after `@` a kind of the aggregate where only this kind is meant. The more a name says,
the earlier it counts. What no row governs belongs to no obligation.
"""

import csv
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _words(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


class Obligation(BaseModel):
    """One row: what a sponsor must see to, by which rule, and which commands belong to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z_]*$")
    name: str = Field(min_length=1)
    group: str = Field(min_length=1)
    sources: str = Field(min_length=1, description="Where the obligation is written")
    governs: Annotated[tuple[str, ...], BeforeValidator(_words)]
    version: int = Field(ge=1)
    valid_from: date


def _read() -> dict[str, Obligation]:
    text = files("contracts").joinpath("obligations.csv").read_text("utf-8")
    rows = [Obligation.model_validate(row) for row in csv.DictReader(text.splitlines())]
    found = {row.code: row for row in rows}
    assert len(found) == len(rows), "an obligation stands on the list once"
    return found


OBLIGATIONS: Final[Mapping[str, Obligation]] = _read()
_GOVERNED: Final = {name: row for row in OBLIGATIONS.values() for name in row.governs}
assert len(_GOVERNED) == sum(len(row.governs) for row in OBLIGATIONS.values()), "a command belongs to one obligation"


def governing(service: str, aggregate: str, command: str, kind: str | None = None) -> Obligation | None:
    """The obligation to which a command belongs, by the row that names it most closely; None where none does."""
    whole, part = f"{service}.{aggregate}", f"{service}.{aggregate}.{command}"
    names = (f"{part}@{kind}", part, f"{whole}@{kind}", whole)
    return next((_GOVERNED[name] for name in names if name in _GOVERNED), None)
