"""Batches: records to a service's adopt route, a few requests at a time, and what came of each.

`monitoring` learns of studies and sites from events. A record it rejects because it has not heard of them yet
is sent again for a while before it counts as rejected.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Generic, TypeVar

from client import MAX_RECORDS, ApiProblem, Record, RecordResult

from studyline.importing.progress import Progress
from studyline.importing.sourced import Sourced
from studyline.importing.summary import Problem, Summary

IN_FLIGHT = 4
FEWEST_RECORDS = 100
HEARS_WITHIN_SECONDS = 60
NOT_YET_HEARD = frozenset({"study_not_found", "site_not_found"})
TOO_LARGE = 413

R = TypeVar("R", bound=Record)
Adopt = Callable[[str, Sequence[R]], Awaitable[Sequence[RecordResult]]]


class Sender:
    """Sends the records of one source and counts what came of them."""

    def __init__(self, source: str, summary: Summary, progress: Progress) -> None:
        self._source = source
        self._summary = summary
        self._progress = progress

    async def send(self, kind: str, adopt: Adopt[R], items: Sequence[Sourced[R]]) -> dict[str, str]:
        """Send records of one kind; give the id of each that the service holds now, by its key.

        Raises the client's errors when a whole batch is refused or the service stays away.
        """
        sending = _Sending(self._source, kind, adopt, self._summary, self._progress)
        waiting = items
        for seconds_left in reversed(range(HEARS_WITHIN_SECONDS + 1)):
            waiting = await sending.round(waiting, patient=seconds_left > 0)
            if not waiting:
                break
            await asyncio.sleep(1)
        return sending.ids


class _Sending(Generic[R]):
    """The sending of one kind of record. `ids` grows with what the service holds."""

    def __init__(self, source: str, kind: str, adopt: Adopt[R], summary: Summary, progress: Progress) -> None:
        self.ids: dict[str, str] = {}
        self._source = source
        self._kind = kind
        self._adopt = adopt
        self._summary = summary
        self._progress = progress
        self._gate = asyncio.Semaphore(IN_FLIGHT)

    async def round(self, items: Sequence[Sourced[R]], *, patient: bool) -> list[Sourced[R]]:
        """Send all once; give, while there is patience, those whose study or site is not known there yet."""
        size = min(MAX_RECORDS, max(FEWEST_RECORDS, ceil(len(items) / IN_FLIGHT)))
        batches = [items[start : start + size] for start in range(0, len(items), size)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._batch(batch, patient=patient)) for batch in batches]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        late = [item for task in tasks for item in task.result()]
        if late:
            self._progress.tell(f"{len(late)} {self._kind} wait until their study and site are known there")
        return late

    async def _batch(self, items: Sequence[Sourced[R]], *, patient: bool) -> list[Sourced[R]]:
        try:
            async with self._gate:
                results = await self._adopt(self._source, [item.record for item in items])
        except ApiProblem as problem:
            if problem.status != TOO_LARGE or len(items) == 1:
                raise
            half = len(items) // 2
            halves = [await self._batch(part, patient=patient) for part in (items[:half], items[half:])]
            return [item for part in halves for item in part]
        return self._settle(items, results, patient=patient)

    def _settle(
        self, items: Sequence[Sourced[R]], results: Sequence[RecordResult], *, patient: bool
    ) -> list[Sourced[R]]:
        late: list[Sourced[R]] = []
        settled: list[RecordResult] = []
        for item, result in zip(items, results, strict=True):
            if patient and _not_yet_heard(result):
                late.append(item)
                continue
            settled.append(result)
            self._summary.problems.extend(_problems(item, result))
            if result.id is not None:
                self.ids[item.record.key] = result.id
        self._summary.count(self._kind, settled)
        self._progress.sent(self._kind, len(settled))
        return late


def _not_yet_heard(result: RecordResult) -> bool:
    return result.outcome == "rejected" and any(problem.code in NOT_YET_HEARD for problem in result.problems)


def _problems(item: Sourced[Record], result: RecordResult) -> list[Problem]:
    if result.outcome != "rejected":
        return []
    found = [(problem.field, problem.detail) for problem in result.problems]
    return [
        Problem(file=item.file, line=item.line, record=item.record.key, field=field, reason=reason)
        for field, reason in found or [(None, "was rejected, and the service gave no reason")]
    ]
