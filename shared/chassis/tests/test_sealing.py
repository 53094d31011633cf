"""What the journal holds is sealed once, whatever dies in between, and leaves the database."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from chassis.journal import UNSEALED, journal_of
from chassis.kafka import Cluster
from chassis.mongo import Database, PyMongoError
from chassis.seal_keys import SealKey, load_public_keys
from chassis.trail.anchors import AnchorError, read_checkpoints_topic
from chassis.trail.checkpoints import SealedCheckpoint
from chassis.trail.sealing import SEALS, Sealer, SealingBroken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sealed import ALL, Sealed, verified


@pytest.fixture
def sealed(database: Database, cluster: Cluster, tmp_path: Path) -> Sealed:
    return Sealed(database, cluster, tmp_path)


async def test_entries_are_sealed_in_the_file_and_on_the_topic_and_lose_their_mark(sealed: Sealed) -> None:
    await sealed.write(3, 4)
    first = await sealed.seal()
    await sealed.write(3, 2, start=4)
    second = await sealed.seal()
    assert first is not None
    assert second is not None
    assert (first.checkpoint.count, second.checkpoint.count, second.checkpoint.total) == (12, 6, 18)
    assert second.checkpoint.previous == first.checkpoint.digest
    assert sealed.file.read() == [first, second]
    assert await read_checkpoints_topic(sealed.cluster, "test") == [first, second]
    assert await journal_of(sealed.database).count(ALL, {UNSEALED: True}) == 0
    assert await sealed.seal() is None
    assert (await sealed.verify()).is_whole


async def test_entries_from_before_there_was_a_sealer_are_sealed_too(sealed: Sealed) -> None:
    await sealed.write(2, 3)
    await journal_of(sealed.database).update({}, {"$unset": {UNSEALED: ""}})
    record = await sealed.seal()
    assert record is not None
    assert record.checkpoint.count == 6


@pytest.mark.parametrize("step", ["_write_file", "_send", "_unmark"])
async def test_a_sealer_that_dies_on_the_way_publishes_the_same_checkpoint_again(
    sealed: Sealed, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed.write(3, 2)

    async def die(*_: Any) -> None:
        raise PyMongoError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(Sealer, step, die)
        with pytest.raises(PyMongoError):
            await sealed.seal()
    await sealed.write(3, 1, start=2)
    await sealed.seal()
    await sealed.seal()
    records = sealed.file.read()
    on_topic = await read_checkpoints_topic(sealed.cluster, "test")
    assert {record.checkpoint.number: record for record in on_topic} == {1: records[0], 2: records[1]}
    assert sum(record.checkpoint.count for record in records) == 9
    assert (await sealed.verify()).is_whole


async def test_writers_and_sealers_that_are_killed_again_and_again_seal_each_entry_once(sealed: Sealed) -> None:
    writing = asyncio.create_task(sealed.write(4, 40))
    while not writing.done():
        sealing = asyncio.create_task(sealed.sealer().run())
        await asyncio.sleep(0.15)
        sealing.cancel()
        with suppress(asyncio.CancelledError):
            await sealing
    await writing
    while await sealed.seal():
        pass
    report = await sealed.verify()
    assert report.is_whole, report.findings
    assert (report.entries, report.sealed) == (160, 160)


async def test_a_sealer_that_slept_while_another_sealed_cannot_insert_its_checkpoint(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed.write(2, 2)
    sleeper = sealed.sealer()
    await sleeper.prepare()
    waiting = sleeper.waiting

    async def slow(session: Any) -> Any:
        entries = await waiting(session)
        monkeypatch.undo()
        await sealed.seal()
        return entries

    monkeypatch.setattr(sleeper, "waiting", slow)
    with pytest.raises(PyMongoError, match="duplicate key"):
        await sleeper.seal_next()
    assert len(sealed.file.read()) == 1
    assert (await sealed.verify()).is_whole


async def test_what_a_crash_left_half_written_in_the_file_is_replaced(sealed: Sealed) -> None:
    await sealed.write(1, 2)
    first = await sealed.seal()
    with sealed.file.path.open("ab") as file:
        file.write(b'{"checkpoint": {"serv')
    await sealed.write(1, 1, start=2)
    second = await sealed.seal()
    assert sealed.file.read() == [first, second]


async def test_a_file_that_was_lost_is_written_anew(sealed: Sealed) -> None:
    await sealed.write(1, 2)
    first = await sealed.seal()
    sealed.file.path.unlink()
    await sealed.write(1, 1, start=2)
    assert sealed.file.read() == []
    second = await sealed.seal()
    assert sealed.file.read() == [first, second]


async def test_a_database_that_lost_checkpoints_is_not_sealed_on(sealed: Sealed) -> None:
    await sealed.write(1, 2)
    await sealed.seal()
    await sealed.database.collection(SEALS).delete({})
    await sealed.write(1, 1, start=2)
    with pytest.raises(SealingBroken, match="holds checkpoint 1, the database only 0"):
        await sealed.seal()


async def test_what_is_no_entry_does_not_stop_the_sealing_and_is_named_by_verifying(sealed: Sealed) -> None:
    await journal_of(sealed.database).insert([{"_id": "junk", UNSEALED: True, "aggregate": None}])
    await sealed.write(1, 2)
    record = await sealed.seal()
    assert record is not None
    assert record.checkpoint.count == 2
    first = (await sealed.verify()).first
    assert first is not None
    assert (first.code, first.entry) == ("unreadable", "junk")


async def test_a_key_can_be_changed_and_both_verify(sealed: Sealed, tmp_path: Path) -> None:
    await sealed.write(1, 2)
    await sealed.seal()
    before = sealed.keys
    sealed.private = Ed25519PrivateKey.generate()
    await sealed.write(1, 2, start=2)
    await sealed.seal()
    records, entries = sealed.file.read(), await sealed.entries()
    assert verified(records, entries, {**before, **sealed.keys}).is_whole
    [finding] = verified(records, entries, before).findings
    assert finding.code == "unknown_key"
    assert load_public_keys([]) == {}
    with pytest.raises(ValueError, match="no Ed25519 public key in PEM"):
        load_public_keys([tmp_path / "missing.pem"])


def test_a_wrong_private_key_is_explained() -> None:
    with pytest.raises(ValueError, match="no Ed25519 private key in PEM: make one with `openssl genpkey"):
        SealKey.load(b"nonsense")


async def test_a_line_of_the_file_that_is_no_checkpoint_is_named(sealed: Sealed) -> None:
    await sealed.write(1, 1)
    record = await sealed.seal()
    assert isinstance(record, SealedCheckpoint)
    sealed.file.path.write_text("{}\n")
    with pytest.raises(AnchorError, match=r"line 1 of .* is no checkpoint"):
        sealed.file.read()
