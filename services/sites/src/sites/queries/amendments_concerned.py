"""Which amendments a batch of events concerns, at which sites; for the service's own work, so of every sponsor."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from chassis.mongo import Database, Document
from chassis.scope import Scope
from contracts import Received

from sites.domain.green_light import Concern
from sites.domain.protocol_versions import ProtocolVersion, amendments_at
from sites.domain.study_site import StudySite
from sites.handlers.amendments import open_site, protocol_changes
from sites.policies.amendments import when_something_is_learned_judge_the_amendments
from sites.store import PROTOCOL_CHANGES, SITE_AMENDMENTS, STUDY_SITES

AT_ONCE: Final = 100
EVERYTHING: Final = Scope.everything()
Place = tuple[str, str | None, str | None]
"""A study, and a country or a site of it where one is meant."""
Judged = tuple[str, ProtocolVersion]
"""A site, and a version that is judged there."""


async def amendments_concerned(database: Database, batch: Sequence[Received]) -> list[Mapping[str, Sequence[Judged]]]:
    """What is judged after which event, so much at a time; each amendment once, after the last event that concerns it.

    Studies of which no protocol is known cost one question.
    """
    places = _last_by_place(batch)
    studies = sorted({study for study, _, _ in places})
    known = await database.collection(PROTOCOL_CHANGES).find(EVERYTHING, {"study": {"$in": studies}}) if studies else []
    changes: dict[str, list[Document]] = defaultdict(list)
    for row in known:
        changes[row["study"]].append(row)
    concerned = {place: nth for place, nth in places.items() if place[0] in changes}
    if not concerned:
        return []
    sites = await _sites(database, concerned)
    judged = await _judged(database, sites, changes)
    told = [(batch[_last(site, concerned)].envelope.id, one) for site, of_site in judged for one in of_site]
    return list(_in_parts(told))


def _last_by_place(batch: Sequence[Received]) -> dict[Place, int]:
    """The last event of the batch that concerns each place."""
    found: dict[Place, int] = {}
    for nth, received in enumerate(batch):
        for one in when_something_is_learned_judge_the_amendments(received):
            found[_place(one)] = nth
    return found


def _place(concern: Concern) -> Place:
    country = concern.country if concern.site_id is None else None
    return (concern.study_id, country, concern.site_id)


def _last(site: StudySite, concerned: Mapping[Place, int]) -> int:
    places: tuple[Place, ...] = (
        (site.study_id, None, None),
        (site.study_id, site.country, None),
        (site.study_id, None, site.site_id),
    )
    return max(concerned[place] for place in places if place in concerned)


async def _sites(database: Database, concerned: Mapping[Place, int]) -> list[StudySite]:
    whole = {study for study, country, site_id in concerned if country is None and site_id is None}
    parts = [place for place in concerned if place[0] not in whole]
    conditions: list[Document] = [{"study": {"$in": sorted(whole)}}] if whole else []
    for study in sorted({study for study, _, _ in parts}):
        countries = sorted({country for one, country, _ in parts if one == study and country is not None})
        ids = sorted({site_id for one, _, site_id in parts if one == study and site_id is not None})
        conditions.append({"study": study, "$or": [{"state.country": {"$in": countries}}, {"_id": {"$in": ids}}]})
    found = await database.collection(STUDY_SITES.collection).find(EVERYTHING, {"$or": conditions}, sort=[("_id", 1)])
    return [StudySite.model_validate(one["state"]) for one in found]


async def _judged(
    database: Database, sites: Sequence[StudySite], changes: Mapping[str, Sequence[Document]]
) -> list[tuple[StudySite, list[Judged]]]:
    """The versions that amend at each site now, and those of which it was once thought so."""
    condition = {"state.site_id": {"$in": [site.site_id for site in sites]}}
    fields = ["state.site_id", "state.document_id", "state.version"]
    stored = await database.collection(SITE_AMENDMENTS.collection).find(EVERYTHING, condition, fields=fields)
    before: dict[str, list[ProtocolVersion]] = defaultdict(list)
    for row in stored:
        state = row["state"]
        before[state["site_id"]].append(ProtocolVersion(document_id=state["document_id"], version=state["version"]))
    values = {study: protocol_changes(rows) for study, rows in changes.items()}
    found: list[tuple[StudySite, list[Judged]]] = []
    for site in sites:
        now = [one.version for one in amendments_at(open_site(site), values[site.study_id])]
        versions = dict.fromkeys([*now, *before[site.site_id]])
        found.append((site, [(site.site_id, version) for version in versions]))
    return found


def _in_parts(told: Sequence[tuple[str, Judged]]) -> Iterator[Mapping[str, Sequence[Judged]]]:
    for first in range(0, len(told), AT_ONCE):
        part: dict[str, list[Judged]] = defaultdict(list)
        for event_id, one in told[first : first + AT_ONCE]:
            part[event_id].append(one)
        yield part
