"""The board of submissions: a page is a range of an index in the order of what is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal

from chassis import clock as wall
from chassis.http.fields import Code, CountryCode, Name
from chassis.http.paging import Page, PageRequest
from chassis.mongo import Database
from chassis.scope import Scope
from contracts.regulatory import Body
from pydantic import BaseModel, ConfigDict, Field

from reporting.projections.clocks import SOON_DAYS
from reporting.projections.timeline import instant_text
from reporting.queries.answers import Answer
from reporting.queries.due import Clock, clock
from reporting.queries.filters import narrowed_to
from reporting.queries.paging import page_in_order
from reporting.store import ALL_OF_THEM, SUBMISSION_BOARD


class SubmissionFilter(BaseModel):
    """Filters of the board of submissions; all that are given hold together."""

    model_config = ConfigDict(frozen=True)

    study: Code | None = Field(default=None, description="Study id")
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    country: CountryCode | None = Field(default=None, description="ISO 3166-1 alpha-2")
    body: Body | None = None
    stage: Code | None = Field(default=None, description="Where the submission stands, such as rfi_received")
    show: Literal["open", "closed"] = Field(
        default="open", description="open: not decided yet, or with a period that still runs"
    )
    due: Literal["overdue", "soon"] | None = Field(
        default=None, description=f"overdue: its deadline has passed; soon: it has at most {SOON_DAYS} days left"
    )

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor and the study asked for."""
        return narrowed_to(scope, self.sponsor, self.study)

    def condition(self, now: datetime) -> dict[str, Any]:
        """The MongoDB condition, without sponsor and study."""
        asked = {"shown": self.show, "country": self.country, "body": self.body, "stage": self.stage}
        condition: dict[str, Any] = {field: value for field, value in asked.items() if value is not None}
        return {**condition, **due_condition(self.due, now)}


class Step(Answer):
    """What happened last."""

    kind: str
    occurred_at: str | None


class BoardSubmission(Answer):
    """A submission with the periods that run for it, the one that ends first in front."""

    submission_id: str
    study_id: str
    sponsor_id: str
    country: str
    site_id: str | None
    body: str
    kind: str | None = Field(description="Such as initial or substantial_modification; null where none was told")
    notifies: list[str] = Field(description="What a notification tells of, by the anchors of clock rules")
    stage: str
    rounds: int = Field(description="Requests for information so far")
    last_step: Step
    days_left: int | None = Field(description="Of the period that ends first; below 0 overdue, null where none runs")
    clocks: list[Clock]


class SubmissionTotals(Answer):
    """How many submissions are on the board, and how urgent they are."""

    open: int
    overdue: int
    soon: int
    undated: int
    stages: Mapping[str, int]


async def submission_board_page(
    database: Database, scope: Scope, asked: SubmissionFilter, wanted: PageRequest
) -> Page[BoardSubmission]:
    """A page of the board: overdue first, then by what is due, then what has no date."""
    now, narrowed = wall.now(), asked.narrowed(scope)
    rows, item = database.collection(SUBMISSION_BOARD), partial(_submission, now=now)
    return await page_in_order(rows, narrowed, asked.condition(now), wanted, asked.model_dump(), item)


async def submission_totals(database: Database, scope: Scope, asked: SubmissionFilter) -> SubmissionTotals:
    """What is open of what the filter leaves, whatever it asks to be due or shown."""
    now = wall.now()
    condition = asked.model_copy(update={"due": None, "show": "open"}).condition(now)
    late = instant_text(now)
    near = {"$and": [{"$gt": ["$soon_at", None]}, {"$lte": ["$soon_at", now]}]}
    group = {
        "_id": "$stage",
        "open": ALL_OF_THEM,
        "overdue": counted({"$lte": ["$order", late]}),
        "soon": counted({"$and": [{"$gt": ["$order", late]}, near]}),
        "undated": counted({"$gte": ["$order", "9999"]}),
    }
    found = await database.collection(SUBMISSION_BOARD).aggregate(
        asked.narrowed(scope), [{"$group": group}], condition=condition
    )
    sums = {name: sum(one[name] for one in found) for name in ("open", "overdue", "soon", "undated")}
    return SubmissionTotals(**sums, stages={one["_id"]: one["open"] for one in found})


def due_condition(due: str | None, now: datetime) -> dict[str, Any]:
    """The MongoDB condition on what is overdue, or due soon, at this instant; none where nothing was asked."""
    match due:
        case "overdue":
            return {"order": {"$lte": instant_text(now)}}
        case "soon":
            return {"order": {"$gt": instant_text(now)}, "soon_at": {"$lte": now}}
        case _:
            return {}


def counted(condition: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """A sum, within a `$group`, of what meets the condition."""
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _submission(stored: Mapping[str, Any], now: datetime) -> BoardSubmission:
    clocks = [clock(one, now) for one in stored["clocks"]]
    kept = ("country", "site_id", "body", "kind", "stage", "rounds", "last_step")
    return BoardSubmission(
        submission_id=stored["_id"],
        study_id=stored["study"],
        sponsor_id=stored["sponsor"],
        days_left=next((one.days_left for one in clocks if one.days_left is not None), None),
        clocks=clocks,
        # What was stored before it was told of says nothing.
        notifies=stored.get("notifies", []),
        **{name: stored[name] for name in kept},
    )
