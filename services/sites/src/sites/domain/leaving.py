"""Why a subject does not go on: coded reasons of a failed screening and of a withdrawal, one of which must be given.

The codes are those of CDISC controlled terminology for a completion or the reason for none (NCOMPLT, codelist C66727),
as far as they fit; a failed screening has that of the criteria besides. What more there is to say stays at the site.
"""

from typing import Final, Literal, get_args

from kernel import Reason

Usual = Literal[
    "adverse_event",
    "physician_decision",
    "pregnancy",
    "site_terminated_by_sponsor",
    "study_terminated_by_sponsor",
    "technical_problems",
    "withdrawal_by_parent_or_guardian",
    "withdrawal_by_subject",
    "other",
]
ScreenFailureReason = Literal[Usual, "eligibility_criteria_not_met", "enrolment_closed", "lost_to_follow_up"]
WithdrawalReason = Literal[
    Usual,
    "lack_of_efficacy",
    "non_compliance_with_study_drug",
    "progressive_disease",
    "protocol_deviation",
    "recovery",
]
LeavingReason = ScreenFailureReason | WithdrawalReason
REASONS: Final[dict[str, tuple[str, ...]]] = {
    "screen_failed": get_args(ScreenFailureReason),
    "withdrawn": get_args(WithdrawalReason),
}
"""By step, the reasons of which it needs one; other steps have none."""


def unreasoned(step: str, reason_code: str | None) -> list[Reason]:
    """What is wrong with the reason given for a step."""
    if step not in REASONS or reason_code in REASONS[step]:
        return []
    said = misplaced(step, reason_code) or f"The reason is missing. {_known(step)}"
    return [Reason(code="reason_code_missing", field="reason_code", detail=said)]


def misplaced(step: str, reason_code: str | None) -> str | None:
    """What is wrong with a reason that is none of its step, in a sentence; None where there is none, or it is one."""
    if reason_code is None or reason_code in REASONS.get(step, ()):
        return None
    return f"{reason_code} is no reason for this step. {_known(step)}"


def _known(step: str) -> str:
    known = REASONS.get(step)
    return f"Give one of {', '.join(sorted(known))}." if known else "It takes none."
