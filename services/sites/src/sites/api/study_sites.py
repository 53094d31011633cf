"""Routes of study sites."""

from typing import Annotated, Any, Self

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Request, StepRequest, Text
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime
from pydantic import model_validator

from sites.api.requests import IdentifySiteRequest
from sites.domain.study_site_messages import (
    ArchiveSite,
    BeginStartUp,
    CloseSite,
    CloseToEnrolment,
    LiftSuspension,
    PauseEnrolment,
    PersonsReason,
    RejectSite,
    ResumeEnrolment,
    SelectionReason,
    SelectSite,
    SignCda,
    StudySiteCommand,
    Suspender,
    SuspendSite,
    TerminateSite,
    WithdrawSite,
)
from sites.handlers import study_sites as handlers
from sites.handlers.green_light import activate_site as activation_of
from sites.queries.activation import activation, readiness
from sites.store import STUDIES, STUDY_SITES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]
STEPS: dict[str, type[StudySiteCommand]] = {
    "sign-cda": SignCda,
    "begin-start-up": BeginStartUp,
    "resume-enrolment": ResumeEnrolment,
    "lift-suspension": LiftSuspension,
    "close-to-enrolment": CloseToEnrolment,
    "close": CloseSite,
    "archive": ArchiveSite,
}
EARLY_ENDS: dict[str, type[StudySiteCommand]] = {"terminate": TerminateSite, "withdraw": WithdrawSite}
"""Steps that need a reason in words."""
OPERATION_OF = {
    "sign-cda": "sign-site-cda",
    "begin-start-up": "begin-site-start-up",
    "resume-enrolment": "resume-site-enrolment",
    "lift-suspension": "lift-site-suspension",
    "close-to-enrolment": "close-site-to-enrolment",
}
"""Where the path's words do not read as the command."""


class SelectionRequest(StepRequest):
    """A choice, and why in one word besides the reason."""

    because: SelectionReason | None = None


class RejectionRequest(SelectionRequest):
    """Why the site is not chosen: in one word, in a sentence, or both."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.because is None and self.reason is None:
            message = "a site is not chosen for a reason: give `because`, or `reason` in words"
            raise ValueError(message)
        return self


class EarlyEndRequest(Request):
    """When its part ended early, and why."""

    occurred_at: BusinessTime
    reason: Text


class PauseRequest(StepRequest):
    """A hold, and why in one word besides the reason; what the site has lost is found by the platform."""

    because: PersonsReason | None = None


class SuspensionRequest(StepRequest):
    """An order to stop the site."""

    ordered_by: Suspender


AsOf = Annotated[
    BusinessTime | None, Query(description="Only what was recorded by then, itself included; items judged on it")
]
InForceOn = Annotated[
    BusinessTime | None, Query(description="Another date on which the items are judged, with all that is known")
]


def router(database: Database) -> APIRouter:
    """The routes of study sites."""
    routes = APIRouter(prefix="/v1", tags=["study sites"])

    @routes.post("/studies/{study_id}/sites", status_code=201)
    async def identify_site(study_id: str, body: IdentifySiteRequest, at: Managing) -> JSONResponse:
        """Note a place that may take part in the study."""
        site_id, place = (
            at.new_id("study-site"),
            body.model_dump(include={"name", "city", "country", "number"}),
        )
        command = handlers.identify_site(site_id, study_id, body.occurred_at, place)
        return await at.carry_out(STUDY_SITES, site_id, command, reason=body.reason, created=True)

    @routes.get("/studies/{study_id}/sites")
    async def list_sites(study_id: str, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """The sites of a study."""
        await reading.one(database, caller.scope, STUDIES, study_id)
        return await reading.page(database, caller.scope, STUDY_SITES, {"study": study_id}, wanted)

    @routes.get("/sites/{site_id}")
    async def read_site(site_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One site; its version as ETag."""
        return await reading.answered(database, caller.scope, STUDY_SITES, site_id, response)

    @routes.get("/sites/{site_id}/readiness")
    async def read_site_readiness(site_id: str, caller: Caller) -> dict[str, Any]:
        """What the site's activation needs, and what is there."""
        return await readiness(database, caller.scope, site_id)

    @routes.get("/sites/{site_id}/activation")
    async def read_site_activation(
        site_id: str, caller: Caller, as_of: AsOf = None, in_force_on: InForceOn = None
    ) -> dict[str, Any]:
        """Why the site is open or not: the decision, every item with its evidence and waiver, now or as of a date."""
        return await activation(database, caller.scope, site_id, as_of, in_force_on)

    _add_decisions(routes)
    for name, command in STEPS.items():
        _add_step(routes, name, command)
    for name, command in EARLY_ENDS.items():
        _add_early_end(routes, name, command)
    return routes


def _add_decisions(routes: APIRouter) -> None:
    @routes.post("/sites/{site_id}/activate")
    async def activate_site(site_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Open the site for enrolment; refused with everything that is missing."""
        return await at.carry_out(STUDY_SITES, site_id, activation_of(site_id, body.occurred_at), reason=body.reason)

    @routes.post("/sites/{site_id}/select")
    async def select_site(site_id: str, body: SelectionRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Choose the site."""
        command = SelectSite(occurred_at=body.occurred_at, because=body.because)
        return await at.carry_on(STUDY_SITES, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/reject")
    async def reject_site(site_id: str, body: RejectionRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Do not choose the site; its record stays."""
        command = RejectSite(occurred_at=body.occurred_at, because=body.because)
        return await at.carry_on(STUDY_SITES, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/pause-enrolment", name="pause-site-enrolment")
    async def pause_enrolment(site_id: str, body: PauseRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Put enrolment on hold."""
        command = PauseEnrolment(occurred_at=body.occurred_at, because=body.because)
        return await at.carry_on(STUDY_SITES, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/suspend")
    async def suspend_site(site_id: str, body: SuspensionRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Stop the site by order of an authority, an ethics committee or the sponsor."""
        command = SuspendSite(occurred_at=body.occurred_at, ordered_by=body.ordered_by)
        return await at.carry_on(STUDY_SITES, site_id, command, reason=body.reason)


def _add_step(routes: APIRouter, name: str, command: type[StudySiteCommand]) -> None:
    @routes.post(f"/sites/{{site_id}}/{name}", name=OPERATION_OF.get(name, f"{name}-site"), description=command.__doc__)
    async def take_step(site_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        asked = command.model_validate({"occurred_at": body.occurred_at})
        return await at.carry_on(STUDY_SITES, site_id, asked, reason=body.reason)


def _add_early_end(routes: APIRouter, name: str, command: type[StudySiteCommand]) -> None:
    @routes.post(f"/sites/{{site_id}}/{name}", name=f"{name}-site", description=command.__doc__)
    async def end_early(site_id: str, body: EarlyEndRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        asked = command.model_validate({"occurred_at": body.occurred_at})
        return await at.carry_on(STUDY_SITES, site_id, asked, reason=body.reason)
