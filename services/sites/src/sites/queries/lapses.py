"""What falls due with people's credentials: a lapse is noted on the person, and on every team they are in.

A person with merged records has what any of them has: only when none of these holds is anything told to a team.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.ticking import Due

from sites.domain.person import Lapse, NoteLapses, Person, in_use, instant_text, lapses_to_tell, standing
from sites.domain.site_team import Expiry, NoteExpiries
from sites.handlers.due import due_in_start_up
from sites.queries.master_records import same_as
from sites.store import PEOPLE, SITE_TEAMS


async def due(database: Database, now: datetime, limit: int) -> Sequence[Due]:
    """All that has fallen due in the service by now, of each kind at most so much."""
    return [*await due_in_start_up(database, now, limit), *await due_lapses(database, now, limit)]


async def due_lapses(database: Database, now: datetime, limit: int) -> Sequence[Due]:
    """The lapses of so many people. Teams come before the person on whom it is noted that they were told."""
    condition = {"state.next_lapse_at": {"$lte": instant_text(now)}}
    order = [("state.next_lapse_at", 1)]
    people = await database.collection(PEOPLE.collection).find(Scope.everything(), condition, sort=order, limit=limit)
    expiries: dict[str, list[Expiry]] = {}
    for one in people:
        for expiry in await _expiries(database, Person.model_validate(one["state"]), now):
            expiries.setdefault(expiry.person_id, []).append(expiry)
    noted = [Due(PEOPLE, one["_id"], one["version"], NoteLapses(occurred_at=None, at=now)) for one in people]
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
