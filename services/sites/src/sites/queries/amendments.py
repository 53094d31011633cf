"""Reads about amendments: how each site stands with each, and how far each country has come; also as of a past day."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, Final

from chassis import clock
from chassis.http import reading
from chassis.http.fields import condition_of
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.trail.past import Past
from kernel import BusinessTime, bounds
from pydantic import BaseModel, Field

from sites.domain.amendment_facts import Stated, StepName
from sites.domain.protocol_versions import ProtocolChange, ProtocolKind, ProtocolVersion, versions_of
from sites.domain.site_amendment import SiteAmendment
from sites.domain.spans import first_day
from sites.handlers.amendments import protocol_changes, requirements_id
from sites.store import AMENDMENT_REQUIREMENTS, PROTOCOL_CHANGES, SITE_AMENDMENTS, STUDIES, STUDY_SITES
from sites.store.views import amendment_on

THE_END: Final = datetime(9999, 12, 31, tzinfo=UTC)
KEPT: Final = {one.collection: one for one in (SITE_AMENDMENTS, AMENDMENT_REQUIREMENTS)}


class CountryProgress(BaseModel):
    """How far a version has come in a country. Lags are in days; null where there is nothing to count."""

    country: str
    effective_on: date | None = Field(description="The version's first day in the country; null where only at sites")
    sites: int = Field(description="Open sites at which it took effect")
    implemented: int
    open: int
    superseded: int
    discontinued: int
    approval_to_implemented_median: float | None
    approval_to_implemented_longest: int | None
    effect_to_implemented_median: float | None = Field(description="From its first day in the country")
    effect_to_implemented_longest: int | None
    open_since_approval_longest: int | None = Field(description="Where it has been open longest, until today")
    blocked_by: dict[StepName, int] = Field(description="At how many sites a step is open")


class StudyAmendment(BaseModel):
    """A version that amends a protocol of the study, and how far each country has come."""

    document_id: str
    version: str
    kind: ProtocolKind
    substantial: bool | None
    approved_on: date | None
    requirements: Stated = Field(description="What was said that it asks of sites; null leaves it to events")
    countries: list[CountryProgress]


@dataclass(frozen=True)
class _AsKnown:
    """What was known by an instant, and the day on which lags are counted."""

    past: Past
    today: date

    @classmethod
    def by(cls, database: Database, scope: Scope, as_of: BusinessTime | None) -> "_AsKnown":
        before = bounds(as_of)[1] if as_of is not None else THE_END
        day = (before - timedelta(microseconds=1)).date() if as_of is not None else clock.now().date()
        return cls(Past(database, scope, before, KEPT), day)

    async def amendments(self, condition: Mapping[str, Any]) -> list[SiteAmendment]:
        found = await self.past.read(SITE_AMENDMENTS.collection, condition)
        return [SiteAmendment.model_validate(one["state"]) for one in found]

    async def changes(self, study_id: str) -> list[ProtocolChange]:
        condition = {"study": study_id, "recorded_at": {"$lt": self.past.before}}
        return protocol_changes(await self.past.database.collection(PROTOCOL_CHANGES).find(self.past.scope, condition))

    async def stated(self, study_id: str, version: ProtocolVersion) -> Stated:
        found = await self.past.find(AMENDMENT_REQUIREMENTS, requirements_id(study_id, version))
        return found.stated if found is not None else Stated()


async def site_amendments(
    database: Database, scope: Scope, site_id: str, asked: Mapping[str, str | None], wanted: PageRequest
) -> Page[dict[str, Any]]:
    """A page of a site's amendments. `asked` may name `status` and `as_of`. Raises the 404 problem."""
    await reading.one(database, scope, STUDY_SITES, site_id)
    filters = {"site": site_id, **condition_of(asked)}
    if asked.get("as_of") is None:
        named = {"state.site_id": site_id, **condition_of({"state.status": asked.get("status")})}
        return await reading.page(database, scope, SITE_AMENDMENTS, named, wanted)
    known = _AsKnown.by(database, scope, asked["as_of"])
    states = await known.amendments({"state.site_id": site_id})
    found = [one for one in states if asked.get("status") in {None, one.status}]
    after = wanted.after(filters)
    rest = sorted((one for one in found if after is None or one.amendment_id > str(after[0])), key=_key)
    items, more = rest[: wanted.limit], len(rest) > wanted.limit
    following = encode_cursor([items[-1].amendment_id], filters) if more else None
    return Page(items=[amendment_on(one, known.today) for one in items], next=following)


async def study_amendments(
    database: Database, scope: Scope, study_id: str, asked: Mapping[str, str | None], wanted: PageRequest
) -> Page[StudyAmendment]:
    """A page of a study's amendments, by document and order of version. Raises the 404 problem.

    `asked` may name `document_id`, `country` and `as_of`.
    """
    await reading.one(database, scope, STUDIES, study_id)
    filters = {"study": study_id, **condition_of(asked)}
    known = _AsKnown.by(database, scope, asked.get("as_of"))
    changes = await known.changes(study_id)
    versions = [one for one in versions_of(changes) if asked.get("document_id") in {None, one.document_id}]
    numbered = list(enumerate(versions))
    after = wanted.after(filters)
    rest = [(nth, one) for nth, one in numbered if after is None or (isinstance(after[0], int) and nth > after[0])]
    items, more = rest[: wanted.limit], len(rest) > wanted.limit
    states = await known.amendments({"study": study_id}) if items else []
    told = [
        _amendment(version, changes, states, await known.stated(study_id, version), asked.get("country"), known.today)
        for _, version in items
    ]
    return Page(items=told, next=encode_cursor([items[-1][0]], filters) if more else None)


def _amendment(
    version: ProtocolVersion,
    changes: Sequence[ProtocolChange],
    states: Iterable[SiteAmendment],
    stated: Stated,
    country: str | None,
    today: date,
) -> StudyAmendment:
    own = [one for one in changes if (one.document_id, one.version) == (version.document_id, version.version)]
    at_sites = [one for one in states if (one.document_id, one.version) == (version.document_id, version.version)]
    approved = next((one for one in own if one.what == "approved"), None)
    effects = [one for one in own if one.what == "in_effect"]
    places = {one.country for one in (*at_sites, *effects) if one.country is not None}
    return StudyAmendment(
        document_id=version.document_id,
        version=version.version,
        kind=own[0].kind,
        substantial=approved.substantial if approved is not None else None,
        approved_on=first_day(approved.since) if approved is not None and approved.since is not None else None,
        requirements=stated,
        countries=[_progress(one, effects, at_sites, today) for one in sorted(places) if country in {None, one}],
    )


def _progress(
    country: str, effects: Iterable[ProtocolChange], states: Iterable[SiteAmendment], today: date
) -> CountryProgress:
    here = [one for one in states if one.country == country]
    begun = [first_day(one.since) for one in effects if one.site_id is None and one.country in {None, country}]
    done = [one for one in here if one.status == "implemented"]
    still_open = [one for one in here if one.status == "open"]
    of_approval = [lag for one in done if (lag := one.days_since(one.approved_on, today)) is not None]
    of_effect = [lag for one in done if (lag := one.days_since(one.effective_in_country_on, today)) is not None]
    waiting = [lag for one in still_open if (lag := one.days_since(one.approved_on, today)) is not None]
    counts = Counter(one.status for one in here)
    return CountryProgress(
        country=country,
        effective_on=min(begun, default=None),
        sites=len(here),
        implemented=len(done),
        open=len(still_open),
        superseded=counts["superseded"],
        discontinued=counts["discontinued"],
        approval_to_implemented_median=median(of_approval) if of_approval else None,
        approval_to_implemented_longest=max(of_approval, default=None),
        effect_to_implemented_median=median(of_effect) if of_effect else None,
        effect_to_implemented_longest=max(of_effect, default=None),
        open_since_approval_longest=max(waiting, default=None),
        blocked_by=Counter(step.step for one in still_open for step in one.steps if step.status == "open"),
    )


def _key(one: SiteAmendment) -> str:
    return one.amendment_id
