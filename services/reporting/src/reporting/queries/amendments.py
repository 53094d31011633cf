"""How a protocol's versions reach the sites: by version and country, how many sites work by it, and how long it took.

A site is concerned unless the version was discontinued there. Lags count from the version's approval by signature,
before any body agreed; medians are of the sites that are done, so that nothing is guessed for those that are not.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Database, Document
from chassis.problems import not_found
from chassis.scope import Scope
from pydantic import Field

from reporting.projections.amendments import OPEN, STEPS
from reporting.queries.answers import Answer
from reporting.store import AMENDMENTS, STUDIES

CONCERNED: Final = frozenset({"open", "implemented", "superseded"})
DONE: Final = "implemented"


class WaitingSite(Answer):
    """A site that does not work by the version yet, and the steps that it waits for."""

    site_id: str
    effective_on: str | None = Field(description="The first day of the version at the site")
    waits_for: list[str] = Field(description="Steps that are open, in the order of the way")


class StepLag(Answer):
    """How long a step took at the sites where it is met, from the version's approval."""

    step: str
    met: int
    median_days: float | None = Field(description="Null where no site's lag is known")
    longest_days: int | None


class AmendmentCountry(Answer):
    """How far a version of a protocol has come at the sites of a country."""

    document_id: str
    protocol_version: str
    country: str
    approved_on: str | None = Field(description="When the version was approved by signature")
    effective_on: str | None = Field(description="Its first day in the country")
    concerned: int = Field(description="Sites that are to work by it")
    done: int = Field(description="Of these, sites that implemented it")
    overtaken: int = Field(description="Of these, sites at which a further version came first")
    median_days: float | None = Field(description="From approval to implemented, of the sites that are done")
    longest_days: int | None
    steps: list[StepLag]
    waiting: list[WaitingSite]


async def amendments_page(
    database: Database, scope: Scope, study_id: str, wanted: PageRequest
) -> Page[AmendmentCountry]:
    """A page of a study's versions by country, the latest version first. Raises the 404 problem."""
    if await database.collection(STUDIES).find_one(scope, {"_id": study_id}) is None:
        raise not_found("study", study_id)
    rows = await database.collection(AMENDMENTS).find(scope, {"study": study_id}, sort=[("_id", 1)])
    filters = {"study": study_id}
    told = _by_country(rows)
    if after := wanted.after(filters, values=4):
        told = [one for one in told if _stands_behind(one, tuple(after))]
    items, more = told[: wanted.limit], len(told) > wanted.limit
    last = [*_version(items[-1]), items[-1].country] if items else []
    return Page(items=items, next=encode_cursor(last, filters) if more else None)


def _by_country(rows: Sequence[Document]) -> list[AmendmentCountry]:
    grouped: dict[tuple[str, str, str], list[Document]] = defaultdict(list)
    for row in rows:
        grouped[row["document_id"], row["protocol_version"], row["country"]].append(row)
    told = [_country(key, members) for key, members in sorted(grouped.items())]
    # Stable: within a version, countries stay in the order of their codes.
    return sorted((one for one in told if one.concerned), key=_version, reverse=True)


def _country(key: tuple[str, str, str], rows: Sequence[Document]) -> AmendmentCountry:
    document, version, country = key
    concerned = [one for one in rows if one["status"] in CONCERNED]
    statuses = Counter(one["status"] for one in concerned)
    lags = [one["days_from_approval"] for one in concerned if one["days_from_approval"] is not None]
    waiting = [one for one in concerned if one["status"] == OPEN]
    return AmendmentCountry(
        document_id=document,
        protocol_version=version,
        country=country,
        approved_on=_first(concerned, "approved_on"),
        effective_on=_first(concerned, "effective_in_country_on"),
        concerned=len(concerned),
        done=statuses[DONE],
        overtaken=statuses["superseded"],
        median_days=median(lags) if lags else None,
        longest_days=max(lags, default=None),
        steps=[lag for step in STEPS if (lag := _lag(step, concerned)).met],
        waiting=[_waiting(one) for one in waiting],
    )


def _lag(step: str, rows: Sequence[Document]) -> StepLag:
    met = [one["steps"][step] for one in rows if one["steps"][step]["status"] == "met"]
    days = [one["lag_days"] for one in met if one["lag_days"] is not None]
    return StepLag(
        step=step, met=len(met), median_days=median(days) if days else None, longest_days=max(days, default=None)
    )


def _waiting(row: Mapping[str, Any]) -> WaitingSite:
    open_steps = [step for step in STEPS if row["steps"][step]["status"] == OPEN]
    return WaitingSite(site_id=row["site_id"], effective_on=row["effective_on"], waits_for=open_steps)


def _first(rows: Sequence[Document], name: str) -> str | None:
    return min((one[name] for one in rows if one[name] is not None), default=None)


def _version(one: AmendmentCountry) -> tuple[str, str, str]:
    return one.approved_on or "", one.document_id, one.protocol_version


def _stands_behind(one: AmendmentCountry, place: tuple[Any, ...]) -> bool:
    """Whether it comes after this place: a version and a country."""
    version, country = place[:3], place[3]
    return _version(one) < version or (_version(one) == version and one.country > country)
