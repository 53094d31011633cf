"""Which ports the processes get."""

import socket
from collections.abc import Generator
from pathlib import Path

import pytest
from studyline.errors import StackError
from studyline.paths import Layout
from studyline.ports import LOOPBACK, allot_ports, is_free, users_of

USERS = users_of(1)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Give a fresh data directory."""
    made = Layout(tmp_path / "data")
    made.create()
    return made


@pytest.fixture
def taken_port() -> Generator[int]:
    """Hold a port."""
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_restart_takes_the_same_ports(layout: Layout) -> None:
    assert allot_ports(layout, None) == allot_ports(layout, None)


def test_every_process_has_a_free_port_of_its_own(layout: Layout) -> None:
    ports = allot_ports(layout, None)
    assert set(ports) == set(USERS)
    assert len(set(ports.values())) == len(USERS)
    assert all(is_free(port) for port in ports.values())


def test_a_port_taken_meanwhile_is_replaced_and_the_others_stay(layout: Layout) -> None:
    before = allot_ports(layout, None)
    with socket.socket() as holder:
        holder.bind((LOOPBACK, before["kafka"]))
        holder.listen()
        after = allot_ports(layout, None)
    assert {user for user in USERS if before[user] != after[user]} == {"kafka"}


def test_a_port_base_numbers_the_processes_in_order(layout: Layout) -> None:
    base = min(allot_ports(layout, None).values()) - 2_000
    assert list(allot_ports(layout, base).values()) == list(range(base, base + len(USERS)))


def test_a_busy_port_is_named_with_its_process(layout: Layout, taken_port: int) -> None:
    with pytest.raises(StackError, match=rf"Port {taken_port}, meant for sites, is in use by process \d+"):
        allot_ports(layout, taken_port)


@pytest.mark.parametrize("base", [0, -1, 65_530, 70_000])
def test_a_port_base_without_room_is_refused(layout: Layout, base: int) -> None:
    with pytest.raises(StackError, match="choose one from 1 to 65000"):
        allot_ports(layout, base)
