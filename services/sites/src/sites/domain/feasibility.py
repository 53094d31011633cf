"""Feasibility: one questionnaire, as one candidate site was sent it, answers it and is scored by it.

What was asked is kept with the answers (`definition`), so that both read together for as long as the record does. The
site answers through a link that holds a secret; only the secret's hash is known here. While it answers, its draft is
saved with a number that rises, and a save that rests on an older number is refused: two windows do not overwrite each
other. Answers are returned once, by whom is noted (ICH E6(R3) 4.2.2: attributable), and a returned questionnaire can be
opened again for correction.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed

from sites.domain.feasibility_answers import (
    Answers,
    Given,
    Respondent,
    asked_only,
    before_asked,
    difference,
    unanswered,
    unknown,
    values_of,
    with_difference,
    with_given,
)
from sites.domain.feasibility_links import Access, Link, not_open
from sites.domain.feasibility_questions import Definition
from sites.domain.feasibility_scoring import Score, score

Status = Literal["sent", "returned", "withdrawn"]

# Commands


class SendQuestionnaire(Command):
    """Ask a candidate site. The facts tell whether the site is a candidate and the questionnaire published."""

    assessment_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    questionnaire_id: str
    questionnaire_number: int
    title: str
    definition: Definition
    questionnaire_is_published: bool
    questionnaire_study_id: str | None
    site_is_candidate: bool
    link: Link


class RenewLink(Command):
    """Give a new link; the one before opens no more."""

    link: Link


class RevokeLink(Command):
    """Let the link open no more."""


class SaveAnswers(Command):
    """Keep a draft: what is an answer is kept, what is none is left as it was."""

    access: Access
    based_on: int
    given: Given


class ReturnAnswers(Command):
    """Answer for good: through the link, or for the site by whom it told (no access, any draft)."""

    access: Access | None
    based_on: int | None
    given: Given
    respondent: Respondent


class ReopenAnswers(Command):
    """Let the site correct what it returned, through a new link."""

    link: Link


class WithdrawQuestionnaire(Command):
    """Ask the site no more."""


FeasibilityCommand = (
    SendQuestionnaire | RenewLink | RevokeLink | SaveAnswers | ReturnAnswers | ReopenAnswers | WithdrawQuestionnaire
)


# Events


class QuestionnaireSent(Event):
    """The site is asked."""

    assessment_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    questionnaire_id: str
    questionnaire_number: int
    title: str
    definition: Definition
    link: Link


class LinkRenewed(Event):
    """There is a new link."""

    link: Link


class LinkRevoked(Event):
    """The link opens no more."""


class AnswersSaved(Event):
    """The draft changed: these answers are new, those questions have none any more."""

    answers: Answers
    emptied: tuple[str, ...]


class AnswersReturned(Event):
    """The site answered: these are all its answers. `entered_on_behalf`: somebody else entered them for it."""

    answers: Answers
    respondent: Respondent
    entered_on_behalf: bool = False


class AnswersScored(Event):
    """The answers were scored."""

    score: Score


class AnswersReopened(Event):
    """The site may correct its answers."""

    link: Link


class QuestionnaireWithdrawn(Event):
    """The site is asked no more."""


FeasibilityEvent = (
    QuestionnaireSent
    | LinkRenewed
    | LinkRevoked
    | AnswersSaved
    | AnswersReturned
    | AnswersScored
    | AnswersReopened
    | QuestionnaireWithdrawn
)


# State


class Assessment(State):
    """Where a site stands with a questionnaire. `draft` counts the saves; `saved_at` is the instant of the last."""

    assessment_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    questionnaire_id: str
    questionnaire_number: int
    title: str
    definition: Definition
    link: Link
    status: Status = "sent"
    sent_on: BusinessTime | None
    answers: Answers = ()
    draft: int = 0
    saved_at: BusinessTime | None = None
    returned_on: BusinessTime | None = None
    respondent: Respondent | None = None
    entered_on_behalf: bool = False
    score: Score | None = None


# Decide


def decide(assessment: Assessment | None, command: FeasibilityCommand) -> list[FeasibilityEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, SendQuestionnaire):
        return send(assessment, command)
    if assessment is None:
        raise Refused(Reason(code="assessment_unknown", detail="No questionnaire was sent under this id."))
    match command:
        case RenewLink():
            _require(_not_in(assessment, "sent"))
            return [LinkRenewed.model_validate(dict(command))]
        case RevokeLink():
            return [] if assessment.link.revoked else [LinkRevoked(occurred_at=command.occurred_at)]
        case SaveAnswers():
            return save(assessment, command)
        case ReturnAnswers():
            return return_answers(assessment, command)
        case ReopenAnswers():
            _require(_not_in(assessment, "returned"))
            return [AnswersReopened.model_validate(dict(command))]
        case WithdrawQuestionnaire():
            if assessment.status == "withdrawn":
                return []
            _require(_not_in(assessment, "sent"))
            return [QuestionnaireWithdrawn(occurred_at=command.occurred_at)]


def send(assessment: Assessment | None, command: SendQuestionnaire) -> list[FeasibilityEvent]:
    """Ask a candidate site once; again only after the questionnaire was withdrawn."""
    if assessment is not None and assessment.status != "withdrawn":
        return []
    reasons: list[Reason] = []
    if not command.site_is_candidate:
        detail = "The site is no candidate any more: it was chosen, or not chosen, already."
        reasons.append(Reason(code="site_is_no_candidate", field="site_id", detail=detail))
    if not command.questionnaire_is_published:
        detail = "The questionnaire is not published: publish it, or send another."
        reasons.append(Reason(code="questionnaire_not_published", field="questionnaire_id", detail=detail))
    if command.questionnaire_study_id not in {None, command.study_id}:
        detail = "The questionnaire is for another study."
        reasons.append(Reason(code="questionnaire_of_other_study", field="questionnaire_id", detail=detail))
    _require(reasons)
    facts = {"questionnaire_is_published", "questionnaire_study_id", "site_is_candidate"}
    return [QuestionnaireSent.model_validate(command.model_dump(exclude=facts))]


def save(assessment: Assessment, command: SaveAnswers) -> list[FeasibilityEvent]:
    """Keep what changed, unless another window kept something since."""
    unclear = unknown(assessment.definition, command.given)
    _require([*not_open(assessment.link, command.access), *_not_in(assessment, "sent"), *unclear])
    answers = with_given(assessment.definition, assessment.answers, command.given)
    if answers == assessment.answers:
        return []
    _require(_stale(assessment, command.based_on))
    new, emptied = difference(assessment.answers, answers)
    return [AnswersSaved(occurred_at=command.occurred_at, answers=new, emptied=emptied)]


def return_answers(assessment: Assessment, command: ReturnAnswers) -> list[FeasibilityEvent]:
    """Take all answers, once, and score them; name every question that is not answered as it must be."""
    if command.access is not None:
        _require(not_open(assessment.link, command.access))
    if assessment.status == "returned":
        return []
    definition, given = assessment.definition, command.given
    _require([*_not_in(assessment, "sent"), *unknown(definition, given)])
    answers = with_given(definition, assessment.answers, given)
    stale = _stale(assessment, command.based_on) if answers != assessment.answers else []
    on_behalf = command.access is None
    early = before_asked(assessment.sent_on, command.occurred_at) if on_behalf else []
    _require([*stale, *early, *unanswered(definition, answers, given)])
    at, answers = command.occurred_at, asked_only(definition, answers)
    returned = AnswersReturned(
        occurred_at=at, answers=answers, respondent=command.respondent, entered_on_behalf=on_behalf
    )
    return [returned, AnswersScored(occurred_at=at, score=score(definition, values_of(answers)))]


def _not_in(assessment: Assessment, status: Status) -> list[Reason]:
    if assessment.status == status:
        return []
    detail = f"The questionnaire is {assessment.status}, and this asks for one that is {status}."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def _stale(assessment: Assessment, based_on: int | None) -> list[Reason]:
    if based_on is None or based_on == assessment.draft:
        return []
    detail = "The answers were changed elsewhere since this page was loaded: load them, then change them."
    return [Reason(code="changed_elsewhere", field="based_on", detail=detail)]


def _require(unmet: list[Reason]) -> None:
    if unmet:
        raise Refused(*unmet)


# Evolve


def evolve(assessment: Assessment | None, event: FeasibilityEvent) -> Assessment:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, QuestionnaireSent):
        about = {**dict(event), "sent_on": event.occurred_at}
        del about["occurred_at"]
        return Assessment.model_validate(about) if assessment is None else changed(assessment, **about, status="sent")
    assert assessment is not None, "an assessment begins with its questionnaire"
    match event:
        case LinkRenewed():
            return changed(assessment, link=event.link)
        case LinkRevoked():
            return changed(assessment, link=assessment.link.model_copy(update={"revoked": True}))
        case AnswersSaved():
            answers = with_difference(assessment.definition, assessment.answers, event.answers, event.emptied)
            return changed(assessment, answers=answers, draft=assessment.draft + 1, saved_at=event.occurred_at)
        case AnswersReturned():
            told = {name: value for name, value in dict(event).items() if name != "occurred_at"}
            return changed(assessment, status="returned", returned_on=event.occurred_at, **told)
        case AnswersScored():
            return changed(assessment, score=event.score)
        case AnswersReopened():
            return changed(assessment, status="sent", link=event.link, returned_on=None, score=None)
        case QuestionnaireWithdrawn():
            return changed(assessment, status="withdrawn")
