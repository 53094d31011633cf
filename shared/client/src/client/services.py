"""The routes of each service, typed."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError
from pydantic_core import to_json

from client import adoption
from client.adoption import MAX_RECORDS, Adoption, Record, RecordResult
from client.answers import Page, Site, Study, TimelineEntry
from client.problems import UnexpectedAnswer
from client.server_sent_events import events_of
from client.transport import Parameters, Transport

PAGE_ITEMS = 1_000
Shape = TypeVar("Shape", bound=BaseModel)
_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class Service:
    """What every service has: commands, reads and pages of lists."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def command(
        self, path: str, body: Mapping[str, JsonValue], *, key: str | None = None, if_match: str | None = None
    ) -> dict[str, JsonValue]:
        """POST a command and give the answer. Raises ApiProblem; a rule's refusal carries its reasons."""
        reply = await self._transport.post(path, to_json(body), key=key, if_match=if_match)
        return _OBJECT.validate_json(reply.body) if reply.body else {}

    async def upload(
        self, path: str, content: bytes, media_type: str, told: Parameters, *, key: str | None = None
    ) -> dict[str, JsonValue]:
        """POST a file as the body, what is `told` beside it in the query; give the answer. Raises ApiProblem."""
        reply = await self._transport.post(path, content, key=key, media_type=media_type, parameters=told)
        return _OBJECT.validate_json(reply.body)

    async def read(self, path: str, shape: type[Shape], parameters: Parameters | None = None) -> Shape:
        """GET one object. Raises ApiProblem with status 404 for what does not exist or may not be seen."""
        reply = await self._transport.get(path, parameters)
        return _shaped(shape, reply.body)

    async def pages(
        self, path: str, item: type[Shape], parameters: Mapping[str, str | int | None]
    ) -> AsyncGenerator[Shape, None]:
        """GET a whole list, page after page as it is consumed. Parameters that are None are left out."""
        wanted: dict[str, str | int] = {"limit": PAGE_ITEMS}
        wanted.update({name: value for name, value in parameters.items() if value is not None})
        while True:
            page = await self.read(path, Page[item], wanted)
            for each in page.items:
                yield each
            if page.next is None:
                return
            wanted["cursor"] = page.next

    async def adopt(self, what: str, source: str, records: Sequence[Record]) -> tuple[RecordResult, ...]:
        """POST a batch of 1 to 500 records of history; one result a record, in their order.

        A rejected record is a result and no exception. Raises ApiProblem when the whole batch is refused.
        """
        assert 1 <= len(records) <= MAX_RECORDS, f"a batch holds 1 to {MAX_RECORDS} records"
        body = to_json({"source": source, "records": records})
        reply = await self._transport.post(f"/v1/adoptions/{what}", body)
        results = _shaped(Adoption, reply.body).results
        if len(results) != len(records):
            message = f"{what}: {len(records)} records were sent and {len(results)} results came back"
            raise UnexpectedAnswer(message)
        return results


class Sites(Service):
    """The service `sites`: studies, study sites and subjects."""

    async def adopt_studies(self, source: str, records: Sequence[adoption.StudyRecord]) -> tuple[RecordResult, ...]:
        """Adopt studies as their source states them."""
        return await self.adopt("studies", source, records)

    async def adopt_sites(self, source: str, records: Sequence[adoption.SiteRecord]) -> tuple[RecordResult, ...]:
        """Adopt sites of studies that were adopted before."""
        return await self.adopt("sites", source, records)

    async def adopt_subjects(self, source: str, records: Sequence[adoption.SubjectRecord]) -> tuple[RecordResult, ...]:
        """Adopt subjects of sites that were adopted before."""
        return await self.adopt("subjects", source, records)


class Monitoring(Service):
    """The service `monitoring`: visits, deviations and adverse events.

    It learns of studies and sites from events: a record may be rejected with `study_not_found` or
    `site_not_found` a short while after `sites` adopted them.
    """

    async def adopt_subject_visits(
        self, source: str, records: Sequence[adoption.SubjectVisitRecord]
    ) -> tuple[RecordResult, ...]:
        """Adopt subjects' visits."""
        return await self.adopt("subject-visits", source, records)

    async def adopt_protocol_deviations(
        self, source: str, records: Sequence[adoption.ProtocolDeviationRecord]
    ) -> tuple[RecordResult, ...]:
        """Adopt protocol deviations."""
        return await self.adopt("protocol-deviations", source, records)

    async def adopt_adverse_events(
        self, source: str, records: Sequence[adoption.AdverseEventRecord]
    ) -> tuple[RecordResult, ...]:
        """Adopt adverse events."""
        return await self.adopt("adverse-events", source, records)


class Regulatory(Service):
    """The service `regulatory`: submissions and their decisions."""


class Reporting(Service):
    """The service `reporting`: what is known across studies."""

    def studies(self, **filters: str | int | None) -> AsyncIterator[Study]:
        """Give the studies one may see; filters `registry_id`, `sponsor`, `status`, `phase`, `country`."""
        return self.pages("/v1/studies", Study, filters)

    async def study(self, study_id: str) -> Study:
        """Give one study."""
        return await self.read(f"/v1/studies/{study_id}", Study)

    def sites_of(self, study_id: str) -> AsyncIterator[Site]:
        """Give a study's sites."""
        return self.pages(f"/v1/studies/{study_id}/sites", Site, {})

    def timeline(self, **filters: str | int | None) -> AsyncIterator[TimelineEntry]:
        """Give what happened, in order. Filters as in the API: `study`, `sponsor`, `kind`, `from`."""
        return self.pages("/v1/timeline", TimelineEntry, filters)

    async def timeline_stream(
        self, *, last_event_id: str | None = None, **filters: str | int
    ) -> AsyncGenerator[TimelineEntry, None]:
        """Give new timeline entries as they come; a lost connection raises Unreachable.

        To go on after a loss, pass the last entry's `event_id` as `last_event_id`.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        async with self._transport.lines("/v1/timeline/stream", filters, headers) as lines:
            async for data in events_of(lines):
                yield _shaped(TimelineEntry, data)


def _shaped(shape: type[Shape], body: str | bytes) -> Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        message = f"The answer is no {shape.__name__}: {error.error_count()} fields differ from the contract"
        raise UnexpectedAnswer(message) from error
