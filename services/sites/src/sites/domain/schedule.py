"""What is to be expected of a plan: a forward pass over its milestones, and first and last dates over places. Pure.

The rule, in one sentence: a milestone that is not reached is expected on its planned day, or so many days after what it
waits for as the plan says, or today, whichever is latest. Nothing is estimated from elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from sites.domain.milestones import Dependency, Key, Kind


class Expected(BaseModel):
    """When a milestone is to be expected, by which milestone it is held up, and how many days it may still slip.

    `slack_days` is negative where what it waits for comes later than its planned day; None where it waits for nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    planned: date
    forecast: date
    slack_days: int | None = None
    waits_for: Key | None = None

    @property
    def is_late(self) -> bool:
        """Whether it is expected after its planned day."""
        return self.forecast > self.planned


class Span(NamedTuple):
    """The first and the last of several dates, and of how many."""

    first: date
    last: date
    places: int


def order_of(dependencies: Iterable[Dependency], kinds: Iterable[Kind]) -> list[Kind]:
    """The kinds so that each comes after all it waits for. Raises graphlib.CycleError."""
    waits: dict[Kind, list[Kind]] = {kind: [] for kind in kinds}
    for one in dependencies:
        waits.setdefault(one.successor, []).append(one.predecessor)
    return list(TopologicalSorter(waits).static_order())


def cycle_in(dependencies: Iterable[Dependency]) -> list[Kind]:
    """Kinds that wait for one another in a circle; empty where there is none."""
    try:
        order_of(dependencies, ())
    except CycleError as error:
        return list(error.args[1])
    return []


def expected(
    planned: Mapping[Key, date],
    dependencies: Sequence[Dependency],
    reached: Mapping[Key, date],
    today: date | None = None,
) -> dict[Key, Expected]:
    """What is to be expected of each planned milestone that is not reached; without `today`, of the plan by itself."""
    network = _Network(planned, dependencies, reached, today)
    of_kind: dict[Kind, list[Key]] = defaultdict(list)
    for key in planned:
        of_kind[key.kind_of].append(key)
    for kind in order_of(dependencies, of_kind):
        for key in of_kind[kind]:
            network.pass_over(key)
    return {key: one for key, one in network.expected.items() if key not in reached}


class _Network:
    """The milestones that were passed over so far, found by kind and place."""

    def __init__(
        self,
        planned: Mapping[Key, date],
        dependencies: Sequence[Dependency],
        reached: Mapping[Key, date],
        today: date | None,
    ) -> None:
        self.expected: dict[Key, Expected] = {}
        self._planned, self._reached, self._today = planned, reached, today
        self._waits: dict[Kind, list[Dependency]] = defaultdict(list)
        for one in dependencies:
            self._waits[one.successor].append(one)
        self._dates: dict[tuple[Kind, str | None, str | None], list[tuple[date, Key]]] = defaultdict(list)
        for key in reached.keys() - planned.keys():
            self._note(key, reached[key])

    def pass_over(self, key: Key) -> None:
        """Note when the milestone is to be expected."""
        found = [one for dependency in self._waits[key.kind_of] if (one := self._after(key, dependency)) is not None]
        earliest, waits_for = max(found, key=lambda one: one[0], default=(None, None))
        plan = self._planned[key]
        forecast = self._reached.get(key) or max(one for one in (plan, earliest, self._today) if one is not None)
        slack = (plan - earliest).days if earliest is not None else None
        held_up = waits_for if earliest is not None and earliest >= forecast > plan else None
        self.expected[key] = Expected(key=key, planned=plan, forecast=forecast, slack_days=slack, waits_for=held_up)
        self._note(key, forecast)

    def _note(self, key: Key, on: date) -> None:
        for country in {None, key.country}:
            for site_id in {None, key.site_id}:
                self._dates[key.kind_of, country, site_id].append((on, key))

    def _after(self, key: Key, dependency: Dependency) -> tuple[date, Key] | None:
        below = dependency.predecessor.level
        country = key.country if below != "study" else None
        site_id = key.site_id if below == "site" else None
        found = self._dates[dependency.predecessor, country, site_id]
        if not found:
            return None
        pick = max if dependency.join == "all" else min
        on, which = pick(found, key=lambda one: one[0])
        return on + timedelta(days=dependency.lag_days), which


def span(dates: Iterable[date]) -> Span | None:
    """First and last of the dates; None where there is none."""
    found = sorted(dates)
    return Span(found[0], found[-1], len(found)) if found else None


def rolled_up(dates: Mapping[Key, date], not_selected: frozenset[str]) -> dict[Key, Span]:
    """First and last date of each milestone of sites, by country and for the study, without sites not selected."""
    found: dict[Key, list[date]] = defaultdict(list)
    for key, on in dates.items():
        if key.site_id is None or key.site_id in not_selected:
            continue
        found[Key(level="country", kind=key.kind, country=key.country)].append(on)
        found[Key(level="study", kind=key.kind)].append(on)
    return {key: Span(min(several), max(several), len(several)) for key, several in found.items()}
