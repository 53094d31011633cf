"""Commands for delegations and trainings, completed with who leads the site and what the person is trained in."""

from collections.abc import Mapping
from typing import Any

from chassis.commands import Builder, Unit
from chassis.journal import event_id
from kernel import BusinessTime

from sites.domain.delegation import AuthoriseDelegation, DelegateTask
from sites.domain.green_light import qualification_of
from sites.domain.person import Credential, CredentialKind, Person
from sites.domain.staffing import Qualification, Topic
from sites.domain.training import ExpireTraining, RecordTraining, Training
from sites.handlers.green_light import investigator_at, present
from sites.handlers.site_records import at_site
from sites.store import DELEGATIONS, PEOPLE, TRAININGS

TOPIC_OF: Mapping[CredentialKind, Topic] = {"gcp_certificate": "gcp", "licence": "licence"}
"""What credentials of a person show besides trainings."""


def delegate_task(
    delegation_id: str, site_id: str, asked: Mapping[str, Any], at: BusinessTime
) -> Builder[DelegateTask]:
    """Delegate tasks at a site that is there."""

    async def build(unit: Unit) -> DelegateTask:
        about = await at_site(unit, site_id, at)
        facts = {
            "principal_investigator": await investigator_at(unit, site_id, at),
            "qualifications": await _trainings(unit, site_id, asked["person_id"]),
            "credentials": await _credentials(unit, asked["person_id"]),
        }
        return DelegateTask.model_validate({**asked, **about, **facts, "delegation_id": delegation_id})

    return build


def authorise_delegation(delegation_id: str, authorised_by: str, at: BusinessTime) -> Builder[AuthoriseDelegation]:
    """Have an entry that is there authorised by who leads its site on that date."""

    async def build(unit: Unit) -> AuthoriseDelegation:
        entry = await unit.require(DELEGATIONS, delegation_id)
        leads = await investigator_at(unit, entry.site_id, at)
        return AuthoriseDelegation(occurred_at=at, authorised_by=authorised_by, principal_investigator=leads)

    return build


def record_training(
    training_id: str, site_id: str, asked: Mapping[str, Any], at: BusinessTime
) -> Builder[RecordTraining]:
    """Record a training at a site that is there."""

    async def build(unit: Unit) -> RecordTraining:
        about = await at_site(unit, site_id, at)
        return RecordTraining.model_validate({**asked, **about, "training_id": training_id})

    return build


def expire_training() -> ExpireTraining:
    """Note that a training's last day has passed by now."""
    return ExpireTraining(occurred_at=None, now=present())


async def _trainings(unit: Unit, site_id: str, person_id: str) -> tuple[Qualification, ...]:
    """The person's trainings at the site."""
    of_person = {"state.site_id": site_id, "state.person_id": person_id, "state.voided": False}
    found = await unit.read(TRAININGS.collection, of_person)
    trainings = [(one["_id"], Training.model_validate(one["state"])) for one in found]
    return tuple(qualification_of(event_id(f"{TRAININGS.name}/{key}", 1), one) for key, one in trainings)


async def _credentials(unit: Unit, person_id: str) -> tuple[Qualification, ...]:
    """What the master records of the person show, merged ones too, where the caller may see them."""
    found, wanted = dict[str, Person](), [person_id]
    while wanted:
        key = wanted.pop()
        person = None if key in found else await unit.find(PEOPLE, key)
        if person is not None:
            found[key] = person
            wanted += [*person.absorbed, *([person.merged_into] if person.merged_into else [])]
    shown = [credential for person in found.values() for credential in person.credentials]
    return tuple(_shown_by(one, person_id) for one in shown if one.kind in TOPIC_OF)


def _shown_by(credential: Credential, person_id: str) -> Qualification:
    topic, since, until = TOPIC_OF[credential.kind], credential.issued_on, credential.expires_on
    return Qualification(
        person_id=person_id, topic=topic, event_id=credential.credential_id, since=since, expires_on=until
    )
