"""The switch from one generation to another: nobody sees less after it than before, and no stream loses an entry.

1. It is announced, until no process goes by what it remembers. 2. The other generation takes over when entries were
stored, so that a reader who comes back finds its place. 3. The serving generation is held: it takes nothing in, until
the other has all that was in Kafka by then, and so all that anybody has seen. 4. One write switches.
5. The generation that served is held on for `LINGER_SECONDS`: requests that had begun end, and streams change over. So
   nobody hears of an entry there that the one which serves has not got yet.

Whoever waits on a hold ends it after `HOLD_SECONDS`. The switch is given up long before, and its last write asks
whether the hold is still there; so neither a killed nor a frozen switcher does harm.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chassis import clock, failpoints
from chassis.kafka import Cluster, places_of
from chassis.mongo import Database, UpdateOne
from chassis.scope import Scope
from chassis.stream.parking import PARKED

from reporting.generations import CACHE_SECONDS, Generations, State, Switch, group_of
from reporting.projections.timeline import COLLECTION as TIMELINE

HOLD_SECONDS: Final = 10.0
SWITCH_SECONDS: Final = 4.0
CATCH_UP_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.02
LINGER_SECONDS: Final = 4.0
"""Longer than most requests take, and than the streams' sweep (2 s) needs to see which generation serves."""
SETTLE_PAGE: Final = 2_000
OVERLAP: Final = timedelta(seconds=60)
"""More than a batch may take from being stamped to being seen, and clocks of two processes differ."""

Ends = Mapping[tuple[str, int], int]
"""By topic and partition, the offset after the last record."""


class NotSwitchedError(Exception):
    """The other generation cannot serve; the message says why and what can be done."""


async def wait_while_held(generations: Generations, number: int) -> None:
    """Return when this generation may take in a batch."""
    began = clock.monotonic()
    while _holds(state := await generations.current(), number):
        if clock.monotonic() - began > HOLD_SECONDS:
            await _give_up(generations, state.switch)
        await asyncio.sleep(LOOK_SECONDS)


def _holds(state: State, number: int) -> bool:
    return state.switch is not None and state.switch.held == number


async def _give_up(generations: Generations, switch: Switch | None) -> None:
    if switch is not None:
        await generations.change({"switch.token": switch.token}, {"switch": None})


@dataclass(frozen=True)
class Switcher:
    """Lets the kept generation that does not serve take over from the one that does."""

    generations: Generations
    cluster: Cluster
    topics: Sequence[str]
    tell: Callable[[str], None]

    async def switch(self, *, accept_parked: bool = False) -> None:
        """Switch. Raises NotSwitchedError; then everything is as before."""
        state = await self.generations.read()
        if (target := state.other) is None:
            raise NotSwitchedError("There is no second generation. Make one with `studyline rebuild reporting`.")
        if not accept_parked:
            await self._check_parked(state.present, target)
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await self.settle(state, target, state.begun_at)
                while (switch := await self._switched(state, target)) is None:
                    self.tell(f"generation {target} does not keep up yet; trying again")
        except TimeoutError:
            message = (
                f"Generation {target} did not catch up within {CATCH_UP_SECONDS:.0f} s. Look after lag, then repeat."
            )
            raise NotSwitchedError(message) from None
        await asyncio.sleep(LINGER_SECONDS)
        await _give_up(self.generations, switch)

    async def _switched(self, state: State, target: int) -> Switch | None:
        """The switch by which the target serves, not over yet; None where it has to be tried again."""
        switch = Switch(token=clock.new_id())
        announced_at = clock.now()
        await self.generations.change({}, {"switch": switch.model_dump()})
        await failpoints.reach("switch-announced")
        switched = False
        try:
            await asyncio.sleep(1.5 * CACHE_SECONDS)
            for one in (state.present, target):
                await self._read_up_to(one, await self._ends())
            await self.settle(state, target, announced_at - OVERLAP)
            switched = await self._held_and_switched(switch, state.present, target)
        finally:
            if not switched:
                await _give_up(self.generations, switch)
        return switch if switched else None

    async def _held_and_switched(self, switch: Switch, serving: int, target: int) -> bool:
        await self.generations.change({"switch.token": switch.token}, {"switch.held": serving})
        await failpoints.reach("switch-held")
        try:
            async with asyncio.timeout(SWITCH_SECONDS):
                await self._read_up_to(target, await self._ends())
        except TimeoutError:
            return False
        await failpoints.reach("switch-caught-up")
        after = {"present": target, "building": None, "begun_at": clock.now()}
        held = {"switch": {"token": switch.token, "held": serving}}
        switched = await self.generations.change(held, after) is not None
        await failpoints.reach("switch-written")
        return switched

    async def _ends(self) -> Ends:
        places = await places_of(self.cluster, group_of(1), self.topics)
        return {(one.topic, one.partition): one.end for one in places}

    async def _read_up_to(self, generation: int, ends: Ends) -> None:
        while await self._is_before(generation, ends):  # noqa: ASYNC110 - Kafka has no event for it
            await asyncio.sleep(LOOK_SECONDS)

    async def _is_before(self, generation: int, ends: Ends) -> bool:
        places = await places_of(self.cluster, group_of(generation), self.topics)
        return any(one.next < ends[one.topic, one.partition] for one in places)

    async def settle(self, state: State, target: int, since: datetime | None) -> None:
        """Let entries be stored in the target no earlier than in the serving generation, of those since then."""
        serving, other = self.generations.at(state.present), self.generations.at(target)
        place: tuple[datetime, str] | None = (since or clock.now(), "")
        while place is not None:
            page = await _stored_after(serving, *place)
            await _mark(other, {one["_id"]: one["stored_at"] for one in page})
            place = (page[-1]["stored_at"], page[-1]["_id"]) if len(page) == SETTLE_PAGE else None

    async def _check_parked(self, present: int, target: int) -> None:
        parked = self.generations.database.collection(PARKED)
        places: dict[int, set[tuple[Any, ...]]] = {}
        for one in (present, target):
            found = await parked.find(Scope.everything(), {"consumer": group_of(one)}, fields=["place"])
            places[one] = {tuple(document["place"].values()) for document in found}
        if missing := len(places[target] - places[present]):
            message = (
                f"{missing} records are parked in generation {target} that generation {present} has. "
                f"See them with `studyline parked list` (consumer {group_of(target)}), mend the cause and redrive "
                "them, or switch without them by --accept-parked."
            )
            raise NotSwitchedError(message)


async def _stored_after(database: Database, at: datetime, key: str) -> list[dict[str, Any]]:
    later = [{"stored_at": {"$gt": at}}, {"stored_at": at, "_id": {"$gt": key}}]
    condition = {"stored_at": {"$gte": at}, "$or": later}
    order = [("stored_at", 1), ("_id", 1)]
    fields = ["stored_at"]
    timeline = database.collection(TIMELINE)
    return await timeline.find(Scope.everything(), condition, sort=order, limit=SETTLE_PAGE, fields=fields)


async def _mark(database: Database, stored: Mapping[str, datetime]) -> None:
    """Write only where it is needed: nearly all entries have been marked when they were stored."""
    timeline = database.collection(TIMELINE)
    found = await timeline.find(Scope.everything(), {"_id": {"$in": list(stored)}}, fields=["stored_at"])
    late = [one["_id"] for one in found if one["stored_at"] < stored[one["_id"]]]
    await timeline.write([UpdateOne({"_id": key}, {"$max": {"stored_at": stored[key]}}) for key in late])
