"""Routes of studies."""

from typing import Annotated, Any

from chassis.commands import given
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Given, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from contracts import sponsor_id
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from sites.api.requests import MilestoneRequest, RegisterStudyRequest, StudyStatusRequest
from sites.domain.study import (
    ChangeStudyStatus,
    Milestone,
    Particulars,
    RecordStudyMilestone,
    RegisterStudy,
    Sponsor,
)
from sites.store import STUDIES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of studies."""
    routes = APIRouter(prefix="/v1/studies", tags=["studies"])

    @routes.post("", status_code=201)
    async def register_study(body: RegisterStudyRequest, at: Managing) -> JSONResponse:
        """Register a study under its sponsor."""
        study_id = at.new_id("study")
        command = RegisterStudy(
            occurred_at=body.occurred_at,
            study_id=study_id,
            sponsor=Sponsor(id=sponsor_id(body.sponsor.name), name=body.sponsor.name),
            particulars=particulars_of(body),
            milestones=body.milestones,
        )
        return await at.carry_out(STUDIES, study_id, given(command), created=True)

    @routes.get("")
    async def list_studies(
        caller: Caller,
        wanted: Paging,
        registry_id: Given = None,
        protocol_number: Given = None,
    ) -> Page[dict[str, Any]]:
        """Studies within the caller's scope."""
        asked = {"registry_ids": registry_id, "protocol_number": protocol_number}
        condition = condition_of({f"state.particulars.{field}": value for field, value in asked.items()})
        return await reading.page(database, caller.scope, STUDIES, condition, wanted)

    @routes.get("/{study_id}")
    async def read_study(study_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One study; its version as ETag."""
        return await reading.answered(database, caller.scope, STUDIES, study_id, response)

    @routes.post("/{study_id}/status")
    async def change_study_status(study_id: str, body: StudyStatusRequest, at: Managing) -> JSONResponse:
        """Move the study to another overall status."""
        command = ChangeStudyStatus(occurred_at=body.occurred_at, status=body.status)
        return await at.carry_on(STUDIES, study_id, command, reason=body.reason)

    @routes.post("/{study_id}/milestones")
    async def record_study_milestone(study_id: str, body: MilestoneRequest, at: Managing) -> JSONResponse:
        """Give a milestone the dates it has now; null takes a date back."""
        milestone = Milestone(kind=body.kind, planned=body.planned, actual=body.actual)
        command = RecordStudyMilestone(occurred_at=body.occurred_at, milestone=milestone)
        return await at.carry_on(STUDIES, study_id, command, reason=body.reason)

    return routes


def particulars_of(body: Any) -> Particulars:
    """The particulars in a request or a record that has their fields."""
    return Particulars.model_validate({field: getattr(body, field) for field in Particulars.model_fields})
