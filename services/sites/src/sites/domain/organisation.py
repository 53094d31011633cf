"""Organisation: a facility where studies take place, as the CRO knows it across studies and sponsors.

What a sponsor's study knows of it is the link in its site's team (`site_team.py`). The capabilities are those of a site
profile as feasibility uses it (ICH E6(R3) 2.2: adequate resources, facilities and number of eligible participants).
"""

from kernel import Command, Event, Reason, Refused, changed
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
from sites.domain.naming import Identifiers, compared


class Capabilities(BaseModel):
    """What the facility has; None where nobody has said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    equipment: tuple[str, ...] = ()
    pharmacy: bool | None = None
    laboratory: bool | None = None
    therapeutic_areas: tuple[str, ...] = ()
    active_patients: int | None = Field(default=None, ge=0, description="Estimated, in all therapeutic areas")


class Profile(BaseModel):
    """A facility's particulars. `country` is ISO 3166-1 alpha-2."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    address: str | None = None
    city: str | None = None
    country: str
    identifiers: Identifiers = ()
    capabilities: Capabilities = Capabilities()


# Commands


class RegisterOrganisation(Command):
    """Begin a facility's master record."""

    organisation_id: str
    profile: Profile


class CorrectOrganisation(Command):
    """Give the record the particulars it should have, all of them."""

    profile: Profile


OrganisationCommand = RegisterOrganisation | CorrectOrganisation | MergingCommand


# Events


class OrganisationRegistered(Event):
    """The facility is known."""

    organisation_id: str
    profile: Profile


class OrganisationCorrected(Event):
    """The facility's particulars changed."""

    profile: Profile


OrganisationEvent = OrganisationRegistered | OrganisationCorrected | MergingEvent


# State


class Organisation(Mergeable):
    """A facility as it is. By `match_keys` records of the same facility are found."""

    organisation_id: str
    profile: Profile
    match_keys: tuple[str, ...]


# Decide


def decide(organisation: Organisation | None, command: OrganisationCommand) -> list[OrganisationEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, RegisterOrganisation):
        return [] if organisation is not None else [OrganisationRegistered.model_validate(dict(command))]
    if organisation is None:
        raise Refused(Reason(code="organisation_unknown", detail="The organisation is not known."))
    match command:
        case CorrectOrganisation():
            require_standing(organisation)
            if command.profile == organisation.profile:
                return []
            return [OrganisationCorrected(occurred_at=command.occurred_at, profile=command.profile)]
        case MergeInto() | Absorb() | Unmerge() | Release():
            return [*decide_merging(organisation, organisation.organisation_id, command)]


# Evolve


def evolve(organisation: Organisation | None, event: OrganisationEvent) -> Organisation:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, OrganisationRegistered):
        about = {"organisation_id": event.organisation_id, "profile": event.profile}
        return Organisation.model_validate({**about, "match_keys": match_keys(event.profile)})
    assert organisation is not None, "a record begins with its registration"
    match event:
        case OrganisationCorrected():
            return changed(organisation, profile=event.profile, match_keys=match_keys(event.profile))
        case RecordMerged() | RecordAbsorbed() | RecordUnmerged() | RecordReleased():
            return evolve_merging(organisation, event)


def match_keys(profile: Profile) -> tuple[str, ...]:
    """Two facilities that share one of these are probably one: the same name at the same place, or an identifier."""
    place = f"name:{compared(profile.name)}|{compared(profile.city or '')}|{profile.country}"
    return (place, *(one.key for one in profile.identifiers))
