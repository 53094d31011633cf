"""What the filters offer: the sponsors, countries, phases and statuses that the caller's studies have, with counts."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from chassis.mongo import Database
from chassis.scope import Scope
from contracts.sites import StudyPhase, StudyStatus

from reporting.portal.wording import words
from reporting.queries.answers import TimelineEntry
from reporting.store import ALL_OF_THEM, COUNTS, STUDIES

Choice = tuple[str, str, int]
"""Value, text, number of studies."""
ON_BOARDS: Final = ("open", "starting", "lost")
"""What a board shows of what it holds."""
PHASES: Final[tuple[str, ...]] = get_args(StudyPhase)
STATUSES: Final[tuple[str, ...]] = get_args(StudyStatus)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen, in the order in which it is read."""

    sponsors: list[Choice]
    countries: list[Choice]
    phases: list[Choice]
    statuses: list[Choice]


async def choices(database: Database, scope: Scope) -> Choices:
    """The choices within a scope."""
    phases, statuses, codes_of, sponsors = await asyncio.gather(
        _counted(database, scope, "$phase"),
        _counted(database, scope, "$status"),
        countries_of(database, scope),
        _sponsors(database, scope),
    )
    countries = Counter(code for codes in codes_of.values() for code in codes)
    return Choices(
        sponsors=sponsors,
        countries=[(code, code, count) for code, count in sorted(countries.items())],
        phases=[(code, words(code), phases[code]) for code in PHASES if code in phases],
        statuses=[(code, words(code), statuses[code]) for code in STATUSES if code in statuses],
    )


async def countries_of(database: Database, scope: Scope) -> dict[str, list[str]]:
    """Country codes of every study in the scope: planned there, or with sites there."""
    planned, present = await asyncio.gather(
        database.collection(STUDIES).find(scope, {}, fields=["countries"]),
        database.collection(COUNTS).find(scope, {}, fields=["country_codes"]),
    )
    found: dict[str, set[str]] = {one["_id"]: set(one["countries"]) for one in planned}
    for one in present:
        if one["_id"] in found:
            found[one["_id"]].update(one["country_codes"])
    return {study: sorted(codes) for study, codes in found.items()}


@dataclass(frozen=True, slots=True)
class BoardChoices:
    """What can be chosen on a board: what stands on it, with counts."""

    studies: list[Choice]
    sponsors: list[Choice]
    countries: list[Choice]


async def board_choices(database: Database, asked: tuple[Scope, str]) -> BoardChoices:
    """The choices of one board within a scope; asked are the scope and the board's collection."""
    scope, board = asked
    group = {"_id": {"study": "$study", "country": "$country"}, "count": ALL_OF_THEM}
    found, sponsors = await asyncio.gather(
        database.collection(board).aggregate(scope, [{"$group": group}], condition={"shown": {"$in": list(ON_BOARDS)}}),
        _sponsors(database, scope),
    )
    studies: Counter[str] = Counter()
    countries: Counter[str] = Counter()
    for one in found:
        studies[one["_id"]["study"]] += one["count"]
        if one["_id"]["country"] is not None:
            countries[one["_id"]["country"]] += one["count"]
    named = await named_studies(database, scope, studies)
    return BoardChoices(
        studies=sorted(((key, named[key], studies[key]) for key in named), key=lambda one: one[1].casefold()),
        sponsors=sponsors,
        countries=[(code, code, count) for code, count in sorted(countries.items())],
    )


async def labels_of(database: Database, scope: Scope, entries: Sequence[TimelineEntry]) -> dict[str, str]:
    """What to call the studies of these entries: the registry number where there is one."""
    return await named_studies(database, scope, {one.study_id for one in entries})


async def named_studies(database: Database, scope: Scope, studies: Iterable[str]) -> dict[str, str]:
    """What to call these studies, as far as the scope holds them: the registry number where there is one."""
    condition = {"_id": {"$in": sorted(studies)}}
    fields = ["registry_ids", "protocol_number"]
    found = await database.collection(STUDIES).find(scope, condition, fields=fields)
    return {one["_id"]: (*one["registry_ids"], one["protocol_number"])[0] for one in found}


async def _sponsors(database: Database, scope: Scope) -> list[Choice]:
    group = {"_id": "$sponsor", "name": {"$first": "$sponsor_name"}, "count": {"$sum": 1}}
    found = await database.collection(STUDIES).aggregate(scope, [{"$group": group}], condition={})
    return sorted(((one["_id"], one["name"], one["count"]) for one in found), key=lambda one: one[1].casefold())


async def _counted(database: Database, scope: Scope, field: str) -> Mapping[str, int]:
    group = {"_id": field, "count": {"$sum": 1}}
    found = await database.collection(STUDIES).aggregate(scope, [{"$group": group}], condition={})
    return {one["_id"]: one["count"] for one in found}
