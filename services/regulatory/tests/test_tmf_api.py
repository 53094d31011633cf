"""Trial master files over HTTP, on real MongoDB and Kafka: what events expect, what people file, what is complete."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from chassis import clock
from chassis.commands import Commands, Instruction, given
from chassis.journal import Actor, Context
from chassis.metrics import Metrics
from chassis.scope import Scope
from contracts import TOPICS, derived_id, monitoring, regulatory, sites
from kernel import Refused
from known_files import pdf
from regulatory.domain.tmf_commands import TmfDocumentCommand
from regulatory.domain.tmf_document import decide
from regulatory.domain.tmf_document_state import TmfDocument, evolve
from regulatory.domain.tmf_status import standing_at, status_on
from regulatory.projections import STUDIES
from regulatory.queries.tmf_standing import with_status
from regulatory.store import TMF_DOCUMENTS
from studyline.testing.known import Known, take_over, tell_of
from studyline.testing.service import Face
from tmf_examples import check, expectation, filing, receipt, returning, waiver

DAY = {"occurred_at": "2022-03-01"}
SUMMER = {"occurred_at": "2022-06-30"}
SPONSOR = "Tmf Acme"
LATE = "2030-01-01"
EXPIRING: dict[str, Any] = {"label": "1.0", "document_date": "2021-02", "expires_on": "2022-01"}


@dataclass(frozen=True)
class Study:
    """A study of its own, so that tests do not count one another's documents."""

    known: Known

    @property
    def path(self) -> str:
        return f"/v1/studies/{self.known.study_id}/tmf"

    @property
    def place(self) -> dict[str, Any]:
        return {"study_id": self.known.study_id, "site_id": self.known.site_id, "country": self.known.country}


async def eventually(ask: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool]) -> Any:
    while not wanted(found := await ask()):  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.05)
    return found


async def a_study(face: Face) -> Study:
    """A registered study with a site, and its file."""
    key = clock.new_id()
    known = Known(SPONSOR, derived_id("study", key), derived_id("study-site", key), "DE")
    await tell_of(face, (known,), into=())
    study = Study(known)
    await eventually(lambda: face.get(study.path), lambda answer: answer.status_code == 200)
    await eventually(lambda: documents(face, study, unique_id=81), bool)
    return study


async def documents(face: Face, study: Study, **wanted: Any) -> list[dict[str, Any]]:
    answer = await face.get(f"{study.path}/documents", limit=1_000, **wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def expected(face: Face, study: Study, unique_id: int, **more: Any) -> str:
    body = {**DAY, "unique_id": unique_id, "level": "trial", **more}
    answer = await face.post(f"{study.path}/documents", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["tmf_document_id"]


async def put(face: Face, document_id: str, command: TmfDocumentCommand) -> None:
    """A command that no route gives by itself, carried out as any other."""
    context = Context(clock.new_id(), Actor("somebody"))
    commands = Commands("regulatory", face.database, Metrics())
    await commands.carry_out(Scope.everything(), Instruction(TMF_DOCUMENTS, document_id, given(command), context))


async def test_a_registered_study_has_a_file_with_what_its_trial_and_its_site_need(face: Face) -> None:
    study = await a_study(face)
    found = {one["artifact"]["number"]: one for one in await documents(face, study)}
    assert (found["02.01.02"]["level"], found["02.01.02"]["status"]) == ("trial", "not_due")
    assert (found["05.01.01"]["level"], found["05.01.01"]["site_id"]) == ("site", study.known.site_id)
    assert found["01.01.01"]["status"] == "missing"


async def test_an_event_that_comes_again_makes_nothing_twice_and_one_that_came_early_is_not_lost(face: Face) -> None:
    key = clock.new_id()
    known = Known(SPONSOR, derived_id("study", key), derived_id("study-site", key), "DE")
    study = Study(known)
    visit = {**study.place, "visit_id": derived_id("visit", key), "visit_type": "COV"}
    completed = monitoring.MonitoringVisitCompleted.model_validate(visit)
    for _ in range(2):
        await face.tell(TOPICS["monitoring"], f"monitoring-visit/{visit['visit_id']}", completed, sponsor=SPONSOR)
    remembered = face.database.collection("tmf_triggers")
    await eventually(lambda: remembered.count(Scope.everything(), {"study": known.study_id}), bool)
    await tell_of(face, (known,), into=())
    await eventually(lambda: face.get(study.path), lambda answer: answer.status_code == 200)
    [report] = await eventually(lambda: documents(face, study, unique_id=112), bool)
    assert (report["due_on"], report["version"]) == ("2022-02-21", 1)


async def test_an_approval_files_the_decision_and_the_submission_waits_for_its_copy(face: Face) -> None:
    study = await a_study(face)
    about = {"study_id": study.known.study_id, "body": "ethics_committee", "country": "DE"}
    submission = (await face.post("/v1/submissions", {**DAY, **about})).json()["submission_id"]
    agreed = {"reference": "EC-1", "covers": ["Protocol 2.0"]}
    for step, facts in (("submit", {}), ("approve", agreed)):
        answer = await face.post(f"/v1/submissions/{submission}/{step}", {**DAY, **facts})
        assert answer.status_code == 200, answer.text
    [decision] = await eventually(lambda: documents(face, study, unique_id=66, status="current"), bool)
    assert decision["versions"][0]["evidence"]["event_type"] == regulatory.SubmissionApproved.TYPE
    assert decision["occurrence"] == submission
    [copy] = await documents(face, study, unique_id=65)
    assert (copy["status"], copy["level"], copy["country"]) == ("missing", "country", "DE")


async def test_a_controlled_document_that_takes_effect_is_filed_with_its_file(face: Face) -> None:
    study = await a_study(face)

    async def done(asking: Face, path: str, **body: Any) -> dict[str, Any]:
        answer = await asking.post(path, {**DAY, **body})
        assert answer.is_success, answer.text
        return answer.json()

    about = {"study_id": study.known.study_id, "type_id": "008", "title": "The plan"}
    path = f"/v1/documents/{(await done(face, '/v1/documents', **about))['document_id']}"
    await done(face, f"{path}/versions", version="1.0")
    version, content = f"{path}/versions/1.0", pdf("The plan")
    await face.upload(f"{version}/file", content, "application/pdf", filename="plan.pdf")
    await done(face, f"{version}/request-review", reviewers=["bob"])
    reviewed = await done(face.acting("quality", subject="bob"), f"{version}/complete-review")
    signer = face.acting("sponsor", SPONSOR, subject="cleo", name="C. Leo", signing=True)
    await done(signer, f"{version}/approve", sha256=reviewed["versions"][0]["sha256"])
    await done(face, f"{version}/make-effective")
    [plan] = await eventually(lambda: documents(face, study, unique_id=8, status="current"), bool)
    assert (plan["versions"][0]["about"]["label"], plan["versions"][0]["file"]["filename"]) == ("1.0", "plan.pdf")
    file = await face.get(f"/v1/tmf-documents/{plan['tmf_document_id']}/versions/1/file")
    assert file.content == content


async def test_a_site_that_is_not_chosen_keeps_its_record_and_owes_no_more(face: Face) -> None:
    study = await a_study(face)
    rejected = sites.SiteNotSelected.model_validate(study.place)
    subject = f"study-site/{study.known.site_id}"
    await face.tell(TOPICS["sites"], subject, rejected, sponsor=SPONSOR, version=2)
    await eventually(lambda: documents(face, study, unique_id=83), bool)
    [agreement] = await eventually(lambda: documents(face, study, unique_id=80, status="not_required"), bool)
    assert agreement["release"]["rule"] == "not-selected-cda@1"


async def test_what_a_document_goes_through_is_published(face: Face) -> None:
    study = await a_study(face)
    document = await expected(face, study, 12)
    for command in (receipt(about=EXPIRING), check(), filing()):
        await put(face, document, command)
    assert (await face.get(f"/v1/tmf-documents/{document}")).json()["status"] == "expired"
    types = await face.published(TOPICS["regulatory"], f"tmf-document/{document}", 5)
    names = ["expected", "received", "qc-started", "filed", "expired"]
    assert types == [f"studyline.regulatory.tmf-document.{name}.v1" for name in names]


async def test_a_milestone_is_complete_when_its_last_document_comes_and_open_again_when_one_more_is_expected(
    face: Face,
) -> None:
    study = await a_study(face)
    about: dict[str, Any] = {"unique_id": 12, "milestone": "07"}
    filed = await expected(face, study, **about)
    released = await expected(face, study, **about, level="country", country="DE")
    for command in (receipt(), check(), filing()):
        await put(face, filed, command)
    await face.post(f"/v1/tmf-documents/{released}/release", {**DAY, "reason": "None there."})

    async def complete() -> list[str]:
        return (await face.get(study.path)).json()["complete_milestones"]

    await eventually(complete, lambda milestones: milestones == ["07"])
    await expected(face, study, **about, level="country", country="FR")
    await eventually(complete, lambda milestones: milestones == [])
    types = await face.published(TOPICS["regulatory"], f"tmf/{study.known.study_id}", 3)
    names = ["opened", "milestone-completed", "milestone-reopened"]
    assert types == [f"studyline.regulatory.tmf.{name}.v1" for name in names]


async def test_a_waiver_is_signed_and_a_document_not_required_needs_a_reason(face: Face) -> None:
    study = await a_study(face)
    document = await expected(face, study, 36)
    path = f"/v1/tmf-documents/{document}"
    unsigned = await face.post(f"{path}/waive", {**DAY, "reason": "Insured by law."})
    assert (unsigned.status_code, unsigned.json()["type"]) == (401, "/problems/insufficient_user_authentication")
    signer = face.acting("operations", name="Dr. Sig Ner", signing=True)
    waived = await signer.post(f"{path}/waive", {**DAY, "reason": "Insured by law."})
    assert waived.json()["waiver"]["signature"]["printed_name"] == "Dr. Sig Ner"
    assert (await face.get(path)).json()["status"] == "waived"
    other = f"/v1/tmf-documents/{await expected(face, study, 37)}/release"
    refused = await face.post(other, DAY)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["reason_missing"]
    assert (await face.post(other, {**DAY, "reason": "No case report form."})).status_code == 200


async def test_completeness_counts_what_is_due_by_any_dimension_and_as_of_a_day(face: Face) -> None:
    study = await a_study(face)
    document = await expected(face, study, 12, due_on="2022-04-01")
    await put(face, document, receipt(by="a", occurred_at="2022-05-01", about={"label": "1", "document_date": "2022"}))
    await put(face, document, check(occurred_at="2022-05-02"))
    await put(face, document, filing(occurred_at="2022-05-03"))
    path = f"{study.path}/completeness"
    [now] = (await face.get(path)).json()["items"]
    assert now["due"] == now["complete"] + now["missing"]
    assert now["completeness"] == round(now["complete"] / now["due"], 4)
    assert now["documents"] == now["due"] + now["not_due"] + now["waived"] + now["not_required"]
    [artifact] = (await face.get(path, by="artifact", unique_id=12)).json()["items"]
    assert (artifact["name"], artifact["completeness"]) == ("01.01.12 Trial Status Report", 1.0)
    for day, figures in {
        "2022-03-31": (0, 0),
        "2022-04-02": (1, 0),
        "2022-05-02": (1, 0),
        "2022-05-03": (1, 1),
    }.items():
        [then] = (await face.get(path, by="artifact", unique_id=12, as_of=day)).json()["items"]
        assert (then["due"], then["complete"]) == figures, day
    assert (await face.get(path, as_of="2021-01-01")).json()["items"] == []
    for by in ("country", "site", "zone", "milestone", "level"):
        items = (await face.get(path, by=by)).json()["items"]
        assert sum(one["documents"] for one in items) == now["documents"]
        first = (await face.get(path, by=by, limit=1)).json()
        if first["next"]:
            second = (await face.get(path, by=by, limit=1, cursor=first["next"])).json()
            assert first["items"] + second["items"] == items[:2]


async def test_lists_are_filtered_by_status_and_paged(face: Face) -> None:
    study = await a_study(face)
    missing = await documents(face, study, status="missing", as_of=LATE)
    assert {one["status"] for one in missing} == {"missing"}
    first = (await face.get(f"{study.path}/documents", status="missing", as_of=LATE, limit=1)).json()
    rest = await face.get(f"{study.path}/documents", status="missing", as_of=LATE, cursor=first["next"])
    assert first["items"] + rest.json()["items"] == missing
    assert all(
        one["level"] == "site" for one in await documents(face, study, level="site", site_id=study.known.site_id)
    )
    assert (await face.get(f"{study.path}/documents", as_of="2022-02-31")).status_code == 422


async def test_a_file_is_locked_when_nothing_is_open_and_then_takes_no_step(face: Face) -> None:
    study = await a_study(face)
    refused = await face.post(f"{study.path}/lock", SUMMER)
    assert {reason["code"] for reason in refused.json()["reasons"]} == {"document_missing"}
    view = (await face.get(study.path, as_of=SUMMER["occurred_at"])).json()
    assert (view["ready"], view["open_documents"]) == (False, view["total"]["missing"])
    assert view["oldest_overdue"][0]["due_on"] <= SUMMER["occurred_at"]
    for one in await documents(face, study, status="missing", as_of=SUMMER["occurred_at"]):
        answer = await face.post(f"/v1/tmf-documents/{one['tmf_document_id']}/release", {**SUMMER, "reason": "Closed."})
        assert answer.status_code == 200, answer.text
    locked = await face.post(f"{study.path}/lock", SUMMER)
    assert (locked.status_code, locked.json()["locked"]) == (200, True)
    late = await face.post(f"{study.path}/documents", {**SUMMER, "unique_id": 12, "level": "trial"})
    assert [reason["code"] for reason in late.json()["reasons"]] == ["tmf_locked"]
    unlocked = await face.post(f"{study.path}/unlock", {**SUMMER, "reason": "A late report."})
    assert unlocked.json()["locked"] is False


async def test_what_an_event_changes_in_a_locked_file_is_seen(face: Face) -> None:
    study = await a_study(face)
    for one in await documents(face, study, status="missing", as_of=SUMMER["occurred_at"]):
        await face.post(f"/v1/tmf-documents/{one['tmf_document_id']}/release", {**SUMMER, "reason": "Closed."})
    assert (await face.post(f"{study.path}/lock", SUMMER)).status_code == 200
    assert (await face.get(study.path)).json()["changed_after_lock"] == 0
    visit = {**study.place, "visit_id": derived_id("visit", study.known.study_id), "visit_type": "COV"}
    completed = monitoring.MonitoringVisitCompleted.model_validate(visit)
    await face.tell(TOPICS["monitoring"], f"monitoring-visit/{visit['visit_id']}", completed, sponsor=SPONSOR)
    late = await eventually(lambda: documents(face, study, after_lock=True), bool)
    assert 112 in {one["artifact"]["unique_id"] for one in late}
    assert {one["after_lock"] for one in late} == {SUMMER["occurred_at"]}
    seen = (await face.get(study.path)).json()
    assert (seen["locked"], seen["changed_after_lock"]) == (True, len(late))
    refused = await face.post(f"/v1/tmf-documents/{late[0]['tmf_document_id']}/release", {**SUMMER, "reason": "No."})
    assert "Unlock it first" in refused.json()["reasons"][0]["detail"]


async def test_a_lock_and_a_document_expected_at_the_same_time_do_not_both_go_through(face: Face) -> None:
    study = await a_study(face)
    for one in await documents(face, study, status="missing", as_of=SUMMER["occurred_at"]):
        await face.post(f"/v1/tmf-documents/{one['tmf_document_id']}/release", {**SUMMER, "reason": "Closed."})
    late = {**SUMMER, "unique_id": 12, "level": "trial"}
    both = await asyncio.gather(
        face.post(f"{study.path}/lock", SUMMER), face.post(f"{study.path}/documents", late), return_exceptions=False
    )
    assert sorted(answer.status_code for answer in both) in ([200, 409], [201, 409])


async def test_a_study_taken_over_moves_on_to_newer_rules_and_what_happened_before_is_gone_over(face: Face) -> None:
    key = clock.new_id()
    known = Known(SPONSOR, derived_id("study", key), derived_id("study-site", key), "DE")
    study = Study(known)
    await take_over(face, known, into=STUDIES.collection)
    assert (await face.get(study.path)).status_code == 404
    begun = await face.post(f"{study.path}/open", {**DAY, "rules_version": 1})
    assert (begun.status_code, begun.json()["rules_version"]) == (201, 1)
    await eventually(lambda: documents(face, study, unique_id=1), bool)
    assert await documents(face, study, unique_id=248) == []
    moved = await face.post(f"{study.path}/rules", {**DAY, "rules_version": 2})
    assert (moved.status_code, moved.json()["rules_version"]) == (200, 2)
    [oversight] = await eventually(lambda: documents(face, study, unique_id=248), bool)
    assert oversight["rule"] == "study-oversight@2"
    assert [one["version"] for one in await documents(face, study, unique_id=1)] == [1]


async def test_the_reference_model_and_the_rules_are_there_to_read(face: Face) -> None:
    artifacts = (await face.get("/v1/tmf-artifacts", zone="05", limit=1_000)).json()["items"]
    assert {one["number"][:2] for one in artifacts} == {"05"}
    first = (await face.get("/v1/tmf-expectation-rules", version=1, limit=1)).json()
    assert len(first["items"]) == 1
    assert (await face.get("/v1/tmf-expectation-rules", version=1, cursor=first["next"])).json()["items"]
    codes = (await face.get("/v1/tmf-finding-codes")).json()["items"]
    assert "personal_data" in {one["code"] for one in codes}


async def test_a_sponsor_sees_and_touches_nothing_of_anothers_file(face: Face) -> None:
    study = await a_study(face)
    document = await expected(face, study, 12)
    zeta = face.acting("regulatory", "Zeta")
    for path in ("", "/completeness", "/documents"):
        assert (await zeta.get(f"{study.path}{path}")).status_code == 404
    assert (await zeta.get(f"/v1/tmf-documents/{document}")).status_code == 404
    for path in (f"{study.path}/open", f"{study.path}/documents"):
        answer = await zeta.post(path, {**DAY, "unique_id": 12, "level": "trial"} if "documents" in path else DAY)
        assert answer.status_code == 404, answer.text
    assert (await zeta.post(f"{study.path}/rules", {**DAY, "rules_version": 2})).status_code == 404
    for step in ("release",):
        assert (await zeta.post(f"/v1/tmf-documents/{document}/{step}", DAY)).status_code == 404
    for role in ("monitor", "sponsor"):
        assert (await face.acting(role, SPONSOR).post(f"{study.path}/lock", DAY)).status_code == 403


async def test_the_database_derives_the_same_status_as_the_domain(face: Face) -> None:
    """Documents of every kind of history, asked about on days around everything that happened."""
    made = _documents_of_all_kinds()
    collection = face.database.collection("tmf_documents_compared")
    rows = [
        {"_id": key, "sponsor": "x", "study": "x", "state": one.model_dump(mode="json")} for key, one in made.items()
    ]
    await collection.insert(rows)
    days = ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01", "2026-07-31", "2026-08-01", "2026-10-01", LATE)
    for day in days:
        for past in (False, True):
            found = await collection.aggregate(Scope.everything(), with_status(day, past=past), condition={})
            told = {one["_id"]: (one["status"], one["is_due"]) for one in found}
            for key, document in made.items():
                standing = standing_at(document.history, day) if past else document.standing
                wanted = None if standing is None else (status_on(standing, day), standing.is_due(day))
                assert told.get(key) == wanted, (day, past, key)


def _documents_of_all_kinds() -> dict[str, TmfDocument]:
    """Every sequence of up to five of these steps that the rules allow."""
    expiring = {"label": "1.0", "document_date": "2026-02-20", "expires_on": "2026-09-30"}
    steps: list[TmfDocumentCommand] = [receipt(about=expiring), check(), filing(), returning("illegible"), waiver()]
    made: dict[str, TmfDocument] = {}
    starts = {"due": expectation(), "not": expectation(due_on=None)}
    for name, start in starts.items():
        first = reduce(evolve, decide(None, start), None)
        assert first is not None
        made[name] = first
    for _ in range(4):
        for name, document in list(made.items()):
            for number, step in enumerate(steps):
                try:
                    events = decide(document, step)
                except Refused:
                    continue
                if events:
                    made[f"{name}-{number}"] = reduce(evolve, events, document)
    return made


async def test_a_file_needs_a_study_that_is_known_and_begins_once(face: Face) -> None:
    answer = await face.post(f"/v1/studies/{derived_id('nowhere')}/tmf/open", DAY)
    assert answer.status_code == 404
    study = await a_study(face)
    again = await face.post(f"{study.path}/open", DAY)
    assert (again.status_code, again.json()["version"]) == (201, 1)
