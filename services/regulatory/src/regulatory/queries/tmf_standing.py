"""The status of documents on a day, in the database's own words: what `domain/tmf_status.py` says for one, for all.

A test compares the two on the same facts. Where no day is asked for, today's figures are counted from one index
alone; for a day of the past each document's history is looked at.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regulatory.domain.tmf_status import notice_until
from regulatory.store import TMF_STANDING

Stage = Mapping[str, Any]

STATUS_OF_STAGE: Final[Mapping[str, str]] = {
    "waived": "waived",
    "released": "not_required",
    "in_review": "in_review",
    "returned": "returned",
    "superseded": "superseded",
}


def with_status(on: str, *, past: bool) -> list[Stage]:
    """Stages that give each document its `stage`, `review`, `due_on`, `expires_on`, `is_due` and `status` on a day."""
    return [*(_as_of(on) if past else _as_it_is()), {"$set": {"is_due": _is_due(on), "status": _status(on)}}]


def _as_it_is() -> list[Stage]:
    return [{"$set": {field: f"$state.standing.{field}" for field in TMF_STANDING}}]


def _as_of(on: str) -> list[Stage]:
    """The last standing that began by then; a document that was not expected yet is not there."""
    began = {"$filter": {"input": "$state.history", "cond": {"$lte": ["$$this.since", on]}}}
    return [
        {"$set": {"then": {"$last": began}}},
        {"$match": {"then": {"$exists": True}}},
        {"$set": {field: f"$then.{field}" for field in TMF_STANDING}},
    ]


def _is_due(on: str) -> dict[str, Any]:
    return {"$and": [{"$gt": ["$due_on", None]}, {"$lte": ["$due_on", on]}]}


def _status(on: str) -> dict[str, Any]:
    awaited = {"$cond": [_is_due(on), "missing", "not_due"]}
    filed = _case(
        (
            ({"$or": [{"$lte": ["$expires_on", None]}, {"$gt": ["$expires_on", notice_until(on)]}]}, "current"),
            ({"$lt": ["$expires_on", on]}, "expired"),
        ),
        "expiring",
    )
    stages = [({"$eq": ["$stage", stage]}, status) for stage, status in STATUS_OF_STAGE.items()]
    return _case((({"$eq": ["$stage", "awaited"]}, awaited), *stages), filed)


def _case(branches: Sequence[tuple[Any, Any]], default: Any) -> dict[str, Any]:
    return {"$switch": {"branches": [{"case": case, "then": then} for case, then in branches], "default": default}}
