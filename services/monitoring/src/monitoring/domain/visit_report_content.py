"""What a visit report says: a summary, an observation on each topic that its kind of visit covers, a conclusion.

A monitoring report tells what was reviewed, what was found, what was concluded and which actions follow (ICH E6(R3)
3.11.4, monitoring report). The topics are rows of data (`visit_report_topics.csv`) with their sources.
"""

import csv
from importlib.resources import files
from typing import Annotated, Final, Literal

from kernel import DateOnly, Reason, content_sha256
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from monitoring.domain.monitoring_visit import VisitType

Outcome = Literal["satisfactory", "issue", "not_applicable"]


class Topic(BaseModel):
    """One row: what is looked at, and at which kinds of visit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z_]+$")
    title: str = Field(min_length=1)
    visit_types: Annotated[tuple[VisitType, ...], BeforeValidator(str.split)]
    source: str = Field(min_length=1)
    version: str
    valid_from: DateOnly


def _rows() -> dict[str, Topic]:
    text = files("monitoring.domain").joinpath("visit_report_topics.csv").read_text(encoding="utf-8")
    rows = [Topic.model_validate(row) for row in csv.DictReader(text.splitlines())]
    by_code = {row.code: row for row in rows}
    assert len(by_code) == len(rows), "a topic stands once in visit_report_topics.csv"
    return by_code


TOPICS: Final = _rows()


def topics_of(visit_type: VisitType) -> list[Topic]:
    """What a visit of this kind covers."""
    return [topic for topic in TOPICS.values() if visit_type in topic.visit_types]


class Observation(BaseModel):
    """What was found on a topic; an issue says what it is and which action follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    outcome: Outcome
    comment: str | None = None
    action: str | None = None


class Content(BaseModel):
    """The text of a report, in the order in which it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str | None = None
    observations: tuple[Observation, ...] = ()
    conclusion: str | None = None

    def sha256(self) -> str:
        """The hash that a signature binds."""
        return content_sha256(self.model_dump(mode="json"))


def flaws(content: Content, visit_type: VisitType) -> list[Reason]:
    """What makes it no content of such a report: topics that its kind of visit does not cover, or named twice."""
    covered = {topic.code for topic in topics_of(visit_type)}
    named = [one.topic for one in content.observations]
    foreign = sorted({topic for topic in named if topic not in covered})
    twice = sorted({topic for topic in named if named.count(topic) > 1})
    choice = ", ".join(sorted(covered))
    return [
        *(
            _reason("topic_unknown", one, f"A {visit_type} does not cover {one}; it covers {choice}.")
            for one in foreign
        ),
        *(_reason("topic_twice", one, f"There are several observations on {one}: make them one.") for one in twice),
    ]


def gaps(content: Content, visit_type: VisitType) -> list[Reason]:
    """Everything that a report still lacks before somebody reviews it."""
    found = {one.topic: one for one in content.observations}
    missing = [topic for topic in topics_of(visit_type) if topic.code not in found]
    issues = [one for one in content.observations if one.outcome == "issue"]
    texts = {"summary": content.summary, "conclusion": content.conclusion}
    return [
        *(
            Reason(code=f"{name}_missing", field=f"content.{name}", detail=f"Write the {name}.")
            for name, text in texts.items()
            if not text
        ),
        *(_reason("observation_missing", one.code, f"Say what was found on: {one.title}.") for one in missing),
        *(
            _reason("comment_missing", one.topic, f"Say what the issue on {one.topic} is.")
            for one in issues
            if not one.comment
        ),
        *(
            _reason("action_missing", one.topic, f"Say which action follows from the issue on {one.topic}.")
            for one in issues
            if not one.action
        ),
    ]


def _reason(code: str, topic: str, detail: str) -> Reason:
    return Reason(code=code, field=f"content.observations.{topic}", detail=detail)
