"""eTMF-EMS packages over HTTP: what leaves one study enters another the same; what is wrong keeps all of it out."""

import io
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from chassis import clock
from chassis.commands import Commands, Instruction, given
from chassis.journal import Actor, Context
from chassis.metrics import Metrics
from chassis.scope import Scope
from contracts import derived_id, sponsor_id
from known_files import docx, pdf
from regulatory.domain.ems import EmsBatch, EmsObject, integrity_of
from regulatory.domain.ems_xml import ExchangeReader, closing, opening, written
from regulatory.domain.tmf_commands import ExpectDocument, ImportVersion
from regulatory.domain.tmf_exchange import Incoming, about_of, place_of, settled
from regulatory.domain.tmf_messages import BeginTmfImport
from regulatory.projections import STUDIES
from regulatory.store import TMF_DOCUMENTS, TMFS, files_held
from studyline.testing.known import Known, take_over
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-03-01"}
SCHEMA = Path("/work/shared/schemas/ems.xsd")
SPONSOR = "Transfer Acme"
PDF = pdf("A report")
PDF_TYPE = "application/pdf"


async def opened(face: Face, sponsor: str = SPONSOR) -> Known:
    """A study that was taken over, with a site number 101, and its open file."""
    key = clock.new_id()
    known = Known(sponsor, derived_id("study", key), derived_id("study-site", key), "DE")
    await take_over(face, known, into=STUDIES.collection)
    sites = face.database.collection("sites")
    while not await sites.update({"_id": known.site_id}, {"$set": {"number": "101"}}):
        pass
    answer = await face.post(f"/v1/studies/{known.study_id}/tmf/open", DAY)
    assert answer.status_code == 201, answer.text
    return known


def batch(**more: Any) -> EmsBatch:
    facts = {"study_id": "ONC-301", "transfer_source_id": "old-etmf", "transfer_id": clock.new_id()}
    return EmsBatch.model_validate({**facts, "specification_id": "agreed", "tmf_rm_version": "3.3.1", **more})


def an_object(object_id: str = "o1", content: bytes = PDF, **more: Any) -> EmsObject:
    file = {
        "integrity": integrity_of(sha256(content).hexdigest()),
        "filename": "r.pdf",
        "content_url": f"{object_id}.pdf",
    }
    facts = {"object_id": object_id, "level": "Site", "country": "DEU", "site_id": "101", "unique_id": 107}
    about = {"artifact_number": "05.04.03", "version": "1.0", "state": "Current", "copy_of_original": "No"}
    dated = {"artifact_date": "01-Feb-2020", "files": (file,)}
    return EmsObject.model_validate({**facts, **about, **dated, **more})


def package(*objects: EmsObject, of: EmsBatch | None = None, files: Mapping[str, bytes] | None = None) -> bytes:
    text = opening(of or batch()) + "".join(written(one) for one in objects) + closing()
    kept = {file.content_url: PDF for one in objects for file in one.files} if files is None else files
    return zipped({"exchange.xml": text.encode(), **kept})


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


async def send(face: Face, known: Known, content: bytes, *, study_number: str = "ONC-301") -> Any:
    path = f"/v1/studies/{known.study_id}/tmf/imports"
    return await face.upload(path, content, "application/zip", study_number=study_number, **DAY)


async def exported(face: Face, known: Known) -> bytes:
    body = {**DAY, "specification_id": "agreed", "study_number": "ONC-301", "reason": "Hand-over."}
    answer = await face.post(f"/v1/studies/{known.study_id}/tmf/exports", body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return answer.content


def read(content: bytes) -> tuple[ExchangeReader, list[EmsObject], dict[str, bytes]]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    reader = ExchangeReader()
    objects = list(reader.objects(io.BytesIO(files.pop("exchange.xml"))))
    assert reader.flaws == []
    return reader, objects, files


def comparable(content: bytes) -> list[str]:
    """What a package says, without ids, places in it, times, and what the transfer itself left in the audit trail."""
    _, objects, files = read(content)
    told: list[str] = []
    for one in objects:
        plain = one.model_dump(exclude={"object_id", "site_system_id"})
        plain["metadata"] = [each for each in plain["metadata"] if each["name"] != "studyline.document"]
        for file in plain["files"]:
            file["content"] = sha256(files[file.pop("content_url")]).hexdigest()
            file["audit"] = [each["event"] for each in file["audit"] if "taken over" not in each["event"]]
        told.append(re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", json.dumps(plain, sort_keys=True)))
    return sorted(told)


async def documents(face: Face, known: Known, **wanted: Any) -> list[dict[str, Any]]:
    answer = await face.get(f"/v1/studies/{known.study_id}/tmf/documents", limit=1_000, **wanted)
    return answer.json()["items"]


async def test_a_version_is_received_checked_and_downloaded(face: Face) -> None:
    known = await opened(face)
    body = {**DAY, "unique_id": 12, "level": "trial"}
    document = (await face.post(f"/v1/studies/{known.study_id}/tmf/documents", body)).json()["tmf_document_id"]
    path, told = f"/v1/tmf-documents/{document}", {"filename": "r.pdf", "label": "1.0", "document_date": "2022-02-01"}
    received = await face.upload(f"{path}/receive", PDF, "application/pdf", **told, **DAY)
    assert received.status_code == 200, received.text
    own = await face.post(f"{path}/start-qc", DAY)
    assert [reason["code"] for reason in own.json()["reasons"]] == ["same_person"]
    checker = face.acting("quality", SPONSOR)
    for step, more in (("start-qc", {}), ("return", {"findings": [{"code": "illegible"}]})):
        assert (await checker.post(f"{path}/{step}", {**DAY, **more})).status_code == 200
    better = pdf("A better report")
    assert (await face.upload(f"{path}/receive", better, "application/pdf", **told, **DAY)).status_code == 200
    for step in ("start-qc", "file"):
        assert (await checker.post(f"{path}/{step}", DAY)).status_code == 200
    content = await face.get(f"{path}/versions/2/file")
    assert (content.content, content.headers["content-type"]) == (better, "application/pdf")
    assert (await face.acting("sponsor", "Zeta").get(f"{path}/versions/2/file")).status_code == 404
    [stored] = await documents(face, known, unique_id=12)
    ids = [one["file"]["file_id"] for one in stored["versions"]]
    assert await files_held(face.database, [*ids, "nobody's"]) == set(ids)


async def test_what_leaves_one_study_enters_an_empty_one_and_leaves_it_the_same(face: Face) -> None:
    first, second = await opened(face), await opened(face, "Transfer Beta")
    signed = {
        "methodology": "Electronic",
        "user_oid": "u",
        "name": "N",
        "at": "2020-01-01T10:00:00Z",
        "reason": "Approval",
    }
    record = {"audit_id": "a", "at": "2020-01-01T10:00:00Z", "user_ref": "u", "entry_type": "New", "event": "created"}
    rich = an_object("rich", unique_id=87, artifact_number="05.02.04", person_names=("Dr. A",), language="de")
    file = rich.files[0].model_copy(update={"description": "scan"})
    file = type(file).model_validate({**file.model_dump(), "signatures": (signed,), "audit": (record,)})
    rich = rich.model_copy(update={"files": (file,)})
    older = an_object("old", version="0.9", state="Superseded", unique_id=82, artifact_number="05.01.04")
    newer = an_object("new", version="1.0", unique_id=82, artifact_number="05.01.04")
    answer = await send(face, first, package(rich, newer, older, an_object("r1"), an_object("r2", version="2.0")))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["objects"], answer.json()["documents"]) == (5, 4)
    out = await exported(face, first)
    reader, objects, _ = read(out)
    assert reader.batch is not None
    assert (reader.batch.study_id, reader.batch.study_system_id, len(objects)) == ("ONC-301", first.study_id, 5)
    again = await send(face, second, out)
    assert again.status_code == 200, again.text
    assert comparable(await exported(face, second)) == comparable(out)
    [report] = await documents(face, second, unique_id=82)
    assert [one["stage"] for one in report["versions"]] == ["superseded", "filed"]


@pytest.mark.skipif(not SCHEMA.exists(), reason="the standard's schema is no part of the repository")
async def test_an_export_meets_the_standards_own_schema(face: Face) -> None:
    lxml = pytest.importorskip("lxml.etree")
    known = await opened(face)
    await send(face, known, package(an_object()))
    with ZipFile(io.BytesIO(await exported(face, known))) as archive:
        lxml.XMLSchema(lxml.parse(SCHEMA)).assertValid(lxml.fromstring(archive.read("exchange.xml")))


async def test_a_document_that_an_event_filed_leaves_with_what_says_so(face: Face) -> None:
    known = await opened(face)
    about = {"study_id": known.study_id, "body": "ethics_committee", "country": "DE"}
    submission = (await face.post("/v1/submissions", {**DAY, **about})).json()["submission_id"]
    for step, facts in (("submit", {}), ("approve", {"reference": "EC-1", "covers": ["Protocol 2.0"]})):
        await face.post(f"/v1/submissions/{submission}/{step}", {**DAY, **facts})
    while not await documents(face, known, unique_id=66, status="current"):
        pass
    _, objects, files = read(await exported(face, known))
    [decision] = [one for one in objects if one.unique_id == 66]
    assert b"studyline.regulatory.submission.approved.v1" in files[decision.files[0].content_url]


async def test_a_transfer_that_broke_off_goes_on_and_one_that_is_done_changes_nothing(face: Face) -> None:
    known, of = await opened(face), batch()
    sources = [an_object(f"o{number}", version=f"{number}.0") for number in range(3)]
    content = package(*sources, of=of)
    await broken_off(face, known, of, content, sources)
    [here] = await documents(face, known, unique_id=107, status="current")
    locked = await face.post(f"/v1/studies/{known.study_id}/tmf/lock", DAY)
    assert "import_unfinished" in {reason["code"] for reason in locked.json()["reasons"]}
    for _ in range(2):
        answer = await send(face, known, content)
        assert (answer.status_code, answer.json()["objects"]) == (200, 3)
    reports = await documents(face, known, unique_id=107)
    assert [len(one["versions"]) for one in reports] == [1, 1, 1]
    assert here["tmf_document_id"] in {one["tmf_document_id"] for one in reports}
    file = (await face.get(f"/v1/studies/{known.study_id}/tmf")).json()
    assert [one["completed"] for one in file["imports"]] == [True]


async def broken_off(face: Face, known: Known, of: EmsBatch, content: bytes, sources: list[EmsObject]) -> None:
    """What a process leaves that died after the first object: the beginning noted, one document there."""
    of_transfer = {**DAY, "source": of.transfer_source_id, "transfer_id": of.transfer_id}
    told = {"package_sha256": sha256(content).hexdigest(), "objects": len(sources)}
    await put(face, TMFS, known.study_id, BeginTmfImport.model_validate({**of_transfer, **told}))
    first = settled([Incoming(one, place_of(one, known.site_id)) for one in sources])[0]
    key = first.place.id_in(known.study_id)
    about = {"tmf_document_id": key, "study_id": known.study_id, "sponsor_id": sponsor_id(known.sponsor)}
    expected = ExpectDocument.model_validate(
        {**DAY, **about, **vars(first.place), "due_on": "2020-02-01", "by": "mover"}
    )
    file = {
        "file_id": clock.new_id(),
        "sha256": "ab" * 32,
        "filename": "r.pdf",
        "media_type": PDF_TYPE,
        "size_bytes": 9,
    }
    origin = {"source": of.transfer_source_id, "transfer_id": of.transfer_id, "object_id": first.source.object_id}
    facts = {**DAY, "expected": expected, "about": about_of(first.source), "file": file, "origin": origin}
    await put(face, TMF_DOCUMENTS, key, ImportVersion.model_validate({**facts, "stage": "filed", "by": "mover"}))


async def put(face: Face, aggregate: Any, key: str, command: Any) -> None:
    commands = Commands("regulatory", face.database, Metrics())
    context = Context(clock.new_id(), Actor("mover"), provenance="migrated")
    await commands.carry_out(Scope.everything(), Instruction(aggregate, key, given(command), context))


async def test_another_package_under_the_same_transfer_id_is_refused(face: Face) -> None:
    known, of = await opened(face), batch()
    assert (await send(face, known, package(an_object(), of=of))).status_code == 200
    answer = await send(face, known, package(an_object("other"), of=of))
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["transfer_differs"]


@pytest.mark.parametrize(
    ("flawed", "code"),
    [
        ({"unique_id": 9_000}, "artifact_unknown"),
        ({"unique_id": 234, "artifact_number": "05.04.10"}, "investigator_only"),
        ({"country": "QQQ"}, "country_unknown"),
        ({"country": "FRA"}, "country_differs"),
        ({"site_id": "999"}, "site_unknown"),
        ({"metadata": ({"name": "studyline.milestone", "value": "99"},)}, "milestone_unknown"),
        ({"metadata": ({"name": "studyline.document_date", "value": "soon"},)}, "invalid"),
    ],
)
async def test_each_flaw_names_its_object_and_one_keeps_all_out(face: Face, flawed: dict[str, Any], code: str) -> None:
    known = await opened(face)
    answer = await send(face, known, package(an_object("sound"), an_object("flawed", **flawed)))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/tmf_package_flawed")
    assert ("flawed", code) in {(flaw["object_id"], flaw["code"]) for flaw in answer.json()["flaws"]}
    assert await documents(face, known, unique_id=107, status="current") == []


def _with(content: bytes, name: str, url: str = "o1.pdf") -> bytes:
    file = {"integrity": integrity_of(sha256(content).hexdigest()), "filename": name, "content_url": url}
    return package(an_object(files=(file,)), files={url: content})


SOUND = an_object()
HOSTILE: dict[str, tuple[bytes, str]] = {
    "another content": (package(SOUND, files={"o1.pdf": b"%PDF-1.7 other"}), "integrity_broken"),
    "a file that is not there": (package(SOUND, files={}), "file_missing"),
    "an address elsewhere": (_with(PDF, "r.pdf", "http://x/r.pdf"), "active_content"),
    "a path that leads out": (_with(PDF, "r.pdf", "../r.pdf"), "active_content"),
    "macros": (_with(docx({"word/vbaProject.bin": b"x"}), "r.docx"), "active_content"),
    "another kind than its name says": (_with(PDF, "r.txt"), "media_type_differs"),
    "an object twice": (package(SOUND, SOUND), "object_repeated"),
    "no objects": (package(files={}), "no_objects"),
    "no exchange.xml": (zipped({"readme.txt": b"hello"}), "exchange_missing"),
    "entities": (
        zipped({"exchange.xml": b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><BATCH>&b;</BATCH>'}),
        "document_type_definition",
    ),
    "a bomb": (zipped({"exchange.xml": b"<BATCH>", "bomb.txt": b"0" * 80_000_000}), "active_content"),
    "no archive": (b"PK\x03\x04 no archive at all", "file_unreadable"),
}


@pytest.mark.parametrize("what", list(HOSTILE))
async def test_a_hostile_package_is_refused(face: Face, what: str) -> None:
    content, code = HOSTILE[what]
    known = await opened(face)
    answer = await send(face, known, content)
    assert answer.status_code == 422, answer.text
    flaws = {flaw["code"] for flaw in answer.json().get("flaws", ())} | {answer.json()["type"].rpartition("/")[2]}
    assert code in flaws, answer.text
    file = (await face.get(f"/v1/studies/{known.study_id}/tmf")).json()
    assert file["imports"] == []


async def test_a_package_of_another_study_or_of_no_zip_type_is_refused(face: Face) -> None:
    known = await opened(face)
    other = await send(face, known, package(an_object()), study_number="ONC-999")
    assert {flaw["code"] for flaw in other.json()["flaws"]} == {"study_differs"}
    path = f"/v1/studies/{known.study_id}/tmf/imports"
    assert (await face.upload(path, PDF, "application/pdf", study_number="ONC-301", **DAY)).status_code == 415


async def test_a_locked_file_takes_no_transfer_and_a_rival_neither_sends_nor_gets_one(face: Face) -> None:
    known = await opened(face)
    assert (await face.post(f"/v1/studies/{known.study_id}/tmf/lock", DAY)).status_code == 200
    locked = await send(face, known, package(an_object()))
    assert [reason["code"] for reason in locked.json()["reasons"]] == ["tmf_locked"]
    zeta = face.acting("operations", "Zeta")
    assert (await send(zeta, known, package(an_object()))).status_code == 404
    body = {**DAY, "specification_id": "agreed"}
    assert (await zeta.post(f"/v1/studies/{known.study_id}/tmf/exports", body)).status_code == 404
    assert (
        await face.acting("monitor", SPONSOR).post(f"/v1/studies/{known.study_id}/tmf/exports", body)
    ).status_code == 403
