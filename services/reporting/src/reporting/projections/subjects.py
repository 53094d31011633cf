"""Rows of subjects, pseudonymous: where they take part, how far they have come, and whether they were ever enrolled."""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts import sites as public

from reporting.projections.reading import key_of, owner_of, place_of, version_of

COLLECTION: Final = "subjects"

STATUS_AFTER: Final[Mapping[type[PublicEvent], str]] = {
    public.SubjectConsented: "consented",
    public.SubjectScreened: "screened",
    public.SubjectScreenFailed: "screen_failed",
    public.SubjectEnrolled: "enrolled",
    public.SubjectRandomised: "randomised",
    public.SubjectCompleted: "completed",
    public.SubjectWithdrawn: "withdrawn",
    public.SubjectTreatmentStarted: "treatment_started",
    public.SubjectTreatmentEnded: "treatment_ended",
    public.SubjectFollowUpBegun: "follow_up",
    public.SubjectLostToFollowUp: "lost_to_follow_up",
    public.SubjectDied: "died",
    public.SubjectRescreened: "consented",
}


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The subject after one more of its events. Who was enrolled stays counted, whatever follows.

    A new consent, or one that is due, changes no status; a transfer changes the place.
    """
    before = row or {"enrolled": False, "screened_on": None, "enrolled_on": None, "status": "consented"}
    step = STATUS_AFTER.get(type(received.event))
    return {
        **before,
        **owner_of(received),
        **place_of(received),
        "status": step or before["status"],
        **_dates(step, received.envelope.occurred_at),
    }


def _dates(step: str | None, occurred_at: str | None) -> Document:
    match step:
        case "screened":
            return {"screened_on": occurred_at}
        case "enrolled":
            return {"enrolled": True, "enrolled_on": occurred_at}
        case _:
            return {}


ROWS: Final = Rows(COLLECTION, key_of("subject", "subject_id"), version_of, fold)
