"""The score is explained question by question, and the order of candidates is the same for everybody."""

from typing import Any

from feasibility_example import ASKED
from hypothesis import given
from hypothesis import strategies as st
from sites.domain.feasibility_questions import Value
from sites.domain.feasibility_scoring import Candidate, rank, score


def test_a_score_is_the_average_by_weight_and_says_why() -> None:
    told = score(ASKED, {"pharmacy": "yes", "storage": ("fridge",), "patients": "12.5"})
    assert [(one.question, one.points, one.for_answer) for one in told.questions] == [
        ("pharmacy", 100, "yes"),
        ("storage", 60, "fridge"),
        ("patients", 50, "at least 10"),
    ]
    assert told.percent == 68.3  # (2 * 100 + 1 * 60 + 3 * 50) / 6
    assert told.disqualified_by == ()


def test_several_options_give_no_more_than_all_points() -> None:
    told = score(ASKED, {"pharmacy": "yes", "storage": ("fridge", "freezer"), "patients": "25"})
    assert told.percent == 100.0


def test_what_is_not_answered_gives_nothing_and_what_is_not_asked_does_not_count() -> None:
    told = score(ASKED, {"pharmacy": "no"})
    assert [(one.question, one.points, one.for_answer) for one in told.questions] == [
        ("pharmacy", 0, "no"),
        ("patients", 0, None),
    ]
    assert (told.percent, told.disqualified_by) == (0.0, ("pharmacy",))


def test_an_answer_without_points_is_told_as_such() -> None:
    told = score(ASKED, {"pharmacy": "yes", "storage": (), "patients": "-0"})
    assert [one.for_answer for one in told.questions][1:] == ["no points for this answer", "at least 0"]


def test_a_questionnaire_without_weights_has_no_score() -> None:
    section = ASKED.sections[1].model_copy(update={"questions": ASKED.sections[1].questions[1:]})
    assert score(ASKED.model_copy(update={"sections": (section,)}), {}).percent is None


ANSWERS: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {},
    optional={
        "pharmacy": st.sampled_from(["yes", "no"]),
        "storage": st.sampled_from([("fridge",), ("freezer",), ("fridge", "freezer")]),
        "patients": st.integers(0, 500).map(str),
    },
)


@given(ANSWERS, st.integers(0, 500))
def test_a_score_lies_between_nothing_and_all_and_more_patients_never_lower_it(
    answers: dict[str, Value], more: int
) -> None:
    before = score(ASKED, answers).percent
    after = score(ASKED, {**answers, "patients": str(min(500, int(str(answers.get("patients", "0"))) + more))}).percent
    assert before is not None
    assert after is not None
    assert 0 <= before <= after <= 100


def candidate(site: str, percent: float | None = 50, **more: Any) -> Candidate:
    about = {"site_id": site, "assessment_id": f"f-{site}", "status": "returned", "returned_on": "2026-03-01"}
    return Candidate.model_validate({**about, "percent": percent, **more})


def test_candidates_stand_by_score_and_ties_by_rule() -> None:
    ranked = rank(
        [
            candidate("f", None, status="sent", returned_on=None),
            candidate("e", 99, disqualified_by=("pharmacy",)),
            candidate("d"),
            candidate("c"),
            candidate("b", returned_on="2026-02"),
            candidate("a", pre_study_visit_on="2026-03-05"),
            candidate("g", 80),
        ]
    )
    assert [(one.site_id, one.rank, one.ahead_by) for one in ranked] == [
        ("g", 1, "score"),
        ("a", 2, "pre_study_visit"),
        ("b", 3, "returned_earlier"),
        ("c", 4, "site_id"),
        ("d", 5, "not_disqualified"),
        ("e", 6, None),
        ("f", None, None),
    ]


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.text("abcdef", min_size=1, max_size=3),
        st.one_of(st.none(), st.sampled_from([0.0, 50.0, 50.1])),
        returned_on=st.sampled_from([None, "2026", "2026-03", "2026-03-01"]),
        pre_study_visit_on=st.sampled_from([None, "2026-03-05"]),
        disqualified_by=st.sampled_from([(), ("pharmacy",)]),
    ),
    unique_by=lambda one: one.site_id,
    max_size=8,
)


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_arrival(candidates: list[Candidate], chance: Any) -> None:
    shuffled = list(candidates)
    chance.shuffle(shuffled)
    assert rank(candidates) == rank(shuffled)
