"""Amendments: what a further version of the protocol asks of each site, step by step, until it is implemented there."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import SiteEvent

AmendmentStepName = Literal[
    "authority_approval", "ethics_approval", "protocol_in_effect", "consent_form", "training", "reconsent"
]
AmendmentStepStatus = Literal["open", "met", "waived", "not_required"]
AmendmentStatus = Literal["open", "implemented", "superseded", "discontinued"]


class AmendmentStep(BaseModel):
    """One step as the decision saw it."""

    model_config = ConfigDict(frozen=True)

    step: AmendmentStepName
    status: AmendmentStepStatus
    met_on: date | None = Field(description="Since when it holds; null where it is not required")
    lag_days: int | None = Field(description="Days from the version's approval to `met_on`")
    evidence: tuple[str, ...] = Field(description="Ids of the events by which it is met")


class AmendmentRequirementsStated(PublicEvent):
    """Somebody said what a version asks of sites; null leaves it to what takes effect. The reason is not told."""

    TYPE: ClassVar[str] = "studyline.sites.amendment-requirements.stated.v1"
    document_id: str
    version: str
    consent_form: bool | None
    training: bool | None
    reconsent: bool | None


class AmendmentEvent(SiteEvent):
    """What every event of an amendment at a site carries: which version of which protocol, as `regulatory` keeps it."""

    amendment_id: str
    document_id: str
    version: str


class AmendmentOpened(AmendmentEvent):
    """A further version took effect at an open site; again where its days turn out to be others."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.opened.v1"
    substantial: bool | None = Field(description="Whether it changes the one before substantially; null: not said")
    approved_on: date | None = Field(description="When the version was approved, before any body agreed")
    effective_in_country_on: date
    effective_on: date = Field(description="The first day at the site")


class AmendmentStepEvent(AmendmentEvent):
    """What every event of a step carries."""

    step: AmendmentStepName


class AmendmentStepMet(AmendmentStepEvent):
    """The step is met since `occurredtime` of the envelope, or is met by other evidence than before."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.step-met.v1"
    lag_days: int | None = Field(description="Days from the version's approval")
    evidence: tuple[str, ...] = Field(description="Ids of the events by which it is met")


class AmendmentStepNotRequired(AmendmentStepEvent):
    """The version does not ask for the step, at this site."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.step-not-required.v1"
    because: Literal["stated", "no_submission", "no_form", "nobody_concerned"]


class AmendmentStepWaived(AmendmentStepEvent):
    """The site goes on without the step, for a reason and by signature; both stay in the journal."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.step-waived.v1"


class AmendmentStepReopened(AmendmentStepEvent):
    """The step was met, waived or not required, and is open again."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.step-reopened.v1"
    lacking: int = Field(description="How many documents, submissions, people or subjects it waits for")


class AmendmentImplementedAtSite(AmendmentEvent):
    """Every step was so on `occurredtime` of the envelope, for the first time: the site works by the version."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.implemented-at-site.v1"
    approved_on: date | None
    effective_in_country_on: date
    effective_on: date
    days_from_approval: int | None = Field(description="From the version's approval until it was implemented here")
    days_from_effect: int = Field(description="From its first day in the country until it was implemented here")
    steps: tuple[AmendmentStep, ...]
    rested_on: tuple[str, ...] = Field(description="Ids of the events the decision rested on")
    submissions: tuple[str, ...] = Field(description="Ids of the modifications that covered the version for the site")
    corrects: date | None = Field(default=None, description="The day that was told before, where it was another")


class AmendmentReopened(AmendmentEvent):
    """By what is known now, the version was not implemented, or not over, after all. Nothing is undone in silence."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.reopened.v1"
    was: AmendmentStatus


class AmendmentSuperseded(AmendmentEvent):
    """A further version took effect at the site before this one was implemented."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.superseded.v1"
    superseded_by: str = Field(description="Number of the version")


class AmendmentDiscontinued(AmendmentEvent):
    """Nothing remains to be implemented at the site."""

    TYPE: ClassVar[str] = "studyline.sites.amendment.discontinued.v1"
    because: Literal["site_closed", "effect_ended", "not_concerned"]


EVENTS: tuple[type[PublicEvent], ...] = (
    AmendmentRequirementsStated,
    AmendmentOpened,
    AmendmentStepMet,
    AmendmentStepNotRequired,
    AmendmentStepWaived,
    AmendmentStepReopened,
    AmendmentImplementedAtSite,
    AmendmentReopened,
    AmendmentSuperseded,
    AmendmentDiscontinued,
)
