"""TMF: a study's trial master file as a whole: by which rules documents are expected, what came in, and its lock.

It begins with the newest version of the rule set and keeps it until somebody moves it on. It is locked when nothing
that is due is open (TMF Reference Model milestone 12); a lock can be taken back, with the reason. A milestone of the
model is complete while nothing that is expected by it is open.
"""

from kernel import BusinessTime, Reason, Refused, State, changed
from pydantic import BaseModel, ConfigDict

from regulatory.domain.tmf_messages import (
    AdoptTmfRules,
    BeginTmfImport,
    CompleteTmfImport,
    ExportTmf,
    JudgeMilestone,
    LockTmf,
    OpenTmf,
    Outstanding,
    TmfCommand,
    TmfEvent,
    TmfExported,
    TmfImportBegun,
    TmfImportCompleted,
    TmfLocked,
    TmfMilestoneCompleted,
    TmfMilestoneReopened,
    TmfOpened,
    TmfRulesAdopted,
    TmfUnlocked,
    UnlockTmf,
)
from regulatory.domain.tmf_reference import EDITION, MODEL, label_of

# State


class Transfer(BaseModel):
    """A transfer that was taken over, or is being so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    transfer_id: str
    package_sha256: str
    objects: int
    completed: bool = False


class Tmf(State):
    """A study's file."""

    tmf_id: str
    study_id: str
    sponsor_id: str
    model: str = MODEL
    edition: str = EDITION
    rules_version: int
    opened_on: BusinessTime | None
    locked_on: BusinessTime | None = None
    locked: bool = False
    imports: tuple[Transfer, ...] = ()
    complete_milestones: tuple[str, ...] = ()

    @property
    def locked_since(self) -> str | None:
        """Since when it is locked; None while it is open."""
        return (self.locked_on or str(self.opened_on)) if self.locked else None

    def transfer(self, source: str, transfer_id: str) -> Transfer | None:
        """The transfer under this id from this source."""
        return next((one for one in self.imports if (one.source, one.transfer_id) == (source, transfer_id)), None)


# Decide


def decide(tmf: Tmf | None, command: TmfCommand) -> list[TmfEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case OpenTmf():
            return begin(tmf, command)
        case AdoptTmfRules():
            return adopt_rules(_existing(tmf), command)
        case LockTmf():
            return lock(_existing(tmf), command)
        case UnlockTmf():
            return unlock(_existing(tmf), command)
        case ExportTmf():
            _existing(tmf)
            return [TmfExported.model_validate(dict(command))]
        case BeginTmfImport():
            return begin_import(_existing(tmf), command)
        case CompleteTmfImport():
            return complete_import(_existing(tmf), command)
        case JudgeMilestone():
            return judge_milestone(_existing(tmf), command)


def begin(tmf: Tmf | None, command: OpenTmf) -> list[TmfEvent]:
    """Once; under rules that there are."""
    if tmf is not None:
        return []
    if not 1 <= command.rules_version <= command.newest:
        detail = f"There are versions 1 to {command.newest} of the rules."
        raise Refused(Reason(code="rules_version_unknown", field="rules_version", detail=detail))
    return [TmfOpened.model_validate(command.model_dump(exclude={"newest"}))]


def adopt_rules(tmf: Tmf, command: AdoptTmfRules) -> list[TmfEvent]:
    """Only forward, only to what there is, and never while locked."""
    if command.rules_version == tmf.rules_version:
        return []
    reasons = _open(tmf)
    if not tmf.rules_version < command.rules_version <= command.newest:
        detail = f"The file follows version {tmf.rules_version}; it can move on up to version {command.newest}."
        reasons.append(Reason(code="rules_version_unknown", field="rules_version", detail=detail))
    _check(reasons)
    return [TmfRulesAdopted(occurred_at=command.occurred_at, rules_version=command.rules_version)]


def lock(tmf: Tmf, command: LockTmf) -> list[TmfEvent]:
    """Refused with everything that is due and missing, returned or in review."""
    if tmf.locked:
        return []
    running = [one for one in tmf.imports if not one.completed]
    _check([*(_unfinished(one) for one in running), *(_open_document(one) for one in command.outstanding)])
    return [TmfLocked(occurred_at=command.occurred_at)]


def unlock(tmf: Tmf, command: UnlockTmf) -> list[TmfEvent]:
    """Only with the reason."""
    if not tmf.locked:
        return []
    if not command.grounds:
        raise Refused(Reason(code="reason_missing", field="reason", detail="Say why the file is opened again."))
    return [TmfUnlocked(occurred_at=command.occurred_at, grounds=command.grounds)]


def begin_import(tmf: Tmf, command: BeginTmfImport) -> list[TmfEvent]:
    """Once a transfer id; another package under the same id is refused."""
    known = tmf.transfer(command.source, command.transfer_id)
    if known is not None and known.package_sha256 == command.package_sha256:
        return []
    reasons = _open(tmf)
    if known is not None:
        detail = f"Transfer {command.transfer_id} of {command.source} came before with other content. Give it a new id."
        reasons.append(Reason(code="transfer_differs", field="transfer_id", detail=detail))
    _check(reasons)
    return [TmfImportBegun.model_validate(dict(command))]


def complete_import(tmf: Tmf, command: CompleteTmfImport) -> list[TmfEvent]:
    """Once."""
    known = tmf.transfer(command.source, command.transfer_id)
    assert known is not None, "an import is completed after it began"
    return [] if known.completed else [TmfImportCompleted.model_validate(dict(command))]


def judge_milestone(tmf: Tmf, command: JudgeMilestone) -> list[TmfEvent]:
    """Only what is new: that it is complete now, or not any more. One without documents is never complete."""
    at, milestone = command.occurred_at, command.milestone
    was_complete = milestone in tmf.complete_milestones
    is_complete = command.documents > 0 and command.open == 0
    if is_complete == was_complete:
        return []
    if is_complete:
        return [TmfMilestoneCompleted(occurred_at=at, milestone=milestone, documents=command.documents)]
    return [TmfMilestoneReopened(occurred_at=at, milestone=milestone, open=command.open)]


def _open(tmf: Tmf) -> list[Reason]:
    if not tmf.locked:
        return []
    detail = f"The trial master file is locked since {tmf.locked_on}. Unlock it first, with the reason."
    return [Reason(code="tmf_locked", detail=detail)]


def _open_document(one: Outstanding) -> Reason:
    count, ids = len(one.tmf_document_ids), ", ".join(one.tmf_document_ids)
    status = one.status.replace("_", " ")
    detail = f"{label_of(one.unique_id)}: {count} {status} ({ids}). File, waive or release what is open."
    return Reason(code=f"document_{one.status}", field="outstanding", detail=detail)


def _unfinished(one: Transfer) -> Reason:
    detail = f"Transfer {one.transfer_id} of {one.source} is not complete. Send its package again: it goes on."
    return Reason(code="import_unfinished", detail=detail)


def _check(reasons: list[Reason]) -> None:
    if reasons:
        raise Refused(*reasons)


def _existing(tmf: Tmf | None) -> Tmf:
    if tmf is None:
        raise Refused(Reason(code="tmf_unknown", detail="The study has no trial master file yet. Open it first."))
    return tmf


# Evolve


def evolve(tmf: Tmf | None, event: TmfEvent) -> Tmf:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, TmfOpened):
        return Tmf.model_validate({**event.model_dump(exclude={"occurred_at"}), "opened_on": event.occurred_at})
    tmf = _existing(tmf)
    match event:
        case TmfRulesAdopted():
            return changed(tmf, rules_version=event.rules_version)
        case TmfLocked():
            return changed(tmf, locked=True, locked_on=event.occurred_at)
        case TmfUnlocked():
            return changed(tmf, locked=False, locked_on=None)
        case TmfExported():
            return tmf
        case TmfImportBegun():
            begun = Transfer.model_validate(event.model_dump(exclude={"occurred_at"}))
            return changed(tmf, imports=(*tmf.imports, begun))
        case TmfImportCompleted():
            return changed(tmf, imports=tuple(_completed(one, event) for one in tmf.imports))
        case TmfMilestoneCompleted():
            return changed(tmf, complete_milestones=tuple(sorted({*tmf.complete_milestones, event.milestone})))
        case TmfMilestoneReopened():
            remaining = (one for one in tmf.complete_milestones if one != event.milestone)
            return changed(tmf, complete_milestones=tuple(remaining))


def _completed(one: Transfer, event: TmfImportCompleted) -> Transfer:
    if (one.source, one.transfer_id) != (event.source, event.transfer_id):
        return one
    return one.model_copy(update={"completed": True})
