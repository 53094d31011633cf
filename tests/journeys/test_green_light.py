"""A study with a checklist of its own, through the real stack: refused with all that is missing, granted, lost."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from platform_user import User, eventually
from start_up_user import approval, initiation_visit, led, papers, staffed, study_with_site
from studyline.testing import Servers

FACTS = {"product": "none", "laboratory": False, "systems": True, "protocol_version": "protocol 1.0"}
WAIVED = "system_access"
CANARY_NAME, CANARY_REASON = "Erika Mustermann-Canary", "The account of Erika M. born 1964-08-12 is on its way."
ACTIVATE = {"occurred_at": "2026-03-15"}


async def site_of(user: User, site: str) -> dict[str, Any]:
    return (await user.get("sites", f"/sites/{site}")).json()


async def until_status(user: User, site: str, status: str) -> dict[str, Any]:
    found = await eventually(lambda: site_of(user, site), lambda found: found["status"] == status)
    assert found["status"] == status, found
    return found


async def waived(stack: Servers, site: str) -> None:
    """Quality goes on without system access, by signature."""
    signer = User(stack, "quality")
    token = stack.token("quality", (), "quality-lead", CANARY_NAME, stepped_up=True)
    signer.http.headers["Authorization"] = f"Bearer {token}"
    waiver = {"reason": CANARY_REASON, "checklist_version": "study/1", "occurred_at": "2026-03-14"}
    await signer.done("sites", f"/sites/{site}/checklist/{WAIVED}/waive", **waiver)


async def told_of(stack: Servers, study: str, last: str) -> tuple[list[str], bytes]:
    """The types of all events of the study up to one of this type, and all that Kafka carries of them."""
    consumer: Any = AIOKafkaConsumer("studyline.sites", bootstrap_servers=stack.kafka, auto_offset_reset="earliest")
    types: list[str] = []
    carried = b""
    async with consumer:
        while last not in types:
            record = await consumer.getone()
            if record.key == study.encode():
                types.append(dict(record.headers)["ce_type"].decode())
                carried += repr(record.headers).encode() + record.value
    return types, carried


async def test_a_green_light_is_refused_granted_lost_and_given_back_by_a_person(stack: Servers) -> None:
    user = User(stack, "operations")
    study, site = await study_with_site(user, "Green Light AG")
    await user.done("sites", f"/studies/{study}/checklist", **FACTS, occurred_at="2026-01-15")
    leader = await led(user, site)

    refused = await user.post("sites", f"/sites/{site}/activate", **ACTIVATE)
    assert refused.status_code == 409
    missing = {reason["field"] for reason in refused.json()["reasons"]}
    assert {"authority_approval", "clinical_trial_agreement", "delegation_log", "insurance", WAIVED} < missing
    assert len(missing) == 14

    authority = await approval(user, study, "competent_authority", None)
    await approval(user, study, "ethics_committee", site)
    await initiation_visit(user, site)
    await papers(user, site, leader)
    await staffed(user, site, leader)

    async def blocked_by() -> list[str]:
        return (await user.get("sites", f"/sites/{site}/readiness")).json()["blocked_by"]

    assert await eventually(blocked_by, lambda found: found == [WAIVED]) == [WAIVED]
    await waived(stack, site)
    await until_status(user, site, "ready_for_activation")
    assert (await user.done("sites", f"/sites/{site}/activate", **ACTIVATE))["status"] == "active"

    withdrawn = {"occurred_at": "2026-04-01"}
    await user.done("regulatory", f"/submissions/{authority}/withdraw", **withdrawn)
    held = await until_status(user, site, "on_hold")
    assert held["lost"] == ["authority_approval"]
    why = (await user.get("sites", f"/sites/{site}/activation")).json()
    assert why["blocked_by"] == ["authority_approval"]
    [waiver] = [item["waiver"] for item in why["items"] if item["requirement"] == WAIVED]
    assert (waiver["printed_name"], waiver["reason"]) == (CANARY_NAME, CANARY_REASON)

    resume = await user.post("sites", f"/sites/{site}/resume-enrolment", occurred_at="2026-04-02")
    assert resume.status_code == 409
    await approval(user, study, "competent_authority", None)
    await eventually(lambda: site_of(user, site), lambda found: found["lost"] == [])
    assert (await site_of(user, site))["status"] == "on_hold"
    assert (await user.done("sites", f"/sites/{site}/resume-enrolment", occurred_at="2026-05-01"))["status"] == "active"

    types, carried = await told_of(stack, study, "studyline.sites.site.enrolment-resumed.v1")
    assert "studyline.sites.checklist.item-waived.v1" in types
    steps = [one.split(".")[3] for one in types if one.startswith("studyline.sites.site.")]
    assert steps[-6:] == [
        "ready-for-activation",
        "activated",
        "activation-prerequisite-lost",
        "enrolment-paused",
        "activation-prerequisite-regained",
        "enrolment-resumed",
    ]
    for word in (CANARY_NAME, "Mustermann", "1964-08-12", "Lead"):
        assert word.encode() not in carried, word
