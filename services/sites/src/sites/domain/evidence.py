"""Evidence: what `sites` has learned from other services' events that lets a site be activated.

One aggregate a source (a submission, a monitoring visit). It is recorded whenever it arrives, before or after the
site is ready for it, so that any order of arrival leads to the same result.
"""

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed

from sites.domain.activation import EvidenceKind

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


class RevokeEvidence(Command):
    """Note that evidence is no longer in force; `event_id` says from which event this is known."""

    event_id: str


EvidenceCommand = RecordEvidence | RevokeEvidence


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


class EvidenceRevoked(Event):
    """The evidence is no longer in force."""

    event_id: str


EvidenceEvent = EvidenceRecorded | EvidenceRevoked


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
    in_force: bool = True


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


def evolve(evidence: Evidence | None, event: EvidenceEvent) -> Evidence:
    """Apply one event."""
    match event:
        case EvidenceRecorded():
            about = event.model_dump(exclude={"occurred_at"})
            return Evidence.model_validate({**about, "since": event.occurred_at})
        case EvidenceRevoked():
            if evidence is None:
                raise Refused(Reason(code="evidence_unknown", detail="The evidence is not known."))
            return changed(evidence, in_force=False)
