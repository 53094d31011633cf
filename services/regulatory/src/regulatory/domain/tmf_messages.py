"""What may be asked of a study's trial master file as a whole, and what can have happened to it. Private."""

from kernel import Command, Event
from pydantic import BaseModel, ConfigDict

# Commands


class OpenTmf(Command):
    """Begin the study's file under a version of the rules, up to the `newest`. A repeated one changes nothing."""

    tmf_id: str
    study_id: str
    sponsor_id: str
    rules_version: int
    newest: int


class AdoptTmfRules(Command):
    """Move on to another version of the rule set; `newest` is a fact of the rules."""

    rules_version: int
    newest: int


class Outstanding(BaseModel):
    """Documents of one artifact that are due and open; a fact of the study's documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unique_id: int
    status: str
    tmf_document_ids: tuple[str, ...]


class LockTmf(Command):
    """Close the file; `outstanding` is what is due and open on that day."""

    outstanding: tuple[Outstanding, ...]


class UnlockTmf(Command):
    """Open a locked file again, for a reason."""

    grounds: str | None


class ExportTmf(Command):
    """Note that the file's content was handed out in a transfer."""

    transfer_id: str
    objects: int


class BeginTmfImport(Command):
    """Begin to take over a transfer; `package_sha256` tells it from another one under the same id."""

    source: str
    transfer_id: str
    package_sha256: str
    objects: int


class CompleteTmfImport(Command):
    """Note that every object of the transfer is here."""

    source: str
    transfer_id: str


class JudgeMilestone(Command):
    """Note whether a milestone is complete; `documents` that the study needs by it, and `open` ones, are facts."""

    milestone: str
    documents: int
    open: int


TmfCommand = (
    OpenTmf | AdoptTmfRules | LockTmf | UnlockTmf | ExportTmf | BeginTmfImport | CompleteTmfImport | JudgeMilestone
)


# Events


class TmfOpened(Event):
    """The study's file began."""

    tmf_id: str
    study_id: str
    sponsor_id: str
    rules_version: int


class TmfRulesAdopted(Event):
    """Documents are expected by another version of the rule set from now on."""

    rules_version: int


class TmfLocked(Event):
    """The file is closed."""


class TmfUnlocked(Event):
    """The file is open again."""

    grounds: str


class TmfExported(Event):
    """The content was handed out."""

    transfer_id: str
    objects: int


class TmfImportBegun(Event):
    """A transfer is being taken over."""

    source: str
    transfer_id: str
    package_sha256: str
    objects: int


class TmfImportCompleted(Event):
    """Every object of the transfer is here."""

    source: str
    transfer_id: str


class TmfMilestoneCompleted(Event):
    """Every document that is expected by the milestone is there, or the study does without it."""

    milestone: str
    documents: int


class TmfMilestoneReopened(Event):
    """Documents of a milestone that was complete are missing again."""

    milestone: str
    open: int


TmfEvent = (
    TmfOpened
    | TmfRulesAdopted
    | TmfLocked
    | TmfUnlocked
    | TmfExported
    | TmfImportBegun
    | TmfImportCompleted
    | TmfMilestoneCompleted
    | TmfMilestoneReopened
)
