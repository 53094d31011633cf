"""Sponsor agreements, and which obligations they put into whose hands."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from contracts.events import PublicEvent

ObligationHolder = Literal["sponsor", "cro", "other"]


class AgreementEvent(PublicEvent):
    """What every event of an agreement carries: which one, and the reference it is known by."""

    agreement_id: str
    reference: str


class AgreementSigned(AgreementEvent):
    """An agreement with the sponsor was signed. What it does not name as transferred stays with the sponsor."""

    TYPE: ClassVar[str] = "studyline.sites.agreement.signed.v1"
    effective_from: date


class AgreementAmended(AgreementEvent):
    """The agreement was amended in writing."""

    TYPE: ClassVar[str] = "studyline.sites.agreement.amended.v1"
    amendment: str = Field(description="Reference of the amendment")
    effective_from: date


class AgreementEnded(AgreementEvent):
    """The agreement ended: from that day on, all that it transferred lies with the sponsor."""

    TYPE: ClassVar[str] = "studyline.sites.agreement.ended.v1"
    ended_on: date


class ObligationEvent(AgreementEvent):
    """What is told of an obligation: its code on the standard list, and whose hands it is about."""

    obligation: str = Field(description="Code on the standard list of obligations")
    holder: ObligationHolder
    since: date = Field(description="First day in these hands")


class ObligationTransferred(ObligationEvent):
    """An obligation lies in these hands. Without an end, until it is returned or the agreement ends."""

    TYPE: ClassVar[str] = "studyline.sites.obligation.transferred.v1"
    until: date | None = Field(description="From this day on it lies with the sponsor again")
    amendment: str | None = Field(description="Reference of the amendment by which it was transferred")


class ObligationReturned(ObligationEvent):
    """An obligation lies with the sponsor again."""

    TYPE: ClassVar[str] = "studyline.sites.obligation.returned.v1"
    returned_on: date = Field(description="From this day on")


EVENTS: tuple[type[PublicEvent], ...] = (
    AgreementSigned,
    AgreementAmended,
    AgreementEnded,
    ObligationTransferred,
    ObligationReturned,
)
