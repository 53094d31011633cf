"""Rows of amendments: how far a version of a protocol has come at a site, step by step, and how long it took."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, get_args

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts.sites import amendments as public

from reporting.projections.reading import key_of, owner_of, place_of, version_of

COLLECTION: Final = "amendments"
STEPS: Final[tuple[str, ...]] = get_args(public.AmendmentStepName)
OPEN: Final = "open"
STATUS_AFTER: Final[Mapping[type[PublicEvent], str]] = {
    public.AmendmentOpened: OPEN,
    public.AmendmentReopened: OPEN,
    public.AmendmentImplementedAtSite: "implemented",
    public.AmendmentSuperseded: "superseded",
    public.AmendmentDiscontinued: "discontinued",
}
"""What is missing here leaves the status as it is."""
STEP_AFTER: Final[Mapping[type[PublicEvent], str]] = {
    public.AmendmentStepMet: "met",
    public.AmendmentStepNotRequired: "not_required",
    public.AmendmentStepWaived: "waived",
    public.AmendmentStepReopened: OPEN,
}
DAYS: Final = ("approved_on", "effective_in_country_on", "effective_on")
LAGS: Final = ("days_from_approval", "days_from_effect")
UNTOLD: Final[Mapping[str, Any]] = {
    "status": OPEN,
    "implemented_on": None,
    **dict.fromkeys((*DAYS, *LAGS)),
    "steps": {step: {"status": OPEN, "met_on": None, "lag_days": None} for step in STEPS},
}


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The amendment at its site after one more of its events."""
    event = received.event
    assert isinstance(event, public.AmendmentEvent)
    before = {name: (row or UNTOLD)[name] for name in UNTOLD}
    return {
        **owner_of(received),
        **place_of(received),
        "document_id": event.document_id,
        "protocol_version": event.version,
        **before,
        "status": STATUS_AFTER.get(type(event), before["status"]),
        **_told(before, received),
    }


def _told(before: Document, received: Received) -> Document:
    match received.event:
        case public.AmendmentOpened() as event:
            return {name: _text(getattr(event, name)) for name in DAYS}
        case public.AmendmentImplementedAtSite() as event:
            return {
                **{name: _text(getattr(event, name)) for name in DAYS},
                **{name: getattr(event, name) for name in LAGS},
                "implemented_on": received.envelope.occurred_at,
                "steps": {**before["steps"], **{one.step: _step(one) for one in event.steps}},
            }
        case public.AmendmentReopened():
            return {"implemented_on": None, **dict.fromkeys(LAGS)}
        case public.AmendmentStepEvent() as event:
            met = isinstance(event, public.AmendmentStepMet)
            step = {
                "status": STEP_AFTER[type(event)],
                "met_on": received.envelope.occurred_at if met else None,
                "lag_days": event.lag_days if isinstance(event, public.AmendmentStepMet) else None,
            }
            return {"steps": {**before["steps"], event.step: step}}
        case _:
            return {}


def _step(one: public.AmendmentStep) -> Document:
    return {"status": one.status, "met_on": _text(one.met_on), "lag_days": one.lag_days}


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


ROWS: Final = Rows(COLLECTION, key_of("amendment", "amendment_id"), version_of, fold)
