"""Events make documents of trial master files expected, due, filed or not required, by the rules each study follows.

An event is remembered before it is acted on. Where a study's file begins or moves on to other rules later, what is
remembered of the study is acted on again under them: so nothing depends on which came first, and an order that was
carried out before is not carried out twice (its id is derived from the event, the document and the rules' version).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chassis.commands import Builder, Commands, Unit
from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.stream.policies import Order, carry_out
from chassis.stream.projecting import project
from contracts import Envelope, Received
from contracts.regulatory import tmf as public
from contracts.regulatory.documents import DocumentMadeEffective
from contracts.sites import StudyRegistered

from regulatory.domain.tmf_commands import ExpectDocument
from regulatory.domain.tmf_expectations import RULES, Expectation, Trigger
from regulatory.domain.tmf_messages import OpenTmf
from regulatory.domain.tmf_version import Evidence
from regulatory.projections import TMF_TRIGGERS
from regulatory.store import DOCUMENTS, TMF_DOCUMENTS, TMFS

SERVICE: Final = "regulatory"
ORDERS_MAX: Final = 500
"""So many commands go into one transaction at most, and those of one event at least."""


@dataclass(frozen=True)
class Remembered:
    """An event that rules speak of, and the documents it means under the version that its study follows."""

    envelope: Envelope
    trigger: Trigger
    version: int

    @property
    def orders(self) -> list[Order]:
        """What it asks for, one order a document."""
        return [self._order(one) for one in RULES.expectations(self.trigger, self.version)]

    def _order(self, one: Expectation) -> Order:
        key = one.place.id_in(self.envelope.study)
        return Order(TMF_DOCUMENTS, key, expected_by_rule(self, one, key), f"rules {self.version}")


def turn_of(study_id: str) -> str:
    """What commands of a study's file are decided in turn by: a lock, and a document that it would have to know of."""
    return f"tmf/{study_id}"


async def on_events(commands: Commands, database: Database, batch: Sequence[Received]) -> None:
    """Remember what the rules speak of, then act on it; files that begin or change rules go over what is remembered."""
    await project(database, (TMF_TRIGGERS,), batch)
    await carry_out(commands, SERVICE, when_a_study_is_registered_open_its_file, batch)
    entries = [entry for one in batch if (entry := TMF_TRIGGERS.entry(one)) is not None]
    await _expect(commands, database, entries)
    for study in dict.fromkeys(one.event.study_id for one in batch if _begins_anew(one)):
        await _expect(commands, database, await _remembered(database, study))


def when_a_study_is_registered_open_its_file(received: Received) -> Iterator[Order]:
    """A study that is run here has a file from its registration on; one taken over from elsewhere when it is opened."""
    envelope, event = received
    if isinstance(event, StudyRegistered) and envelope.provenance == "recorded":
        command = open_tmf(event.study_id, envelope.sponsor, _day(envelope), RULES.current)
        yield Order(TMFS, event.study_id, command)


def open_tmf(study_id: str, sponsor_id: str, at: str, version: int) -> OpenTmf:
    """Begin a study's file under a version of the rules."""
    facts = {"tmf_id": study_id, "study_id": study_id, "sponsor_id": sponsor_id, "rules_version": version}
    return OpenTmf.model_validate({**facts, "newest": RULES.current, "occurred_at": at})


def expected_by_rule(cause: Remembered, one: Expectation, key: str) -> Builder[ExpectDocument]:
    """Expect it while the study follows this version; once it has moved on, what is remembered is gone over anyway."""
    envelope, place = cause.envelope, one.place
    evidence = Evidence(event_id=envelope.id, event_type=envelope.type) if one.does == "file" else None
    facts: dict[str, Any] = {
        "occurred_at": cause.trigger.on,
        "tmf_document_id": key,
        "study_id": envelope.study,
        "sponsor_id": envelope.sponsor,
        "milestone": one.milestone,
        "due_on": one.due_on,
        "rule": one.rule,
        "cause": envelope.subject,
        "does": one.does,
        "evidence": evidence,
        "by": f"service:{SERVICE}",
        **vars(place),
    }

    async def build(unit: Unit) -> ExpectDocument:
        await unit.in_turn(turn_of(envelope.study))
        tmf = await unit.find(TMFS, envelope.study)
        applies = tmf is not None and tmf.rules_version == cause.version
        spoken_of = await _spoken_of(unit, cause.trigger) if evidence is not None else {}
        locked_on = tmf.locked_since if tmf is not None else None
        return ExpectDocument.model_validate({**facts, **spoken_of, "applies": applies, "locked_on": locked_on})

    return build


async def _spoken_of(unit: Unit, trigger: Trigger) -> dict[str, Any]:
    """The file and number of the version of a controlled document that the event speaks of, where it does."""
    if trigger.type != DocumentMadeEffective.TYPE:
        return {}
    document = await unit.find(DOCUMENTS, trigger.body["document_id"])
    version = document.version(trigger.body["version"]) if document is not None else None
    file = version.file if version is not None else None
    return {"evidence_file": file, "evidence_label": trigger.body["version"]}


async def _expect(commands: Commands, database: Database, entries: Sequence[Document]) -> None:
    """Carry out what the entries ask for in the studies that have a file; in their order, so many at once."""
    versions = await _versions(database, {entry["study"] for entry in entries})
    causes = [_cause(entry, versions[entry["study"]]) for entry in entries if entry["study"] in versions]
    for piece in _pieces(causes):
        await carry_out(commands, SERVICE, lambda one: one.orders, piece)


def _pieces(causes: Iterable[Remembered]) -> Iterator[list[Remembered]]:
    piece: list[Remembered] = []
    orders = 0
    for cause in causes:
        piece.append(cause)
        orders += len(cause.orders)
        if orders >= ORDERS_MAX:
            yield piece
            piece, orders = [], 0
    if piece:
        yield piece


async def _versions(database: Database, studies: Iterable[str]) -> dict[str, int]:
    """The version of the rules that each study with a file follows."""
    condition = {"study": {"$in": sorted(studies)}}
    fields = ["study", "state.rules_version"]
    found = await database.collection(TMFS.collection).find(Scope.everything(), condition, fields=fields)
    return {one["study"]: one["state"]["rules_version"] for one in found}


async def _remembered(database: Database, study_id: str) -> list[Document]:
    """Everything that is remembered of a study, in the order in which it was recorded."""
    triggers = database.collection(TMF_TRIGGERS.collection)
    order = [("recorded_at", 1), ("envelope.aggregateversion", 1), ("_id", 1)]
    return await triggers.find(Scope.everything(), {"study": study_id}, sort=order)


def _cause(entry: Document, version: int) -> Remembered:
    envelope = Envelope.model_validate(entry["envelope"])
    return Remembered(envelope, Trigger(envelope.id, envelope.type, entry["body"], _day(envelope)), version)


def _day(envelope: Envelope) -> str:
    """When it happened; where that was not told, the day on which the platform learned it."""
    return envelope.occurred_at or envelope.recorded_at.date().isoformat()


def _begins_anew(received: Received) -> bool:
    return isinstance(received.event, public.TmfOpened | public.TmfRulesAdopted)
