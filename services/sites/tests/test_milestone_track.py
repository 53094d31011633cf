"""The earliest day counts, whatever order events come in; and what a person records stands."""

from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel import Refused
from sites.domain import study
from sites.domain.milestone_track import (
    Actual,
    MilestoneTrack,
    MilestoneTrackCommand,
    NoteMilestones,
    Place,
    RecordMilestone,
    decide,
    evolve,
)

SITE = Place(track_id="t1", study_id="s", sponsor_id="acme-1", country="DE", site_id="s1")
KIND = "initiation_visit"


def note(on: str | None, event_id: str = "e1", kind: str = KIND) -> NoteMilestones:
    return NoteMilestones(occurred_at=None, place=SITE, reached={kind: Actual(on=on, event_id=event_id)})


def record(actual: str | None, kind: str = KIND) -> RecordMilestone:
    return RecordMilestone(occurred_at="2026-06-01", place=SITE, kind=kind, actual=actual)


def after(*commands: MilestoneTrackCommand) -> MilestoneTrack:
    state: MilestoneTrack | None = None
    for command in commands:
        state = reduce(evolve, decide(state, command), state)
    assert state is not None
    return state


def day(track: MilestoneTrack) -> str | None:
    actual = track.reached[KIND]
    return actual.on if actual is not None else None


def test_what_is_learned_later_moves_a_milestone_only_to_an_earlier_day() -> None:
    assert day(after(note("2026-03-05"), note("2026-03-07"))) == "2026-03-05"
    assert day(after(note("2026-03-05"), note("2026-03-01"))) == "2026-03-01"
    assert day(after(note("2026-03-05"), note("2026-03"))) == "2026-03-05"
    assert day(after(note(None), note("2026-03-01"))) == "2026-03-01"
    assert decide(after(note("2026-03-05")), note(None)) == []


def test_what_is_recorded_by_hand_stands_against_any_event() -> None:
    assert day(after(note("2026-03-05"), record("2026-03-06"), note("2026-01-01"))) == "2026-03-06"
    assert day(after(note("2026-03-05"), record(None), note("2026-01-01"))) is None
    assert decide(after(record("2026-03-06")), record("2026-03-06")) == []


def test_what_was_never_reached_is_not_taken_back() -> None:
    assert decide(None, record(None)) == []


def test_only_milestones_of_the_places_level_are_recorded() -> None:
    with pytest.raises(Refused, match="A site has no milestone database_lock"):
        decide(None, record("2026-01-01", "database_lock"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 28), min_size=1, max_size=8))
def test_in_any_order_the_earliest_day_is_what_remains(days: list[int]) -> None:
    track = after(*(note(f"2026-03-{one:02d}", f"e{index}") for index, one in enumerate(days)))
    assert day(track) == f"2026-03-{min(days):02d}"


def test_a_study_takes_its_planned_days_and_the_earliest_of_what_is_reached() -> None:
    about = {"study_id": "s", "sponsor": {"id": "acme-1", "name": "Acme"}, "status": "recruiting"}
    particulars = study.Particulars(
        protocol_number="P", registry_ids=(), title="T", phase=None, countries=(), planned_enrolment=None
    )
    state = study.Study.model_validate({**about, "particulars": particulars})
    for planned, actual in (("2026-02", None), (None, "2026-03-05"), (None, "2026-03-09"), (None, "2026-03-01")):
        told = study.Milestone(kind="first_subject_in", planned=planned, actual=actual)
        command = study.NoteStudyMilestones(occurred_at=None, milestones=(told,))
        state = reduce(study.evolve, study.decide(state, command), state)
    assert state.milestones == (study.Milestone(kind="first_subject_in", planned="2026-02", actual="2026-03-01"),)
    assert study.decide(None, study.NoteStudyMilestones(occurred_at=None, milestones=())) == []
