"""Looks into ZIP archives and Office files (ECMA-376) for macros, objects, other archives, and bombs."""

import zlib
from collections import Counter
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from chassis.files.kinds import (
    ARCHIVES,
    DOCX,
    FORBIDDEN,
    HEAD_BYTES,
    PPTX,
    XLSX,
    ZIP,
    FileKind,
    active_content,
    told_by,
    unreadable,
)
from chassis.files.texts import calls_programs, look_through

MEMBERS_MAX: Final = 5_000
EXPANDED_BYTES_MAX: Final = 512 * 1_048_576
RATIO_MAX: Final = 200
RATIO_COUNTS_FROM_BYTES: Final = 1_048_576
PART_BYTES: Final = 262_144
IN_MEMORY_BYTES: Final = 1_048_576
CONTENT_TYPES: Final = "[Content_Types].xml"
MAIN_PARTS: Final = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
SUSPECT_NAMES: Final = {
    "vbaproject": "macros",
    "vbadata": "macros",
    "/macrosheets/": "macros",
    "/activex/": "ActiveX controls",
    "/embeddings/": "embedded objects",
    "oleobject": "embedded objects",
    "/customui/": "a custom user interface",
}


def kind_of_package(content: IO[bytes]) -> FileKind:
    """Which Office file the archive is, or a plain archive. Raises the 422 problem where it cannot be read."""
    with opened(content) as archive:
        names = set(archive.namelist())
    if CONTENT_TYPES not in names:
        return ZIP
    return next((kind for part, kind in MAIN_PARTS.items() if part in names), ZIP)


def opened(content: IO[bytes]) -> ZipFile:
    """The archive. Raises the 422 problem where it is none."""
    content.seek(0)
    try:
        return ZipFile(content)
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise unreadable(ZIP) from error


def refuse_bomb(
    archive: ZipFile, *, members_max: int = MEMBERS_MAX, expanded_bytes_max: int = EXPANDED_BYTES_MAX
) -> None:
    """Raise the 422 problem for what would not fit, or would land elsewhere, when it is unpacked."""
    members = archive.infolist()
    expanded = sum(one.file_size for one in members)
    repeated = any(count > 1 for count in Counter(one.filename for one in members).values())
    found = [
        *([f"more than {members_max:,} files"] if len(members) > members_max else []),
        *([_too_much(expanded_bytes_max)] if expanded > expanded_bytes_max else []),
        *(["content that is packed like a bomb"] if any(_is_packed_too_tight(one) for one in members) else []),
        *(["names that stand twice"] if repeated else []),
        *(["names that lead out of it"] if any(_leads_out(one.filename) for one in members) else []),
    ]
    if found:
        raise active_content(*found)


def _too_much(limit_bytes: int) -> str:
    return f"content of more than {limit_bytes // 1_048_576} MiB when unpacked"


def members_of(archive: ZipFile) -> Iterator[tuple[str, IO[bytes]]]:
    """Every file of it, unpacked one at a time, no further than it says. Raises the 422 problem for a damaged one."""
    for member in archive.infolist():
        if member.is_dir():
            continue
        if member.flag_bits & 1 or member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise unreadable(ZIP)
        with SpooledTemporaryFile[bytes](max_size=IN_MEMORY_BYTES) as unpacked:
            _unpack(archive, member, unpacked)
            yield member.filename, unpacked


def active_in_office(content: IO[bytes]) -> list[str]:
    """Everything in an Office file that acts, or that leads to what does. Raises the 422 problem."""
    found: set[str] = set()
    with opened(content) as archive:
        refuse_bomb(archive)
        for name, part in members_of(archive):
            found.update(_told_by_name(name))
            part.seek(0)
            head = part.read(HEAD_BYTES)
            inner = told_by(head, FORBIDDEN) or told_by(head, ARCHIVES)
            if inner is not None:
                found.add(f"{inner} inside")
            elif name.endswith((".xml", ".rels")):
                found.update(_in_part(name, part))
    return sorted(found)


def _unpack(archive: ZipFile, member: ZipInfo, into: IO[bytes]) -> None:
    try:
        with archive.open(member) as packed:
            while part := packed.read(PART_BYTES):
                into.write(part)
    except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise unreadable(ZIP) from error


def _is_packed_too_tight(member: ZipInfo) -> bool:
    counts = member.file_size > RATIO_COUNTS_FROM_BYTES
    return counts and member.file_size > RATIO_MAX * max(1, member.compress_size)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")


def _told_by_name(name: str) -> list[str]:
    lowered = f"/{name.lower()}"
    return [what for mark, what in SUSPECT_NAMES.items() if mark in lowered]


def _in_part(name: str, part: IO[bytes]) -> set[str]:
    found: set[str] = set()
    fields: list[str] = []
    in_field = False

    def element(qualified: str, attributes: dict[str, str]) -> None:
        nonlocal in_field
        local = qualified.rpartition(" ")[2]
        in_field = local == "instrText"
        found.update(_in_element(local, attributes))
        fields.extend(value for key, value in attributes.items() if key.rpartition(" ")[2] == "instr")

    def text(value: str) -> None:
        fields.extend([value] if in_field else [])

    look_through(part, on_element=element, found=found, on_text=text)
    if name.startswith("word/") and calls_programs("".join(fields)):
        found.add("fields that call another program (DDE)")
    return found


def _in_element(local: str, attributes: dict[str, str]) -> Iterator[str]:
    if local in {"Override", "Default"} and "macroenabled" in attributes.get("ContentType", "").lower():
        yield "macros"
    elif local == "Relationship" and attributes.get("TargetMode") == "External":
        if not attributes.get("Type", "").endswith("/hyperlink"):
            yield "links to other files"
    elif local == "ddeLink":
        yield "links that call another program (DDE)"
