"""How a reader keeps what agreements say: one row an agreement, folded from its events. Pure.

A row has the agreement's `reference` and its `holdings`: which obligation lies in whose hands (`holder` in words,
`ours` where it is the CRO) from a day on and until another; days are ISO 8601.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.catalogue import Received
from contracts.sites import AgreementEnded, AgreementEvent, ObligationHolder, ObligationReturned, ObligationTransferred

Row = dict[str, Any]
HOLDERS: Final[Mapping[ObligationHolder, str]] = {"sponsor": "the sponsor", "cro": "the CRO", "other": "another party"}


def agreement_key(received: Received) -> str | None:
    """The agreement of which an event tells; None where it tells of none."""
    return received.event.agreement_id if isinstance(received.event, AgreementEvent) else None


def agreement_row(row: Mapping[str, Any] | None, received: Received) -> Row:
    """An agreement after one more of its events."""
    event = received.event
    assert isinstance(event, AgreementEvent), "only what tells of an agreement has its key"
    owner = {"sponsor": received.envelope.sponsor, "study": event.study_id, "reference": event.reference}
    return {**owner, "holdings": _after(row["holdings"] if row else [], event)}


def _after(holdings: Sequence[Row], event: AgreementEvent) -> list[Row]:
    match event:
        case ObligationTransferred():
            until = event.until.isoformat() if event.until is not None else None
            told = {"since": event.since.isoformat(), "until": until, "ours": event.holder == "cro"}
            return [*holdings, {"obligation": event.obligation, "holder": HOLDERS[event.holder], **told}]
        case ObligationReturned():
            about = (event.obligation, event.since.isoformat())
            day = event.returned_on.isoformat()
            return [{**one, "until": day} if (one["obligation"], one["since"]) == about else one for one in holdings]
        case AgreementEnded():
            day = event.ended_on.isoformat()
            begun = [one for one in holdings if one["since"] < day]
            return [{**one, "until": min(one["until"] or day, day)} for one in begun]
        case _:
            return list(holdings)
