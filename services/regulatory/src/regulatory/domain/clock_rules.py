"""Regulatory periods as data: which event begins which period, how long it is, whom it obliges, and what ends it.

The rows stand in `clock_rules.csv`; nothing about a jurisdiction is a constant in code. A row's `version` rises where
the law changes, and the version in force on the day of the anchor counts. `certainty` says whether the figure was read
in the cited source (`verified`) or awaits a regulatory expert (`from_memory`).
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

AppliesTo = Literal["submission", "obligation"]
PeriodUnit = Literal["hours", "calendar_days", "working_days", "months", "years", "as_decided"]
CalendarName = Literal["country", "eu_institutions", "every_day"]
Roll = Literal["reg_1182_71", "next_working_day", "none"]
PauseRule = Literal["ctis_winter", "none"]
EventDay = Literal["not_counted", "counted"]
Obliged = Literal["authority", "sponsor", "investigator"]
IfMissed = Literal["nothing", "lapsed", "tacit_validity", "tacit_approval", "expired", "may_end"]
Certainty = Literal["verified", "from_memory"]

_STATES: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA: Final = frozenset(_STATES.split())
"""Where Regulation (EU) No 536/2014 applies: the Union's and the European Economic Area's states."""
DAYS: Final = frozenset({"calendar_days", "working_days"})

Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)]
Maybe = BeforeValidator(lambda value: value or None)


class ClockRule(BaseModel):
    """One row: a period that an event begins, or by which one extends another (`extends`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    version: int = Field(ge=1, le=1_000)
    jurisdiction: str = Field(pattern=r"^([A-Z]{2}|\*)$", description="ISO 3166-1 alpha-2, EU for the EEA, * for all")
    applies_to: AppliesTo
    kinds: Words = Field(
        (), description="Kinds of submission, none means every kind; of an obligation those that meet it"
    )
    bodies: Words = Field((), description="Kinds of body; none means every kind")
    parts: Words = Field((), description="Parts of the dossier it is about; none means whatever its parts")
    anchor: str = Field(min_length=1, max_length=80, description="The event that begins it")
    begins_with: Annotated[str | None, Maybe] = Field(
        None,
        pattern=r"^(country|every_country|study|submission)\.[a-z_]{1,60}$",
        description="An obligation's anchor where the platform sees it: a milestone, or what happens to a submission",
    )
    stops_on: Words = ()
    pauses_on: Words = ()
    resumes_on: Words = ()
    extends: Annotated[str | None, Maybe] = None
    amount: int = Field(ge=1, le=10_000)
    unit: PeriodUnit
    calendar: CalendarName = "country"
    roll: Roll = "none"
    pause: PauseRule = "none"
    event_day: EventDay = "not_counted"
    obliges: Obliged
    if_missed: IfMissed = "nothing"
    certainty: Certainty = "from_memory"
    valid_from: date
    valid_to: Annotated[date | None, Maybe] = None
    source: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if self.unit == "hours" and self.roll != "none":
            message = "a period in hours is exact: roll must be none"
            raise ValueError(message)
        if self.pause != "none" and self.unit not in DAYS:
            message = "only days are left out by a pause: count in calendar_days or working_days"
            raise ValueError(message)
        if self.begins_with is not None and self.applies_to != "obligation":
            message = "a submission's steps begin its clocks: only an obligation begins_with something else"
            raise ValueError(message)
        if self.extends is not None and self.unit != "calendar_days":
            message = "a period is extended by calendar_days"
            raise ValueError(message)
        if self.valid_to is not None and self.valid_to < self.valid_from:
            message = "valid_to lies before valid_from"
            raise ValueError(message)
        if self.unit in {"months", "years"} and self.amount > LONGEST[self.unit]:
            message = f"at most {LONGEST[self.unit]} {self.unit}"
            raise ValueError(message)
        return self

    def is_in_force(self, day: date) -> bool:
        """Whether a period that begins on this day follows this version."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def holds_in(self, country: str | None) -> bool:
        """Whether it holds in a country; None is the Union as a whole, or nowhere in particular."""
        if self.jurisdiction == "EU":
            return country is None or country in EEA
        return self.jurisdiction in {"*", country}

    def concerns(self, about: "About") -> bool:
        """Whether it is about such a submission."""
        parts = set(about.parts) or set(self.parts)
        return (
            self.applies_to == "submission"
            and self.holds_in(about.country)
            and (not self.kinds or about.kind in self.kinds)
            and (not self.bodies or about.body in self.bodies)
            and (not self.parts or bool(parts & set(self.parts)))
        )


LONGEST: Final = {"months": 1_200, "years": 100}


@dataclass(frozen=True)
class About:
    """What of a submission decides which rules concern it. No parts means the whole dossier."""

    country: str
    kind: str
    body: str
    parts: Sequence[str] = ()


@dataclass(frozen=True)
class ClockRules:
    """The rows, and the questions that are asked of them."""

    rows: Sequence[ClockRule]

    def version(self, rule_id: str, version: int) -> ClockRule | None:
        """One version of a rule."""
        return next((row for row in self.rows if (row.id, row.version) == (rule_id, version)), None)

    def in_force(self, rule_id: str, day: date) -> ClockRule | None:
        """The version of a rule that a period follows which begins on this day; the latest where several do."""
        found = [row for row in self.rows if row.id == rule_id and row.is_in_force(day)]
        return max(found, key=lambda row: row.version, default=None)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The rules' ids in the order of the rows."""
        return tuple(dict.fromkeys(row.id for row in self.rows))

    @cached_property
    def seen(self) -> Mapping[str, ClockRule]:
        """The obligations that the platform sees begin by itself, by id, each in its first version."""
        first: dict[str, ClockRule] = {}
        for row in sorted(self.rows, key=lambda one: one.version):
            if row.begins_with is not None:
                first.setdefault(row.id, row)
        return first

    def concerning(self, about: About) -> list[ClockRule]:
        """The rules about such a submission, whatever their version and anchor; one row a version."""
        return [row for row in self.rows if row.concerns(about)]


def rules_of(rows: Iterable[dict[str, str]]) -> ClockRules:
    """Rules of rows as a CSV file holds them; an extension must extend a rule that is there. Raises ValueError."""
    read = tuple(ClockRule.model_validate(row) for row in rows)
    ids = {row.id for row in read}
    unknown = sorted(row.extends for row in read if row.extends is not None and row.extends not in ids)
    if unknown:
        message = f"extends rules that are not there: {', '.join(unknown)}"
        raise ValueError(message)
    if len({(row.id, row.version) for row in read}) < len(read):
        message = "a version of a rule stands there twice"
        raise ValueError(message)
    return ClockRules(read)


def _shipped() -> ClockRules:
    with (files("regulatory.domain") / "clock_rules.csv").open(encoding="utf-8") as file:
        return rules_of(csv.DictReader(file))


CLOCK_RULES: Final = _shipped()
"""The rules that ship with the platform."""
