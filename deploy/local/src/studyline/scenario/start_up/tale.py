"""The story as it is being told: the stage, its people and days, and the ids of what has come about so far."""

from dataclasses import dataclass, field
from typing import Any

from studyline.scenario.stage import Actor, Object, Stage
from studyline.scenario.start_up.story import STORY, Calendar, Candidate, Story


@dataclass(frozen=True)
class Cast:
    """Who acts in the story; the medical lead is the sponsor's, everybody else the CRO's."""

    operations: Actor
    writer: Actor
    affairs: Actor
    quality: Actor
    monitor: Actor
    medical: Actor

    @classmethod
    def of(cls, sponsor: str) -> "Cast":
        """The people of a study of this sponsor's."""
        return cls(
            operations=Actor("operations", "start-up-lead", "Nora Feldberg"),
            writer=Actor("regulatory", "medical-writer", "Timo Aschauer"),
            affairs=Actor("regulatory", "regulatory-lead", "Lucie Marchandeau"),
            quality=Actor("quality", "quality-lead", "Osric Penhallow"),
            monitor=Actor("monitor", "field-monitor", "Ada Brightmoor"),
            medical=Actor("sponsor", "medical-lead", "Ines Calderwood", sponsors=(sponsor,)),
        )


@dataclass
class Tale:
    """What is known while the story is told; sites by number, people by site and role, the rest by the story's keys."""

    stage: Stage
    sponsor: str
    protocol_number: str
    calendar: Calendar
    study_id: str = ""
    agreement_id: str = ""
    entries_before: int = 0
    sites: dict[str, str] = field(default_factory=dict[str, str])
    people: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    documents: dict[str, str] = field(default_factory=dict[str, str])
    submissions: dict[str, str] = field(default_factory=dict[str, str])
    subjects: dict[str, str] = field(default_factory=dict[str, str])
    refusals: dict[str, list[Object]] = field(default_factory=dict[str, list[Object]])
    story: Story = STORY

    def __post_init__(self) -> None:
        """The people follow from the sponsor."""
        self.cast = Cast.of(self.sponsor)

    async def do(self, path: str, day: int, by: Actor | None = None, /, **body: Any) -> Object:
        """Have it done at `sites`, on that day of the story, by operations unless told."""
        who = by or self.cast.operations
        return await self.stage.act(who, "sites", path, occurred_at=self.calendar(day), **body)

    async def file(self, path: str, day: int, by: Actor | None = None, /, **body: Any) -> Object:
        """The same at `regulatory`, by regulatory affairs unless told."""
        who = by or self.cast.affairs
        return await self.stage.act(who, "regulatory", path, occurred_at=self.calendar(day), **body)

    async def visit(self, path: str, day: int, by: Actor | None = None, /, **body: Any) -> Object:
        """The same at `monitoring`, by the monitor unless told."""
        who = by or self.cast.monitor
        return await self.stage.act(who, "monitoring", path, occurred_at=self.calendar(day), **body)

    def at(self, site: Candidate) -> str:
        """The path of a site."""
        return f"/sites/{self.sites[site.number]}"

    def tell(self, day: int | None, text: str) -> None:
        """Tell one act, with its date."""
        self.stage.tell(f"  {self.calendar(day) if day is not None else '':<10}  {text}")

    def refused(self, name: str, day: int, what: str, reasons: list[Object]) -> None:
        """Tell a refusal as what it is, every unmet item named; nothing where the act is done already."""
        if not reasons:
            return self.tell(day, f"{what}: done before, nothing to refuse any more")
        self.refusals[name] = reasons
        self.tell(day, f"{what}: REFUSED, {len(reasons)} to mend")
        for reason in reasons:
            self.stage.tell(f"{'':<14}- {reason['detail']}")
        return None
