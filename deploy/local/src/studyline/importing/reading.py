"""Files of registry records, streamed: the bytes of each record with its file and line.

Three forms, each as it is or gzipped: one record a line (NDJSON), a JSON array, and pages of
ClinicalTrials.gov's API v2 (`{"studies": [...], "nextPageToken": …}`); records written over several lines
work too. A file is never held in memory as a whole. A record that is broken does not end the reading: the
next one begins at the next `{"protocolSection":`.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from studyline.importing.summary import Problem

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 1 << 18
LARGEST_RECORD_BYTES = 1 << 26
NO_RECORD = "holds no record: expected one JSON object a line, or an array"
_LIST_START = re.compile(rb'\s*(?:\{(?:[^\[\]{}]*,)?\s*"studies"\s*:\s*)?\[')
_LIST_END = re.compile(rb'\]?(?:\s*,\s*"\w+"\s*:\s*(?:"[^"]*"|[\w.+-]+))*\s*\}?\s*')
_SPREAD_OBJECT = re.compile(rb"\s*\{\s*\n\s*[\"}]")
_RECORD_START = re.compile(rb'\{\s*"protocolSection"\s*:')
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_BETWEEN = re.compile(rb"[\s,]*")
_SCALAR = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[^,\[\]{}\s]+|.', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it stands in its file; `line` is where it begins, from 1."""

    file: str
    line: int
    text: bytes


class _Window:
    """A stretch of a file that grows at its end and is taken from its front, counting lines."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.text = b""
        self.line = 1
        self.grow()

    def grow(self) -> bool:
        """Read on; False at the end of the file."""
        chunk = self._file.read(CHUNK_BYTES)
        self.text += chunk
        return bool(chunk)

    def take(self, length: int) -> bytes:
        """Take bytes from the front."""
        taken, self.text = self.text[:length], self.text[length:]
        self.line += taken.count(b"\n")
        return taken

    def skip(self, pattern: re.Pattern[bytes]) -> bool:
        """Take what matches at the front, over as many chunks as it spans; whether any text is left."""
        while True:
            found = pattern.match(self.text)
            self.take(found.end() if found else 0)
            if self.text or not self.grow():
                return bool(self.text)


def read_records(path: Path, advanced: Callable[[int], None]) -> Iterator[Raw | Problem]:
    """Give the records of a file, and a problem for what could not be read.

    `advanced` is told how many more bytes of the file, as it lies on the disk, were read.
    """
    with path.open("rb") as file:
        known = 0
        for record in _readable(path.name, file):
            yield record
            advanced(file.tell() - known)
            known = file.tell()


def _readable(name: str, file: BufferedReader) -> Iterator[Raw | Problem]:
    found = False
    try:
        for record in _records(name, _unpacked(file)):
            found = True
            yield record
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = f"holds broken compressed data ({error}): fetch the file again"
        yield Problem(file=name, line=None, reason=reason)
        return
    if not found:
        yield Problem(file=name, line=None, reason=NO_RECORD)


def _unpacked(file: BufferedReader) -> BufferedReader:
    """Give the file as it was before gzip and without a byte order mark; content decides, not the name."""
    if file.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
        # GzipFile is a raw stream in all but its declared type.
        file = BufferedReader(gzip.GzipFile(fileobj=file), CHUNK_BYTES)  # pyright: ignore[reportArgumentType]
    if file.peek(len(BYTE_ORDER_MARK)).startswith(BYTE_ORDER_MARK):
        file.read(len(BYTE_ORDER_MARK))
    return file


def _records(name: str, file: BufferedReader) -> Iterator[Raw | Problem]:
    head = file.peek(CHUNK_BYTES)
    if _LIST_START.match(head):
        yield from _lists(name, _Window(file))
    elif _SPREAD_OBJECT.match(head):
        yield from _values(name, _Window(file))
    else:
        for number, line in enumerate(file, start=1):
            if text := line.strip():
                yield Raw(name, number, text)


def _lists(name: str, window: _Window) -> Iterator[Raw | Problem]:
    """Give the records of an array or of pages, one after the other."""
    while start := _LIST_START.match(window.text):
        window.take(start.end())
        yield from _values(name, window)
        if not window.skip(_LIST_END):
            return
    reason = "text follows after the list of records: expected the end of the file or another page"
    yield Problem(file=name, line=window.line, reason=reason)


def _values(name: str, window: _Window) -> Iterator[Raw | Problem]:
    while window.skip(_BETWEEN) and not window.text.startswith(b"]"):
        line, end = window.line, _end_of_value(window)
        if end is None:
            window.take(len(window.text))
            yield Problem(file=name, line=line, reason="is broken JSON: the record has no end")
        else:
            yield Raw(name, line, window.take(end).rstrip(b", \t\r\n"))


def _end_of_value(window: _Window) -> int | None:
    """Find where the value at the front ends; None where the file, or our patience, ends first."""
    if window.text[:1] not in {b"{", b"["}:
        scalar = _SCALAR.match(window.text)
        return scalar.end() if scalar else None
    while True:
        end = _balanced(window.text)
        following = _RECORD_START.search(window.text, 1, end or len(window.text))
        if following:
            return following.start()
        if end is not None or len(window.text) > LARGEST_RECORD_BYTES or not window.grow():
            return end


def _balanced(text: bytes) -> int | None:
    """Give where the bracket at the front is closed; brackets inside strings do not count."""
    depth = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
                if depth == 0:
                    return token.end()
            case _:
                continue
    return None
