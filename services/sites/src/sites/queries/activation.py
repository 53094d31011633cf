"""Why a site is open or not: every item with its evidence, now and as it was known on a past date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from chassis.commands import Aggregate
from chassis.http.reading import one
from chassis.journal import event_id
from chassis.mongo import Database, Document
from chassis.problems import not_found
from chassis.scope import Scope
from chassis.trail.past import Past
from kernel import BusinessTime, State, bounds

from sites.domain.activation import Gate, Judged, Proof, Waiver, judged
from sites.domain.study_site import StudySite
from sites.handlers.green_light import Records, gate_for, present
from sites.store import DELEGATIONS, EVIDENCE, STUDY_SITES, TRAININGS

S = TypeVar("S", bound=State)
KEPT: Final = (EVIDENCE, DELEGATIONS, TRAININGS)
AGGREGATES: Final[Mapping[str, Aggregate[Any, Any, Any]]] = {kept.collection: kept for kept in KEPT}
THE_END: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    """The records as they stand, outside a transaction."""

    database: Database
    scope: Scope

    async def find(self, aggregate: Aggregate[S, Any, Any], aggregate_id: str) -> S | None:
        """The state of an aggregate, or None where there is none within the scope."""
        found = await self.database.collection(aggregate.collection).find_one(self.scope, {"_id": aggregate_id})
        return aggregate.state.model_validate(found["state"]) if found is not None else None

    async def read(self, collection: str, condition: Mapping[str, Any]) -> list[Document]:
        """The documents of a collection within the scope."""
        return await self.database.collection(collection).find(self.scope, condition)


async def readiness(database: Database, scope: Scope, site_id: str) -> dict[str, Any]:
    """What a site's activation needs at this moment, and what is there. Raises the 404 problem."""
    site = StudySite.model_validate((await one(database, scope, STUDY_SITES, site_id))["state"])
    return await _standing(Stored(database, scope), site, present(), hindsight=False)


async def activation(
    database: Database, scope: Scope, site_id: str, as_of: BusinessTime | None, in_force_on: BusinessTime | None
) -> dict[str, Any]:
    """The decision that opened a site and how its items stand.

    With `as_of`, only what was recorded by then (itself included) counts. `in_force_on` is the date on which the items
    are judged: `as_of` or now, unless another is asked for; then what was given up counts until its end.
    Raises the 404 problem, also where the site was not known by then.
    """
    before = bounds(as_of)[1] if as_of is not None else THE_END
    past = Past(database, scope, before, AGGREGATES)
    site = await past.find(STUDY_SITES, site_id)
    if site is None:
        raise not_found(STUDY_SITES.name, site_id)
    standing = await _standing(past, site, in_force_on or as_of or present(), hindsight=in_force_on is not None)
    decision = _decision(site, await past.entries(STUDY_SITES, [site_id]))
    return {**standing, "as_of": as_of, "decision": decision, "lost": list(site.lost)}


async def _standing(records: Records, site: StudySite, at: BusinessTime, *, hindsight: bool) -> dict[str, Any]:
    gate = await gate_for(records, site, at)
    gate = gate.model_copy(update={"hindsight": hindsight})
    items = judged(gate, at)
    return {
        "site_id": site.site_id,
        "status": site.status,
        "checklist_version": gate.version,
        "judged_on": at,
        "ready": all(item.satisfied for item in items),
        "blocked_by": [item.code for item in items if not item.satisfied],
        "items": [_item(gate, item, at) for item in items],
    }


def _item(gate: Gate, item: Judged, at: BusinessTime) -> dict[str, Any]:
    rule = next(rule for rule in gate.rules if rule.code == item.code)
    waiver = gate.waiver_of(item.code, at)
    told = item.model_dump(mode="json", exclude={"code", "item", "evidence", "changed_on"})
    known = (*gate.of_kind(item.code, at), *gate.adding_versions(rule, at))
    return {
        "requirement": item.code,
        "number": item.item,
        "title": rule.title,
        "tmf": rule.tmf,
        "source": rule.source,
        "by_hand": rule.by_hand,
        "waivable": rule.waivable,
        **told,
        "evidence": [_proof(proof) for proof in known if _counts(gate, proof, at)],
        "waiver": _waiver(waiver) if waiver is not None and item.status == "waived" else None,
    }


def _counts(gate: Gate, proof: Proof, at: BusinessTime) -> bool:
    return not proof.was_given_up(at, hindsight=gate.hindsight)


def _proof(proof: Proof) -> dict[str, Any]:
    return proof.model_dump(mode="json", exclude={"kind", "ended_by", "ended_on"})


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return waiver.model_dump(mode="json", exclude={"code", "ended", "ended_on"})


def _decision(site: StudySite, entries: list[Document]) -> dict[str, Any] | None:
    """The last activation among the entries: who decided, when it was recorded, and on what it rested."""
    activations = [
        (entry, version, event)
        for entry in entries
        for version, event in enumerate(entry["events"], start=entry["version"]["before"] + 1)
        if event["type"] == "SiteActivated"
    ]
    return _told(site, *activations[-1]) if activations else None


def _told(site: StudySite, entry: Document, version: int, event: Document) -> dict[str, Any]:
    return {
        "event_id": event_id(f"{STUDY_SITES.name}/{site.site_id}", version),
        "occurred_at": event["occurred_at"],
        "recorded_at": entry["recorded_at"],
        "decided_by": entry["actor"]["id"],
        "provenance": entry["provenance"],
        "checklist_version": event.get("checklist_version"),
        "rested_on": event["rested_on"],
        "items": event.get("items", []),
    }
