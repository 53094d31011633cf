"""Guarantee G9: in whatever order topics are read, however often, whatever the services' clocks: the same read model.

Each service's clock may be ten minutes off. The release's size is STUDYLINE_INTERLEAVINGS=2000 in the environment.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from chassis.http.paging import PageRequest
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import Received
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reporting import queries
from reporting.consumers import on_events
from reporting.generations.canonical import canonical_hashes
from reporting.queries.filters import StudyFilter, TimelineFilter
from reporting.store import NAMES
from telling import whole_story

ALL: Final = Scope.everything()
INTERLEAVINGS: Final = int(os.environ.get("STUDYLINE_INTERLEAVINGS", "100"))
SKEW_SECONDS: Final = 600
CUTS_MAX: Final = 4
TOLD: Final = [*whole_story("Acme", "A-1").told, *whole_story("Globex", "G-1").told]
SOURCES: Final = sorted({one.envelope.source for one in TOLD})

Model = tuple[dict[str, str], list[str], list[str]]
"""Hashes by collection, the timeline's event ids in its order, the portfolio as clients get it."""


def recorded_by_skewed_clocks(skews: dict[str, int]) -> list[Received]:
    """The same events, each service's recorded by its own clock."""
    return [
        Received(
            one.envelope.model_copy(
                update={"recordedtime": one.envelope.recordedtime + timedelta(seconds=skews[one.envelope.source])}
            ),
            one.event,
        )
        for one in TOLD
    ]


def arrivals(data: st.DataObject, told: list[Received]) -> Iterator[list[Received]]:
    """Batches in which the events may come: each partition in its order, the partitions mixed, some read again."""
    waiting: dict[tuple[str, str], list[Received]] = defaultdict(list)
    for one in told:
        waiting[one.envelope.source, one.envelope.study].append(one)
    order = data.draw(st.permutations([(one.envelope.source, one.envelope.study) for one in told]))
    stream = [waiting[partition].pop(0) for partition in order]
    ends = [*sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=CUTS_MAX))), len(stream)]
    # A redelivery begins somewhere earlier and runs up to what was heard.
    back = data.draw(st.lists(st.integers(0, len(stream)), min_size=len(ends), max_size=len(ends)))
    for start, end, again in zip([0, *ends[:-1]], ends, back, strict=True):
        if batch := stream[min(again, start) : end]:
            yield batch


async def folded(database: Database, batches: Iterator[list[Received]]) -> Model:
    """An empty read model after these batches."""
    for name in NAMES:
        await database.collection(name).delete({})
    for batch in batches:
        await on_events(database, batch)
    page = PageRequest(1_000, None)
    timeline = await queries.timeline_page(database, ALL, TimelineFilter(), page)
    studies = await queries.studies_page(database, ALL, StudyFilter(), page)
    ids = [one.event_id for one in timeline.items]
    return await canonical_hashes(database, NAMES), ids, [one.model_dump_json() for one in studies.items]


@given(data=st.data())
@settings(max_examples=INTERLEAVINGS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_interleaving_of_three_topics_with_repeats_and_skewed_clocks_gives_the_same_read_model(
    database: Database, data: st.DataObject
) -> None:
    skew = st.integers(-SKEW_SECONDS, SKEW_SECONDS)
    told = recorded_by_skewed_clocks({source: data.draw(skew) for source in SOURCES})
    assert await folded(database, arrivals(data, told)) == await folded(database, iter([told]))
