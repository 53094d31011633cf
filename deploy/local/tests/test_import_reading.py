"""Every form of a registry file gives the same records, and damage costs no more than what is damaged."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from studyline.importing.reading import Raw, read_records
from studyline.importing.summary import Problem

RECORDS = [{"protocolSection": {"title": f'{{"é" [{number}]\\'}} for number in range(40)]
TEXTS = [json.dumps(record).encode() for record in RECORDS]
PAGE = {"totalCount": 40, "studies": RECORDS, "nextPageToken": "b2Zm"}
FORMS = {
    "one a line": b"\n".join(TEXTS),
    "with a byte order mark, blank lines and CRLF": b"\xef\xbb\xbf\r\n" + b"\r\n\r\n".join(TEXTS) + b"\r\n",
    "an array": json.dumps(RECORDS).encode(),
    "an array, indented": json.dumps(RECORDS, indent=2).encode(),
    "an array with a byte order mark": b"\xef\xbb\xbf" + json.dumps(RECORDS).encode(),
    "a page": json.dumps(PAGE).encode(),
    "a page, indented": json.dumps(PAGE, indent=2).encode(),
    "objects, indented": b"\n".join(json.dumps(record, indent=2).encode() for record in RECORDS),
}


def read(tmp_path: Path, content: bytes) -> list[Raw | Problem]:
    path = tmp_path / "studies"
    path.write_bytes(content)
    return list(read_records(path, lambda _: None))


def documents(found: list[Raw | Problem]) -> list[object]:
    return [json.loads(record.text) for record in found if isinstance(record, Raw)]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_records(tmp_path: Path, form: str, packed: bool) -> None:  # noqa: FBT001
    content = gzip.compress(FORMS[form]) if packed else FORMS[form]
    found = read(tmp_path, content)
    assert documents(found) == RECORDS
    assert len(found) == len(RECORDS)


def test_pages_may_follow_one_another(tmp_path: Path) -> None:
    page = json.dumps(PAGE).encode()
    assert documents(read(tmp_path, page + b"\n" + page)) == RECORDS * 2


def test_records_larger_than_what_is_read_at_once_are_whole(tmp_path: Path) -> None:
    large = [{"protocolSection": "x" * 400_000, "n": number} for number in range(3)]
    assert documents(read(tmp_path, json.dumps(large).encode())) == large


def test_each_record_has_the_line_it_begins_on(tmp_path: Path) -> None:
    lines = [record.line for record in read(tmp_path, b"\n\n" + TEXTS[0] + b"\n\n" + TEXTS[1])]
    assert lines == [3, 5]
    lines = [record.line for record in read(tmp_path, b"[\n" + b",\n".join(TEXTS[:3]) + b"\n]")]
    assert lines == [2, 3, 4]


@pytest.mark.parametrize("broken", [TEXTS[1][:-1], TEXTS[1][:-4], TEXTS[1].replace(b'"title"', b'"title')])
def test_a_broken_record_costs_only_itself_in_every_form(tmp_path: Path, broken: bytes) -> None:
    parts = [TEXTS[0], broken, TEXTS[2]]
    for content in (b"\n".join(parts), b"[" + b",\n".join(parts) + b"]", b'{"studies": [' + b", ".join(parts) + b"]}"):
        found = read(tmp_path, content)
        texts = [record.text for record in found if isinstance(record, Raw)]
        assert texts[0] == TEXTS[0]
        assert texts[-1].removesuffix(b"]}") == TEXTS[2]
        assert len(found) == 3


def test_what_is_no_object_is_handed_on_to_be_reported(tmp_path: Path) -> None:
    found = read(tmp_path, b'[7, null, "a,b", ' + TEXTS[0] + b"]")
    assert [record.text for record in found if isinstance(record, Raw)] == [b"7", b"null", b'"a,b"', TEXTS[0]]


def test_a_compressed_file_that_ends_early_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    content = gzip.compress(
        b"\n".join(b'{"n": "%s"}' % hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(20_000))
    )
    *records, last = read(tmp_path, content[: len(content) // 2])
    assert len(records) > 1
    assert isinstance(last, Problem)
    assert "broken compressed data" in last.reason


@pytest.mark.parametrize("content", [b"", b"\n \n", b"[]", b'{"studies": []}'])
def test_a_file_without_records_says_so(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, content)
    assert [(problem.line, problem.reason.partition(":")[0]) for problem in found if isinstance(problem, Problem)] == [
        (None, "holds no record")
    ]


def test_text_after_the_list_is_reported(tmp_path: Path) -> None:
    *_, last = read(tmp_path, json.dumps(RECORDS).encode() + b"\nand so on")
    assert isinstance(last, Problem)
    assert last.line == 2


def test_the_bytes_told_add_up_to_the_file(tmp_path: Path) -> None:
    told: list[int] = []
    path = tmp_path / "studies.gz"
    path.write_bytes(gzip.compress(b"\n".join(TEXTS)))
    assert len(list(read_records(path, told.append))) == len(TEXTS)
    assert sum(told) == path.stat().st_size
