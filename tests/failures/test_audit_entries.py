"""Every mutating route leaves, for every role that may use it, one complete journal entry, and else none (G14).

What people write in it, names, reasons and files' names, is in the journal and in nothing that leaves a service.
"""

import re
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Final, cast

import canary
import httpx
import pytest
from amendment_ways import AMENDMENT_WAYS, amended, is_about_an_amendment
from canary import Watched, planted, published, watched
from chassis import clock
from chassis.http.roles import Role
from chassis.journal import entry_hash, journal_of
from chassis.mongo import Document
from chassis.scope import Scope
from contracts import TOPICS, derived_id, monitoring, regulatory
from document_ways import DOCUMENT_WAYS
from monitoring.domain.visit_report_content import topics_of
from start_up_ways import START_UP_WAYS
from studyline.testing import Servers
from studyline.testing.known import ACME, Known, take_over, tell_of
from studyline.testing.service import Face, running
from test_readme_tables import SERVICES, composed
from tmf_ways import ENTRIES_OF_IMPORT, TMF_WAYS, Upload

DAY: Final = "2022-03-01"
STEP: Final = {"occurred_at": DAY, "reason": "told by the site"}
STUDY: Final = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": DAY}
PLACE: Final = {"name": "Charité", "country": "DE"}
SUBJECT: Final = {"study_id": ACME.study_id, "site_id": ACME.site_id, "subject_key": "007-001", "on": "2019-05"}
SUBMISSION: Final = {"study_id": ACME.study_id, "body": "competent_authority", "country": "DE", **STEP}
APPROVAL: Final = {"reference": "R-1", "covers": ["Protocol 1.0"], **STEP}
SUBMISSIONS: Final = "/v1/submissions"
BOUND_TO_SPONSORS: Final = {Role.SPONSOR, Role.PARTNER}
PARKED_ROUTES: Final = ("/v1/parked/redrive", "/v1/parked/discard")
"""Parked records have a trail of their own: `test_parked_routes.py`."""
ASKING_ROUTES: Final = {"regulatory": ("/v1/clocks/simulate",)}
"""What is asked with a body and changes nothing."""
CLOCK: Final = {"study_id": ACME.study_id, "rule_id": "eu-serious-breach", "about_id": "breach-7", "country": "DE"}


@dataclass(frozen=True)
class Way:
    """How to bring a route to succeed: commands before it, each under the ids that those before gave, and its body.

    `of_all` needs a token that sees every sponsor; `entries` counts the aggregates that the command concerns.
    `taken_over` begins with a study of its own that came from elsewhere. A body of bytes is a file. A command before
    may name who gives it, and `subject` names who gives the command itself.
    """

    body: Mapping[str, Any] | bytes | Upload
    before: Sequence[tuple[Any, ...]] = ()
    path: str = ""
    subject: str = ""
    on_evidence: bool = False
    of_all: bool = False
    entries: int = 1
    taken_over: bool = False


def adopted(kind: str, record: Mapping[str, Any], before: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> Way:
    """A batch of one record."""
    return Way({"source": "audit", "records": [record]}, before, f"/v1/adoptions/{kind}")


REGISTERED: Final = (("/v1/studies", STUDY),)
AGREEMENT: Final = {"reference": "MSA-{key}", "cro": "A CRO", "effective_from": DAY, **STEP}
AGREED: Final = (*REGISTERED, ("/v1/studies/{id}/agreements", AGREEMENT))
TERMS: Final = {"obligation": "monitoring", "holder": "cro", "since": DAY, **STEP}
TRANSFERRED: Final = (*AGREED, ("/v1/agreements/{id}/transfer", TERMS))
MILESTONE: Final = {"key": {"level": "country", "kind": "authority_approval", "country": "DE"}, "planned": "2022-06-01"}
PLAN: Final = {
    "content": {"countries": [{"country": "DE", "sites": 1, "subjects": 5}], "milestones": [MILESTONE]},
    **STEP,
}
LATER: Final = {**MILESTONE, "planned": "2022-07-01"}
DRAFTED: Final = (*REGISTERED, ("/v1/studies/{id}/plan", PLAN))
BASELINED: Final = (*DRAFTED, ("/v1/studies/{id}/plan/approve-baseline", STEP))
IDENTIFIED: Final = (*REGISTERED, ("/v1/studies/{id}/sites", {**PLACE, **STEP}))
SELECTED: Final = (*IDENTIFIED, ("/v1/sites/{id}/select", STEP))
STARTED_UP: Final = (*SELECTED, ("/v1/sites/{id}/begin-start-up", STEP))
OPEN: Final = (
    *REGISTERED,
    (
        "/v1/adoptions/sites",
        {
            "source": "audit",
            "records": [{"key": "{key}", "study_id": "{id}", "status": "active", "activated_on": DAY, **PLACE}],
        },
    ),
)
PAUSED: Final = (*OPEN, ("/v1/sites/{id}/pause-enrolment", STEP))
LEFT: Final = {**STEP, "reason_code": "other"}
CONSENTED: Final = (*OPEN, ("/v1/sites/{id}/subjects", {"subject_key": "007", **STEP}))
PERSON: Final = {"family_name": "K", "given_name": "M", "profession": "nurse", "country": "DE", **STEP}
GCP: Final = {"kind": "gcp_certificate", "issued_on": DAY, **STEP}
PEOPLE, ORGANISATIONS = "/v1/people", "/v1/organisations"
KNOWN_PERSON: Final = ((PEOPLE, PERSON),)
CERTIFIED: Final = (*KNOWN_PERSON, (f"{PEOPLE}/{{person_id}}/credentials", GCP))
TWO_PEOPLE: Final = (*KNOWN_PERSON, *KNOWN_PERSON)
MERGED_PEOPLE: Final = (*TWO_PEOPLE, (f"{PEOPLE}/{{id}}/merge", {"into": "{earlier}", **STEP}))
KNOWN_PLACE: Final = ((ORGANISATIONS, {**PLACE, **STEP}),)
TWO_PLACES: Final = (*KNOWN_PLACE, *KNOWN_PLACE)
MERGED_PLACES: Final = (*TWO_PLACES, (f"{ORGANISATIONS}/{{id}}/merge", {"into": "{earlier}", **STEP}))
SITE_AND_PERSON: Final = (*IDENTIFIED, *KNOWN_PERSON)
LEADS: Final = {"person_id": "{person_id}", "role": "principal_investigator", **STEP}
LED: Final = (*SITE_AND_PERSON, ("/v1/sites/{site_id}/staff", LEADS))
ASKED: Final = {"sections": [{"title": "S", "questions": [{"code": "a", "text": "A?", "kind": "text"}]}]}
QUESTIONS: Final = {"title": "Feasibility", "definition": ASKED, "study_id": "{study_id}", **STEP}
FORMS: Final = "/v1/questionnaires"
WRITTEN: Final = (*REGISTERED, (FORMS, QUESTIONS))
ASKABLE: Final = (*IDENTIFIED, (FORMS, QUESTIONS), (f"{FORMS}/{{questionnaire_id}}/publish", STEP))
ASKS: Final = {"questionnaire_id": "{questionnaire_id}", **STEP}
SENT: Final = (*ASKABLE, ("/v1/sites/{site_id}/feasibility", ASKS))
ANSWERED: Final = {"answers": {"a": "x"}, "respondent_name": "M", "respondent_role": "C", **STEP}
ASSESSED: Final = "/v1/feasibility/{assessment_id}"
RETURNED: Final = (*SENT, (f"{ASSESSED}/answers", ANSWERED))
SCREENED: Final = (*CONSENTED, ("/v1/subjects/{id}/screen", STEP))
ENROLLED: Final = (*SCREENED, ("/v1/subjects/{id}/enrol", STEP))
ANOTHER_SITE: Final = {
    "source": "audit",
    "records": [{"key": "{key}-2", "study_id": "{study_id}", "status": "active", "activated_on": DAY, **PLACE}],
}
MOVING: Final = (*CONSENTED, ("/v1/adoptions/sites", ANOTHER_SITE))
TREATED: Final = (*ENROLLED, ("/v1/subjects/{id}/start-treatment", STEP))
PREPARED: Final = ((SUBMISSIONS, SUBMISSION),)
SUBMITTED: Final = (*PREPARED, (f"{SUBMISSIONS}/{{id}}/submit", STEP))
QUESTIONED: Final = (*SUBMITTED, (f"{SUBMISSIONS}/{{id}}/receive-questions", STEP))
APPROVED: Final = (*SUBMITTED, (f"{SUBMISSIONS}/{{id}}/approve", {**APPROVAL, "conditions": ["Report yearly."]}))
PLANNED_SUBMISSION: Final = (("/v1/submissions/plan", {**SUBMISSION, "kind": "notification"}),)
SUSPENDED: Final = (*APPROVED, (f"{SUBMISSIONS}/{{id}}/suspend", STEP))
INCOMPLETE: Final = (*SUBMITTED, (f"{SUBMISSIONS}/{{id}}/receive-validation-questions", STEP))
CHANGE: Final = ((SUBMISSIONS, {**SUBMISSION, "kind": "non_substantial"}),)
PROTOCOL: Final = {"tmf_unique_id": "032", "document_id": "protocol", "version": "1.0"}
ADOPTED_SUBMISSION: Final = {"study_id": ACME.study_id, "body": "competent_authority", "country": "DE"}
SUBMISSION_STEPS: Final = {
    "begin-preparation": Way(STEP, PLANNED_SUBMISSION),
    "documents": Way({"documents": [PROTOCOL], **STEP}, PREPARED),
    "complete-preparation": Way(STEP, PREPARED),
    "start-validation": Way(STEP, SUBMITTED),
    "receive-validation-questions": Way(STEP, SUBMITTED),
    "answer-validation-questions": Way(STEP, INCOMPLETE),
    "validate": Way(STEP, SUBMITTED),
    "find-invalid": Way(STEP, SUBMITTED),
    "start-assessment": Way(STEP, SUBMITTED),
    "conclude-part": Way({"part": "I", "conclusion": "acceptable", **STEP}, SUBMITTED),
    "approve-tacitly": Way(APPROVAL, SUBMITTED),
    "lapse": Way(STEP, APPROVED),
    "expire": Way(STEP, APPROVED),
    "renew": Way({"reference": "R-2", **STEP}, APPROVED),
    "suspend": Way(STEP, APPROVED),
    "reinstate": Way(STEP, SUSPENDED),
    "revoke": Way(STEP, APPROVED),
    "fulfil-condition": Way({"number": 1, **STEP}, APPROVED),
    "implement": Way(STEP, CHANGE),
}
RUNNING: Final = (("/v1/clocks", {**CLOCK, **STEP}),)
STANDING_STILL: Final = (*RUNNING, ("/v1/clocks/{id}/pause", STEP))
VISIT: Final = {"visit_type": "IMV", "planned_on": DAY, **STEP}
PLANNED: Final = ((f"/v1/sites/{ACME.site_id}/visits", VISIT),)
SCHEDULED: Final = (*PLANNED, ("/v1/visits/{id}/schedule", {"scheduled_on": DAY, **STEP}))
REPORT: Final = {
    "content": {
        "summary": "All of it.",
        "observations": [{"topic": topic.code, "outcome": "satisfactory"} for topic in topics_of("SIV")],
        "conclusion": "Ready.",
    },
    **STEP,
}
VISITED: Final = (
    (f"/v1/sites/{ACME.site_id}/visits", {**VISIT, "visit_type": "SIV"}),
    ("/v1/visits/{id}/schedule", {"scheduled_on": DAY, **STEP}),
    ("/v1/visits/{id}/complete", STEP),
)
OF_REPORT: Final = "/v1/visits/{visit_id}/report"
REPORTED: Final = (*VISITED, ("/v1/visits/{id}/report", REPORT, "author"))
PASSED_ON: Final = {"reviewer": "bob", "approver": "cleo", **STEP}
IN_REVIEW: Final = (*REPORTED, (f"{OF_REPORT}/submit", PASSED_ON))
REVIEWED_REPORT: Final = (*IN_REVIEW, (f"{OF_REPORT}/review", STEP, "bob"))
SIGNED: Final = {"version": "1", "sha256": "{sha256}", **STEP}
APPROVED_REPORT: Final = (*REVIEWED_REPORT, (f"{OF_REPORT}/approve", SIGNED, "cleo"))
EXPECTED: Final = (
    (f"/v1/sites/{ACME.site_id}/subject-visits", {"subject_key": "7", "visit_name": "Week {key}", **STEP}),
)

WAYS: Final[dict[str, dict[str, Way]]] = {
    "sites": {
        "/v1/studies": Way(STUDY),
        "/v1/studies/{study_id}/status": Way({"status": "recruiting", **STEP}, REGISTERED),
        "/v1/studies/{study_id}/milestones": Way({"kind": "study_start", "actual": DAY, **STEP}, REGISTERED),
        "/v1/studies/{study_id}/plan": Way(PLAN, REGISTERED),
        "/v1/studies/{study_id}/plan/approve-baseline": Way(STEP, DRAFTED),
        "/v1/studies/{study_id}/plan/replan": Way({"content": {"countries": [], "milestones": []}, **STEP}, BASELINED),
        "/v1/studies/{study_id}/plan/milestones": Way({"milestone": LATER, **STEP}, DRAFTED),
        "/v1/studies/{study_id}/milestones/record": Way(
            {"kind": "authority_approval", "country": "DE", "actual": DAY, **STEP}, REGISTERED
        ),
        "/v1/studies/{study_id}/agreements": Way(AGREEMENT, REGISTERED),
        "/v1/agreements/{agreement_id}/amend": Way({"reference": "A1", "effective_from": DAY, **STEP}, AGREED),
        "/v1/agreements/{agreement_id}/end": Way({"ended_on": DAY, **STEP}, AGREED),
        "/v1/agreements/{agreement_id}/transfer": Way(TERMS, AGREED),
        "/v1/agreements/{agreement_id}/return": Way(
            {"obligation": "monitoring", "returned_on": "2022-04-01", **STEP}, TRANSFERRED
        ),
        "/v1/studies/{study_id}/sites": Way({**PLACE, **STEP}, REGISTERED),
        "/v1/sites/{site_id}/select": Way(STEP, IDENTIFIED),
        "/v1/sites/{site_id}/reject": Way(STEP, IDENTIFIED),
        "/v1/sites/{site_id}/begin-start-up": Way(STEP, SELECTED),
        "/v1/sites/{site_id}/activate": Way(STEP, STARTED_UP, on_evidence=True),
        "/v1/sites/{site_id}/pause-enrolment": Way(STEP, OPEN),
        "/v1/sites/{site_id}/resume-enrolment": Way(STEP, PAUSED),
        "/v1/sites/{site_id}/close": Way(STEP, OPEN),
        "/v1/sites/{site_id}/terminate": Way(STEP, OPEN),
        "/v1/sites/{site_id}/subjects": Way({"subject_key": "007", **STEP}, OPEN),
        "/v1/sites/{site_id}/facility": Way(
            {"facility_id": "{organisation_id}", **STEP}, (*IDENTIFIED, *KNOWN_PLACE), of_all=True
        ),
        "/v1/sites/{site_id}/staff": Way(LEADS, SITE_AND_PERSON, of_all=True),
        "/v1/sites/{site_id}/staff/{assignment_id}/end": Way(STEP, LED),
        "/v1/sites/{site_id}/staff/{assignment_id}/void": Way(STEP, LED),
        "/v1/sites/{site_id}/principal-investigator": Way(
            {"person_id": "{person_id}", **STEP}, (*LED, *KNOWN_PERSON), of_all=True
        ),
        FORMS: Way(QUESTIONS, REGISTERED),
        f"{FORMS}/{{questionnaire_id}}/revise": Way({"title": "G", "definition": ASKED, **STEP}, WRITTEN),
        f"{FORMS}/{{questionnaire_id}}/publish": Way(STEP, WRITTEN),
        f"{FORMS}/{{questionnaire_id}}/retire": Way(STEP, WRITTEN),
        "/v1/sites/{site_id}/feasibility": Way(ASKS, ASKABLE),
        f"{ASSESSED}/renew-link": Way(STEP, SENT),
        f"{ASSESSED}/revoke-link": Way(STEP, SENT),
        f"{ASSESSED}/withdraw": Way(STEP, SENT),
        f"{ASSESSED}/answers": Way(ANSWERED, SENT),
        f"{ASSESSED}/reopen": Way(STEP, RETURNED),
        ORGANISATIONS: Way({**PLACE, **STEP}, of_all=True),
        f"{ORGANISATIONS}/{{organisation_id}}/correct": Way(
            {"name": "Ulm", "country": "DE", **STEP}, KNOWN_PLACE, of_all=True
        ),
        f"{ORGANISATIONS}/{{organisation_id}}/merge": Way(
            {"into": "{earlier}", **STEP}, TWO_PLACES, of_all=True, entries=2
        ),
        f"{ORGANISATIONS}/{{organisation_id}}/unmerge": Way(
            {"out_of": "{merged_into}", **STEP}, MERGED_PLACES, of_all=True, entries=2
        ),
        PEOPLE: Way(PERSON, of_all=True),
        f"{PEOPLE}/{{person_id}}/correct": Way({**PERSON, "title": "Dr."}, KNOWN_PERSON, of_all=True),
        f"{PEOPLE}/{{person_id}}/credentials": Way(GCP, KNOWN_PERSON, of_all=True),
        f"{PEOPLE}/{{person_id}}/credentials/{{credential_id}}/void": Way(STEP, CERTIFIED, of_all=True),
        f"{PEOPLE}/{{person_id}}/merge": Way({"into": "{earlier}", **STEP}, TWO_PEOPLE, of_all=True, entries=2),
        f"{PEOPLE}/{{person_id}}/unmerge": Way(
            {"out_of": "{merged_into}", **STEP}, MERGED_PEOPLE, of_all=True, entries=2
        ),
        "/v1/subjects/{subject_id}/screen": Way(STEP, CONSENTED),
        "/v1/subjects/{subject_id}/fail-screening": Way(LEFT, CONSENTED),
        "/v1/subjects/{subject_id}/enrol": Way(STEP, SCREENED),
        "/v1/subjects/{subject_id}/randomise": Way(STEP, ENROLLED),
        "/v1/subjects/{subject_id}/start-treatment": Way(STEP, ENROLLED),
        "/v1/subjects/{subject_id}/end-treatment": Way(STEP, TREATED),
        "/v1/subjects/{subject_id}/follow-up": Way(STEP, ENROLLED),
        "/v1/subjects/{subject_id}/complete": Way(STEP, ENROLLED),
        "/v1/subjects/{subject_id}/withdraw": Way(LEFT, CONSENTED),
        "/v1/subjects/{subject_id}/lose": Way(STEP, ENROLLED),
        "/v1/subjects/{subject_id}/record-death": Way(STEP, CONSENTED),
        "/v1/subjects/{subject_id}/reconsent": Way(
            {"consent_form": {"document_id": "icf", "version": "2.0"}, **STEP}, CONSENTED
        ),
        "/v1/subjects/{subject_id}/rescreen": Way(
            {**STEP, "occurred_at": "2022-04-01"}, (*CONSENTED, ("/v1/subjects/{id}/fail-screening", LEFT))
        ),
        "/v1/subjects/{subject_id}/transfer": Way({"site_id": "{id}", **STEP}, MOVING),
        "/v1/studies/{study_id}/enrolment-limits": Way({"subjects": 5, **STEP}, REGISTERED),
        "/v1/adoptions/studies": adopted(
            "studies",
            {"key": "{key}", "sponsor": {"name": "Acme"}, "protocol_number": "P", "title": "T", "status": "completed"},
        ),
        "/v1/adoptions/sites": adopted(
            "sites", {"key": "{key}", "study_id": "{id}", "status": "closed", **PLACE}, REGISTERED
        ),
        "/v1/adoptions/subjects": Way({}),
    },
    "regulatory": {
        SUBMISSIONS: Way(SUBMISSION),
        f"{SUBMISSIONS}/{{submission_id}}/submit": Way(STEP, PREPARED),
        f"{SUBMISSIONS}/{{submission_id}}/withdraw": Way(STEP, SUBMITTED),
        f"{SUBMISSIONS}/{{submission_id}}/receive-questions": Way(STEP, SUBMITTED),
        f"{SUBMISSIONS}/{{submission_id}}/answer-questions": Way(STEP, QUESTIONED),
        f"{SUBMISSIONS}/{{submission_id}}/approve": Way(APPROVAL, SUBMITTED),
        f"{SUBMISSIONS}/{{submission_id}}/reject": Way({"reference": "R-1", **STEP}, SUBMITTED),
        "/v1/submissions/plan": Way({**SUBMISSION, "kind": "notification"}),
        **{f"{SUBMISSIONS}/{{submission_id}}/{step}": way for step, way in SUBMISSION_STEPS.items()},
        "/v1/adoptions/submissions": adopted(
            "submissions", {**ADOPTED_SUBMISSION, "key": "{key}", "steps": [{"step": "submitted", "on": DAY}]}
        ),
        "/v1/clocks": Way({**CLOCK, **STEP}),
        "/v1/clocks/{clock_id}/stop": Way(STEP, RUNNING),
        "/v1/clocks/{clock_id}/end": Way(STEP, RUNNING),
        "/v1/clocks/{clock_id}/reopen": Way(STEP, (*RUNNING, ("/v1/clocks/{id}/end", STEP))),
        "/v1/clocks/{clock_id}/pause": Way(STEP, RUNNING),
        "/v1/clocks/{clock_id}/resume": Way(STEP, STANDING_STILL),
        "/v1/clocks/{clock_id}/extend": Way({**STEP, "due_on": "2199-12-31", "reference": "R/7"}, RUNNING),
    },
    "monitoring": {
        "/v1/sites/{site_id}/visits": Way(VISIT),
        "/v1/visits/{visit_id}/schedule": Way({"scheduled_on": DAY, **STEP}, PLANNED),
        OF_REPORT: Way(REPORT, VISITED),
        f"{OF_REPORT}/revise": Way({"content": {}, **STEP}, REPORTED),
        f"{OF_REPORT}/submit": Way(PASSED_ON, REPORTED),
        f"{OF_REPORT}/return": Way(STEP, IN_REVIEW, subject="bob"),
        f"{OF_REPORT}/review": Way(STEP, IN_REVIEW, subject="bob"),
        f"{OF_REPORT}/approve": Way(SIGNED, REVIEWED_REPORT, subject="cleo"),
        f"{OF_REPORT}/reopen": Way(STEP, APPROVED_REPORT),
        "/v1/visits/{visit_id}/complete": Way(STEP, SCHEDULED),
        "/v1/visits/{visit_id}/cancel": Way(STEP, PLANNED),
        "/v1/sites/{site_id}/subject-visits": Way({"subject_key": "7", "visit_name": "Day {key}", **STEP}),
        "/v1/subject-visits/{subject_visit_id}/complete": Way(STEP, EXPECTED),
        "/v1/subject-visits/{subject_visit_id}/miss": Way(STEP, EXPECTED),
        "/v1/studies/{study_id}/protocol-deviations": Way({"category": "other", "important": False, **STEP}),
        "/v1/sites/{site_id}/adverse-events": Way({"subject_key": "7", "serious": False, **STEP}),
        "/v1/adoptions/subject-visits": adopted(
            "subject-visits", {**SUBJECT, "key": "{key}", "visit_name": "Week {key}", "outcome": "completed"}
        ),
        "/v1/adoptions/protocol-deviations": adopted(
            "protocol-deviations", {**SUBJECT, "key": "{key}", "category": "other", "important": False}
        ),
        "/v1/adoptions/adverse-events": adopted("adverse-events", {**SUBJECT, "key": "{key}", "serious": False}),
    },
}
WAYS["sites"]["/v1/adoptions/subjects"] = adopted(
    "subjects",
    {"key": "{key}", "study_id": "{study_id}", "site_id": "{id}", "steps": [{"step": "consented", "on": DAY}]},
    OPEN,
)

for _route, (_body, _before) in TMF_WAYS.items():
    _entries = ENTRIES_OF_IMPORT if _route.endswith("/imports") else 1
    WAYS["regulatory"][_route] = Way(_body, _before, entries=_entries, taken_over=True)
for _route, (_body, _before, _path) in (START_UP_WAYS | AMENDMENT_WAYS).items():
    WAYS["sites"][_route] = Way(_body, _before, _path)
WAYS["regulatory"] |= {route: Way(*way) for route, way in DOCUMENT_WAYS.items()}


@pytest.fixture(scope="module")
def watching() -> Generator[Watched]:
    """What the services log and trace while these tests run."""
    with watched() as found:
        yield found


@pytest.fixture(scope="module")
async def faces(servers: Servers, watching: Watched) -> AsyncGenerator[dict[str, Face]]:
    """Each service that has a journal; those which listen to `sites` know a study."""
    assert watching.logs is not None
    async with AsyncExitStack() as stack:
        made: dict[str, Face] = {}
        for service in WAYS:
            compose, settings = import_module(f"{service}.app").compose, import_module(f"{service}.settings").Settings
            listens_to = import_module(f"{service}.consumers").LISTENS_TO
            made[service] = await stack.enter_async_context(running(servers, compose, settings, listens_to=listens_to))
        for service in ("regulatory", "monitoring"):
            projections = import_module(f"{service}.projections")
            collections = (projections.STUDIES.collection, projections.SITES.collection)
            await tell_of(made[service], (ACME,), into=collections)
        yield made


def filled(value: Any, **names: str) -> Any:
    """Braces filled in, however deep."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda hole: names.get(hole[1], hole[0]), value)
    if isinstance(value, Mapping):
        return {name: filled(one, **names) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return [filled(one, **names) for one in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


async def prepared(face: Face, way: Way, route: str) -> tuple[str, Any]:
    """The path and the body with which the route can succeed now."""
    names = {"key": clock.new_id()[:8], "study_id": ACME.study_id, "site_id": ACME.site_id, "id": ""}
    learned: dict[str, str] = {}
    if way.taken_over:
        known = Known("Acme", derived_id("study", names["key"]), derived_id("study-site", names["key"]), "DE")
        await take_over(face, known, into="studies")
        names["study_id"] = known.study_id
    for path, body, *by in way.before:
        asking = face.acting("operations", subject=by[0], signing=True) if by else face
        if is_about_an_amendment(path):
            learned["amendment_id"] = await amended(face, names["study_id"], names["id"])
            names |= learned
        there = filled(path, **names)
        answer = await sent(asking, there, planted(there, filled(body, **names)))
        assert answer.is_success, f"{path}: {answer.text}"
        told = answer.json()
        told = told["results"][0] if "results" in told else told
        learned |= ids_in(told)
        kind = path.rpartition("/")[2]
        names["earlier"] = names["id"]
        names["id"] = told.get("id") or told[ID_OF.get(kind, next(one for one in told if one.endswith("_id")))]
        names |= learned
    if way.on_evidence:
        await told_of_evidence(face, {"study_id": names["study_id"], "site_id": names["id"], "country": "DE"})
    if is_about_an_amendment(way.path) and "amendment_id" not in learned:
        learned["amendment_id"] = await amended(face, names["study_id"], names["id"])
    if names["id"]:
        names |= dict.fromkeys(re.findall(r"\{(\w+)\}", route), names["id"]) | learned
    there = filled(way.path or route, **names)
    return there, planted(there, filled(way.body, **names))


async def sent(face: Face, path: str, body: Any) -> httpx.Response:
    """Give a command; its body may be a file."""
    if isinstance(body, Upload):
        names = {name: canary.FILE for name in body.told if name == "filename"}
        return await face.upload(path, body.content, body.media_type, **{**body.told, "reason": canary.TEXT, **names})
    if not isinstance(body, bytes):
        return await face.post(path, body)
    return await face.upload(path, body, "application/pdf", filename=canary.FILE, reason=canary.TEXT)


def ids_in(told: Mapping[str, Any]) -> dict[str, str]:
    """The ids that an answer tells, and those of what was added last to a list in it, however deep."""
    lists = [cast("list[Any]", value) for value in told.values() if isinstance(value, list)]
    parts = [cast("dict[str, Any]", one[-1]) for one in lists if one and isinstance(one[-1], dict)]
    inner = {name: value for part in parts for name, value in ids_in(part).items()}
    own = {name: value for name, value in told.items() if isinstance(value, str)}
    return inner | {
        name: value for name, value in own.items() if name.endswith("_id") or name in {"merged_into", "sha256"}
    }


async def told_of_evidence(face: Face, site: dict[str, str]) -> None:
    """What neighbours tell that lets a site be activated, until it is known."""
    decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
    for body in ("competent_authority", "ethics_committee"):
        about = {**site, **decision, "submission_id": f"{body}-{site['site_id']}", "body": body}
        approved = regulatory.SubmissionApproved.model_validate(about)
        await face.tell(TOPICS["regulatory"], f"submission/{about['submission_id']}", approved, sponsor="Acme")
    visit = {**site, "visit_id": f"siv-{site['site_id']}", "visit_type": "SIV"}
    completed = monitoring.MonitoringVisitCompleted.model_validate(visit)
    await face.tell(TOPICS["monitoring"], f"monitoring-visit/{visit['visit_id']}", completed, sponsor="Acme")
    known = 0
    while known < PIECES_OF_EVIDENCE:
        items = (await face.get(f"/v1/sites/{site['site_id']}/readiness")).json()["items"]
        known = sum(len(item["evidence"]) for item in items)


PIECES_OF_EVIDENCE: Final = 3
REASON_OF_ADOPTION: Final = "adopted from audit"
ID_OF: Final = {
    "subjects": "subject_id",
    "sites": "site_id",
    "agreements": "agreement_id",
    "transfer": "agreement_id",
    "visits": "visit_id",
    "subject-visits": "subject_visit_id",
}


async def entries_of(face: Face, since: datetime) -> list[Document]:
    """What people have done since then, as finely as times are stored; what follows by a policy comes when it comes."""
    stored = since.replace(microsecond=since.microsecond // 1_000 * 1_000)
    found = await journal_of(face.database).find(
        Scope.everything(), {"unsealed": True, "recorded_at": {"$gte": stored}}
    )
    return [one for one in found if not one["actor"]["id"].startswith("service:")]


def test_every_mutating_route_has_its_way() -> None:
    for service in SERVICES:
        paths = composed(service).app("api").openapi()["paths"]
        mutating = {path for path, item in paths.items() if item.keys() - {"get"}}
        assert mutating == {*WAYS.get(service, ()), *PARKED_ROUTES, *ASKING_ROUTES.get(service, ())}


@pytest.mark.parametrize(("service", "route"), [(service, route) for service, ways in WAYS.items() for route in ways])
async def test_every_role_leaves_one_complete_entry_or_is_refused_and_leaves_none(
    faces: dict[str, Face], service: str, route: str
) -> None:
    face, way = faces[service].acting("operations", signing=True), WAYS[service][route]
    allowed: set[str] = set()
    asked: tuple[str, Any] | None = None
    for role in Role:
        path, body = asked = asked or await prepared(face, way, route)
        since = clock.now()
        sponsors = () if way.of_all and role not in BOUND_TO_SPONSORS else ("Acme",)
        caller = face.acting(role.value, *sponsors, subject=way.subject, name=canary.NAME, signing=True)
        answer = await sent(caller, path, body)
        new = await entries_of(face, since)
        if answer.status_code == 403:
            assert new == []
            continue
        assert answer.is_success, f"{role}: {answer.text}"
        assert len(new) == way.entries
        for entry in new:
            assert_complete(entry, role.value, reason_of(body))
        allowed.add(role.value)
        asked = None
    assert {"operations", "admin"} <= allowed < {role.value for role in Role}


@pytest.mark.parametrize("service", list(WAYS))
async def test_what_people_wrote_is_in_the_journal_and_in_nothing_that_leaves_a_service(
    faces: dict[str, Face], watching: Watched, service: str
) -> None:
    face = faces[service]
    entries = await journal_of(face.database).find(Scope.everything(), {})
    assert len(canary.of_her(repr(one["events"]) + repr(one["reason"]) for one in entries)) > len(WAYS[service])
    records = await published(face, TOPICS[service])
    assert len(records) > len(WAYS[service])
    assert canary.of_her(records) == []
    told = list(watching.told())
    assert any('"kind"' in one for one in told), "spans were recorded"
    assert any("route" in one for one in told), "requests were logged"
    assert canary.of_her(told) == []


def reason_of(body: Any) -> str | None:
    """Why the command was given: a file's is told beside it."""
    if isinstance(body, bytes | Upload):
        return canary.TEXT
    return REASON_OF_ADOPTION if "records" in body else body.get("reason")


def assert_complete(entry: Document, role: str, reason: str | None) -> None:
    """Who, when, on whose behalf, why, what, before and after, chained and hashed."""
    assert entry["actor"]["id"]
    assert entry["actor"]["roles"] == [role]
    assert entry["recorded_at"].utcoffset().total_seconds() == 0
    assert entry["reason"] == reason
    assert entry["on_behalf_of"] == entry["sponsor"]
    assert entry["study"]
    assert entry["events"]
    assert entry["version"]["after"] == entry["version"]["before"] + len(entry["events"])
    assert (entry["prev_hash"] is None) == (entry["version"]["before"] == 0)
    assert entry["hash"] == entry_hash(entry)
    assert entry["provenance"] in {"recorded", "migrated"}
    assert entry["fingerprint"]
    assert entry["unsealed"] is True
