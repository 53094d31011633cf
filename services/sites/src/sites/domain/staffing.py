"""Who does what at a site: delegations and trainings as facts, and what follows from them on a date.

ICH E6(R3) 2.3.1 to 2.3.3: the investigator may delegate tasks to qualified and trained persons, supervises them, and
keeps a record of who does what. Which training a task needs stands in `delegation_tasks.csv`.
"""

import csv
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Annotated, Final, Literal

from kernel import BusinessTime, is_before
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)]
StaffRole = Literal["sub_investigator", "study_coordinator", "study_nurse", "pharmacist", "laboratory_staff", "other"]
Topic = Literal[
    "gcp", "protocol", "informed_consent", "safety_reporting", "product_handling", "samples", "systems", "licence"
]
PROTOCOL: Final[Topic] = "protocol"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(_Value):
    """A task that may be delegated, and the training or credential that it needs."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    needs: Words
    source: str
    version: str


def read_tasks() -> dict[str, Task]:
    """The tasks of the package by their codes. Raises where a row is no task."""
    text = files("sites.domain").joinpath("delegation_tasks.csv").read_text(encoding="utf-8")
    tasks = [Task.model_validate(row) for row in csv.DictReader(text.splitlines())]
    return {task.code: task for task in tasks}


TASKS: Final = read_tasks()


class Qualification(_Value):
    """One training or credential of a person: from when until when it holds."""

    person_id: str
    topic: str
    event_id: str
    since: BusinessTime
    expires_on: BusinessTime | None = None

    def holds(self, at: BusinessTime | None) -> bool:
        """Whether it may be relied on at that date."""
        if at is None:
            return True
        return not is_before(at, self.since) and not (self.expires_on and is_before(self.expires_on, at))


class Delegated(_Value):
    """One entry of the delegation log: who does which tasks, from when until when, authorised by whom.

    `credentials` are those of the person's master record that the entry rested on when the tasks were delegated.
    """

    person_id: str
    role: StaffRole
    tasks: tuple[str, ...]
    event_id: str
    starts_on: BusinessTime
    ends_on: BusinessTime | None = None
    authorised_by: tuple[str, ...] = ()
    credentials: tuple[Qualification, ...] = ()

    def runs(self, at: BusinessTime | None) -> bool:
        """Whether the tasks are the person's at that date; on its last day they are."""
        if at is None:
            return self.ends_on is None
        return not is_before(at, self.starts_on) and not (self.ends_on and is_before(self.ends_on, at))

    @property
    def needs(self) -> tuple[str, ...]:
        """The topics that the tasks call for; the protocol always."""
        return needs_of(self.tasks)


def needs_of(tasks: Sequence[str]) -> tuple[str, ...]:
    """The topics that these tasks call for, each once; the protocol always."""
    return tuple(dict.fromkeys([PROTOCOL, *(need for task in tasks for need in TASKS[task].needs)]))


class Staff(_Value):
    """The delegation log of a site and the qualifications of those on it."""

    delegated: tuple[Delegated, ...] = ()
    qualified: tuple[Qualification, ...] = ()

    @property
    def dates(self) -> list[tuple[BusinessTime | None, BusinessTime | None]]:
        """From when until when each entry and each qualification holds."""
        entries = [(one.starts_on, one.ends_on) for one in self.delegated]
        relied_on = [credential for one in self.delegated for credential in one.credentials]
        return [*entries, *((one.since, one.expires_on) for one in (*self.qualified, *relied_on))]

    def has_sub_investigator(self, at: BusinessTime | None) -> bool:
        """Whether a sub-investigator is on the log at that date."""
        return any(one.role == "sub_investigator" and one.runs(at) for one in self.delegated)

    def evidence(
        self, code: str, at: BusinessTime | None, investigator: str | None
    ) -> list[tuple[str, BusinessTime | None, BusinessTime | None]]:
        """The events by which the log, or the training of everybody on it, is shown; none where it is not.

        Each with the dates since when and until when it holds.
        """
        running = [one for one in self.delegated if one.runs(at)]
        if code == "delegation_log":
            return [(one.event_id, one.starts_on, one.ends_on) for one in running if investigator in one.authorised_by]
        if not running or any(self._lacks(one, at) for one in running):
            return []
        holding = [one for entry in running for need in entry.needs for one in self._holding(entry, need, at)]
        return [(one.event_id, one.since, one.expires_on) for one in holding]

    def gaps(self, code: str, at: BusinessTime | None) -> str:
        """What is missing of the training, as a sentence; empty for every other item."""
        if code != "trial_training":
            return ""
        lacking = sorted({need for one in self.delegated if one.runs(at) for need in self._lacks(one, at)})
        return f"Missing or out of date: {', '.join(lacking).replace('_', ' ')}. " if lacking else ""

    def _lacks(self, entry: Delegated, at: BusinessTime | None) -> list[str]:
        return [need for need in entry.needs if not any(self._holding(entry, need, at))]

    def _holding(self, entry: Delegated, need: str, at: BusinessTime | None) -> Iterator[Qualification]:
        trained = (one for one in self.qualified if one.person_id == entry.person_id)
        return (one for one in (*trained, *entry.credentials) if one.topic == need and one.holds(at))
