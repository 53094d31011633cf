"""Whether a command may be given: written agreements say who meets a sponsor's obligations, from when until when.

A responsibility that is not written down as transferred stays with the sponsor (21 CFR 312.52(a); ICH E6(R3) 3.6). The
chassis knows no obligation by name: which command belongs to which, and what was agreed, comes from the service, whose
answers are read inside the command's transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Protocol

from kernel import BusinessTime, Command, Reason, Refused, State, bounds

from chassis import clock
from chassis.journal import Authority, Owner
from chassis.mongo import Document
from chassis.unit import Aggregate, Unit


class Obligation(Protocol):
    """What a sponsor must see to."""

    @property
    def code(self) -> str:
        """Its stable name."""
        ...

    @property
    def name(self) -> str:
        """Its name for people."""
        ...


@dataclass(frozen=True)
class Holding:
    """An obligation in somebody's hands: from a day on, and until a day from which it no longer is.

    `ours`: it lies with who works on this platform. `holder` is how people call who has it.
    """

    obligation: str
    holder: str
    ours: bool
    agreement: str
    reference: str
    since: date
    until: date | None

    def may_cover(self, period: tuple[datetime, datetime]) -> bool:
        """Whether it may lie in these hands at an instant of the period."""
        begins, ends = period
        return ends > _midnight(self.since) and (self.until is None or begins < _midnight(self.until))


@dataclass(frozen=True)
class Agreed:
    """What the agreements about a study say."""

    references: Sequence[str]
    holdings: Sequence[Holding]


Governing = Callable[[Aggregate[Any, Any, Any], State, Command], Obligation | None]
"""The obligation to which a command belongs; None where it belongs to none."""
AgreedAbout = Callable[[Unit, Owner], Awaitable[Agreed | None]]
"""What was agreed about a study, read in the transaction; None where there is no agreement."""


class Obligations:
    """An `Authorise`: refuses what belongs to an obligation that lies elsewhere, and names it where it lies here."""

    def __init__(self, governing: Governing, agreed_about: AgreedAbout) -> None:
        """Out of which obligation a command belongs to, and what was agreed about its study."""
        self._governing, self._agreed_about = governing, agreed_about

    async def __call__(
        self, unit: Unit, aggregate: Aggregate[Any, Any, Any], state: State, command: Command
    ) -> Authority | None:
        """By which authority the command is given. Raises Refused with who holds the obligation instead."""
        obligation = self._governing(aggregate, state, command)
        if obligation is None:
            return None
        agreed = await self._agreed_about(unit, aggregate.owner(state))
        if agreed is None:
            return None
        period = acted_in(command.occurred_at, clock.now())
        of_it = [one for one in agreed.holdings if one.obligation == obligation.code and one.may_cover(period)]
        ours = next((one for one in of_it if one.ours), None)
        if ours is None:
            raise Refused(_not_held(obligation, of_it, agreed, period[0].date()))
        return Authority(obligation.code, ours.agreement)


def agreed_in(collection: str) -> AgreedAbout:
    """What the rows of a collection say: one an agreement, with its id, `reference` and `holdings` (see `Holding`)."""

    async def agreed_about(unit: Unit, owner: Owner) -> Agreed | None:
        rows = await unit.read(collection, {"study": owner.study})
        if not rows:
            return None
        return Agreed([row["reference"] for row in rows], [one for row in rows for one in _holdings(row)])

    return agreed_about


def acted_in(occurred_at: BusinessTime | None, now: datetime) -> tuple[datetime, datetime]:
    """When the act was done, as first and last instant: as it is told, and now where that is not told or yet to come.

    What was done while an obligation was held is recorded rightly also later; what is dated ahead is judged as of now.
    """
    begins, ends = bounds(occurred_at) if occurred_at is not None else (now, now)
    return (now, now) if begins > now else (begins, ends)


def _not_held(obligation: Obligation, of_it: Sequence[Holding], agreed: Agreed, on: date) -> Reason:
    what = f"{obligation.name} ({obligation.code})"
    if of_it:
        holder, reference = of_it[0].holder, of_it[0].reference
        lies = f"{what} lies with {holder} on {on} under agreement {reference}, not with the CRO"
        mend = f"leave it to {holder}, or have it returned and transferred to the CRO from that day on"
    else:
        references = ", ".join(agreed.references)
        lies = f"{what} is not transferred to the CRO on {on} by agreement {references}, so it lies with the sponsor"
        mend = "leave it to the sponsor, or have it transferred to the CRO from that day on"
    return Reason(code="obligation_not_held", field="occurred_at", detail=f"{lies}: {mend}.")


def _holdings(row: Document) -> list[Holding]:
    return [
        Holding(
            obligation=one["obligation"],
            holder=one["holder"],
            ours=one["ours"],
            agreement=row["_id"],
            reference=row["reference"],
            since=date.fromisoformat(one["since"]),
            until=date.fromisoformat(one["until"]) if one["until"] else None,
        )
        for one in row["holdings"]
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
