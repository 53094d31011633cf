"""HTTP in: parse, read, answer."""

from chassis.consuming import Consumer
from chassis.metrics import Metrics
from chassis.mongo import Database
from contracts import Received
from fastapi import APIRouter

from reporting.api import freshness, studies, timeline
from reporting.api.feed import Feed


def routers(database: Database, feed: Feed, consumer: Consumer[Received], metrics: Metrics) -> list[APIRouter]:
    """Every router of the service but the portal's."""
    return [studies.router(database), timeline.router(database, feed), freshness.router(database, consumer, metrics)]
