"""Decides whether a file is taken: what it is by its content, whether that is what was said, and whether it acts.

It reads, parses and unpacks within limits, so it belongs into a thread.
"""

from pathlib import PurePosixPath
from typing import IO, Final
from zipfile import is_zipfile

from chassis.files.kinds import (
    ARCHIVES,
    DOCX,
    FORBIDDEN,
    HEAD_BYTES,
    JPEG,
    PDF,
    PNG,
    PPTX,
    SAME_KIND,
    TEXT,
    XLSX,
    XML,
    ZIP,
    FileKind,
    active_content,
    differs,
    kind_by_magic,
    not_taken,
    told_by,
)
from chassis.files.packages import active_in_office, kind_of_package, members_of, opened, refuse_bomb
from chassis.files.texts import active_in_text, active_in_xml, is_text

OFFICE: Final = (DOCX, XLSX, PPTX)


def inspected(content: IO[bytes], declared: str, filename: str) -> FileKind:
    """What the file is. Raises the 415 or 422 problem that names what is wrong with it."""
    kind = _kind_of(content)
    media_type = declared.partition(";")[0].strip().lower()
    if SAME_KIND.get(media_type, media_type) != kind.media_type:
        raise differs("declared type", media_type or "nothing", kind, kind.media_type)
    extension = PurePosixPath(filename).suffix.lower()
    if extension not in kind.extensions:
        raise differs("file name", extension or "nothing", kind, " or ".join(kind.extensions))
    found = _active_in(content, kind)
    if found:
        raise active_content(*found)
    return kind


def _kind_of(content: IO[bytes]) -> FileKind:
    content.seek(0)
    head = content.read(HEAD_BYTES)
    kind = kind_by_magic(head)
    if kind is ZIP:
        return kind_of_package(content)
    if kind is not None:
        return kind
    forbidden = told_by(head, FORBIDDEN) or told_by(head, ARCHIVES)
    if forbidden is not None:
        raise not_taken(forbidden)
    if not is_text(content):
        raise not_taken("of a kind that is not known")
    return XML if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml") else TEXT


def _active_in(content: IO[bytes], kind: FileKind) -> list[str]:
    if kind in OFFICE:
        return active_in_office(content)
    if kind == ZIP:
        return _in_archive(content)
    # An archive is read from its end: it may hide behind any other file.
    content.seek(0)
    hidden = ["a ZIP archive behind it"] if is_zipfile(content) else []
    match kind:
        case kind if kind == PDF:
            # Loaded with the first PDF: the library costs memory.
            from chassis.files.pdf import active_in_pdf  # noqa: PLC0415

            return [*hidden, *active_in_pdf(content)]
        case kind if kind == XML:
            return [*hidden, *active_in_xml(content)]
        case kind if kind == TEXT:
            return [*hidden, *active_in_text(content)]
        case _:
            assert kind in {PNG, JPEG}, "every other kind has its way"
            return hidden


def _in_archive(content: IO[bytes]) -> list[str]:
    """Every file of a plain archive must be taken by itself, and none may be an archive again."""
    found: set[str] = set()
    with opened(content) as archive:
        refuse_bomb(archive)
        for name, member in members_of(archive):
            member.seek(0)
            head = member.read(HEAD_BYTES)
            inner = told_by(head, ARCHIVES)
            if inner is not None:
                found.add(f"{inner} inside ({name})")
            elif head:
                found.update(f"{what} ({name})" for what in _active_in(member, _kind_of(member)))
    return sorted(found)
