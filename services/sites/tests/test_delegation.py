"""Tasks go to fit persons only, authorised by who leads the site; what ends stays on the log."""

from functools import reduce
from typing import Any

import pytest
from green_lights import LEADER, trained
from kernel import Refused
from sites.domain.delegation import (
    AuthoriseDelegation,
    DelegateTask,
    Delegation,
    DelegationAuthorised,
    DelegationCommand,
    DelegationEnded,
    DelegationEvent,
    EndDelegation,
    TaskDelegated,
    decide,
    evolve,
)
from sites.domain.training import (
    ExpireTraining,
    RecordTraining,
    Training,
    TrainingCompleted,
    TrainingExpired,
    TrainingVoided,
    VoidTraining,
)
from sites.domain.training import decide as decide_training
from sites.domain.training import evolve as evolve_training

DAY = "2026-02-01"
SITE: dict[str, Any] = {"site_id": "site-7", "study_id": "s1", "sponsor_id": "acme-1", "country": "DE"}
ENTRY: dict[str, Any] = {
    **SITE,
    "occurred_at": DAY,
    "delegation_id": "d1",
    "person_id": "person-2",
    "role": "study_nurse",
    "tasks": ("handle_samples",),
    "authorised_by": LEADER,
    "signed_on": DAY,
    "document": "LOG-1",
}
FIT = tuple(trained(topic) for topic in ("protocol", "gcp", "samples"))
DELEGATED = TaskDelegated.model_validate(ENTRY)


def delegate(**more: Any) -> DelegateTask:
    facts = {"principal_investigator": LEADER, "qualifications": FIT}
    return DelegateTask.model_validate({**ENTRY, **facts, **more})


def after(*events: DelegationEvent) -> Delegation:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def refused(entry: Delegation | None, command: DelegationCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(entry, command)
    return [reason.code for reason in refused.value.reasons]


def test_tasks_are_delegated_once_to_a_person_who_is_fit_for_them() -> None:
    assert decide(None, delegate()) == [DELEGATED]
    assert decide(after(DELEGATED), delegate()) == []


def test_an_entry_keeps_the_credentials_that_it_rests_on_and_no_others() -> None:
    certificate = trained("gcp", expires_on="2026-12")
    others = (trained("licence"), trained("gcp", event_id="old", expires_on="2026-01"))
    command = delegate(qualifications=(FIT[0], FIT[2]), credentials=(certificate, *others))
    assert after(*decide(None, command)).credentials == (certificate,)
    only_old = delegate(qualifications=(FIT[0], FIT[2]), credentials=others)
    assert refused(None, only_old) == ["gcp_out_of_date"]


def test_a_refusal_names_everything_that_is_in_the_way() -> None:
    command = delegate(
        person_id=LEADER,
        principal_investigator="person-9",
        signed_on="2026-02-15",
        tasks=("handle_samples", "magic"),
        qualifications=(),
    )
    assert refused(None, command) == [
        "authoriser_is_not_investigator",
        "self_delegation",
        "begins_before_authorisation",
        "task_unknown",
        "protocol_missing",
        "gcp_missing",
        "samples_missing",
    ]


def test_whoever_does_not_lead_the_site_on_that_day_authorises_nothing() -> None:
    with pytest.raises(Refused, match="that is nobody"):
        decide(None, delegate(principal_investigator=None))
    assert refused(None, delegate(principal_investigator="person-9")) == ["authoriser_is_not_investigator"]


def test_nobody_delegates_to_themselves() -> None:
    fit = tuple(trained(topic, LEADER) for topic in ("protocol", "gcp", "samples"))
    assert refused(None, delegate(person_id=LEADER, qualifications=fit)) == ["self_delegation"]


def test_a_training_that_has_expired_by_the_first_day_is_told_as_out_of_date() -> None:
    lapsed = (*FIT[:2], trained("samples", expires_on="2026-01-15"))
    assert refused(None, delegate(qualifications=lapsed)) == ["samples_out_of_date"]


def test_the_tasks_do_not_begin_before_the_signature() -> None:
    assert refused(None, delegate(signed_on="2026-02-02")) == ["begins_before_authorisation"]
    assert decide(None, delegate(signed_on="2026-02"))


def test_who_takes_the_site_over_authorises_the_entries_that_run() -> None:
    authorise = AuthoriseDelegation(occurred_at=DAY, authorised_by="person-9", principal_investigator="person-9")
    authorised = DelegationAuthorised(occurred_at=DAY, authorised_by="person-9")
    assert decide(after(DELEGATED), authorise) == [authorised]
    state = after(DELEGATED, authorised)
    assert [one.person_id for one in state.authorisations] == [LEADER, "person-9"]
    assert decide(state, authorise) == []


def test_an_entry_that_has_ended_or_is_ones_own_is_not_authorised() -> None:
    ended = after(DELEGATED, DelegationEnded(occurred_at=DAY))
    authorise = AuthoriseDelegation(occurred_at=DAY, authorised_by="person-2", principal_investigator="person-9")
    assert refused(ended, authorise) == ["authoriser_is_not_investigator", "delegation_ended", "self_delegation"]


def test_an_entry_ends_once_not_before_it_began_and_stays_on_the_log() -> None:
    end = EndDelegation(occurred_at="2026-03-01")
    assert decide(after(DELEGATED), end) == [DelegationEnded(occurred_at="2026-03-01")]
    state = after(DELEGATED, DelegationEnded(occurred_at="2026-03-01"))
    assert (state.tasks, state.ends_on) == (("handle_samples",), "2026-03-01")
    assert decide(state, end) == []
    assert refused(after(DELEGATED), EndDelegation(occurred_at="2026-01")) == ["ends_before_it_begins"]


def test_nothing_happens_to_an_entry_that_is_not_there() -> None:
    assert refused(None, EndDelegation(occurred_at=DAY)) == ["delegation_unknown"]


TRAINING: dict[str, Any] = {
    **SITE,
    "occurred_at": DAY,
    "training_id": "t1",
    "person_id": "person-2",
    "topic": "gcp",
    "document": "CERT-1",
    "expires_on": "2026-06-30",
}
COMPLETED = TrainingCompleted.model_validate(TRAINING)


def trained_after(*events: Any) -> Training:
    state = reduce(evolve_training, events, None)
    assert state is not None
    return state


def test_a_training_is_recorded_once_and_not_with_an_end_before_its_completion() -> None:
    assert decide_training(None, RecordTraining.model_validate(TRAINING)) == [COMPLETED]
    assert decide_training(trained_after(COMPLETED), RecordTraining.model_validate(TRAINING)) == []
    with pytest.raises(Refused, match="cannot expire"):
        decide_training(None, RecordTraining.model_validate({**TRAINING, "expires_on": "2025"}))


def test_a_training_expires_once_when_its_last_day_has_passed() -> None:
    there = trained_after(COMPLETED)
    assert str(there.due_at) == "2026-07-01 00:00:00+00:00"
    on_the_day = ExpireTraining(occurred_at=None, now="2026-06-30T23:59:59Z")
    assert decide_training(there, on_the_day) == []
    the_day_after = ExpireTraining(occurred_at=None, now="2026-07-01T00:00:00Z")
    expired = TrainingExpired(occurred_at="2026-06-30")
    assert decide_training(there, the_day_after) == [expired]
    assert decide_training(trained_after(COMPLETED, expired), the_day_after) == []


def test_a_record_made_in_error_is_voided_once_and_never_expires() -> None:
    void = VoidTraining(occurred_at=DAY)
    voided = TrainingVoided(occurred_at=DAY)
    assert decide_training(trained_after(COMPLETED), void) == [voided]
    state = trained_after(COMPLETED, voided)
    assert decide_training(state, void) == []
    assert decide_training(state, ExpireTraining(occurred_at=None, now="2027-01-01T00:00:00Z")) == []
    assert state.due_at is None


def test_a_training_that_is_not_there_is_not_voided() -> None:
    with pytest.raises(Refused, match="not known"):
        decide_training(None, VoidTraining(occurred_at=DAY))
