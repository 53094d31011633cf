"""Looks into a PDF for what acts by itself or hides other files (ISO 32000-2, 7.7.2, 7.11.4, 12.6, 12.7.8, 13).

qpdf (through pikepdf) gives every object, those in compressed object streams included. What stands in the bytes and is
no object of the present revision counts as well: another reader may find it.
"""

from collections.abc import Iterator
from typing import IO, Any, BinaryIO, Final, cast

import pikepdf

from chassis.files.kinds import PDF, unreadable

OBJECTS_MAX: Final = 1_000_000
PART_BYTES: Final = 1_048_576
KEYS: Final = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/EF": "embedded files",
    "/EmbeddedFiles": "embedded files",
    "/AA": "additional actions",
    "/XFA": "an XFA form",
    "/RichMediaContent": "rich media",
}
ACTIONS: Final = {
    "/JavaScript": "JavaScript",
    "/Launch": "an action that starts a program",
    "/SubmitForm": "an action that sends data",
    "/ImportData": "an action that imports data",
    "/GoToE": "an action on an embedded file",
    "/Rendition": "an action that plays media",
    "/RichMediaExecute": "rich media",
}
SUBTYPES: Final = {
    "/FileAttachment": "embedded files",
    "/RichMedia": "rich media",
    "/Movie": "media",
    "/Sound": "media",
    "/Screen": "media",
}
RAW: Final = {
    b"/JavaScript": "JavaScript",
    b"/Launch": "an action that starts a program",
    b"/EmbeddedFile": "embedded files",
    b"/RichMedia": "rich media",
}


def active_in_pdf(content: IO[bytes]) -> list[str]:
    """Everything found that acts or hides files; raises the 422 problem where it cannot be read."""
    found = set(_in_bytes(content))
    content.seek(0)
    try:
        with pikepdf.open(cast("BinaryIO", content)) as pdf:
            if len(pdf.objects) > OBJECTS_MAX:
                raise unreadable(PDF)
            for thing in (pdf.trailer, *pdf.objects):
                found.update(_in_object(thing))
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, RecursionError) as error:
        raise unreadable(PDF) from error
    return sorted(found)


def _in_bytes(content: IO[bytes]) -> Iterator[str]:
    content.seek(0)
    before = b""
    while part := content.read(PART_BYTES):
        window = before + part
        yield from (name for mark, name in RAW.items() if mark in window)
        before = part[-20:]


def _in_object(thing: Any) -> Iterator[str]:
    """What an object holds, and what is written inside it; objects of their own are looked at on their own."""
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting.extend(_written_inside(list(one)))
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            members: dict[str, Any] = dict(one.items())
            yield from _in_members(members)
            waiting.extend(_written_inside(list(members.values())))


def _written_inside(things: list[Any]) -> list[Any]:
    kinds = pikepdf.Array | pikepdf.Dictionary | pikepdf.Stream
    return [one for one in things if isinstance(one, kinds) and not one.is_indirect]


def _in_members(members: dict[str, Any]) -> Iterator[str]:
    yield from (name for key, name in KEYS.items() if key in members)
    action, subtype, kind = (str(members.get(key, "")) for key in ("/S", "/Subtype", "/Type"))
    # `/S` also names the style of page numbers and structure elements; these names are actions only.
    yield from (name for key, name in ACTIONS.items() if key == action)
    yield from (name for key, name in SUBTYPES.items() if key == subtype and kind in {"/Annot", ""})
    if kind == "/EmbeddedFile":
        yield "embedded files"
    opening = members.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary) and str(opening.get("/S", "")) != "/GoTo":
        yield "an action on opening (OpenAction)"
