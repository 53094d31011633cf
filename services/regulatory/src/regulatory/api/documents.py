"""Routes of controlled documents: reading, and the work on drafts."""

from typing import Annotated, Any

from chassis import clock
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import CountryCode, Given, Identifier, StepRequest
from chassis.http.paging import Page, Paging, encode_cursor
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime

from regulatory.api.document_requests import (
    AddVersionRequest,
    CreateDocumentRequest,
    DescribeChangeRequest,
    DocumentsWanted,
    PlacedRequest,
    SynopsisRequest,
    types_of,
)
from regulatory.domain import document_commands as ask
from regulatory.domain.document_types import DOCUMENT_TYPES, DocumentType, Kind
from regulatory.handlers import documents as handlers
from regulatory.queries.documents import Held, effective
from regulatory.store import DOCUMENTS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.QUALITY, Role.ADMIN))]


def routers(database: Database) -> list[APIRouter]:
    """The routes of documents themselves; those of files and of reviews stand beside."""
    routes = APIRouter(prefix="/v1/documents", tags=["documents"])
    _add_reads(routes, database)
    _add_drafting(routes)
    _add_effects(routes)
    return [routes, _effective_router(database), _types_router()]


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("")
    async def list_documents(  # pyright: ignore[reportUnusedFunction]
        condition: DocumentsWanted, caller: Caller, wanted: Paging
    ) -> Page[dict[str, Any]]:
        """Documents within the caller's scope, with all their versions."""
        return await reading.page(database, caller.scope, DOCUMENTS, condition, wanted)

    @routes.get("/{document_id}")
    async def read_document(  # pyright: ignore[reportUnusedFunction]
        document_id: str, caller: Caller, response: Response
    ) -> dict[str, Any]:
        """One document with all its versions; its own version as ETag."""
        return await reading.answered(database, caller.scope, DOCUMENTS, document_id, response)


def _add_drafting(routes: APIRouter) -> None:
    @routes.post("", status_code=201)
    async def create_document(body: CreateDocumentRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Create a document of a type, for the study or a country or site of it; without a version yet."""
        document_id = at.new_id("controlled-document")
        asked = handlers.NewDocument(body.study_id, body.type_id, body.title, body.language, body.where)
        command = handlers.create_document(document_id, asked, body.occurred_at)
        return await at.carry_out(DOCUMENTS, document_id, command, reason=body.reason, created=True)

    @routes.post("/{document_id}/versions")
    async def add_document_version(document_id: str, body: AddVersionRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Begin the next version as a draft."""
        change = body.change.change if body.change is not None else None
        command = ask.AddVersion(
            occurred_at=body.occurred_at, by=at.context.actor.id, version=body.version, change=change
        )
        return await at.carry_on(DOCUMENTS, document_id, command, reason=body.reason)

    @routes.post("/{document_id}/versions/{version}/change")
    async def describe_document_change(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: DescribeChangeRequest, at: Managing
    ) -> JSONResponse:
        """Say what a draft changes against the version before, and whether substantially."""
        by, change = at.context.actor.id, body.change.change
        command = ask.DescribeChange(occurred_at=body.occurred_at, version=version, by=by, change=change)
        return await at.carry_out(DOCUMENTS, document_id, handlers.of_version(document_id, command), reason=body.reason)

    @routes.post("/{document_id}/versions/{version}/synopsis")
    async def set_protocol_synopsis(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: SynopsisRequest, at: Managing
    ) -> JSONResponse:
        """Set objectives, endpoints, procedures and visits of a protocol's draft, or refuse with every flaw."""
        by, synopsis = at.context.actor.id, body.synopsis
        command = ask.SetSynopsis(occurred_at=body.occurred_at, version=version, by=by, synopsis=synopsis)
        return await at.carry_out(DOCUMENTS, document_id, handlers.of_version(document_id, command), reason=body.reason)


def _add_effects(routes: APIRouter) -> None:
    @routes.post("/{document_id}/versions/{version}/make-effective")
    async def make_document_effective(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: PlacedRequest, at: Managing
    ) -> JSONResponse:
        """Let an approved version take effect at a place; it supersedes there what was in effect."""
        command = handlers.make_effective(document_id, version, body.where, body.occurred_at)
        return await at.carry_out(DOCUMENTS, document_id, command, reason=body.reason)

    @routes.post("/{document_id}/end-effect")
    async def end_document_effect(document_id: str, body: PlacedRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Let no version be in effect at a place any more; needs a reason."""
        command = handlers.end_effect(document_id, body.where, body.occurred_at, body.reason)
        return await at.carry_out(DOCUMENTS, document_id, command, reason=body.reason)

    @routes.post("/{document_id}/versions/{version}/withdraw")
    async def withdraw_document_version(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: StepRequest, at: Managing
    ) -> JSONResponse:
        """Give up a version that never took effect; needs a reason."""
        command = ask.WithdrawVersion(occurred_at=body.occurred_at, version=version, reason=body.reason)
        return await at.carry_out(DOCUMENTS, document_id, handlers.of_version(document_id, command), reason=body.reason)

    @routes.post("/{document_id}/retire")
    async def retire_document(document_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """End the document for good; needs a reason."""
        command = ask.RetireDocument(occurred_at=body.occurred_at, reason=body.reason)
        return await at.carry_on(DOCUMENTS, document_id, command, reason=body.reason)


def _effective_router(database: Database) -> APIRouter:
    routes = APIRouter(prefix="/v1/effective-documents", tags=["documents"])

    @routes.get("")
    async def list_effective_documents(  # pyright: ignore[reportUnusedFunction]  # noqa: PLR0913, PLR0917 - a filter each
        caller: Caller,
        wanted: Paging,
        study_id: Identifier,
        country: CountryCode | None = None,
        site_id: Identifier | None = None,
        on: BusinessTime | None = None,
        type_id: Given = None,
        kind: Kind | None = None,
    ) -> Page[dict[str, Any]]:
        """Which version of each document of a study is in effect at a place on a day (today where none is named)."""
        day = on or clock.now().date().isoformat()
        asked = Held(study_id, country, site_id, day, types_of(type_id, kind))
        return await effective(database, caller.scope, asked, wanted)

    return routes


def _types_router() -> APIRouter:
    routes = APIRouter(prefix="/v1/document-types", tags=["documents"])

    @routes.get("")
    async def list_document_types(_: Caller, wanted: Paging, kind: Kind | None = None) -> Page[DocumentType]:  # pyright: ignore[reportUnusedFunction]
        """The types of documents, by the unique ids of the TMF Reference Model."""
        rows = [DOCUMENT_TYPES[one] for one in sorted(types_of(None, kind))]
        after = wanted.after({"kind": kind})
        rows = [row for row in rows if after is None or row.unique_id > str(after[0])]
        page, more = rows[: wanted.limit], len(rows) > wanted.limit
        return Page(items=page, next=encode_cursor([page[-1].unique_id], {"kind": kind}) if more else None)

    return routes
