"""Questionnaire: one version of what candidate sites are asked, for one study or for all that the CRO runs.

A draft is revised until it is published; then it stays as it is, and what is to be asked differently is a new version.
So it can be told for every answer exactly what was asked (ICH E6(R3) 4.2.1).
"""

from typing import Literal

from kernel import Command, Event, Reason, Refused, State, changed

from sites.domain.feasibility_questions import Definition, flaws

Status = Literal["draft", "published", "retired"]


# Commands


class CreateQuestionnaire(Command):
    """Begin a version; without study and sponsor it is general.

    `number` counts the versions. A later one names the one it `supersedes`, of which the rest are facts.
    """

    questionnaire_id: str
    study_id: str | None
    sponsor_id: str | None
    title: str
    definition: Definition
    supersedes: str | None = None
    superseded_status: Status | None = None
    superseded_study_id: str | None = None
    number: int = 1


class ReviseQuestionnaire(Command):
    """Give the draft another title and other questions, all of them."""

    title: str
    definition: Definition


class PublishQuestionnaire(Command):
    """Let it be sent; it stays as it is from now on."""


class RetireQuestionnaire(Command):
    """Let it be sent no more; what was sent goes on."""


QuestionnaireCommand = CreateQuestionnaire | ReviseQuestionnaire | PublishQuestionnaire | RetireQuestionnaire


# Events


class QuestionnaireCreated(Event):
    """There is a draft."""

    questionnaire_id: str
    study_id: str | None
    sponsor_id: str | None
    title: str
    definition: Definition
    supersedes: str | None
    number: int


class QuestionnaireRevised(Event):
    """The draft asks something else."""

    title: str
    definition: Definition


class QuestionnairePublished(Event):
    """It can be sent."""


class QuestionnaireRetired(Event):
    """It is sent no more."""


QuestionnaireEvent = QuestionnaireCreated | QuestionnaireRevised | QuestionnairePublished | QuestionnaireRetired


# State


class Questionnaire(State):
    """A version as it is."""

    questionnaire_id: str
    study_id: str | None
    sponsor_id: str | None
    title: str
    definition: Definition
    supersedes: str | None
    number: int
    status: Status = "draft"


# Decide


def decide(questionnaire: Questionnaire | None, command: QuestionnaireCommand) -> list[QuestionnaireEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, CreateQuestionnaire):
        return create(questionnaire, command)
    if questionnaire is None:
        raise Refused(Reason(code="questionnaire_unknown", detail="The questionnaire is not known."))
    match command:
        case ReviseQuestionnaire():
            return revise(questionnaire, command)
        case PublishQuestionnaire():
            return publish(questionnaire, command)
        case RetireQuestionnaire():
            if questionnaire.status == "retired":
                return []
            return [QuestionnaireRetired(occurred_at=command.occurred_at)]


def create(questionnaire: Questionnaire | None, command: CreateQuestionnaire) -> list[QuestionnaireEvent]:
    """Begin once; a later version follows one that was published, for the same study."""
    if questionnaire is not None:
        return []
    reasons: list[Reason] = []
    if command.superseded_status == "draft":
        detail = "The version before is still a draft: revise that one."
        reasons.append(Reason(code="superseded_is_draft", field="supersedes", detail=detail))
    if command.supersedes is not None and command.superseded_study_id != command.study_id:
        detail = "The version before is for another study: begin a questionnaire of its own."
        reasons.append(Reason(code="superseded_of_other_study", field="supersedes", detail=detail))
    if reasons:
        raise Refused(*reasons)
    facts = {"superseded_status", "superseded_study_id"}
    return [QuestionnaireCreated.model_validate(command.model_dump(exclude=facts))]


def revise(questionnaire: Questionnaire, command: ReviseQuestionnaire) -> list[QuestionnaireEvent]:
    """Change a draft, and nothing that was published."""
    if (questionnaire.title, questionnaire.definition) == (command.title, command.definition):
        return []
    if questionnaire.status != "draft":
        detail = (
            f"The questionnaire is {questionnaire.status} and stays as it is: make a new version that supersedes it."
        )
        raise Refused(Reason(code="not_a_draft", field="status", detail=detail))
    return [QuestionnaireRevised.model_validate(dict(command))]


def publish(questionnaire: Questionnaire, command: PublishQuestionnaire) -> list[QuestionnaireEvent]:
    """Freeze a draft in which nothing is wrong; name everything that is."""
    if questionnaire.status == "published":
        return []
    reasons = flaws(questionnaire.definition)
    if questionnaire.status == "retired":
        detail = "The questionnaire is retired: make a new version that supersedes it."
        reasons.insert(0, Reason(code="retired", field="status", detail=detail))
    if reasons:
        raise Refused(*reasons)
    return [QuestionnairePublished(occurred_at=command.occurred_at)]


# Evolve


def evolve(questionnaire: Questionnaire | None, event: QuestionnaireEvent) -> Questionnaire:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, QuestionnaireCreated):
        return Questionnaire.model_validate(event.model_dump(exclude={"occurred_at"}))
    assert questionnaire is not None, "a questionnaire begins with its creation"
    match event:
        case QuestionnaireRevised():
            return changed(questionnaire, title=event.title, definition=event.definition)
        case QuestionnairePublished():
            return changed(questionnaire, status="published")
        case QuestionnaireRetired():
            return changed(questionnaire, status="retired")
