"""Adoption: history from elsewhere, taken over in batches with its real dates.

Each record is atomic and stands for itself: a bad one is reported with field and reason, the others go on. No gate is
applied, no obligation governs it; journal and events say `migrated`. A record that tells nothing new leaves no mark.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import orjson
from kernel import Refused, derived_id
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.commands import Aggregate, Builder, Instruction, Outcome
from chassis.http.desk import Desk
from chassis.http.requests import fingerprint
from chassis.problems import Problem, field_error

BATCH_RECORDS_MAX: Final = 500
BODY_BYTES_MAX: Final = 4 * 1_048_576

R = TypeVar("R", bound=BaseModel)


class Adoption(BaseModel):
    """A batch of records of one source."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["clinicaltrials.gov"])]
    records: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BATCH_RECORDS_MAX)]


class RecordProblem(BaseModel):
    """What keeps a record from being adopted."""

    code: str
    field: str | None
    detail: str


class AdoptionResult(BaseModel):
    """What became of one record."""

    index: int
    key: str | None
    outcome: Literal["adopted", "changed", "unchanged", "rejected"]
    id: str | None = None
    problems: list[RecordProblem] = []


class AdoptionReport(BaseModel):
    """What became of each record, in the order of the batch."""

    results: list[AdoptionResult]


@dataclass(frozen=True)
class Adopter(Generic[R]):
    """How one kind of record becomes a command.

    `identify` gives the aggregate's id from the source and the record;
    `command` gives the builder from that id and the record.
    """

    record: type[R]
    aggregate: Aggregate[Any, Any, Any]
    identify: Callable[[str, R], str]
    command: Callable[[str, R], Builder[Any]]


async def adopt(desk: Desk, adoption: Adoption, adopter: Adopter[R]) -> AdoptionReport:
    """Adopt a batch in one transaction."""
    results: dict[int, AdoptionResult] = {}
    instructions: dict[int, Instruction[Any, Any, Any]] = {}
    for index, raw in enumerate(adoption.records):
        try:
            record = adopter.record.model_validate(raw)
        except ValidationError as error:
            results[index] = AdoptionResult(index=index, key=_key(raw), outcome="rejected", problems=_invalid(error))
        else:
            instructions[index] = _instruction(desk, adoption.source, adopter, record, raw)
    outcomes = await desk.commands.carry_out_all(desk.scope, list(instructions.values())) if instructions else []
    for index, outcome in zip(instructions, outcomes, strict=True):
        results[index] = _result(index, _key(adoption.records[index]), outcome)
    return AdoptionReport(results=[results[index] for index in sorted(results)])


def _instruction(
    desk: Desk, source: str, adopter: Adopter[R], record: R, raw: dict[str, Any]
) -> Instruction[Any, Any, Any]:
    aggregate_id = adopter.identify(source, record)
    context = replace(
        desk.context,
        command_id=derived_id("adoption", desk.context.command_id, aggregate_id),
        provenance="migrated",
        reason=f"adopted from {source}",
        fingerprint=fingerprint("ADOPT", adopter.aggregate.name, orjson.dumps(raw)),
        correlation_id=desk.context.command_id,
        governed=False,
    )
    command = adopter.command(aggregate_id, record)
    return Instruction(adopter.aggregate, aggregate_id, command, context, answered=False)


def _result(index: int, key: str | None, outcome: Outcome) -> AdoptionResult:
    if outcome.error is not None:
        return AdoptionResult(index=index, key=key, outcome="rejected", problems=_refused(outcome.error))
    became: Literal["adopted", "changed", "unchanged"] = "unchanged"
    if outcome.changed:
        became = "changed" if outcome.version_before else "adopted"
    return AdoptionResult(index=index, key=key, outcome=became, id=outcome.aggregate_id)


def _refused(error: Refused | Problem) -> list[RecordProblem]:
    if isinstance(error, Refused):
        return [RecordProblem(code=one.code, field=one.field, detail=one.detail) for one in error.reasons]
    field = error.members.get("field")
    return [RecordProblem(code=error.code, field=str(field) if field else None, detail=error.detail)]


def _invalid(error: ValidationError) -> list[RecordProblem]:
    found = [
        field_error({**item, "loc": ("record", *item["loc"])})
        for item in error.errors(include_url=False, include_input=False)
    ]
    return [
        RecordProblem(code="invalid", field=one.field, detail=f"{one.field} {one.detail}: expected {one.expected}")
        for one in found
    ]


def _key(raw: dict[str, Any]) -> str | None:
    key = raw.get("key")
    return key if isinstance(key, str) else None
