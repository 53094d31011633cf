"""`studyline parked` against the running platform."""

import asyncio
import os
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from chassis import clock
from studyline.errors import StackError
from studyline.parked import app
from studyline.testing import Command, Servers
from typer.testing import CliRunner

RUNNER = CliRunner()
SECRET = b'{"study_id": "not for everybody'
HEADERS = {"ce_type": "studyline.sites.study.registered.v1", "ce_id": "hostile"}


async def publish(bootstrap: str, subject: str) -> None:
    connected: Any = AIOKafkaProducer(bootstrap_servers=bootstrap)
    headers = [(name, value.encode()) for name, value in {**HEADERS, "ce_subject": subject}.items()]
    async with connected as producer:
        await producer.send_and_wait("studyline.sites", SECRET, b"key", headers=headers)


async def parked(command: Command, subject: str, *, count: int) -> list[str]:
    """The ids of an aggregate's parked records, once there are so many."""
    async with asyncio.timeout(30):
        while True:
            done = command.run("parked", "list", "regulatory", "--subject", subject)
            assert done.returncode == 0, done.stderr
            if len(lines := done.stdout.splitlines()) == count:
                return [line.split()[0] for line in lines]
            await asyncio.sleep(0.2)


@pytest.mark.stack
async def test_a_parked_record_is_listed_shown_redriven_and_discarded(stack: Servers) -> None:
    command, subject = Command(stack.data, os.environ), f"study/{clock.new_id()}"
    await publish(stack.kafka, subject)
    [record_id] = await parked(command, subject, count=1)
    assert command.json("parked", "show", "regulatory", record_id)["fingerprint"].endswith(" Malformed")
    assert "not for everybody" not in command.run("parked", "show", "regulatory", record_id).stdout
    assert (
        "not for everybody"
        in command.run("parked", "show", "regulatory", record_id, "--body", "--reason", "doubt").stdout
    )
    choice = ("regulatory", "--subject", subject, "--reason", "tried once more", "--as", "anna")
    assert "1 records of 1 aggregates" in command.run("parked", "redrive", *choice).stdout
    async with asyncio.timeout(30):
        while command.json("parked", "show", "regulatory", record_id)["attempts"] < 2:  # noqa: ASYNC110 - its truth is there
            await asyncio.sleep(0.2)
    assert command.run("parked", "discard", *choice).stdout == "1 records were discarded\n"
    assert await parked(command, subject, count=0) == []
    assert "There is no parked record" in command.run("parked", "show", "regulatory", record_id).stderr


@pytest.mark.parametrize("act", ["redrive", "discard"])
def test_an_act_needs_a_reason_and_one_way_to_name_its_records(act: str) -> None:
    assert RUNNER.invoke(app, [act, "sites", "--subject", "study/1"]).exit_code == 2
    assert RUNNER.invoke(app, [act, "sites", "--reason", "because"]).exit_code == 2
    both = ["--subject", "study/1", "--id", "x"]
    assert RUNNER.invoke(app, [act, "sites", "--reason", "because", *both]).exit_code == 2


def test_without_a_running_stack_the_command_says_how_to_start_one(tmp_path: Any) -> None:
    result = RUNNER.invoke(app, ["list", "sites", "--data", str(tmp_path)])
    assert isinstance(result.exception, StackError)
    assert "studyline up" in str(result.exception)
