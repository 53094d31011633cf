"""Amendments over HTTP, on real servers: what events tell, what people say, waive and read."""

import asyncio
from typing import Any

from chassis import clock
from contracts import TOPICS, PublicEvent, derived_id, regulatory
from studyline.testing.events import publish, told
from studyline.testing.service import Face

STUDY = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": "2022-01"}
PERSON = {"family_name": "K", "given_name": "M", "profession": "physician", "country": "DE", "occurred_at": "2022-01"}
NURSE = "22222222-2222-5222-8222-222222222222"
STEPS = ("authority_approval", "ethics_approval", "protocol_in_effect", "training", "consent_form", "reconsent")


async def done(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, body)
    assert answer.is_success, answer.text
    return answer.json()


class Study:
    """A study with open sites, of whose documents and submissions neighbours tell."""

    def __init__(self, face: Face, study_id: str, sites: list[str]) -> None:
        self.face, self.study_id, self.sites = face, study_id, sites
        self.nth: dict[str, int] = {}

    @classmethod
    async def begun(cls, face: Face, *countries: str) -> "Study":
        study_id = (await done(face, "/v1/studies", STUDY))["study_id"]
        records = [
            {"key": str(n), "study_id": study_id, "country": one, "status": "active", "activated_on": "2022-01-10"}
            for n, one in enumerate(countries)
        ]
        report = await done(face, "/v1/adoptions/sites", {"source": "elsewhere", "records": records})
        return cls(face, study_id, [one["id"] for one in report["results"]])

    @property
    def protocol(self) -> str:
        return f"protocol-{self.study_id}"

    @property
    def second(self) -> dict[str, str]:
        return {"document_id": self.protocol, "version": "2.0"}

    async def tell(self, about: str, event_type: type[PublicEvent], on: str, **facts: Any) -> str:
        self.nth[about] = self.nth.get(about, 0) + 1
        event = event_type.model_validate({"study_id": self.study_id, "country": None, "site_id": None, **facts})
        one = told(f"x/{about}", event, sponsor="Acme", version=self.nth[about], occurred=on)
        await publish(self.face.cluster, TOPICS["regulatory"], [one])
        return one.envelope.id

    async def document(self, name: str, kind: str, version: str, on: str, *, approved: str | None = None) -> str:
        """A version takes effect everywhere, after its approval where that is told."""
        about = {"document_id": name, "kind": kind, "tmf_unique_id": "032", "version": version}
        if approved is not None:
            signed = {"sha256": "0" * 64, "substantial": True, "signed": True, "meaning": "approval"}
            await self.tell(name, regulatory.DocumentApproved, approved, **about, **signed)
        return await self.tell(name, regulatory.DocumentMadeEffective, on, **about)

    async def amended(self) -> None:
        await self.document(self.protocol, "protocol", "1.0", "2022-01-01", approved="2021-12-01")
        await self.document(self.protocol, "protocol", "2.0", "2022-03-20", approved="2022-03-01")

    async def submitted(self, key: str) -> None:
        about = {"submission_id": key, "body": "ethics_committee", "country": "DE", "kind": "substantial_modification"}
        named = ({"tmf_unique_id": "032", **self.second},)
        await self.tell(key, regulatory.SubmissionDocumentsNamed, "2022-02-01", **about, documents=named)

    async def approve(self, key: str, on: str) -> str:
        about = {"submission_id": key, "body": "ethics_committee", "country": "DE", "kind": "substantial_modification"}
        decision = {"reference": "R", "covers": (), "with_conditions": False, "expires_on": None}
        named = ({"tmf_unique_id": "032", **self.second},)
        return await self.tell(key, regulatory.SubmissionApproved, on, **about, **decision, documents=named)

    async def delegated(self, site: str) -> None:
        """A nurse on the log, trained in the first version."""
        leader = (await done(self.face, "/v1/people", PERSON))["person_id"]
        role = {"person_id": leader, "role": "principal_investigator", "occurred_at": "2022-01-10"}
        await done(self.face, f"/v1/sites/{site}/staff", role)
        for topic in ("protocol", "gcp"):
            await self.train(site, "2022-01-15", topic=topic, document_version=None)
        entry = {"person_id": NURSE, "role": "study_nurse", "tasks": ["study_procedures"], "occurred_at": "2022-01-20"}
        await done(
            self.face, f"/v1/sites/{site}/delegations", {**entry, "authorised_by": leader, "signed_on": "2022-01-20"}
        )

    async def train(self, site: str, on: str, **more: Any) -> str:
        training = {"person_id": NURSE, "topic": "protocol", "document_version": self.second, "occurred_at": on}
        return (await done(self.face, f"/v1/sites/{site}/trainings", {**training, **more}))["training_id"]

    async def until(self, site: str, **wanted: Any) -> dict[str, Any]:
        """The amendment at the site, once its steps or its status stand so."""
        while True:
            items = (await self.face.get(f"/v1/sites/{site}/amendments")).json()["items"]
            if items:
                stands = {one["step"]: one["status"] for one in items[0]["steps"]} | {"status": items[0]["status"]}
                if all(stands.get(name) == value for name, value in wanted.items()):
                    return items[0]
            await asyncio.sleep(0.02)


async def test_a_version_goes_from_its_approval_to_implementation_at_the_site_and_each_lag_is_seen(face: Face) -> None:
    study = await Study.begun(face, "DE", "FR")
    site, elsewhere = study.sites
    await study.delegated(site)
    first_form = await study.document(f"icf-{study.study_id}", "informed_consent_form", "1.0", "2022-01-01")
    form = {"document_id": f"icf-{study.study_id}", "version": "1.0"}
    while (await face.get(f"/v1/sites/{site}/consent-forms")).json() != [form]:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)
    consent = {"subject_key": "7", "consent_form": form, "occurred_at": "2022-02-01"}
    subject = (await done(face, f"/v1/sites/{site}/subjects", consent))["subject_id"]
    await study.submitted(f"to-{study.study_id}")
    await study.amended()
    newer = await study.document(form["document_id"], "informed_consent_form", "2.0", "2022-03-20")
    opened = await study.until(site, ethics_approval="open", training="open", reconsent="open")
    assert opened["blocked_by"] == ["ethics_approval", "training", "reconsent"]
    lacking = {one["step"]: one["lacking"] for one in opened["steps"]}
    assert lacking["training"] == [{"code": "not_trained", "who": NURSE}]
    assert lacking["reconsent"] == [{"code": "not_consented_anew", "who": subject}]
    training = await study.train(site, "2022-04-01")
    await done(
        face,
        f"/v1/subjects/{subject}/reconsent",
        {"occurred_at": "2022-04-04", "consent_form": {**form, "version": "2.0"}},
    )
    decision = await study.approve(f"to-{study.study_id}", "2022-03-15")
    last = await study.until(site, status="implemented")
    assert (last["implemented_on"], last["days_from_approval"], last["days_from_effect"]) == ("2022-04-04", 34, 15)
    assert {one["step"]: one["lag_days"] for one in last["steps"]} == {
        "authority_approval": None,
        "ethics_approval": 14,
        "protocol_in_effect": 19,
        "training": 31,
        "consent_form": 19,
        "reconsent": 34,
    }
    assert {decision, newer, derived_id("event", f"training/{training}", "1")} < set(last["rested_on"])
    assert first_form not in last["rested_on"]
    await study.until(elsewhere, training="open")
    [told_of] = (await face.get(f"/v1/studies/{study.study_id}/amendments")).json()["items"]
    de, fr = told_of["countries"]
    assert (de["country"], de["implemented"], de["approval_to_implemented_median"]) == ("DE", 1, 34)
    assert (fr["country"], fr["open"], fr["blocked_by"]) == ("FR", 1, {"training": 1})
    assert fr["open_since_approval_longest"] > 365
    types = await face.published(TOPICS["sites"], f"site-amendment/{last['amendment_id']}", 3)
    assert types[0] == "studyline.sites.amendment.opened.v1"


async def test_what_is_said_of_a_version_counts_at_every_site_and_only_of_one_that_there_is(face: Face) -> None:
    study = await Study.begun(face, "DE", "FR")
    path = f"/v1/studies/{study.study_id}/amendments/requirements"
    body = {**study.second, "training": False, "occurred_at": "2022-03-21", "reason": "typing errors only"}
    refused = await face.post(path, body)
    assert [one["code"] for one in refused.json()["reasons"]] == ["version_unknown"]
    await study.amended()
    for site in study.sites:
        await study.until(site, training="open")
    assert (await done(face, path, body))["stated"] == {"consent_form": None, "training": False, "reconsent": None}
    for site in study.sites:
        assert (await study.until(site, status="implemented"))["implemented_on"] == "2022-03-20"


async def test_a_step_is_waived_by_signature_and_the_waiver_may_be_taken_back_while_it_is_open(face: Face) -> None:
    study = await Study.begun(face, "DE")
    [site] = study.sites
    await study.submitted(f"to-{study.study_id}")
    await study.amended()
    amendment = await study.until(site, training="open", ethics_approval="open")
    steps = f"/v1/site-amendments/{amendment['amendment_id']}/steps"
    waiver = {"occurred_at": "2022-04-02", "reason": "The site has no staff but its investigator."}
    assert (await face.post(f"{steps}/training/waive", waiver)).status_code == 401
    signer = face.acting("quality", signing=True)
    assert (await signer.post(f"{steps}/ethics_approval/waive", waiver)).status_code == 422
    refused = await signer.post(f"{steps}/reconsent/waive", waiver)
    assert [one["code"] for one in refused.json()["reasons"]] == ["nothing_to_waive"]
    for _ in range(2):
        waived = await done(signer, f"{steps}/training/waive", waiver)
        assert waived["blocked_by"] == ["ethics_approval"]
        assert (await done(signer, f"{steps}/training/end-waiver", waiver))["blocked_by"] == [
            "ethics_approval",
            "training",
        ]
    await done(signer, f"{steps}/training/waive", waiver)
    await study.approve(f"to-{study.study_id}", "2022-03-15")
    assert (await study.until(site, status="implemented"))["implemented_on"] == "2022-04-02"
    late = await signer.post(f"{steps}/training/end-waiver", waiver)
    assert [one["code"] for one in late.json()["reasons"]] == ["amendment_settled"]


async def test_a_training_voided_afterwards_shows_that_it_was_not_implemented_and_the_past_shows_what_was_known(
    face: Face,
) -> None:
    study = await Study.begun(face, "DE")
    [site] = study.sites
    await study.delegated(site)
    training = await study.train(site, "2022-03-25")
    await study.amended()
    assert (await study.until(site, status="implemented"))["implemented_on"] == "2022-03-25"
    before = clock.now().isoformat()
    await done(face, f"/v1/trainings/{training}/void", {"occurred_at": "2022-05-01", "reason": "another person"})
    again = await study.until(site, status="open")
    assert (again["implemented_on"], again["blocked_by"]) == (None, ["training"])
    [known] = (await face.get(f"/v1/sites/{site}/amendments", as_of=before)).json()["items"]
    assert (known["status"], known["implemented_on"]) == ("implemented", "2022-03-25")
    [country] = (await face.get(f"/v1/studies/{study.study_id}/amendments", as_of=before)).json()["items"][0][
        "countries"
    ]
    assert (country["implemented"], country["open"]) == (1, 0)
    assert (await face.get(f"/v1/sites/{site}/amendments", status="implemented")).json()["items"] == []
    await study.train(site, "2022-03-28")
    assert (await study.until(site, status="implemented"))["implemented_on"] == "2022-03-28"


async def test_lists_are_paged_and_another_sponsor_sees_and_touches_nothing(face: Face) -> None:
    study = await Study.begun(face, "DE")
    [site] = study.sites
    await study.amended()
    await study.document(study.protocol, "protocol", "3.0", "2022-05-01", approved="2022-04-20")
    await study.until(site)
    while len((await face.get(f"/v1/sites/{site}/amendments")).json()["items"]) < 2:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)
    for path in (f"/v1/studies/{study.study_id}/amendments", f"/v1/sites/{site}/amendments"):
        for more in ({}, {"as_of": clock.now().isoformat()}):
            page = (await face.get(path, limit=1, **more)).json()
            following = (await face.get(path, limit=1, cursor=page["next"], **more)).json()
            assert following["next"] is None
            assert {one.get("protocol_version") or one["version"] for one in (*page["items"], *following["items"])} == {
                "2.0",
                "3.0",
            }
    amendment = (await study.until(site))["amendment_id"]
    zeta = face.acting("operations", "Zeta", signing=True)
    for path in (
        f"/v1/sites/{site}/amendments",
        f"/v1/studies/{study.study_id}/amendments",
        f"/v1/site-amendments/{amendment}",
    ):
        assert (await zeta.get(path)).status_code == 404
    told_why = {"occurred_at": "2022-04-02", "reason": "because"}
    for act in ("waive", "end-waiver"):
        answer = await zeta.post(f"/v1/site-amendments/{amendment}/steps/training/{act}", told_why)
        assert answer.status_code == 404
    stated = {**study.second, "training": False, **told_why}
    assert (await zeta.post(f"/v1/studies/{study.study_id}/amendments/requirements", stated)).status_code == 404
