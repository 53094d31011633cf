"""Routes of subjects: pseudonymous keys only."""

from typing import Annotated, Any, Final

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, CountryCode, Identifier, Request, StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import DateOnly
from pydantic import Field

from sites.domain.consent_forms import Form
from sites.domain.enrolment_limits import SUBJECTS_MAX
from sites.domain.leaving import ScreenFailureReason, WithdrawalReason
from sites.domain.subject_messages import StepName
from sites.handlers import subjects as handlers
from sites.queries.consent_forms import forms_in_effect
from sites.store import ENROLMENT_LIMITS, STUDY_SITES, SUBJECTS

Entering = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]
Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]
STEPS: Final[dict[str, tuple[StepName, str, str]]] = {
    "screen": ("screened", "screen_subject", "Note that screening began."),
    "enrol": ("enrolled", "enrol_subject", "Note that the subject takes part; refused beyond a limit, or on hold."),
    "randomise": ("randomised", "randomise_subject", "Note that the subject was assigned to an arm."),
    "start-treatment": ("treatment_started", "start_treatment", "Note the first treatment."),
    "end-treatment": ("treatment_ended", "end_treatment", "Note the last treatment."),
    "follow-up": ("follow_up", "follow_up_subject", "Note that follow-up after treatment began."),
    "complete": ("completed", "complete_subject", "Note that the subject completed the study."),
    "lose": ("lost_to_follow_up", "lose_subject", "Note that the subject cannot be reached any more."),
    "record-death": ("died", "record_death", "Note that the subject died."),
}
"""The last part of the path, and which step it takes under which name."""


class ConsentFormRequest(Request):
    """A version of an informed consent form, as `regulatory` keeps it."""

    document_id: Code
    version: Code

    @property
    def form(self) -> Form:
        """The form."""
        return Form(document_id=self.document_id, version=self.version)


class ConsentRequest(StepRequest):
    """A subject's consent, and to which form; the key is a pseudonym, unique in the study."""

    subject_key: Code
    consent_form: ConsentFormRequest | None = None


class ReconsentRequest(StepRequest):
    """A consent anew, and to which form."""

    consent_form: ConsentFormRequest


class RescreenRequest(StepRequest):
    """Another attempt, and to which form the subject consented for it."""

    consent_form: ConsentFormRequest | None = None


class ScreenFailureRequest(StepRequest):
    """Why the subject does not qualify."""

    reason_code: ScreenFailureReason


class WithdrawalRequest(StepRequest):
    """Why the subject left before the end."""

    reason_code: WithdrawalReason


class TransferRequest(StepRequest):
    """The site at which the subject goes on."""

    site_id: Identifier


class LimitRequest(StepRequest):
    """How many subjects may be enrolled: in the study, or in the country or at the site named. Null lifts a limit."""

    country: CountryCode | None = None
    site_id: Identifier | None = None
    subjects: int | None = Field(ge=0, le=SUBJECTS_MAX)


def router(database: Database) -> APIRouter:
    """The routes of subjects."""
    routes = APIRouter(prefix="/v1", tags=["subjects"])
    _add_reads(routes, database)
    _add_acts(routes)

    @routes.post("/sites/{site_id}/subjects", status_code=201)
    async def consent_subject(site_id: str, body: ConsentRequest, at: Entering) -> JSONResponse:
        """Note a subject's informed consent at a site."""
        subject_id, form = at.new_id("subject"), _form(body.consent_form)
        command = handlers.consent_subject(subject_id, site_id, body.subject_key, form, body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason, created=True)

    @routes.post("/studies/{study_id}/enrolment-limits", status_code=201)
    async def limit_enrolment(study_id: str, body: LimitRequest, at: Managing) -> JSONResponse:
        """Limit how many subjects the study, a country or a site may enrol, all told."""
        place = (body.country, body.site_id)
        command = handlers.limit_enrolment(study_id, *place, body.subjects, body.occurred_at)
        return await at.carry_out(ENROLMENT_LIMITS, study_id, command, reason=body.reason, created=True)

    for path, (step, name, told) in STEPS.items():
        _add_step(routes, path, step, (name, told))
    return routes


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("/sites/{site_id}/subjects")
    async def list_subjects(  # pyright: ignore[reportUnusedFunction]
        site_id: str, caller: Caller, wanted: Paging
    ) -> Page[dict[str, Any]]:
        """The subjects of a site."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        return await reading.page(database, caller.scope, SUBJECTS, {"state.site_id": site_id}, wanted)

    @routes.get("/sites/{site_id}/consent-forms")
    async def list_consent_forms(  # pyright: ignore[reportUnusedFunction]
        site_id: str, caller: Caller, on: DateOnly | None = None
    ) -> list[Form]:
        """The versions of informed consent forms in effect at the site on a day, today unless one is named."""
        return await forms_in_effect(database, caller.scope, site_id, on)

    @routes.get("/studies/{study_id}/enrolment-limits")
    async def read_enrolment_limits(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, response: Response
    ) -> dict[str, Any]:
        """The limits of a study that has some; their version as ETag."""
        return await reading.answered(database, caller.scope, ENROLMENT_LIMITS, study_id, response)

    @routes.get("/subjects/{subject_id}")
    async def read_subject(  # pyright: ignore[reportUnusedFunction]
        subject_id: str, caller: Caller, response: Response
    ) -> dict[str, Any]:
        """One subject; its version as ETag."""
        return await reading.answered(database, caller.scope, SUBJECTS, subject_id, response)


def _add_acts(routes: APIRouter) -> None:
    @routes.post("/subjects/{subject_id}/reconsent")
    async def reconsent_subject(  # pyright: ignore[reportUnusedFunction]
        subject_id: str, body: ReconsentRequest, at: Entering
    ) -> JSONResponse:
        """Note that the subject consented anew, to a form in effect at its site."""
        command = handlers.reconsent_subject(subject_id, body.consent_form.form, body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)

    @routes.post("/subjects/{subject_id}/fail-screening")
    async def fail_screening(  # pyright: ignore[reportUnusedFunction]
        subject_id: str, body: ScreenFailureRequest, at: Entering
    ) -> JSONResponse:
        """Note that the subject does not qualify, and why."""
        command = handlers.advance_subject(subject_id, "screen_failed", body.occurred_at, body.reason_code)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)

    @routes.post("/subjects/{subject_id}/withdraw")
    async def withdraw_subject(  # pyright: ignore[reportUnusedFunction]
        subject_id: str, body: WithdrawalRequest, at: Entering
    ) -> JSONResponse:
        """Note that the subject left before the end, and why."""
        command = handlers.advance_subject(subject_id, "withdrawn", body.occurred_at, body.reason_code)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)

    @routes.post("/subjects/{subject_id}/rescreen")
    async def rescreen_subject(  # pyright: ignore[reportUnusedFunction]
        subject_id: str, body: RescreenRequest, at: Entering
    ) -> JSONResponse:
        """Begin another attempt after a screening that failed; the first one stays."""
        command = handlers.rescreen_subject(subject_id, _form(body.consent_form), body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)

    @routes.post("/subjects/{subject_id}/transfer")
    async def transfer_subject(  # pyright: ignore[reportUnusedFunction]
        subject_id: str, body: TransferRequest, at: Entering
    ) -> JSONResponse:
        """Go on at another site of the study; the key stays."""
        command = handlers.transfer_subject(subject_id, body.site_id, body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)


def _add_step(routes: APIRouter, path: str, step: StepName, told: tuple[str, str]) -> None:
    name, description = told

    @routes.post(f"/subjects/{{subject_id}}/{path}", name=name, description=description)
    async def take_step(subject_id: str, body: StepRequest, at: Entering) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        command = handlers.advance_subject(subject_id, step, body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)


def _form(given: ConsentFormRequest | None) -> Form | None:
    return given.form if given is not None else None
