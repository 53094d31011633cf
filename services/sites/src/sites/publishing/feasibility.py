"""Events of feasibility, as the world learns of them: that a site was asked and answered, never what it answered."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import feasibility, pre_study_visit, questionnaire

PLAIN_EVENTS: dict[type[feasibility.FeasibilityEvent], type[public.FeasibilityEvent]] = {
    feasibility.QuestionnaireSent: public.FeasibilitySent,
    feasibility.AnswersReturned: public.FeasibilityReturned,
    feasibility.AnswersReopened: public.FeasibilityReopened,
    feasibility.QuestionnaireWithdrawn: public.FeasibilityWithdrawn,
}


def publish_feasibility(state: feasibility.Assessment, event: feasibility.FeasibilityEvent) -> PublicEvent | None:
    """How the world learns of an event; of links and drafts it does not."""
    about = state.model_dump(include={"study_id", "site_id", "country", "assessment_id", "questionnaire_id"})
    match event:
        case feasibility.AnswersScored():
            excluded = bool(event.score.disqualified_by)
            return public.FeasibilityScored(**about, score_percent=event.score.percent, disqualified=excluded)
        case (
            feasibility.QuestionnaireSent()
            | feasibility.AnswersReturned()
            | feasibility.AnswersReopened()
            | feasibility.QuestionnaireWithdrawn()
        ):
            return PLAIN_EVENTS[type(event)](**about)
        case feasibility.LinkRenewed() | feasibility.LinkRevoked() | feasibility.AnswersSaved():
            return None


def publish_questionnaire(state: questionnaire.Questionnaire, event: questionnaire.QuestionnaireEvent) -> None:
    """Not at all: the world learns when it is sent."""


def publish_pre_study_visit(state: pre_study_visit.PreStudyVisit, event: pre_study_visit.PreStudyVisitNoted) -> None:
    """Not at all: the world has it from the service that it comes from."""
