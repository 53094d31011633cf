"""Events of delegations and trainings, as the world learns of them: of people by opaque ids only."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import delegation, training


def publish_delegation(state: delegation.Delegation, event: delegation.DelegationEvent) -> PublicEvent:
    """How the world learns of a delegation's event."""
    about = {
        "study_id": state.study_id,
        "site_id": state.site_id,
        "country": state.country,
        "delegation_id": state.delegation_id,
        "person_id": state.person_id,
    }
    match event:
        case delegation.TaskDelegated():
            return public.TaskDelegated(**about, role=event.role, tasks=event.tasks)
        case delegation.DelegationAuthorised():
            return public.DelegationAuthorised(**about)
        case delegation.DelegationEnded():
            return public.DelegationEnded(**about)


def publish_training(state: training.Training, event: training.TrainingEvent) -> PublicEvent:
    """How the world learns of a training's event."""
    about = {
        "study_id": state.study_id,
        "site_id": state.site_id,
        "country": state.country,
        "training_id": state.training_id,
        "person_id": state.person_id,
        "topic": state.topic,
    }
    match event:
        case training.TrainingCompleted():
            in_version = event.document_version.model_dump() if event.document_version is not None else None
            told = {"expires_on": event.expires_on, "document_version": in_version}
            return public.TrainingCompleted.model_validate({**about, **told})
        case training.TrainingVoided():
            return public.TrainingVoided.model_validate(about)
        case training.TrainingExpired():
            return public.TrainingExpired.model_validate(about)
