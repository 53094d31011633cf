"""Routes of versions of documents in a trial master file: received as a file, checked by somebody else, filed."""

from typing import Annotated

from chassis.files.store import Files
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Request, StepRequest, Text
from chassis.http.file_bodies import UPLOAD
from chassis.http.roles import Role
from chassis.http.uploads import Download, handed_out, upload
from chassis.mongo import Database
from chassis.problems import not_found
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse
from kernel import BusinessTime, DateOnly
from pydantic import Field

from regulatory.api.document_requests import FileName
from regulatory.domain.document_state import StoredFile
from regulatory.domain.tmf_commands import FileVersion, ReceiveVersion, ReturnVersion, StartQc
from regulatory.domain.tmf_document_state import TmfDocument
from regulatory.domain.tmf_version import About
from regulatory.handlers import tmf as handlers
from regulatory.store import TMF_DOCUMENTS, owner_in_tmf

SENDERS = (Role.OPERATIONS, Role.REGULATORY, Role.MONITOR, Role.QUALITY, Role.ADMIN)
Sending = Annotated[Desk, Depends(desk(*SENDERS, takes_file=True))]
Checking = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.QUALITY, Role.ADMIN))]
CHECKS: dict[str, type[StartQc | FileVersion]] = {"start-qc": StartQc, "file": FileVersion}


class ReceiptTold(Request):
    """What is said beside the file of a version, in the query."""

    filename: FileName
    label: Annotated[str, Field(min_length=1, max_length=50, description="Version as the document says, such as 2.0")]
    occurred_at: BusinessTime
    title: Text | None = None
    language: Annotated[str | None, Field(pattern=r"^[a-z]{2}$", description="ISO 639-1")] = None
    document_date: DateOnly | None = None
    finalised_on: DateOnly | None = None
    expires_on: DateOnly | None = None
    copy_of_original: bool = False
    reason: Text | None = None

    @property
    def about(self) -> About:
        """The version in the domain's words."""
        return About.model_validate(self.model_dump(include=set(About.model_fields)))


class FoundRequest(Request):
    """One finding of quality control."""

    code: Code
    note: Text | None = None


class ReturnRequest(StepRequest):
    """What was found; codes as `GET /v1/tmf-finding-codes` lists them."""

    findings: tuple[FoundRequest, ...] = Field(default=(), max_length=50)


def router(database: Database, files: Files) -> APIRouter:
    """The routes of versions."""
    routes = APIRouter(prefix="/v1/tmf-documents/{tmf_document_id}", tags=["trial master file documents"])
    _add_files(routes, database, files)

    @routes.post("/return")
    async def return_tmf_document(tmf_document_id: str, body: ReturnRequest, at: Checking) -> JSONResponse:
        """Send the version back with what was found."""
        facts = {**body.model_dump(exclude={"reason"}), "by": at.context.actor.id}
        command = handlers.on_document(tmf_document_id, ReturnVersion, facts)
        return await at.carry_out(TMF_DOCUMENTS, tmf_document_id, command, reason=body.reason)

    for name, command in CHECKS.items():
        _add_check(routes, name, command)
    return routes


def _add_files(routes: APIRouter, database: Database, files: Files) -> None:
    @routes.post("/receive", openapi_extra=UPLOAD)
    async def receive_tmf_document(  # pyright: ignore[reportUnusedFunction]
        tmf_document_id: str, told: Annotated[ReceiptTold, Query()], request: HttpRequest, at: Sending
    ) -> JSONResponse:
        """Send a version in: the request's body, with its own Content-Type. Somebody else checks it."""
        found = await reading.one(database, at.scope, TMF_DOCUMENTS, tmf_document_id)
        owner = owner_in_tmf(TmfDocument.model_validate(found["state"]))
        limit_bytes: int = request.app.state.parts.settings.file_limit_bytes
        async with upload(request, told.filename, limit_bytes) as (arrived, kind):
            file_id = await files.keep(owner, arrived)
        about = {"file_id": file_id, "filename": told.filename, "media_type": kind.media_type}
        file = StoredFile.model_validate({**about, "sha256": arrived.sha256, "size_bytes": arrived.size_bytes})
        facts = {"occurred_at": told.occurred_at, "about": told.about, "file": file, "by": at.context.actor.id}
        command = handlers.on_document(tmf_document_id, ReceiveVersion, facts)
        at = at.over(arrived.sha256)
        return await at.carry_out(TMF_DOCUMENTS, tmf_document_id, command, reason=told.reason)

    @routes.get("/versions/{number}/file", response_class=Response)
    async def download_tmf_document(  # pyright: ignore[reportUnusedFunction]
        tmf_document_id: str, number: str, request: HttpRequest, caller: Caller
    ) -> Response:
        """The file of a version as an attachment; its SHA-256 as ETag. One range of bytes may be asked for."""
        found = await reading.one(database, caller.scope, TMF_DOCUMENTS, tmf_document_id)
        versions = TmfDocument.model_validate(found["state"]).versions
        version = next((one for one in versions if str(one.number) == number), None)
        if version is None or version.file is None:
            raise not_found("file of version", number)
        return await handed_out(files, Download(**version.file.model_dump()), request)


def _add_check(routes: APIRouter, name: str, command: type[StartQc | FileVersion]) -> None:
    label = "start-tmf-qc" if name == "start-qc" else f"{name}-tmf-document"

    @routes.post(f"/{name}", name=label, description=command.__doc__)
    async def take_step(  # pyright: ignore[reportUnusedFunction]
        tmf_document_id: str, body: StepRequest, at: Checking
    ) -> JSONResponse:
        facts = {"occurred_at": body.occurred_at, "by": at.context.actor.id}
        asked = handlers.on_document(tmf_document_id, command, facts)
        return await at.carry_out(TMF_DOCUMENTS, tmf_document_id, asked, reason=body.reason)
