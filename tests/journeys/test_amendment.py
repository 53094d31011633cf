"""An approved version of the protocol on its way through the services: a body, its effect, a site, and back again."""

from typing import Any

from chassis import clock
from known_files import pdf
from platform_user import User, eventually
from studyline.testing import Servers
from told_documents import SYNOPSIS

STUDY = {"sponsor": {"name": "Amended AG"}, "protocol_number": "AMD-1", "title": "A study", "countries": ["DE"]}
NURSE = "22222222-2222-5222-8222-222222222222"
CANARY = "Erika Mustermann-Canary born 1964-08-12"


def known_as(stack: Servers, subject: str, *, signing: bool = False) -> User:
    user = User(stack, "quality")
    token = stack.token("quality", (), subject, CANARY, stepped_up=signing)
    user.http.headers["Authorization"] = f"Bearer {token}"
    return user


async def version_of(stack: Servers, document: str, version: str, on: str) -> None:
    """A version of a document from its draft to its approval by signature."""
    user, path = User(stack, "operations"), f"/documents/{document}/versions"
    await user.done("regulatory", path, version=version, occurred_at=on)
    upload = f"{user.addresses.regulatory}/v1{path}/{version}/file"
    headers = {"Idempotency-Key": clock.new_id(), "Content-Type": "application/pdf"}
    query = {"filename": "protocol.pdf"}
    content = pdf(f"{document} {version}")
    assert (await user.http.post(upload, content=content, params=query, headers=headers)).is_success
    synopsis = SYNOPSIS.model_dump(mode="json")
    await user.done("regulatory", f"{path}/{version}/synopsis", synopsis=synopsis, occurred_at=on)
    if version != "1.0":
        change = {"summary": "Fewer visits.", "substantial": True}
        await user.done("regulatory", f"{path}/{version}/change", change=change, occurred_at=on)
    await user.done("regulatory", f"{path}/{version}/request-review", reviewers=["bob"], occurred_at=on)
    done = await known_as(stack, "bob").done("regulatory", f"{path}/{version}/complete-review", occurred_at=on)
    sha256 = next(one["sha256"] for one in done["versions"] if one["number"] == version)
    signer = known_as(stack, "cleo", signing=True)
    await signer.done("regulatory", f"{path}/{version}/approve", sha256=sha256, occurred_at=on)


async def site_of(user: User) -> tuple[str, str]:
    """A study with an open site, where a nurse is trained in the first version and delegated."""
    study = (await user.done("sites", "/studies", **STUDY, occurred_at="2026-01-05"))["study_id"]
    record = {"key": "1", "study_id": study, "country": "DE", "status": "active", "activated_on": "2026-01-20"}
    adopted = await user.done("sites", "/adoptions/sites", source="elsewhere", records=[record])
    site = adopted["results"][0]["id"]
    person = {"family_name": "Lead", "given_name": "L", "profession": "physician", "country": "DE"}
    leader = (await user.done("sites", "/people", **person, occurred_at="2026-01-05"))["person_id"]
    day = {"occurred_at": "2026-01-20"}
    await user.done("sites", f"/sites/{site}/staff", person_id=leader, role="principal_investigator", **day)
    for topic in ("protocol", "gcp"):
        await user.done("sites", f"/sites/{site}/trainings", person_id=NURSE, topic=topic, **day)
    entry = {"person_id": NURSE, "role": "study_nurse", "tasks": ["study_procedures"]}
    signed = {"authorised_by": leader, "signed_on": "2026-01-20"}
    await user.done("sites", f"/sites/{site}/delegations", **entry, **signed, **day)
    return study, site


async def modification(user: User, study: str, protocol: str) -> str:
    """A modification with the second version, handed to an ethics committee."""
    named = [
        {"tmf_unique_id": "065", "document_id": "cover-letter", "version": "1"},
        {"tmf_unique_id": "032", "document_id": protocol, "version": "2.0"},
    ]
    about = {"study_id": study, "body": "ethics_committee", "country": "DE", "kind": "substantial_modification"}
    asked = await user.done("regulatory", "/submissions", **about, documents=named, occurred_at="2026-03-02")
    submission: str = asked["submission_id"]
    await user.done("regulatory", f"/submissions/{submission}/submit", occurred_at="2026-03-03")
    return submission


async def test_an_amendment_propagates_from_its_approval_to_the_site_and_is_noted_without_being_typed_again(
    stack: Servers,
) -> None:
    user = User(stack, "operations")
    study, site = await site_of(user)

    async def create() -> Any:
        told = {"study_id": study, "type_id": "032", "title": "The protocol", "occurred_at": "2026-01-02"}
        return await user.post("regulatory", "/documents", **told)

    protocol = (await eventually(create, lambda answer: answer.is_success)).json()["document_id"]
    effective = f"/documents/{protocol}/versions"
    await version_of(stack, protocol, "1.0", "2026-01-03")
    await user.done("regulatory", f"{effective}/1.0/make-effective", country="DE", occurred_at="2026-01-10")
    await version_of(stack, protocol, "2.0", "2026-03-01")
    submission = await modification(user, study, protocol)
    await user.done("regulatory", f"{effective}/2.0/make-effective", country="DE", occurred_at="2026-03-20")

    async def amendment() -> dict[str, Any]:
        items = await user.all("sites", f"/sites/{site}/amendments")
        return items[0] if items else {"status": None, "blocked_by": []}

    waiting = ["ethics_approval", "training"]
    assert (await eventually(amendment, lambda one: one["blocked_by"] == waiting))["blocked_by"] == waiting
    decision = {"reference": "EC-7", "covers": ["protocol 2.0"], "occurred_at": "2026-03-18"}
    await user.done("regulatory", f"/submissions/{submission}/approve", **decision)
    named = {"document_id": protocol, "version": "2.0"}
    training = {"person_id": NURSE, "topic": "protocol", "document_version": named, "reason": CANARY}
    await user.done("sites", f"/sites/{site}/trainings", **training, occurred_at="2026-03-27")

    done = await eventually(amendment, lambda one: one["status"] == "implemented")
    assert (done["implemented_on"], done["days_from_approval"], done["days_from_effect"]) == ("2026-03-27", 26, 7)

    async def noted() -> list[dict[str, Any]]:
        return (await user.get("regulatory", f"/submissions/{submission}")).json()["implementations"]

    [carried_out] = await eventually(noted, bool)
    assert (carried_out["site_id"], carried_out["on"]) == (site, "2026-03-27")

    async def shown() -> list[dict[str, Any]]:
        return await user.all("reporting", "/timeline", study=study, kind="amendment_implemented_at_site")

    [entry] = await eventually(shown, bool)
    assert entry["occurred_at"] == "2026-03-27"
    assert CANARY not in str(await user.all("reporting", "/timeline", study=study))
