"""Protocol deviations and adverse events are plain records: told once, and told again when a source corrects them."""

from hypothesis import given
from hypothesis import strategies as st
from monitoring.domain import adverse_event, protocol_deviation
from monitoring.domain.adverse_event import AdverseEventRecorded, RecordAdverseEvent
from monitoring.domain.protocol_deviation import ProtocolDeviationRecorded, RecordProtocolDeviation

STUDY = {"study_id": "s1", "sponsor_id": "acme-1", "occurred_at": "2022-05"}
DEVIATION = {
    **STUDY,
    "deviation_id": "d1",
    "site_id": "site-7",
    "country": "DE",
    "subject_key": "007-001",
    "category": "eligibility",
    "important": True,
}
ADVERSE_EVENT = {
    **STUDY,
    "adverse_event_id": "a1",
    "site_id": "site-7",
    "country": "DE",
    "subject_key": "007-001",
    "serious": True,
    "severity": "moderate",
}


def test_a_deviation_is_recorded_with_its_facts() -> None:
    command = RecordProtocolDeviation.model_validate(DEVIATION)
    [event] = protocol_deviation.decide(None, command)
    assert event == ProtocolDeviationRecorded.model_validate(DEVIATION)
    assert protocol_deviation.evolve(None, event).occurred_on == "2022-05"


def test_a_deviation_may_be_known_of_the_study_only() -> None:
    nowhere = {**DEVIATION, "site_id": None, "country": None, "subject_key": None}
    [event] = protocol_deviation.decide(None, RecordProtocolDeviation.model_validate(nowhere))
    assert protocol_deviation.evolve(None, event).site_id is None


def test_an_adverse_event_is_recorded_with_its_facts() -> None:
    command = RecordAdverseEvent.model_validate(ADVERSE_EVENT)
    [event] = adverse_event.decide(None, command)
    assert event == AdverseEventRecorded.model_validate(ADVERSE_EVENT)
    assert adverse_event.evolve(None, event).occurred_on == "2022-05"


DEVIATIONS = st.builds(
    RecordProtocolDeviation.model_validate,
    st.fixed_dictionaries(
        {
            **{name: st.just(value) for name, value in DEVIATION.items()},
            "category": st.sampled_from(["eligibility", "other"]),
            "important": st.booleans(),
            "occurred_at": st.sampled_from([None, "2022-05", "2022-05-01"]),
        }
    ),
)
ADVERSE_EVENTS = st.builds(
    RecordAdverseEvent.model_validate,
    st.fixed_dictionaries(
        {
            **{name: st.just(value) for name, value in ADVERSE_EVENT.items()},
            "serious": st.booleans(),
            "severity": st.sampled_from([None, "moderate", "fatal"]),
            "occurred_at": st.sampled_from([None, "2022-05", "2022-05-01"]),
        }
    ),
)


@given(DEVIATIONS, DEVIATIONS)
def test_a_deviation_told_again_is_recorded_again_only_with_other_facts(
    first: RecordProtocolDeviation, second: RecordProtocolDeviation
) -> None:
    [event] = protocol_deviation.decide(None, first)
    told = protocol_deviation.decide(protocol_deviation.evolve(None, event), second)
    assert told == ([] if first == second else [ProtocolDeviationRecorded.model_validate(dict(second))])


@given(ADVERSE_EVENTS, ADVERSE_EVENTS)
def test_an_adverse_event_told_again_is_recorded_again_only_with_other_facts(
    first: RecordAdverseEvent, second: RecordAdverseEvent
) -> None:
    [event] = adverse_event.decide(None, first)
    told = adverse_event.decide(adverse_event.evolve(None, event), second)
    assert told == ([] if first == second else [AdverseEventRecorded.model_validate(dict(second))])
