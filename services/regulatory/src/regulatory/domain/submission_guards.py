"""What stands in the way of a submission's steps; every check names all that is unmet and how to mend it."""

from collections.abc import Iterable, Sequence

from kernel import BusinessTime, Reason, is_before

from regulatory.domain.calendar import is_too_late
from regulatory.domain.required_documents import required_documents
from regulatory.domain.submission_commands import ApproveSubmission, ImplementModification, RenewApproval
from regulatory.domain.submission_state import Round, Submission
from regulatory.domain.submission_steps import (
    AWAITED,
    FOLLOWS,
    GRANTED,
    DocumentVersion,
    Kind,
    Part,
    Phase,
    StepName,
    words,
)

NEEDED: dict[str, str] = {
    "occurred_at": "The date of the decision is missing.",
    "reference": "The body's reference of its decision is missing.",
    "covers": "Name at least one document version that the decision covers.",
}
MODIFICATIONS: frozenset[Kind | None] = frozenset({"substantial_modification", "non_substantial"})


def in_the_way(submission: Submission, step: StepName, at: BusinessTime | None) -> list[Reason]:
    """What the stage and the dates say against a step."""
    return [*out_of_order(submission, step), *too_early(submission, step, at)]


def out_of_order(submission: Submission, step: StepName) -> list[Reason]:
    """Nothing where the step may be taken at this stage."""
    if submission.stage in FOLLOWS[step]:
        return []
    expected = " or ".join(words(one) for one in FOLLOWS[step])
    detail = f"{_named(step)} cannot follow {words(submission.stage)}: it follows {expected}."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def too_early(submission: Submission, step: StepName, at: BusinessTime | None) -> list[Reason]:
    """A step that certainly lies before the last one has a wrong date."""
    last = submission.last_step_on
    if last is None or at is None or not is_before(at, last):
        return []
    detail = f"{_named(step)} on {at} lies before {words(submission.last_step)} on {last}."
    return [Reason(code="before_last_step", field="occurred_at", detail=detail)]


def missing_documents(submission: Submission, not_approved: Sequence[DocumentVersion]) -> list[Reason]:
    """Every document that the country requires and that is not named, or whose version is not approved."""
    if submission.kind is None:
        return []
    named = {document.tmf_unique_id for document in submission.documents}
    wanted = required_documents(submission.country, submission.kind, submission.body, submission.parts)
    missing = [
        Reason(
            code="document_missing",
            field=f"documents.{row.tmf_unique_id}",
            detail=f"{row.name} (TMF {row.number}, {row.tmf_unique_id}) is missing: name its version. {row.source}.",
        )
        for row in wanted
        if row.tmf_unique_id not in named
    ]
    return [*missing, *map(_not_approved, not_approved)]


def repeated_documents(documents: Iterable[DocumentVersion]) -> list[Reason]:
    """A document stands in a dossier in one version."""
    seen: set[str] = set()
    twice = [one for one in documents if one.document_id in seen or seen.add(one.document_id)]
    return [
        Reason(
            code="document_twice",
            field="documents",
            detail=f"Document {one.document_id} is named twice: name the one version that is submitted.",
        )
        for one in twice
    ]


def repeated_parts(parts: Sequence[Part]) -> list[Reason]:
    """A dossier has each of its parts once (CTR 536/2014 art. 6 and 7)."""
    if len(set(parts)) == len(parts):
        return []
    detail = f"The parts {', '.join(parts)} name one twice: name each part of the dossier once."
    return [Reason(code="part_twice", field="parts", detail=detail)]


def gaps(command: ApproveSubmission) -> list[Reason]:
    """What makes a decision one, and is missing."""
    covers = command.covers or command.documents
    there = {"occurred_at": command.occurred_at, "reference": command.reference, "covers": covers}
    return [
        Reason(code=f"{field}_missing", field=field, detail=text) for field, text in NEEDED.items() if not there[field]
    ]


def not_submitted(submission: Submission, command: ApproveSubmission) -> list[Reason]:
    """A decision cannot cover a document version that the body does not have."""
    strange = [one for one in command.documents if one not in submission.documents]
    return [
        Reason(
            code="document_not_submitted",
            field="documents",
            detail=f"Version {one.version} of {one.document_id} was not submitted: the decision cannot cover it.",
        )
        for one in strange
    ]


def not_silent_long_enough(command: ApproveSubmission) -> list[Reason]:
    """Silence is an agreement once the body's period is over, and not before (CTR 536/2014 art. 8(6))."""
    until, at = command.body_has_until, command.occurred_at
    if not command.tacit or until is None or at is None or not is_before(at, until.isoformat()):
        return []
    detail = f"The body has until {until} to decide: its silence on {at} is no agreement. Correct the date, or wait."
    return [Reason(code="period_not_over", field="occurred_at", detail=detail)]


def expired_at_once(ends: BusinessTime | None, at: BusinessTime | None) -> list[Reason]:
    """An approval cannot run out before it is given."""
    if ends is None or at is None or not is_before(ends, at):
        return []
    detail = f"The approval cannot expire on {ends}, before its decision on {at}."
    return [Reason(code="expires_before_decision", field="expires_on", detail=detail)]


def not_renewed(command: RenewApproval) -> list[Reason]:
    """What a renewal needs."""
    missing = (
        [] if command.reference else [Reason(code="reference_missing", field="reference", detail=NEEDED["reference"])]
    )
    return [*missing, *expired_at_once(command.expires_on, command.occurred_at)]


def no_condition(submission: Submission, number: int) -> list[Reason]:
    """Conditions are counted from 1."""
    if 1 <= number <= len(submission.conditions):
        return []
    detail = f"There is no condition {number}: the approval has {len(submission.conditions)}."
    return [Reason(code="condition_unknown", field="number", detail=detail)]


def not_to_be_implemented(submission: Submission, command: ImplementModification) -> list[Reason]:
    """A modification waits for its approval, unless it is an urgent safety measure (CTR 536/2014 art. 15 and 54)."""
    if submission.kind not in MODIFICATIONS:
        detail = f"A submission of kind {submission.kind} is no modification: nothing of it is carried out at sites."
        return [Reason(code="no_modification", field="kind", detail=detail)]
    unmet = _elsewhere(submission, command)
    if command.urgent_safety_measure:
        return unmet
    if submission.kind == "non_substantial":
        return [*unmet, *_given_up(submission)]
    if submission.stage not in GRANTED:
        detail = "The modification is not approved: carry it out after the approval, or as an urgent safety measure."
        return [*unmet, Reason(code="not_approved", field="status", detail=detail)]
    return [*unmet, *_before_decision(submission, command.occurred_at)]


def awaited_round(submission: Submission, phase: Phase) -> Round | None:
    """The round of this phase that still has no answer, or None."""
    last = submission.rounds[-1] if submission.rounds else None
    return last if last is not None and last.phase == phase and last.answered_on is None else None


def waiting_round(submission: Submission) -> Round | None:
    """The round whose answer the body awaits, or awaited until the submission lapsed for want of it; or None."""
    if submission.stage in AWAITED or (submission.stage == "lapsed" and submission.granted_as is None):
        last = submission.rounds[-1] if submission.rounds else None
        return last if last is not None and last.answered_on is None else None
    return None


def answered_too_late(awaited: Round | None, at: BusinessTime | None) -> bool:
    """Whether an answer certainly comes after its limit."""
    return awaited is not None and awaited.limit is not None and at is not None and is_too_late(at, awaited.limit.due)


def _not_approved(document: DocumentVersion) -> Reason:
    named = f"Version {document.version} of document {document.document_id}"
    detail = f"{named} is no approved version of this study's documents: approve it, or name the one that is."
    return Reason(code="document_not_approved", field=f"documents.{document.tmf_unique_id}", detail=detail)


def _elsewhere(submission: Submission, command: ImplementModification) -> list[Reason]:
    if command.site_country in {None, submission.country}:
        return []
    detail = f"The site lies in {command.site_country}: the modification is approved, or not, for {submission.country}."
    return [Reason(code="country_differs", field="site_id", detail=detail)]


def _given_up(submission: Submission) -> list[Reason]:
    if submission.stage not in {"rejected", "withdrawn", "lapsed"}:
        return []
    detail = f"The modification is {submission.stage}: nothing of it may be carried out."
    return [Reason(code="not_approved", field="status", detail=detail)]


def _before_decision(submission: Submission, at: BusinessTime | None) -> list[Reason]:
    decided = submission.decided_on
    if decided is None or at is None or not is_before(at, decided):
        return []
    detail = f"It was approved on {decided}: it cannot be carried out on {at}, but as an urgent safety measure."
    return [Reason(code="before_approval", field="occurred_at", detail=detail)]


def _named(step: StepName) -> str:
    text = words(step)
    return text[0].upper() + text[1:]
