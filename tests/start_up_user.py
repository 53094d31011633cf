"""What a start-up team does over HTTP at several services, for the journeys that need a site to be ready."""

from typing import Any

from contracts import derived_id
from platform_user import User, eventually

NURSE = derived_id("a nurse")
OWN_DOCUMENTS = ("protocol_signature_page", "investigator_curriculum_vitae", "investigator_gcp_certificate")
SITE_DOCUMENTS = ("indemnity", "insurance", "data_privacy_agreement", "initiation_report")


async def study_with_site(user: User, sponsor: str) -> tuple[str, str]:
    """A study of the sponsor's, and a site of it in Germany whose start-up has begun."""
    study = await user.done(
        "sites",
        "/studies",
        sponsor={"name": sponsor},
        protocol_number="ONC-301",
        title="A study",
        countries=["DE"],
        occurred_at="2026-01-05",
    )
    site = await user.done(
        "sites",
        f"/studies/{study['study_id']}/sites",
        name="Charité",
        city="Berlin",
        country="DE",
        occurred_at="2026-01-10",
    )
    for step in ("select", "begin-start-up"):
        await user.done("sites", f"/sites/{site['site_id']}/{step}", occurred_at="2026-02-01")
    return study["study_id"], site["site_id"]


async def approval(user: User, study: str, body: str, site: str | None) -> str:
    """A submission from preparation to approval, its id; the service must have heard of the study first."""

    async def prepare() -> Any:
        about = {"study_id": study, "body": body, "country": "DE", "site_id": site, "occurred_at": "2026-02-02"}
        return await user.post("regulatory", "/submissions", **about)

    prepared = await eventually(prepare, lambda answer: answer.status_code == 201)
    submission: str = prepared.json()["submission_id"]
    await user.done("regulatory", f"/submissions/{submission}/submit", occurred_at="2026-02-03")
    decision = {"reference": "REF-1", "covers": ["protocol 1.0"], "occurred_at": "2026-03-01"}
    await user.done("regulatory", f"/submissions/{submission}/approve", **decision)
    return submission


async def initiation_visit(user: User, site: str) -> None:
    """The initiation visit of a site of which monitoring has heard."""

    async def plan() -> Any:
        about = {"visit_type": "SIV", "planned_on": "2026-03-10", "occurred_at": "2026-02-20"}
        return await user.post("monitoring", f"/sites/{site}/visits", **about)

    planned = await eventually(plan, lambda answer: answer.status_code == 201)
    visit = planned.json()["visit_id"]
    await user.done("monitoring", f"/visits/{visit}/schedule", scheduled_on="2026-03-12", occurred_at="2026-02-21")
    await user.done("monitoring", f"/visits/{visit}/complete", occurred_at="2026-03-12")


async def led(user: User, site: str) -> str:
    """A principal investigator for the site; the person's id."""
    person = {"family_name": "Lead", "given_name": "L", "profession": "physician", "country": "DE"}
    leader: str = (await user.done("sites", "/people", **person, occurred_at="2026-02-01"))["person_id"]
    role = {"person_id": leader, "role": "principal_investigator", "occurred_at": "2026-02-01"}
    await user.done("sites", f"/sites/{site}/staff", **role)
    return leader


async def papers(user: User, site: str, leader: str) -> None:
    """What is recorded by hand, and the contract from draft to execution."""
    at, day = f"/sites/{site}", {"occurred_at": "2026-02-10"}
    for code in SITE_DOCUMENTS:
        await user.done("sites", f"{at}/checklist/{code}/evidence", document=f"doc-{code}", **day)
    for code in OWN_DOCUMENTS:
        own = {"document": f"doc-{code}", "person_id": leader, **day}
        await user.done("sites", f"{at}/checklist/{code}/evidence", **own)
    contract = await user.done("sites", f"{at}/contracts", parties=["cro", "institution"], **day)
    steps: tuple[tuple[str, dict[str, str]], ...] = (
        ("agree-budget", {"budget_version": "1.0"}),
        ("agree", {}),
        ("sign", {"party": "cro"}),
        ("sign", {"party": "institution", "document": "CTA-1"}),
    )
    for step, body in steps:
        await user.done("sites", f"/site-contracts/{contract['contract_id']}/{step}", **body, **day)


async def staffed(user: User, site: str, leader: str) -> None:
    """A nurse who is trained and to whom the investigator has delegated the study's procedures."""
    at, day = f"/sites/{site}", {"occurred_at": "2026-02-10"}
    for topic in ("protocol", "gcp"):
        await user.done("sites", f"{at}/trainings", person_id=NURSE, topic=topic, **day)
    entry = {"person_id": NURSE, "role": "study_nurse", "tasks": ["study_procedures"]}
    signed = {"authorised_by": leader, "signed_on": "2026-02-10"}
    await user.done("sites", f"{at}/delegations", **entry, **signed, **day)
