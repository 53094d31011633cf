"""HTTP in: parse, read, answer."""

from chassis.service import Parts, Reader
from fastapi import APIRouter

from reporting.api import boards, freshness, studies, timeline
from reporting.api.feed import Feed
from reporting.generations import Generations


def routers(generations: Generations, feed: Feed, reader: Reader, parts: Parts) -> list[APIRouter]:
    """Every router of the service but the portal's."""
    return [
        studies.router(generations),
        timeline.router(generations, feed),
        boards.router(generations),
        freshness.router(generations, reader, parts),
    ]
