"""Evidence: what `sites` has learned from events that lets a site be activated.

One aggregate a source (a submission, a monitoring visit, a contract, a shipment). It is recorded whenever it arrives,
before or after the site is ready for it, so that any order of arrival leads to the same result.
"""

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed

EvidenceKind = str
"""The code of the checklist item that it is evidence for (`checklist_items.csv`)."""

# Commands


class RecordEvidence(Command):
    """Note evidence that is in force. Without a site it holds for the whole country."""

    source_id: str
    study_id: str
    sponsor_id: str
    kind: EvidenceKind
    country: str
    site_id: str | None
    event_id: str
    expires_on: BusinessTime | None = None
    covers: tuple[str, ...] = ()


class RevokeEvidence(Command):
    """Note that evidence is no longer in force; `event_id` says from which event this is known."""

    event_id: str


class ExtendEvidence(Command):
    """Note that evidence holds until another date."""

    event_id: str
    expires_on: BusinessTime


EvidenceCommand = RecordEvidence | RevokeEvidence | ExtendEvidence


# Events


class EvidenceRecorded(Event):
    """The evidence is in force."""

    source_id: str
    study_id: str
    sponsor_id: str
    kind: EvidenceKind
    country: str
    site_id: str | None
    event_id: str
    expires_on: BusinessTime | None
    covers: tuple[str, ...] = ()


class EvidenceRevoked(Event):
    """The evidence is no longer in force."""

    event_id: str


class EvidenceExtended(Event):
    """The evidence holds until another date."""

    event_id: str
    expires_on: BusinessTime


EvidenceEvent = EvidenceRecorded | EvidenceRevoked | EvidenceExtended


# State


class Evidence(State):
    """What is known of one source."""

    source_id: str
    study_id: str
    sponsor_id: str
    kind: EvidenceKind
    country: str
    site_id: str | None
    event_id: str
    since: BusinessTime | None
    expires_on: BusinessTime | None
    covers: tuple[str, ...] = ()
    in_force: bool = True
    ended_by: str | None = None
    ended_on: BusinessTime | None = None


def decide(evidence: Evidence | None, command: EvidenceCommand) -> list[EvidenceEvent]:
    """What follows from the command."""
    match command:
        case RecordEvidence():
            recorded = EvidenceRecorded.model_validate(dict(command))
            return [] if evidence == evolve(None, recorded) else [recorded]
        case RevokeEvidence():
            if evidence is None or not evidence.in_force:
                return []
            return [EvidenceRevoked(occurred_at=command.occurred_at, event_id=command.event_id)]
        case ExtendEvidence():
            if evidence is None or not evidence.in_force or evidence.expires_on == command.expires_on:
                return []
            return [EvidenceExtended.model_validate(dict(command))]


def evolve(evidence: Evidence | None, event: EvidenceEvent) -> Evidence:
    """Apply one event."""
    match event:
        case EvidenceRecorded():
            about = event.model_dump(exclude={"occurred_at"})
            return Evidence.model_validate({**about, "since": event.occurred_at})
        case EvidenceRevoked():
            return changed(_known(evidence), in_force=False, ended_by=event.event_id, ended_on=event.occurred_at)
        case EvidenceExtended():
            return changed(_known(evidence), expires_on=event.expires_on)


def _known(evidence: Evidence | None) -> Evidence:
    if evidence is None:
        raise Refused(Reason(code="evidence_unknown", detail="The evidence is not known."))
    return evidence
