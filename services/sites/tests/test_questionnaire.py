"""What is asked is frozen once it is published, and nothing unanswerable is published."""

from functools import reduce
from typing import Any

import pytest
from feasibility_example import ASKED
from kernel import Refused
from sites.domain.feasibility_questions import Definition, Question, flaws, read, shown
from sites.domain.questionnaire import (
    CreateQuestionnaire,
    PublishQuestionnaire,
    Questionnaire,
    QuestionnaireCommand,
    QuestionnaireCreated,
    QuestionnairePublished,
    QuestionnaireRetired,
    QuestionnaireRevised,
    RetireQuestionnaire,
    ReviseQuestionnaire,
    decide,
    evolve,
)

AT: dict[str, Any] = {"occurred_at": "2026-03-01"}
ABOUT: dict[str, Any] = {
    "questionnaire_id": "q1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "title": "F",
    "definition": ASKED,
}
CREATED = QuestionnaireCreated(**AT, **ABOUT, supersedes=None, number=1)
PUBLISHED, RETIRED = QuestionnairePublished(**AT), QuestionnaireRetired(**AT)


def after(*events: Any) -> Questionnaire | None:
    return reduce(evolve, events, None)


def codes(state: Questionnaire | None, command: QuestionnaireCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(state, command)
    return [reason.code for reason in refused.value.reasons]


def one(**question: Any) -> Definition:
    asked = {"code": "a", "text": "A?", "kind": "text", **question}
    first = {"code": "first", "text": "First?", "kind": "yes_no"}
    return Definition.model_validate({"sections": [{"title": "S", "questions": [first, asked]}]})


def test_a_version_is_drafted_revised_and_published() -> None:
    assert decide(None, CreateQuestionnaire(**AT, **ABOUT)) == [CREATED]
    assert decide(after(CREATED), CreateQuestionnaire(**AT, **ABOUT)) == []
    revise = ReviseQuestionnaire(**AT, title="G", definition=ASKED)
    revised = QuestionnaireRevised(**AT, title="G", definition=ASKED)
    assert decide(after(CREATED), revise) == [revised]
    assert decide(after(CREATED, revised), revise) == []
    assert decide(after(CREATED), PublishQuestionnaire(**AT)) == [PUBLISHED]
    assert decide(after(CREATED, PUBLISHED), PublishQuestionnaire(**AT)) == []
    assert decide(after(CREATED, PUBLISHED), RetireQuestionnaire(**AT)) == [RETIRED]
    assert decide(after(CREATED, RETIRED), RetireQuestionnaire(**AT)) == []


def test_what_was_published_stays_as_it_is() -> None:
    revise = ReviseQuestionnaire(**AT, title="G", definition=ASKED)
    assert codes(after(CREATED, PUBLISHED), revise) == ["not_a_draft"]
    assert codes(after(CREATED, RETIRED), PublishQuestionnaire(**AT)) == ["retired"]
    assert codes(None, PublishQuestionnaire(**AT)) == ["questionnaire_unknown"]


def test_a_later_version_follows_a_published_one_of_the_same_study() -> None:
    facts = {"supersedes": "q0", "superseded_status": "draft", "superseded_study_id": "s2", "number": 2}
    command = CreateQuestionnaire.model_validate({**AT, **ABOUT, **facts})
    assert codes(None, command) == ["superseded_is_draft", "superseded_of_other_study"]
    sound = command.model_copy(update={"superseded_status": "published", "superseded_study_id": "s1"})
    [created] = decide(None, sound)
    assert isinstance(created, QuestionnaireCreated)
    assert created.number == 2


def test_the_example_has_no_flaw() -> None:
    assert flaws(ASKED) == []


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ({"code": "first"}, "code_repeated"),
        ({"kind": "choice"}, "options_needed"),
        ({"options": [{"code": "x", "text": "X"}]}, "options_needed"),
        ({"kind": "multi", "options": [{"code": "x", "text": "X"}] * 2}, "option_repeated"),
        ({"unit": "kg"}, "not_a_number"),
        ({"kind": "number", "minimum": 3, "maximum": 2}, "bounds_crossed"),
        ({"shown_if": {"question": "a", "is_one_of": ["yes"]}}, "condition_not_earlier"),
        ({"shown_if": {"question": "first", "is_one_of": ["perhaps"]}}, "condition_impossible"),
        ({"weight": 1}, "scoring_incomplete"),
        ({"weight": 1, "awards": [{"option": "x", "points": 1}]}, "awards_unclear"),
        ({"kind": "number", "weight": 1, "awards": [{"option": "x", "points": 1}]}, "awards_unclear"),
        ({"kind": "number", "weight": 1, "awards": [{"at_least": 1, "points": 1}] * 2}, "awards_unclear"),
        ({"kind": "yes_no", "weight": 1, "awards": [{"option": "yes", "points": 1}] * 2}, "award_repeated"),
    ],
)
def test_every_flaw_is_named_before_it_is_published(question: dict[str, Any], named: str) -> None:
    [flaw] = flaws(one(**question))
    assert (flaw.code, flaw.field) == (named, question.get("code", "a"))
    draft = after(CREATED.model_copy(update={"definition": one(**question)}))
    assert codes(draft, PublishQuestionnaire(**AT)) == [named]


def question_of(code: str) -> Question:
    return next(question for question in ASKED.questions if question.code == code)


@pytest.mark.parametrize(
    ("code", "raw", "value"),
    [
        ("patients", " 012.50 ", "12.5"),
        ("patients", "+0", "0"),
        ("patients", "500", "500"),
        ("pharmacy", "yes", "yes"),
        ("storage", ["freezer", "fridge", "fridge", ""], ("fridge", "freezer")),
        ("storage", [], None),
        ("staff", " a\r\nb ", "a\nb"),
        ("staff", "  ", None),
        ("start", "2026-09", "2026-09"),
    ],
)
def test_an_answer_has_one_form(code: str, raw: Any, value: Any) -> None:
    assert read(question_of(code), raw) == value


@pytest.mark.parametrize(
    ("code", "raw", "told"),
    [
        ("patients", "1,5", "with a point"),
        ("patients", "1e3", "in digits"),
        ("patients", "-1", "at least 0"),
        ("patients", "501", "at most 500"),
        ("pharmacy", "maybe", "one of the answers"),
        ("pharmacy", ["yes"], "one answer"),
        ("storage", ["cellar"], "from the answers"),
        ("start", "31.3.2026", "year-month-day"),
        ("start", "2026-02-30", "in the calendar"),
        ("staff", "x" * 4001, "it has 4001"),
        ("staff", "a\0", "cannot be written"),
    ],
)
def test_what_is_no_answer_is_told_with_what_would_be_one(code: str, raw: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(question_of(code), raw)


def test_a_question_is_asked_where_its_condition_holds() -> None:
    asked = [question.code for question in shown(ASKED, {"pharmacy": "no"})]
    assert "storage" not in asked
    assert "storage" in [question.code for question in shown(ASKED, {"pharmacy": "yes"})]
