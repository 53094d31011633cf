"""What verifying names, and exported trails that somebody forged: the verifier is attacked, not only used."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from chassis import clock
from chassis.journal import UNSEALED, ensure_journal, entry_hash
from chassis.kafka import Cluster
from chassis.mongo import Database
from chassis.trail.audit import BundleError, Proof, Trail, read_manifest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sealed import Sealed, verified
from studyline.testing import Servers

STUDY = "study-of-s0"
Forgery = Callable[[Trail], Trail]


@pytest.fixture(scope="module")
async def sealed(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Sealed]:
    """Three studies of two aggregates each, in three checkpoints, and one entry each that waits."""
    database = Database.connect(servers.mongodb_uri, f"test_{clock.new_id()[:13]}")
    await ensure_journal(database)
    cluster = Cluster(servers.kafka, f"{clock.new_id()[:8]}.", replication_factor=1)
    made = Sealed(database, cluster, tmp_path_factory.mktemp("sealed"))
    for number in range(3):
        await made.write(6, 2, start=2 * number)
        await made.seal()
    await made.write(6, 1, start=6)
    yield made
    database.close()


def written(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.iterdir())


async def trail_of(sealed: Sealed) -> Trail:
    entries = [entry for entry in await sealed.entries() if entry["study"] == STUDY]
    return Trail.of("test", STUDY, entries, sealed.file.read())


def with_entry(trail: Trail, at: int, **change: Any) -> Trail:
    """The trail with one entry changed under a fitting hash."""
    entry = {**trail.entries[at], **change}
    entry["hash"] = entry_hash(entry)
    return replace(trail, entries=[*trail.entries[:at], entry, *trail.entries[at + 1 :]])


def with_proof(trail: Trail, at: int, **change: Any) -> Trail:
    proof = Proof.model_validate({**trail.proofs[at].model_dump(), **change})
    return replace(trail, proofs=[*trail.proofs[:at], proof, *trail.proofs[at + 1 :]])


def with_fitting_proof(trail: Trail) -> Trail:
    """An entry rewritten, and its proof with the new hash."""
    forged = with_entry(trail, 0, reason="another")
    at = next(at for at, proof in enumerate(trail.proofs) if proof.entry == trail.entries[0]["_id"])
    return with_proof(forged, at, hash=forged.entries[0]["hash"])


def without(trail: Trail, at: int) -> Trail:
    """An entry and its proof left out."""
    gone = trail.entries[at]["_id"]
    entries = [entry for entry in trail.entries if entry["_id"] != gone]
    return replace(trail, entries=entries, proofs=[proof for proof in trail.proofs if proof.entry != gone])


def shortened_with_total(trail: Trail) -> Trail:
    """An aggregate's last sealed entry left out with its proof, and the total made to fit."""
    assert trail.total is not None
    cut = without(without(trail, len(trail.entries) - 1), len(trail.entries) - 2)
    return replace(cut, total=trail.total.model_copy(update={"total": len(cut.proofs)}))


def without_an_aggregate(trail: Trail) -> Trail:
    one = trail.entries[0]["aggregate"]
    gone = {entry["_id"] for entry in trail.entries if entry["aggregate"] == one}
    entries = [entry for entry in trail.entries if entry["_id"] not in gone]
    return replace(trail, entries=entries, proofs=[proof for proof in trail.proofs if proof.entry not in gone])


def signed_anew(trail: Trail) -> Trail:
    """Every checkpoint signed by somebody else's key under the name of ours."""
    key = Ed25519PrivateKey.generate()
    signed = [
        one.model_copy(update={"signature": key.sign(one.checkpoint.signed_bytes).hex()}) for one in trail.checkpoints
    ]
    return replace(trail, checkpoints=signed)


FORGERIES: dict[str, Forgery] = {
    "an entry is rewritten": lambda trail: with_entry(trail, 1, reason="another"),
    "an entry is rewritten with its proof": with_fitting_proof,
    "an entry has another study": lambda trail: with_entry(trail, 0, study="other"),
    "an entry is left out": lambda trail: replace(trail, entries=trail.entries[1:]),
    "an entry and its proof are left out": lambda trail: without(trail, 0),
    "the end is left out": lambda trail: without(without(trail, len(trail.entries) - 1), len(trail.entries) - 2),
    "the end is left out and the total fits": shortened_with_total,
    "an aggregate is left out": without_an_aggregate,
    "everything is left out": lambda trail: replace(trail, entries=[], proofs=[]),
    "an entry stands twice": lambda trail: replace(trail, entries=[trail.entries[0], *trail.entries]),
    "a proof is left out": lambda trail: replace(trail, proofs=trail.proofs[1:]),
    "a proof stands twice": lambda trail: replace(trail, proofs=[*trail.proofs, trail.proofs[0]]),
    "a path is cut": lambda trail: with_proof(trail, 0, path=trail.proofs[0].path[1:]),
    "a path is longer": lambda trail: with_proof(trail, 0, path=(*trail.proofs[0].path, "0" * 64)),
    "a path is empty": lambda trail: with_proof(trail, 0, path=()),
    "a path is no hexadecimal": lambda trail: with_proof(trail, 0, path=("zz",)),
    "a place is wrong": lambda trail: with_proof(trail, 0, index=trail.proofs[0].index + 1),
    "a place is negative": lambda trail: with_proof(trail, 0, index=-1),
    "a checkpoint is not there": lambda trail: with_proof(trail, 0, checkpoint=99),
    "the total is left out": lambda trail: replace(trail, total=None),
    "the last checkpoint is left out": lambda trail: replace(trail, checkpoints=trail.checkpoints[:-1]),
    "the first checkpoint is left out": lambda trail: replace(trail, checkpoints=trail.checkpoints[1:]),
    "all checkpoints are left out": lambda trail: replace(trail, checkpoints=[]),
    "another key signed": signed_anew,
}


async def test_a_trail_verifies_after_writing_and_reading_and_tells_of_no_other_study(
    sealed: Sealed, tmp_path: Path
) -> None:
    trail = await trail_of(sealed)
    trail.write(tmp_path)
    report = Trail.read("test", STUDY, tmp_path).verify(sealed.keys)
    assert report.is_whole, report.findings
    assert (report.entries, report.sealed) == (14, 12)
    assert "s1" not in written(tmp_path)


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_trail_is_not_believed(sealed: Sealed, forgery: str) -> None:
    trail = await trail_of(sealed)
    assert trail.verify(sealed.keys).is_whole
    assert not FORGERIES[forgery](trail).verify(sealed.keys).is_whole


async def test_no_key_verifies_nothing(sealed: Sealed) -> None:
    trail = await trail_of(sealed)
    assert {finding.code for finding in trail.verify({}).findings} == {"unknown_key"}


@pytest.mark.parametrize(
    "junk",
    [
        {},
        {"_id": 7},
        {"_id": "x", "aggregate": "none", "version": 1},
        {"_id": "x", "aggregate": {"type": [], "id": {}}, "version": {"before": "0", "after": None}},
    ],
)
async def test_what_is_no_entry_is_named_and_stops_nothing(sealed: Sealed, junk: dict[str, Any]) -> None:
    report = verified(sealed.file.read(), [junk, *await sealed.entries()], sealed.keys)
    assert [finding.code for finding in report.findings] == ["unreadable"]


async def test_an_entry_that_waits_for_its_seal_is_no_flaw_unless_it_is_of_long_ago(sealed: Sealed) -> None:
    records, entries = sealed.file.read(), await sealed.entries()
    assert verified(records, entries, sealed.keys).is_whole
    late = next(entry for entry in entries if UNSEALED in entry)
    late["recorded_at"] -= timedelta(hours=1)
    late["hash"] = entry_hash(late)
    first = verified(records, entries, sealed.keys).first
    assert first is not None
    assert (first.code, first.entry) == ("backdated", late["_id"])
    assert first.text.startswith(f"entry {late['_id']} (count/c")


def test_a_folder_that_is_no_export_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="name a folder that `studyline audit export` wrote"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(BundleError, match=r"manifest.json is no manifest \(1 errors\): the folder was changed"):
        read_manifest(tmp_path)
    with pytest.raises(BundleError, match=r"journal.ndjson is missing"):
        Trail.read("test", STUDY, tmp_path)
