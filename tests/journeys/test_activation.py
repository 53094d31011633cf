"""The choreography: a site opens only on evidence that `sites` has from other services' events."""

import itertools
from typing import Any

import pytest
from chassis import clock
from platform_user import User, eventually
from start_up_user import approval, initiation_visit, study_with_site
from studyline.testing import Servers

MISSING = {"authority_approval_missing", "ethics_approval_missing", "initiation_visit_missing"}


async def ready(user: User, site: str) -> None:
    async def items() -> Any:
        return (await user.get("sites", f"/sites/{site}/readiness")).json()["items"]

    found = await eventually(items, lambda items: all(item["evidence"] for item in items))
    assert all(item["evidence"] for item in found), found


async def test_from_registration_to_the_timeline_in_one_trace(stack: Servers, collector: Any) -> None:
    trace = clock.new_id().replace("-", "")
    user = User(stack, "operations", trace=trace)
    study, site = await study_with_site(user, "Acme One")

    refused = await user.post("sites", f"/sites/{site}/activate", occurred_at="2026-03-15")
    assert refused.status_code == 409
    assert {reason["code"] for reason in refused.json()["reasons"]} == MISSING

    await approval(user, study, "competent_authority", None)
    await approval(user, study, "ethics_committee", site)
    await initiation_visit(user, site)
    await ready(user, site)
    activated = await user.done("sites", f"/sites/{site}/activate", occurred_at="2026-03-15")
    assert activated["status"] == "active"

    async def entries() -> list[dict[str, Any]]:
        return await user.all("reporting", "/timeline", study=study)

    told = await eventually(entries, lambda entries: any(one["kind"] == "site_activated" for one in entries))
    kinds = [one["kind"] for one in told]
    assert {"study_registered", "submission_approved", "monitoring_visit_completed", "site_activated"} <= set(kinds)
    assert len({one["event_id"] for one in told}) == len(told)

    expected = {
        ("studyline-sites", "POST /v1/sites/{site_id}/activate"),
        ("studyline-sites", "journal"),
        ("studyline-sites", "studyline.sites.site.activated.v1 publish"),
        ("studyline-sites", "sites process"),
        ("studyline-regulatory", "studyline.regulatory.submission.approved.v1 publish"),
        ("studyline-monitoring", "studyline.monitoring.monitoring-visit.completed.v1 publish"),
        ("studyline-reporting", "reporting process"),
    }

    async def traced() -> set[tuple[str, str]]:
        return {(service, name) for service, names in collector.traces[trace].items() for name in names}

    assert await eventually(traced, lambda seen: seen >= expected) >= expected


@pytest.mark.parametrize("order", list(itertools.permutations(["authority", "ethics", "visit"])))
async def test_evidence_in_any_order_leads_to_the_same_result(stack: Servers, order: tuple[str, ...]) -> None:
    user = User(stack, "operations")
    study, site = await study_with_site(user, "Acme Orders")
    for piece in order:
        match piece:
            case "authority":
                await approval(user, study, "competent_authority", site)
            case "ethics":
                await approval(user, study, "ethics_committee", None)
            case _:
                await initiation_visit(user, site)
    await ready(user, site)
    assert (await user.done("sites", f"/sites/{site}/activate", occurred_at="2026-03-15"))["status"] == "active"


async def test_the_activation_names_the_events_it_rested_on(stack: Servers) -> None:
    user = User(stack, "operations")
    study, site = await study_with_site(user, "Acme Evidence")
    await approval(user, study, "competent_authority", None)
    await approval(user, study, "ethics_committee", None)
    await initiation_visit(user, site)
    await ready(user, site)
    readiness = (await user.get("sites", f"/sites/{site}/readiness")).json()
    evidence = {one["event_id"] for item in readiness["items"] for one in item["evidence"]}
    await user.done("sites", f"/sites/{site}/activate", occurred_at="2026-03-15")

    async def told() -> set[str]:
        return {one["event_id"] for one in await user.all("reporting", "/timeline", study=study)}

    assert await eventually(told, lambda ids: evidence <= ids) >= evidence
