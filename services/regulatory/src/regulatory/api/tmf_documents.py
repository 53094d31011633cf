"""Routes of single documents of a trial master file, and of the reference model and rules they follow."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import StepRequest
from chassis.http.paging import Page, PageRequest, Paging, encode_cursor
from chassis.http.requests import etag
from chassis.http.roles import Role
from chassis.http.signing import Signing
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from regulatory.api.tmf import today
from regulatory.domain.tmf_commands import ReleaseDocument, WaiveDocument
from regulatory.domain.tmf_document import waiver_of
from regulatory.domain.tmf_expectations import RULES
from regulatory.domain.tmf_reference import ARTIFACTS, FINDING_CODES
from regulatory.handlers import tmf as handlers
from regulatory.queries import tmf as queries
from regulatory.store import TMF_DOCUMENTS

Deciding = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.QUALITY, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of documents of trial master files."""
    routes = APIRouter(prefix="/v1/tmf-documents", tags=["trial master file documents"])

    @routes.get("/{tmf_document_id}")
    async def read_tmf_document(tmf_document_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One document with its versions, its history and its status today; its version as ETag."""
        found = await reading.one(database, caller.scope, TMF_DOCUMENTS, tmf_document_id)
        response.headers["ETag"] = etag(found["version"])
        return queries.with_status_today(found, today())

    @routes.post("/{tmf_document_id}/waive")
    async def waive_tmf_document(
        tmf_document_id: str, body: StepRequest, at: Deciding, signer: Signing
    ) -> JSONResponse:
        """Do without the document, for a reason and with a signature."""
        signature = signer.sign("authorisation", waiver_of(tmf_document_id, body.reason or ""))
        facts = {"occurred_at": body.occurred_at, "grounds": body.reason, "signature": signature}
        command = handlers.on_document(tmf_document_id, WaiveDocument, {**facts, "by": at.context.actor.id})
        return await at.carry_out(TMF_DOCUMENTS, tmf_document_id, command, reason=body.reason)

    @routes.post("/{tmf_document_id}/release")
    async def release_tmf_document(tmf_document_id: str, body: StepRequest, at: Deciding) -> JSONResponse:
        """Say that the document is not required any more, and why."""
        facts = {"occurred_at": body.occurred_at, "grounds": body.reason, "by": at.context.actor.id}
        command = handlers.on_document(tmf_document_id, ReleaseDocument, facts)
        return await at.carry_out(TMF_DOCUMENTS, tmf_document_id, command, reason=body.reason)

    return routes


def reference_router() -> APIRouter:
    """The routes of the reference model and of the rules by which documents are expected: the same for everybody."""
    routes = APIRouter(prefix="/v1", tags=["trial master file rules"])

    @routes.get("/tmf-artifacts")
    async def list_tmf_artifacts(
        _: Caller, wanted: Paging, zone: Annotated[str | None, Query(pattern=r"^\d{2}$")] = None
    ) -> Page[dict[str, Any]]:
        """The artifacts of the TMF Reference Model, by unique id."""
        rows = {f"{key:04}": one for key, one in ARTIFACTS.items() if zone in {None, one.zone}}
        return _page(rows, {"zone": zone}, wanted)

    @routes.get("/tmf-expectation-rules")
    async def list_tmf_expectation_rules(
        _: Caller, wanted: Paging, version: Annotated[int | None, Query(ge=1, le=10_000)] = None
    ) -> Page[dict[str, Any]]:
        """Which event makes which document expected; of one version of the rules, or of all."""
        asked = RULES.rows if version is None else [row for row in RULES.rows if row.holds_in(version)]
        return _page({f"{row.id}@{row.since_version}": row for row in asked}, {"version": version}, wanted)

    @routes.get("/tmf-finding-codes")
    async def list_tmf_finding_codes(_: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """For what a document is returned."""
        return _page(dict(FINDING_CODES), {}, wanted)

    return routes


def _page(rows: dict[str, Any], filters: dict[str, Any], wanted: PageRequest) -> Page[dict[str, Any]]:
    after = wanted.after(filters)
    keys = sorted(key for key in rows if after is None or key > str(after[0]))
    shown: list[BaseModel] = [rows[key] for key in keys[: wanted.limit]]
    following = encode_cursor([keys[wanted.limit - 1]], filters) if len(keys) > wanted.limit else None
    return Page(items=[one.model_dump(mode="json") for one in shown], next=following)
