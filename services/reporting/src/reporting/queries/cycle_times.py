"""Cycle times over sites, countries and studies: how many were measured, the median, the shortest and the longest."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from statistics import median
from typing import Any, Final, Literal

from chassis.http.fields import Code, CountryCode, Name
from chassis.mongo import Database
from chassis.scope import Scope
from contracts.sites.planning import MilestoneLevel
from pydantic import BaseModel, ConfigDict, Field

from reporting.projections.cycle_times import CYCLES, Cycle
from reporting.queries.answers import Answer
from reporting.queries.filters import narrowed_to
from reporting.store import ALL_OF_THEM, CYCLE_TIMES

IN_ORDER: Final[Mapping[str, int]] = {one.code: place for place, one in enumerate(CYCLES)}


class CycleTimeFilter(BaseModel):
    """Filters of cycle times; all that are given hold together."""

    model_config = ConfigDict(frozen=True)

    study: Code | None = Field(default=None, description="Study id")
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    country: CountryCode | None = Field(default=None, description="ISO 3166-1 alpha-2; leaves out a study's own")
    by: Literal["cycle", "country"] = Field(default="cycle", description="What the figures are told for")

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor and the study asked for."""
        return narrowed_to(scope, self.sponsor, self.study)


class CycleTime(Answer):
    """How long it takes from one standard milestone to another, in calendar days."""

    cycle: str
    level: MilestoneLevel
    begins: str = Field(description="Code of the milestone from which the days count")
    ends: str = Field(description="Code of the milestone until which they count")
    country: str | None = Field(description="Null where figures are not told by country, and for a study's own")
    measured: int = Field(description="How many places reached both, each on a day that is known")
    median_days: float
    shortest_days: int
    longest_days: int


async def cycle_times(database: Database, scope: Scope, asked: CycleTimeFilter) -> list[CycleTime]:
    """What was measured within the scope, in the order of a study's life, then of countries."""
    condition: dict[str, Any] = {} if asked.country is None else {"country": asked.country}
    key = {"cycle": "$cycles.cycle", "days": "$cycles.days"}
    key |= {"country": "$country"} if asked.by == "country" else {}
    stages = [{"$unwind": "$cycles"}, {"$group": {"_id": key, "places": ALL_OF_THEM}}]
    found = await database.collection(CYCLE_TIMES).aggregate(asked.narrowed(scope), stages, condition=condition)
    counted: dict[tuple[int, str], Counter[int]] = defaultdict(Counter)
    for one in found:
        about = one["_id"]
        counted[IN_ORDER[about["cycle"]], about.get("country") or ""][about["days"]] += one["places"]
    return [_answer(CYCLES[place], country, counted[place, country]) for place, country in sorted(counted)]


def _answer(cycle: Cycle, country: str, places: Counter[int]) -> CycleTime:
    return CycleTime(
        cycle=cycle.code,
        level=cycle.level,
        begins=cycle.begins,
        ends=cycle.ends,
        country=country or None,
        measured=places.total(),
        median_days=median(places.elements()),
        shortest_days=min(places),
        longest_days=max(places),
    )
