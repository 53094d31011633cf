"""Events of amendments, as the world learns of them: of people by opaque ids only, and of reasons nothing."""

from typing import Any

from contracts import PublicEvent
from contracts.sites import amendments as public

from sites.domain import amendment_requirements
from sites.domain import site_amendment_messages as messages
from sites.domain.amendment_judging import JudgedStep
from sites.domain.site_amendment import SiteAmendment

ABOUT = {"study_id", "site_id", "country", "amendment_id", "document_id", "version"}
DAYS = {"approved_on", "effective_in_country_on", "effective_on"}


def publish_requirements(
    state: amendment_requirements.AmendmentRequirements, event: amendment_requirements.AmendmentRequirementsStated
) -> PublicEvent:
    """How the world learns of what a version asks of sites."""
    about = state.model_dump(include={"study_id", "document_id", "version"})
    return public.AmendmentRequirementsStated.model_validate({**about, **event.stated.model_dump()})


def publish_amendment(state: SiteAmendment, event: messages.SiteAmendmentEvent) -> PublicEvent | None:
    """How the world learns of an amendment at a site: of steps, not of who signed or who is still to be trained."""
    about: dict[str, Any] = state.model_dump(include=ABOUT)
    match event:
        case messages.AmendmentOpened():
            days = event.model_dump(include={*DAYS, "substantial"})
            return public.AmendmentOpened.model_validate({**about, **days})
        case messages.AmendmentStepJudged():
            return _judged(about, event.step, was_done=event.was_done)
        case messages.AmendmentImplemented():
            return _implemented(about, state, event)
        case messages.AmendmentReopened():
            return public.AmendmentReopened.model_validate({**about, "was": event.was})
        case messages.AmendmentSuperseded():
            return public.AmendmentSuperseded.model_validate({**about, "superseded_by": event.by})
        case messages.AmendmentDiscontinued():
            return public.AmendmentDiscontinued.model_validate({**about, "because": event.because})
        case messages.AmendmentWaiverSigned() | messages.AmendmentWaiverEnded() | messages.AmendmentLookSet():
            return None


def _judged(about: dict[str, Any], step: JudgedStep, *, was_done: bool | None) -> PublicEvent | None:
    told = {**about, "step": step.step}
    match step.status:
        case "met":
            how = {"lag_days": step.lag_days, "evidence": step.evidence}
            return public.AmendmentStepMet.model_validate({**told, **how})
        case "not_required":
            return public.AmendmentStepNotRequired.model_validate({**told, "because": step.because})
        case "waived":
            return public.AmendmentStepWaived.model_validate(told)
        case "open" if was_done:
            return public.AmendmentStepReopened.model_validate({**told, "lacking": step.lacking_count})
        case "open":
            return None


def _implemented(about: dict[str, Any], state: SiteAmendment, event: messages.AmendmentImplemented) -> PublicEvent:
    assert state.implemented_on is not None, "what is implemented is so since a day"
    steps = [one.model_dump(include={"step", "status", "met_on", "lag_days", "evidence"}) for one in state.steps]
    lag = {
        "days_from_approval": state.days_since(state.approved_on, state.implemented_on),
        "days_from_effect": state.days_since(state.effective_in_country_on, state.implemented_on),
    }
    told = event.model_dump(include={"rested_on", "submissions", "corrects"})
    days = state.model_dump(include=DAYS)
    return public.AmendmentImplementedAtSite.model_validate({**about, **days, **lag, **told, "steps": steps})
