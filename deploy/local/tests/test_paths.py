"""Where a stack keeps its state."""

from pathlib import Path

import pytest
from studyline.paths import Layout, cache_directory, find_layout, write_private


def test_a_chosen_directory_is_taken(tmp_path: Path) -> None:
    assert find_layout(tmp_path / "mine").root == tmp_path / "mine"


def test_the_nearest_directory_above_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".studyline").mkdir()
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    assert find_layout(None).root == tmp_path / ".studyline"


def test_without_any_directory_one_is_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_layout(None).root == tmp_path / ".studyline"


def test_the_data_directory_is_closed_to_others(tmp_path: Path) -> None:
    Layout(tmp_path / "data").create()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_private_file_is_replaced_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "old")
    write_private(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


def test_the_cache_follows_the_xdg_base_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "studyline"
