"""Kafka in: hand each event to the projections, so that commands find the studies and sites they speak of."""

from collections.abc import Sequence

from chassis.commands import Commands
from chassis.mongo import Database
from chassis.stream.projecting import project
from contracts import TOPICS, Received

from regulatory.handlers import tmf_expecting
from regulatory.projections import SITES, STUDIES

LISTENS_TO = (TOPICS["sites"], TOPICS["monitoring"], TOPICS["regulatory"])


async def on_events(commands: Commands, database: Database, batch: Sequence[Received]) -> None:
    """Fold the batch's events into this service's own rows, and carry out what they ask; again changes nothing."""
    await project(database, (STUDIES, SITES), batch)
    await tmf_expecting.on_events(commands, database, batch)
