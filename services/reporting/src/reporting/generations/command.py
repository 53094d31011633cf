"""`python -m reporting rebuild`: build a new generation and let it serve; go back; remove the old one; compare."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis import clock, failpoints, garbage, logs
from chassis.kafka import Cluster
from chassis.mongo import Database, PyMongoError
from chassis.settings import ServiceSettings
from chassis.stream.parking import PARKED
from contracts import TOPICS

from reporting.generations import Generations, State, group_of
from reporting.generations.building import Builder, begin, sweep
from reporting.generations.canonical import canonical_hashes
from reporting.generations.switching import NotSwitchedError, Switcher
from reporting.store import NAMES

OPERATION_MILLISECONDS: Final = 3_600_000
"""An index over everything takes its time, and nobody waits for it."""
FORGET_SECONDS: Final = 15.0
"""Longer than a request or a batch may still be at work in a generation that is given up."""
GO_ON: Final = "The same command goes on from here; what serves has not changed."


def main(arguments: Sequence[str], settings: ServiceSettings) -> None:
    """Do what the arguments ask; end the process with one clear sentence where that cannot be done."""
    asked = _parser().parse_args(arguments)
    logs.configure("reporting", settings.log_level)
    failpoints.configure("reporting", settings)
    garbage.search_less()
    try:
        asyncio.run(_run(asked, settings))
    except NotSwitchedError as error:
        sys.exit(str(error))
    except PyMongoError as error:
        sys.exit(f"The database does not answer ({type(error).__name__}). {GO_ON}")
    except KeyboardInterrupt:
        sys.exit(f"Interrupted. {GO_ON}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reporting rebuild", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--rollback", action="store_true", help="Let the previous generation serve again.")
    what.add_argument("--drop-old", action="store_true", help="Remove the generation that does not serve.")
    what.add_argument("--compare", action="store_true", help="Print the canonical hash of each kept generation.")
    parser.add_argument("--accept-parked", action="store_true", help="Switch without what is parked.")
    return parser


async def _run(asked: argparse.Namespace, settings: ServiceSettings) -> None:
    uri = settings.mongodb_uri.get_secret_value()
    database = Database.connect(uri, settings.mongodb_database, timeout_ms=OPERATION_MILLISECONDS)
    cluster = Cluster(settings.kafka_bootstrap, settings.topic_prefix, settings.kafka_replication_factor)
    rebuilding = Rebuilding(Generations(database), cluster)
    try:
        if asked.compare:
            await rebuilding.compare()
        elif asked.drop_old:
            await rebuilding.drop_old()
        elif asked.rollback:
            await rebuilding.switch(accept_parked=asked.accept_parked)
        else:
            await rebuilding.rebuild(accept_parked=asked.accept_parked)
    finally:
        database.close()


@dataclass(frozen=True)
class Rebuilding:
    """What the command can do."""

    generations: Generations
    cluster: Cluster

    async def rebuild(self, *, accept_parked: bool) -> None:
        """Build a generation, or go on building it, and switch to it."""
        began = clock.monotonic()
        await Builder(self.generations, self.cluster, _tell).build(await begin(self.generations))
        _tell(f"built in {clock.monotonic() - began:.1f} s; the workers take over")
        await self.switch(accept_parked=accept_parked)

    async def switch(self, *, accept_parked: bool) -> None:
        """Let the other kept generation serve."""
        began = clock.monotonic()
        topics = tuple(TOPICS.values())
        await Switcher(self.generations, self.cluster, topics, _tell).switch(accept_parked=accept_parked)
        state = await self.generations.read()
        _tell(f"generation {state.present} serves, after {clock.monotonic() - began:.1f} s; {_next_steps(state)}")

    async def drop_old(self) -> None:
        """Give up the generation that does not serve, or the one under construction, and remove all it holds."""
        state = await self.generations.read()
        gone = [one for one in {state.other, state.building} if one is not None]
        if not gone:
            raise NotSwitchedError("There is no other generation to remove.")
        await self.generations.change({"present": state.present}, {"kept": [state.present], "building": None})
        await asyncio.sleep(FORGET_SECONDS)
        await sweep(self.generations, await self.generations.read())
        for one in gone:
            await self.generations.database.collection(PARKED).delete({"consumer": group_of(one)})
        _tell(f"removed generation {', '.join(map(str, gone))}; generation {state.present} serves")

    async def compare(self) -> None:
        """Print every kept generation's hash, by collection."""
        state = await self.generations.read()
        hashes = {one: await canonical_hashes(self.generations.at(one), NAMES) for one in state.kept}
        for name in NAMES:
            for one in state.kept:
                _tell(f"{name:<14} generation {one:<4} {hashes[one][name]}")
        equal = all(one == hashes[state.present] for one in hashes.values())
        _tell("equal" if equal else "different: only generations that have read the same events can be equal")


def _next_steps(state: State) -> str:
    return f"generation {state.other} is kept: --rollback lets it serve again, --drop-old removes it"


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
