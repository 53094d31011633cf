"""Events of sponsor agreements, as the world learns of them. The names of parties stay here."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import agreement


def publish_agreement(state: agreement.Agreement, event: agreement.AgreementEvent) -> PublicEvent:
    """How the world learns of an agreement's event."""
    about = {"study_id": state.study_id, "agreement_id": state.agreement_id, "reference": state.reference}
    match event:
        case agreement.AgreementSigned():
            return public.AgreementSigned.model_validate({**about, "effective_from": event.effective_from})
        case agreement.AgreementAmended():
            told = {"amendment": event.reference, "effective_from": event.effective_from}
            return public.AgreementAmended.model_validate({**about, **told})
        case agreement.AgreementEnded():
            return public.AgreementEnded.model_validate({**about, "ended_on": event.ended_on})
        case agreement.ObligationTransferred():
            terms = event.terms.model_dump(exclude={"party"})
            return public.ObligationTransferred.model_validate({**about, **terms, "amendment": event.amendment})
        case agreement.ObligationReturned():
            told = event.model_dump(exclude={"occurred_at"})
            return public.ObligationReturned.model_validate({**about, **told})
