"""Kafka in: hand each event to the policies, and their commands to the journal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from chassis.commands import Commands
from chassis.mongo import Database
from chassis.stream.policies import Order, carry_out
from chassis.stream.projecting import project
from contracts import TOPICS, Received
from contracts import sites as public

from sites.domain.milestone_track import NoteMilestones
from sites.domain.study import NoteStudyMilestones
from sites.handlers.amendments import amendment_id, assess_amendment
from sites.handlers.green_light import assess_checklist, follow_checklist, site_checklist_id
from sites.handlers.planning import forecast_plan, note_study_milestones, place_of
from sites.handlers.subjects import require_reconsent
from sites.policies.evidence import evidence_from
from sites.policies.green_light import (
    when_an_item_changes_have_the_site_take_note,
    when_something_is_learned_judge_the_checklist,
)
from sites.policies.planning import (
    Noting,
    changes_what_is_to_be_expected,
    milestones_reached,
    notings,
    study_milestones_planned,
)
from sites.policies.pre_study_visits import pre_study_visits_from
from sites.projections import CONSENT_FORMS, REACHED
from sites.projections.amendments import ABOUT_AMENDMENTS
from sites.queries.amendments_concerned import Judged, amendments_concerned
from sites.queries.checklists import sites_concerned
from sites.queries.consent_forms import subjects_concerned
from sites.queries.tracking import Known, known_of
from sites.store import (
    EVIDENCE,
    MILESTONE_TRACKS,
    PRE_STUDY_VISITS,
    SITE_AMENDMENTS,
    SITE_CHECKLISTS,
    STUDIES,
    STUDY_PLANS,
    STUDY_SITES,
    SUBJECTS,
)

LISTENS_TO = (TOPICS["regulatory"], TOPICS["monitoring"], TOPICS["sites"])


async def on_events(commands: Commands, database: Database, batch: Sequence[Received]) -> None:
    """Carry out what the batch's events ask of this service, in a transaction a step; again changes nothing.

    What is learned is written down first; then the checklists and amendments that it concerns are judged on that.
    """
    await project(database, (REACHED, CONSENT_FORMS, *ABOUT_AMENDMENTS), batch)
    await carry_out(commands, "sites", orders_from, batch)
    concerns = {
        one.envelope.id: about for one in batch if (about := when_something_is_learned_judge_the_checklist(one))
    }
    concerned = await sites_concerned(database, concerns)
    await carry_out(commands, "sites", lambda one: _assessments(concerned.get(one.envelope.id, ())), batch)
    await carry_out(commands, "sites", notes_from, batch)
    await carry_out(commands, "sites", partial(plans_from, await known_of(database, batch)), batch)
    for one in batch:
        async for subjects in subjects_concerned(database, one):
            await carry_out(commands, "sites", partial(reconsents_from, subjects), [one])
    for part in await amendments_concerned(database, batch):
        await carry_out(commands, "sites", partial(amendments_from, part), batch)


def orders_from(received: Received) -> Iterator[Order]:
    """What an event asks of what this service has learned elsewhere."""
    for source, command in evidence_from(received):
        yield Order(EVIDENCE, source, command)
    for visit in pre_study_visits_from(received):
        yield Order(PRE_STUDY_VISITS, visit.visit_id, visit)


def notes_from(received: Received) -> Iterator[Order]:
    """Which site takes note of its checklist after an event."""
    site_id = when_an_item_changes_have_the_site_take_note(received)
    if site_id is not None:
        yield Order(STUDY_SITES, site_id, follow_checklist(site_id))


def _assessments(site_ids: Iterable[str]) -> Iterator[Order]:
    for site_id in site_ids:
        yield Order(SITE_CHECKLISTS, site_checklist_id(site_id), assess_checklist(site_id))


def reconsents_from(subjects: Iterable[str], received: Received) -> Iterator[Order]:
    """Which subjects are asked whether their consent still holds, once another version of its form takes effect."""
    for subject_id in subjects:
        yield Order(SUBJECTS, subject_id, require_reconsent(subject_id, received.envelope.occurred_at))


def amendments_from(judged: Mapping[str, Sequence[Judged]], received: Received) -> Iterator[Order]:
    """Which amendments at which sites are judged after an event."""
    for site_id, version in judged.get(received.envelope.id, ()):
        yield Order(SITE_AMENDMENTS, amendment_id(site_id, version), assess_amendment(site_id, version))


def plans_from(known: Known, received: Received) -> Iterator[Order]:
    """What an event asks of the plan and the milestones of a study that is planned."""
    study_id, at = received.event.study_id, received.envelope.occurred_at
    if study_id not in known.planned:
        return
    reached = milestones_reached(received)
    before = known.reached[study_id] if isinstance(received.event, public.PlanDrafted) else ()
    for noting in notings([*before, *([reached] if reached is not None else [])]):
        yield _noted(noting)
    if planned := study_milestones_planned(received):
        yield Order(STUDIES, study_id, NoteStudyMilestones(occurred_at=at, milestones=planned))
    if changes_what_is_to_be_expected(received.event):
        yield Order(STUDY_PLANS, study_id, forecast_plan(study_id, at))


def _noted(noting: Noting) -> Order:
    if noting.country is None:
        days = {kind: actual.on for kind, actual in noting.reached.items()}
        return Order(STUDIES, noting.study_id, note_study_milestones(noting.study_id, days))
    place = place_of(noting.study_id, noting.sponsor_id, noting.country, noting.site_id)
    note = NoteMilestones(occurred_at=None, place=place, reached=noting.reached)
    return Order(MILESTONE_TRACKS, place.track_id, note)
