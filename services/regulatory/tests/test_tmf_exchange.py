"""Versions go out as objects and come in as versions of the same documents; strangers' objects find their place."""

from typing import Any

import pytest
from regulatory.domain.document_state import StoredFile
from regulatory.domain.ems import EmsObject, integrity_of
from regulatory.domain.tmf_exchange import Incoming, about_of, carried_by, content_url, object_of, place_of, settled
from regulatory.domain.tmf_version import About
from tmf_examples import after, check, expectation, filing, imported, receipt

FILE: dict[str, Any] = {"integrity": integrity_of("ab" * 32), "filename": "r.pdf", "content_url": "r.pdf"}
REPORT: dict[str, Any] = {
    "level": "Site",
    "country": "DEU",
    "site_id": "101",
    "unique_id": 107,
    "artifact_number": "05.04.03",
    "state": "Current",
    "copy_of_original": "No",
    "files": (FILE,),
}
STORED = StoredFile.model_validate(
    {"file_id": "f1", "sha256": "ab" * 32, "filename": "cv.pdf", "media_type": "application/pdf", "size_bytes": 9}
)


def came(object_id: str, **more: Any) -> Incoming:
    source = EmsObject.model_validate({**REPORT, "object_id": object_id, "version": object_id, **more})
    return Incoming(source, place_of(source, "site-7"))


def places(*incoming: Incoming) -> dict[str, str | None]:
    """By which occurrence each object's document is told from others."""
    return {one.source.object_id: one.place.occurrence for one in settled(incoming)}


def test_a_version_goes_out_with_what_the_standard_has_and_comes_in_the_same() -> None:
    about = {"label": "2.0", "title": "CV", "language": "de", "document_date": "2026-02", "finalised_on": "2026-02-25"}
    document = after(expectation(milestone="03"), receipt(about=about), check(), filing())
    one = object_of(document, document.versions[0], [STORED], "101", ())
    assert (one.level, one.country, one.site_id, one.state) == ("Site", "DEU", "101", "Current")
    assert (one.artifact_date, one.told("studyline.document_date")) == ("01-Feb-2026", "2026-02")
    assert about_of(one) == About.model_validate(about)
    [again] = settled([Incoming(one, place_of(one, "site-7"))])
    assert again.place.id_in("s1") == again.place.id_in("s1")
    assert (again.place.unique_id, again.place.country, again.place.site_id) == (87, "DE", "site-7")


def test_what_another_system_said_goes_out_again_as_it_came() -> None:
    more = {"person_names": ("A",), "retention_date": "01-Jan-2050", "metadata": ({"name": "theirs", "value": "x"},)}
    source = came("o1", **more).source
    command = imported()
    origin = command.origin.model_copy(update={"carried": carried_by(source)})
    document = after(command.model_copy(update={"origin": origin}))
    out = object_of(document, document.versions[0], [STORED], None, ())
    assert (out.person_names, out.retention_date) == (("A",), "01-Jan-2050")
    assert [one.name for one in out.metadata if not one.name.startswith("studyline.")] == ["theirs"]


def test_one_current_object_and_its_older_versions_are_one_document_the_older_first() -> None:
    incoming = [came("2.0"), came("1.0", state="Superseded"), came("0.9", state="Obsolete")]
    assert [one.source.object_id for one in settled(incoming)] == ["1.0", "0.9", "2.0"]
    assert set(places(*incoming).values()) == {None}


def test_several_current_objects_of_one_artifact_and_place_are_documents_of_their_own() -> None:
    assert places(came("a"), came("b")) == {"a": "object a", "b": "object b"}


def test_objects_with_the_same_number_are_no_versions_of_one_another() -> None:
    same = [came("a", version="1.0"), came("b", version="1.0", state="Superseded")]
    assert places(*same) == {"a": "object a", "b": "object b"}


def test_persons_organisations_and_sub_artifacts_tell_documents_apart_without_a_name_in_any_id() -> None:
    found = places(came("a", person_names=("Ann",)), came("b", person_names=("Ben",)), came("c", sub_artifact="Letter"))
    assert len(set(found.values())) == 3
    assert not any("Ann" in str(one) for one in found.values())


def test_what_the_metadata_says_of_a_document_counts() -> None:
    told = {
        "metadata": ({"name": "studyline.document", "value": "d1"}, {"name": "studyline.occurrence", "value": "v9"})
    }
    assert places(came("a", **told), came("b", **told)) == {"a": "v9", "b": "v9"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd", "files/o/0.bin"),
        ("a b.PDF", "files/o/0.pdf"),
        ("x.<y>", "files/o/0.bin"),
        ("plain", "files/o/0.bin"),
    ],
)
def test_a_files_name_never_becomes_a_path(name: str, path: str) -> None:
    assert content_url("o", 0, name) == path
