"""What a changed or added rule would have made of stored clocks."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Database
from chassis.scope import Scope

from regulatory.domain.clock_rules import CLOCK_RULES, ClockRule
from regulatory.domain.clock_state import Clock
from regulatory.domain.simulation import Moved, moved
from regulatory.handlers.places import place_of
from regulatory.store import CLOCKS


@dataclass(frozen=True)
class Asked:
    """A rule as it might have been, and which clocks it is tried on: by the day they began, study and country."""

    rule: ClockRule
    since: date
    until: date
    study_id: str | None = None
    country: str | None = None


async def simulated(database: Database, scope: Scope, asked: Asked, wanted: PageRequest, now: datetime) -> Page[Moved]:
    """The clocks that the rule moves among the page's clocks: a page may hold fewer than its limit, and yet go on."""
    condition = _condition(asked)
    after = wanted.after(condition)
    place = {"_id": {"$gt": after[0]}} if after else {}
    clocks = database.collection(CLOCKS.collection)
    found = await clocks.find(scope, {**condition, **place}, sort=[("_id", 1)], limit=wanted.limit + 1)
    page, more = found[: wanted.limit], len(found) > wanted.limit
    tried = [_tried(Clock.model_validate(one["state"]), asked.rule, now) for one in page]
    following = encode_cursor([page[-1]["_id"]], condition) if more else None
    return Page(items=[one for one in tried if one is not None], next=following)


def _tried(clock: Clock, rule: ClockRule, now: datetime) -> Moved | None:
    return moved(clock, rule, partial(place_of, rule, clock.period.country), now)


def _condition(asked: Asked) -> dict[str, Any]:
    """A rule that is known is tried on its own clocks, a new one on those that its anchor began."""
    beside = sorted({row.id for row in CLOCK_RULES.rows if row.anchor == asked.rule.anchor})
    ids = [asked.rule.id] if asked.rule.id in CLOCK_RULES.ids else beside
    days = {"$gte": asked.since.isoformat(), "$lte": asked.until.isoformat()}
    limits = {"study": asked.study_id, "state.period.country": asked.country}
    told = {name: value for name, value in limits.items() if value is not None}
    return {"state.period.rule_id": {"$in": ids}, "state.deadline.anchored_on": days, **told}
