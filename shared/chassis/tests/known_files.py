"""Files for tests, sound and hostile, made here: no binary lies in the repository."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pikepdf

OOXML = "application/vnd.openxmlformats-officedocument"
DOCX_TYPE = f"{OOXML}.wordprocessingml.document"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/word/document.xml" ContentType="{}"/></Types>'
)
PLAIN_MAIN = f"{DOCX_TYPE}.main+xml"


def pdf(text: str = "", **root: Any) -> bytes:
    """A PDF of one page; `root` adds entries to its catalogue."""
    made = pikepdf.new()
    made.add_blank_page()
    made.docinfo["/Title"] = text
    for name, value in root.items():
        made.Root[f"/{name}"] = made.make_indirect(value) if isinstance(value, pikepdf.Dictionary) else value
    out = io.BytesIO()
    made.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def action(kind: str, **more: Any) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name(f"/{kind}"), **more)


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(files: Mapping[str, bytes | str] | None = None, *, main: str = PLAIN_MAIN, body: str = "") -> bytes:
    """A Word document with these parts besides."""
    document = f'<w:document xmlns:w="{WORD}"><w:body><w:p>{body}</w:p></w:body></w:document>'
    parts = {"[Content_Types].xml": TYPES.format(main), "word/document.xml": document}
    return zipped({**parts, **(files or {})})


def related(kind: str, target: str) -> str:
    """A part that leads outside."""
    about = f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"'
    inner = f'<Relationship Id="r1" {about} TargetMode="External"/>'
    return f'<Relationships xmlns="{RELATIONSHIPS}">{inner}</Relationships>'


def png() -> bytes:
    """A picture of one pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
