"""Kafka in: hand each event to the policies, and their commands to the journal."""

from collections.abc import Iterable, Iterator, Sequence

from chassis.commands import Commands
from chassis.mongo import Database
from chassis.stream.policies import Order, carry_out
from contracts import TOPICS, Received

from sites.handlers.green_light import assess_checklist, follow_checklist, site_checklist_id
from sites.policies.evidence import evidence_from
from sites.policies.green_light import (
    when_an_item_changes_have_the_site_take_note,
    when_something_is_learned_judge_the_checklist,
)
from sites.queries.checklists import sites_concerned
from sites.store import EVIDENCE, SITE_CHECKLISTS, STUDY_SITES

LISTENS_TO = (TOPICS["regulatory"], TOPICS["monitoring"], TOPICS["sites"])


async def on_events(commands: Commands, database: Database, batch: Sequence[Received]) -> None:
    """Carry out what the batch's events ask of this service, in a transaction a step; again changes nothing.

    What is learned is written down first, then every checklist that it concerns is judged on what stands there.
    """
    await carry_out(commands, "sites", orders_from, batch)
    concerns = {
        one.envelope.id: about for one in batch if (about := when_something_is_learned_judge_the_checklist(one))
    }
    concerned = await sites_concerned(database, concerns)
    await carry_out(commands, "sites", lambda one: _assessments(concerned.get(one.envelope.id, ())), batch)
    await carry_out(commands, "sites", notes_from, batch)


def orders_from(received: Received) -> Iterator[Order]:
    """What an event asks of this service's evidence."""
    for source, command in evidence_from(received):
        yield Order(EVIDENCE, source, command)


def notes_from(received: Received) -> Iterator[Order]:
    """Which site takes note of its checklist after an event."""
    site_id = when_an_item_changes_have_the_site_take_note(received)
    if site_id is not None:
        yield Order(STUDY_SITES, site_id, follow_checklist(site_id))


def _assessments(site_ids: Iterable[str]) -> Iterator[Order]:
    for site_id in site_ids:
        yield Order(SITE_CHECKLISTS, site_checklist_id(site_id), assess_checklist(site_id))
