"""The green light over HTTP and Kafka, on real servers: refused with everything, granted, explained, lost, resumed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from chassis import clock
from chassis.mongo import Document
from chassis.scope import Scope
from contracts import TOPICS, derived_id, monitoring, regulatory
from studyline.testing.events import publish, told
from studyline.testing.service import Face

DAY: dict[str, Any] = {"occurred_at": "2026-01-10"}
STUDY = {"sponsor": {"name": "Acme"}, "protocol_number": "GL-1", "title": "A study", **DAY}
FACTS = {"product": "none", "laboratory": False, "systems": False, "protocol_version": "Protocol 2.0", **DAY}
NURSE = derived_id("nurse")
BY_HAND = ("indemnity", "insurance", "data_privacy_agreement")
HIS_OWN = ("protocol_signature_page", "investigator_curriculum_vitae", "investigator_gcp_certificate")
NEEDED = {
    "authority_approval_missing",
    "ethics_approval_missing",
    "clinical_trial_agreement_missing",
    "delegation_log_missing",
    "trial_training_missing",
    "initiation_visit_missing",
    "initiation_report_missing",
    *(f"{code}_missing" for code in (*BY_HAND, *HIS_OWN)),
}
ACTIVATE = {"occurred_at": "2026-03-15"}


async def done(face: Face, path: str, **body: Any) -> dict[str, Any]:
    answer = await face.post(path, {**DAY, **body})
    assert answer.is_success, answer.text
    return answer.json()


async def until(read: Callable[[], Awaitable[Any]], good: Callable[[Any], bool]) -> Any:
    """What is read once it is good; policies follow when they follow."""
    while not good(found := await read()):  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)
    return found


def status_of(face: Face, site: str, wanted: str) -> Awaitable[Any]:
    async def read() -> Any:
        return (await face.get(f"/v1/sites/{site}")).json()

    return until(read, lambda found: found["status"] == wanted)


async def signer(face: Face) -> Face:
    return face.acting("quality", subject="q.lead", name="Q. Lead", signing=True)


async def site_in_start_up(face: Face) -> tuple[str, str, str]:
    """A study with a checklist, a site of it in start-up, and who leads it."""
    study = (await done(face, "/v1/studies", **STUDY))["study_id"]
    await done(face, f"/v1/studies/{study}/checklist", **FACTS)
    site = (await done(face, f"/v1/studies/{study}/sites", country="DE"))["site_id"]
    for step in ("select", "begin-start-up"):
        await done(face, f"/v1/sites/{site}/{step}")
    person = {"family_name": "Lead", "given_name": "L", "profession": "physician", "country": "DE"}
    leader = (await done(face, "/v1/people", **person))["person_id"]
    await done(face, f"/v1/sites/{site}/staff", person_id=leader, role="principal_investigator")
    return study, site, leader


async def approval(
    face: Face, study: str, body: regulatory.Body, *, version: int, covers: str = "Protocol 2.0"
) -> None:
    about = {"study_id": study, "submission_id": f"{body}-{study}", "body": body, "country": "DE", "site_id": None}
    decision = {"reference": "R-1", "covers": (covers,), "with_conditions": False, "expires_on": None}
    event = regulatory.SubmissionApproved.model_validate({**about, **decision})
    await face.tell(TOPICS["regulatory"], f"submission/{body}-{study}", event, sponsor="Acme", version=version)


async def withdrawal(face: Face, study: str, body: regulatory.Body, *, version: int, occurred: str) -> str:
    about = {"study_id": study, "submission_id": f"{body}-{study}", "body": body, "country": "DE", "site_id": None}
    event = regulatory.SubmissionWithdrawn.model_validate(about)
    one = told(f"submission/{body}-{study}", event, sponsor="Acme", version=version, occurred=occurred)
    await publish(face.cluster, TOPICS["regulatory"], [one])
    return one.envelope.id


async def all_there(face: Face, study: str, site: str, leader: str, insured_until: str = "2099") -> None:
    """Everything that the site needs, but for the report of the initiation visit."""
    at = f"/v1/sites/{site}"
    for code in BY_HAND:
        until_then = {"expires_on": insured_until} if code == "insurance" else {}
        await done(face, f"{at}/checklist/{code}/evidence", document=f"doc-{code}", **until_then)
    for code in HIS_OWN:
        await done(face, f"{at}/checklist/{code}/evidence", document=f"doc-{code}", person_id=leader)
    contract = (await done(face, f"{at}/contracts", parties=["sponsor", "institution"]))["contract_id"]
    for step, body in (
        ("agree-budget", {"budget_version": "1"}),
        ("agree", {}),
        ("sign", {"party": "sponsor"}),
        ("sign", {"party": "institution", "document": "CTA-1"}),
    ):
        await done(face, f"/v1/site-contracts/{contract}/{step}", **body)
    for topic in ("protocol", "gcp"):
        await done(face, f"{at}/trainings", person_id=NURSE, topic=topic)
    entry = {"person_id": NURSE, "role": "study_nurse", "tasks": ["study_procedures"]}
    await done(face, f"{at}/delegations", **entry, authorised_by=leader, signed_on="2026-01-10")
    for body in ("competent_authority", "ethics_committee"):
        await approval(face, study, body, version=1)
    visit = {"study_id": study, "site_id": site, "country": "DE", "visit_id": f"siv-{site}", "visit_type": "SIV"}
    completed = monitoring.MonitoringVisitCompleted.model_validate(visit)
    await face.tell(TOPICS["monitoring"], f"monitoring-visit/siv-{site}", completed, sponsor="Acme")


async def waived(face: Face, site: str) -> None:
    body = {"reason": "The report is in review.", "checklist_version": "study/1"}
    await done(await signer(face), f"/v1/sites/{site}/checklist/initiation_report/waive", **body)


async def opened(face: Face, **more: str) -> tuple[str, str, str]:
    """A site that got its green light."""
    study, site, leader = await site_in_start_up(face)
    await all_there(face, study, site, leader, **more)
    await waived(face, site)
    await status_of(face, site, "ready_for_activation")
    assert (await face.post(f"/v1/sites/{site}/activate", ACTIVATE)).json()["status"] == "active"
    return study, site, leader


async def test_the_green_light_is_refused_with_every_unmet_item_and_granted_once_nothing_is_missing(face: Face) -> None:
    study, site, leader = await site_in_start_up(face)
    refused = await face.post(f"/v1/sites/{site}/activate", ACTIVATE)
    assert refused.status_code == 409
    assert {reason["code"] for reason in refused.json()["reasons"]} == NEEDED
    assert all(reason["field"] and len(reason["detail"]) > 40 for reason in refused.json()["reasons"])

    await all_there(face, study, site, leader)

    async def readiness() -> Any:
        return (await face.get(f"/v1/sites/{site}/readiness")).json()

    only_the_report = await until(readiness, lambda found: found["blocked_by"] == ["initiation_report"])
    assert only_the_report["ready"] is False
    assert (await face.post(f"/v1/sites/{site}/activate", ACTIVATE)).status_code == 409
    await waived(face, site)
    await status_of(face, site, "ready_for_activation")
    granted = await face.post(f"/v1/sites/{site}/activate", ACTIVATE)
    assert (granted.status_code, granted.json()["status"]) == (200, "active")


async def test_why_answers_with_decision_items_evidence_and_who_waived_what(face: Face) -> None:
    _, site, leader = await opened(face)
    why = (await face.get(f"/v1/sites/{site}/activation")).json()
    items = {item["requirement"]: item for item in why["items"]}
    assert (why["ready"], why["blocked_by"], why["lost"]) == (True, [], [])
    assert items["insurance"]["evidence"][0]["document"] == "doc-insurance"
    assert items["investigator_gcp_certificate"]["evidence"][0]["person_id"] == leader
    waiver = items["initiation_report"]["waiver"]
    assert (waiver["printed_name"], waiver["reason"]) == ("Q. Lead", "The report is in review.")
    assert items["system_access"]["detail"] == "It applies only with electronic systems at the site."
    decision = why["decision"]
    assert decision["decided_by"] == "development-operations"
    assert decision["event_id"] == derived_id("event", f"study-site/{site}", "5")
    snapshot = {item["code"]: item for item in decision["items"]}
    assert snapshot["authority_approval"]["evidence"][0] in decision["rested_on"]
    assert {item["status"] for item in decision["items"]} == {"met", "waived", "not_applicable"}


async def test_a_prerequisite_that_is_lost_pauses_enrolment_and_a_person_resumes_once_it_is_there_again(
    face: Face,
) -> None:
    study, site, _ = await opened(face)
    cause = await withdrawal(face, study, "competent_authority", version=2, occurred="2026-03-20")
    held = await status_of(face, site, "on_hold")
    assert held["lost"] == ["authority_approval"]
    types = await face.published(TOPICS["sites"], f"study-site/{site}", 7)
    assert [one.removeprefix("studyline.sites.site.") for one in types[3:]] == [
        "ready-for-activation.v1",
        "activated.v1",
        "activation-prerequisite-lost.v1",
        "enrolment-paused.v1",
    ]
    why = (await face.get(f"/v1/sites/{site}/activation")).json()
    [item] = [one for one in why["items"] if one["requirement"] == "authority_approval"]
    assert (why["blocked_by"], item["lost_by"]) == (["authority_approval"], cause)
    assert "given up on 2026-03-20" in item["detail"]
    resume = {"occurred_at": "2026-04-01"}
    refused = await face.post(f"/v1/sites/{site}/resume-enrolment", resume)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["authority_approval_lost"]

    await approval(face, study, "competent_authority", version=3)

    async def lost() -> Any:
        return (await face.get(f"/v1/sites/{site}")).json()["lost"]

    await until(lost, lambda found: found == [])
    assert (await face.get(f"/v1/sites/{site}")).json()["status"] == "on_hold"
    assert (await face.post(f"/v1/sites/{site}/resume-enrolment", resume)).json()["status"] == "active"


async def test_as_of_a_date_is_what_was_recorded_by_then_also_where_it_happened_before(face: Face) -> None:
    study, site, _ = await opened(face)
    before = clock.now().isoformat().replace("+00:00", "Z")
    await asyncio.sleep(0.01)
    await withdrawal(face, study, "competent_authority", version=2, occurred="2026-02-20")
    await status_of(face, site, "on_hold")

    async def why(**asked: str) -> Any:
        return (await face.get(f"/v1/sites/{site}/activation", **asked)).json()

    known_then = await why(as_of=before)
    assert (known_then["status"], known_then["blocked_by"], known_then["lost"]) == ("active", [], [])
    assert known_then["decision"]["decided_by"] == "development-operations"
    # Entered late: it was withdrawn on 20 February, and nobody knew when the site was opened in March.
    assert (await why(in_force_on="2026-02-10"))["blocked_by"] == []
    assert (await why(in_force_on="2026-02-20"))["blocked_by"] == ["authority_approval"]
    assert (await why(as_of=before, in_force_on="2026-02-20"))["blocked_by"] == []
    assert (await why())["blocked_by"] == ["authority_approval"]


async def test_before_a_site_was_known_there_is_nothing_to_tell_of_it(face: Face) -> None:
    _, site, _ = await site_in_start_up(face)
    assert (await face.get(f"/v1/sites/{site}/activation", as_of="2020-01-01")).status_code == 404
    assert (await face.get(f"/v1/sites/{site}/activation", as_of="yesterday")).status_code == 422


async def test_another_investigator_is_a_new_gate(face: Face) -> None:
    _, site, _ = await opened(face)
    person = {"family_name": "Next", "given_name": "N", "profession": "physician", "country": "DE"}
    successor = (await done(face, "/v1/people", **person))["person_id"]
    body = {"person_id": successor, "occurred_at": "2026-04-01"}
    assert (await face.post(f"/v1/sites/{site}/principal-investigator", body)).is_success
    held = await status_of(face, site, "on_hold")
    assert set(held["lost"]) == {*HIS_OWN, "delegation_log"}


async def test_an_item_expires_by_its_date_alone_and_is_told_though_nobody_touched_it(face: Face) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    _, site, _ = await opened(face, insured_until=tomorrow)

    async def stored() -> Document:
        found = await face.database.collection("study_sites").find_one(Scope.everything(), {"_id": site})
        assert found is not None
        return found["state"]

    clock.shift(timedelta(days=3).total_seconds())
    try:
        held = await until(stored, lambda state: state["status"] == "on_hold")
    finally:
        clock.shift(0)
    assert held["lost"] == ["insurance"]


async def test_a_training_that_has_expired_is_told_once_also_where_it_is_entered_late(face: Face) -> None:
    _, site, _ = await site_in_start_up(face)
    body = {"person_id": NURSE, "topic": "samples", "expires_on": "2026-01-31"}
    training = (await done(face, f"/v1/sites/{site}/trainings", **body))["training_id"]
    types = await face.published(TOPICS["sites"], f"training/{training}", 2)
    assert types == ["studyline.sites.training.completed.v1", "studyline.sites.training.expired.v1"]
    assert (await face.get(f"/v1/trainings/{training}")).json()["expired"] is True


async def test_an_approval_of_an_older_protocol_version_opens_nothing(face: Face) -> None:
    study, site, leader = await site_in_start_up(face)
    await all_there(face, study, site, leader)
    await waived(face, site)
    await status_of(face, site, "ready_for_activation")
    await approval(face, study, "competent_authority", version=2, covers="Protocol 1.0")
    await status_of(face, site, "start_up")
    refused = await face.post(f"/v1/sites/{site}/activate", ACTIVATE)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["authority_approval_other_version"]


async def test_a_shipment_that_was_too_warm_is_no_evidence_until_its_use_was_decided(face: Face) -> None:
    study, site, _ = await site_in_start_up(face)
    await done(face, f"/v1/studies/{study}/checklist", product="drug", laboratory=False, systems=False)
    shipment = (await done(face, f"/v1/sites/{site}/shipments"))["shipment_id"]
    await done(face, f"/v1/shipments/{shipment}/dispatch")
    warm = await done(face, f"/v1/shipments/{shipment}/receive", temperature="excursion")
    assert warm["status"] == "quarantined"
    refused = await face.post(f"/v1/shipments/{shipment}/release", DAY)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["decision_missing"]
    await done(face, f"/v1/shipments/{shipment}/release", document="QA-1")

    async def receipt() -> Any:
        items = (await face.get(f"/v1/sites/{site}/readiness")).json()["items"]
        return next(item for item in items if item["requirement"] == "product_receipt")

    assert (await until(receipt, lambda item: item["status"] == "met"))["evidence"]


async def test_a_certificate_on_the_master_record_lets_delegate_and_counts_for_the_checklist_too(face: Face) -> None:
    _, site, leader = await site_in_start_up(face)
    at, who = f"/v1/sites/{site}", {"family_name": "Nurse", "given_name": "N.", "profession": "nurse", "country": "DE"}
    old, nurse = [(await done(face, "/v1/people", **who))["person_id"] for _ in range(2)]
    dates = {"issued_on": "2025-01-01", "expires_on": "2150-01"}
    await done(face, f"/v1/people/{old}/credentials", kind="gcp_certificate", **dates)
    await done(face, f"/v1/people/{old}/merge", into=nurse)
    await done(face, f"{at}/trainings", person_id=nurse, topic="protocol")
    entry = {"person_id": nurse, "role": "study_nurse", "tasks": ["study_procedures"]}
    log = await done(face, f"{at}/delegations", **entry, authorised_by=leader, signed_on="2026-01-10")
    [certificate] = log["credentials"]
    why = (await face.get(f"{at}/activation")).json()
    [training] = [one for one in why["items"] if one["requirement"] == "trial_training"]
    assert training["status"] == "met"
    assert certificate["event_id"] in [one["event_id"] for one in training["evidence"]]


async def test_a_waiver_shows_from_its_own_day_on_and_after_its_end_on_the_days_that_it_held(face: Face) -> None:
    _, site, _ = await site_in_start_up(face)
    path = f"/v1/sites/{site}/checklist/initiation_report"
    body = {"reason": "urgent", "checklist_version": "study/1", "occurred_at": "2026-02-10"}
    await done(await signer(face), f"{path}/waive", **body)

    async def report(**asked: str) -> tuple[str, Any]:
        why = (await face.get(f"/v1/sites/{site}/activation", **asked)).json()
        [item] = [one for one in why["items"] if one["requirement"] == "initiation_report"]
        return item["status"], item["waiver"]

    status, waiver = await report(in_force_on="2026-02-10")
    assert (status, waiver["since"], waiver["reason"]) == ("waived", "2026-02-10", "urgent")
    assert waiver["signed_at"] > "2026-02-11"
    assert await report(in_force_on="2026-02-09") == ("missing", None)
    await done(face, f"{path}/end-waiver", occurred_at="2026-02-20")
    assert (await report())[0] == "missing"
    assert (await report(in_force_on="2026-02-19"))[0] == "waived"
    assert (await report(in_force_on="2026-02-20"))[0] == "missing"


async def test_a_waiver_needs_somebody_who_has_just_proved_who_they_are(face: Face) -> None:
    _, site, _ = await site_in_start_up(face)
    body = {"reason": "urgent", "checklist_version": "study/1", **DAY}
    refused = await face.post(f"/v1/sites/{site}/checklist/initiation_report/waive", body)
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/insufficient_user_authentication")
    other = {**body, "checklist_version": "study/2"}
    refused = await (await signer(face)).post(f"/v1/sites/{site}/checklist/initiation_report/waive", other)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["signature_of_something_else"]


async def test_the_lists_of_start_up_are_read_page_by_page_with_their_filters(face: Face) -> None:
    study, site, leader = await site_in_start_up(face)
    await all_there(face, study, site, leader)
    at = f"/v1/sites/{site}"
    for path, filters, count in (
        (f"{at}/contracts", {"status": "fully_executed"}, 1),
        (f"{at}/contracts", {"status": "draft"}, 0),
        (f"{at}/shipments", {}, 0),
        (f"{at}/trainings", {"topic": "gcp"}, 1),
        (f"{at}/trainings", {"person_id": leader}, 0),
        (f"{at}/delegations", {"role": "study_nurse"}, 1),
        (f"/v1/studies/{study}/checklists", {"country": "DE"}, 1),
        (f"/v1/studies/{study}/checklists", {"country": "FR"}, 0),
    ):
        page = (await face.get(path, limit=1, **filters)).json()
        assert (len(page["items"]), page["next"]) == (count, None), path
    version = (await face.get(f"/v1/studies/{study}/checklist")).json()["versions"][0]
    assert len(version["rules"]) == 23
    assert (await face.get(f"{at}/checklist")).json()["checklist_version"] == "study/1"


@pytest.mark.parametrize("part", ["checklist", "contracts", "shipments", "trainings", "delegations", "activation"])
async def test_another_sponsor_sees_and_touches_nothing_of_a_sites_start_up(face: Face, part: str) -> None:
    _, site, _ = await site_in_start_up(face)
    zeta = face.acting("operations", "Zeta", signing=True)
    assert (await zeta.get(f"/v1/sites/{site}/{part}")).status_code == 404
    body = {**DAY, "document": "D"}
    assert (await zeta.post(f"/v1/sites/{site}/checklist/insurance/evidence", body)).status_code == 404
