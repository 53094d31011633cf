"""The gate of a site, read within a transaction, and the commands that rest on it."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from chassis import clock
from chassis.commands import Aggregate, Builder, Unit
from chassis.journal import event_id
from chassis.mongo import Document
from contracts import derived_id
from kernel import BusinessTime, State

from sites.domain import evidence
from sites.domain.activation import Gate, judged
from sites.domain.green_light import Kept, Known, gate_of, leader_on, staff_of
from sites.domain.site_checklist_messages import AssessChecklist
from sites.domain.study_site import ENDED, StudySite
from sites.domain.study_site_messages import ActivateSite, FollowChecklist
from sites.store import DELEGATIONS, EVIDENCE, SITE_CHECKLISTS, SITE_TEAMS, STUDY_CHECKLISTS, STUDY_SITES, TRAININGS

S = TypeVar("S", bound=State)


class Records(Protocol):
    """Where this service's records are read: in a transaction, outside one, or as they were known at a past instant."""

    async def find(self, aggregate: Aggregate[S, Any, Any], aggregate_id: str) -> S | None:
        """The state of an aggregate, or None where there is none within the scope."""
        ...

    async def read(self, collection: str, condition: Mapping[str, Any]) -> list[Document]:
        """The documents of a collection within the scope."""
        ...


def study_checklist_id(study_id: str) -> str:
    """The id of a study's checklist."""
    return derived_id("study-checklist", study_id)


def site_checklist_id(site_id: str) -> str:
    """The id of a site's checklist."""
    return derived_id("site-checklist", site_id)


def present() -> BusinessTime:
    """The present instant as a business time."""
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def evidence_for(study_id: str, site_id: str, country: str) -> dict[str, object]:
    """Which evidence concerns a site: its own, and its country's; also what is in force no more, for its reasons."""
    of_country = {"state.country": country, "state.site_id": None}
    return {"study": study_id, "$or": [{"state.site_id": site_id}, of_country]}


async def gate_for(records: Records, site: StudySite, at: BusinessTime) -> Gate:
    """The gate of a site with all that this service knows; `at` is the date that will be judged."""
    condition = evidence_for(site.study_id, site.site_id, site.country)
    found = await records.read(EVIDENCE.collection, condition)
    kept = Kept(
        study=await records.find(STUDY_CHECKLISTS, study_checklist_id(site.study_id)),
        own=await records.find(SITE_CHECKLISTS, site_checklist_id(site.site_id)),
        evidence=tuple(evidence.Evidence.model_validate(one["state"]) for one in found),
        staff=staff_of([*await _known(records, DELEGATIONS, site), *await _known(records, TRAININGS, site)]),
        team=await records.find(SITE_TEAMS, site.site_id),
    )
    return gate_of(site, kept, at)


async def investigator_at(records: Records, site_id: str, at: BusinessTime) -> str | None:
    """Who leads a site on a date."""
    return leader_on(await records.find(SITE_TEAMS, site_id), at)


async def _known(records: Records, aggregate: Aggregate[Any, Any, Any], site: StudySite) -> list[Known]:
    found = await records.read(aggregate.collection, {"study": site.study_id, "state.site_id": site.site_id})
    return [
        (event_id(f"{aggregate.name}/{one['_id']}", 1), aggregate.state.model_validate(one["state"])) for one in found
    ]


def activate_site(site_id: str, at: BusinessTime) -> Builder[ActivateSite]:
    """Activate on what is known of the site on that date."""

    async def build(unit: Unit) -> ActivateSite:
        site = await unit.require(STUDY_SITES, site_id)
        return ActivateSite(occurred_at=at, gate=await gate_for(unit, site, at))

    return build


def assess_checklist(site_id: str) -> Builder[AssessChecklist]:
    """Judge a site's checklist at the present instant."""

    async def build(unit: Unit) -> AssessChecklist:
        now = present()
        return AssessChecklist.model_validate({**await about_checklist(unit, site_id, now), "occurred_at": now})

    return build


async def about_checklist(unit: Unit, site_id: str, now: BusinessTime) -> dict[str, Any]:
    """What every command for a site's checklist carries."""
    site = await unit.require(STUDY_SITES, site_id)
    owned = site.model_dump(include={"site_id", "study_id", "sponsor_id", "country"})
    gate = await gate_for(unit, site, now)
    about = {"checklist_id": site_checklist_id(site_id), "now": now, "gate": gate, "ended": site.status in ENDED}
    return {**owned, **about}


def follow_checklist(site_id: str) -> Builder[FollowChecklist]:
    """Let a site take note of how its items stand at the present instant."""

    async def build(unit: Unit) -> FollowChecklist:
        site, now = await unit.require(STUDY_SITES, site_id), present()
        return FollowChecklist(occurred_at=now, items=judged(await gate_for(unit, site, now), now))

    return build
