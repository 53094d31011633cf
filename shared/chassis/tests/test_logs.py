"""Logs are JSON lines with the request and the trace, and hold no secrets whichever library wrote them."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from chassis import logs
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import format_trace_id

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_json_line_with_its_service_and_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sites")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.stdlib.get_logger("here").info("study registered", version=3)
    (line,) = lines(capsys)
    assert line["event"] == "study registered"
    assert (line["service"], line["level"], line["request_id"], line["version"]) == ("sites", "info", "r1", 3)


def test_the_span_at_work_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sites")
    with TracerProvider().get_tracer("t").start_as_current_span("work") as span:
        structlog.stdlib.get_logger().info("inside")
    assert lines(capsys)[0]["trace_id"] == format_trace_id(span.get_span_context().trace_id)


@pytest.mark.parametrize("library", ["uvicorn.error", "faststream", "aiokafka"])
def test_libraries_speak_through_the_same_pipeline(capsys: pytest.CaptureFixture[str], library: str) -> None:
    logging.getLogger(library).addHandler(logging.StreamHandler())
    logs.configure("sites")
    logging.getLogger(library).warning("lost %s", "a broker")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"], line["service"]) == ("lost a broker", library, "sites")


def test_what_lies_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sites", "WARNING")
    structlog.stdlib.get_logger().info("chatter")
    assert lines(capsys) == []


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("hush", "cannot reach mongodb://sites:hush@db.test:27017/?replicaSet=rs0"),
        ("hu:sh", "cannot reach mongodb+srv://sites:hu:sh@db.test"),
        ("p@ss", "cannot reach mongodb://sites:p@ss@db.test"),
        ("abc.def", "sent Authorization: Bearer abc.def"),
        (JWT, f"verified {JWT} now"),
    ],
)
def test_a_secret_inside_a_text_is_hidden(capsys: pytest.CaptureFixture[str], secret: str, text: str) -> None:
    logs.configure("sites")
    structlog.stdlib.get_logger().warning(text, again=[text])
    logging.getLogger("library").warning("wrapped %s", text)
    error = capsys.readouterr().err
    assert secret not in error
    assert error.count(logs.HIDDEN) >= 3


def test_a_secret_inside_an_exception_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sites")
    structlog.stdlib.get_logger().error("failed", exc_info=ValueError(f"Bearer {JWT}"))
    line = capsys.readouterr().err
    assert JWT not in line
    assert "ValueError" in line


def test_fields_with_telling_names_are_hidden_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sites")
    headers = {
        "Authorization": "x1",
        "nested": {"client_secret": "x2", "port": 1},
        "list": [{"cookie": "x3"}],
    }
    structlog.stdlib.get_logger().info("request", headers=headers, password="x4")
    (line,) = lines(capsys)
    assert line["headers"]["nested"] == {"client_secret": logs.HIDDEN, "port": 1}
    assert all(value not in json.dumps(line) for value in ("x1", "x2", "x3", "x4"))


def test_a_value_that_is_not_json_is_still_written(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("sites")
    structlog.stdlib.get_logger().info("odd", value={1: object})
    assert lines(capsys)[0]["value"] == {"1": "<class 'object'>"}
