"""Counts are exact, however the events came and however many processes folded them."""

import asyncio

from chassis.http.paging import PageRequest
from chassis.kafka import encoded, ensure_topic, producer_of
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.service import Service
from contracts import TOPICS, Received
from reporting import queries
from reporting.consumers import on_events
from reporting.queries.answers import Counts
from reporting.queries.filters import TimelineFilter
from telling import Story, whole_story

ALL = Scope.everything()
APPLIED = {"consumer": "reporting", "outcome": "applied"}
WHOLE = Counts(
    countries=2,
    sites=2,
    active_sites=1,
    subjects=3,
    enrolled=1,
    subject_visits=2,
    protocol_deviations=2,
    important_deviations=2,
    adverse_events=2,
    serious_adverse_events=2,
)


async def counts_of(database: Database, story: Story) -> Counts:
    return (await queries.study(database, ALL, story.study_id)).counts


async def test_a_study_that_is_registered_after_everything_else_came_in_is_counted_the_same(
    database: Database,
) -> None:
    story = whole_story("Acme", "A-1")
    of_study = [one for one in story.told if one.envelope.subject.startswith("study/")]
    for one in [*(one for one in story.told if one not in of_study), *of_study]:
        await on_events(database, [one])
    assert await counts_of(database, story) == WHOLE


async def test_hearing_everything_again_counts_nothing_twice(database: Database) -> None:
    story = whole_story("Acme", "A-1")
    for _ in range(3):
        await on_events(database, story.told)
    assert await counts_of(database, story) == WHOLE
    page = await queries.timeline_page(database, ALL, TimelineFilter(order="asc"), PageRequest(1_000, None))
    assert len(page.items) == len(story.told)


async def test_a_study_without_sites_counts_its_planned_countries(database: Database) -> None:
    story = Story("Acme", "A-1")
    await on_events(database, [story.registered(countries=("DE", "FR", "US"))])
    assert (await counts_of(database, story)).countries == 3


async def test_processes_that_count_the_same_study_at_once_agree_on_what_is_there(database: Database) -> None:
    story = whole_story("Acme", "A-1")
    hands: dict[int, list[Received]] = {hand: [] for hand in range(6)}
    of_subject: dict[str, int] = {}
    for one in story.told:
        hands[of_subject.setdefault(one.envelope.subject, len(of_subject) % 6)].append(one)

    async def fold(events: list[Received]) -> None:
        for one in events:
            await on_events(database, [one])

    await asyncio.gather(*(fold(events) for events in hands.values()))
    assert await counts_of(database, story) == WHOLE


async def test_what_kafka_holds_is_folded_from_the_first_event_and_delivered_again_changes_nothing(
    service: Service, database: Database
) -> None:
    stories = [whole_story("Acme", "A-1"), whole_story("Globex", "G-1")]
    consumer, parts = service.consumer, service.parts
    assert consumer is not None
    for topic in TOPICS.values():
        await ensure_topic(parts.cluster, topic)
    await send(service, [one for story in stories for one in story.told] * 2)
    reading = asyncio.create_task(consumer.start())
    await asyncio.wait_for(until_folded(service, 2 * sum(len(story.told) for story in stories)), 60)
    await consumer.stop()
    await reading
    assert [await counts_of(database, story) for story in stories] == [WHOLE, WHOLE]


async def send(service: Service, events: list[Received]) -> None:
    """Publish the events as their services would."""
    producer = producer_of(service.parts.cluster)
    await producer.start()
    for envelope, event in events:
        headers = {f"ce_{name}": str(value) for name, value in envelope.model_dump(exclude_none=True).items()}
        topic = service.parts.cluster.topic(TOPICS[envelope.source.removeprefix("/studyline/")])
        body = event.model_dump_json().encode()
        await producer.send_and_wait(topic, body, key=envelope.study.encode(), headers=encoded(headers))
    await producer.stop()


async def until_folded(service: Service, records: int) -> None:
    """Wait until the consumer has applied this many records."""
    metrics = service.parts.metrics
    while (metrics.registry.get_sample_value("studyline_consumed_total", APPLIED) or 0) < records:  # noqa: ASYNC110 - metrics have no event
        await asyncio.sleep(0.05)
