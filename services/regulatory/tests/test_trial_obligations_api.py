"""Obligations that a trial's course begins, over HTTP and Kafka: begun by a milestone, corrected, notified."""

import asyncio
from typing import Any

import pytest
from contracts import TOPICS, Received
from contracts.sites import MilestoneReached, SiteActivated, StudyMilestoneReached, SubjectConsented
from studyline.testing.events import publish, told
from studyline.testing.known import Known, tell_of
from studyline.testing.service import Face

FIRST, ANCHOR = "eu-ctr-first-visit", "first_visit_of_first_subject"
DOSSIER = ("052", "032", "033", "031", "040", "041", "087", "036")
REASON = {"reason": "The authority's register."}
COURSES = Known.of("Course of a trial", "DE")


async def settled(face: Face, known: Known, rule_id: str, **wanted: object) -> dict[str, Any]:
    """The only clock of a study under a rule, once it is so."""
    while True:
        found = (await face.get("/v1/clocks", study_id=known.study_id, rule_id=rule_id)).json()["items"]
        if found and all(found[0][name] == value for name, value in wanted.items()):
            assert len(found) == 1
            return found[0]
        await asyncio.sleep(0.02)


async def known_there(face: Face, known: Known) -> None:
    await tell_of(face, [known], into=())
    while (await face.post("/v1/submissions", about(known, "annual_report"))).status_code != 201:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)


def about(known: Known, kind: str, **more: Any) -> dict[str, Any]:
    place = {"study_id": known.study_id, "body": "competent_authority", "country": known.country}
    return {**place, "kind": kind, "occurred_at": "2024-01-10", **more}


async def authorised(face: Face, known: Known, country: str = "DE", on: str = "2024-02-01") -> str:
    documents = [{"tmf_unique_id": one, "document_id": f"doc-{one}", "version": "1"} for one in DOSSIER]
    made = await face.post("/v1/submissions", about(known, "initial", country=country, documents=documents))
    submission_id = made.json()["submission_id"]
    approval = {"reference": "EU-1", "covers": ["Protocol 1.0"], "occurred_at": on}
    for step, body in (("submit", {"occurred_at": "2024-01-10"}), ("approve", approval)):
        answer = await face.post(f"/v1/submissions/{submission_id}/{step}", body)
        assert answer.status_code == 200, answer.text
    return submission_id


async def notified(face: Face, known: Known, on: str, *anchors: str, **more: Any) -> None:
    made = await face.post("/v1/submissions", about(known, "notification", notifies=list(anchors), **more))
    assert made.status_code == 201, made.text
    path = f"/v1/submissions/{made.json()['submission_id']}/submit"
    assert (await face.post(path, {"occurred_at": on})).status_code == 200


def milestone(
    known: Known, kind: str, actual: str | None, version: int, *, country: str = "DE", provenance: str = "recorded"
) -> Received:
    place = {"study_id": known.study_id, "level": "country", "country": country, "site_id": None}
    event = MilestoneReached.model_validate({**place, "kind": kind, "actual": actual})
    one = told(f"milestone-track/{known.study_id}-{country}", event, sponsor=known.sponsor, version=version)
    return one._replace(envelope=one.envelope.model_copy(update={"provenance": provenance}))


async def reached(face: Face, *events: Received) -> None:
    await publish(face.cluster, TOPICS["sites"], events)


async def test_a_first_subject_begins_the_period_its_correction_moves_it_and_the_notification_ends_it(
    face: Face,
) -> None:
    await known_there(face, COURSES)
    await reached(face, milestone(COURSES, "first_subject_in", "2024-04-02", 1))
    await authorised(face, COURSES)
    missed = await settled(face, COURSES, FIRST, status="missed", due_on="2024-04-17")
    assert (missed["about_id"], missed["country"], missed["about_type"]) == (ANCHOR, "DE", "obligation")
    await reached(face, milestone(COURSES, "first_subject_in", "2024-04-08", 2))
    await settled(face, COURSES, FIRST, status="missed", due_on="2024-04-23", anchor="2024-04-08")
    await notified(face, COURSES, "2024-04-22", ANCHOR)
    await settled(face, COURSES, FIRST, status="stopped", in_time=True, over_on="2024-04-22")
    await reached(face, milestone(COURSES, "first_subject_in", "2024-04-04", 3))
    await settled(face, COURSES, FIRST, status="stopped", in_time=False, due_on="2024-04-19")
    by_hand = {**REASON, "study_id": COURSES.study_id, "rule_id": FIRST, "about_id": "x", "country": "DE"}
    refused = await face.post("/v1/clocks", {**by_hand, "occurred_at": "2024-04-04"})
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["began_by_itself"]
    entries = (await face.get("/v1/journal", aggregate=missed["clock_id"])).json()["items"]
    assert [[event["type"] for event in entry["events"]] for entry in entries] == [
        ["ClockStarted", "DeadlineMissed"],
        ["ClockAnchorCorrected", "DeadlineMissed"],
        ["ClockStopped"],
        ["ClockAnchorCorrected", "ClockStopped"],
    ]


async def test_what_is_taken_back_is_due_no_more_and_runs_when_it_is_given_again(face: Face) -> None:
    known = Known.of("Taken back", "DE")
    await known_there(face, known)
    await authorised(face, known)
    await reached(face, milestone(known, "last_subject_in", "2024-09-02", 1))
    await settled(face, known, "eu-ctr-end-of-recruitment", status="missed")
    await reached(face, milestone(known, "last_subject_in", None, 2))
    await settled(face, known, "eu-ctr-end-of-recruitment", status="ended")
    await reached(face, milestone(known, "last_subject_in", "2198-09-03", 3))
    await settled(face, known, "eu-ctr-end-of-recruitment", status="running", due_on="2198-09-18")


async def test_in_a_study_without_a_plan_the_first_consent_and_the_first_site_begin_what_is_due(face: Face) -> None:
    known = Known.of("Unplanned", "DE")
    await known_there(face, known)
    await authorised(face, known)
    place = {"study_id": known.study_id, "site_id": known.site_id, "country": "DE"}
    activated = SiteActivated.model_validate({**place, "rested_on": ()})
    consents = [(number, day) for number, day in enumerate(("2024-04-09", "2024-04-05", "2024-04-22"), 1)]

    def consented(number: int, on: str) -> Received:
        subject = {"subject_id": f"subject-{number}", "subject_key": f"S-{number}"}
        event = SubjectConsented.model_validate({**place, **subject})
        return told(f"subject/{known.study_id}-{number}", event, sponsor=known.sponsor, occurred=on)

    opened = told(f"study-site/{known.site_id}", activated, sponsor=known.sponsor, version=2, occurred="2024-03-01")
    await reached(face, opened, *(consented(number, on) for number, on in consents))
    await settled(face, known, "eu-ctr-start-of-trial", status="missed", anchor="2024-03-01")
    await settled(face, known, FIRST, status="missed", anchor="2024-04-05")
    # The first of the events that are told ends it; an earlier one moves only what it began.
    await settled(face, known, "eu-ctr-no-subject-included", status="stopped", in_time=True)
    # Another authorisation of the country has the same clocks reckoned anew, and they stand.
    await authorised(face, known, on="2024-02-15")
    await notified(face, known, "2024-05-02", "trial_started")
    await settled(face, known, "eu-ctr-start-of-trial", status="stopped", in_time=False)
    assert (await settled(face, known, FIRST))["status"] == "missed"
    await reached(face, milestone(known, "first_subject_in", "2024-04-12", 1))
    await settled(face, known, FIRST, status="missed", anchor="2024-04-12")
    await reached(face, consented(4, "2024-04-03"), milestone(known, "last_subject_in", "2024-09-02", 2))
    await settled(face, known, "eu-ctr-end-of-recruitment", status="missed")
    assert (await settled(face, known, FIRST))["anchor"] == "2024-04-12", "what was entered stands"


async def test_results_are_due_a_year_after_the_end_in_the_last_state(face: Face) -> None:
    known = Known.of("Ended", "DE")
    await known_there(face, known)
    await authorised(face, known)
    await authorised(face, known, "FR")
    await reached(face, milestone(known, "trial_ended", "2024-05-06", 1))
    await settled(face, known, "eu-ctr-end-of-trial-in-state", status="missed")
    assert (await face.get("/v1/clocks", study_id=known.study_id, rule_id="eu-ctr-results")).json()["items"] == []
    await reached(face, milestone(known, "trial_ended", "2024-05-13", 1, country="FR"))
    ended = await settled(face, known, "eu-ctr-results", status="missed", due_on="2025-05-13")
    assert ended["country"] is None
    sent = await face.post("/v1/submissions", about(known, "results", body="registry", country="FR"))
    await face.post(f"/v1/submissions/{sent.json()['submission_id']}/submit", {"occurred_at": "2025-05-01"})
    await settled(face, known, "eu-ctr-results", status="stopped", in_time=True)


async def test_what_somebody_began_by_hand_stands_and_what_was_taken_over_begins_nothing(face: Face) -> None:
    known = Known.of("By hand", "DE")
    await known_there(face, known)
    await authorised(face, known)
    began = {**REASON, "study_id": known.study_id, "about_id": "by-protocol", "country": "DE"}
    made = await face.post("/v1/clocks", {**began, "rule_id": FIRST, "occurred_at": "2024-03-28"})
    assert made.status_code == 201, made.text
    first = milestone(known, "first_subject_in", "2024-04-02", 1)
    old = milestone(known, "first_site_activated", "2024-03-01", 2, provenance="migrated")
    last = milestone(known, "last_subject_in", "2024-09-02", 3)
    await reached(face, first, old, last)
    await settled(face, known, "eu-ctr-end-of-recruitment", status="missed")
    assert (await settled(face, known, FIRST))["clock_id"] == made.json()["clock_id"]
    started = await face.get("/v1/clocks", study_id=known.study_id, rule_id="eu-ctr-start-of-trial")
    assert started.json()["items"] == []


async def test_a_study_that_is_complete_is_kept_for_twenty_five_years(face: Face) -> None:
    known = Known.of("Complete", "DE")
    await known_there(face, known)
    await authorised(face, known)
    about_study = {"study_id": known.study_id, "milestone": "study_completion", "actual": "2024-11-05"}
    done = StudyMilestoneReached.model_validate(about_study)
    await face.tell(TOPICS["sites"], f"study/{known.study_id}", done, sponsor=known.sponsor, version=2)
    await settled(face, known, "eu-ctr-archive", status="running", due_on="2049-11-05")
    await settled(face, known, "eu-ctr-end-of-trial-everywhere", status="missed")


@pytest.mark.parametrize("country", ["DE", "GB"])
async def test_an_urgent_measure_begins_its_period_and_the_authority_it_is_told_to_is_the_countrys(
    face: Face, country: str
) -> None:
    known = Known.of(f"Urgent {country}", country)
    await known_there(face, known)
    made = await face.post("/v1/submissions", about(known, "substantial_modification"))
    path = f"/v1/submissions/{made.json()['submission_id']}/implement"
    answer = await face.post(path, {"occurred_at": "2024-06-03", "urgent_safety_measure": True, **REASON})
    assert answer.status_code == 200, answer.text
    rule_id, due = {"DE": ("eu-urgent-safety-measure", "2024-06-10"), "GB": ("gb-urgent-safety-measure", "2024-06-06")}[
        country
    ]
    clock = await settled(face, known, rule_id, status="missed", due_on=due)
    assert clock["about_id"] == made.json()["submission_id"]


async def test_another_sponsors_trial_is_neither_begun_nor_met_by_what_happens_here(face: Face) -> None:
    ours, theirs = Known.of("Ours", "DE"), Known.of("Theirs", "DE")
    for known in (ours, theirs):
        await known_there(face, known)
        await authorised(face, known)
        await reached(face, milestone(known, "first_subject_in", "2024-04-02", 1))
        await settled(face, known, FIRST, status="missed")
    await notified(face, ours, "2024-04-05", ANCHOR)
    await settled(face, ours, FIRST, status="stopped")
    assert (await settled(face, theirs, FIRST))["status"] == "missed"
    as_ours = face.acting("sponsor", ours.sponsor)
    assert (await as_ours.get("/v1/clocks", study_id=theirs.study_id)).json()["items"] == []


async def test_a_notification_of_what_no_rule_awaits_is_refused_with_what_it_may_tell(face: Face) -> None:
    known = Known.of("Refused", "DE")
    await known_there(face, known)
    asked = about(known, "notification", notifies=["trial_started", "the_weather"])
    [reason] = (await face.post("/v1/submissions", asked)).json()["reasons"]
    assert (reason["code"], reason["field"]) == ("anchor_unknown", "notifies")
    assert "first_visit_of_first_subject" in reason["detail"]
