"""Start-up: the checklists of studies and sites."""

from typing import ClassVar

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import ItemStatus, SiteEvent


class ChecklistRule(BaseModel):
    """One item that a study's checklist may ask of a site."""

    model_config = ConfigDict(frozen=True)

    item: str = Field(description="Code of the item")
    number: int = Field(description="Head of the green light, 1 to 10")
    tmf: str = Field(description="TMF Reference Model 3.3.1: number and unique id, such as 05.02.12(095)")
    waivable: bool


class StudyChecklistSetUp(PublicEvent):
    """A study has a checklist for its sites, the first or another version of it."""

    TYPE: ClassVar[str] = "studyline.sites.study-checklist.set-up.v1"
    version: str
    rules_version: str = Field(description="Version of the platform's rules of which it was made")
    items: tuple[ChecklistRule, ...]


class SiteChecklistEvent(SiteEvent):
    """What every event of a site's checklist carries."""

    checklist_version: str = Field(description="`core`, or the version of the study's own checklist")


class ChecklistOpened(SiteChecklistEvent):
    """The site has a checklist, or follows another version; every item is open until an event says otherwise."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.opened.v1"
    items: tuple[str, ...] = Field(description="Codes of its items")


class ChecklistItemEvent(SiteChecklistEvent):
    """What every event of an item carries."""

    item: str = Field(description="Code of the item")
    number: int = Field(description="Head of the green light, 1 to 10")


class ChecklistItemMet(ChecklistItemEvent):
    """The item is met, or met by other evidence than before, or until another day."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.item-met.v1"
    evidence: tuple[str, ...] = Field(description="Ids of the events and documents by which it is met")
    expires_on: BusinessTime | None = Field(
        default=None, description="The last day on which it holds; null: no end known"
    )


class ChecklistItemNotApplicable(ChecklistItemEvent):
    """A rule says that the item does not apply at this site."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.item-not-applicable.v1"


class ChecklistItemWaived(ChecklistItemEvent):
    """The item is waived, for a reason and by signature; both stay in the journal."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.item-waived.v1"


class ChecklistItemLost(ChecklistItemEvent):
    """The item was met, waived or not applicable, and is so no more. `occurredtime` says since when."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.item-lost.v1"
    status: ItemStatus
    lost_by: str | None = Field(description="Id of the event or document by which it was lost")


class ChecklistCompleted(SiteChecklistEvent):
    """Nothing is missing any more."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.completed.v1"


class ChecklistReopened(SiteChecklistEvent):
    """Something is missing again."""

    TYPE: ClassVar[str] = "studyline.sites.checklist.reopened.v1"


EVENTS: tuple[type[PublicEvent], ...] = (
    StudyChecklistSetUp,
    ChecklistOpened,
    ChecklistItemMet,
    ChecklistItemNotApplicable,
    ChecklistItemWaived,
    ChecklistItemLost,
    ChecklistCompleted,
    ChecklistReopened,
)
