"""A Java program's jars: only those that were reviewed."""

from pathlib import Path

import pytest
from studyline.errors import StackError
from studyline.jars import KAFKA, KAFKA_JARS, JarSet


def test_every_jar_is_locked_by_its_digest() -> None:
    entries = list(KAFKA_JARS.locked())
    assert KAFKA in [coordinate for coordinate, _ in entries]
    assert all(len(digest) == 64 for _, digest in entries)


def test_a_jar_that_is_not_the_reviewed_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "forged.lock"
    lock.write_text(f"org.slf4j:slf4j-api:1.7.36 {'0' * 64}\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(StackError, match=r"is not the file that forged\.lock names"):
        JarSet("forged", lock).folder()
    assert list((tmp_path / "cache" / "studyline").iterdir()) == []


def test_an_unreachable_registry_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for scheme in ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    with pytest.raises(StackError, match="the first start needs a connection"):
        KAFKA_JARS.folder()
