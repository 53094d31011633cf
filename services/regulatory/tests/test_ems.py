"""A transfer by eTMF-EMS 1.0.2 is written and read back the same; what is wrong in one is named with its object."""

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from regulatory.domain.ems import (
    ALPHA_2,
    ALPHA_3,
    EmsAuditRecord,
    EmsBatch,
    EmsFile,
    EmsMetadata,
    EmsObject,
    EmsSignature,
    Integrity,
    day_read,
    day_written,
    integrity_of,
)
from regulatory.domain.ems_xml import ExchangeReader, closing, opening, written

SCHEMAS = Path("/work/shared/schemas")
BATCH = EmsBatch(
    study_id="ONC-301",
    transfer_source_id="studyline",
    transfer_id="t-1",
    specification_id="agreed",
    tmf_rm_version="3.3.1",
    study_system_id="s1",
    event_id=None,
)
SIGNED = EmsSignature(
    methodology="Electronic", user_oid="u1", name="A. Uthor", at="2026-03-01T10:00:00+00:00", reason="Approval"
)
RECORD = EmsAuditRecord(audit_id="a1", at="2026-03-01T10:00:00Z", user_ref="u1", entry_type="New", event="received")
FILE: dict[str, Any] = {"integrity": integrity_of("ab" * 32), "filename": "cv.pdf", "content_url": "files/o1/0.pdf"}
FACTS: dict[str, Any] = {
    "object_id": "o1",
    "level": "Site",
    "country": "DEU",
    "site_system_id": "site-7",
    "site_id": "101",
    "unique_id": 87,
    "artifact_number": "05.02.04",
    "person_names": ("Dr. <Who> & Co", ""),
    "organization": "Charité",
    "language": "de",
    "translation": "No",
    "version": "1.0",
    "state": "Current",
    "title": 'A "title"',
    "sub_artifact": "CV",
    "copy_of_original": "No",
    "expiry_date": "30-Sep-2027",
    "restricted": "No",
    "retention_date": "01-JAN-2051",
    "artifact_date": "01-Mar-2026",
    "date_description": "signed",
    "files": ({**FILE, "description": "scan", "signatures": (SIGNED,), "audit": (RECORD,)},),
    "metadata": ({"name": "studyline.document", "value": "d1"},),
}
FULL = EmsObject.model_validate(FACTS)
PLAIN = EmsObject(
    object_id="o2",
    level="Trial",
    unique_id=1,
    artifact_number="01.01.01",
    version="2",
    state="Superseded",
    copy_of_original="Yes",
    files=(EmsFile.model_validate(FILE),),
    **dict.fromkeys(
        (
            "country",
            "site_system_id",
            "site_id",
            "organization",
            "language",
            "translation",
            "title",
            "sub_artifact",
            "expiry_date",
            "restricted",
            "retention_date",
            "artifact_date",
            "date_description",
        )
    ),
)


def document(*objects: EmsObject | str, batch: EmsBatch = BATCH) -> str:
    return opening(batch) + "".join(one if isinstance(one, str) else written(one) for one in objects) + closing()


def read(text: str | bytes) -> tuple[ExchangeReader, list[EmsObject]]:
    reader = ExchangeReader()
    content = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return reader, list(reader.objects(content))


def flaws_of(text: str | bytes) -> list[tuple[str | None, str]]:
    reader, _ = read(text)
    return [(flaw.object_id, flaw.code) for flaw in reader.flaws]


def test_what_is_written_is_read_the_same() -> None:
    reader, objects = read(document(FULL, PLAIN))
    assert (reader.flaws, reader.batch, objects) == ([], BATCH, [FULL, PLAIN])


@given(text=st.text(st.characters(exclude_categories=("Cs",)), max_size=50).filter(lambda text: "\r" not in text))
def test_any_text_goes_through_but_what_xml_cannot_write(text: str) -> None:
    one = FULL.model_copy(update={"title": text, "metadata": (EmsMetadata(name="n", value=text),)})
    [again] = read(document(one))[1]
    kept = "".join("\N{REPLACEMENT CHARACTER}" if ord(c) < 32 and c not in "\t\n" else c for c in text)
    kept = kept.replace("\ufffe", "\N{REPLACEMENT CHARACTER}").replace("\uffff", "\N{REPLACEMENT CHARACTER}")
    assert (again.title, again.metadata[0].value) == (kept, kept)


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the standard's schema is no part of the repository")
def test_the_standards_own_schema_agrees() -> None:
    lxml = pytest.importorskip("lxml.etree")
    schema = lxml.XMLSchema(lxml.parse(SCHEMAS / "ems.xsd"))
    schema.assertValid(lxml.fromstring(document(FULL, PLAIN).encode()))


def test_the_elements_stand_in_the_standards_order_and_spelling() -> None:
    text = document(FULL)
    names = [
        "OBJECTID",
        "COUNTRYID",
        "SITESYSTEMID",
        "UNIQUEID",
        "OBJECTVERSIONSTATE",
        "RENTENTIONDATE",
        "ARTIFACTDATE",
    ]
    places = [text.index(f"<{name}>") for name in names]
    assert places == sorted(places)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<BATCH xmlns="https://tmfrefmodel.com/ems"')


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("<UNIQUEID>87</UNIQUEID>", "<UNIQUEID>many</UNIQUEID>", ("o1", "invalid")),
        ("<UNIQUEID>87</UNIQUEID>", "", ("o1", "invalid")),
        (">DEU<", ">DE<", ("o1", "invalid")),
        ("30-Sep-2027", "31-Sep-2027", ("o1", "invalid")),
        ("30-Sep-2027", "30-Sex-2027", ("o1", "invalid")),
        (">de<", ">xx<", ("o1", "invalid")),
        (FULL.files[0].integrity, "md5-abc", ("o1", "invalid")),
        ("<OBJECTVERSION>1.0", "<OBJECTVERSION>1.0</OBJECTVERSION><OBJECTVERSION>1.0", ("o1", "wrong_order")),
        (
            "<OBJECTCOPY>No</OBJECTCOPY>",
            "<OBJECTCOPY>No</OBJECTCOPY><TRANSLATION>No</TRANSLATION>",
            ("o1", "wrong_order"),
        ),
        ("<OBJECTCOPY>No</OBJECTCOPY>", "<OBJECTCOPY>Maybe</OBJECTCOPY>", ("o1", "invalid")),
        ("<OBJECTID>o1</OBJECTID>", "", ("number 1", "invalid")),
        (' TRANSFERID="t-1"', "", (None, "invalid")),
        ('TMFRMVERSION="3.3.1"', 'TMFRMVERSION="03.3"', (None, "invalid")),
        ("https://tmfrefmodel.com/ems", "https://example.org/other", (None, "wrong_namespace")),
        ("<OBJECTCOPY>", "<SCRIPT/><OBJECTCOPY>", (None, "unknown_element")),
        ("<OBJECT>", "<OBJECT>stray", (None, "stray_text")),
        ("</OBJECT>", "", (None, "not_well_formed")),
    ],
)
def test_each_flaw_is_named_with_its_object(old: str, new: str, flaw: tuple[str | None, str]) -> None:
    text = document(FULL)
    assert old in text
    assert flaw in flaws_of(text.replace(old, new, 1))


def test_one_flawed_object_does_not_hide_the_flaws_of_the_next() -> None:
    bad = written(FULL).replace(">DEU<", ">DE<")
    text = document(bad, written(PLAIN).replace(">2<", "><"))
    assert flaws_of(text) == [("o1", "invalid"), ("o2", "invalid")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><BATCH>&b;</BATCH>', "document_type_definition"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><BATCH/>', "document_type_definition"),
        ("<html/>", "wrong_namespace"),
        ('<OBJECT xmlns="https://tmfrefmodel.com/ems"/>', "no_batch"),
        ("no xml at all", "not_well_formed"),
        (document(FULL).replace("A &quot;title&quot;", "x").replace(">CV<", f">{'x' * 30_000}<"), "too_long"),
    ],
)
def test_hostile_xml_is_refused_before_it_is_understood(text: str, code: str) -> None:
    assert code in [found for _, found in flaws_of(text)]


def test_deep_nesting_has_no_place() -> None:
    assert "unknown_element" in [code for _, code in flaws_of(document("<OBJECT>" * 50 + "</OBJECT>" * 50))]


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_content_is_checked_by_the_strongest_hash_that_is_told(algorithm: str) -> None:
    good = f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, b'abc').digest()).decode()}"
    for content, holds in ((b"abc", True), (b"abd", False)):
        check = Integrity(good)
        check.update(content)
        assert check.holds is holds


def test_of_several_hashes_the_strongest_counts() -> None:
    strong = f"sha512-{base64.b64encode(hashlib.sha512(b'abc').digest()).decode()}"
    check = Integrity(f"{integrity_of('00' * 32)} {strong}")
    check.update(b"abc")
    assert check.holds


def test_days_and_countries_are_written_as_the_standard_has_them() -> None:
    assert (day_written("2026-03"), day_written("2026-12-31")) == ("01-Mar-2026", "31-Dec-2026")
    assert (day_read("01-MAR-2026"), ALPHA_3["DE"], ALPHA_2["GBR"]) == ("2026-03-01", "DEU", "GB")
    assert len(ALPHA_2) == len(ALPHA_3) == 250
