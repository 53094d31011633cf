"""The start-up board: a page is a range of an index in the order of studies or of countries."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from chassis import clock as wall
from chassis.http.fields import Code, CountryCode, Name
from chassis.http.paging import Page, PageRequest
from chassis.mongo import Database
from chassis.scope import Scope
from kernel import bounds
from pydantic import BaseModel, ConfigDict, Field

from reporting.queries.answers import Answer
from reporting.queries.filters import narrowed_to
from reporting.queries.paging import paged
from reporting.store import ALL_OF_THEM, PLANS, START_UP, STUDY_CHECKLISTS

EXPIRING_DAYS: Final = 60
"""As for documents of a trial master file."""
EXPIRED: Final = "expired"
READY: Final = "ready_for_activation"
CORE_NUMBERS: Final[Mapping[str, int]] = {"authority_approval": 1, "ethics_approval": 2, "initiation_visit": 7}
"""Heads of the items that every site needs, also where its study has set no checklist up."""


class StartUpFilter(BaseModel):
    """Filters of the start-up board; all that are given hold together."""

    model_config = ConfigDict(frozen=True)

    study: Code | None = Field(default=None, description="Study id")
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    country: CountryCode | None = Field(default=None, description="ISO 3166-1 alpha-2")
    blocked_by: Code | None = Field(default=None, description="Code of an item of the checklist that is missing")
    show: Literal["starting", "lost"] = Field(
        default="starting",
        description="starting: from selection to the green light; lost: open sites that lost a prerequisite",
    )
    order: Literal["study", "country"] = Field(default="study", description="What sites are listed by first")

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor and the study asked for."""
        return narrowed_to(scope, self.sponsor, self.study)

    def condition(self) -> dict[str, Any]:
        """The MongoDB condition, without sponsor and study."""
        asked = {"shown": self.show, "country": self.country, "missing": self.blocked_by}
        return {field: value for field, value in asked.items() if value is not None}


class StartUpItem(Answer):
    """How an item of the checklist stands at a site."""

    item: str
    number: int | None = Field(description="Head of the green light, 1 to 10; null where none was told yet")
    status: str = Field(description="met, waived, not_applicable, missing, or why it counts no more, such as expired")
    since: str | None
    evidence: list[str] = Field(description="Ids of the events and documents by which it is met")
    expires_on: str | None = Field(default=None, description="The last day on which its evidence holds, or held")
    expiry: Literal["soon", "expired"] | None = Field(
        default=None, description=f"soon: it expires within {EXPIRING_DAYS} days; expired: it has, told or not"
    )
    lost_by: str | None = Field(description="Id of the event or document by which it was lost")


class InitiationVisit(Answer):
    """The site initiation visit's dates, each with the precision its source had."""

    planned: str | None
    actual: str | None


class PlannedActivation(Answer):
    """For which day the site's activation is planned, and for which it is to be expected."""

    planned: str
    forecast: str | None = Field(description="As last told; null where it was never other than planned")
    days_late: int = Field(
        description="Days from the planned day to the activation, else to the forecast or today, whichever is later; "
        "0 or below: not late"
    )


class StartUpSite(Answer):
    """A site with its checklist; without `items` it has none yet."""

    site_id: str
    study_id: str
    sponsor_id: str
    name: str | None
    city: str | None
    number: str | None = Field(description="The sponsor's site number within the study")
    country: str
    status: str
    checklist_version: str | None
    satisfied: int = Field(description="Items that are met, waived or not applicable")
    total: int
    blocked_by: list[str] = Field(description="Codes of the items that are missing")
    items: list[StartUpItem]
    began_on: str | None = Field(description="When start-up began, else when the site was selected")
    days_in_start_up: int | None = Field(
        description="Whole days since then, of an open site until its activation; at least so many if dates are vague"
    )
    initiation_visit: InitiationVisit | None
    activated_on: str | None
    activation: PlannedActivation | None = Field(description="Null where the study's plan names no day for the site")


class StartUpTotals(Answer):
    """How many sites are on the board, and what blocks them."""

    starting: int
    ready: int
    lost: int
    blocked_by: Mapping[str, int] = Field(description="By item's code, how many of the sites shown miss it")


async def start_up_page(
    database: Database, scope: Scope, asked: StartUpFilter, wanted: PageRequest
) -> Page[StartUpSite]:
    """A page of the board."""
    order, filters = f"by_{asked.order}", asked.model_dump()
    condition, after = asked.condition(), wanted.after(filters)
    if after:
        condition[order] = {"$gt": after[0]}
    found = await database.collection(START_UP).find(
        asked.narrowed(scope), condition, sort=[(order, 1)], limit=wanted.limit + 1
    )
    shown, now = found[: wanted.limit], wall.now()
    studies = {one["study"] for one in shown}
    numbers, plans = await _numbers(database, scope, studies), await _plans(database, scope, studies)
    sites = [_site(one, numbers.get(one["study"], {}), plans.get(one["study"], {}), now) for one in shown]
    return paged(sites, found, wanted, filters, order)


async def start_up_totals(database: Database, scope: Scope, asked: StartUpFilter) -> StartUpTotals:
    """What the filter leaves, whatever it asks to be shown; and what blocks those that it shows."""
    seen = asked.narrowed(scope)
    condition = {name: value for name, value in asked.condition().items() if name != "shown"}
    board = database.collection(START_UP)
    group = {"_id": {"shown": "$shown", "status": "$status"}, "sites": ALL_OF_THEM}
    of_shown = {**condition, "shown": {"$in": ["starting", "lost"]}}
    found = await board.aggregate(seen, [{"$group": group}], condition=of_shown)
    by_item = [{"$unwind": "$missing"}, {"$group": {"_id": "$missing", "sites": ALL_OF_THEM}}]
    blocked = await board.aggregate(seen, by_item, condition={**condition, "shown": asked.show})
    return StartUpTotals(
        starting=sum(one["sites"] for one in found if one["_id"]["shown"] == "starting"),
        ready=sum(one["sites"] for one in found if one["_id"]["status"] == READY),
        lost=sum(one["sites"] for one in found if one["_id"]["shown"] == "lost"),
        blocked_by={one["_id"]: one["sites"] for one in blocked},
    )


async def _numbers(database: Database, scope: Scope, studies: set[str]) -> dict[str, dict[str, int]]:
    found = await database.collection(STUDY_CHECKLISTS).find(scope, {"_id": {"$in": sorted(studies)}})
    return {one["_id"]: {code: rule["number"] for code, rule in one["rules"].items()} for one in found}


async def _plans(database: Database, scope: Scope, studies: set[str]) -> dict[str, Mapping[str, Any]]:
    found = await database.collection(PLANS).find(scope, {"_id": {"$in": sorted(studies)}})
    return {one["_id"]: one["activations"] for one in found}


def planned_activation(
    planned: Mapping[str, Any] | None, activated_on: str | None, now: datetime
) -> PlannedActivation | None:
    """How the plan of a site's activation stands at this instant."""
    if planned is None:
        return None
    day, forecast = date.fromisoformat(planned["planned"]), planned["forecast"]
    if activated_on is not None:
        reached = bounds(activated_on)[0].date()
    else:
        reached = max(now.date(), date.fromisoformat(forecast or planned["planned"]))
    return PlannedActivation(planned=planned["planned"], forecast=forecast, days_late=(reached - day).days)


def _site(
    stored: Mapping[str, Any], numbers: Mapping[str, int], plans: Mapping[str, Any], now: datetime
) -> StartUpSite:
    kept = (
        *("name", "city", "number", "country", "status", "checklist_version", "satisfied", "total"),
        *("began_on", "activated_on", "initiation_visit"),
    )
    known = {**CORE_NUMBERS, **numbers}
    items = [_item(one, known, now) for one in stored["items"]]
    return StartUpSite(
        site_id=stored["_id"],
        study_id=stored["study"],
        sponsor_id=stored["sponsor"],
        blocked_by=stored["missing"],
        items=sorted(items, key=lambda one: (one.number or 99, one.item)),
        activation=planned_activation(plans.get(stored["_id"]), stored["activated_on"], now),
        days_in_start_up=days_between(stored["began_on"], stored["activated_on"], now),
        **{name: stored[name] for name in kept},
    )


def _item(stored: Mapping[str, Any], numbers: Mapping[str, int], now: datetime) -> StartUpItem:
    # What has expired is told with the last day on which it held.
    lost = stored["since"] if stored["status"] == EXPIRED else None
    until = lost or stored.get("expires_on")
    told = {
        "number": stored["number"] or numbers.get(stored["item"]),
        "expires_on": until,
        "expiry": EXPIRED if stored["status"] == EXPIRED else _expiry(until, now),
    }
    return StartUpItem.model_validate({**stored, **told})


def _expiry(until: str | None, now: datetime) -> str | None:
    """Whether what holds until this day has expired at this instant, or will so soon."""
    if until is None:
        return None
    ends = bounds(until)[1]
    if ends <= now:
        return "expired"
    return "soon" if ends <= now + timedelta(days=EXPIRING_DAYS + 1) else None


def days_between(began_on: str | None, ended_on: str | None, now: datetime) -> int | None:
    """Whole days that certainly lie between; None where the beginning is not known or lies ahead."""
    if began_on is None or bounds(began_on)[0] > now:
        return None
    end = bounds(ended_on)[0] if ended_on is not None else now
    # The last instant that the beginning may mean is the one before its bound.
    return max((end.date() - bounds(began_on)[1].date()).days + 1, 0)
