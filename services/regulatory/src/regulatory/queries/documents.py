"""Which versions of a study's documents are in effect at a place on a date."""

from dataclasses import dataclass
from typing import Any

from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Database, Document
from chassis.problems import Problem
from chassis.scope import Scope
from kernel import BusinessTime

from regulatory.domain.controlled_document import ControlledDocument
from regulatory.domain.document_places import Place, in_effect
from regulatory.handlers.known import not_known
from regulatory.projections import SITES
from regulatory.store import DOCUMENTS


@dataclass(frozen=True)
class Held:
    """Whose documents are asked for, where, and on which day; `site_id` brings its country with it."""

    study_id: str
    country: str | None
    site_id: str | None
    on: BusinessTime
    type_ids: tuple[str, ...]


async def effective(database: Database, scope: Scope, asked: Held, wanted: PageRequest) -> Page[dict[str, Any]]:
    """The versions in effect among the page's documents: a page may hold fewer than its limit, and yet go on."""
    place = await _place(database, scope, asked)
    condition = {"study": asked.study_id, "state.type_id": {"$in": list(asked.type_ids)}}
    filters = {**condition, "country": asked.country, "site_id": asked.site_id, "on": asked.on}
    after = wanted.after(filters)
    further = {"_id": {"$gt": after[0]}} if after else {}
    documents = database.collection(DOCUMENTS.collection)
    found = await documents.find(scope, {**condition, **further}, sort=[("_id", 1)], limit=wanted.limit + 1)
    page, more = found[: wanted.limit], len(found) > wanted.limit
    following = encode_cursor([page[-1]["_id"]], filters) if more else None
    return Page(items=[told for one in page if (told := _told(one, place, asked.on)) is not None], next=following)


async def _place(database: Database, scope: Scope, asked: Held) -> Place:
    if asked.site_id is None:
        return Place(country=asked.country)
    site = await database.collection(SITES.collection).find_one(scope, {"_id": asked.site_id, "study": asked.study_id})
    if site is None:
        raise not_known("site", asked.site_id)
    if asked.country not in {None, site["country"]}:
        raise Problem(422, "country_differs", f"The site lies in {site['country']}. Leave the country out.")
    return Place(country=site["country"], site_id=asked.site_id)


def _told(stored: Document, place: Place, on: BusinessTime) -> dict[str, Any] | None:
    document = ControlledDocument.model_validate(stored["state"])
    effect = in_effect(document.effects, place, on)
    version = document.version(effect.version) if effect is not None and effect.version is not None else None
    if effect is None or version is None:
        return None
    about = document.model_dump(mode="json", include={"document_id", "study_id", "type_id", "title", "language"})
    return {
        **about,
        "kind": document.type.kind,
        "version": version.number,
        "sha256": version.sha256,
        "approved_on": version.approved_on,
        "since": effect.since,
        "effective_for": effect.place.model_dump(mode="json"),
    }
