"""Which files are taken: recognised by their first bytes, whatever they are called and declared as."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.problems import Problem

HEAD_BYTES: Final = 16


@dataclass(frozen=True)
class FileKind:
    """A kind of file that is taken."""

    name: str
    media_type: str
    extensions: tuple[str, ...]


PDF: Final = FileKind("PDF", "application/pdf", (".pdf",))
PNG: Final = FileKind("PNG image", "image/png", (".png",))
JPEG: Final = FileKind("JPEG image", "image/jpeg", (".jpg", ".jpeg"))
TEXT: Final = FileKind("text", "text/plain", (".txt", ".md"))
XML: Final = FileKind("XML", "application/xml", (".xml",))
ZIP: Final = FileKind("ZIP archive", "application/zip", (".zip",))
_OOXML: Final = "application/vnd.openxmlformats-officedocument"
DOCX: Final = FileKind("Word document", f"{_OOXML}.wordprocessingml.document", (".docx",))
XLSX: Final = FileKind("Excel workbook", f"{_OOXML}.spreadsheetml.sheet", (".xlsx",))
PPTX: Final = FileKind("PowerPoint presentation", f"{_OOXML}.presentationml.presentation", (".pptx",))
KINDS: Final = (PDF, DOCX, XLSX, PPTX, PNG, JPEG, TEXT, XML, ZIP)
SAME_KIND: Final = {"text/xml": XML.media_type, "application/x-zip-compressed": ZIP.media_type}
"""Other names that clients give."""

BY_MAGIC: Final[tuple[tuple[bytes, FileKind], ...]] = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"PK\x03\x04", ZIP),
)
ARCHIVES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PK", "a ZIP archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"MSCF", "a cabinet archive"),
)
FORBIDDEN: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE compound file (Office before 2007, Outlook), which can carry macros"),
    (b"MZ", "a program of Windows"),
    (b"\x7fELF", "a program of Linux"),
    (b"#!", "a script"),
    (b"{\\rtf", "a rich text file, which can carry objects"),
    (b"\xca\xfe\xba\xbe", "a program of Java"),
)


def kind_by_magic(head: bytes) -> FileKind | None:
    """The kind that these first bytes tell of; None: perhaps a text."""
    return next((kind for magic, kind in BY_MAGIC if head.startswith(magic)), None)


def told_by(head: bytes, table: Sequence[tuple[bytes, str]]) -> str | None:
    """What these first bytes are, in the words of the table."""
    return next((name for magic, name in table if head.startswith(magic)), None)


def active_content(*found: str) -> Problem:
    """Give the answer to a file with content that acts, or hides other files; it names what was found."""
    listed = "; ".join(found)
    detail = f"The file is not taken, because it holds {listed}. Save it without, as a plain PDF for example."
    return Problem(422, "active_content", detail, found=list(found))


def unreadable(kind: FileKind) -> Problem:
    """Give the answer to a file that cannot be looked into."""
    detail = f"The file cannot be read as {kind.name}: it is damaged, or protected by a password. Save it anew."
    return Problem(422, "file_unreadable", detail)


def not_taken(what: str) -> Problem:
    """Give the answer to a kind of file that is not taken."""
    accepted = ", ".join(kind.media_type for kind in KINDS)
    detail = f"The content is {what}, which is not taken. Taken are: {accepted}."
    return Problem(415, "media_type_not_taken", detail, accepted=[kind.media_type for kind in KINDS])


def differs(what: str, told: str, kind: FileKind, expected: str) -> Problem:
    """Give the answer to a file that is not what its name or its declared type says."""
    detail = f"The {what} says {told}, but the content is {kind.name}: expected {expected}."
    return Problem(415, "media_type_differs", detail, found=kind.media_type)
