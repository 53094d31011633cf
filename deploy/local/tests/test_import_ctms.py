"""A CTMS extract becomes a study with sites, subjects and what happened to them; each row stands for itself."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from client import Record, Step
from studyline.importing.ctms import Extract, site_records, study_record, subject_records
from studyline.importing.ctms_conduct import adverse_event_records, deviation_records, visit_records
from studyline.importing.sourced import Sourced
from studyline.importing.summary import Problem
from studyline.importing.tables import ExtractError

R = TypeVar("R", bound=Record)
STUDY = {
    "protocol_number": "P-1",
    "protocol_title": "A Trial",
    "phase": "P3",
    "status": "Active",
    "num_plan_subj": "10",
    "est_fpfv": "2020-01",
    "act_fpfv": "2020-02-01",
    "est_lpfv": "2021-01-01",
    "act_lpfv": "",
    "est_lplv": "",
    "act_lplv": "",
    "product": "a column that nobody reads",
}
SITE = {
    "site_num": "5",
    "site_status": "Active",
    "account": "Medical Center",
    "site_active_dt": "2020-01-15",
    "city": "",
    "country": "China",
}
ENROLLED = {
    "subjectid": "X5",
    "siteid": "5",
    "subjid": "0001",
    "enroll_dt": "2020-02-01",
    "enrollyn": "Y",
    "country": "China",
}
FAILED = {"subjectid": "X6", "siteid": "6", "subjid": "", "enroll_dt": "2020-02-02", "enrollyn": "N", "country": "US"}
VISIT = {"recordid": "1", "subjid": "0001", "foldername": "Week 4", "visit_dt": "2020-03-01"}
EVENT = {"recordid": "1", "subjid": "0001", "aeser": "N", "aetoxgr": "MILD", "aest_dt": "2020-03"}
DEVIATION = {
    "subjectenrollmentnumber": "0001",
    "deviationdate": "",
    "companycategory": "ELIGIBILITY CRITERIA",
    "deemedimportant": "Yes",
}
TABLES: Mapping[str, list[dict[str, str]]] = {
    "ctms_study": [STUDY],
    "ctms_site": [SITE],
    "ctms_protdev": [DEVIATION],
    "rawplus_enroll": [ENROLLED, FAILED],
    "rawplus_consent": [{"subjid": "0001", "consdt": "2020-01-31", "consyn": "Y"}],
    "rawplus_ixrsrand": [{"subjid": "0001", "rand_dt": "2020-02-10T04:32"}],
    "rawplus_studcomp": [{"subjid": "0001", "compyn": "N"}],
    "rawplus_dm": [{"subjid": "0001", "lastparticipantdate": "2020-09-01"}],
    "rawplus_visdt": [VISIT],
    "rawplus_ae": [EVENT],
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in TABLES:
        write(tmp_path, name)
    return tmp_path


def write(directory: Path, name: str, rows: list[dict[str, str]] | None = None) -> None:
    chosen = TABLES[name] if rows is None else rows
    with (directory / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(chosen[0]))
        writer.writeheader()
        writer.writerows(chosen)


def sound(mapped: list[Sourced[R] | Problem]) -> list[R]:
    return [each.record for each in mapped if isinstance(each, Sourced)]


def steps_of(directory: Path) -> list[tuple[Step, ...]]:
    subjects = sound(list(subject_records(Extract(directory), "s", {"5": "site-5", "6": "site-6"})))
    return [subject.steps for subject in subjects]


def test_the_study_is_registered_under_the_named_sponsor_and_its_key_holds_the_sponsor(directory: Path) -> None:
    acme, other = (study_record(Extract(directory), sponsor) for sponsor in ("Acme", "Other"))
    assert acme is not None
    assert other is not None
    assert acme.record.sponsor.name == "Acme"
    assert (acme.record.protocol_number, acme.record.phase) == ("P-1", "phase_3")
    assert acme.record.key != other.record.key
    assert acme.record.countries == ("CN", "US")


def test_planned_and_actual_dates_of_a_milestone_stand_side_by_side(directory: Path) -> None:
    study = study_record(Extract(directory), "Acme")
    assert study is not None
    assert [(each.kind, each.planned, each.actual) for each in study.record.milestones] == [
        ("first_subject_in", "2020-01", "2020-02-01"),
        ("last_subject_in", "2021-01-01", None),
    ]


@pytest.mark.parametrize(("last_in", "expected"), [("", "recruiting"), ("2021-01-01", "active_not_recruiting")])
def test_an_active_study_recruits_until_its_last_subject_is_in(directory: Path, last_in: str, expected: str) -> None:
    write(directory, "ctms_study", [{**STUDY, "act_lpfv": last_in}])
    study = study_record(Extract(directory), "Acme")
    assert study is not None
    assert study.record.status == expected


def test_a_site_that_only_enrolment_names_has_no_known_status(directory: Path) -> None:
    listed, unlisted = sound(list(site_records(Extract(directory), "s")))
    assert (listed.key, listed.status, listed.country, listed.city) == ("5", "active", "CN", None)
    assert listed.activated_on == "2020-01-15"
    assert (unlisted.key, unlisted.status, unlisted.country, unlisted.name) == ("6", "unknown", "US", None)


def test_an_enrolled_subject_has_its_steps_in_order(directory: Path) -> None:
    assert steps_of(directory)[0] == (
        Step(step="consented", on="2020-01-31"),
        Step(step="screened", on="2020-02-01"),
        Step(step="enrolled", on="2020-02-01"),
        Step(step="randomised", on="2020-02-10"),
        Step(step="withdrawn", on="2020-09-01"),
    )


def test_a_screen_failure_goes_by_its_screening_key_and_its_day_is_not_known(directory: Path) -> None:
    assert steps_of(directory)[1] == (Step(step="screened", on="2020-02-02"), Step(step="screen_failed"))
    subjects = sound(list(subject_records(Extract(directory), "s", {"5": "site-5", "6": "site-6"})))
    assert [subject.key for subject in subjects] == ["0001", "X6"]


def test_a_time_of_randomisation_without_zone_is_its_day_even_where_the_time_is_blank(directory: Path) -> None:
    write(directory, "rawplus_ixrsrand", [{"subjid": "0001", "rand_dt": "2014-12-27T-:-"}])
    assert Step(step="randomised", on="2014-12-27") in steps_of(directory)[0]


@pytest.mark.parametrize(("compyn", "last"), [("Y", "completed"), ("N", "withdrawn"), ("", "randomised")])
def test_only_what_is_said_of_the_studys_completion_is_believed(directory: Path, compyn: str, last: str) -> None:
    write(directory, "rawplus_studcomp", [{"subjid": "0001", "compyn": compyn}])
    assert steps_of(directory)[0][-1].step == last


def test_a_visit_without_a_date_is_kept_and_a_repeated_record_number_told_apart(directory: Path) -> None:
    write(directory, "rawplus_visdt", [VISIT, {**VISIT, "visit_dt": ""}])
    visits = sound(list(visit_records(Extract(directory), "s", {"5": "site-5"})))
    assert [(visit.key, visit.on, visit.outcome) for visit in visits] == [
        ("1", "2020-03-01", "completed"),
        ("1-2", None, "completed"),
    ]
    assert visits[0].site_id == "site-5"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("MILD", "mild"), ("out of bound:Life-Threatening", "life_threatening"), ("", None), ("Fatal", "fatal")],
)
def test_severities_are_read_also_where_the_extract_refused_them(
    directory: Path, given: str, expected: str | None
) -> None:
    write(directory, "rawplus_ae", [{**EVENT, "aetoxgr": given, "aeser": "Y"}])
    (event,) = sound(list(adverse_event_records(Extract(directory), "s", {"5": "site-5"})))
    assert (event.severity, event.serious, event.on) == (expected, True, "2020-03")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ELIGIBILITY CRITERIA", "eligibility"),
        ("WRONG TREATMENT OR INCORRECT DOSE", "investigational_product"),
        ("", "other"),
        ("out of bound:1085", "other"),
    ],
)
def test_a_deviation_without_a_named_category_is_other(directory: Path, given: str, expected: str) -> None:
    write(directory, "ctms_protdev", [{**DEVIATION, "companycategory": given}])
    (deviation,) = deviation_records(Extract(directory), "s", {"5": "site-5"})
    assert (deviation.record.category, deviation.record.important) == (expected, True)


def test_equal_deviations_are_distinct_and_their_keys_do_not_depend_on_their_order(directory: Path) -> None:
    other = {**DEVIATION, "deviationdate": "2020-05-01"}
    write(directory, "ctms_protdev", [DEVIATION, other, DEVIATION])
    keys = {each.record.key for each in deviation_records(Extract(directory), "s", {})}
    write(directory, "ctms_protdev", [DEVIATION, DEVIATION, other])
    assert {each.record.key for each in deviation_records(Extract(directory), "s", {})} == keys
    assert len(keys) == 3


def test_a_deviation_of_an_unknown_subject_has_no_site(directory: Path) -> None:
    write(directory, "ctms_protdev", [{**DEVIATION, "subjectenrollmentnumber": "0274"}])
    (deviation,) = deviation_records(Extract(directory), "s", {"5": "site-5"})
    assert (deviation.record.site_id, deviation.record.subject_key) == (None, "0274")


def test_a_faulty_row_is_reported_with_its_place_and_the_others_go_on(directory: Path) -> None:
    write(directory, "rawplus_visdt", [VISIT, {**VISIT, "recordid": "2", "visit_dt": "2020-13-01"}, VISIT])
    extract = Extract(directory)
    assert extract.rejected == [
        (
            "subject visits",
            (
                Problem(
                    file="rawplus_visdt.csv",
                    line=3,
                    record="2",
                    field="visit_dt",
                    reason="2020-13-01 is no date of the calendar",
                ),
            ),
        )
    ]
    assert len(extract.visits) == 2


def test_what_rests_on_a_site_that_was_not_taken_is_reported(directory: Path) -> None:
    (problem, _) = subject_records(Extract(directory), "s", {"6": "site-6"})
    assert isinstance(problem, Problem)
    assert problem.reason.startswith("site 5 was not imported")


def test_a_visit_of_an_unknown_subject_is_reported(directory: Path) -> None:
    write(directory, "rawplus_visdt", [{**VISIT, "subjid": "9999"}])
    (problem,) = visit_records(Extract(directory), "s", {"5": "site-5"})
    assert isinstance(problem, Problem)
    assert (problem.line, problem.record, problem.field) == (2, "1", "subjid")


def test_a_subject_or_site_that_comes_twice_is_reported(directory: Path) -> None:
    write(directory, "ctms_site", [SITE, SITE])
    write(directory, "rawplus_enroll", [ENROLLED, ENROLLED])
    extract = Extract(directory)
    assert sum(isinstance(each, Problem) for each in site_records(extract, "s")) == 1
    assert sum(isinstance(each, Problem) for each in subject_records(extract, "s", {"5": "site-5"})) == 1


def test_a_row_with_a_cell_too_few_is_reported(directory: Path) -> None:
    with (directory / "ctms_site.csv").open("a") as file:
        file.write("7,Active\n")
    ((kind, (problem,)),) = Extract(directory).rejected
    assert (kind, problem.line) == ("sites", 3)
    assert problem.reason == "has 2 cells: expected 6, one for each column"


def test_a_missing_table_is_named(directory: Path) -> None:
    (directory / "rawplus_ae.csv").unlink()
    with pytest.raises(ExtractError, match=r"has no rawplus_ae\.csv or rawplus_ae\.csv\.gz"):
        Extract(directory)


def test_a_missing_column_is_named(directory: Path) -> None:
    write(directory, "ctms_site", [{"site_num": "5", "country": "China"}])
    with pytest.raises(ExtractError, match=r"ctms_site\.csv lacks site_status, account, site_active_dt, city"):
        Extract(directory)


def test_text_that_is_not_utf_8_is_an_error_that_names_the_table(directory: Path) -> None:
    (directory / "ctms_site.csv").write_bytes(b"site_num\n\xff\n")
    with pytest.raises(ExtractError, match=r"ctms_site\.csv cannot be read"):
        Extract(directory)


def test_several_studies_in_one_extract_are_refused(directory: Path) -> None:
    write(directory, "ctms_study", [STUDY, STUDY])
    with pytest.raises(ExtractError, match="holds 2 studies"):
        study_record(Extract(directory), "Acme")
