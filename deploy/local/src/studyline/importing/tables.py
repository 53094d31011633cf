"""The CSV tables of a CTMS extract: a pydantic model for each, whose fields are the columns that are read."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from studyline.importing.flaws import Faulty, flaws_of
from studyline.importing.summary import Problem, problems_of


class Row(BaseModel):
    """A row of a table; cells are texts, blank means not reported."""

    model_config = ConfigDict(frozen=True, extra="ignore")


R = TypeVar("R", bound=Row)


class _Cells(Protocol):
    """What `csv.reader` gives: rows of cells, and the line it has come to."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class ExtractError(Exception):
    """The extract as a whole cannot be read: a table or a column is missing, or two studies are in it."""


@dataclass(frozen=True, slots=True)
class Placed(Generic[R]):
    """A row and where it stands; `line` counts from 1, the header's."""

    file: str
    line: int
    row: R


def read_table(directory: Path, name: str, shape: type[R]) -> Iterator[Placed[R] | tuple[Problem, ...]]:
    """Give the rows of `<name>.csv` or `<name>.csv.gz`, and for a faulty row all that is wrong with it.

    The shape's first column is what a problem calls the row by. Raises ExtractError where a file or a
    column is missing.
    """
    path = _path_of(directory, name)
    with _text_of(path) as text:
        cells = csv.reader(text, strict=True)
        try:
            yield from _rows(path.name, cells, shape)
        except (csv.Error, EOFError, OSError, UnicodeDecodeError) as error:
            message = f"{path.name} cannot be read from line {cells.line_num + 1} on ({error}): extract it again"
            raise ExtractError(message) from error


def _rows(file: str, table: _Cells, shape: type[R]) -> Iterator[Placed[R] | tuple[Problem, ...]]:
    columns, header = tuple(shape.model_fields), next(table, list[str]())
    absent = [column for column in columns if column not in header]
    if absent:
        message = f"{file} lacks {', '.join(absent)}: expected the columns {', '.join(columns)}"
        raise ExtractError(message)
    places = [header.index(column) for column in columns]
    for cells in table:
        if len(cells) == len(header):
            yield _row(file, table.line_num, shape, {header[place]: cells[place] for place in places})
        elif cells:
            reason = f"has {len(cells)} cells: expected {len(header)}, one for each column"
            yield (Problem(file=file, line=table.line_num, reason=reason),)


def _row(file: str, line: int, shape: type[R], cells: dict[str, str]) -> Placed[R] | tuple[Problem, ...]:
    try:
        return Placed(file, line, shape.model_validate(cells))
    except ValidationError as error:
        return problems_of(file, line, Faulty(next(iter(cells.values())), flaws_of(error)))


def _path_of(directory: Path, name: str) -> Path:
    for path in (directory / f"{name}.csv", directory / f"{name}.csv.gz"):
        if path.is_file():
            return path
    message = f"{directory} has no {name}.csv or {name}.csv.gz: name the directory that holds the extract's tables"
    raise ExtractError(message)


def _text_of(path: Path) -> io.TextIOWrapper:
    opener = gzip.open if path.suffix == ".gz" else open
    raw = cast("BinaryIO", opener(path, "rb"))
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
