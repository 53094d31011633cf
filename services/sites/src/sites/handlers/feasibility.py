"""Commands for feasibility: asking candidate sites, and the links through which they answer."""

import hashlib
from datetime import datetime, timedelta

from chassis.commands import Builder, Unit
from kernel import BusinessTime, derived_id

from sites.domain.feasibility import RenewLink, ReopenAnswers, SendQuestionnaire
from sites.domain.feasibility_links import Link
from sites.store import FEASIBILITY, ORGANISATIONS, QUESTIONNAIRES, SITE_TEAMS, STUDY_SITES

CANDIDATES = frozenset({"identified", "cda_signed"})
"""Statuses of a site that is neither chosen nor not chosen yet."""


def assessment_id_of(site_id: str, questionnaire_id: str) -> str:
    """A site is asked once by each version of a questionnaire."""
    return derived_id("feasibility", site_id, questionnaire_id)


def hash_of(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def send_questionnaire(
    site_id: str, questionnaire_id: str, secret: str, until: datetime, at: BusinessTime
) -> Builder[SendQuestionnaire]:
    """Ask a site that is there."""

    async def build(unit: Unit) -> SendQuestionnaire:
        site = await unit.require(STUDY_SITES, site_id)
        asked = await unit.require(QUESTIONNAIRES, questionnaire_id)
        return SendQuestionnaire(
            **site.model_dump(include={"study_id", "sponsor_id", "site_id", "country"}),
            occurred_at=at,
            assessment_id=assessment_id_of(site_id, questionnaire_id),
            questionnaire_id=questionnaire_id,
            questionnaire_number=asked.number,
            title=asked.title,
            definition=asked.definition,
            questionnaire_is_published=asked.status == "published",
            questionnaire_study_id=asked.study_id,
            site_is_candidate=site.status in CANDIDATES,
            link=await _link(unit, site_id, secret, until),
        )

    return build


def renew_link(assessment_id: str, secret: str, until: datetime, at: BusinessTime) -> Builder[RenewLink]:
    """Give a new link to a questionnaire that was sent."""

    async def build(unit: Unit) -> RenewLink:
        assessment = await unit.require(FEASIBILITY, assessment_id)
        return RenewLink(occurred_at=at, link=await _link(unit, assessment.site_id, secret, until))

    return build


def reopen_answers(assessment_id: str, secret: str, until: datetime, at: BusinessTime) -> Builder[ReopenAnswers]:
    """Let a site correct what it returned."""

    async def build(unit: Unit) -> ReopenAnswers:
        assessment = await unit.require(FEASIBILITY, assessment_id)
        return ReopenAnswers(occurred_at=at, link=await _link(unit, assessment.site_id, secret, until))

    return build


def days_from(now: datetime, days: int) -> datetime:
    """Until when a link opens that is made now."""
    return now + timedelta(days=days)


async def _link(unit: Unit, site_id: str, secret: str, until: datetime) -> Link:
    """Whoever makes the link can open it, so it shows no more of the facility than they may see."""
    team = await unit.find(SITE_TEAMS, site_id)
    facility = team.facility_id if team is not None else None
    sees_all = facility is not None and await unit.find(ORGANISATIONS, facility) is not None
    return Link(secret_hash=hash_of(secret), expires_at=until, offers_all=sees_all)
