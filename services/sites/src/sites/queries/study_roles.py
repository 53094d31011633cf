"""Who does what in which study: the links of people to sites, within the caller's scope."""

from typing import Any

from chassis.http.fields import condition_of
from chassis.http.paging import Page, PageRequest, beyond, encode_cursor
from chassis.mongo import Database, Document
from chassis.scope import Scope

from sites.queries.master_records import same_as, with_names
from sites.store import PEOPLE, SITE_TEAMS

ORDER = ("_id", "member.assignment_id")


async def study_roles(
    database: Database, scope: Scope, asked: dict[str, str | None], wanted: PageRequest
) -> Page[dict[str, Any]]:
    """A page of roles in the order of sites. `asked` may name study_id, site_id, person_id and role.

    A person is found under each of their records that were merged; `current` asks for those who have not left.
    """
    filters = condition_of(asked)
    people = sorted(await same_as(database, PEOPLE, [filters["person_id"]])) if "person_id" in filters else []
    member = _condition_on_member(filters, people)
    after = wanted.after(filters, values=len(ORDER))
    stages: list[Document] = [
        {"$project": {"study": 1, "state.country": 1, "member": "$state.members"}},
        {"$unwind": "$member"},
        {"$match": {"$and": [member, *([beyond(ORDER, after)] if after else [])]}},
        {"$sort": dict.fromkeys(ORDER, 1)},
        {"$limit": wanted.limit + 1},
    ]
    found = await database.collection(SITE_TEAMS.collection).aggregate(
        scope, stages, condition=_condition_on_team(filters, people)
    )
    shown, more = found[: wanted.limit], len(found) > wanted.limit
    members = await with_names(database, [one["member"] for one in shown])
    items = [{**_place(team), **told} for team, told in zip(shown, members, strict=True)]
    last = [shown[-1]["_id"], shown[-1]["member"]["assignment_id"]] if more else []
    return Page(items=items, next=encode_cursor(last, filters) if more else None)


def _condition_on_team(filters: dict[str, str], people: list[str]) -> Document:
    fields = {"study_id": "study", "site_id": "_id"}
    named = {field: filters[name] for name, field in fields.items() if name in filters}
    return {**named, **({"state.members.person_id": {"$in": people}} if "person_id" in filters else {})}


def _condition_on_member(filters: dict[str, str], people: list[str]) -> Document:
    wanted: Document = {"member.person_id": {"$in": people}} if "person_id" in filters else {}
    wanted |= {"member.role": filters["role"]} if "role" in filters else {}
    return wanted | ({"member.until": None} if "current" in filters else {})


def _place(team: Document) -> dict[str, Any]:
    return {"study_id": team["study"], "site_id": team["_id"], "country": team["state"]["country"]}
