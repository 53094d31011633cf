"""A person's credentials hold until their date; that one has lapsed is told once, however late."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from kernel import Refused
from sites.domain.merging import RecordMerged
from sites.domain.person import (
    CorrectPerson,
    Credential,
    CredentialLapsed,
    CredentialRecorded,
    CredentialVoided,
    Details,
    Lapse,
    NoteLapses,
    Person,
    PersonRegistered,
    RecordCredential,
    VoidCredential,
    decide,
    evolve,
    in_use,
    match_keys,
    standing,
)

AT: dict[str, Any] = {"occurred_at": "2026-03-01"}
WHO = Details(family_name="Keller", given_name="Maria", title="Dr.", profession="physician", country="DE")
GCP = Credential(credential_id="g1", kind="gcp_certificate", issued_on="2024-05-01", expires_on="2026-05")
RENEWED = Credential(credential_id="g2", kind="gcp_certificate", issued_on="2026-04-01", expires_on="2028-04")


def person(*events: Any) -> Person:
    state = reduce(evolve, (PersonRegistered(**AT, person_id="p1", details=WHO), *events), None)
    assert state is not None
    return state


def having(*credentials: Credential) -> Person:
    return person(*(CredentialRecorded(**AT, credential=one) for one in credentials))


def at(*day: int) -> datetime:
    return datetime(*day, tzinfo=UTC)  # type: ignore[misc]  # pyright: ignore[reportArgumentType]


def test_a_person_is_known_by_name_and_place() -> None:
    assert WHO.full_name == "Dr. Maria Keller"
    assert match_keys(WHO) == match_keys(WHO.model_copy(update={"family_name": "KELLER", "title": None}))


def test_a_proof_is_recorded_once() -> None:
    command = RecordCredential(**AT, credential=GCP)
    assert decide(person(), command) == [CredentialRecorded(**AT, credential=GCP)]
    assert decide(having(GCP), command) == []


def test_a_refused_proof_names_everything_that_is_wrong_with_it() -> None:
    wrong = Credential(credential_id="x", kind="training", issued_on="2026-03-02", expires_on="2026-02")
    with pytest.raises(Refused) as refused:
        decide(person(), RecordCredential(**AT, credential=wrong))
    assert [reason.code for reason in refused.value.reasons] == ["course_needed", "expires_before_issue"]


def test_what_is_new_is_not_recorded_on_a_merged_record() -> None:
    merged = person(RecordMerged(**AT, into="p2"))
    for command in (RecordCredential(**AT, credential=GCP), CorrectPerson(**AT, details=WHO)):
        with pytest.raises(Refused, match="merged into p2"):
            decide(merged, command)


def test_a_month_holds_to_its_end() -> None:
    assert standing(GCP, at(2026, 5, 31)) == "expiring"
    assert standing(GCP, at(2026, 6, 1)) == "expired"
    assert standing(GCP, at(2026, 1, 1)) == "valid"
    assert standing(GCP, at(2024, 4, 30)) == "not_yet_valid"


def test_a_lapse_is_told_when_it_is_due_and_not_again() -> None:
    known = having(GCP)
    assert known.next_lapse_at == at(2026, 6, 1)
    assert decide(known, NoteLapses(occurred_at=None, at=at(2026, 5, 31))) == []
    lapse = Lapse(kind="gcp_certificate", course=None, expired_on="2026-05")
    told = decide(known, NoteLapses(occurred_at=None, at=at(2027, 1, 1)))
    assert told == [CredentialLapsed(occurred_at="2026-05", lapse=lapse)]
    after = reduce(evolve, told, known)
    assert after.next_lapse_at is None
    assert decide(after, NoteLapses(occurred_at=None, at=at(2027, 1, 2))) == []


def test_a_renewal_takes_the_place_of_what_it_renews() -> None:
    known = having(GCP, RENEWED)
    assert in_use(known.credentials) == [RENEWED]
    assert known.next_lapse_at == at(2028, 5, 1)


def test_a_voided_renewal_leaves_the_older_proof() -> None:
    voided = evolve(having(GCP, RENEWED), CredentialVoided(**AT, credential_id="g2"))
    assert voided.next_lapse_at == at(2026, 6, 1)
    assert decide(voided, VoidCredential(**AT, credential_id="g2")) == []


def test_trainings_for_different_things_lapse_apart() -> None:
    irt, edc = (
        Credential(credential_id=course, kind="training", course=course, issued_on="2025", expires_on=until)
        for course, until in (("IRT", "2026-01"), ("EDC", "2026-02"))
    )
    told = decide(having(irt, edc), NoteLapses(occurred_at=None, at=at(2026, 2, 1)))
    assert [one.lapse.course for one in told if isinstance(one, CredentialLapsed)] == ["IRT"]


def test_what_never_expires_never_lapses() -> None:
    licence = Credential(credential_id="l", kind="licence", issued_on="2010")
    assert having(licence).next_lapse_at is None


DAYS = st.integers(0, 400)
START = at(2026, 1, 1)


class Lapses(RuleBasedStateMachine):
    """GCP certificates come, are voided, and time goes on, with downtimes; the model knows only the last good day."""

    def __init__(self) -> None:
        super().__init__()
        self.person = person()
        self.day = 0
        self.certificates: dict[str, int] = {}
        self.told: list[int] = []
        self.expected: list[int] = []

    def carry_out(self, command: Any) -> None:
        events = decide(self.person, command)
        self.person = reduce(evolve, events, self.person)
        self.told += [
            (datetime.fromisoformat(one.lapse.expired_on).replace(tzinfo=UTC) - START).days
            for one in events
            if isinstance(one, CredentialLapsed)
        ]

    @rule(until=DAYS)
    def certify(self, until: int) -> None:
        key, last = f"c{len(self.certificates)}-{until}", (START + timedelta(days=until)).date().isoformat()
        one = Credential(credential_id=key, kind="gcp_certificate", issued_on="2020", expires_on=last)
        self.carry_out(RecordCredential(**AT, credential=one))
        self.certificates[key] = until

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        if self.certificates:
            key = data.draw(st.sampled_from(sorted(self.certificates)))
            del self.certificates[key]
            self.carry_out(VoidCredential(**AT, credential_id=key))

    @rule(days=st.integers(1, 90))
    def time_passes_and_a_tick_comes(self, days: int) -> None:
        self.day += days
        last = max(self.certificates.values(), default=None)
        if last is not None and last < self.day and last not in self.expected:
            self.expected.append(last)
        self.carry_out(NoteLapses(occurred_at=None, at=START + timedelta(days=self.day)))
        assert self.told == self.expected
        due = self.person.next_lapse_at
        assert due is None or due > START + timedelta(days=self.day)


TestLapses = Lapses.TestCase
TestLapses.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
