"""What a study plan says, and what is wrong with it: countries with targets, enrolment month by month, milestones.

A study is planned to start in so many countries at so many sites with so many subjects (ICH E6(R3) 3.1 and 3.2); the
enrolment plan counts subjects cumulatively, month by month and country by country.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from kernel import Reason
from pydantic import BaseModel, ConfigDict, Field

from sites.domain.milestones import KINDS, USUAL, Dependency, Key
from sites.domain.schedule import cycle_in, expected

MILESTONES_MAX: Final = 2_000
ENROLMENT_ROWS_MAX: Final = 3_000
COUNTRIES_MAX: Final = 250
SUBJECTS_MAX: Final = 10_000_000
DEPENDENCIES_MAX: Final = 500
DEPENDENCIES: Final = tuple(
    Dependency(predecessor=one.predecessor, successor=one.successor, lag_days=one.lag_days, join=one.join)
    for one in USUAL
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CountryTarget(_Part):
    """How many sites and subjects a country is to have."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    sites: int = Field(ge=0, le=100_000)
    subjects: int = Field(ge=0, le=SUBJECTS_MAX)


class EnrolmentTarget(_Part):
    """How many subjects a country is to have enrolled by the end of a month, all told."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="Year and month, such as 2026-03")
    cumulative: int = Field(ge=0, le=SUBJECTS_MAX)


class PlannedMilestone(_Part):
    """A milestone and the day it is planned for."""

    key: Key
    planned: date


class Content(_Part):
    """A plan's content. Without dependencies of its own, the usual ones hold."""

    countries: tuple[CountryTarget, ...] = Field(default=(), max_length=COUNTRIES_MAX)
    enrolment: tuple[EnrolmentTarget, ...] = Field(default=(), max_length=ENROLMENT_ROWS_MAX)
    milestones: tuple[PlannedMilestone, ...] = Field(default=(), max_length=MILESTONES_MAX)
    dependencies: tuple[Dependency, ...] = Field(default=DEPENDENCIES, max_length=DEPENDENCIES_MAX)

    @property
    def planned(self) -> dict[Key, date]:
        """Milestone → the day it is planned for."""
        return {one.key: one.planned for one in self.milestones}


def faults(content: Content, sites: Mapping[str, str]) -> list[Reason]:
    """All that makes no sense in a plan, draft or not. `sites`: the study's sites and their countries."""
    circle = cycle_in(content.dependencies)
    unknown = {one for rule in content.dependencies for one in (rule.predecessor, rule.successor)} - KINDS.keys()
    reasons = [
        _reason("kind_unknown", "dependencies", f"There is no milestone {one}.") for one in sorted(unknown, key=str)
    ]
    if circle:
        around = " → ".join(map(str, circle))
        reasons.append(_reason("circle", "dependencies", f"These wait for one another: {around}. Leave one out."))
    return [*_repeated(content), *reasons, *_misplaced(content, sites), *_falling(content)]


def gaps(content: Content) -> list[Reason]:
    """All that is missing or contradictory in a plan that is to become the baseline."""
    reasons: list[Reason] = []
    if not content.countries:
        reasons.append(_reason("no_countries", "countries", "The plan names no country: name each with its targets."))
    if not content.milestones:
        reasons.append(_reason("no_milestones", "milestones", "The plan has no milestone: plan at least one."))
    last = {one.country: one.cumulative for one in sorted(content.enrolment, key=lambda one: one.month)}
    for target in content.countries:
        if last and last.get(target.country, 0) != target.subjects:
            ends = f"The enrolment plan of {target.country} ends at {last.get(target.country, 0)} subjects"
            reasons.append(_reason("target_missed", "enrolment", f"{ends}, its target is {target.subjects}."))
    return [*reasons, *_too_early(content)]


def _repeated(content: Content) -> list[Reason]:
    told: dict[str, Iterable[str]] = {
        "countries": (one.country for one in content.countries),
        "enrolment": (f"{one.country} in {one.month}" for one in content.enrolment),
        "milestones": (one.key.words() for one in content.milestones),
    }
    return [
        _reason("told_twice", field, f"{what} is told {times} times.")
        for field, several in told.items()
        for what, times in Counter(several).items()
        if times > 1
    ]


def _misplaced(content: Content, sites: Mapping[str, str]) -> list[Reason]:
    countries = {one.country for one in content.countries}
    reasons = [
        _reason("country_unknown", "enrolment", f"{country} is no country of the plan: add it with its targets.")
        for country in sorted({one.country for one in content.enrolment} - countries)
    ]
    for key in (one.key for one in content.milestones):
        if key.kind_of not in KINDS:
            reasons.append(_reason("kind_unknown", "milestones", f"There is no milestone {key.kind_of}."))
        elif not key.is_placed:
            detail = f"{key.words()}: a study's milestone has no place, a country's its country, a site's both."
            reasons.append(_reason("place_wrong", "milestones", detail))
        elif key.country is not None and key.country not in countries:
            detail = f"{key.words()}: {key.country} is no country of the plan: add it with its targets."
            reasons.append(_reason("country_unknown", "milestones", detail))
        elif key.site_id is not None and sites.get(key.site_id) != key.country:
            detail = f"{key.words()}: the study has no such site in {key.country}."
            reasons.append(_reason("site_unknown", "milestones", detail))
    return reasons


def _falling(content: Content) -> list[Reason]:
    reasons: list[Reason] = []
    before: dict[str, EnrolmentTarget] = {}
    for one in sorted(content.enrolment, key=lambda one: (one.country, one.month)):
        earlier = before.get(one.country)
        if earlier is not None and earlier.cumulative > one.cumulative:
            detail = f"{one.country} has {one.cumulative} by {one.month} and {earlier.cumulative} by {earlier.month}."
            reasons.append(_reason("falling", "enrolment", f"Enrolment is cumulative: {detail}"))
        before[one.country] = one
    return reasons


def _too_early(content: Content) -> list[Reason]:
    late = [one for one in expected(content.planned, content.dependencies, {}).values() if one.is_late]
    return [
        _reason(
            "planned_too_early",
            "milestones",
            f"{one.key.words()} is planned for {one.planned}; by what it waits for it comes on {one.forecast}.",
        )
        for one in late
    ]


def _reason(code: str, field: str, detail: str) -> Reason:
    return Reason(code=code, field=field, detail=detail)
