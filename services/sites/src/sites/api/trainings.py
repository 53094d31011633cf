"""Routes of trainings."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Given, Identifier, Request, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime

from sites.domain.staffing import Topic
from sites.domain.training import VoidTraining
from sites.handlers import delegations as handlers
from sites.store import STUDY_SITES, TRAININGS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]


class VersionRequest(Request):
    """A version of a document, as `regulatory` keeps it."""

    document_id: Code
    version: Code


class TrainingRequest(StepRequest):
    """Who was trained in what, until when; `occurred_at` is the date of completion.

    `document` is the record of it; `document_version` the version of the protocol in which the person was trained.
    """

    person_id: Identifier
    topic: Topic
    document: Code | None = None
    document_version: VersionRequest | None = None
    expires_on: BusinessTime | None = None


def router(database: Database) -> APIRouter:
    """The routes of trainings."""
    routes = APIRouter(prefix="/v1", tags=["trainings"])

    @routes.post("/sites/{site_id}/trainings", status_code=201)
    async def record_training(site_id: str, body: TrainingRequest, at: Managing) -> JSONResponse:
        """Record that a person of the site completed a training."""
        training_id = at.new_id("training")
        asked = body.model_dump(exclude={"reason", "occurred_at"})
        command = handlers.record_training(training_id, site_id, asked, body.occurred_at)
        return await at.carry_out(TRAININGS, training_id, command, reason=body.reason, created=True)

    @routes.get("/sites/{site_id}/trainings")
    async def list_trainings(
        site_id: str, caller: Caller, wanted: Paging, person_id: Given = None, topic: Given = None
    ) -> Page[dict[str, Any]]:
        """The trainings at a site."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        asked = condition_of({"state.person_id": person_id, "state.topic": topic})
        return await reading.page(database, caller.scope, TRAININGS, {"state.site_id": site_id, **asked}, wanted)

    @routes.get("/trainings/{training_id}")
    async def read_training(training_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One training; its version as ETag."""
        return await reading.answered(database, caller.scope, TRAININGS, training_id, response)

    @routes.post("/trainings/{training_id}/void")
    async def void_training(training_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Take a record back that was made in error."""
        command = VoidTraining(occurred_at=body.occurred_at)
        return await at.carry_on(TRAININGS, training_id, command, reason=body.reason)

    return routes
