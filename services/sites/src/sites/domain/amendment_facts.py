"""All that is known here of an amendment at a site: what it asks, who decided on it, whom it concerns. Values only.

Whatever order it was learned in, the same facts are judged the same (`amendment_judging.py`).
"""

from datetime import date
from typing import Literal

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict

from sites.domain.consent_forms import Forms
from sites.domain.participants import FormTaken, Participant
from sites.domain.protocol_versions import Amendment, ProtocolVersion
from sites.domain.spans import Span, first_day

StepName = Literal[
    "authority_approval", "ethics_approval", "protocol_in_effect", "consent_form", "training", "reconsent"
]
WaivableStep = Literal["consent_form", "training", "reconsent"]
Body = Literal["competent_authority", "ethics_committee", "other_committee", "registry"]
Standing = Literal["pending", "approved", "rejected", "withdrawn", "lapsed", "expired", "suspended", "revoked"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ApprovalPeriod(_Value):
    """An approval from its decision until it is lost, and the event by which it is known."""

    since: BusinessTime | None
    until: BusinessTime | None = None
    ended: bool = False
    event_id: str

    @property
    def span(self) -> Span:
        """The days on which it is in force."""
        return Span(since=first_day(self.since), until=first_day(self.until) if self.ended else date.max)


class UrgentMeasure(_Value):
    """A modification carried out before its approval, to protect subjects (CTR art. 54); without a site everywhere."""

    site_id: str | None
    on: BusinessTime | None
    event_id: str


class CoveringSubmission(_Value):
    """A submission, the document versions in it, and what the body has decided on them.

    What is `only_noted` is on record with the body and needs no approval (CTR art. 81(9)): no site waits for it.
    """

    submission_id: str
    body: Body
    country: str
    site_id: str | None
    modifies: bool
    only_noted: bool = False
    documents: tuple[ProtocolVersion, ...] = ()
    standing: Standing = "pending"
    approvals: tuple[ApprovalPeriod, ...] = ()
    urgent: tuple[UrgentMeasure, ...] = ()

    def covers(self, version: ProtocolVersion, country: str, site_id: str) -> bool:
        """Whether it is about the version, for the site or its whole country."""
        return self.country == country and self.site_id in {None, site_id} and version in self.documents


class Member(_Value):
    """Somebody on the delegation log, and on which days."""

    person_id: str
    span: Span


class Trained(_Value):
    """Somebody who was trained on the version, and on which days that holds."""

    person_id: str
    span: Span
    event_id: str


class Stated(_Value):
    """What a person said that the version asks of sites; None where nobody said."""

    consent_form: bool | None = None
    training: bool | None = None
    reconsent: bool | None = None


class Waived(_Value):
    """A step without which a site goes on from a day on, for a reason and by signature; the name stays in the state."""

    step: WaivableStep
    on: BusinessTime | None
    reason: str
    signer_id: str
    printed_name: str


class Facts(_Value):
    """What a judgement rests on. Without an `amendment` the version asks nothing of the site."""

    site_id: str
    country: str
    amendment: Amendment | None
    closed_on: date = date.max
    submissions: tuple[CoveringSubmission, ...] = ()
    stated: Stated = Stated()
    log: tuple[Member, ...] = ()
    trained: tuple[Trained, ...] = ()
    forms: Forms = Forms()
    forms_taken: tuple[FormTaken, ...] = ()
    participants: tuple[Participant, ...] = ()
