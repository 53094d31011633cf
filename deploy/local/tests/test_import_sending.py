"""Batches are sent until every record is settled, and whatever is wrong is placed."""

import asyncio
from collections.abc import Sequence

import pytest
from client import ApiProblem, ProblemDocument, RecordProblem, RecordResult, SiteRecord
from studyline.importing.progress import Silence
from studyline.importing.sending import Sender
from studyline.importing.sourced import Sourced
from studyline.importing.summary import Summary

ITEMS = [
    Sourced(SiteRecord(key=str(number), study_id="s", country="FR", status="active"), "file", number + 1)
    for number in range(1_200)
]


class Service:
    """Adopts everything, from a given request on, in batches of a given size at most."""

    def __init__(self, *, most: int = 500, deaf_for: int = 0) -> None:
        self.sizes: list[int] = []
        self.at_once = self.most_at_once = 0
        self._most = most
        self._deaf_for = deaf_for

    async def adopt(self, source: str, records: Sequence[SiteRecord]) -> list[RecordResult]:
        assert source == "test"
        self.sizes.append(len(records))
        if len(records) > self._most:
            raise ApiProblem(413, ProblemDocument(detail="The body is too large."))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return [self._result(index, record) for index, record in enumerate(records)]

    def _result(self, index: int, record: SiteRecord) -> RecordResult:
        if len(self.sizes) <= self._deaf_for:
            problem = RecordProblem(code="study_not_found", detail="There is no study s.", field="study_id")
            return RecordResult(index=index, key=record.key, outcome="rejected", problems=(problem,))
        return RecordResult(index=index, key=record.key, outcome="adopted", id=f"id-{record.key}")


def sender() -> tuple[Sender, Summary]:
    summary = Summary(source="test")
    return Sender("test", summary, Silence()), summary


async def test_many_records_go_in_batches_a_few_at_a_time() -> None:
    service, (sending, summary) = Service(), sender()
    ids = await sending.send("sites", service.adopt, ITEMS)
    assert max(service.sizes) <= 500
    assert service.most_at_once <= 4
    assert ids["7"] == "id-7"
    assert summary.records["sites"]["adopted"] == len(ITEMS) == len(ids)


async def test_a_batch_that_is_too_large_goes_in_halves() -> None:
    service, (sending, summary) = Service(most=30), sender()
    await sending.send("sites", service.adopt, ITEMS)
    assert summary.records["sites"]["adopted"] == len(ITEMS)
    assert summary.problems == []


async def test_records_whose_study_is_not_known_yet_are_sent_again() -> None:
    service, (sending, summary) = Service(deaf_for=2), sender()
    ids = await sending.send("sites", service.adopt, ITEMS[:3])
    assert len(service.sizes) == 3
    assert (len(ids), summary.exit_code) == (3, 0)


async def test_a_rejected_record_is_placed_and_the_exit_code_is_three() -> None:
    async def reject(_: str, records: Sequence[SiteRecord]) -> list[RecordResult]:
        problem = RecordProblem(code="invalid", detail="is no status", field="status")
        return [RecordResult(index=0, key=records[0].key, outcome="rejected", problems=(problem,))]

    sending, summary = sender()
    assert await sending.send("sites", reject, ITEMS[6:7]) == {}
    assert summary.records["sites"]["rejected"] == 1
    (problem,) = summary.problems
    assert (problem.file, problem.line, problem.record, problem.field) == ("file", 7, "6", "status")
    assert summary.exit_code == 3


async def test_a_refusal_of_the_whole_batch_ends_the_import() -> None:
    async def forbid(_: str, records: Sequence[SiteRecord]) -> list[RecordResult]:
        raise ApiProblem(403, ProblemDocument(detail=f"Not these {len(records)}."))

    sending, _ = sender()
    with pytest.raises(ApiProblem, match="Not these"):
        await sending.send("sites", forbid, ITEMS)
