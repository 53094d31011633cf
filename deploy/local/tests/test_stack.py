"""The whole stack as a user runs it: the real command, real MongoDB and Kafka, stand-ins for the services."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from pymongo import MongoClient
from studyline.paths import Layout
from studyline.state import load_state
from studyline.testing import Command

pytestmark = pytest.mark.stack

KEYS = {"sites", "monitoring", "regulatory", "reporting", "portal", "issuer", "kafka", "mongodb", "pids"}
PROCESSES = {"mongodb", "kafka", "issuer", "sites", "monitoring", "regulatory", "reporting"}


def eventually(condition: Callable[[], bool], within_seconds: float = 30) -> None:
    end = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.1)


def note(mongodb_uri: str) -> None:
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client["studyline_sites"]["notes"].insert_one({"text": "kept"})


def notes(mongodb_uri: str) -> int:
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        return client["studyline_sites"]["notes"].count_documents({})


def test_up_prints_one_object_with_every_address_and_process(command: Command) -> None:
    with command.up() as (supervisor, shown):
        assert set(shown) == KEYS
        assert set(shown["pids"]) == PROCESSES
        assert shown["portal"] == f"{shown['reporting']}/"
        assert command.json("status", "--json")["pids"] == shown["pids"]
        supervisor.terminate()
        assert supervisor.wait() == 0
        assert supervisor.stdout is not None
        assert supervisor.stdout.read() == ""
        assert not any(psutil.pid_exists(pid) for pid in shown["pids"].values())


def test_the_state_outlives_a_restart_on_the_same_ports(command: Command) -> None:
    with command.up() as (_, first):
        note(first["mongodb"])
    with command.up() as (_, second):
        assert {**first, "pids": 0} == {**second, "pids": 0}
        assert notes(second["mongodb"]) == 1


def test_a_start_that_is_interrupted_ends_what_it_had_begun(command: Command) -> None:
    supervisor = command.popen("up", "--json")
    layout = Layout(command.data)
    eventually(lambda: layout.state.exists() and bool(load_state(layout).pids))
    pids = load_state(layout).pids.values()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.communicate()[0] == ""
    assert supervisor.returncode == 0
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_after_its_supervisor_was_killed_nothing_lingers_and_the_stack_starts_again(command: Command) -> None:
    with command.up() as (supervisor, first):
        note(first["mongodb"])
        supervisor.kill()
        eventually(lambda: not any(psutil.pid_exists(pid) for pid in first["pids"].values()))
        assert "No stack runs on" in command.run("token", "--role", "operations").stderr
    with command.up() as (_, second):
        assert notes(second["mongodb"]) == 1


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_a_killed_process_is_back(running_command: Command, name: str) -> None:
    layout = Layout(running_command.data)
    former = load_state(layout).pids[name]
    os.kill(former, signal.SIGKILL)
    eventually(lambda: load_state(layout).pids.get(name) not in {None, former})
    eventually(lambda: health(running_command, name)["ok"])
    assert health(running_command, name)["restarts"] == 1


def health(command: Command, name: str) -> dict[str, Any]:
    return command.json("status", "--json")["health"][name]


def test_a_directory_holds_one_stack_at_a_time(running_command: Command) -> None:
    refused = running_command.run("up")
    assert refused.returncode == 1
    assert f"A stack already runs on {running_command.data}" in refused.stderr


def test_a_busy_port_is_named(running_command: Command, command: Command) -> None:
    status = running_command.json("status", "--json")
    port = status["sites"].rpartition(":")[2]
    refused = command.run("up", "--port-base", port)
    assert refused.returncode == 1
    assert f"Port {port}, meant for sites, is in use by process {status['pids']['sites']}" in refused.stderr


def test_the_token_stands_alone_on_standard_output(running_command: Command) -> None:
    done = running_command.run("token", "--role", "sponsor", "--sponsor", "Novartis")
    assert (done.stdout.count("."), done.stdout.count("\n"), done.stderr) == (2, 1, "")


def test_a_partner_without_a_sponsor_is_told_to_name_one(running_command: Command) -> None:
    refused = running_command.run("token", "--role", "partner")
    assert refused.returncode == 1
    assert "name at least one sponsor" in refused.stderr


@pytest.mark.parametrize("arguments", [["token", "--role", "admin"], ["status"], ["events", "tail"]])
def test_a_subcommand_without_a_stack_says_how_to_start_one(command: Command, arguments: list[str]) -> None:
    refused = command.run(*arguments)
    assert refused.returncode == 1
    assert f"No stack runs on {command.data}: start one with `studyline up`" in refused.stderr
