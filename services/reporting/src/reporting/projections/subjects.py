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
}


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The subject after one more of its events. Who was enrolled stays counted, whatever follows."""
    before = row or {"enrolled": False, "screened_on": None, "enrolled_on": None}
    status = STATUS_AFTER[type(received.event)]
    return {
        **before,
        **owner_of(received),
        **place_of(received),
        "status": status,
        **_dates(status, received.envelope.occurred_at),
    }


def _dates(status: str, occurred_at: str | None) -> Document:
    match status:
        case "screened":
            return {"screened_on": occurred_at}
        case "enrolled":
            return {"enrolled": True, "enrolled_on": occurred_at}
        case _:
            return {}


ROWS: Final = Rows(COLLECTION, key_of("subject", "subject_id"), version_of, fold)
