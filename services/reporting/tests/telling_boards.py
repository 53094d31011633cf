"""Studies in start-up for tests and pictures of the boards: what a portfolio holds on an ordinary day."""

from datetime import date, timedelta
from typing import Any, Final, get_args

from contracts import PublicEvent, derived_id
from contracts import regulatory as public
from telling import Story
from telling_clocks import ClockStory

ZONES: Final = {
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "US": "America/New_York",
    "JP": "Asia/Tokyo",
    "ES": "Europe/Madrid",
}
DECISION: Final = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
STEPS: Final[tuple[tuple[type[PublicEvent], ...], ...]] = (
    (),
    (public.SubmissionSubmitted,),
    (public.SubmissionSubmitted, public.SubmissionQuestionsReceived),
    (public.SubmissionSubmitted, public.SubmissionQuestionsReceived, public.SubmissionQuestionsAnswered),
    (public.SubmissionSubmitted, public.SubmissionApproved),
)
RULES: Final = ("eu-ctr-part-i", "eu-ctr-part-i-questions", "eu-ctr-answer", "eu-ctr-decision", "approval-expiry")


def tell_submission(story: Story, country: str, body: public.Body, steps: int, on: date) -> str:
    """A submission of the whole country goes so many steps; its id."""
    key = derived_id("submission", story.study_id, country, body)
    about: dict[str, Any] = {"submission_id": key, "study_id": story.study_id, "body": body, "country": country}
    for place, step in enumerate((public.SubmissionPrepared, *STEPS[steps])):
        told = step.model_validate({**about, "site_id": None, **DECISION})
        story.tell(f"submission/{key}", told, (on + timedelta(days=9 * place)).isoformat())
    return key


def tell_clock(story: Story, about: str, country: str, rule: str, due_on: date, **more: Any) -> ClockStory:
    """A clock runs for a submission, where its authority is."""
    clock = ClockStory(story, about, due_on, rule, ZONES[country], country=country, more=more)
    clock.started((due_on - timedelta(days=45)).isoformat())
    return clock


def tell_submissions(story: Story, today: date, shift: int = 0) -> None:
    """A submission to each body in each country, most with a clock: one overdue, some soon, one paused."""
    bodies: tuple[public.Body, ...] = get_args(public.Body)
    for place, country in enumerate(ZONES):
        for number, body in enumerate(bodies[:2]):
            steps = (place + number + shift) % len(STEPS)
            key = tell_submission(story, country, body, steps, today - timedelta(days=70))
            if steps == 0:
                continue
            obliged = "sponsor" if steps == 2 else "authority"
            due_on = today + timedelta(days=(place * 9 + number * 4 + shift * 5) % 50 - 6)
            clock = tell_clock(story, key, country, RULES[steps], due_on, obliges=obliged, if_missed="lapsed")
            if due_on < today:
                clock.tell(public.RegulatoryDeadlineMissed)
            elif steps == 3 and number:
                clock.tell(public.RegulatoryClockPaused, today.isoformat())
            elif due_on < today + timedelta(days=14):
                clock.tell(public.RegulatoryDeadlineApproaching, percent=80)
