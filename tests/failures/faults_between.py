"""Faults between processes: elections, links that break, members that come and go, clocks that disagree."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from faults import kill, pause, restart
from ground import CALLERS, Fault, Ground
from proxy import Ailment, Break
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from studyline.ports import LOOPBACK, free_ports
from studyline.processes import Program, SupervisedProcess
from studyline.services import SERVICES, require_ready, service_program
from studyline.stack import READY_WITHIN_SECONDS, Stack

BROKEN_SECONDS: Final = (6.0, 14.0)
PAST_AN_ELECTION_SECONDS: Final = 15.0
STEPPED_DOWN_SECONDS: Final = 6
CATCH_UP_SECONDS: Final = 2
SECOND: Final = "second"
SECOND_RUNS_SECONDS: Final = 6.0
CLOCK_OFFSETS_SECONDS: Final = (600, -600)
SHIFTED_SECONDS: Final = 8.0


async def step_down(ground: Ground) -> None:
    """Let the primary give its place up; one without others takes it again after a while."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(ground.stack.addresses.mongodb)
    how = {"replSetStepDown": STEPPED_DOWN_SECONDS, "secondaryCatchUpPeriodSecs": CATCH_UP_SECONDS, "force": True}
    try:
        await client.admin.command(how)
    except PyMongoError as refused:
        ground.missed.append(f"step-down: {refused}")
    finally:
        await client.close()
    await asyncio.sleep(STEPPED_DOWN_SECONDS)


async def kill_the_primary(ground: Ground) -> None:
    """Kill whichever member is primary."""
    await kill(await ground.primary(), ground)


async def pause_the_primary(ground: Ground) -> None:
    """Pause the primary until another is elected; it comes back and believes it still is."""
    await pause(await ground.primary(), ground, PAST_AN_ELECTION_SECONDS)


async def part_from_the_primary(callers: frozenset[str], ailment: Ailment, ground: Ground) -> None:
    """Break the links between services and MongoDB's primary."""
    some = callers or frozenset({ground.chance.choice(SERVICES)})
    await _broken(Break(some, frozenset({await ground.primary()}), ailment), ground)


async def part_from_a_broker(ailment: Ailment, ground: Ground) -> None:
    """Break the links between the services and one broker."""
    await _broken(Break(CALLERS, frozenset({ground.chance.choice(ground.brokers)}), ailment), ground)


async def slow_links(ground: Ground) -> None:
    """Slow down every link between services and servers."""
    await _broken(Break(CALLERS, frozenset({*ground.databases, *ground.brokers}), "slow"), ground)


async def isolate_the_primary(ailment: Ailment, ground: Ground) -> None:
    """Part the primary from the other members, with the services on its side."""
    await _isolate(await ground.primary(), ground.databases, ailment, ground)


async def isolate_a_broker(ailment: Ailment, ground: Ground) -> None:
    """Part a broker from the others, with the services on its side."""
    await _isolate(ground.chance.choice(ground.brokers), ground.brokers, ailment, ground)


async def _isolate(member: str, members: tuple[str, ...], ailment: Ailment, ground: Ground) -> None:
    others = frozenset(members) - {member}
    await _broken(Break(frozenset({member}), others, ailment), ground, PAST_AN_ELECTION_SECONDS)


async def _broken(what: Break, ground: Ground, seconds: float | None = None) -> None:
    with ground.fronts.broken(what):
        await asyncio.sleep(seconds or ground.chance.uniform(*BROKEN_SECONDS))


async def rebalance(service: str, goodbye_seconds: float, ground: Ground) -> None:
    """Let a second consumer of a service join and leave, or die: partitions move to it and back.

    One that leaves has no name, and its partitions move back at once; those of a named one that dies wait for it.
    """
    program = replica_program(ground.stack, service, "worker", SECOND)
    if goodbye_seconds:
        nameless = {name: value for name, value in program.environment.items() if name != "STUDYLINE_INSTANCE"}
        program = replace(program, environment=nameless)
    process = SupervisedProcess(program, _nothing, _told)
    process.start()
    try:
        await process.until_ready(READY_WITHIN_SECONDS)
        await asyncio.sleep(SECOND_RUNS_SECONDS)
    finally:
        await process.stop(goodbye_seconds)


async def shift_the_clock(service: str, seconds: int, ground: Ground) -> None:
    """Let a service run for a while with a wall clock that is wrong, and then with the right one again."""
    process = ground.process(service)
    usual = process.program
    wrong = {**usual.environment, "STUDYLINE_CLOCK_OFFSET_SECONDS": str(seconds)}
    process.program = replace(usual, environment=wrong)
    try:
        await restart(service, ground)
        await ground.back(service)
        await asyncio.sleep(SHIFTED_SECONDS)
    finally:
        process.program = usual
        await restart(service, ground)


def faults_between(ground: Ground) -> Iterable[Fault]:
    """Elections, partitions, rebalances, clocks."""
    yield Fault("primary step-down", "step down", step_down)
    for ailment in ("cut", "silent"):
        everybody, somebody = partial(part_from_the_primary, CALLERS), partial(part_from_the_primary, frozenset[str]())
        kind = f"partition, {ailment}"
        yield Fault(kind, "services and MongoDB's primary", partial(everybody, ailment))
        yield Fault(kind, "one service and MongoDB's primary", partial(somebody, ailment))
        yield Fault(kind, "services and one broker", partial(part_from_a_broker, ailment))
    yield Fault("slow links", "services and servers", slow_links)
    for service in SERVICES:
        yield Fault("consumer rebalance", f"second {service} comes and goes", partial(rebalance, service, 10.0))
        yield Fault("consumer rebalance", f"second {service} comes and dies", partial(rebalance, service, 0.0))
        for seconds in CLOCK_OFFSETS_SECONDS:
            yield Fault("clock shifted", f"{service} {seconds:+} s", partial(shift_the_clock, service, seconds))
    if len(ground.databases) > 1:
        yield from _faults_among_members()


def _faults_among_members() -> Iterable[Fault]:
    yield Fault("kill -9", "kill the primary", kill_the_primary)
    yield Fault("SIGSTOP and SIGCONT", "pause the primary past an election", pause_the_primary)
    for ailment in ("cut", "silent"):
        kind = f"partition, {ailment}"
        yield Fault(kind, "MongoDB's primary and the other members", partial(isolate_the_primary, ailment))
        yield Fault(kind, "one broker and the others", partial(isolate_a_broker, ailment))


def replica_program(stack: Stack, service: str, mode: str, instance: str) -> Program:
    """A part of a service once more, under another name."""
    port = next(free_ports())
    url = f"http://{LOOPBACK}:{port}"
    program = service_program(stack.layout, service, stack.mongodb, stack.addresses)
    own: Mapping[str, str] = {"STUDYLINE_HTTP_PORT": str(port), "STUDYLINE_INSTANCE": instance}
    return replace(
        program,
        name=instance,
        command=[*program.command[:-1], mode],
        environment={**os.environ, **program.environment, **own},
        log=stack.layout.logs / f"{instance}.log",
        probe=partial(require_ready, url),
    )


def _nothing() -> None:
    """Nobody notes the second replica's process id."""


def _told(_: str) -> None:
    """Nobody reads what the supervisor says."""
