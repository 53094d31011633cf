"""Looks into XML and plain text for what acts: scripts, SVG and HTML, document type definitions, stylesheets."""

import codecs
import re
from collections.abc import Callable
from typing import IO, Final
from xml.parsers import expat

from chassis.files.kinds import TEXT, XML, unreadable

PART_BYTES: Final = 1_048_576
TAIL_CHARACTERS: Final = 40
_MARKUP: Final = re.compile(r"<\s*(script|html|iframe|svg|object|embed|!doctype\s+html)\b", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_FOREIGN: Final = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml")
_DDE: Final = re.compile(r"\bDDE(AUTO)?\b", re.IGNORECASE)


def is_text(content: IO[bytes]) -> bool:
    """Whether all of it is UTF-8 without control characters."""
    content.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while part := content.read(PART_BYTES):
            if _CONTROL.search(decoder.decode(part)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def active_in_text(content: IO[bytes]) -> list[str]:
    """HTML or SVG in a text. Raises the 422 problem where it is no text."""
    content.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    before = ""
    try:
        while part := content.read(PART_BYTES):
            window = before + decoder.decode(part)
            if _MARKUP.search(window):
                return ["HTML or SVG"]
            before = window[-TAIL_CHARACTERS:]
    except UnicodeDecodeError as error:
        raise unreadable(TEXT) from error
    return []


def active_in_xml(content: IO[bytes]) -> list[str]:
    """Everything in an XML document that acts or leads elsewhere. Raises the 422 problem where it is malformed."""
    found: set[str] = set()
    look_through(content, on_element=lambda name, _: found.update(_in_element(name)), found=found)
    return sorted(found)


def look_through(
    content: IO[bytes],
    *,
    on_element: Callable[[str, dict[str, str]], object],
    found: set[str],
    on_text: Callable[[str], object] = lambda _: None,
) -> None:
    """Parse without keeping anything; a document type definition ends it, so that no entity is ever expanded."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse_definition(*_: object) -> None:
        raise _DefinitionError

    def note_instruction(target: str, _: str) -> None:
        if target == "xml-stylesheet":
            found.add("a stylesheet")

    parser.StartDoctypeDeclHandler = refuse_definition
    parser.ProcessingInstructionHandler = note_instruction
    parser.StartElementHandler = on_element
    parser.CharacterDataHandler = on_text
    content.seek(0)
    try:
        while part := content.read(PART_BYTES):
            parser.Parse(part, False)  # noqa: FBT003 - the library's own signature
        parser.Parse(b"", True)  # noqa: FBT003 - the library's own signature
    except _DefinitionError:
        found.add("a document type definition")
    except expat.ExpatError as error:
        raise unreadable(XML) from error


def calls_programs(fields: str) -> bool:
    """Whether the field codes of a Word document call another program (dynamic data exchange)."""
    return _DDE.search(fields) is not None


def _in_element(name: str) -> list[str]:
    namespace, _, local = name.rpartition(" ")
    if namespace in _FOREIGN or local.lower() in {"svg", "html"}:
        return ["HTML or SVG"]
    return ["a script"] if local.lower() == "script" else []


class _DefinitionError(Exception):
    pass
