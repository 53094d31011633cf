"""Reads of feasibility: by link, the answers that may be offered again, and a study's candidates in their order."""

from collections.abc import Mapping
from typing import Any, Final

from chassis.http.fields import condition_of
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.http.reading import one
from chassis.mongo import Database, Document
from chassis.scope import Scope
from kernel import is_before

from sites.domain.feasibility import Assessment
from sites.domain.feasibility_answers import values_of
from sites.domain.feasibility_questions import Question, Value, read
from sites.domain.feasibility_scoring import Candidate, Ranked, rank
from sites.handlers.feasibility import hash_of
from sites.queries.master_records import same_as
from sites.store import FEASIBILITY, ORGANISATIONS, PRE_STUDY_VISITS, SITE_TEAMS, STUDIES

EARLIER_MAX: Final = 50
"""How many earlier questionnaires of a facility are looked through for answers to offer, the latest first."""
LIGHT: Final = (
    "state.site_id",
    "state.country",
    "state.assessment_id",
    "state.status",
    "state.returned_on",
    "state.score.percent",
    "state.score.disqualified_by",
    "recorded_at",
)


async def behind(database: Database, secret: str) -> Assessment | None:
    """What a link's secret leads to, whether it opens or not; None where there is no such link.

    Only a hash is looked for, so that how long it takes tells nothing of how near a guess came.
    """
    condition = {"state.link.secret_hash": hash_of(secret)}
    found = await database.collection(FEASIBILITY.collection).find_one(Scope.everything(), condition)
    return Assessment.model_validate(found["state"]) if found is not None else None


async def offers(database: Database, assessment: Assessment) -> dict[str, Value]:
    """Answers that the facility gave before, by question: what is so for the facility whichever study asks.

    From other sponsors' studies only where whoever made the link sees every sponsor. Neither the study nor the sponsor
    comes with them.
    """
    earlier = await _earlier(database, assessment)
    wanted = [question for question in assessment.definition.questions if question.about_facility]
    offered: dict[str, Value] = {}
    for question in wanted:
        value = next((found for before in earlier if (found := _answered(before, question)) is not None), None)
        if value is not None:
            offered[question.code] = value
    return offered


async def _earlier(database: Database, assessment: Assessment) -> list[Assessment]:
    scope = Scope.everything() if assessment.link.offers_all else Scope.of([assessment.sponsor_id])
    teams = database.collection(SITE_TEAMS.collection)
    own = await teams.find_one(scope, {"_id": assessment.site_id})
    if own is None or own["state"]["facility_id"] is None:
        return []
    facilities = sorted(await same_as(database, ORGANISATIONS, [own["state"]["facility_id"]]))
    sites = await teams.find(scope, {"state.facility_id": {"$in": facilities}}, fields=["_id"])
    condition = {
        "state.site_id": {"$in": [site["_id"] for site in sites]},
        "state.status": "returned",
        "_id": {"$ne": assessment.assessment_id},
    }
    collection = database.collection(FEASIBILITY.collection)
    found = await collection.find(scope, condition, sort=[("recorded_at", -1)], limit=EARLIER_MAX)
    return [Assessment.model_validate(document["state"]) for document in found]


def _answered(before: Assessment, question: Question) -> Value | None:
    """What was answered to the same question, where it was about the facility then too and is an answer still."""
    asked = next((one for one in before.definition.questions if one.code == question.code), None)
    value = values_of(before.answers).get(question.code)
    if asked is None or value is None or not asked.about_facility:
        return None
    if (asked.kind, asked.unit) != (question.kind, question.unit):
        return None
    try:
        return read(question, value)
    except ValueError:
        return None


async def candidates(
    database: Database, scope: Scope, study_id: str, asked: Mapping[str, str | None], wanted: PageRequest
) -> Page[Ranked]:
    """A page of a study's candidates, the best first. Raises the 404 problem, also for another sponsor's study.

    A candidate counts by the questionnaire that it returned last. The place of a page is the number of those before it.
    """
    await one(database, scope, STUDIES, study_id)
    filters = condition_of(asked)
    condition = {"study": study_id, **({"state.country": filters["country"]} if "country" in filters else {})}
    collection = database.collection(FEASIBILITY.collection)
    found = await collection.find(scope, condition, sort=[("recorded_at", 1), ("_id", 1)], fields=LIGHT)
    visits = await database.collection(PRE_STUDY_VISITS.collection).find(scope, {"study": study_id})
    ranked = rank(_latest(found, _first_visits(visits)))
    after = wanted.after({"study": study_id, **filters})
    begin = after[0] if after and isinstance(after[0], int) and after[0] >= 0 else 0
    end = begin + wanted.limit
    following = encode_cursor([end], {"study": study_id, **filters}) if end < len(ranked) else None
    return Page(items=ranked[begin:end], next=following)


def _latest(found: list[Document], visited_on: Mapping[str, str]) -> list[Candidate]:
    by_site: dict[str, Document] = {}
    for document in found:
        state = document["state"]
        known = by_site.get(state["site_id"])
        if state["status"] != "withdrawn" and (known is None or state["returned_on"] or not known["returned_on"]):
            by_site[state["site_id"]] = state
    return [
        Candidate.model_validate(
            {
                **{name: state[name] for name in ("site_id", "assessment_id", "status", "returned_on")},
                **(state.get("score") or {}),
                "pre_study_visit_on": visited_on.get(state["site_id"]),
            }
        )
        for state in by_site.values()
    ]


def _first_visits(visits: list[Document]) -> dict[str, str]:
    first: dict[str, Any] = {}
    for visit in visits:
        site_id, on = visit["state"]["site_id"], visit["state"]["took_place_on"]
        if on is not None and (site_id not in first or is_before(on, first[site_id])):
            first[site_id] = on
    return first
