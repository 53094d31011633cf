"""HTTP in: parse, hand over, answer."""

from chassis.files.store import Files
from chassis.mongo import Database
from fastapi import APIRouter

from regulatory.api import (
    adoptions,
    clocks,
    document_files,
    document_reviews,
    documents,
    submissions,
    tmf,
    tmf_documents,
    tmf_transfers,
    tmf_versions,
)


def routers(database: Database, files: Files) -> list[APIRouter]:
    """Every router of the service."""
    return [
        submissions.router(database),
        adoptions.router(),
        clocks.router(database),
        clocks.rules_router(),
        tmf.router(database),
        tmf_documents.router(database),
        tmf_versions.router(database, files),
        tmf_transfers.router(database, files),
        tmf_documents.reference_router(),
        *documents.routers(database),
        document_reviews.router(),
        document_files.router(database, files),
    ]
