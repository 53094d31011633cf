"""Person: an investigator or a member of a site's staff, as the CRO knows them across studies and sponsors.

Qualification is shown by credentials with an expiry: licence, curriculum vitae, GCP certificate, training (ICH E6(R3)
2.1.1 and 2.1.2; TMF Reference Model 05.02.04, 05.02.07, 05.03.03). That one has lapsed is told once, when it is due or
as soon afterwards as anybody can know; `next_lapse_at` is when that is, so that no downtime misses it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, bounds, changed
from pydantic import BaseModel, ConfigDict, Field

from sites.domain.merging import (
    Absorb,
    Mergeable,
    MergeInto,
    MergingCommand,
    MergingEvent,
    RecordAbsorbed,
    RecordMerged,
    RecordReleased,
    RecordUnmerged,
    Release,
    Unmerge,
    decide_merging,
    evolve_merging,
    require_standing,
)
from sites.domain.naming import Identifiers, compared, compared_in_any_order

CredentialKind = Literal["licence", "curriculum_vitae", "gcp_certificate", "training"]
Standing = Literal["not_yet_valid", "valid", "expiring", "expired"]

EXPIRING_WITHIN = timedelta(days=60)
"""Common practice of start-up teams; no rule prescribes it."""
CREDENTIALS_MAX = 500


class Details(BaseModel):
    """Who somebody is. `country` is ISO 3166-1 alpha-2: where they practise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    family_name: str
    given_name: str
    title: str | None = None
    profession: str
    city: str | None = None
    country: str
    identifiers: Identifiers = ()

    @property
    def full_name(self) -> str:
        """The name as it is printed."""
        return " ".join(part for part in (self.title, self.given_name, self.family_name) if part)


class Credential(BaseModel):
    """One proof of qualification. `course` says of a training what it was for; `number` is the issuer's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    credential_id: str
    kind: CredentialKind
    course: str | None = None
    number: str | None = None
    issued_on: BusinessTime
    expires_on: BusinessTime | None = None
    document_id: str | None = None

    @property
    def subject(self) -> tuple[CredentialKind, str | None]:
        """What it proves: a later proof of the same takes its place."""
        return self.kind, compared(self.course) if self.course else None


class Lapse(BaseModel):
    """That somebody has no valid credential of this kind since it expired."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: CredentialKind
    course: str | None
    expired_on: BusinessTime

    @property
    def subject(self) -> tuple[CredentialKind, str | None]:
        """What there is no proof of any more."""
        return self.kind, compared(self.course) if self.course else None

    @property
    def at(self) -> datetime:
        """The first instant at which it is certain."""
        return bounds(self.expired_on)[1]


# Commands


class RegisterPerson(Command):
    """Begin a person's master record."""

    person_id: str
    details: Details


class CorrectPerson(Command):
    """Give the record the particulars it should have, all of them."""

    details: Details


class RecordCredential(Command):
    """Note a proof of qualification."""

    credential: Credential


class VoidCredential(Command):
    """Take back a proof that was recorded in error."""

    credential_id: str


class NoteLapses(Command):
    """Note every lapse that is certain at this instant."""

    at: datetime


PersonCommand = RegisterPerson | CorrectPerson | RecordCredential | VoidCredential | NoteLapses | MergingCommand


# Events


class PersonRegistered(Event):
    """The person is known."""

    person_id: str
    details: Details


class PersonCorrected(Event):
    """The person's particulars changed."""

    details: Details


class CredentialRecorded(Event):
    """There is a proof of qualification."""

    credential: Credential


class CredentialVoided(Event):
    """The proof was recorded in error."""

    credential_id: str


class CredentialLapsed(Event):
    """There is no valid proof of this kind any more."""

    lapse: Lapse


PersonEvent = (
    PersonRegistered | PersonCorrected | CredentialRecorded | CredentialVoided | CredentialLapsed | MergingEvent
)


# State


class Person(Mergeable):
    """A person as they are known. By `match_keys` records of the same person are found."""

    person_id: str
    details: Details
    match_keys: tuple[str, ...]
    credentials: tuple[Credential, ...] = ()
    lapses_told: tuple[Lapse, ...] = ()
    next_lapse_at: datetime | None = Field(None, description="When the next lapse is to be told, UTC")


# Decide


def decide(person: Person | None, command: PersonCommand) -> list[PersonEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, RegisterPerson):
        return [] if person is not None else [PersonRegistered.model_validate(dict(command))]
    if person is None:
        raise Refused(Reason(code="person_unknown", detail="The person is not known."))
    match command:
        case CorrectPerson():
            require_standing(person)
            unchanged = command.details == person.details
            return [] if unchanged else [PersonCorrected(occurred_at=command.occurred_at, details=command.details)]
        case RecordCredential():
            return record(person, command)
        case VoidCredential():
            there = any(one.credential_id == command.credential_id for one in person.credentials)
            return [CredentialVoided.model_validate(dict(command))] if there else []
        case NoteLapses():
            due = [lapse for lapse in lapses_to_tell(person) if lapse.at <= command.at]
            return [CredentialLapsed(occurred_at=lapse.expired_on, lapse=lapse) for lapse in due]
        case MergeInto() | Absorb() | Unmerge() | Release():
            return [*decide_merging(person, person.person_id, command)]


def record(person: Person, command: RecordCredential) -> list[PersonEvent]:
    """Take a proof in once, and name everything that keeps it from being one."""
    new = command.credential
    if new in person.credentials:
        return []
    require_standing(person)
    reasons: list[Reason] = []
    if (new.kind == "training") != (new.course is not None):
        detail = "Say of a training what it was for, and of nothing else."
        reasons.append(Reason(code="course_needed", field="course", detail=detail))
    if new.expires_on is not None and bounds(new.expires_on)[1] <= bounds(new.issued_on)[0]:
        detail = f"It cannot expire on {new.expires_on}, before it was issued on {new.issued_on}."
        reasons.append(Reason(code="expires_before_issue", field="expires_on", detail=detail))
    if len(person.credentials) >= CREDENTIALS_MAX:
        detail = f"A person has at most {CREDENTIALS_MAX} credentials: void those that were recorded in error."
        reasons.append(Reason(code="too_many_credentials", detail=detail))
    if reasons:
        raise Refused(*reasons)
    return [CredentialRecorded(occurred_at=command.occurred_at, credential=new)]


def lapses_to_tell(person: Person) -> list[Lapse]:
    """The lapse of each kind of credential that will come, or has come and is not told; the earliest first."""
    by_subject = {one.subject: one for one in in_use(person.credentials)}
    lapses = (_lapse(one) for one in by_subject.values())
    return sorted((one for one in lapses if one and one not in person.lapses_told), key=lambda one: one.at)


def in_use(credentials: Iterable[Credential]) -> list[Credential]:
    """Of each kind the credential that holds longest: the one that counts."""
    longest: dict[tuple[CredentialKind, str | None], Credential] = {}
    for one in credentials:
        known = longest.get(one.subject)
        if known is None or _end(one) > _end(known):
            longest[one.subject] = one
    return list(longest.values())


def standing(credential: Credential, at: datetime) -> Standing:
    """How a credential stands at an instant."""
    if bounds(credential.issued_on)[0] > at:
        return "not_yet_valid"
    end = _end(credential)
    if end <= at:
        return "expired"
    return "expiring" if end - at <= EXPIRING_WITHIN else "valid"


def _end(credential: Credential) -> datetime:
    return bounds(credential.expires_on)[1] if credential.expires_on else datetime.max.replace(tzinfo=UTC)


def _lapse(credential: Credential) -> Lapse | None:
    if credential.expires_on is None:
        return None
    return Lapse(kind=credential.kind, course=credential.course, expired_on=credential.expires_on)


# Evolve


def evolve(person: Person | None, event: PersonEvent) -> Person:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, PersonRegistered):
        about = {"person_id": event.person_id, "details": event.details}
        return Person.model_validate({**about, "match_keys": match_keys(event.details)})
    assert person is not None, "a record begins with its registration"
    match event:
        case PersonCorrected():
            return changed(person, details=event.details, match_keys=match_keys(event.details))
        case CredentialRecorded():
            return _timed(changed(person, credentials=(*person.credentials, event.credential)))
        case CredentialVoided():
            left = tuple(one for one in person.credentials if one.credential_id != event.credential_id)
            return _timed(changed(person, credentials=left))
        case CredentialLapsed():
            return _timed(changed(person, lapses_told=(*person.lapses_told, event.lapse)))
        case RecordMerged() | RecordAbsorbed() | RecordUnmerged() | RecordReleased():
            return evolve_merging(person, event)


def _timed(person: Person) -> Person:
    coming = lapses_to_tell(person)
    return changed(person, next_lapse_at=coming[0].at if coming else None)


def instant_text(at: datetime) -> str:
    """An instant as the state keeps it, so that texts compare as the instants do."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def match_keys(details: Details) -> tuple[str, ...]:
    """Two people who share one of these are probably one: the same name at the same place, or an identifier."""
    name = compared_in_any_order(f"{details.given_name} {details.family_name}")
    place = f"name:{name}|{compared(details.city or '')}|{details.country}"
    return (place, *(one.key for one in details.identifiers))
