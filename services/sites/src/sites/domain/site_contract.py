"""Site contract: the clinical trial agreement of a site with its budget, from draft to end.

It is in force once its budget is agreed and every party has signed; an amendment leaves it in force (ICH E6(R3) 3.6;
TMF Reference Model 05.02.12 and 05.02.14).
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before

Status = Literal["draft", "in_negotiation", "agreed", "partly_signed", "fully_executed", "amended", "ended"]
Party = Literal["sponsor", "cro", "institution", "principal_investigator"]
EndReason = Literal["expired", "terminated", "site_closed", "superseded", "other"]
IN_FORCE: frozenset[Status] = frozenset({"fully_executed", "amended"})
BEFORE_SIGNING: frozenset[Status] = frozenset({"draft", "in_negotiation", "agreed"})


# Commands


class DraftContract(Command):
    """Begin a contract with the parties that have to sign it."""

    contract_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    parties: tuple[Party, ...]


class NegotiateContract(Command):
    """Begin to negotiate, or go back to it after the text was agreed."""


class AgreeContract(Command):
    """Note that the parties agree on the text."""


class AgreeBudget(Command):
    """Note that the parties agree on the budget, in the version named."""

    budget_version: str


class SignContract(Command):
    """Note a party's signature; the last one executes the contract."""

    party: Party
    document: str | None = None
    ends_on: BusinessTime | None = None


class AmendContract(Command):
    """Note an amendment that every party has signed; it may move the end."""

    document: str
    ends_on: BusinessTime | None = None


class EndContract(Command):
    """Note that the contract is in force no more, or will not come about."""

    because: EndReason


SiteContractCommand = (
    DraftContract | NegotiateContract | AgreeContract | AgreeBudget | SignContract | AmendContract | EndContract
)


# Events


class ContractDrafted(Event):
    """There is a draft."""

    contract_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    parties: tuple[Party, ...]


class ContractNegotiated(Event):
    """The text is under negotiation."""


class ContractAgreed(Event):
    """The text is agreed."""


class BudgetAgreed(Event):
    """The budget is agreed."""

    budget_version: str


class ContractSigned(Event):
    """A party signed, and others still have to."""

    party: Party
    document: str | None


class ContractExecuted(Event):
    """The last party signed: the contract is in force."""

    party: Party
    document: str | None
    ends_on: BusinessTime | None


class ContractAmended(Event):
    """The contract is in force with an amendment more."""

    document: str
    ends_on: BusinessTime | None


class ContractEnded(Event):
    """The contract is in force no more."""

    because: EndReason


SiteContractEvent = (
    ContractDrafted
    | ContractNegotiated
    | ContractAgreed
    | BudgetAgreed
    | ContractSigned
    | ContractExecuted
    | ContractAmended
    | ContractEnded
)


# State


class SiteContract(State):
    """A contract as it is."""

    contract_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    parties: tuple[Party, ...]
    status: Status = "draft"
    budget_version: str | None = None
    signed_by: tuple[Party, ...] = ()
    last_signed_on: BusinessTime | None = None
    document: str | None = None
    amendments: tuple[str, ...] = ()
    ends_on: BusinessTime | None = None
    ended_because: EndReason | None = None


# Decide


def decide(contract: SiteContract | None, command: SiteContractCommand) -> list[SiteContractEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case DraftContract():
            return draft(contract, command)
        case NegotiateContract():
            return _move(contract, command, ("draft", "agreed"), "in_negotiation", ContractNegotiated)
        case AgreeContract():
            return _move(contract, command, ("draft", "in_negotiation"), "agreed", ContractAgreed)
        case AgreeBudget():
            return agree_budget(_existing(contract), command)
        case SignContract():
            return sign(_existing(contract), command)
        case AmendContract():
            return amend(_existing(contract), command)
        case EndContract():
            return end(_existing(contract), command)


def draft(contract: SiteContract | None, command: DraftContract) -> list[SiteContractEvent]:
    """Begin once, with the site's side and another among the parties."""
    if contract is not None:
        return []
    sides = set(command.parties)
    if not sides & {"sponsor", "cro"} or not sides & {"institution", "principal_investigator"}:
        detail = (
            "A contract needs the sponsor or the CRO on one side, and the institution or the investigator on the other."
        )
        raise Refused(Reason(code="side_missing", field="parties", detail=detail))
    return [ContractDrafted.model_validate(dict(command))]


def agree_budget(contract: SiteContract, command: AgreeBudget) -> list[SiteContractEvent]:
    """Agree on a budget before anybody signs; later it takes an amendment."""
    if contract.budget_version == command.budget_version:
        return []
    if contract.status not in BEFORE_SIGNING:
        detail = f"The contract is {_words(contract.status)}: another budget takes an amendment."
        raise Refused(Reason(code="budget_fixed", field="budget_version", detail=detail))
    return [BudgetAgreed(occurred_at=command.occurred_at, budget_version=command.budget_version)]


def sign(contract: SiteContract, command: SignContract) -> list[SiteContractEvent]:
    """Take a party's signature under an agreed text and budget; the last one executes."""
    if command.party in contract.signed_by:
        return []
    faults = _unsigned(contract, command)
    if faults:
        raise Refused(*faults)
    last = set(contract.parties) == {*contract.signed_by, command.party}
    told = {"occurred_at": command.occurred_at, "party": command.party, "document": command.document}
    return (
        [ContractExecuted.model_validate({**told, "ends_on": command.ends_on})]
        if last
        else [ContractSigned.model_validate(told)]
    )


def amend(contract: SiteContract, command: AmendContract) -> list[SiteContractEvent]:
    """Amend what is in force."""
    if command.document in contract.amendments:
        return []
    faults = [*_not_in_force(contract), *_ends_first(command.ends_on, command.occurred_at)]
    if faults:
        raise Refused(*faults)
    return [ContractAmended.model_validate(dict(command))]


def end(contract: SiteContract, command: EndContract) -> list[SiteContractEvent]:
    """End from anywhere but the end."""
    if contract.status == "ended":
        return []
    return [ContractEnded(occurred_at=command.occurred_at, because=command.because)]


def _unsigned(contract: SiteContract, command: SignContract) -> list[Reason]:
    faults: list[Reason] = []
    if contract.status not in {"agreed", "partly_signed"}:
        detail = f"The contract is {_words(contract.status)}: it is signed once its text is agreed."
        faults.append(Reason(code="wrong_status", field="status", detail=detail))
    if command.party not in contract.parties:
        parties = ", ".join(_words(one) for one in contract.parties)
        detail = f"The {_words(command.party)} is no party of this contract. Its parties are {parties}."
        faults.append(Reason(code="not_a_party", field="party", detail=detail))
    if contract.budget_version is None:
        detail = "The budget is not agreed: agree it before anybody signs."
        faults.append(Reason(code="budget_missing", field="budget_version", detail=detail))
    last = contract.last_signed_on
    if last is not None and command.occurred_at is not None and is_before(command.occurred_at, last):
        detail = f"The party before signed on {last}: give the signatures in their order."
        faults.append(Reason(code="before_last_signature", field="occurred_at", detail=detail))
    return [*faults, *_ends_first(command.ends_on, command.occurred_at)]


def _not_in_force(contract: SiteContract) -> list[Reason]:
    if contract.status in IN_FORCE:
        return []
    detail = f"The contract is {_words(contract.status)}: only a contract in force is amended."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def _ends_first(ends_on: BusinessTime | None, at: BusinessTime | None) -> list[Reason]:
    if ends_on is None or at is None or not is_before(ends_on, at):
        return []
    detail = f"The contract cannot end on {ends_on}, before {at}. Give it the later date."
    return [Reason(code="ends_before_it_begins", field="ends_on", detail=detail)]


def _move(
    contract: SiteContract | None,
    command: Command,
    allowed: tuple[Status, ...],
    target: Status,
    event: type[SiteContractEvent],
) -> list[SiteContractEvent]:
    contract = _existing(contract)
    if contract.status == target:
        return []
    if contract.status not in allowed:
        detail = f"The contract is {_words(contract.status)}: it cannot become {_words(target)} from there."
        raise Refused(Reason(code="wrong_status", field="status", detail=detail))
    return [event.model_validate(dict(command))]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _existing(contract: SiteContract | None) -> SiteContract:
    if contract is None:
        raise Refused(Reason(code="contract_unknown", detail="The contract is not known."))
    return contract


# Evolve


def evolve(contract: SiteContract | None, event: SiteContractEvent) -> SiteContract:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, ContractDrafted):
        return SiteContract.model_validate(event.model_dump(exclude={"occurred_at"}))
    contract = _existing(contract)
    match event:
        case ContractNegotiated():
            return changed(contract, status="in_negotiation")
        case ContractAgreed():
            return changed(contract, status="agreed")
        case BudgetAgreed():
            return changed(contract, budget_version=event.budget_version)
        case ContractSigned() | ContractExecuted():
            return _signed(contract, event)
        case ContractAmended():
            ends_on = event.ends_on or contract.ends_on
            return changed(
                contract, status="amended", amendments=(*contract.amendments, event.document), ends_on=ends_on
            )
        case ContractEnded():
            return changed(contract, status="ended", ended_because=event.because)


def _signed(contract: SiteContract, event: ContractSigned | ContractExecuted) -> SiteContract:
    executed = isinstance(event, ContractExecuted)
    return changed(
        contract,
        status="fully_executed" if executed else "partly_signed",
        signed_by=(*contract.signed_by, event.party),
        last_signed_on=event.occurred_at,
        document=event.document or contract.document,
        ends_on=event.ends_on if isinstance(event, ContractExecuted) else contract.ends_on,
    )
