"""What an import did: a tally for each kind of record, and every problem with its place."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from client import RecordResult
from pydantic import BaseModel, Field, computed_field

from studyline.importing.flaws import Faulty

EXIT_PROBLEMS = 3
Verdict = Literal["adopted", "changed", "unchanged", "rejected"]


class Problem(BaseModel):
    """One thing wrong with one record. `line` is None where a problem concerns the whole file."""

    file: str
    line: int | None
    record: str | None = Field(default=None, description="The record's key in its source, where it has one")
    field: str | None = None
    reason: str


def problems_of(file: str, line: int, faulty: Faulty) -> tuple[Problem, ...]:
    """Give a problem for each flaw of a record."""
    return tuple(
        Problem(file=file, line=line, record=faulty.key, field=flaw.field, reason=flaw.reason) for flaw in faulty.flaws
    )


class Summary(BaseModel):
    """The outcome of an import. `records` counts verdicts by kind, such as `studies` or `sites`."""

    source: str
    records: dict[str, Counter[Verdict]] = Field(default_factory=dict[str, Counter[Verdict]])
    problems: list[Problem] = Field(default_factory=list[Problem])
    seconds: float = 0.0

    @computed_field
    @property
    def exit_code(self) -> int:
        """0 where all went well, 3 where records were left out."""
        return EXIT_PROBLEMS if self.problems else 0

    def total(self) -> int:
        """Give the number of records, of every kind and verdict."""
        return sum(verdicts.total() for verdicts in self.records.values())

    def count(self, kind: str, results: Sequence[RecordResult]) -> None:
        """Add the verdicts of a batch."""
        self.records.setdefault(kind, Counter()).update(result.outcome for result in results)

    def reject(self, kind: str, problems: Sequence[Problem]) -> None:
        """Add one record that is left out, for one or more reasons."""
        self.records.setdefault(kind, Counter())["rejected"] += 1
        self.problems.extend(problems)

    def leave_out(self, kind: str, count: int) -> None:
        """Add records that were not sent, since what they rest on was rejected and is reported."""
        if count:
            self.records.setdefault(kind, Counter())["rejected"] += count
