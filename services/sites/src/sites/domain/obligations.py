"""Who holds which obligation on a day, by all that is agreed about a study: the responsibility matrix.

What is not written is not transferred (21 CFR 312.52(a)): an obligation of which no agreement speaks lies with the
sponsor. TMF Reference Model 01.01.18 and 01.01.19.
"""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

Holder = Literal["sponsor", "cro", "other"]
HOLDERS: dict[Holder, str] = {"sponsor": "the sponsor", "cro": "the CRO", "other": "another party"}


class Terms(BaseModel):
    """Who meets an obligation: from the first day, and until a day from which it lies with the sponsor again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    obligation: str
    holder: Holder
    party: str | None = None
    """Who exactly, where it is neither the sponsor nor the CRO."""
    since: date
    until: date | None = None

    @property
    def in_hands_of(self) -> str:
        """Whose hands these are, for people."""
        return self.party or HOLDERS[self.holder]


class Transfer(Terms):
    """Terms in force, with the agreement that they stand in."""

    agreement_id: str
    reference: str
    amendment: str | None = None


class Responsibility(BaseModel):
    """One line of the matrix: in whose hands an obligation is, and by what; without agreement, by none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    obligation: str
    holder: Holder
    party: str | None = None
    agreement_id: str | None = None
    reference: str | None = None
    amendment: str | None = None
    since: date | None = None
    until: date | None = None


def responsibilities(obligations: Iterable[str], transfers: Iterable[Transfer], on: date) -> list[Responsibility]:
    """The matrix of a day: every obligation once, in the order given."""
    held = {one.obligation: one for one in transfers if one.since <= on and lasts(one, on)}
    return [_line(obligation, held.get(obligation)) for obligation in obligations]


def until(ended_on: date | None, transfers: Iterable[Transfer]) -> tuple[Transfer, ...]:
    """The transfers as they hold where their agreement ends on that day; those that would begin later are none."""
    if ended_on is None:
        return tuple(transfers)
    begun = [one for one in transfers if one.since < ended_on]
    return tuple(one.model_copy(update={"until": ended_on}) if lasts(one, ended_on) else one for one in begun)


def lasts(terms: Terms, on: date) -> bool:
    """Whether the terms have not ended on that day."""
    return terms.until is None or terms.until > on


def _line(obligation: str, transfer: Transfer | None) -> Responsibility:
    if transfer is None:
        return Responsibility(obligation=obligation, holder="sponsor")
    return Responsibility.model_validate(dict(transfer))
