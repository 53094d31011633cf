"""An import from its files to its summary: read, map, send; what others rest on comes first."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from chassis.clock import monotonic, now
from client import Addresses, Record, SiteRecord, Studyline, StudyRecord, on_retry

from studyline.importing import ctgov, ctms, ctms_conduct
from studyline.importing.flaws import Faulty
from studyline.importing.progress import CountedInRecords, Progress, Silence
from studyline.importing.reading import read_records
from studyline.importing.sending import Sender
from studyline.importing.sourced import Sourced
from studyline.importing.summary import Problem, Summary, problems_of

PATIENCE_SECONDS = 90.0
"""How long a service may be away: one that is killed and started again only slows an import down."""
WAVE_STUDIES = 400
R = TypeVar("R", bound=Record)
Mapped = tuple[Sourced[StudyRecord], list[Sourced[SiteRecord]]]


async def run_ctgov(
    paths: Sequence[Path], addresses: Addresses, token: str, progress: Progress | None = None
) -> Summary:
    """Import files of registry records. Raises OSError for a file, the client's errors for the services."""
    summary, shown = Summary(source=ctgov.SOURCE), progress or Silence()
    shown.expect(sum(path.stat().st_size for path in paths))
    async with _platform(addresses, token, summary, shown) as studyline:
        sender = Sender(ctgov.SOURCE, summary, shown)
        for wave in _waves(_mapped(paths, summary, shown)):
            await _send_wave(studyline, sender, summary, wave)
    return summary


async def run_ctms(
    directory: Path,
    addresses: Addresses,
    token: str,
    sponsor: str = ctms.DEFAULT_SPONSOR,
    progress: Progress | None = None,
) -> Summary:
    """Import an extract of one study. Raises ExtractError for its tables, or the client's errors."""
    summary, shown = Summary(source=ctms.SOURCE), CountedInRecords(progress or Silence())
    extract = ctms.Extract(directory)
    study = ctms.study_record(extract, sponsor)
    for kind, problems in extract.rejected:
        summary.reject(kind, problems)
    if study is not None:
        shown.expect(extract.record_count())
        async with _platform(addresses, token, summary, shown) as studyline:
            await _ExtractRun(studyline, Sender(ctms.SOURCE, summary, shown), summary, extract).send(study)
    return summary


@asynccontextmanager
async def _platform(addresses: Addresses, token: str, summary: Summary, shown: Progress) -> AsyncGenerator[Studyline]:
    """Open the client, tell the user when a service is away, take the time, and put the problems in order."""
    on_retry(lambda cause: shown.tell(f"A service does not answer as it should, trying again: {cause}"))
    began = monotonic()
    try:
        async with Studyline(addresses, token, patience_seconds=PATIENCE_SECONDS) as studyline:
            yield studyline
    finally:
        summary.seconds = monotonic() - began
        summary.problems.sort(key=lambda problem: (problem.file, problem.line or 0))


def _mapped(paths: Sequence[Path], summary: Summary, shown: Progress) -> Iterator[Mapped]:
    """Give each sound record as its study and its sites; count the others."""
    today = now().date().isoformat()
    for raw in (raw for path in paths for raw in read_records(path, shown.advance)):
        if isinstance(raw, Problem):
            summary.reject("studies", [raw])
            continue
        read = ctgov.read_study(raw.text, today)
        if isinstance(read, Faulty):
            summary.reject("studies", problems_of(raw.file, raw.line, read))
            continue
        sites = [Sourced(site, raw.file, raw.line) for site in read.sites]
        yield Sourced(read.study, raw.file, raw.line), sites


def _waves(
    found: Iterable[Mapped],
) -> Iterator[list[Mapped]]:
    """Cut into waves. A study that comes again opens a new one: its later record is to be the last word."""
    wave: list[Mapped] = []
    keys: set[str] = set()
    for study, sites in found:
        if len(wave) == WAVE_STUDIES or study.record.key in keys:
            yield wave
            wave, keys = [], set()
        wave.append((study, sites))
        keys.add(study.record.key)
    if wave:
        yield wave


async def _send_wave(studyline: Studyline, sender: Sender, summary: Summary, wave: list[Mapped]) -> None:
    known = await sender.send("studies", studyline.sites.adopt_studies, [study for study, _ in wave])
    taken = [site for study, sites in wave if study.record.key in known for site in sites]
    summary.leave_out("sites", sum(len(sites) for _, sites in wave) - len(taken))
    await sender.send("sites", studyline.sites.adopt_sites, taken)


class _ExtractRun:
    """The sending of an extract: study, sites, subjects, then what happened to the subjects."""

    def __init__(self, studyline: Studyline, sender: Sender, summary: Summary, extract: ctms.Extract) -> None:
        self._studyline = studyline
        self._sender = sender
        self._summary = summary
        self._extract = extract

    async def send(self, study: Sourced[StudyRecord]) -> None:
        """Send everything that rests on what the services have taken before."""
        adopt = self._studyline.sites
        studies = await self._sender.send("studies", adopt.adopt_studies, [study])
        study_id = studies.get(study.record.key)
        if study_id is None:
            return
        sites = self._sound("sites", ctms.site_records(self._extract, study_id))
        site_ids = await self._sender.send("sites", adopt.adopt_sites, sites)
        subjects = self._sound("subjects", ctms.subject_records(self._extract, study_id, site_ids))
        await self._sender.send("subjects", adopt.adopt_subjects, subjects)
        await self._send_conduct(study_id, site_ids)

    async def _send_conduct(self, study_id: str, site_ids: dict[str, str]) -> None:
        adopt, about = self._studyline.monitoring, (self._extract, study_id, site_ids)
        visits = self._sound("subject visits", ctms_conduct.visit_records(*about))
        await self._sender.send("subject visits", adopt.adopt_subject_visits, visits)
        deviations = self._sound("protocol deviations", ctms_conduct.deviation_records(*about))
        await self._sender.send("protocol deviations", adopt.adopt_protocol_deviations, deviations)
        events = self._sound("adverse events", ctms_conduct.adverse_event_records(*about))
        await self._sender.send("adverse events", adopt.adopt_adverse_events, events)

    def _sound(self, kind: str, mapped: Iterable[Sourced[R] | Problem]) -> list[Sourced[R]]:
        sound: list[Sourced[R]] = []
        for each in mapped:
            if isinstance(each, Problem):
                self._summary.reject(kind, [each])
            else:
                sound.append(each)
        return sound
