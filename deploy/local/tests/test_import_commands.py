"""What `studyline import` shows, and the codes it ends with."""

import io
from pathlib import Path

import pytest
from client import RecordResult
from rich.console import Console
from studyline.errors import StackError
from studyline.importing import Problem, Summary
from studyline.importing.commands import app, show
from typer.testing import CliRunner

RUNNER = CliRunner()


def shown(summary: Summary) -> str:
    console = Console(file=io.StringIO(), width=200)
    show(summary, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def a_problem(**fields: object) -> Problem:
    return Problem.model_validate({"file": "studies.ndjson", "line": 7, "reason": "is missing", **fields})


def test_a_problem_is_shown_with_file_line_record_field_and_reason() -> None:
    summary = Summary(source="test", problems=[a_problem(record="NCT00000001", field="a.b")])
    assert "studies.ndjson:7: NCT00000001: a.b: is missing" in shown(summary)


def test_what_a_record_says_cannot_steer_the_terminal() -> None:
    text = shown(Summary(source="test", problems=[a_problem(reason="[red]\x1b[2Jgone\nnext")]))
    assert "\x1b" not in text
    assert "[red]" in text
    assert "gone\N{REPLACEMENT CHARACTER}next" in text


def test_many_problems_are_counted_and_the_json_summary_has_all() -> None:
    summary = Summary(source="test", problems=[a_problem(line=line) for line in range(80)])
    assert "… and 30 more problems" in shown(summary)
    assert len(Summary.model_validate_json(summary.model_dump_json()).problems) == 80


def test_the_counts_of_each_kind_are_shown() -> None:
    summary = Summary(source="test", seconds=2.0)
    summary.count("sites", [RecordResult(index=0, key="1", outcome="adopted", id="x")] * 1_200)
    summary.leave_out("sites", 3)
    text = shown(summary)
    assert "1,200" in text
    assert "1,203 records in 2.0 s" in text


@pytest.mark.parametrize(("problems", "code"), [([], 0), ([a_problem()], 3)])
def test_the_exit_code_says_whether_records_were_left_out(problems: list[Problem], code: int) -> None:
    assert Summary(source="test", problems=problems).exit_code == code


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["ctgov", str(tmp_path / "none.ndjson"), "--data", str(tmp_path)])
    assert result.exit_code == 2


def test_without_a_running_stack_the_command_says_how_to_start_one(tmp_path: Path) -> None:
    file = tmp_path / "studies.ndjson"
    file.touch()
    result = RUNNER.invoke(app, ["ctgov", str(file), "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert isinstance(result.exception, StackError)
    assert "studyline up" in str(result.exception)
