"""Which checklists an event concerns, and what has fallen due."""

from collections.abc import Mapping
from typing import Any

from chassis.mongo import Database, Document
from chassis.scope import Scope

from sites.domain.green_light import Concern
from sites.store import SITE_CHECKLISTS


async def sites_concerned(database: Database, concerns: Mapping[str, Concern]) -> dict[str, set[str]]:
    """The sites that each concern means: those that have a checklist, and those whose checklist begins with it.

    For the service's own work: it looks at every sponsor's.
    """
    conditions = {repr(condition): condition for one in concerns.values() if (condition := _condition(one))}
    found: list[Document] = []
    if conditions:
        everything = SITE_CHECKLISTS.collection
        found = await database.collection(everything).find(
            Scope.everything(),
            {"$or": list(conditions.values())},
            fields=["study", "state.country", "state.site_id"],
        )
    return {key: {*_begun(one), *(_site(row) for row in found if _is_meant(one, row))} for key, one in concerns.items()}


def _begun(concern: Concern) -> set[str]:
    return {concern.site_id} if concern.opens and concern.site_id is not None else set()


def _condition(concern: Concern) -> dict[str, Any]:
    if concern.opens:
        return {}
    told = {"study": concern.study_id, "state.country": concern.country, "state.site_id": concern.site_id}
    return {name: value for name, value in told.items() if value is not None}


def _is_meant(concern: Concern, row: Document) -> bool:
    state = row["state"]
    return (
        row["study"] == concern.study_id
        and concern.country in {None, state["country"]}
        and concern.site_id in {None, state["site_id"]}
    )


def _site(row: Document) -> str:
    return row["state"]["site_id"]
