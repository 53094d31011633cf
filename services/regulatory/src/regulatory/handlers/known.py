"""What this service must know before a command may speak of it."""

from typing import Any, TypeVar

from chassis.commands import Aggregate, Builder, Unit
from chassis.mongo import Document
from chassis.problems import Problem
from contracts.obligations import Obligation, governing
from kernel import Command, State

from regulatory.projections import SITES, STUDIES

C = TypeVar("C", bound=Command)


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


def obligation_of(aggregate: Aggregate[Any, Any, Any], state: State, command: Command) -> Obligation | None:
    """The obligation to which a command of this service belongs; a submission's by the body that it goes to."""
    return governing("regulatory", aggregate.name, type(command).__name__, getattr(state, "body", None))


def in_study(study_id: str, command: C) -> Builder[C]:
    """A command about what each study has one of: the 404 problem names the study, as the caller did."""

    async def build(unit: Unit) -> C:
        await require_study(unit, study_id)
        return command

    return build
