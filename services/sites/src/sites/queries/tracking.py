"""What the policies about milestones must know of a batch's studies: which are planned, and what was reached before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.mongo import Database
from chassis.scope import Scope
from contracts import Received
from contracts import sites as public

from sites.policies.planning import Reaching
from sites.projections import REACHED, reaching_of
from sites.store import STUDY_PLANS


@dataclass(frozen=True)
class Known:
    """The planned ones of a batch's studies, and of those whose plan is drafted in it, all that was reached before."""

    planned: frozenset[str]
    reached: Mapping[str, Sequence[Reaching]]


async def known_of(database: Database, batch: Sequence[Received]) -> Known:
    """Read it. What the batch itself reached must be stored before: a plan comes before or after, never in between."""
    everything = Scope.everything()
    studies = sorted({one.event.study_id for one in batch})
    plans = database.collection(STUDY_PLANS.collection)
    planned = await plans.find(everything, {"_id": {"$in": studies}}, fields=["_id"])
    drafted = sorted({one.event.study_id for one in batch if isinstance(one.event, public.PlanDrafted)})
    reached: dict[str, list[Reaching]] = {study: [] for study in drafted}
    if drafted:
        for row in await database.collection(REACHED.collection).find(everything, {"study": {"$in": drafted}}):
            reached[row["study"]].append(reaching_of(row))
    return Known(frozenset(one["_id"] for one in planned), reached)
