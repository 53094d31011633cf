"""A registry record becomes a study and its sites, or a list of everything that is wrong with it."""

import json
from typing import Any

import pytest
from client import Milestone
from contracts import derived_id
from studyline.importing.countries import country_code
from studyline.importing.ctgov import SOURCE, RegistryStudy, read_study
from studyline.importing.flaws import Faulty

TODAY = "2026-11-24"
PARIS = {"facility": "Research Site", "city": "Paris", "zip": "75001", "country": "France"}


def record(**modules: Any) -> dict[str, Any]:
    """Give a sound record; a module given by name takes the place of its own."""
    sound = {
        "identificationModule": {
            "nctId": "NCT00000001",
            "orgStudyIdInfo": {"id": "P-1"},
            "briefTitle": "A Trial",
        },
        "statusModule": {"overallStatus": "COMPLETED", "lastUpdateSubmitDate": "2020-02-03"},
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Novartis Pharmaceuticals"}},
    }
    return {"protocolSection": {**sound, **modules}}


def read(document: object) -> RegistryStudy | Faulty:
    return read_study(json.dumps(document).encode(), TODAY)


def study_of(**modules: Any) -> RegistryStudy:
    found = read(record(**modules))
    assert isinstance(found, RegistryStudy), found
    return found


def flaws_in(document: object) -> dict[str | None, str]:
    found = read(document)
    assert isinstance(found, Faulty), found
    return {flaw.field: flaw.reason for flaw in found.flaws}


def status(**fields: Any) -> dict[str, Any]:
    return {"overallStatus": "COMPLETED", **fields}


def milestones(**fields: Any) -> tuple[Milestone, ...]:
    return study_of(statusModule=status(**fields)).study.milestones


def located(*locations: Any) -> RegistryStudy:
    return study_of(contactsLocationsModule={"locations": list(locations)})


def test_a_record_keeps_its_number_its_sponsor_and_its_title_exactly() -> None:
    study = study_of().study
    assert (study.key, study.registry_ids) == ("NCT00000001", ("NCT00000001",))
    assert (study.sponsor.name, study.title) == ("Novartis Pharmaceuticals", "A Trial")
    assert (study.protocol_number, study.status, study.as_of) == ("P-1", "completed", "2020-02-03")
    assert study.phase is None
    assert study.planned_enrolment is None


def test_a_record_without_the_sponsors_own_number_goes_by_its_registry_number() -> None:
    study = study_of(identificationModule={"nctId": "NCT00000001", "briefTitle": "A Trial"}).study
    assert study.protocol_number == "NCT00000001"


@pytest.mark.parametrize(
    ("struct", "expected"),
    [
        ({"date": "2030-06", "type": "ESTIMATED"}, {"planned": "2030-06"}),
        ({"date": "2001-06", "type": "ESTIMATED"}, {"planned": "2001-06"}),
        ({"date": "2001-06-30", "type": "ESTIMATE"}, {"planned": "2001-06-30"}),
        ({"date": "2001-06", "type": "ACTUAL"}, {"actual": "2001-06"}),
        ({"date": "2001-06"}, {"actual": "2001-06"}),
        ({"date": "2026-10"}, {"actual": "2026-10"}),
        ({"date": "2026-11"}, {"planned": "2026-11"}),
        ({"date": "2027"}, {"planned": "2027"}),
    ],
)
def test_a_date_is_planned_or_actual_by_its_type_or_else_by_today(
    struct: dict[str, str], expected: dict[str, str]
) -> None:
    assert milestones(startDateStruct=struct) == (Milestone.model_validate({"kind": "study_start", **expected}),)


def test_the_five_milestones_of_the_registry_come_in_their_order() -> None:
    date = {"date": "2019-01", "type": "ACTUAL"}
    found = milestones(
        studyFirstSubmitDate="2018-12-31",
        startDateStruct=date,
        primaryCompletionDateStruct=date,
        completionDateStruct=date,
        resultsFirstPostDateStruct=date,
    )
    kinds = [milestone.kind for milestone in found]
    assert kinds == ["first_submitted", "study_start", "primary_completion", "study_completion", "results_posted"]
    assert found[0].actual == "2018-12-31"


def test_a_date_that_is_not_reported_makes_no_milestone() -> None:
    assert milestones(startDateStruct={}, completionDateStruct={"date": ""}, studyFirstSubmitDate=None) == ()


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ([], None),
        (None, None),
        (["NA"], "not_applicable"),
        (["N", "A"], "not_applicable"),
        (["EARLY_PHASE1"], "early_phase_1"),
        (["PHASE1", "PHASE2"], "phase_1_2"),
        (["PHASE3", "PHASE2"], "phase_2_3"),
        (["PHASE4"], "phase_4"),
    ],
)
def test_phases_are_read_as_one(phases: list[str] | None, expected: str | None) -> None:
    assert study_of(designModule={"phases": phases}).study.phase == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("UNKNOWN_STATUS", "unknown"),
        ("UNKNOWN", "unknown"),
        ("WITHHELD", "withheld"),
        ("Active, not recruiting", "active_not_recruiting"),
        ("NO_LONGER_AVAILABLE", "no_longer_available"),
    ],
)
def test_a_study_status_is_known_by_its_old_and_new_names(given: str, expected: str) -> None:
    assert study_of(statusModule={"overallStatus": given}).study.status == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "unknown"),
        ("RECRUITING", "active"),
        ("ENROLLING_BY_INVITATION", "active"),
        ("NOT_YET_RECRUITING", "start_up"),
        ("ACTIVE_NOT_RECRUITING", "closed_to_enrolment"),
        ("COMPLETED", "closed"),
        ("SUSPENDED", "on_hold"),
        ("TERMINATED", "terminated"),
        ("WITHDRAWN", "withdrawn"),
    ],
)
def test_a_sites_status_is_what_its_recruitment_says(given: str | None, expected: str) -> None:
    location = PARIS if given is None else {**PARIS, "status": given}
    assert located(location).sites[0].status == expected


def test_equal_rows_are_sites_of_their_own_with_stable_keys() -> None:
    other = {**PARIS, "zip": "75002"}
    sites = located(PARIS, other, PARIS).sites
    assert len({site.key for site in sites}) == 3
    assert {site.name for site in sites} == {"Research Site"}
    assert {site.key for site in located(PARIS, PARIS, other).sites} == {site.key for site in sites}


def test_a_sites_key_stays_when_its_status_or_its_countrys_spelling_changes() -> None:
    before = located({**PARIS, "country": "Turkey", "status": "RECRUITING"}).sites[0]
    after = located({**PARIS, "country": "Turkey (Türkiye)", "status": "COMPLETED"}).sites[0]
    assert before.key == after.key


def test_sites_belong_to_the_study_that_its_key_derives() -> None:
    site = located(PARIS).sites[0]
    assert site.study_id == derived_id("study", SOURCE, "NCT00000001")


def test_a_study_may_have_no_locations_and_a_location_no_facility() -> None:
    assert study_of(contactsLocationsModule={}).sites == ()
    assert located({"city": "", "country": "France"}).sites[0].name is None
    assert located({"city": "", "country": "France"}).sites[0].city is None


def test_the_countries_of_a_study_are_those_of_its_sites_once_each() -> None:
    assert located(PARIS, PARIS, {"country": "Germany"}).study.countries == ("DE", "FR")


def test_numbers_of_other_registries_are_found_and_other_identifiers_left() -> None:
    others = ["EudraCTnr: 2005-005175-16", "2022-502759-70-01", "ACTRN12614000265673", "U19AI070345", "2018-A00733-52"]
    study = study_of(
        identificationModule={
            "nctId": "NCT00000001",
            "nctIdAliases": ["NCT00000002"],
            "briefTitle": "A Trial",
            "secondaryIdInfos": [{"id": other} for other in others] + [{}],
        }
    ).study
    assert study.registry_ids == (
        "NCT00000001",
        "NCT00000002",
        "2005-005175-16",
        "2022-502759-70-01",
        "ACTRN12614000265673",
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Turkey (Türkiye)", "TR"),
        ("Korea, Republic of", "KR"),
        ("South Korea", "KR"),
        ("Former Serbia and Montenegro", "CS"),
        ("Kosovo", "XK"),
        ("Côte D'Ivoire", "CI"),
        ("CURACAO", "CW"),
        ("The Gambia", "GM"),
        ("Russian Federation", "RU"),
        ("US", "US"),
        ("Congo, The Democratic Republic of the", "CD"),
    ],
)
def test_countries_are_known_by_the_names_that_registries_use(name: str, code: str) -> None:
    assert country_code(name) == code


@pytest.mark.parametrize("name", ["", "Atlantis", "no", "Республика", "XX"])
def test_an_unknown_country_is_not_guessed(name: str) -> None:
    with pytest.raises(ValueError, match="is no country we know"):
        country_code(name)


def test_everything_that_is_wrong_is_reported_at_once_with_its_field() -> None:
    found = flaws_in(
        record(
            identificationModule={"nctId": "NCT1"},
            statusModule={"overallStatus": "PAUSED", "startDateStruct": {"date": "2021-02-30", "type": "MAYBE"}},
            sponsorCollaboratorsModule={"leadSponsor": {"name": " "}},
            designModule={"phases": ["PHASE9"], "enrollmentInfo": {"count": "40"}},
            contactsLocationsModule={"locations": [PARIS, {"country": "Atlantis", "status": 5}, 7]},
        )
    )
    section = "protocolSection."
    assert {field: reason.partition(":")[0] for field, reason in found.items()} == {
        f"{section}identificationModule.nctId": "'NCT1' is no number of ClinicalTrials.gov",
        f"{section}identificationModule.briefTitle": "is missing",
        f"{section}statusModule.overallStatus": "'PAUSED' is no study status we know",
        f"{section}statusModule.startDateStruct.date": "2021-02-30 is no date of the calendar",
        f"{section}statusModule.startDateStruct.type": "'MAYBE' is no date type we know",
        f"{section}sponsorCollaboratorsModule.leadSponsor.name": "' ' is empty",
        f"{section}designModule.phases": "PHASE9 is no phase we know",
        f"{section}designModule.enrollmentInfo.count": "'40' is not acceptable",
        f"{section}contactsLocationsModule.locations.1.country": "'Atlantis' is no country we know",
        f"{section}contactsLocationsModule.locations.1.status": "5 is no site status we know",
        f"{section}contactsLocationsModule.locations.2": "7 is not acceptable",
    }


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b'{"protocolSection": null}',
        b'{"protocolSection": {"identificationModule": []}}',
        b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000001", "briefTitle": "\xff"}}}',
        b'{"protocolSection": {"identificationModule": {"nctId": "\\ud800"}}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\x00\x01\x02",
        "{“protocolSection”: {}}".encode(),
    ],
)
def test_a_hostile_text_is_faulty_and_nothing_worse(text: bytes) -> None:
    found = read_study(text, TODAY)
    assert isinstance(found, Faulty)
    assert found.flaws
    assert all(len(flaw.reason) < 400 for flaw in found.flaws)


def test_a_record_without_number_is_faulty_and_one_with_number_is_named() -> None:
    without = record(identificationModule={"briefTitle": "A Trial"})
    assert flaws_in(without) == {"protocolSection.identificationModule.nctId": "is missing"}
    found = read(record(statusModule={}))
    assert isinstance(found, Faulty)
    assert found.key == "NCT00000001"


@pytest.mark.parametrize("count", [-1, 2**31, True, 1.5, "many"])
def test_an_impossible_enrolment_is_refused(count: object) -> None:
    found = flaws_in(record(designModule={"enrollmentInfo": {"count": count}}))
    assert list(found) == ["protocolSection.designModule.enrollmentInfo.count"]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("briefTitle", "x" * 2_001, "2000 at most"),
        ("briefTitle", "a\0b", "holds a null character"),
        ("orgStudyIdInfo", {"id": "x" * 101}, "100 at most"),
    ],
)
def test_what_the_services_would_refuse_is_refused_with_its_place(field: str, value: object, reason: str) -> None:
    sound = record()["protocolSection"]["identificationModule"]
    (found,) = flaws_in(record(identificationModule={**sound, field: value})).values()
    assert reason in found
