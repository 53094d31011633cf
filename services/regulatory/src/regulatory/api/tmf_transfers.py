"""Routes by which a trial master file leaves and enters the platform: eTMF-EMS 1.0.2 packages."""

from typing import Annotated

from chassis.files.arriving import arriving
from chassis.files.store import Files
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Request, StepRequest, Text
from chassis.http.file_bodies import UPLOAD
from chassis.http.roles import Role
from chassis.mongo import Database
from chassis.problems import Problem
from fastapi import APIRouter, Depends, Query, Response
from fastapi import Request as HttpRequest
from fastapi.responses import JSONResponse, StreamingResponse
from kernel import BusinessTime

from regulatory.domain.ems import EmsBatch
from regulatory.domain.tmf import Tmf
from regulatory.domain.tmf_messages import ExportTmf
from regulatory.domain.tmf_reference import EDITION
from regulatory.handlers.known import in_study
from regulatory.handlers.tmf_import import Announced, take_over
from regulatory.queries import tmf as queries
from regulatory.queries.tmf_package import Package
from regulatory.settings import Settings
from regulatory.store import TMFS

MOVERS = (Role.OPERATIONS, Role.REGULATORY, Role.QUALITY, Role.ADMIN)
Exporting = Annotated[Desk, Depends(desk(*MOVERS))]
Importing = Annotated[Desk, Depends(desk(*MOVERS, takes_file=True))]
ZIP = "application/zip"


class ExportRequest(StepRequest):
    """A transfer to make: under which agreement, and how the partner names the study and its event."""

    specification_id: Code
    study_number: Code | None = None
    event_id: Code | None = None


class ImportTold(Request):
    """What is said beside a package, in the query: of which study it is, as its STUDYID names it."""

    study_number: Code
    occurred_at: BusinessTime
    reason: Text | None = None


def router(database: Database, files: Files) -> APIRouter:
    """The routes of transfers."""
    routes = APIRouter(prefix="/v1/studies/{study_id}/tmf", tags=["trial master file transfers"])

    @routes.post("/exports", response_class=Response)
    async def export_tmf(study_id: str, body: ExportRequest, at: Exporting) -> StreamingResponse:
        """Hand out what is filed and was filed, as an eTMF-EMS package; the journal says who had it when."""
        await queries.file_of(database, at.scope, study_id)
        batch = EmsBatch(
            study_id=body.study_number or study_id,
            study_system_id=study_id,
            event_id=body.event_id,
            transfer_source_id="studyline",
            transfer_id=at.new_id("tmf-transfer"),
            specification_id=body.specification_id,
            tmf_rm_version=EDITION,
        )
        package = Package(database, files, at.scope, study_id, batch)
        facts = {"occurred_at": body.occurred_at, "transfer_id": batch.transfer_id, "objects": await package.objects()}
        await at.carry_out(TMFS, study_id, in_study(study_id, ExportTmf.model_validate(facts)), reason=body.reason)
        name = f'attachment; filename="tmf-{batch.transfer_id}.zip"'
        return StreamingResponse(package.parts(), 200, {"Content-Disposition": name}, ZIP)

    @routes.post("/imports", openapi_extra=UPLOAD)
    async def import_tmf(
        study_id: str, told: Annotated[ImportTold, Query()], request: HttpRequest, at: Importing
    ) -> JSONResponse:
        """Take an eTMF-EMS package over, all of it or none; each flaw names its object. Sent again, it goes on."""
        file = Tmf.model_validate((await queries.file_of(database, at.scope, study_id))["state"])
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != ZIP:
            raise Problem(415, "not_a_package", f"Send the package as the request's body, with Content-Type: {ZIP}.")
        settings: Settings = request.app.state.parts.settings
        async with arriving(request.stream(), settings.tmf_package_limit_bytes) as package:
            said = (told.study_number, told.occurred_at, told.reason)
            return JSONResponse(await take_over(Announced(database, files, at, file, package, *said)))

    return routes
