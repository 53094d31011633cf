"""Commands for submissions. A study or site is known once its event has come from `sites`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from chassis.commands import Builder, Unit
from kernel import BusinessTime, bounds

from regulatory.domain.calendar import deadline, decided, is_reckoned
from regulatory.domain.clock_rules import CLOCK_RULES, About, ClockRule
from regulatory.domain.clock_state import OPEN, Clock
from regulatory.domain.document_state import ControlledDocument
from regulatory.domain.submission import RECEIVED
from regulatory.domain.submission_commands import (
    AdoptedStep,
    AdoptSubmission,
    ApproveSubmission,
    CompletePreparation,
    ImplementModification,
    PrepareSubmission,
    ReceiveQuestions,
    Submit,
)
from regulatory.domain.submission_events import AnswerLimit
from regulatory.domain.submission_state import Submission
from regulatory.domain.submission_steps import Body, DocumentVersion, Kind, Part, Phase
from regulatory.handlers.known import require_site, require_study
from regulatory.handlers.places import place_of, zone_of
from regulatory.store import CLOCKS, DOCUMENTS, SUBMISSIONS

PHASE_OF: dict[str, Phase] = {step: phase for phase, step in RECEIVED.items()}


def prepare_submission(
    submission_id: str, study_id: str, site_id: str | None, facts: Mapping[str, object]
) -> Builder[PrepareSubmission]:
    """Begin a submission for a study that is known, and for a site of it where one is named."""

    async def build(unit: Unit) -> PrepareSubmission:
        return PrepareSubmission.model_validate({**facts, **await _about(unit, submission_id, study_id, site_id)})

    return build


def receive_questions(
    submission_id: str, at: BusinessTime, phase: Phase, part: Part | None, due_on: date | None
) -> Builder[ReceiveQuestions]:
    """Note the body's questions, and until when they must be answered: as it has set, or as the rule says."""

    async def build(unit: Unit) -> ReceiveQuestions:
        submission = await unit.require(SUBMISSIONS, submission_id)
        limit = None
        if submission.kind is not None:
            about = About(submission.country, submission.kind, submission.body, submission.parts)
            limit = answer_limit(about, RECEIVED[phase], at, due_on)
        return ReceiveQuestions(occurred_at=at, phase=phase, part=part, limit=limit)

    return build


def hand_over(
    submission_id: str, at: BusinessTime, step: type[CompletePreparation | Submit]
) -> Builder[CompletePreparation | Submit]:
    """Hand the dossier over, knowing which of its documents that are kept here are not approved."""

    async def build(unit: Unit) -> CompletePreparation | Submit:
        submission = await unit.require(SUBMISSIONS, submission_id)
        await unit.preload(DOCUMENTS, [one.document_id for one in submission.documents])
        kept = [(one, await unit.find(DOCUMENTS, one.document_id)) for one in submission.documents]
        waiting = tuple(one for one, found in kept if found is not None and not _is_approved(found, submission, one))
        return step(occurred_at=at, not_approved=waiting)

    return build


def approve_tacitly(submission_id: str, told: Mapping[str, Any]) -> Builder[ApproveSubmission]:
    """Note an agreement by silence, knowing how long the body has to decide."""

    async def build(unit: Unit) -> ApproveSubmission:
        await unit.require(SUBMISSIONS, submission_id)
        concerned = {"state.period.about_id": submission_id, "state.period.if_missed": "tacit_approval"}
        clocks = [Clock.model_validate(one["state"]) for one in await unit.read(CLOCKS.collection, concerned)]
        until = max((one.deadline.due_on for one in clocks if one.status in OPEN), default=None)
        return ApproveSubmission.model_validate({**told, "tacit": True, "body_has_until": until})

    return build


def answer_limit(about: About, step: str, at: BusinessTime, due_on: date | None) -> AnswerLimit | None:
    """Until when questions must be answered; None where neither the body nor a rule says so."""
    if not is_reckoned(at):
        return None
    rule = _answer_rule(about, step, at)
    lapses = rule is not None and rule.if_missed == "lapsed"
    if due_on is not None:
        zone = zone_of(about.country, otherwise="UTC")
        return AnswerLimit(due=decided(at, due_on, zone), by_body=True, lapses=lapses)
    if rule is None:
        return None
    return AnswerLimit(due=deadline(rule, at, place_of(rule, about.country, otherwise="UTC")), lapses=lapses)


def implement_modification(
    submission_id: str, at: BusinessTime, site_id: str | None, *, urgent: bool
) -> Builder[ImplementModification]:
    """Note that a modification is carried out, at a site of its study where one is named."""

    async def build(unit: Unit) -> ImplementModification:
        submission = await unit.require(SUBMISSIONS, submission_id)
        site = await require_site(unit, submission.study_id, site_id) if site_id is not None else None
        country = site["country"] if site is not None else None
        facts = {"site_id": site_id, "site_country": country, "urgent_safety_measure": urgent}
        return ImplementModification.model_validate({"occurred_at": at, **facts})

    return build


def adopt_submission(
    submission_id: str, study_id: str, site_id: str | None, facts: Mapping[str, Any], steps: tuple[AdoptedStep, ...]
) -> Builder[AdoptSubmission]:
    """Take a submission over with its dated steps, each request for information with its limit."""

    async def build(unit: Unit) -> AdoptSubmission:
        about = await _about(unit, submission_id, study_id, site_id)
        begun = steps[0].on if steps[0].step in {"planned", "prepared"} else None
        limits = tuple(_adopted_limit(facts, step) for step in steps)
        told = {**facts, **about, "occurred_at": begun, "planned": steps[0].step == "planned"}
        return AdoptSubmission.model_validate({**told, "steps": steps, "limits": limits})

    return build


async def _about(unit: Unit, submission_id: str, study_id: str, site_id: str | None) -> dict[str, Any]:
    study = await require_study(unit, study_id)
    site = await require_site(unit, study_id, site_id) if site_id is not None else None
    place = {"site_id": site_id, "site_country": site["country"] if site is not None else None}
    return {"submission_id": submission_id, "study_id": study_id, "sponsor_id": study["sponsor"], **place}


def _adopted_limit(facts: Mapping[str, Any], step: AdoptedStep) -> AnswerLimit | None:
    kind: Kind | None = facts.get("kind")
    if step.step not in PHASE_OF or kind is None:
        return None
    body: Body = facts["body"]
    return answer_limit(About(facts["country"], kind, body, facts.get("parts", ())), step.step, step.on, step.due_on)


def _answer_rule(about: About, step: str, at: BusinessTime) -> ClockRule | None:
    """The rule by which the sponsor must answer."""
    day = bounds(at)[0].date()
    found = [rule for rule in CLOCK_RULES.concerning(about) if rule.anchor == step and rule.obliges == "sponsor"]
    return next((rule for rule in found if rule.is_in_force(day)), None)


def _is_approved(document: ControlledDocument, submission: Submission, named: DocumentVersion) -> bool:
    """Whether the named version is one of this study's that is approved and not replaced."""
    version = next((one for one in document.versions if one.number == named.version), None)
    ours = document.study_id == submission.study_id
    return ours and version is not None and version.status in {"approved", "effective"}
