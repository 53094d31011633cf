"""An inspector's way: seal, verify, export one study, verify the export elsewhere; and what tampering leaves."""

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import orjson
import pytest
from chassis.journal import journal_of
from chassis.mongo import Database
from chassis.scope import Scope
from platform_user import User, eventually
from studyline.paths import Layout
from studyline.replica_set import DATABASES
from studyline.seals import SEALED, checkpoint_file
from studyline.testing import Command, Servers, start_servers

SERVICES = frozenset(SEALED)


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """The platform with a quick sealer."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STUDYLINE_SEAL_INTERVAL_SECONDS", "1")
        with start_servers(tmp_path_factory.mktemp("sealing"), services=True) as running:
            yield running


@pytest.fixture(scope="module")
async def study(sealing: Servers) -> AsyncGenerator[str]:
    """A study with a site, an approval and a visit, beside another sponsor's, all of it sealed."""
    user = User(sealing, "operations")
    study, site = await study_with_site(user, "Acme", "Charité")
    await study_with_site(user, "Zeta", "Hôpital")
    about = {"study_id": study, "body": "competent_authority", "country": "DE", "occurred_at": "2026-02-02"}
    await soon(user, "regulatory", "/submissions", about)
    planned = {"visit_type": "SIV", "planned_on": "2026-03-10", "occurred_at": "2026-02-20"}
    await soon(user, "monitoring", f"/sites/{site}/visits", planned)
    for service in SEALED:
        await eventually(lambda of=service: waiting(sealing, of), lambda count: count == 0)
    yield study
    await user.http.aclose()


async def study_with_site(user: User, sponsor: str, place: str) -> tuple[str, str]:
    about = {"sponsor": {"name": sponsor}, "protocol_number": "ONC-301", "title": "A study", "countries": ["DE"]}
    study = await user.done("sites", "/studies", **about, occurred_at="2026-01-05")
    where = {"name": place, "city": "Berlin", "country": "DE", "occurred_at": "2026-01-10"}
    site = await user.done("sites", f"/studies/{study['study_id']}/sites", **where)
    await user.done("sites", f"/sites/{site['site_id']}/select", occurred_at="2026-02-01", reason="feasible")
    return study["study_id"], site["site_id"]


async def soon(user: User, service: str, path: str, body: dict[str, Any]) -> None:
    """Give a command as soon as the service has heard of the study."""
    answer = await eventually(lambda: user.post(service, path, **body), lambda answer: answer.status_code == 201)
    assert answer.is_success, answer.text


def studyline(servers: Servers) -> Command:
    return Command(servers.data, dict(os.environ))


async def waiting(servers: Servers, service: str) -> int:
    with_root = Database.connect(servers.mongodb_uri, DATABASES[service])
    try:
        return await journal_of(with_root).count(Scope.everything(), {"unsealed": True})
    finally:
        with_root.close()


def verified(servers: Servers, *arguments: str) -> list[dict[str, Any]]:
    return orjson.loads(studyline(servers).run("verify", *arguments, "--json").stdout)


async def test_every_service_verifies_with_its_state_replayed(sealing: Servers, study: str) -> None:
    assert study
    reports = verified(sealing, "--all", "--replay")
    assert {report["service"]: report["findings"] for report in reports} == {service: [] for service in SERVICES}
    assert all(report["sealed"] == report["entries"] > 0 for report in reports)


async def test_the_journal_says_of_its_entries_that_they_are_sealed(sealing: Servers, study: str) -> None:
    user = User(sealing, "quality")
    for service in SEALED:
        entries = await user.all(service, "/journal", study=study)
        assert entries
        assert all(one["sealed"] for one in entries)


async def test_an_exported_study_verifies_without_a_database_and_shows_what_was_changed(
    sealing: Servers, study: str, tmp_path: Path
) -> None:
    out = tmp_path / "trail"
    done = studyline(sealing).run("audit", "export", "--study", study, "--out", os.fspath(out))
    assert done.returncode == 0, done.stderr
    keys = tmp_path / "keys"
    shutil.copytree(sealing.data / "seals", keys, ignore=shutil.ignore_patterns("*.key.pem", "*.ndjson"))
    elsewhere = Command(tmp_path / "nowhere", dict(os.environ))
    options = [option for key in sorted(keys.iterdir()) for option in ("--key", os.fspath(key))]
    whole = elsewhere.run("verify", os.fspath(out), *options)
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "Acme" in (out / "index.html").read_text()
    assert "Zeta" not in "".join(file.read_text() for file in out.rglob("*") if file.is_file())
    for file, change in CHANGES:
        copy = shutil.copytree(out, tmp_path / "changed", dirs_exist_ok=True)
        change(copy / file)
        flawed = elsewhere.run("verify", os.fspath(copy), *options)
        assert flawed.returncode == 1, f"{change.__name__} of {file}: {flawed.stdout}{flawed.stderr}"


def drop_last_line(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def drop_first_line(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[1:]))


def edit(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"Charit", b"Parit").replace(b"DE", b"FR"))


def redate(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"sealed_at":"2', b'"sealed_at":"1'))


def remove(file: Path) -> None:
    file.unlink()


CHANGES = (
    ("sites/journal.ndjson", drop_last_line),
    ("sites/journal.ndjson", drop_first_line),
    ("sites/journal.ndjson", edit),
    ("regulatory/journal.ndjson", edit),
    ("sites/proofs.ndjson", drop_last_line),
    ("sites/checkpoints.ndjson", drop_first_line),
    ("sites/checkpoints.ndjson", drop_last_line),
    ("monitoring/checkpoints.ndjson", redate),
    ("sites/total.json", remove),
    ("monitoring/journal.ndjson", remove),
)


async def test_a_change_by_database_root_is_named(sealing: Servers, study: str) -> None:
    root = Database.connect(sealing.mongodb_uri, DATABASES["sites"])
    entry = await journal_of(root).find_one(Scope.everything(), {"study": study, "aggregate.type": "study-site"})
    assert entry is not None
    await journal_of(root).update({"_id": entry["_id"]}, {"$set": {"actor.id": "somebody-else"}})
    done = studyline(sealing).run("verify", "sites")
    assert done.returncode == 1
    assert f"entry {entry['_id']} (study-site/" in done.stdout.splitlines()[1]
    assert "its content does not give its hash" in done.stdout.splitlines()[1]
    await journal_of(root).update({"_id": entry["_id"]}, {"$set": {"actor.id": entry["actor"]["id"]}})
    assert studyline(sealing).run("verify", "sites").returncode == 0
    root.close()


async def test_a_question_that_cannot_be_answered_ends_with_one_sentence(sealing: Servers, tmp_path: Path) -> None:
    command = studyline(sealing)
    assert "Name either a service or a folder" in command.run("verify").stderr
    assert "Name one of sites, regulatory, monitoring" in command.run("verify", "reporting").stderr
    assert (
        "No service has a journal entry of study nobody"
        in command.run("audit", "export", "--study", "nobody", "--out", os.fspath(tmp_path / "out")).stderr
    )
    assert "There is no public key" in Command(tmp_path, dict(os.environ)).run("verify", "sites").stderr
    assert checkpoint_file(Layout(sealing.data), "sites").exists()
