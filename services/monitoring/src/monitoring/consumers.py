"""Kafka in: hand each event to the projections, so that commands find the studies and sites they speak of."""

from collections.abc import Sequence

from chassis.mongo import Database
from chassis.stream.projecting import project
from contracts import TOPICS, Received

from monitoring.projections import AGREEMENTS, SITES, STUDIES

LISTENS_TO = (TOPICS["sites"],)


async def on_events(database: Database, batch: Sequence[Received]) -> None:
    """Fold the batch's events into this service's own rows; again changes nothing."""
    await project(database, (STUDIES, SITES, AGREEMENTS), batch)
