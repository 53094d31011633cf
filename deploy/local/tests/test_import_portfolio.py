"""The bundled portfolio holds what its README says, and no less than the extracts it was made from."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from studyline.importing.ctgov import RegistryStudy, read_study
from studyline.importing.ctms import DEFAULT_SPONSOR, Extract, site_records, study_record, subject_records
from studyline.importing.ctms_conduct import adverse_event_records, deviation_records, visit_records
from studyline.importing.reading import Raw, read_records
from studyline.importing.sourced import Sourced

ROOT = Path(__file__).parents[3]
PORTFOLIO = ROOT / "deploy" / "portfolio"
EXTRACTS = ROOT.parent / "shared" / "data" / "given"
NO_EXTRACTS = f"the extracts are not beside the project: {EXTRACTS}"
REGISTRY_FILES = [PORTFOLIO / "ctgov.ndjson.gz", EXTRACTS / "ctgov" / "studies.ndjson.gz"]
CTMS_DIRECTORIES = [PORTFOLIO / "ctms", EXTRACTS / "ctms" / "clindata_AA-AA-000-0000"]
TODAY = "2026-11-24"


def present(path: Path) -> Path:
    if not path.exists():
        pytest.skip(NO_EXTRACTS)
    return path


def studies(path: Path) -> Iterator[RegistryStudy]:
    for raw in read_records(path, lambda _: None):
        assert isinstance(raw, Raw), raw
        study = read_study(raw.text, TODAY)
        assert isinstance(study, RegistryStudy), study
        yield study


@pytest.mark.parametrize("path", REGISTRY_FILES, ids=["bundled", "given"])
def test_every_registry_study_is_there_with_all_its_sites(path: Path) -> None:
    found = list(studies(present(path)))
    sites = [site for study in found for site in study.sites]
    assert len({study.study.key for study in found}) == len(found) == 996
    assert len({(site.study_id, site.key) for site in sites}) == len(sites) == 10_637
    assert len({study.study.sponsor.name for study in found}) == 559
    assert max(len(study.sites) for study in found) == 1_218
    statuses = Counter(study.study.status for study in found)
    assert (statuses["completed"], statuses["recruiting"], statuses["unknown"]) == (443, 186, 153)
    assert Counter(site.status for site in sites)["unknown"] == 6_470


@pytest.mark.parametrize("directory", CTMS_DIRECTORIES, ids=["bundled", "given"])
def test_the_whole_ctms_study_is_there(directory: Path) -> None:
    extract = Extract(present(directory))
    assert extract.rejected == []
    assert study_record(extract, DEFAULT_SPONSOR) is not None
    sites = [each.record for each in site_records(extract, "s") if isinstance(each, Sourced)]
    assert Counter(site.status for site in sites) == {"active": 176, "unknown": 14}
    ids = {site.key: f"id-{site.key}" for site in sites}
    subjects = [each.record for each in subject_records(extract, "s", ids) if isinstance(each, Sourced)]
    steps = Counter(step.step for subject in subjects for step in subject.steps)
    assert len(subjects) == len({subject.key for subject in subjects}) == 2_387
    assert (steps["screened"], steps["enrolled"], steps["screen_failed"]) == (2_387, 1_301, 1_086)
    assert (steps["consented"], steps["randomised"], steps["withdrawn"]) == (1_297, 1_301, 122)


@pytest.mark.parametrize("directory", CTMS_DIRECTORIES, ids=["bundled", "given"])
def test_all_that_happened_to_the_subjects_is_there(directory: Path) -> None:
    extract = Extract(present(directory))
    ids = {each.record.key: "id" for each in site_records(extract, "s") if isinstance(each, Sourced)}
    visits = [each.record for each in visit_records(extract, "s", ids) if isinstance(each, Sourced)]
    assert (len(visits), sum(visit.on is None for visit in visits)) == (28_093, 19)
    deviations = [each.record for each in deviation_records(extract, "s", ids)]
    assert (len(deviations), sum(each.important for each in deviations)) == (4_646, 517)
    assert sum(each.on is None for each in deviations) == 3_190
    assert sum(each.site_id is None for each in deviations) == 173
    assert len({each.key for each in deviations}) == 4_646
    events = [each.record for each in adverse_event_records(extract, "s", ids) if isinstance(each, Sourced)]
    assert (len(events), sum(event.serious for event in events)) == (4_854, 139)
    assert (sum(event.on is None for event in events), len({event.key for event in events})) == (211, 4_854)


def test_trimming_lost_nothing_that_is_imported() -> None:
    bundled, given = (list(studies(present(path))) for path in REGISTRY_FILES)
    assert bundled == given


def test_the_bundled_files_hold_no_more_than_what_is_imported() -> None:
    texts = gzip.decompress(REGISTRY_FILES[0].read_bytes())
    for forbidden in (b"officialTitle", b"whyStopped", b"geoPoint", b"overallOfficials", b"_source"):
        assert forbidden not in texts
    with (PORTFOLIO / "ctms" / "ctms_site.csv").open(newline="") as file:
        assert next(csv.reader(file)) == ["site_num", "site_status", "account", "site_active_dt", "city", "country"]
