"""The commands and events of a site's checklist."""

from datetime import datetime
from typing import Literal

from kernel import BusinessTime, Command, Event, Signature, SignedEvent

from sites.domain.activation import Gate, Judged, Proof

# Commands


class ChecklistCommandBase(Command):
    """Every command carries whose checklist it is, and all that the judgement rests on, at the present instant.

    `ended` says that the site's part is over: nothing is judged any more.
    """

    checklist_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    now: BusinessTime
    gate: Gate
    ended: bool = False


class AssessChecklist(ChecklistCommandBase):
    """Judge every item again."""


class RecordChecklistEvidence(ChecklistCommandBase):
    """Record by hand that there is evidence for an item: a document, of whom, and until when."""

    code: str
    evidence_id: str
    document: str
    recorded_by: str
    person_id: str | None = None
    expires_on: BusinessTime | None = None


class WithdrawChecklistEvidence(ChecklistCommandBase):
    """Take back evidence that was recorded by hand; its record stays."""

    evidence_id: str


class WaiveChecklistItem(ChecklistCommandBase):
    """Go on without an item, for a reason, by signature."""

    code: str
    reason: str
    signature: Signature


class EndChecklistWaiver(ChecklistCommandBase):
    """Take a waiver back."""

    code: str


SiteChecklistCommand = (
    AssessChecklist | RecordChecklistEvidence | WithdrawChecklistEvidence | WaiveChecklistItem | EndChecklistWaiver
)


# Events


class SiteChecklistOpened(Event):
    """The site has a checklist, or follows another version of it; every item is open until it is judged."""

    checklist_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    checklist_version: str
    items: tuple[str, ...]


class ChecklistEvidenceRecorded(Event):
    """Evidence for an item was recorded by hand."""

    proof: Proof


class ChecklistEvidenceWithdrawn(Event):
    """Evidence that was recorded by hand counts no more."""

    code: str
    evidence_id: str


class ChecklistWaiverSigned(SignedEvent):
    """An item was waived."""

    code: str
    reason: str


class ChecklistWaiverEnded(Event):
    """An item is waived no more."""

    code: str


class ChecklistItemJudged(Event):
    """An item stands otherwise than before: met, not applicable, waived, or lost where it was one of these."""

    item: Judged
    before: Literal["open", "satisfied"]


class SiteChecklistCompleted(Event):
    """Nothing is missing any more."""


class SiteChecklistReopened(Event):
    """Something is missing again."""


class NextLookSet(Event):
    """The first instant at which time alone may change an item."""

    due_at: datetime | None


SiteChecklistEvent = (
    SiteChecklistOpened
    | ChecklistEvidenceRecorded
    | ChecklistEvidenceWithdrawn
    | ChecklistWaiverSigned
    | ChecklistWaiverEnded
    | ChecklistItemJudged
    | SiteChecklistCompleted
    | SiteChecklistReopened
    | NextLookSet
)
