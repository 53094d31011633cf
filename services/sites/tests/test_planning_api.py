"""Plans over HTTP and Kafka: baselines, what is at risk, actual days that events set by themselves, enrolment."""

import asyncio
from typing import Any

from chassis.scope import Scope
from contracts import TOPICS, derived_id, monitoring, regulatory
from contracts import sites as public
from sites.projections import REACHED
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-03-01"}
STUDY = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": "2022-01"}
GERMANY = {"country": "DE", "sites": 2, "subjects": 20}
ENROLMENT = [
    {"country": "DE", "month": "2022-06", "cumulative": 5},
    {"country": "DE", "month": "2022-12", "cumulative": 20},
]


async def done(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def site_of(face: Face, study_id: str, **more: Any) -> str:
    """An active site, adopted without its gate."""
    record = {
        "key": derived_id(study_id, str(more))[:8],
        "study_id": study_id,
        "country": "DE",
        "status": "active",
        **more,
    }
    report = await done(face, "/v1/adoptions/sites", {"source": "elsewhere", "records": [record]})
    return report["results"][0]["id"]


async def study_of(face: Face) -> str:
    return (await done(face, "/v1/studies", STUDY))["study_id"]


def plan_of(site_id: str) -> dict[str, Any]:
    place = {"country": "DE", "site_id": site_id}
    days = {"initiation_visit": "2022-05-01", "site_activated": "2022-05-10"}
    milestones = [{"key": {"level": "site", "kind": kind, **place}, "planned": day} for kind, day in days.items()]
    milestones.append({"key": {"level": "study", "kind": "first_site_activated"}, "planned": "2022-05-10"})
    return {**DAY, "content": {"countries": [GERMANY], "enrolment": ENROLMENT, "milestones": milestones}}


async def milestone(face: Face, study_id: str, kind: str, level: str = "site") -> dict[str, Any]:
    found = (await face.get(f"/v1/studies/{study_id}/milestones", kind=kind, level=level)).json()["items"]
    return found[0] if found else {"actual": None, "planned": None}


async def once_reached(face: Face, study_id: str, kind: str, level: str = "site") -> dict[str, Any]:
    """The milestone, once it is reached."""
    while (found := await milestone(face, study_id, kind, level))["actual"] is None:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)
    return found


async def test_a_plan_becomes_the_baseline_and_a_move_tells_what_comes_late(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id)
    path = f"/v1/studies/{study_id}/plan"
    drafted = await done(face, path, plan_of(site_id))
    assert (drafted["plan_version"], drafted["status"], drafted["milestones"]) == (1, "draft", 3)
    assert (await done(face, f"{path}/approve-baseline", DAY))["baseline_version"] == 1
    moved = {"key": {"level": "site", "kind": "initiation_visit", "country": "DE", "site_id": site_id}}
    await done(face, f"{path}/milestones", {**DAY, "milestone": {**moved, "planned": "2022-06-01"}})
    late = await milestone(face, study_id, "site_activated")
    assert (late["baseline"], late["planned"], late["at_risk"]) == ("2022-05-10", "2022-05-10", True)
    assert late["slack_days"] < 0
    assert late["waits_for"]["kind"] == "initiation_visit"
    types = await face.published(TOPICS["sites"], f"study-plan/{study_id}", 4)
    names = ["plan.drafted", "plan.baseline-approved", "milestone.planned", "milestone.forecast"]
    assert types == [f"studyline.sites.{name}.v1" for name in names]


async def test_a_replanned_study_keeps_every_baseline(face: Face) -> None:
    study_id = await study_of(face)
    plan, path = plan_of(await site_of(face, study_id)), f"/v1/studies/{study_id}/plan"
    await done(face, path, plan)
    await done(face, f"{path}/approve-baseline", DAY)
    plan["content"]["milestones"][2]["planned"] = "2022-07-01"
    replanned = await done(face, f"{path}/replan", {**plan, "reason": "sites are late"})
    assert (replanned["plan_version"], replanned["baseline_version"]) == (2, 1)
    await done(face, f"{path}/approve-baseline", DAY)
    baselines = (await face.get(f"{path}/baselines")).json()
    assert [one["version"] for one in baselines] == [1, 2]
    days = [{day["kind"]: day["planned"] for day in one["milestones"]} for one in baselines]
    assert [one["first_site_activated"] for one in days] == ["2022-05-10", "2022-07-01"]


async def test_what_was_reached_before_the_plan_was_drafted_is_noted_with_it(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id, activated_on="2022-04-03")
    await once_stored(face, study_id, 2)
    assert (await milestone(face, study_id, "site_activated"))["actual"] is None
    await done(face, f"/v1/studies/{study_id}/plan", plan_of(site_id))
    assert (await once_reached(face, study_id, "site_activated"))["actual"] == "2022-04-03"
    first = await once_reached(face, study_id, "first_site_activated", "study")
    assert (first["actual"], first["forecast"], first["slip_days"]) == ("2022-04-03", None, -37)
    assert (await once_reached(face, study_id, "half_of_sites_activated", "study"))["actual"] == "2022-04-03"
    assert (await milestone(face, study_id, "three_quarters_of_sites_activated", "study"))["actual"] is None
    assert (await face.get(f"/v1/studies/{study_id}")).json()["milestones"]


async def once_stored(face: Face, study_id: str, count: int) -> None:
    rows = face.database.collection(REACHED.collection)
    while await rows.count(Scope.everything(), {"study": study_id}) < count:  # noqa: ASYNC110 - the truth is there
        await asyncio.sleep(0.02)


async def test_events_of_other_services_set_actual_days_and_the_earliest_counts(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id)
    await done(face, f"/v1/studies/{study_id}/plan", plan_of(site_id))
    place = {"study_id": study_id, "site_id": site_id, "country": "DE"}
    decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
    approved = regulatory.SubmissionApproved.model_validate(
        {**place, **decision, "submission_id": f"ra-{study_id}", "body": "competent_authority", "site_id": None}
    )
    await face.tell(TOPICS["regulatory"], f"submission/ra-{study_id}", approved, sponsor="Acme")
    visit = monitoring.MonitoringVisitCompleted.model_validate(
        {**place, "visit_id": f"v-{site_id}", "visit_type": "SIV"}
    )
    await face.tell(TOPICS["monitoring"], f"monitoring-visit/v-{site_id}", visit, sponsor="Acme")
    assert (await once_reached(face, study_id, "authority_approval", "country"))["actual"] == "2022-02-01"
    assert (await once_reached(face, study_id, "initiation_visit"))["actual"] == "2022-02-01"
    await once_reached(face, study_id, "first_authority_approval", "study")
    about = {"study_id": study_id, "document_id": f"p-{study_id}", "tmf_unique_id": "032", "version": "1.0"}
    signed = {"sha256": "0" * 64, "substantial": None, "signed": True, "meaning": "approval"}
    protocol = regulatory.DocumentApproved.model_validate({**about, **signed, "kind": "protocol"})
    await face.tell(TOPICS["regulatory"], f"controlled-document/p-{study_id}", protocol, sponsor="Acme")
    assert (await once_reached(face, study_id, "protocol_approved", "study"))["actual"] == "2022-02-01"
    rolled = (await face.get(f"/v1/studies/{study_id}/milestones/roll-up")).json()
    [of_country] = [one for one in rolled if (one["level"], one["kind"]) == ("country", "initiation_visit")]
    assert (of_country["first_actual"], of_country["last_planned"], of_country["reached"]) == (
        "2022-02-01",
        "2022-05-01",
        1,
    )


async def test_the_sites_own_start_up_sets_its_milestones_too(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id)
    await done(face, f"/v1/studies/{study_id}/plan", plan_of(site_id))
    place = {"study_id": study_id, "site_id": site_id, "country": "DE"}
    shipment = {**place, "shipment_id": f"ip-{site_id}"}
    answers = {**place, "assessment_id": f"f-{site_id}", "questionnaire_id": "q-1"}
    contract = {**place, "contract_id": f"cta-{site_id}", "ends_on": None}
    for aggregate, event in (
        (f"study-site/{site_id}-cda", public.SiteCdaSigned.model_validate(place)),
        (f"feasibility/f-{site_id}", public.FeasibilityReturned.model_validate(answers)),
        (f"site-contract/cta-{site_id}", public.SiteContractExecuted.model_validate(contract)),
        (
            f"ip-shipment/w-{site_id}",
            public.IpShipmentReceived.model_validate({**shipment, "temperature": "excursion"}),
        ),
        (f"ip-shipment/r-{site_id}", public.IpShipmentReleased.model_validate(shipment)),
    ):
        await face.tell(TOPICS["sites"], aggregate, event, sponsor="Acme")
    for kind in ("cda_signed", "feasibility_returned", "contract_executed", "product_released"):
        assert (await once_reached(face, study_id, kind))["actual"] == "2022-02-01"
    listed = (await face.get(f"/v1/studies/{study_id}/milestones", kind="product_received")).json()["items"]
    assert listed == []
    received = public.IpShipmentReceived.model_validate({**shipment, "temperature": "within_limits"})
    await face.tell(TOPICS["sites"], f"ip-shipment/ip-{site_id}", received, sponsor="Acme")
    await once_reached(face, study_id, "product_received")


async def test_a_day_recorded_by_hand_stands(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id)
    path = f"/v1/studies/{study_id}/milestones/record"
    body = {**DAY, "kind": "contract_executed", "country": "DE", "site_id": site_id, "actual": "2022-04"}
    await done(face, path, body)
    assert (await milestone(face, study_id, "contract_executed"))["actual"] == "2022-04"
    elsewhere = await face.post(path.replace(study_id, await study_of(face)), body)
    assert elsewhere.status_code == 404


async def test_enrolment_is_planned_actual_and_forecast_by_country_and_month(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id)
    await done(face, f"/v1/studies/{study_id}/plan", plan_of(site_id))
    records = [
        {
            "study_id": study_id,
            "site_id": site_id,
            "key": f"{month}-{n}",
            "steps": [{"step": "enrolled", "on": f"{month}-05"}],
        }
        for month, count in (("2022-05", 2), ("2022-06", 3))
        for n in range(count)
    ]
    await done(face, "/v1/adoptions/subjects", {"source": "elsewhere", "records": records})
    path = f"/v1/studies/{study_id}/enrolment"
    first = (await face.get(path, country="DE", limit=3)).json()
    assert [(row["month"], row["planned"], row["actual"]) for row in first["items"]] == [
        ("2022-05", None, 2),
        ("2022-06", 5, 5),
        ("2022-07", 5, 5),
    ]
    rest = (await face.get(path, country="DE", limit=1000, cursor=first["next"])).json()
    assert rest["items"][0]["month"] == "2022-08"
    assert rest["next"] is None


async def test_milestones_are_listed_page_by_page_and_another_sponsor_sees_none(face: Face) -> None:
    study_id = await study_of(face)
    site_id = await site_of(face, study_id)
    await done(face, f"/v1/studies/{study_id}/plan", plan_of(site_id))
    path = f"/v1/studies/{study_id}/milestones"
    first = (await face.get(path, limit=2)).json()
    rest = (await face.get(path, limit=1000, cursor=first["next"])).json()
    assert {"initiation_visit", "site_activated", "first_site_activated"} <= {
        one["kind"] for one in first["items"] + rest["items"]
    }
    zeta = face.acting("operations", "Zeta")
    plan = f"/v1/studies/{study_id}/plan"
    for unseen in (path, f"{path}/roll-up", plan, f"{plan}/baselines", f"/v1/studies/{study_id}/enrolment"):
        answer = await zeta.get(unseen)
        assert answer.status_code == 404, unseen
        assert site_id not in answer.text
    for order, body in (
        (plan, plan_of(site_id)),
        (f"{plan}/approve-baseline", DAY),
        (f"{plan}/replan", plan_of(site_id)),
    ):
        assert (await zeta.post(order, body)).status_code == 404
    kinds = (await zeta.get("/v1/milestone-kinds")).json()
    assert {"level": "site", "kind": "initiation_visit"}.items() <= next(
        one for one in kinds["kinds"] if one["kind"] == "initiation_visit"
    ).items()
