"""The fault rig: the real stack under load, one fault after the other, then everything that was kept is looked at.

`make chaos SECONDS=600 SEED=7`; the verdict is a Markdown report, and the exit code says whether promises were kept.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import reading
from checkers import Finding, check
from disks import NoDisksError, faults_of_disks, small_disks
from evidence import Evidence
from faults import faults_inside, faults_of_processes, long_faults
from faults_between import faults_between, replica_program
from ground import RIVAL, Fault, Ground, NotHealedError
from histories import chance_of
from ledger import Ledger, longest_stall, now, operations_of, read
from proxy import fronts
from pymongo import AsyncMongoClient
from report import Verdict, written
from rich.console import Console
from studyline.display import Display
from studyline.members import Shape, members_of
from studyline.paths import Layout
from studyline.processes import SupervisedProcess
from studyline.stack import READY_WITHIN_SECONDS, Stack, running_stack
from studyline.tokens import token
from workload import Workload, bearer_of

REPORTS: Final = Path(__file__).parent / "reports"
STUDIES: Final = 6
BETWEEN_FAULTS_SECONDS: Final = 1.5
SETTLED_WITHIN_SECONDS: Final = 120.0
"""Within so long after the last fault everything must have been published and shown (G3: 60 s, G10: 120 s)."""
LOOK_SECONDS: Final = 0.5
LONG_RUN_SECONDS: Final = 1_200.0


@dataclass
class Run:
    """What a run is given, and what it notes on its way.

    `only` names the faults or kinds of faults of its deck, none means all; `at_least` so many are inflicted, however
    long that takes.
    """

    seed: int
    seconds: float
    per_second: float
    folder: Path
    replicas: int = 1
    only: frozenset[str] = frozenset()
    at_least: int = 0
    inflicted: list[Fault] = field(default_factory=list[Fault])
    stalls: list[str] = field(default_factory=list[str])
    slowest: float = 0.0
    longest_healing: tuple[float, str] = (0.0, "-")
    missed: Sequence[str] = ()
    without: str = ""

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.jsonl"


async def run(given: Run) -> Verdict:
    """Start the stack, inflict faults under load, let everything settle, and judge."""
    began = now()
    async with _prepared(given) as ground:
        with Ledger(given.ledger) as ledger:
            await _under_load(given, ground, ledger)
        evidence = await _settled(given, ground.stack)
    facts = read(given.ledger)
    return Verdict(
        seed=given.seed,
        replicas=given.replicas,
        without=given.without,
        seconds=now() - began,
        operations=Counter(one.outcome for one in evidence.operations),
        unknown_tries=sum(one.unknown_tries for one in evidence.operations),
        unknown_resolved=sum(1 for one in evidence.operations if one.unknown_tries and one.outcome in {"ok", "failed"}),
        faults=Counter((fault.kind, fault.name) for fault in given.inflicted),
        findings=check(evidence),
        events=len({record.event_id for record in evidence.told}),
        repeats=len(evidence.told) - len({record.event_id for record in evidence.told}),
        longest_stall=longest_stall(facts),
        slowest_answer=given.slowest,
        longest_healing=given.longest_healing,
        missed=given.missed,
    )


@asynccontextmanager
async def _prepared(given: Run) -> AsyncGenerator[Ground]:
    """The stack with everything around it by which faults come."""
    layout = Layout(given.folder / "stack")
    with ExitStack() as around:
        points, standing = around.enter_context(_points(given.folder)), around.enter_context(fronts())
        disks = _disks(given, layout, around)
        shape = Shape(given.replicas, standing.open)
        async with running_stack(layout, Display(Console(quiet=True)), shape=shape) as stack, _rival(stack) as rival:
            ground = Ground(stack, rival, points, standing, disks, chance_of(given.seed))
            standing.callers = ground.pids
            yield ground


def _disks(given: Run, layout: Layout, around: ExitStack) -> Mapping[str, Path]:
    # A broker that is started on a full disk may throw its log away (decision 0013): with others there is a copy.
    servers = ("mongodb", "kafka") if given.replicas > 1 else ("mongodb",)
    members = [members_of(server, given.replicas)[0] for server in servers]
    try:
        return around.enter_context(small_disks(layout, given.folder / "images", members))
    except NoDisksError as reason:
        given.without = f"No disk was filled: {reason}."
        return {}


async def _under_load(given: Run, ground: Ground, ledger: Ledger) -> None:
    # The callers' chance is their own: when each of them draws is no more sure than when an answer comes.
    stack, chance = ground.stack, chance_of(given.seed)
    load = Workload(stack.addresses, bearer_of(stack.layout, stack.addresses), ledger, chance, given.per_second)
    target = await load.prepare(STUDIES)
    async with load.running(target):
        await _faults(given, ground)
    given.slowest = load.slowest


async def _faults(given: Run, ground: Ground) -> None:
    end = now() + given.seconds
    for fault in _deck(given, ground):
        if now() > end and len(given.inflicted) >= given.at_least:
            return
        given.inflicted.append(fault)
        await fault.inflict(ground)
        given.missed, ended = ground.missed, now()
        try:
            await ground.healed()
        except NotHealedError as reason:
            given.stalls.append(f"not healed after {fault.name}: {reason}")
        given.longest_healing = max(given.longest_healing, (now() - ended, fault.name))
        await asyncio.sleep(BETWEEN_FAULTS_SECONDS)


def _deck(given: Run, ground: Ground) -> Iterable[Fault]:
    """Every fault in chance order, then every fault again in another order."""
    sources = [faults_of_processes, faults_inside, faults_between, faults_of_disks]
    sources += [long_faults] if given.seconds >= LONG_RUN_SECONDS else []
    whole = [fault for source in sources for fault in source(ground)]
    deck = [fault for fault in whole if not given.only or given.only & {fault.kind, fault.name}]
    while deck:
        ground.chance.shuffle(deck)
        yield from deck


async def _settled(given: Run, stack: Stack) -> Evidence:
    """Wait until nothing is owed any more, then read everything."""
    client: reading.Client = AsyncMongoClient(stack.addresses.mongodb)
    bearer = await asyncio.to_thread(token, stack.layout.root, "operations")
    headers = {"Authorization": f"Bearer {bearer}"}
    async with client, httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
        evidence = await _evidence(given, stack, client, http)
        end = now() + SETTLED_WITHIN_SECONDS
        while now() < end and check(evidence):
            await asyncio.sleep(LOOK_SECONDS)
            evidence = await _evidence(given, stack, client, http)
        return evidence


async def _evidence(given: Run, stack: Stack, client: reading.Client, http: httpx.AsyncClient) -> Evidence:
    return Evidence(
        operations=operations_of(read(given.ledger)),
        entries=await reading.journals(client),
        kept=await reading.states(client),
        told=await reading.topics(stack.addresses.kafka),
        shown=await reading.timeline(http, stack.addresses),
        tallies=await reading.tallies(http, stack.addresses, client),
        stalls=given.stalls,
    )


@contextmanager
def _points(folder: Path) -> Generator[Path]:
    """Where fail points are armed; every service that is started meanwhile looks there."""
    points = folder / "points"
    points.mkdir()
    os.environ["STUDYLINE_FAILPOINTS"] = os.fspath(points)
    try:
        yield points
    finally:
        del os.environ["STUDYLINE_FAILPOINTS"]


@asynccontextmanager
async def _rival(stack: Stack) -> AsyncGenerator[SupervisedProcess]:
    """A second relay of `sites`, which stands by until the lease is free."""
    process = SupervisedProcess(replica_program(stack, "sites", "relay", RIVAL), lambda: None, lambda _: None)
    process.start()
    try:
        await process.until_ready(READY_WITHIN_SECONDS)
        yield process
    finally:
        await process.stop(within_seconds=10)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long faults are inflicted")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="the run's chance")
    parser.add_argument("--rate", type=float, default=15, help="commands a second")
    parser.add_argument("--replicas", type=int, default=1, help="members of MongoDB and of Kafka each: 1 or 3")
    parser.add_argument("--only", action="append", default=[], metavar="FAULT", help="only this fault or kind of fault")
    parser.add_argument("--keep", action="store_true", help="keep the stack's folder and say where it is")
    return parser.parse_args()


def main() -> int:
    """Run as the command line says; 1 where a promise was broken."""
    asked = _arguments()
    members = "one member each" if asked.replicas == 1 else f"{asked.replicas} members each"
    print(f"seed {asked.seed}, {asked.seconds:g} s, {asked.rate:g} commands/s, {members}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    given = Run(asked.seed, asked.seconds, asked.rate, folder, asked.replicas, frozenset(asked.only))
    verdict = asyncio.run(run(given))
    REPORTS.mkdir(exist_ok=True)
    several = "" if asked.replicas == 1 else f"-replicas-{asked.replicas}"
    path = REPORTS / f"chaos-{asked.seconds:g}s{several}-seed-{asked.seed}.md"
    path.write_text(written(verdict))
    print(written(verdict))
    if asked.keep:
        print(f"kept in {folder}")
    else:
        shutil.rmtree(folder)
    return _code(verdict.findings)


def _code(findings: Iterable[Finding]) -> int:
    return 1 if list(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
