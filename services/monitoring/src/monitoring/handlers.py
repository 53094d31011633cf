"""Requests become commands, completed with facts from this service's own records. Under ten lines each.

Each function gives a builder, which the chassis runs inside the command's transaction: what it reads is what the
decision rests on. A study or site is known once its event has come from `sites`.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from chassis.commands import Aggregate, Builder, Unit
from chassis.mongo import Document
from chassis.problems import Problem
from contracts.obligations import Obligation, governing
from kernel import BusinessTime, Command, State

from monitoring.domain.visit_report_content import Content
from monitoring.domain.visit_report_messages import DraftReport
from monitoring.projections import SITES, STUDIES
from monitoring.store import MONITORING_VISITS

C = TypeVar("C", bound=Command)


def at_site(command: type[C], site_id: str, facts: Mapping[str, object]) -> Builder[C]:
    """A command about a site that is known; its study, sponsor and country are the site's."""

    async def build(unit: Unit) -> C:
        found = await unit.read(SITES.collection, {"_id": site_id})
        return command.model_validate({**facts, **_about(_only(found, "site", site_id))})

    return build


def in_study(command: type[C], study_id: str, site_id: str | None, facts: Mapping[str, object]) -> Builder[C]:
    """A command about a study that is known, and a site of it where one is named."""

    async def build(unit: Unit) -> C:
        study = _only(await unit.read(STUDIES.collection, {"_id": study_id}), "study", study_id)
        if site_id is not None:
            return command.model_validate({**facts, **_about(await _site_of(unit, study_id, site_id))})
        nowhere = {"site_id": None, "country": None}
        return command.model_validate({**facts, **nowhere, "study_id": study_id, "sponsor_id": study["sponsor"]})

    return build


def of_visit(visit_id: str, content: Content, by: str, at: BusinessTime) -> Builder[DraftReport]:
    """Begin the report of a visit that is there, knowing whether and when it took place."""

    async def build(unit: Unit) -> DraftReport:
        visit = await unit.require(MONITORING_VISITS, visit_id)
        about = visit.model_dump(include={"visit_id", "study_id", "sponsor_id", "site_id", "country", "visit_type"})
        came = {"visit_took_place": visit.status == "completed", "visit_completed_on": visit.completed_on}
        return DraftReport.model_validate({"occurred_at": at, "content": content, "by": by, **about, **came})

    return build


async def _site_of(unit: Unit, study_id: str, site_id: str) -> Document:
    # All sites of the study in one question, which the unit asks once: a batch of 500 records is about many of them.
    of_study = await unit.read(SITES.collection, {"study": study_id})
    return _only([row for row in of_study if row["_id"] == site_id], "site", site_id)


def _about(site: Document) -> dict[str, str]:
    return {
        "site_id": site["_id"],
        "study_id": site["study"],
        "sponsor_id": site["sponsor"],
        "country": site["country"],
    }


def _only(found: list[Document], kind: str, identifier: str) -> Document:
    """What was found, or the one answer for what does not exist, may not be seen, or has not come here yet."""
    if found:
        return found[0]
    detail = f"There is no {kind} {identifier} that you may see. If it was made just now, try again in a moment."
    raise Problem(404, f"{kind}_not_found", detail, field=f"{kind}_id")


def obligation_of(aggregate: Aggregate[Any, Any, Any], _: State, command: Command) -> Obligation | None:
    """The obligation to which a command of this service belongs."""
    return governing("monitoring", aggregate.name, type(command).__name__)
