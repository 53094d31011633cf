"""Delegation: one entry of a site's delegation log, who does which tasks from when until when.

The principal investigator at the site authorises it and keeps the responsibility; tasks go to trained and qualified
persons only (ICH E6(R3) 2.3.1 to 2.3.3; TMF Reference Model 05.02.18). An end never deletes an entry.
"""

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before

from sites.domain.staffing import TASKS, Qualification, StaffRole, needs_of

# Commands


class DelegateTask(Command):
    """Delegate tasks to a person; `occurred_at` is the date from which on.

    Facts of this service are `principal_investigator` (at the site on that date), `qualifications` (the person's
    trainings at the site) and `credentials` (of the person's master records, as far as whoever delegates may see them).
    """

    delegation_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    person_id: str
    role: StaffRole
    tasks: tuple[str, ...]
    authorised_by: str
    signed_on: BusinessTime
    document: str | None = None
    principal_investigator: str | None = None
    qualifications: tuple[Qualification, ...] = ()
    credentials: tuple[Qualification, ...] = ()


class AuthoriseDelegation(Command):
    """Have an entry authorised by the investigator who took the site over; `occurred_at` is the date of signature."""

    authorised_by: str
    principal_investigator: str | None = None


class EndDelegation(Command):
    """End the entry; `occurred_at` is its last day."""


DelegationCommand = DelegateTask | AuthoriseDelegation | EndDelegation


# Events


class TaskDelegated(Event):
    """The tasks are the person's. `credentials` are those that it rests on, as they were seen on that day."""

    delegation_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    person_id: str
    role: StaffRole
    tasks: tuple[str, ...]
    authorised_by: str
    signed_on: BusinessTime
    document: str | None
    credentials: tuple[Qualification, ...] = ()


class DelegationAuthorised(Event):
    """Another investigator has authorised the entry too."""

    authorised_by: str


class DelegationEnded(Event):
    """The tasks are the person's no more."""


DelegationEvent = TaskDelegated | DelegationAuthorised | DelegationEnded


# State


class Authorisation(State):
    """Whose signature stands under an entry, since when."""

    person_id: str
    signed_on: BusinessTime | None


class Delegation(State):
    """One entry of the log."""

    delegation_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    person_id: str
    role: StaffRole
    tasks: tuple[str, ...]
    starts_on: BusinessTime | None
    ends_on: BusinessTime | None = None
    document: str | None = None
    authorisations: tuple[Authorisation, ...] = ()
    credentials: tuple[Qualification, ...] = ()


# Decide


def decide(delegation: Delegation | None, command: DelegationCommand) -> list[DelegationEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case DelegateTask():
            return delegate(delegation, command)
        case AuthoriseDelegation():
            return authorise(_existing(delegation), command)
        case EndDelegation():
            return end(_existing(delegation), command)


def delegate(delegation: Delegation | None, command: DelegateTask) -> list[DelegationEvent]:
    """Delegate once, where the right person authorises it and the person is fit for every task."""
    if delegation is not None:
        return []
    faults = [
        *_not_the_investigator(command),
        *_to_oneself(command),
        *_signed_late(command),
        *_unknown_tasks(command),
        *_unfit(command),
    ]
    if faults:
        raise Refused(*faults)
    told = command.model_dump(exclude={"principal_investigator", "qualifications", "credentials"})
    needed = needs_of(command.tasks)
    relied_on = [one for one in command.credentials if one.topic in needed and one.holds(command.occurred_at)]
    return [TaskDelegated.model_validate({**told, "credentials": relied_on})]


def authorise(delegation: Delegation, command: AuthoriseDelegation) -> list[DelegationEvent]:
    """Add the signature of the present investigator to an entry that runs."""
    if any(one.person_id == command.authorised_by for one in delegation.authorisations):
        return []
    faults = _not_the_investigator(command)
    if delegation.ends_on is not None:
        detail = f"The entry ended on {delegation.ends_on}: delegate the tasks anew."
        faults.append(Reason(code="delegation_ended", field="status", detail=detail))
    if delegation.person_id == command.authorised_by:
        faults.append(_own_entry())
    if faults:
        raise Refused(*faults)
    return [DelegationAuthorised(occurred_at=command.occurred_at, authorised_by=command.authorised_by)]


def end(delegation: Delegation, command: EndDelegation) -> list[DelegationEvent]:
    """End the entry on a day that is not before its first."""
    if delegation.ends_on is not None:
        return []
    begins, at = delegation.starts_on, command.occurred_at
    if begins is not None and at is not None and is_before(at, begins):
        detail = f"The entry begins on {begins}: it cannot end before, on {at}."
        raise Refused(Reason(code="ends_before_it_begins", field="occurred_at", detail=detail))
    return [DelegationEnded(occurred_at=at)]


def _not_the_investigator(command: DelegateTask | AuthoriseDelegation) -> list[Reason]:
    if command.authorised_by == command.principal_investigator:
        return []
    who = "somebody else" if command.principal_investigator else "nobody"
    detail = (
        f"Only the principal investigator at the site may authorise it, and on {command.occurred_at} that is {who}. "
        "Appoint the investigator first, or correct the date."
    )
    return [Reason(code="authoriser_is_not_investigator", field="authorised_by", detail=detail)]


def _to_oneself(command: DelegateTask) -> list[Reason]:
    return [_own_entry()] if command.person_id == command.authorised_by else []


def _own_entry() -> Reason:
    detail = "Nobody delegates to themselves: the principal investigator's own tasks need no entry."
    return Reason(code="self_delegation", field="person_id", detail=detail)


def _signed_late(command: DelegateTask) -> list[Reason]:
    if command.occurred_at is None or not is_before(command.occurred_at, command.signed_on):
        return []
    detail = f"The tasks cannot begin on {command.occurred_at}, before they were authorised on {command.signed_on}."
    return [Reason(code="begins_before_authorisation", field="occurred_at", detail=detail)]


def _unknown_tasks(command: DelegateTask) -> list[Reason]:
    known = ", ".join(TASKS)
    return [
        Reason(code="task_unknown", field="tasks", detail=f"There is no task {task}. The tasks are {known}.")
        for task in command.tasks
        if task not in TASKS
    ]


def _unfit(command: DelegateTask) -> list[Reason]:
    known = (*command.qualifications, *command.credentials)
    held = {one.topic for one in known if one.holds(command.occurred_at)}
    had = {one.topic for one in known} - held
    lacking = [need for need in needs_of([task for task in command.tasks if task in TASKS]) if need not in held]
    return [
        Reason(
            code=f"{need}_{'out_of_date' if need in had else 'missing'}",
            field="person_id",
            detail=f"{_words(need)} is {'not in force on that date' if need in had else 'missing'}: the tasks need it. "
            "Record it first.",
        )
        for need in lacking
    ]


def _words(need: str) -> str:
    return f"The qualification {need.replace('_', ' ')}"


def _existing(delegation: Delegation | None) -> Delegation:
    if delegation is None:
        raise Refused(Reason(code="delegation_unknown", detail="The delegation is not known."))
    return delegation


# Evolve


def evolve(delegation: Delegation | None, event: DelegationEvent) -> Delegation:
    """Apply one event. No rule lives here: what happened, happened."""
    match event:
        case TaskDelegated():
            about = event.model_dump(exclude={"occurred_at", "authorised_by", "signed_on"})
            signed = Authorisation(person_id=event.authorised_by, signed_on=event.signed_on)
            return Delegation.model_validate({**about, "starts_on": event.occurred_at, "authorisations": (signed,)})
        case DelegationAuthorised():
            signed = Authorisation(person_id=event.authorised_by, signed_on=event.occurred_at)
            there = _existing(delegation)
            return changed(there, authorisations=(*there.authorisations, signed))
        case DelegationEnded():
            return changed(_existing(delegation), ends_on=event.occurred_at)
