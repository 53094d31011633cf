"""A study is registered or adopted under its sponsor, moves on, and does not come back from its end."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import Refused
from sites.domain.study import (
    FINAL,
    AdoptStudy,
    ChangeStudyStatus,
    Milestone,
    Particulars,
    RecordStudyMilestone,
    RegisterStudy,
    Sponsor,
    Status,
    Study,
    StudyCommand,
    StudyDetailsCorrected,
    StudyEvent,
    StudyMilestonePlanned,
    StudyMilestoneReached,
    StudyRegistered,
    StudyStatusChanged,
    decide,
    evolve,
)

ACME = Sponsor(id="acme-1", name="Acme")
ONE = Particulars(
    protocol_number="ONC-301",
    registry_ids=("NCT00000001",),
    title="A study",
    phase="phase_3",
    countries=("DE", "FR"),
    planned_enrolment=120,
)
OTHER = ONE.model_copy(update={"planned_enrolment": 150})
START = Milestone(kind="study_start", planned="2021-06", actual="2021-06-30")
REGISTERED = StudyRegistered(
    occurred_at="2021-01", study_id="s1", sponsor=ACME, particulars=ONE, status="not_yet_recruiting"
)
REGISTER = RegisterStudy(occurred_at="2021-01", study_id="s1", sponsor=ACME, particulars=ONE, milestones=(START,))


def after(*events: StudyEvent) -> Study:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def adopt(
    particulars: Particulars = ONE,
    status: Status = "recruiting",
    milestones: tuple[Milestone, ...] = (START,),
    sponsor: Sponsor = ACME,
) -> AdoptStudy:
    return AdoptStudy(
        occurred_at="2022",
        study_id="s1",
        sponsor=sponsor,
        particulars=particulars,
        status=status,
        milestones=milestones,
    )


def test_a_new_study_is_registered_with_the_dates_of_its_milestones() -> None:
    assert decide(None, REGISTER) == [
        REGISTERED,
        StudyMilestonePlanned(occurred_at="2021-01", milestone="study_start", planned="2021-06"),
        StudyMilestoneReached(occurred_at="2021-06-30", milestone="study_start", actual="2021-06-30"),
    ]


def test_a_study_is_registered_once() -> None:
    assert decide(after(REGISTERED), REGISTER) == []


def test_an_adopted_study_has_the_status_of_its_source() -> None:
    [registered, *_] = decide(None, adopt(status="completed"))
    assert registered == REGISTERED.model_copy(update={"occurred_at": "2022", "status": "completed"})


def test_adopting_again_takes_over_only_what_has_changed() -> None:
    study = after(*decide(None, adopt()))
    moved = Milestone(kind="study_start", planned="2021-06", actual="2021-07-01")
    assert decide(study, adopt(OTHER, "completed", (moved,))) == [
        StudyDetailsCorrected(occurred_at="2022", particulars=OTHER),
        StudyStatusChanged(occurred_at="2022", status="completed"),
        StudyMilestoneReached(occurred_at="2021-07-01", milestone="study_start", actual="2021-07-01"),
    ]


def test_adoption_does_not_move_a_study_to_another_sponsor() -> None:
    with pytest.raises(Refused, match="already known under another sponsor"):
        decide(after(REGISTERED), adopt(sponsor=Sponsor(id="zeta-2", name="Zeta")))


def test_a_study_moves_to_another_status() -> None:
    command = ChangeStudyStatus(occurred_at="2022", status="recruiting")
    assert decide(after(REGISTERED), command) == [StudyStatusChanged(occurred_at="2022", status="recruiting")]


def test_a_study_that_has_the_status_already_is_left_alone() -> None:
    assert decide(after(REGISTERED), ChangeStudyStatus(occurred_at="2022", status="not_yet_recruiting")) == []


@pytest.mark.parametrize("ended", sorted(FINAL))
def test_a_study_that_has_ended_does_not_go_on(ended: Status) -> None:
    study = after(REGISTERED, StudyStatusChanged(occurred_at="2022", status=ended))
    with pytest.raises(Refused, match=f"The study is {ended}"):
        decide(study, ChangeStudyStatus(occurred_at="2023", status="recruiting"))


def test_a_milestone_takes_a_new_plan_and_keeps_its_actual_date() -> None:
    study = after(*decide(None, REGISTER))
    moved = START.model_copy(update={"planned": "2021-08"})
    events = decide(study, RecordStudyMilestone(occurred_at="2021-05", milestone=moved))
    assert events == [StudyMilestonePlanned(occurred_at="2021-05", milestone="study_start", planned="2021-08")]
    assert after(*decide(None, REGISTER), *events).milestone("study_start") == moved


def test_an_actual_date_recorded_in_error_is_taken_back() -> None:
    study = after(*decide(None, REGISTER))
    command = RecordStudyMilestone(occurred_at="2021-09", milestone=START.model_copy(update={"actual": None}))
    assert decide(study, command) == [
        StudyMilestoneReached(occurred_at="2021-09", milestone="study_start", actual=None)
    ]


@pytest.mark.parametrize(
    "command",
    [
        ChangeStudyStatus(occurred_at="2022", status="recruiting"),
        RecordStudyMilestone(occurred_at="2022", milestone=START),
    ],
)
def test_a_study_that_is_not_registered_cannot_change(command: StudyCommand) -> None:
    with pytest.raises(Refused, match="not registered"):
        decide(None, command)


def test_nothing_happens_to_a_study_before_it_is_registered() -> None:
    with pytest.raises(Refused, match="not registered"):
        evolve(None, StudyStatusChanged(occurred_at="2022", status="recruiting"))


DATES = st.none() | st.sampled_from(["2020", "2021-06", "2021-06-30"])
MILESTONES = st.builds(
    Milestone, kind=st.sampled_from(["study_start", "primary_completion"]), planned=DATES, actual=DATES
)
STATES_OF_SOURCE = st.builds(
    adopt,
    particulars=st.sampled_from([ONE, OTHER]),
    status=st.sampled_from(["recruiting", "completed", "unknown"]),
    milestones=st.lists(MILESTONES, max_size=2, unique_by=lambda one: one.kind).map(tuple),
)


@given(st.lists(STATES_OF_SOURCE, min_size=1, max_size=4))
def test_whatever_was_adopted_before_adopting_the_same_twice_changes_nothing(commands: list[AdoptStudy]) -> None:
    study: Study | None = None
    for command in commands:
        study = reduce(evolve, decide(study, command), study)
    assert decide(study, commands[-1]) == []
