"""The events of a running portfolio, for measuring: as many as are wanted, the same ones for the same number.

The mix is that of real studies: most of it are subjects' visits, then what befalls subjects, sites and studies. All
studies go on at once, so that their events come interleaved, as Kafka has them.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Final, NamedTuple, TypeVar

from chassis.kafka import Cluster, encoded, producer_of
from contracts import TOPICS, Envelope, PublicEvent, Received, Sponsor, derived_id, monitoring, regulatory, sponsor_id
from contracts import sites as public

SPONSORS: Final = 40
COUNTRIES: Final = ("DE", "FR", "US", "JP", "ES", "PL", "BR", "KR", "NO", "IS")
PHASES: Final[tuple[public.StudyPhase, ...]] = ("phase_1", "phase_2", "phase_3", "phase_4")
SITES: Final = 8
SUBJECTS_AT_A_SITE: Final = 6
VISITS_OF_A_SUBJECT: Final = 6
EVENTS_OF_A_STUDY: Final = 962
BEGAN: Final = datetime(2023, 1, 1, tzinfo=UTC)
SPAN: Final = timedelta(days=1_000)
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


T = TypeVar("T")


class Happening(NamedTuple):
    """An event before it is known when: its aggregate, and how many days it was recorded late, if it has a date."""

    subject: str
    event: PublicEvent
    days_late: int | None = 1


def portfolio_events(count: int) -> Iterator[Received]:
    """So many events of as many studies as that takes, in the order in which they were recorded."""
    number_of = (count + EVENTS_OF_A_STUDY - 1) // EVENTS_OF_A_STUDY
    told = _interleaved([study(number) for number in range(number_of)])
    step, versions = SPAN / count, dict[str, int]()
    for number, (sponsor, one) in enumerate(islice(told, count)):
        version = versions[one.subject] = versions.get(one.subject, 0) + 1
        yield Received(_envelope(sponsor, one, version, BEGAN + number * step), one.event)


def sponsor_of(study_number: int) -> str:
    """The name of a study's sponsor."""
    return f"Sponsor {study_number % SPONSORS}"


async def publish_all(cluster: Cluster, events: Iterable[Received]) -> None:
    """Put the events on their services' topics, as the relays would."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for envelope, event in events:
            topic = cluster.topic(TOPICS[envelope.source.removeprefix("/studyline/")])
            body, key = event.model_dump_json().encode(), envelope.study.encode()
            await producer.send(topic, body, key=key, headers=encoded(headers_of(envelope)))
    finally:
        await producer.stop()


def headers_of(envelope: Envelope) -> dict[str, str]:
    """The envelope as Kafka carries it."""
    attributes = envelope.model_dump(mode="json", exclude_none=True)
    trace = attributes.pop("traceparent")
    return {**{f"ce_{name}": str(value) for name, value in attributes.items()}, "traceparent": trace}


def study(number: int) -> Generator[tuple[str, Happening]]:
    """One study from its registration to its subjects' visits, each with the sponsor's name."""
    sponsor, study_id = sponsor_of(number), derived_id("study", "bench", str(number))
    own = _of_study(number, sponsor, study_id)
    of_sites = (_of_site(number, study_id, site) for site in range(SITES))
    for one in chain(own, _interleaved(of_sites)):
        yield sponsor, one


def _interleaved(parts: Iterable[Iterable[T]]) -> Iterator[T]:
    """One of each in turn, until all have ended."""
    going = deque(map(iter, parts))
    while going:
        part = going.popleft()
        for one in islice(part, 1):
            going.append(part)
            yield one


def _of_study(number: int, sponsor: str, study_id: str) -> Iterator[Happening]:
    subject = f"study/{study_id}"
    yield Happening(
        subject,
        public.StudyRegistered(
            study_id=study_id,
            sponsor=Sponsor(id=sponsor_id(sponsor), name=sponsor),
            protocol_number=f"BENCH-{number:06}",
            registry_ids=(f"NCT{number:08}",),
            title=f"A randomised, controlled study of treatment {number} in adults with a condition of a usual name",
            phase=PHASES[number % len(PHASES)],
            status="not_yet_recruiting",
            countries=tuple(_country(number, site) for site in range(2)),
            planned_enrolment=SITES * SUBJECTS_AT_A_SITE,
        ),
    )
    for year, kind in enumerate(("study_start", "primary_completion", "study_completion"), start=2024):
        planned = public.StudyMilestonePlanned(study_id=study_id, milestone=kind, planned=f"{year}-06")
        yield Happening(subject, planned, 0)
    yield Happening(subject, public.StudyStatusChanged(study_id=study_id, status="recruiting"), 3)
    yield Happening(subject, public.StudyMilestoneReached(study_id=study_id, milestone="study_start", actual="2024-05"))
    for country in (_country(number, 0), _country(number, 1)):
        yield from _submission(study_id, "competent_authority", country)
        yield from _submission(study_id, "ethics_committee", country)


def _submission(study_id: str, body: regulatory.Body, country: str) -> Iterator[Happening]:
    submission_id = derived_id("submission", study_id, body, country)
    about = {"study_id": study_id, "submission_id": submission_id, "body": body, "country": country, "site_id": None}
    decision = {"reference": "2024-0001", "covers": ("protocol 2.0",), "with_conditions": False, "expires_on": None}
    for kind in (regulatory.SubmissionPrepared, regulatory.SubmissionSubmitted, regulatory.SubmissionApproved):
        yield Happening(f"submission/{submission_id}", kind.model_validate({**about, **decision}), 5)


def _of_site(number: int, study_id: str, site: int) -> Iterator[Happening]:
    site_id = derived_id("site", study_id, str(site))
    where = {"study_id": study_id, "site_id": site_id, "country": _country(number, site)}
    named = {"name": f"University hospital {number}-{site}", "city": "Ulm", "number": f"{site:03}", "rested_on": ()}
    for step in (public.SiteIdentified, public.SiteSelected, public.SiteStartUpBegun, public.SiteActivated):
        yield Happening(f"study-site/{site_id}", step.model_validate({**where, **named}), 2)
    for kind in ("SIV", "IMV"):
        yield from _monitoring_visit(where, kind)
    yield from _interleaved([_of_subject(where, str(one)) for one in range(SUBJECTS_AT_A_SITE)])


def _monitoring_visit(where: dict[str, str], kind: str) -> Iterator[Happening]:
    visit_id = derived_id("visit", where["site_id"], kind)
    about = {**where, "visit_id": visit_id, "visit_type": kind, "planned_on": "2024-03", "scheduled_on": "2024-03-11"}
    steps = (
        monitoring.MonitoringVisitPlanned,
        monitoring.MonitoringVisitScheduled,
        monitoring.MonitoringVisitCompleted,
    )
    for step in steps:
        yield Happening(f"monitoring-visit/{visit_id}", step.model_validate(about), 4)


def _of_subject(where: dict[str, str], key: str) -> Iterator[Happening]:
    subject_id = derived_id("subject", where["site_id"], key)
    about = {**where, "subject_id": subject_id, "subject_key": f"S-{key}"}
    for step in (public.SubjectConsented, public.SubjectScreened, public.SubjectEnrolled, public.SubjectRandomised):
        yield Happening(f"subject/{subject_id}", step.model_validate(about))
    visits = [derived_id("subject-visit", subject_id, str(number)) for number in range(VISITS_OF_A_SUBJECT)]
    for number, visit_id in enumerate(visits):
        seen = {**where, "subject_visit_id": visit_id, "subject_key": f"S-{key}", "visit_name": f"Week {number}"}
        expected = monitoring.SubjectVisitExpected.model_validate({**seen, "expected_on": "2024-09"})
        yield Happening(f"subject-visit/{visit_id}", expected, None)
    for number, visit_id in enumerate(visits):
        seen = {**where, "subject_visit_id": visit_id, "subject_key": f"S-{key}", "visit_name": f"Week {number}"}
        yield Happening(f"subject-visit/{visit_id}", monitoring.SubjectVisitCompleted.model_validate(seen))
    yield from _incidents(where, subject_id, f"S-{key}")


def _incidents(where: dict[str, str], subject_id: str, key: str) -> Iterator[Happening]:
    deviation_id, adverse_id = derived_id("deviation", subject_id), derived_id("adverse-event", subject_id)
    deviation = {"deviation_id": deviation_id, "subject_key": key, "category": "visit_schedule", "important": False}
    recorded = monitoring.ProtocolDeviationRecorded.model_validate({**where, **deviation})
    yield Happening(f"protocol-deviation/{deviation_id}", recorded, 9)
    adverse = {"adverse_event_id": adverse_id, "subject_key": key, "serious": key == "S-1", "severity": "mild"}
    yield Happening(f"adverse-event/{adverse_id}", monitoring.AdverseEventRecorded.model_validate({**where, **adverse}))


def _country(number: int, site: int) -> str:
    return COUNTRIES[(number + site % 2) % len(COUNTRIES)]


def _envelope(sponsor: str, one: Happening, version: int, recorded: datetime) -> Envelope:
    happened = None if one.days_late is None else recorded - timedelta(days=one.days_late)
    return Envelope(
        specversion="1.0",
        id=derived_id("event", one.subject, str(version)),
        source=f"/studyline/{one.event.TYPE.split('.')[1]}",
        type=one.event.TYPE,
        subject=one.subject,
        time=recorded,
        sponsor=sponsor_id(sponsor),
        study=one.event.study_id,
        aggregateversion=version,
        recordedtime=recorded,
        occurredtime=None if happened is None else f"{happened:%Y-%m-%d}",
        correlationid=derived_id("correlation", one.subject),
        causationid=derived_id("cause", one.subject, str(version)),
        traceparent=TRACE,
    )
