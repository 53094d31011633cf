"""What falls due with people's credentials: a lapse is noted on the person, and on every team they are in.

A person with merged records has what any of them has: only when none of these holds is anything told to a team.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime

import structlog
from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.ticking import Due, in_batches
from pydantic import ValidationError

from sites.domain.person import Lapse, NoteLapses, Person, in_use, instant_text, lapses_to_tell, standing
from sites.domain.site_team import Expiry, NoteExpiries
from sites.handlers.due import due_in_start_up
from sites.queries.master_records import same_as
from sites.store import PEOPLE, SITE_TEAMS

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


async def due(database: Database, now: datetime, size: int) -> AsyncGenerator[Sequence[Due]]:
    """All that has fallen due in the service by now, about so many at a time."""
    async for some in due_in_start_up(database, now, size):
        yield some
    async for some in due_lapses(database, now, size):
        yield some


async def due_lapses(database: Database, now: datetime, size: int) -> AsyncGenerator[Sequence[Due]]:
    """The lapses of so many people at a time. Teams come before the person on whom it is noted that they were told."""
    condition = {"state.next_lapse_at": {"$lte": instant_text(now)}}
    people = database.collection(PEOPLE.collection)
    waiting = people.stream(Scope.everything(), condition, sort=[("state.next_lapse_at", 1)])
    async for some in in_batches(waiting, size):
        yield await _lapses_of(database, some, now)


async def _lapses_of(database: Database, people: Sequence[Document], now: datetime) -> list[Due]:
    expiries: dict[str, list[Expiry]] = {}
    noted: list[Due] = []
    for one in people:
        try:
            told = await _expiries(database, Person.model_validate(one["state"]), now)
        except ValidationError:
            _log.exception("what is due fails", aggregate=PEOPLE.name, id=one["_id"])
            continue
        for expiry in told:
            expiries.setdefault(expiry.person_id, []).append(expiry)
        noted.append(Due(PEOPLE, one["_id"], one["version"], NoteLapses(occurred_at=None, at=now)))
    return [*await _teams(database, expiries), *noted]


async def _expiries(database: Database, person: Person, now: datetime) -> list[Expiry]:
    """What to tell of a person, under each of the records that are theirs."""
    records = await same_as(database, PEOPLE, [person.person_id])
    everything = [one for record in records.values() for one in Person.model_validate(record["state"]).credentials]
    holding = {one.subject for one in in_use(everything) if standing(one, now) != "expired"}
    lapsed = [one for one in lapses_to_tell(person) if one.at <= now and one.subject not in holding]
    return [_expiry(key, lapse) for key in sorted(records) for lapse in lapsed]


def _expiry(person_id: str, lapse: Lapse) -> Expiry:
    return Expiry(person_id=person_id, kind=lapse.kind, course=lapse.course, expired_on=lapse.expired_on)


async def _teams(database: Database, expiries: dict[str, list[Expiry]]) -> list[Due]:
    present = {"$elemMatch": {"person_id": {"$in": sorted(expiries)}, "until": None}}
    collection = database.collection(SITE_TEAMS.collection)
    teams = await collection.find(Scope.everything(), {"state.members": present}) if expiries else []
    return [
        Due(SITE_TEAMS, team["_id"], team["version"], NoteExpiries(occurred_at=None, expiries=tuple(told)))
        for team in teams
        if (told := [one for person_id in _present(team) for one in expiries.get(person_id, ())])
    ]


def _present(team: Document) -> Iterable[str]:
    members = team["state"]["members"]
    return sorted({one["person_id"] for one in members if one["until"] is None})
