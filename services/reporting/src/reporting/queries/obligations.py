"""Periods that run for no submission but for the trial itself: its reports, notices and the keeping of its file.

Such a period hangs on an obligation: that the first visit, the end of recruitment or of the trial is told, that results
are posted, that a safety report is made each year (CTR 536/2014 art. 36, 37, 58; 21 CFR 312.33; ICH E2F).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

from chassis import clock as wall
from chassis.http.fields import Code, CountryCode, Name
from chassis.http.paging import Page, PageRequest
from chassis.mongo import Database
from chassis.scope import Scope
from pydantic import BaseModel, ConfigDict, Field

from reporting.projections.clocks import SOON_DAYS
from reporting.projections.timeline import instant_text
from reporting.queries.answers import Answer
from reporting.queries.due import Clock, clock
from reporting.queries.filters import narrowed_to
from reporting.queries.paging import page_in_order
from reporting.queries.submission_board import counted, due_condition
from reporting.store import ALL_OF_THEM, CLOCKS

JURISDICTIONS: Final = frozenset({"eu", "gb", "us", "ch"})
"""As the ids of rules begin; a rule that holds wherever a trial runs begins otherwise."""
MAY_END: Final = "may_end"
"""Of a period whose end frees: a file is kept at least until then (CTR 536/2014 art. 58)."""


class ObligationFilter(BaseModel):
    """Filters of the obligations of trials; all that are given hold together."""

    model_config = ConfigDict(frozen=True)

    study: Code | None = Field(default=None, description="Study id")
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    country: CountryCode | None = Field(default=None, description="ISO 3166-1 alpha-2")
    show: Literal["open", "closed"] = Field(default="open", description="open: the period runs, or was missed")
    due: Literal["overdue", "soon"] | None = Field(
        default=None, description=f"overdue: its deadline has passed; soon: it has at most {SOON_DAYS} days left"
    )

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor and the study asked for."""
        return narrowed_to(scope, self.sponsor, self.study)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The MongoDB condition, without sponsor and study."""
        asked = {"shown": self.show, "country": self.country}
        given = {field: value for field, value in asked.items() if value is not None}
        # What may end when its period is over is never late.
        binding = {} if self.due is None else {"if_missed": {"$ne": MAY_END}}
        return {"about_type": "obligation", **given, **binding, **due_condition(self.due, now)}


class Obligation(Clock):
    """A period that runs for an obligation of a trial."""

    study_id: str
    sponsor_id: str
    country: str | None
    site_id: str | None
    jurisdiction: str | None = Field(description="Whose rule it is: EU, GB, US, CH; null where it holds everywhere")
    in_time: bool | None = Field(description="Whether it was kept; null where it is not over")


class ObligationTotals(Answer):
    """How many periods run for obligations of trials, and how urgent they are."""

    open: int
    overdue: int
    soon: int


async def obligations_page(
    database: Database, scope: Scope, asked: ObligationFilter, wanted: PageRequest
) -> Page[Obligation]:
    """A page of obligations: overdue first, then by what is due, then what stands still."""
    now, narrowed = wall.now(), asked.narrowed(scope)
    rows, item = database.collection(CLOCKS), partial(_obligation, now=now)
    return await page_in_order(rows, narrowed, asked.condition(now), wanted, asked.model_dump(), item)


async def obligation_totals(database: Database, scope: Scope, asked: ObligationFilter) -> ObligationTotals:
    """What is open of what the filter leaves, whatever it asks to be due or shown."""
    now = wall.now()
    late, binding = {"$lte": ["$order", instant_text(now)]}, {"$ne": ["$if_missed", MAY_END]}
    near = [{"$gt": ["$soon_at", None]}, {"$lte": ["$soon_at", now]}]
    group = {
        "_id": None,
        "open": ALL_OF_THEM,
        "overdue": counted({"$and": [late, binding]}),
        "soon": counted({"$and": [{"$not": [late]}, binding, *near]}),
    }
    condition = asked.model_copy(update={"due": None, "show": "open"}).condition(now)
    found = await database.collection(CLOCKS).aggregate(asked.narrowed(scope), [{"$group": group}], condition=condition)
    figures = {name: found[0][name] if found else 0 for name in ObligationTotals.model_fields}
    return ObligationTotals(**figures)


def _obligation(stored: Mapping[str, Any], now: datetime) -> Obligation:
    period = clock({**stored, "clock_id": stored["_id"]}, now)
    about = {name: stored[name] for name in ("country", "site_id", "in_time")}
    whose = {"study_id": stored["study"], "sponsor_id": stored["sponsor"]}
    first = stored["rule_id"].split("-")[0]
    jurisdiction = first.upper() if first in JURISDICTIONS else None
    return Obligation(**dict(period), **about, **whose, jurisdiction=jurisdiction)
