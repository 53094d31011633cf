"""Feasibility of candidate sites: that they were asked, answered and scored; never what they answered."""

from typing import ClassVar

from pydantic import Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import SiteEvent


class FeasibilityEvent(SiteEvent):
    """What every event of a site's feasibility carries."""

    assessment_id: str
    questionnaire_id: str


class FeasibilitySent(FeasibilityEvent):
    """A candidate site was asked; the link is handed on by whoever asked."""

    TYPE: ClassVar[str] = "studyline.sites.feasibility.sent.v1"


class FeasibilityReturned(FeasibilityEvent):
    """The site has answered."""

    TYPE: ClassVar[str] = "studyline.sites.feasibility.returned.v1"


class FeasibilityScored(FeasibilityEvent):
    """The site's answers were scored by the questionnaire's rules."""

    TYPE: ClassVar[str] = "studyline.sites.feasibility.scored.v1"
    score_percent: float | None = Field(description="With one decimal; null where nothing that was asked counts")
    disqualified: bool = Field(description="Whether an answer rules the site out, whatever its score")


class FeasibilityReopened(FeasibilityEvent):
    """The site corrects what it has answered; what it answered before counts no more."""

    TYPE: ClassVar[str] = "studyline.sites.feasibility.reopened.v1"


class FeasibilityWithdrawn(FeasibilityEvent):
    """The site is asked no more."""

    TYPE: ClassVar[str] = "studyline.sites.feasibility.withdrawn.v1"


EVENTS: tuple[type[PublicEvent], ...] = (
    FeasibilitySent,
    FeasibilityReturned,
    FeasibilityScored,
    FeasibilityReopened,
    FeasibilityWithdrawn,
)
