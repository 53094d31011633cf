"""Events of study plans and of what places have reached, as the world learns of them."""

from collections.abc import Iterable
from typing import Any

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import milestone_track, study_plan
from sites.domain.milestones import Key
from sites.domain.plan_content import Content
from sites.domain.schedule import Expected


def publish_plan(state: study_plan.StudyPlan, event: study_plan.StudyPlanEvent) -> PublicEvent:
    """How the world learns of a plan's event."""
    study_id = state.study_id
    match event:
        case study_plan.PlanDrafted():
            return public.PlanDrafted.model_validate({"study_id": study_id, **_targets(event.version, event.content)})
        case study_plan.PlanReplanned():
            return public.PlanReplanned.model_validate({"study_id": study_id, **_targets(event.version, event.content)})
        case study_plan.BaselineApproved():
            content = state.content.model_dump(include={"countries", "enrolment"})
            days = [{**one.key.model_dump(), "planned": one.planned} for one in event.milestones]
            told = {"study_id": study_id, "version": event.version, **content, "milestones": days}
            return public.PlanBaselineApproved.model_validate(told)
        case study_plan.MilestonePlanned():
            return _planned(state, event)
        case study_plan.ForecastChanged():
            return public.MilestoneForecast(study_id=study_id, expected=_expected(event.expected))
        case study_plan.MilestonesAtRisk():
            return public.MilestoneAtRisk(study_id=study_id, at_risk=_expected(event.at_risk))


def publish_track(state: milestone_track.MilestoneTrack, event: milestone_track.TrackedMilestoneReached) -> PublicEvent:
    """How the world learns that a place reached a milestone."""
    place = event.place
    return public.MilestoneReached(
        study_id=state.study_id,
        level=place.level,
        kind=event.kind,
        country=place.country,
        site_id=place.site_id,
        actual=event.actual.on if event.actual is not None else None,
    )


def _planned(state: study_plan.StudyPlan, event: study_plan.MilestonePlanned) -> PublicEvent:
    key = event.milestone.key
    baseline = next((one.baseline for one in state.milestones if one.key == key), None)
    return public.MilestonePlanned(
        study_id=state.study_id,
        level=key.level,
        kind=key.kind,
        country=key.country,
        site_id=key.site_id,
        planned=event.milestone.planned,
        baseline=baseline,
        at_risk=_expected(event.at_risk),
    )


def _targets(version: int, content: Content) -> dict[str, Any]:
    countries = [one.model_dump() for one in content.countries]
    return {"version": version, "countries": countries, "milestones": len(content.milestones)}


def _expected(found: Iterable[Expected]) -> tuple[public.ExpectedDay, ...]:
    return tuple(_day(one.key, one) for one in found)


def _day(key: Key, one: Expected) -> public.ExpectedDay:
    days = {"planned": one.planned, "forecast": one.forecast, "slack_days": one.slack_days}
    return public.ExpectedDay.model_validate({**key.model_dump(), **days})
