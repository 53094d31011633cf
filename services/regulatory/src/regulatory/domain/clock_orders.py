"""What a step of a submission asks of a clock, as the clock's rule says. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from kernel import BusinessTime

from regulatory.domain.clock_rules import ClockRule
from regulatory.domain.submission_steps import StepTaken

Consequence = Literal["stop", "pause", "resume", "end", "reopen"]

OVER: Final = frozenset({"found_invalid", "rejected", "withdrawn", "lapsed", "expired", "revoked"})
"""With these steps nothing of the submission is due any more."""
AFTER_APPROVAL: Final = frozenset({"approved", "renewed"})
"""A clock that these begin runs on beside an approval; all others are over with it."""

BRINGS_BACK: Final = frozenset({"questions_answered", "validation_questions_answered", "answer_limit_extended"})
"""An answer in time, or more time for it, that is entered after the lapse brings the submission back, and with it what
ended then."""


@dataclass(frozen=True)
class StartForSubmission:
    """Begin a period of a submission that was at a version; `due_on` where the body has set its end."""

    rule: ClockRule
    submission_id: str
    study_id: str
    sponsor_id: str
    country: str
    site_id: str | None
    since: BusinessTime
    version: int
    round: int | None
    due_on: date | None


@dataclass(frozen=True)
class Extend:
    """Lengthen a period by another rule's days."""

    rule: ClockRule
    on: BusinessTime


@dataclass(frozen=True)
class Reopen:
    """Take an end back."""

    on: BusinessTime


@dataclass(frozen=True)
class Resume:
    """Let a paused period go on."""

    on: BusinessTime


def consequence(rule: ClockRule, names: Collection[str]) -> Consequence | None:
    """What a step, by the names that rules have for it, makes of a clock under the rule."""
    there = frozenset(names)
    if there & set(rule.stops_on):
        return "stop"
    if there & set(rule.pauses_on):
        return "pause"
    if there & set(rule.resumes_on):
        return "resume"
    if there & BRINGS_BACK:
        return "reopen"
    return "end" if there & OVER or ("approved" in there and rule.anchor not in AFTER_APPROVAL) else None


def is_over(rule: ClockRule, later: Collection[StepTaken]) -> bool:
    """Whether one of the steps that came later has stopped or ended a clock under the rule."""
    return any(consequence(rule, names_taken(step)) in {"stop", "end"} for step in later)


def names_taken(taken: StepTaken) -> frozenset[str]:
    """The names that rules have for a step in a submission's history."""
    if taken.step == "tacitly_approved":
        return frozenset({"approved"})
    if taken.step == "part_concluded":
        return part_names(taken.part or "", completes=taken.completes)
    return frozenset({taken.step})


def part_names(part: str, *, completes: bool) -> frozenset[str]:
    """The names of a conclusion on a part; with the last one the assessment is concluded."""
    return frozenset({f"part_{part.lower()}_concluded"} | ({"assessment_concluded"} if completes else set[str]()))
