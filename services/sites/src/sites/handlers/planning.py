"""Commands for study plans and for what places have reached."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from chassis.commands import Builder, Unit
from chassis.problems import not_found
from kernel import BusinessTime, bounds, derived_id

from sites.domain.milestone_track import MilestoneTrack, Place, RecordMilestone
from sites.domain.milestones import Key
from sites.domain.plan_content import Content, PlannedMilestone
from sites.domain.study import NoteStudyMilestones, Study
from sites.domain.study_plan import DraftPlan, ForecastPlan, PlanMilestone, Reached, ReplanStudy
from sites.store import MILESTONE_TRACKS, STUDIES, STUDY_PLANS, STUDY_SITES

SHARES: Final[Mapping[str, float]] = {
    "quarter_of_sites_activated": 0.25,
    "half_of_sites_activated": 0.5,
    "three_quarters_of_sites_activated": 0.75,
    "all_sites_activated": 1.0,
}


def track_id(study_id: str, country: str, site_id: str | None) -> str:
    """The id under which is tracked what a site reached, or without one its country."""
    return derived_id("milestone-track", study_id, site_id or country)


def draft_plan(command: type[DraftPlan], study_id: str, content: Content, at: BusinessTime) -> Builder[DraftPlan]:
    """Draft or replan a study that is there, with the sites it has."""

    async def build(unit: Unit) -> DraftPlan:
        study = await unit.require(STUDIES, study_id)
        about = {"study_id": study_id, "sponsor_id": study.sponsor.id, "occurred_at": at}
        return command.model_validate({**about, "content": content, "sites": await countries_of_sites(unit, study_id)})

    return build


def replan_study(study_id: str, content: Content, at: BusinessTime) -> Builder[DraftPlan]:
    """Replan a study that has a plan."""

    async def build(unit: Unit) -> DraftPlan:
        await unit.require(STUDY_PLANS, study_id)
        return await draft_plan(ReplanStudy, study_id, content, at)(unit)

    return build


def plan_milestone(study_id: str, milestone: PlannedMilestone, at: BusinessTime) -> Builder[PlanMilestone]:
    """Move a milestone of a study that has a plan, knowing what is reached."""

    async def build(unit: Unit) -> PlanMilestone:
        await unit.require(STUDY_PLANS, study_id)
        sites, reached = await countries_of_sites(unit, study_id), await reached_in(unit, study_id)
        return PlanMilestone(occurred_at=at, milestone=milestone, reached=reached, sites=sites)

    return build


def forecast_plan(study_id: str, at: BusinessTime | None) -> Builder[ForecastPlan]:
    """Look anew at a plan, knowing what is reached."""

    async def build(unit: Unit) -> ForecastPlan:
        planned = await unit.find(STUDY_PLANS, study_id) is not None
        return ForecastPlan(occurred_at=at, reached=await reached_in(unit, study_id) if planned else ())

    return build


def note_study_milestones(study_id: str, reached: Mapping[str, BusinessTime | None]) -> Builder[NoteStudyMilestones]:
    """Note at a study what events reached; shares of its sites by when these were activated."""

    async def build(unit: Unit) -> NoteStudyMilestones:
        days = {kind: on for kind, on in reached.items() if kind not in SHARES}
        plan = await unit.find(STUDY_PLANS, study_id)
        if plan is not None and SHARES.keys() & reached.keys():
            wanted = sum(one.sites for one in plan.content.countries)
            days |= shares_reached(await _activations(unit, study_id), wanted)
        told = [{"kind": kind, "actual": on} for kind, on in days.items() if on is not None]
        return NoteStudyMilestones.model_validate({"occurred_at": None, "milestones": told})

    return build


def record_milestone(
    study_id: str, key: Key, actual: BusinessTime | None, at: BusinessTime
) -> Builder[RecordMilestone]:
    """Say by hand when a country or a site of a study that is there reached a milestone."""

    async def build(unit: Unit) -> RecordMilestone:
        study = await unit.require(STUDIES, study_id)
        site = await unit.require(STUDY_SITES, key.site_id) if key.site_id is not None else None
        if site is not None and site.study_id != study_id:
            raise not_found(STUDY_SITES.name, site.site_id)
        country = site.country if site is not None else key.country
        assert country is not None, "a milestone of a country names it"
        place = place_of(study_id, study.sponsor.id, country, key.site_id)
        return RecordMilestone(occurred_at=at, place=place, kind=key.kind, actual=actual)

    return build


async def countries_of_sites(unit: Unit, study_id: str) -> dict[str, str]:
    """The study's sites and their countries."""
    return {one.site_id: one.country for one in await unit.every(STUDY_SITES, {"study": study_id})}


async def reached_in(unit: Unit, study_id: str) -> tuple[Reached, ...]:
    """What the study, its countries and its sites have reached."""
    study = await unit.require(STUDIES, study_id)
    return all_reached(study, await unit.every(MILESTONE_TRACKS, {"study": study_id}))


def all_reached(study: Study, tracks: Sequence[MilestoneTrack]) -> tuple[Reached, ...]:
    """What is reached on a day that is known, as the first day that it may mean."""
    days: dict[Key, BusinessTime | None] = {Key(level="study", kind=one.kind): one.actual for one in study.milestones}
    for track in tracks:
        place = track.place
        for kind, actual in track.reached.items():
            key = Key(level=place.level, kind=kind, country=place.country, site_id=place.site_id)
            days[key] = actual.on if actual is not None else None
    return tuple(Reached(key=key, on=bounds(on)[0].date()) for key, on in days.items() if on is not None)


def shares_reached(activations: Sequence[BusinessTime], wanted: int) -> dict[str, BusinessTime]:
    """When so large a share of the wanted sites had been activated; shares that are not reached are left out."""
    days = sorted(activations, key=lambda on: bounds(on)[0])
    places = {kind: max(1, ceil(wanted * share)) for kind, share in SHARES.items()} if wanted else {}
    return {kind: days[place - 1] for kind, place in places.items() if place <= len(days)}


async def _activations(unit: Unit, study_id: str) -> list[BusinessTime]:
    sites = await unit.every(STUDY_SITES, {"study": study_id})
    return [one.activated_on for one in sites if one.activated_on is not None]


def place_of(study_id: str, sponsor_id: str, country: str, site_id: str | None) -> Place:
    """A country of a study, or a site in it, under the id by which it is tracked."""
    return Place(
        track_id=track_id(study_id, country, site_id),
        study_id=study_id,
        sponsor_id=sponsor_id,
        country=country,
        site_id=site_id,
    )
