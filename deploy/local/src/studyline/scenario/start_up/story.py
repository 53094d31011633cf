"""What the story of a start-up is made of, as rows: candidate sites, documents, submissions, subjects.

Days are whole days relative to the last day of the story, so -30 is thirty days before it. Every name is invented.
"""

import csv
import json
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Row = TypeVar("Row", bound=BaseModel)
Day = Annotated[int, Field(ge=-1_000, le=400)]
Maybe = BeforeValidator(lambda value: None if value == "" else value)
MaybeDay = Annotated[Day | None, Maybe]
Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)]
Wave = Literal[1, 2, 3]
"""1: the start-up, 2: the amendment of the protocol, 3: what is under way at the end."""
OUTSIDE_WAVE: Final = BeforeValidator(int)
FIRST_DAY: Final = -450
COVER: Final[Mapping[str, str]] = {"competent_authority": "052", "ethics_committee": "065"}
"""The letter of a submission, by the unique id of the TMF Reference Model: kept where it was sent from."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Candidate(_Part):
    """A site that might take part; `opened` is the day of its green light, None while it is blocked."""

    number: str
    name: str
    city: str
    country: str
    visited: bool
    selected: bool
    because: str
    opened: Day | None
    answers: dict[str, str | list[str]]
    investigator: tuple[str, str] | None = None
    sub_investigator: tuple[str, str] | None = None
    coordinator: tuple[str, str] | None = None

    @property
    def green(self) -> int:
        """The day on which its start-up is reckoned to end, also where it does not."""
        return self.opened if self.opened is not None else -80


class Target(_Part):
    """How many sites and subjects a country is to have."""

    country: str
    sites: int
    subjects: int


class Effects(_Part):
    """From when on the protocol and the consent form hold in a country: the first versions, and the amended ones."""

    country: str
    first: Day
    amended: Day

    def of(self, wave: int) -> int:
        """The day for the versions of a wave."""
        return self.first if wave == 1 else self.amended


class Paper(_Part):
    """One version of a controlled document."""

    key: str
    type_id: str
    country: Annotated[str | None, Maybe]
    title: str
    version: str
    wave: Annotated[Wave, OUTSIDE_WAVE]
    drafted: Day
    approved: Day
    change: Annotated[str | None, Maybe]


class Filing(_Part):
    """One submission with the days of its steps; what has no day has not happened."""

    key: str
    country: str
    body: str
    kind: str
    parts: Words
    notifies: Words
    wave: Annotated[Wave, OUTSIDE_WAVE]
    prepared: Day
    submitted: Day
    validation_questions: MaybeDay
    validation_answered: MaybeDay
    validated: MaybeDay
    questions: MaybeDay
    part: Annotated[str | None, Maybe]
    answered: MaybeDay
    part_i: MaybeDay
    part_ii: MaybeDay
    decided: MaybeDay
    how: str
    reference: Annotated[str | None, Maybe]
    expires: MaybeDay
    documents: Words


class Participant(_Part):
    """A subject: when it consented, and how it went on; `left` is when it withdrew."""

    site: str
    number: str
    consented: Day
    course: Literal["treated", "failed", "withdrawn", "screened"]
    left: MaybeDay


class Story(_Part):
    """All of it."""

    study: dict[str, Any]
    cro: str
    kept_by_sponsor: tuple[str, ...]
    transferred_later: tuple[str, ...]
    targets: tuple[Target, ...]
    effects: tuple[Effects, ...]
    sites: tuple[Candidate, ...]
    questionnaire: dict[str, Any]
    synopsis: dict[str, Any]
    documents: tuple[Paper, ...]
    submissions: tuple[Filing, ...]
    subjects: tuple[Participant, ...]

    @cached_property
    def selected(self) -> tuple[Candidate, ...]:
        """The sites that are chosen."""
        return tuple(one for one in self.sites if one.selected)

    @cached_property
    def opened(self) -> tuple[Candidate, ...]:
        """The sites that get their green light."""
        return tuple(one for one in self.selected if one.opened is not None)

    def effect(self, country: str, wave: int) -> int:
        """From which day on the versions of a wave hold in a country."""
        return next(one.of(wave) for one in self.effects if one.country == country)


class Calendar(_Part):
    """The story's days as dates."""

    last: date

    def __call__(self, day: int) -> str:
        """The date of a day, ISO 8601."""
        return (self.last + timedelta(days=day)).isoformat()

    @classmethod
    def from_first(cls, first: str) -> "Calendar":
        """The calendar of a story that began on that date."""
        return cls(last=date.fromisoformat(first) - timedelta(days=FIRST_DAY))


def _json(name: str) -> Any:
    return json.loads(files("studyline.scenario.start_up").joinpath(name).read_text("utf-8"))


def _rows(name: str, row: type[Row]) -> tuple[Row, ...]:
    text = files("studyline.scenario.start_up").joinpath(name).read_text("utf-8")
    return tuple(row.model_validate(one) for one in csv.DictReader(text.splitlines()))


def read_story() -> Story:
    """The story of the package. Raises where a row is none."""
    told = {
        **_json("story.json"),
        "questionnaire": _json("questionnaire.json"),
        "synopsis": _json("synopsis.json"),
        "documents": _rows("documents.csv", Paper),
        "submissions": _rows("submissions.csv", Filing),
        "subjects": _rows("subjects.csv", Participant),
    }
    return Story.model_validate(told)


STORY: Final = read_story()
