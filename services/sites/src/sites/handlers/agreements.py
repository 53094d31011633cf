"""Commands for sponsor agreements, and by which authority this service's commands are given."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.commands import Aggregate, Builder, Unit
from chassis.journal import Owner
from chassis.obligations import Agreed, Holding
from contracts.obligations import OBLIGATIONS, Obligation, governing
from kernel import Command, State

from sites.domain.agreement import Agreement, SignAgreement, TransferObligation
from sites.domain.obligations import Terms, Transfer
from sites.store import AGREEMENTS, STUDIES

STANDARD = frozenset(OBLIGATIONS)


def sign_agreement(agreement_id: str, study_id: str, facts: Mapping[str, Any]) -> Builder[SignAgreement]:
    """Note an agreement about a study that is there, beside those it has."""

    async def build(unit: Unit) -> SignAgreement:
        study = await unit.require(STUDIES, study_id)
        await unit.in_turn(f"agreements/{study_id}")
        known = await agreements_about(unit, study_id)
        about = {"agreement_id": agreement_id, "study_id": study_id, "sponsor_id": study.sponsor.id}
        beside = {"references": {one.reference for one in known}, "others": transfers_of(known)}
        return SignAgreement.model_validate({**facts, **about, **beside, "standard": STANDARD})

    return build


def transfer_obligation(
    agreement_id: str, terms: Terms, amendment: str | None, occurred_at: str
) -> Builder[TransferObligation]:
    """Transfer an obligation under an agreement that is there, knowing what the study's others transfer."""

    async def build(unit: Unit) -> TransferObligation:
        study_id = (await unit.require(AGREEMENTS, agreement_id)).study_id
        await unit.in_turn(f"agreements/{study_id}")
        others = [one for one in await agreements_about(unit, study_id) if one.agreement_id != agreement_id]
        return TransferObligation(
            occurred_at=occurred_at,
            terms=terms,
            amendment=amendment,
            standard=STANDARD,
            others=transfers_of(others),
        )

    return build


async def agreements_about(unit: Unit, study_id: str) -> list[Agreement]:
    """The agreements about a study."""
    return await unit.every(AGREEMENTS, {"study": study_id})


def transfers_of(agreements: Sequence[Agreement]) -> tuple[Transfer, ...]:
    """All that the agreements transfer, as it holds."""
    return tuple(transfer for one in agreements for transfer in one.in_force())


async def agreed_about(unit: Unit, owner: Owner) -> Agreed | None:
    """What the agreements about a study say of its obligations; None where there is none."""
    known = await agreements_about(unit, owner.study)
    if not known:
        return None
    return Agreed([one.reference for one in known], [_holding(one) for one in transfers_of(known)])


def obligation_of(aggregate: Aggregate[Any, Any, Any], _: State, command: Command) -> Obligation | None:
    """The obligation to which a command of this service belongs."""
    return governing("sites", aggregate.name, type(command).__name__)


def _holding(transfer: Transfer) -> Holding:
    return Holding(
        obligation=transfer.obligation,
        holder=transfer.in_hands_of,
        ours=transfer.holder == "cro",
        agreement=transfer.agreement_id,
        reference=transfer.reference,
        since=transfer.since,
        until=transfer.until,
    )
