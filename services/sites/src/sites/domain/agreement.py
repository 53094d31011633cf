"""Sponsor agreement: what a sponsor has transferred to whom, in writing, from when until when.

A sponsor may transfer any or all of its obligations; each must be described in writing, and what is not written is not
transferred (21 CFR 312.52(a); ICH E6(R3) 3.6; CTR 536/2014 art. 71). Whoever takes one over is answerable for it as the
sponsor is (21 CFR 312.52(b)). An obligation lies in one hand at a time, over all agreements of a study.
"""

from collections.abc import Collection, Iterable
from datetime import date

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed
from pydantic import BaseModel, ConfigDict

from sites.domain.obligations import Holder, Terms, Transfer, lasts, until


class Amendment(BaseModel):
    """A written change of the agreement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    signed: BusinessTime | None
    effective_from: date


# Commands


class SignAgreement(Command):
    """Note the agreement that was signed, and what it transfers. `others`: what other agreements transfer."""

    agreement_id: str
    study_id: str
    sponsor_id: str
    reference: str
    cro: str
    parties: tuple[str, ...] = ()
    effective_from: date
    transfers: tuple[Terms, ...] = ()
    standard: frozenset[str]
    references: frozenset[str] = frozenset()
    others: tuple[Transfer, ...] = ()


class AmendAgreement(Command):
    """Note an amendment that was signed."""

    reference: str
    effective_from: date


class EndAgreement(Command):
    """End the agreement: from that day on, all that it transferred lies with the sponsor again."""

    ended_on: date


class TransferObligation(Command):
    """Put an obligation into somebody's hands under the agreement, or under an amendment of it."""

    terms: Terms
    amendment: str | None = None
    standard: frozenset[str]
    others: tuple[Transfer, ...] = ()


class ReturnObligation(Command):
    """Give an obligation back to the sponsor from a day on."""

    obligation: str
    returned_on: date


AgreementCommand = SignAgreement | AmendAgreement | EndAgreement | TransferObligation | ReturnObligation


# Events


class AgreementSigned(Event):
    """The agreement is there."""

    agreement_id: str
    study_id: str
    sponsor_id: str
    reference: str
    cro: str
    parties: tuple[str, ...]
    effective_from: date


class AgreementAmended(Event):
    """It was amended."""

    reference: str
    effective_from: date


class AgreementEnded(Event):
    """It ended."""

    ended_on: date


class ObligationTransferred(Event):
    """An obligation lies in these hands."""

    terms: Terms
    amendment: str | None


class ObligationReturned(Event):
    """From that day on it lies with the sponsor again."""

    obligation: str
    holder: Holder
    since: date
    returned_on: date


AgreementEvent = AgreementSigned | AgreementAmended | AgreementEnded | ObligationTransferred | ObligationReturned


# State


class Agreement(State):
    """An agreement as it is."""

    agreement_id: str
    study_id: str
    sponsor_id: str
    reference: str
    cro: str
    parties: tuple[str, ...]
    signed: BusinessTime | None
    effective_from: date
    ended_on: date | None = None
    amendments: tuple[Amendment, ...] = ()
    transfers: tuple[Transfer, ...] = ()

    def in_force(self) -> tuple[Transfer, ...]:
        """What it transfers, none of it beyond its own end."""
        return until(self.ended_on, self.transfers)


def decide(agreement: Agreement | None, command: AgreementCommand) -> list[AgreementEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, SignAgreement):
        return sign(agreement, command)
    agreement = _existing(agreement)
    match command:
        case AmendAgreement():
            return amend(agreement, command)
        case EndAgreement():
            return end(agreement, command)
        case TransferObligation():
            return transfer(agreement, command)
        case ReturnObligation():
            return give_back(agreement, command)


def sign(agreement: Agreement | None, command: SignAgreement) -> list[AgreementEvent]:
    """Note the agreement once, with all that it transfers from the beginning."""
    if agreement is not None:
        return []
    named = {name: getattr(command, name) for name in AgreementSigned.model_fields}
    signed = AgreementSigned.model_validate(named)
    unmet = _taken(command) + _untenable(evolve(None, signed), command.transfers, command.standard, command.others)
    if unmet:
        raise Refused(*unmet)
    transfers = [
        ObligationTransferred(occurred_at=command.occurred_at, terms=terms, amendment=None)
        for terms in command.transfers
    ]
    return [signed, *transfers]


def amend(agreement: Agreement, command: AmendAgreement) -> list[AgreementEvent]:
    """Note an amendment once."""
    known = {one.reference: one for one in agreement.amendments}
    if command.reference in known and known[command.reference].effective_from == command.effective_from:
        return []
    unmet = _ended(agreement)
    if command.reference in known:
        unmet.append(_reason("amendment_known", "reference", f"There is an amendment {command.reference} already."))
    unmet += _before_effect(agreement, "effective_from", command.effective_from)
    if unmet:
        raise Refused(*unmet)
    amended = AgreementAmended.model_validate(dict(command))
    return [amended]


def end(agreement: Agreement, command: EndAgreement) -> list[AgreementEvent]:
    """End it once; the day may not lie before it took effect."""
    if agreement.ended_on == command.ended_on:
        return []
    unmet = _ended(agreement) + _before_effect(agreement, "ended_on", command.ended_on)
    if unmet:
        raise Refused(*unmet)
    return [AgreementEnded(occurred_at=command.occurred_at, ended_on=command.ended_on)]


def transfer(agreement: Agreement, command: TransferObligation) -> list[AgreementEvent]:
    """Put an obligation into a hand that is free for it; name all that is in the way."""
    terms = command.terms
    if any(_terms_of(one) == terms and one.amendment == command.amendment for one in agreement.transfers):
        return []
    unmet = _ended(agreement) + _untenable(agreement, [terms], command.standard, command.others)
    if command.amendment is not None and command.amendment not in {one.reference for one in agreement.amendments}:
        detail = f"The agreement has no amendment {command.amendment}: note the amendment first."
        unmet.append(_reason("amendment_unknown", "amendment", detail))
    if unmet:
        raise Refused(*unmet)
    return [ObligationTransferred(occurred_at=command.occurred_at, terms=terms, amendment=command.amendment)]


def give_back(agreement: Agreement, command: ReturnObligation) -> list[AgreementEvent]:
    """End the transfer that holds on that day."""
    of_it = [one for one in agreement.in_force() if one.obligation == command.obligation]
    if any(one.until == command.returned_on for one in of_it):
        return []
    held = next((one for one in of_it if one.since < command.returned_on and lasts(one, command.returned_on)), None)
    if held is None:
        detail = f"{command.obligation} is in nobody's hands under this agreement just before {command.returned_on}."
        raise Refused(_reason("not_transferred", "obligation", detail))
    return [
        ObligationReturned(
            occurred_at=command.occurred_at,
            obligation=held.obligation,
            holder=held.holder,
            since=held.since,
            returned_on=command.returned_on,
        )
    ]


def _taken(command: SignAgreement) -> list[Reason]:
    if command.reference not in command.references:
        return []
    detail = f"An agreement {command.reference} about this study is there already."
    return [_reason("reference_taken", "reference", detail)]


def _untenable(
    agreement: Agreement, terms: Iterable[Terms], standard: Collection[str], others: tuple[Transfer, ...]
) -> list[Reason]:
    """All that speaks against the terms, each against what is agreed already and against those before it."""
    held: list[Terms] = [*agreement.in_force(), *others]
    reasons: list[Reason] = []
    for one in terms:
        reasons += [*_malformed(one, standard), *_before_effect(agreement, "since", one.since), *_held(one, held)]
        held.append(one)
    return reasons


def _malformed(terms: Terms, standard: Collection[str]) -> list[Reason]:
    reasons: list[Reason] = []
    if terms.obligation not in standard:
        detail = f"{terms.obligation} is not on the standard list: GET /v1/obligations has it."
        reasons.append(_reason("obligation_unknown", "obligation", detail))
    if (terms.party is None) == (terms.holder == "other"):
        detail = "Name the party where another than sponsor and CRO takes the obligation, and only there."
        reasons.append(_reason("party_misplaced", "party", detail))
    if terms.until is not None and terms.until <= terms.since:
        detail = f"The transfer of {terms.obligation} would end on {terms.until}, not after it begins."
        reasons.append(_reason("ends_before_it_begins", "until", detail))
    return reasons


def _held(terms: Terms, held: Iterable[Terms]) -> list[Reason]:
    for one in held:
        if one.obligation == terms.obligation and lasts(one, terms.since) and lasts(terms, one.since):
            end = f"until {one.until}" if one.until else "without end"
            detail = f"{one.obligation} lies with {one.in_hands_of} from {one.since} {end}: have it returned first."
            return [_reason("obligation_held", "obligation", detail)]
    return []


def _ended(agreement: Agreement) -> list[Reason]:
    if agreement.ended_on is None:
        return []
    detail = f"Agreement {agreement.reference} ended on {agreement.ended_on}: sign another."
    return [_reason("agreement_ended", None, detail)]


def _before_effect(agreement: Agreement, field: str, on: date) -> list[Reason]:
    if on >= agreement.effective_from:
        return []
    detail = f"{on} lies before the agreement takes effect on {agreement.effective_from}."
    return [_reason("before_agreement", field, detail)]


def _terms_of(transfer: Transfer) -> Terms:
    return Terms.model_validate({name: getattr(transfer, name) for name in Terms.model_fields})


def _reason(code: str, field: str | None, detail: str) -> Reason:
    return Reason(code=code, field=field, detail=detail)


def _existing(agreement: Agreement | None) -> Agreement:
    if agreement is None:
        raise Refused(_reason("agreement_unknown", None, "The agreement is not known."))
    return agreement


def evolve(agreement: Agreement | None, event: AgreementEvent) -> Agreement:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, AgreementSigned):
        told = event.model_dump(exclude={"occurred_at"})
        return Agreement.model_validate({**told, "signed": event.occurred_at})
    agreement = _existing(agreement)
    match event:
        case AgreementAmended():
            amendment = Amendment(
                reference=event.reference, signed=event.occurred_at, effective_from=event.effective_from
            )
            return changed(agreement, amendments=(*agreement.amendments, amendment))
        case AgreementEnded():
            return changed(agreement, ended_on=event.ended_on)
        case ObligationTransferred():
            under = {"agreement_id": agreement.agreement_id, "reference": agreement.reference}
            made = Transfer.model_validate({**dict(event.terms), **under, "amendment": event.amendment})
            return changed(agreement, transfers=(*agreement.transfers, made))
        case ObligationReturned():
            return changed(agreement, transfers=tuple(_given_back(one, event) for one in agreement.transfers))


def _given_back(transfer: Transfer, event: ObligationReturned) -> Transfer:
    if (transfer.obligation, transfer.since) != (event.obligation, event.since):
        return transfer
    return transfer.model_copy(update={"until": event.returned_on})
