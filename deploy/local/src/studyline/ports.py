"""Which loopback port each process gets."""

import json
import secrets
import socket
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from pathlib import Path

import psutil

from studyline.errors import StackError
from studyline.members import members_of
from studyline.paths import Layout, write_private

LOOPBACK = "127.0.0.1"
CONTROLLER = "_controller"
LAST_PORT = 65_535
SPAN = 10_000
KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def users_of(replicas: int) -> tuple[str, ...]:
    """Who needs a port; each member of Kafka needs two."""
    kafka = [port for name in members_of("kafka", replicas) for port in (name, f"{name}{CONTROLLER}")]
    return ("sites", "monitoring", "regulatory", "reporting", "issuer", *kafka, *members_of("mongodb", replicas))


def allot_ports(layout: Layout, base: int | None, replicas: int = 1) -> dict[str, int]:
    """Give each process a free port: `base` and the following ones, or those of the last start where free.

    Raises StackError when `base` is given and one of its ports is taken.
    """
    users = users_of(replicas)
    ports = _from_base(base, users) if base is not None else _as_before(layout, users)
    write_private(layout.ports, json.dumps(ports))
    return ports


def _from_base(base: int, users: Sequence[str]) -> dict[str, int]:
    if not 0 < base <= LAST_PORT - len(users):
        message = f"--port-base {base} leaves no room for {len(users)} ports: choose one from 1 to 65000"
        raise StackError(message)
    ports = dict(zip(users, count(base), strict=False))
    for user, port in ports.items():
        if not is_free(port):
            message = (
                f"Port {port}, meant for {user}, is in use by {_holder(port)}: "
                "end that process or choose another --port-base"
            )
            raise StackError(message)
    return ports


def _as_before(layout: Layout, users: Sequence[str]) -> dict[str, int]:
    before: dict[str, int] = json.loads(layout.ports.read_text()) if layout.ports.exists() else {}
    kept = {user: port for user, port in before.items() if user in users and is_free(port)}
    fresh = free_ports(taken=set(kept.values()))
    return kept | {user: next(fresh) for user in users if user not in kept}


def free_ports(taken: AbstractSet[int] = frozenset()) -> Iterator[int]:
    """Loopback ports that nobody listens on, from a random one onwards.

    They lie below the kernel's own range: inside it, an outgoing connection can take a listener's port.
    Raises StackError when there is none.
    """
    end = int(KERNEL_RANGE.read_text().split()[0]) if KERNEL_RANGE.exists() else 32_768
    first = max(1_024, end - SPAN)
    offset = secrets.randbelow(end - first)
    for step in range(end - first):
        port = first + (offset + step) % (end - first)
        if port not in taken and is_free(port):
            yield port
    message = f"No free port between {first} and {end}: end some of the listening processes"
    raise StackError(message)


def is_free(port: int) -> bool:
    """Say whether a process could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another process"
    pids = [entry.pid for entry in connections if entry.laddr and entry.laddr[1] == port and entry.pid]
    return f"process {pids[0]} ({psutil.Process(pids[0]).name()})" if pids else "another process"
