"""Amendments at sites and plans of activations for tests' stories, as sites would tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from contracts import PublicEvent, Received, derived_id
from contracts.sites import PlanBaselineApproved
from contracts.sites import amendments as public

if TYPE_CHECKING:
    from telling import SiteStory, Story

STEPS: tuple[str, ...] = get_args(public.AmendmentStepName)


@dataclass
class AmendmentStory:
    """A version of the protocol at one site."""

    site: SiteStory
    version: str = "2.0"
    approved_on: date = date(2026, 1, 10)
    effective_on: date = date(2026, 2, 1)

    @property
    def amendment_id(self) -> str:
        """Follows from the site and the version."""
        return derived_id("amendment", self.site.site_id, self.version)

    def tell(self, event: type[PublicEvent], occurred: str | None = None, **more: Any) -> Received:
        """The amendment's next event."""
        document = derived_id("document", self.site.story.study_id, "protocol")
        about = {"amendment_id": self.amendment_id, "document_id": document, "version": self.version}
        told = event.model_validate({**self.site.where, **about, **more})
        return self.site.story.tell(f"amendment/{self.amendment_id}", told, occurred)

    @property
    def days(self) -> dict[str, date]:
        """The days that hold for the version at the site."""
        effect = {"effective_in_country_on": self.effective_on, "effective_on": self.effective_on}
        return {"approved_on": self.approved_on, **effect}

    def opened(self) -> Received:
        """The version took effect at the site."""
        return self.tell(public.AmendmentOpened, self.effective_on.isoformat(), substantial=True, **self.days)

    def met(self, step: str, on: date) -> Received:
        """A step is met on this day."""
        lag = (on - self.approved_on).days
        return self.tell(public.AmendmentStepMet, on.isoformat(), step=step, lag_days=lag, evidence=("e-1",))

    def implemented(self, on: date, *steps: str) -> Received:
        """Every step is met or not required, on this day; `steps` are those that are met, on it."""
        lag = (on - self.approved_on).days
        told = [
            {"step": step, "status": "met", "met_on": on, "lag_days": lag, "evidence": ("e-1",)}
            if step in steps
            else {"step": step, "status": "not_required", "met_on": None, "lag_days": None, "evidence": ()}
            for step in STEPS
        ]
        lags = {"days_from_approval": lag, "days_from_effect": (on - self.effective_on).days}
        rests = {"rested_on": (), "submissions": ()}
        event = public.AmendmentImplementedAtSite
        return self.tell(event, on.isoformat(), steps=told, **self.days, **lags, **rests)


def activation_of(site: SiteStory, planned: date, **more: Any) -> dict[str, Any]:
    """A site's activation in a plan, as events carry it."""
    key = {"level": "site", "kind": "site_activated", "country": site.country, "site_id": site.site_id}
    return {**key, "planned": planned, **more}


def tell_plan(story: Story, event: type[PublicEvent], **more: Any) -> Received:
    """The next event of the study's plan."""
    told = event.model_validate({"study_id": story.study_id, **more})
    return story.tell(f"study-plan/{story.study_id}", told)


def tell_baseline(story: Story, *milestones: dict[str, Any]) -> Received:
    """The study's plan is approved, with these milestones."""
    empty: dict[str, Any] = {"version": 1, "countries": (), "enrolment": ()}
    return tell_plan(story, PlanBaselineApproved, **empty, milestones=milestones)
