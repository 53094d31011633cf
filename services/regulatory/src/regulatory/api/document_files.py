"""Routes of documents' files: a file is put to a draft and seen only through its document."""

from typing import Annotated

from chassis.files.store import Files
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.file_bodies import UPLOAD
from chassis.http.roles import Role
from chassis.http.uploads import Download, handed_out, upload
from chassis.mongo import Database
from chassis.problems import not_found
from chassis.scope import Scope
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from regulatory.api.document_requests import UploadTold
from regulatory.domain.controlled_document import ControlledDocument
from regulatory.domain.document_commands import AttachFile
from regulatory.domain.document_state import StoredFile, Version
from regulatory.handlers.documents import of_version
from regulatory.store import DOCUMENTS, owner_of_document

Filing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.QUALITY, Role.ADMIN, takes_file=True))]


def router(database: Database, files: Files) -> APIRouter:
    """The routes of files."""
    routes = APIRouter(prefix="/v1/documents/{document_id}/versions/{version}", tags=["documents"])

    @routes.post("/file", openapi_extra=UPLOAD)
    async def upload_document_file(
        document_id: str, version: str, told: Annotated[UploadTold, Query()], request: Request, at: Filing
    ) -> JSONResponse:
        """Put a file to a draft: the request's body, with its own Content-Type. What acts or hides is refused."""
        document, _ = await _version(database, at.scope, document_id, version)
        limit_bytes: int = request.app.state.parts.settings.file_limit_bytes
        async with upload(request, told.filename, limit_bytes) as (arrived, kind):
            file_id = await files.keep(owner_of_document(document), arrived)
        file = StoredFile(
            file_id=file_id,
            sha256=arrived.sha256,
            size_bytes=arrived.size_bytes,
            media_type=kind.media_type,
            filename=told.filename,
        )
        command = AttachFile(occurred_at=told.occurred_at, version=version, by=at.context.actor.id, file=file)
        attach = of_version(document_id, command)
        return await at.over(arrived.sha256).carry_out(DOCUMENTS, document_id, attach, reason=told.reason)

    @routes.get("/file", response_class=Response)
    async def download_document_file(document_id: str, version: str, request: Request, caller: Caller) -> Response:
        """The version's file as an attachment; its SHA-256 as ETag. One range of bytes may be asked for."""
        _, found = await _version(database, caller.scope, document_id, version)
        if found.file is None:
            raise not_found("file of version", version)
        about = found.file.model_dump()
        return await handed_out(files, Download(**about), request)

    return routes


async def _version(
    database: Database, scope: Scope, document_id: str, number: str
) -> tuple[ControlledDocument, Version]:
    stored = await reading.one(database, scope, DOCUMENTS, document_id)
    document = ControlledDocument.model_validate(stored["state"])
    version = document.version(number)
    if version is None:
        raise not_found("version", number)
    return document, version
