"""Requests become commands, completed with facts from this service's own records. Under ten lines each.

Each function gives a builder, which the chassis runs inside the command's transaction: what it reads is what the
decision rests on. A study or site is known once its event has come from `sites`.
"""

from collections.abc import Awaitable, Callable, Mapping

from chassis.commands import Unit
from chassis.mongo import Document
from chassis.problems import Problem

from regulatory.domain.submission import PrepareSubmission
from regulatory.projections import SITES, STUDIES


def prepare_submission(
    submission_id: str, study_id: str, site_id: str | None, facts: Mapping[str, object]
) -> Callable[[Unit], Awaitable[PrepareSubmission]]:
    """Begin a submission for a study that is known, and for a site of it where one is named."""

    async def build(unit: Unit) -> PrepareSubmission:
        study = await require_study(unit, study_id)
        site = await require_site(unit, study_id, site_id) if site_id is not None else None
        about = {"submission_id": submission_id, "study_id": study_id, "sponsor_id": study["sponsor"]}
        place = {"site_id": site_id, "site_country": site["country"] if site is not None else None}
        return PrepareSubmission.model_validate({**facts, **about, **place})

    return build


async def require_study(unit: Unit, study_id: str) -> Document:
    """The study's row. Raises the 404 problem, also where another sponsor's is meant."""
    found = await unit.read(STUDIES.collection, {"_id": study_id})
    if not found:
        raise not_known("study", study_id)
    return found[0]


async def require_site(unit: Unit, study_id: str, site_id: str) -> Document:
    """The row of a site of the study. Raises the 404 problem, also where another sponsor's is meant."""
    found = await unit.read(SITES.collection, {"_id": site_id, "study": study_id})
    if not found:
        raise not_known("site", site_id)
    return found[0]


def not_known(kind: str, identifier: str) -> Problem:
    """The one answer for what does not exist, what the caller may not see, and what has not come here yet."""
    detail = f"There is no {kind} {identifier} that you may see. If it was made just now, try again in a moment."
    return Problem(404, f"{kind}_not_found", detail, field=f"{kind}_id")
