"""Public events fold into the same rows and the same timeline, whatever the order in which aggregates are heard."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chassis.stream.projecting import folded
from contracts import EVENTS, Received, monitoring, regulatory
from contracts import sites as public
from hypothesis import given, settings
from hypothesis import strategies as st
from reporting.projections import ROWS
from reporting.projections.timeline import entry, kind_of, position_of
from telling import Story, whole_story

README = Path(__file__).parents[1] / "README.md"
STORED = datetime(2026, 1, 2, tzinfo=UTC)
RECORDED = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOLD = [*whole_story("Acme", "A-1").told, *whole_story("Globex", "G-1").told]

Model = dict[str, dict[str, Any]]


def heard(batches: Sequence[Sequence[Received]]) -> tuple[Model, list[str]]:
    """The rows by collection, and the timeline in its order, after these batches."""
    rows: Model = defaultdict(dict)
    entries: dict[str, dict[str, Any]] = {}
    for batch in batches:
        for projection in ROWS:
            concerned = [(key, one) for one in batch if (key := projection.key(one)) is not None]
            changed = folded(rows[projection.collection], concerned, projection)
            rows[projection.collection] |= {row["_id"]: row for row in changed}
        for one in batch:
            entries.setdefault(one.envelope.id, entry(one, stored_at=STORED))
    return dict(rows), sorted(entries, key=lambda key: entries[key]["position"])


def row_of(story: Story, collection: str, key: str) -> dict[str, Any]:
    return heard([story.told])[0][collection][key]


IN_ORDER = heard([TOLD])


@given(st.data())
@settings(deadline=None)
def test_any_interleaving_of_aggregates_in_any_batches_with_any_repeats_gives_the_same(data: st.DataObject) -> None:
    waiting: dict[str, list[Received]] = defaultdict(list)
    for one in TOLD:
        waiting[one.envelope.subject].append(one)
    order = data.draw(st.permutations([one.envelope.subject for one in TOLD]))
    stream = [waiting[subject].pop(0) for subject in order]
    ends = [*sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6))), len(stream)]
    # A redelivery begins somewhere earlier and runs up to what was heard.
    starts = [0, *ends[:-1]]
    again = data.draw(st.lists(st.integers(0, len(stream)), min_size=len(ends), max_size=len(ends)))
    spans = zip(starts, ends, again, strict=True)
    repeated = [stream[first:end] for start, end, back in spans for first in (start, min(back, start))]
    assert heard(repeated) == IN_ORDER


def test_every_kind_of_entry_is_the_one_the_readme_tells() -> None:
    told = dict(re.findall(r"^\| `(studyline\.[^`]+)` \| `([a-z_]+)`", README.read_text(), flags=re.MULTILINE))
    reached = public.StudyMilestoneReached.TYPE
    assert told == {name: kind_of(event.model_construct()) for name, event in EVENTS.items() if name != reached}


def test_a_milestone_that_was_reached_is_told_by_its_own_name_and_a_voided_one_is_not() -> None:
    story = Story("Acme", "A-1")
    assert kind_of(story.reached("study_start", "2024-09").event) == "study_start"
    assert kind_of(story.reached("study_start", None).event) == "milestone_voided"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2021-06", "2021-06-02"),
        ("2021", "2021-06"),
        ("2021-06-30", "2021-06-30T00:00:01Z"),
        ("2021-06-30T09:00:00+02:00", "2021-06-30T08:00:00Z"),
        (None, "2026-01-02"),
        ("2025-12-31", None),
    ],
)
def test_an_entry_stands_where_its_business_time_may_begin_or_else_where_it_was_recorded(
    earlier: str | None, later: str | None
) -> None:
    assert position_of(earlier, RECORDED, "z") < position_of(later, RECORDED, "a")


def test_an_entry_keeps_its_date_as_precise_as_it_came_and_the_trace_it_came_by() -> None:
    told = entry(Story("Acme", "A-1").registered("2024-05"), stored_at=STORED)
    assert told["occurred_at"] == "2024-05"
    assert told["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_a_study_shows_planned_and_actual_dates_and_forgets_those_taken_back() -> None:
    story = Story("Acme", "A-1")
    story.registered()
    story.planned("study_start", "2024-08")
    story.reached("study_start", "2024-09")
    story.reached("first_submitted", "2024-04-01")
    story.planned("results_posted", "2028")
    story.planned("results_posted", None)
    assert row_of(story, "studies", story.study_id)["milestones"] == [
        {"kind": "first_submitted", "planned": None, "actual": "2024-04-01"},
        {"kind": "study_start", "planned": "2024-08", "actual": "2024-09"},
    ]


def test_a_correction_replaces_the_particulars_and_nothing_else() -> None:
    story = Story("Acme", "A-1")
    story.registered()
    story.reached("study_start", "2024-09")
    event = public.StudyDetailsCorrected(
        study_id=story.study_id,
        protocol_number="A-1b",
        registry_ids=(),
        title="Renamed",
        phase=None,
        countries=(),
        planned_enrolment=None,
    )
    story.tell(f"study/{story.study_id}", event)
    row = row_of(story, "studies", story.study_id)
    assert (row["title"], row["status"], len(row["milestones"])) == ("Renamed", "recruiting", 1)
    assert row["search"] == "a-1b\nrenamed\nacme"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (public.SiteSelected, "selected"),
        (public.SiteNotSelected, "not_selected"),
        (public.SiteStartUpBegun, "start_up"),
        (public.SiteEnrolmentPaused, "on_hold"),
        (public.SiteEnrolmentResumed, "active"),
        (public.SiteClosed, "closed"),
        (public.SiteTerminated, "terminated"),
        (public.SiteCdaSigned, "cda_signed"),
        (public.SiteReadyForActivation, "ready_for_activation"),
        (public.SiteSuspensionLifted, "on_hold"),
        (public.SiteClosedToEnrolment, "closed_to_enrolment"),
        (public.SiteArchived, "archived"),
        (public.SiteWithdrawn, "withdrawn"),
    ],
)
def test_a_site_stands_where_its_last_step_left_it(event: type[public.SiteEvent], status: str) -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.tell(event, "2024-07")
    assert row_of(story, "sites", site.site_id)["status"] == status


LOST: dict[str, Any] = {"item": "insurance", "number": 3, "status": "expired", "lost_by": None}


def test_a_site_that_was_ready_and_loses_an_item_is_in_start_up_again() -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.tell(public.SiteReadyForActivation, "2024-07")
    site.tell(public.SiteActivationPrerequisiteLost, "2024-08", **LOST)
    assert row_of(story, "sites", site.site_id)["status"] == "start_up"


def test_what_an_open_site_loses_moves_it_only_by_the_hold_that_follows() -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.tell(public.SiteActivated, "2024-07", rested_on=())
    site.tell(public.SiteActivationPrerequisiteLost, "2024-08", **LOST)
    assert row_of(story, "sites", site.site_id)["status"] == "active"
    site.tell(public.SiteEnrolmentPaused, "2024-08")
    site.tell(public.SiteActivationPrerequisiteRegained, "2024-09", item="insurance", number=3)
    assert row_of(story, "sites", site.site_id)["status"] == "on_hold"


def test_a_step_without_a_date_is_no_milestone() -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.tell(public.SiteActivated, None, rested_on=())
    row = row_of(story, "sites", site.site_id)
    assert (row["status"], [one["kind"] for one in row["milestones"]]) == ("active", ["identified"])


def test_a_subject_that_was_enrolled_counts_as_enrolled_after_it_has_left() -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.subject("S-1", public.SubjectScreened, public.SubjectEnrolled, public.SubjectWithdrawn)
    [row] = heard([story.told])[0]["subjects"].values()
    assert (row["status"], row["enrolled"], row["screened_on"]) == ("withdrawn", True, "2024-01-05")


def test_a_visit_that_is_cancelled_and_one_that_repeats_give_no_milestone() -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.visit("SIV", "2024-08", monitoring.MonitoringVisitCancelled, "2024-08-01")
    site.visit("IMV", "2024-08", monitoring.MonitoringVisitCompleted, "2024-08-01")
    [row] = heard([story.told])[0]["milestones"].values()
    assert row["milestones"] == []


@pytest.mark.parametrize("about", [{"kind": "substantial_modification"}, {"body": "registry"}])
def test_only_what_a_study_begins_with_is_a_milestone(about: dict[str, str]) -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.submission("ethics_committee", of_country=False, ends=regulatory.SubmissionApproved)
    submissions = [one for one in story.told if isinstance(one.event, regulatory.SubmissionEvent)]
    others = [one._replace(event=one.event.model_copy(update=about)) for one in submissions]
    assert [row["milestones"] for row in heard([others])[0]["milestones"].values()] == [[]]


def test_a_rejection_takes_the_approval_back_and_leaves_the_submission() -> None:
    site = (story := Story("Acme", "A-1")).site("Charité")
    site.submission("ethics_committee", of_country=False, ends=regulatory.SubmissionApproved)
    again = regulatory.SubmissionRejected.model_validate({**story.told[-1].event.model_dump(), "reference": None})
    story.tell(story.told[-1].envelope.subject, again, "2024-09")
    [row] = heard([story.told])[0]["milestones"].values()
    assert row["milestones"] == [{"kind": "ethics_submission", "planned": None, "actual": "2024-07"}]
