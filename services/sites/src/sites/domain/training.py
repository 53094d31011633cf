"""Training: a person of a site was trained in a topic of one study, perhaps until a date.

Trial-specific training, and what a task needs besides, are conditions of delegation (ICH E6(R3) 2.3.2; TMF Reference
Model 05.03.03). Training in the protocol may name the version, and only then counts for an amendment. A record made in
error is voided, never deleted. Expiry by date is told once, when its day has passed.
"""

from datetime import datetime

from kernel import BusinessTime, Command, Event, Reason, Refused, State, bounds, changed, is_before

from sites.domain.protocol_versions import ProtocolVersion
from sites.domain.staffing import Topic

# Commands


class RecordTraining(Command):
    """Record that a person completed a training; `occurred_at` is the date of completion."""

    training_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    person_id: str
    topic: Topic
    document: str | None = None
    document_version: ProtocolVersion | None = None
    expires_on: BusinessTime | None = None


class VoidTraining(Command):
    """Take a record back that was made in error."""


class ExpireTraining(Command):
    """Note that the training's last day has passed; `now` is the present instant."""

    now: BusinessTime


TrainingCommand = RecordTraining | VoidTraining | ExpireTraining


# Events


class TrainingCompleted(Event):
    """The person is trained."""

    training_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    person_id: str
    topic: Topic
    document: str | None
    document_version: ProtocolVersion | None = None
    expires_on: BusinessTime | None


class TrainingVoided(Event):
    """The record was an error."""


class TrainingExpired(Event):
    """The training's last day has passed."""


TrainingEvent = TrainingCompleted | TrainingVoided | TrainingExpired


# State


class Training(State):
    """One training of one person. `due_at` is the instant at which it expires, until that is told."""

    training_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    person_id: str
    topic: Topic
    document: str | None
    document_version: ProtocolVersion | None = None
    completed_on: BusinessTime | None
    expires_on: BusinessTime | None
    expired: bool = False
    voided: bool = False
    due_at: datetime | None = None


# Decide


def decide(training: Training | None, command: TrainingCommand) -> list[TrainingEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case RecordTraining():
            return record(training, command)
        case VoidTraining():
            return [] if _existing(training).voided else [TrainingVoided(occurred_at=command.occurred_at)]
        case ExpireTraining():
            return expire(_existing(training), command)


def record(training: Training | None, command: RecordTraining) -> list[TrainingEvent]:
    """Record once, with an end that is not before the completion."""
    if training is not None:
        return []
    ends, at = command.expires_on, command.occurred_at
    if ends is not None and at is not None and is_before(ends, at):
        detail = f"The training cannot expire on {ends}, before it was completed on {at}. Give it the later date."
        raise Refused(Reason(code="expires_before_completion", field="expires_on", detail=detail))
    return [TrainingCompleted.model_validate(dict(command))]


def expire(training: Training, command: ExpireTraining) -> list[TrainingEvent]:
    """Tell once that the last day has passed."""
    ends = training.expires_on
    if training.expired or training.voided or ends is None or not is_before(ends, command.now):
        return []
    return [TrainingExpired(occurred_at=ends)]


def _existing(training: Training | None) -> Training:
    if training is None:
        raise Refused(Reason(code="training_unknown", detail="The training is not known."))
    return training


# Evolve


def evolve(training: Training | None, event: TrainingEvent) -> Training:
    """Apply one event. No rule lives here: what happened, happened."""
    match event:
        case TrainingCompleted():
            about = event.model_dump(exclude={"occurred_at"})
            due_at = bounds(event.expires_on)[1] if event.expires_on is not None else None
            return Training.model_validate({**about, "completed_on": event.occurred_at, "due_at": due_at})
        case TrainingVoided():
            return changed(_existing(training), voided=True, due_at=None)
        case TrainingExpired():
            return changed(_existing(training), expired=True, due_at=None)
