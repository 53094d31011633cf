"""How single events of a submission come about from its history: conclusions on parts, and steps taken over."""

from typing import Any

from kernel import BusinessTime, bounds

from regulatory.domain.submission_commands import AdoptSubmission
from regulatory.domain.submission_events import EVENT_OF, SubmissionBegun, SubmissionEvent, SubmissionPartConcluded
from regulatory.domain.submission_state import Submission
from regulatory.domain.submission_steps import Conclusion, Part


def concluded(
    submission: Submission, part: Part, conclusion: Conclusion, at: BusinessTime | None
) -> SubmissionPartConcluded:
    """The conclusion on a part; with the last one the assessment is complete, on the latest of the dates."""
    wanted: tuple[Part, ...] = submission.parts or ("I", "II")
    others = [submission.concluded(one) for one in wanted if one != part]
    dates = [at, *(one.on for one in others if one is not None)]
    complete = all(one is not None for one in others)
    latest = max((one for one in dates if one is not None), key=lambda one: bounds(one)[0], default=None)
    on = latest if complete else None
    return SubmissionPartConcluded(occurred_at=at, part=part, conclusion=conclusion, completed_on=on)


def adopted(submission: Submission, command: AdoptSubmission, index: int) -> SubmissionEvent:
    """The event of a step that is taken over; what its source does not tell stays empty."""
    step = command.steps[index]
    if step.step == "part_concluded":
        return concluded(submission, step.part or "I", step.conclusion, step.on)
    kind = EVENT_OF[step.step]
    limit = command.limits[index] if index < len(command.limits) else None
    told: dict[str, Any] = {**dict(step), "limit": limit, "cause": "noted", "round": None, "number": 1}
    told |= {"occurred_at": step.on, "reference": step.reference or "", "site_id": None, "documents": ()}
    told |= {"urgent_safety_measure": False, **about(submission)}
    return kind.model_validate({name: told[name] for name in kind.model_fields})


def about(submission: Submission) -> dict[str, Any]:
    """What the first event of a submission told of it."""
    return {name: getattr(submission, name) for name in SubmissionBegun.model_fields if name != "occurred_at"}
