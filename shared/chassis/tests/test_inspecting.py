"""A file is taken for what it is: not for what it is called, and not with anything in it that acts or hides."""

import io

import pikepdf
import pytest
from chassis.files import packages
from chassis.files.inspecting import inspected
from chassis.problems import Problem
from known_files import DOCX_TYPE, OOXML, action, docx, pdf, png, related, zipped

PDF = "application/pdf"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
STREAM = {"Type": pikepdf.Name("/EmbeddedFile")}


def refused(content: bytes, declared: str, filename: str) -> Problem:
    with pytest.raises(Problem) as problem:
        inspected(io.BytesIO(content), declared, filename)
    return problem.value


@pytest.mark.parametrize(
    ("content", "declared", "filename"),
    [
        (pdf(), PDF, "protocol.pdf"),
        (pdf(), "Application/PDF; version=1.7", "PROTOCOL.PDF"),
        (pdf(OpenAction=pikepdf.Array([pikepdf.Name("/XYZ")])), PDF, "a.pdf"),
        (pdf(OpenAction=action("GoTo")), PDF, "a.pdf"),
        (docx(), DOCX_TYPE, "consent.docx"),
        (docx({"word/_rels/document.xml.rels": related("hyperlink", "https://example.org")}), DOCX_TYPE, "a.docx"),
        (docx({"word/media/image1.png": png()}), DOCX_TYPE, "a.docx"),
        (zipped({"[Content_Types].xml": "<t/>", "xl/workbook.xml": "<w/>"}), f"{OOXML}.spreadsheetml.sheet", "a.xlsx"),
        (png(), "image/png", "a.png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg", "a.jpeg"),
        ("Änderung: a < b\n".encode(), "text/plain; charset=utf-8", "a.txt"),
        (b'<?xml version="1.0"?><ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"/>', "text/xml", "a.xml"),
        (zipped({"a/protocol.pdf": pdf(), "notes.txt": "Read me."}), "application/zip", "a.zip"),
    ],
)
def test_sound_files_are_taken(content: bytes, declared: str, filename: str) -> None:
    assert inspected(io.BytesIO(content), declared, filename).extensions


@pytest.mark.parametrize(
    ("content", "declared", "filename", "told"),
    [
        (pdf(), "image/png", "a.png", "declared type says image/png"),
        (pdf(), "", "a.pdf", "declared type says nothing"),
        (pdf(), PDF, "a.docm", "file name says .docm"),
        (pdf(), PDF, "a", "file name says nothing"),
        (docx(), f"{OOXML}.spreadsheetml.sheet", "a.xlsx", "content is Word document"),
        (zipped({"a.txt": "a"}), DOCX_TYPE, "a.docx", "content is ZIP archive"),
        (b"plain", PDF, "a.pdf", "content is text"),
    ],
)
def test_what_is_not_what_it_says_is_refused(content: bytes, declared: str, filename: str, told: str) -> None:
    problem = refused(content, declared, filename)
    assert (problem.status, problem.code) == (415, "media_type_differs")
    assert told in problem.detail


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (OLE, "OLE compound file"),
        (b"MZ\x90\0" + b"\0" * 60, "a program of Windows"),
        (b"\x7fELF" + b"\0" * 60, "a program of Linux"),
        (b"#!/bin/sh\nrm -rf /\n", "a script"),
        (b"{\\rtf1 text}", "a rich text file"),
        (b"Rar!\x1a\x07\0", "a RAR archive"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"\0\1\2\3", "not known"),
        (b"text\0text", "not known"),
        ("Ä".encode("latin-1"), "not known"),
    ],
)
def test_other_kinds_are_refused_by_name(content: bytes, told: str) -> None:
    problem = refused(content, PDF, "a.pdf")
    assert (problem.status, problem.code) == (415, "media_type_not_taken")
    assert told in problem.detail


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (pdf(OpenAction=action("JavaScript", JS="app.alert(1)")), "JavaScript"),
        (pdf(Names=pikepdf.Dictionary(JavaScript=pikepdf.Dictionary())), "JavaScript"),
        (pdf(OpenAction=action("Launch", F="cmd.exe")), "an action that starts a program"),
        (pdf(OpenAction=action("Named", N=pikepdf.Name("/Print"))), "an action on opening (OpenAction)"),
        (pdf(Names=pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary())), "embedded files"),
        (pdf(AF=pikepdf.Array([pikepdf.Dictionary(EF=pikepdf.Dictionary())])), "embedded files"),
        (pdf(AcroForm=pikepdf.Dictionary(XFA="x")), "an XFA form"),
        (pdf(AA=pikepdf.Dictionary()), "additional actions"),
        (pdf(A=pikepdf.Array([pikepdf.Array([action("SubmitForm", F="https://example.org")])])), "sends data"),
        (pdf(X=pikepdf.Dictionary(Type=pikepdf.Name("/Annot"), Subtype=pikepdf.Name("/RichMedia"))), "rich media"),
        (pdf() + b"\n1 0 obj\n<< /S /JavaScript >>\nendobj\n", "JavaScript"),
        (pdf() + zipped({"a.txt": "hidden"}), "a ZIP archive behind it"),
    ],
)
def test_a_pdf_that_acts_or_hides_is_refused_and_says_what_was_found(content: bytes, found: str) -> None:
    problem = refused(content, PDF, "a.pdf")
    assert (problem.status, problem.code) == (422, "active_content")
    assert found in problem.detail


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (docx({"word/vbaProject.bin": OLE}), "macros"),
        (docx(main="application/vnd.ms-word.document.macroEnabled.main+xml"), "macros"),
        (docx({"word/embeddings/oleObject1.bin": OLE}), "embedded objects"),
        (docx({"word/embeddings/sheet.xlsx": zipped({"a": "a"})}), "a ZIP archive inside"),
        (docx({"word/activeX/activeX1.xml": "<a/>"}), "ActiveX"),
        (docx({"word/media/image1.png": b"MZ\x90"}), "a program of Windows"),
        (docx({"word/_rels/s.xml.rels": related("attachedTemplate", "https://example.org/t.dotm")}), "links to other"),
        (docx({"word/x.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "a document type definition"),
        (docx(body="<w:r><w:instrText>DDE</w:instrText></w:r><w:r><w:instrText>AUTO c:\\x</w:instrText></w:r>"), "DDE"),
        (docx(body='<w:fldSimple w:instr="DDEAUTO cmd"/>'), "DDE"),
        (docx({"word/x.xml": "<ddeLink/>"}), "DDE"),
        (docx({"../../etc/passwd": "x"}), "names that lead out"),
        (docx({"C:\\evil": "x"}), "names that lead out"),
        (docx({"word/bomb.xml": b"0" * 40_000_000}), "packed like a bomb"),
    ],
)
def test_an_office_file_that_acts_or_hides_is_refused_and_says_what_was_found(content: bytes, found: str) -> None:
    problem = refused(content, DOCX_TYPE, "a.docx")
    assert (problem.status, problem.code) == (422, "active_content")
    assert found in problem.detail


@pytest.mark.parametrize(
    ("content", "declared", "filename", "found"),
    [
        (zipped({"a.zip": zipped({"a.txt": "a"})}), "application/zip", "a.zip", "a ZIP archive inside (a.zip)"),
        (zipped({"a.docx": docx()}), "application/zip", "a.zip", "a ZIP archive inside (a.docx)"),
        (zipped({"a.pdf": pdf(AA=pikepdf.Dictionary())}), "application/zip", "a.zip", "additional actions (a.pdf)"),
        (b"<HTML><body>", "text/plain", "a.txt", "HTML or SVG"),
        (b"Read this: < script src=x>", "text/plain", "a.txt", "HTML or SVG"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "text/xml", "a.xml", "HTML or SVG"),
        (b'<?xml version="1.0"?><a><b xmlns="http://www.w3.org/1999/xhtml"/></a>', "text/xml", "a.xml", "HTML or SVG"),
        (b'<?xml version="1.0"?><a><script/></a>', "text/xml", "a.xml", "a script"),
        (b'<?xml version="1.0"?><?xml-stylesheet href="x"?><a/>', "text/xml", "a.xml", "a stylesheet"),
        (b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "text/xml", "a.xml", "type definition"),
    ],
)
def test_archives_and_texts_that_act_are_refused(content: bytes, declared: str, filename: str, found: str) -> None:
    problem = refused(content, declared, filename)
    assert problem.code == "active_content"
    assert found in problem.detail


@pytest.mark.parametrize(
    ("content", "declared", "filename"),
    [
        (b"%PDF-1.7\nbroken", PDF, "a.pdf"),
        (docx()[:200], DOCX_TYPE, "a.docx"),
        (docx({"word/x.xml": "<a>"}), DOCX_TYPE, "a.docx"),
        (b'<?xml version="1.0"?><a>', "text/xml", "a.xml"),
    ],
)
def test_what_cannot_be_looked_into_is_refused(content: bytes, declared: str, filename: str) -> None:
    assert refused(content, declared, filename).code == "file_unreadable"


def test_a_pdf_behind_a_password_is_refused() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as made:
        made.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert refused(out.getvalue(), PDF, "a.pdf").code == "file_unreadable"


def test_an_archive_has_only_so_many_files_and_so_much_content() -> None:
    archive = packages.opened(io.BytesIO(zipped({"a.txt": "a", "b.txt": "b"})))
    with pytest.raises(Problem) as problem:
        packages.refuse_bomb(archive, members_max=1, expanded_bytes_max=1)
    assert problem.value.members["found"] == ["more than 1 files", "content of more than 0 MiB when unpacked"]
