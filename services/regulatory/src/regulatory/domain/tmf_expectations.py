"""Which event makes which document of the trial master file expected, for which place, due when: rows, not code.

A row says: when this `event` comes (and its fields are as in `when`), the artifact `unique_id` is expected at this
`level`; `per` names the field that tells one occurrence from the next (a visit, a submission); it is due `due_days`
after the event, or not yet where there are none. Further rows for the same document set its due date when their event
comes, file it where the event itself is the signed evidence (`file`), or release it (`release`). Rows belong to
versions of the rule set from `since_version` to `until_version`, and a study keeps its version until it moves on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from kernel import bounds, derived_id
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from regulatory.domain.tmf_reference import ARTIFACTS, MILESTONES, Certainty, Level, Maybe, YesNo, rows_of

Does = Literal["expect", "file", "release"]

PRESENT: Final = "*"
ABSENT: Final = "-"


def _conditions(text: object) -> object:
    """`visit_type=SIV|COV;site_id=*` as pairs of a field and the values it may have."""
    if not isinstance(text, str):
        return text
    return tuple((one.partition("=")[0], tuple(one.partition("=")[2].split("|"))) for one in text.split(";") if one)


class ExpectationRule(BaseModel):
    """One row; see the module's text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    since_version: int = Field(ge=1)
    until_version: Annotated[int | None, Maybe] = None
    event: str = Field(pattern=r"^studyline\.[a-z]+\.[a-z-]+\.[a-z-]+\.v\d+$")
    when: Annotated[tuple[tuple[str, tuple[str, ...]], ...], BeforeValidator(_conditions)] = ()
    unique_id: int
    level: Level
    per: Annotated[str | None, Maybe] = None
    milestone: str
    due_days: Annotated[int | None, BeforeValidator(lambda value: None if value == "" else value)] = None
    does: Does
    planned: YesNo = Field(description="Its event is not published yet: the row works from the day it is")
    certainty: Certainty
    source: str = Field(min_length=1, max_length=300)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.unique_id not in ARTIFACTS or self.milestone not in MILESTONES:
            message = "a row names an artifact and a milestone of the reference model"
            raise ValueError(message)
        if self.does == "file" and self.due_days is None:
            message = "what an event files is due with it"
            raise ValueError(message)
        return self

    def holds_in(self, version: int) -> bool:
        """Whether the row belongs to this version of the rule set."""
        return self.since_version <= version and (self.until_version is None or version <= self.until_version)

    def concerns(self, body: Mapping[str, Any]) -> bool:
        """Whether an event with this body meets the row's conditions and has the place and occurrence it needs."""
        needed = {"country": ("country",), "site": ("country", "site_id"), "trial": ()}[self.level]
        told = all(body.get(field) for field in (*needed, *((self.per,) if self.per else ())))
        return told and all(_meets(body.get(field), wanted) for field, wanted in self.when)


@dataclass(frozen=True)
class Place:
    """Which document of a study is meant: the artifact, and for what it is kept."""

    unique_id: int
    level: Level
    country: str | None = None
    site_id: str | None = None
    person_id: str | None = None
    organisation_id: str | None = None
    occurrence: str | None = None

    def id_in(self, study_id: str) -> str:
        """The document's id: whoever expects the same document, from whichever event, means the same one."""
        parts = (self.level, self.country, self.site_id, self.person_id, self.organisation_id, self.occurrence)
        return derived_id("tmf-document", study_id, str(self.unique_id), *(part or "" for part in parts))


@dataclass(frozen=True)
class Trigger:
    """An event that rows may speak of: its type, its body, and the day it happened."""

    event_id: str
    type: str
    body: Mapping[str, Any]
    on: str


@dataclass(frozen=True)
class Expectation:
    """What an event says of one document: expected, perhaps due, perhaps filed by it, perhaps released."""

    place: Place
    rule: str
    milestone: str
    due_on: str | None
    does: Does

    def merged(self, other: "Expectation") -> "Expectation":
        """Both at once: the earlier date, and the stronger word."""
        first, second = sorted((self, other), key=lambda one: (_STRENGTH[one.does], one.due_on or "9999", one.rule))
        due = min((one.due_on for one in (first, second) if one.due_on), default=None)
        return Expectation(first.place, first.rule, first.milestone, due, first.does)


_STRENGTH: Final[Mapping[Does, int]] = {"file": 0, "expect": 1, "release": 2}


@dataclass(frozen=True)
class ExpectationRules:
    """The rows, and what an event makes expected by them."""

    rows: Sequence[ExpectationRule]

    @cached_property
    def current(self) -> int:
        """The newest version of the rule set: with it a study's file begins."""
        return max(row.since_version for row in self.rows)

    @cached_property
    def _by_event(self) -> Mapping[str, Sequence[ExpectationRule]]:
        by_event: dict[str, list[ExpectationRule]] = {}
        for row in self.rows:
            by_event.setdefault(row.event, []).append(row)
        return by_event

    def speak_of(self, event_type: str) -> bool:
        """Whether any row of any version begins with such an event."""
        return event_type in self._by_event

    def expectations(self, trigger: Trigger, version: int) -> list[Expectation]:
        """What the event says in this version, one a document.

        A document that only other versions know is released: where nothing was received for it, it falls away.
        """
        rows = [row for row in self._by_event.get(trigger.type, ()) if row.concerns(trigger.body)]
        holding = _by_place([row for row in rows if row.holds_in(version)], trigger)
        gone = _by_place([row for row in rows if not row.holds_in(version) and row.does == "expect"], trigger)
        released = [Expectation(one.place, one.rule, one.milestone, None, "release") for one in gone.values()]
        return [*holding.values(), *(one for one in released if one.place not in holding)]


def rules_of(rows: Iterable[ExpectationRule]) -> ExpectationRules:
    """Rules of rows, each id once. Raises ValueError."""
    read = tuple(rows)
    if len({(row.id, row.since_version) for row in read}) < len(read):
        message = "a row's id stands once in a version"
        raise ValueError(message)
    return ExpectationRules(read)


def days_after(on: str, days: int) -> str:
    """The day so many calendar days after the last day a business time may mean."""
    return (bounds(on)[1] - timedelta(microseconds=1) + timedelta(days=days)).date().isoformat()


def _by_place(rows: Iterable[ExpectationRule], trigger: Trigger) -> dict[Place, Expectation]:
    found: dict[Place, Expectation] = {}
    for row in rows:
        due = None if row.due_days is None else days_after(trigger.on, row.due_days)
        one = Expectation(_place(row, trigger.body), f"{row.id}@{row.since_version}", row.milestone, due, row.does)
        found[one.place] = one.merged(found[one.place]) if one.place in found else one
    return found


def _place(row: ExpectationRule, body: Mapping[str, Any]) -> Place:
    country, site_id = (body.get("country"), body.get("site_id")) if row.level != "trial" else (None, None)
    occurrence = str(body[row.per]) if row.per else None
    person, organisation = (occurrence if row.per == field else None for field in ("person_id", "organisation_id"))
    return Place(
        row.unique_id,
        row.level,
        country,
        site_id if row.level == "site" else None,
        person,
        organisation,
        None if person or organisation else occurrence,
    )


def _meets(value: object, wanted: Sequence[str]) -> bool:
    if wanted == (PRESENT,):
        return value is not None
    if wanted == (ABSENT,):
        return value is None
    told = str(value).lower() if isinstance(value, bool) else value
    return told in wanted


RULES: Final = rules_of(rows_of("tmf_expectations.csv", ExpectationRule))
