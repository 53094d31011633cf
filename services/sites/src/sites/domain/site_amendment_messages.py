"""The commands and events of an amendment at a site; what follows from them stands in `site_amendment.py`."""

from datetime import date, datetime

from kernel import Command, Event, Signature, SignedEvent

from sites.domain.amendment_facts import Facts, WaivableStep
from sites.domain.amendment_judging import EndCause, JudgedStep, Status
from sites.domain.protocol_versions import ProtocolKind

# Commands


class AmendmentCommandBase(Command):
    """Every command carries which amendment of which site it is, and all that the judgement of today rests on."""

    amendment_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    document_id: str
    version: str
    today: date
    facts: Facts


class AssessAmendment(AmendmentCommandBase):
    """Judge every step again."""


class WaiveAmendmentStep(AmendmentCommandBase):
    """Go on without a step, for a reason, by signature; `occurred_at` is the day from which on."""

    step: WaivableStep
    reason: str
    signature: Signature


class EndAmendmentWaiver(AmendmentCommandBase):
    """Take a waiver back."""

    step: WaivableStep


SiteAmendmentCommand = AssessAmendment | WaiveAmendmentStep | EndAmendmentWaiver


# Events


class AmendmentOpened(Event):
    """The version took effect at an open site, or is known to have done so on other days than was told before."""

    amendment_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    document_id: str
    version: str
    kind: ProtocolKind
    substantial: bool | None
    approved_on: date | None
    effective_in_country_on: date
    effective_on: date


class AmendmentStepJudged(Event):
    """A step stands otherwise than before; `was_done` says whether it was met, waived or not required."""

    step: JudgedStep
    was_done: bool | None


class AmendmentWaiverSigned(SignedEvent):
    """Somebody signed that the site goes on without the step."""

    step: WaivableStep
    reason: str


class AmendmentWaiverEnded(Event):
    """The waiver was taken back."""

    step: WaivableStep


class AmendmentImplemented(Event):
    """Every step was so on this day for the first time; `corrects` where another day was told before."""

    rested_on: tuple[str, ...]
    submissions: tuple[str, ...]
    corrects: date | None


class AmendmentReopened(Event):
    """By what is known now it was not implemented, or not over, after all."""

    was: Status


class AmendmentSuperseded(Event):
    """A further version took effect before this one was implemented."""

    by: str


class AmendmentDiscontinued(Event):
    """Nothing remains to be implemented: the site was closed, the version's effect ended, or it never concerned it."""

    because: EndCause


class AmendmentLookSet(Event):
    """When a day alone may change something, or that none will."""

    due_at: datetime | None


SiteAmendmentEvent = (
    AmendmentOpened
    | AmendmentStepJudged
    | AmendmentWaiverSigned
    | AmendmentWaiverEnded
    | AmendmentImplemented
    | AmendmentReopened
    | AmendmentSuperseded
    | AmendmentDiscontinued
    | AmendmentLookSet
)
