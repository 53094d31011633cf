"""A record together with the place it came from, so that a problem can name it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from client import Record

R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True, slots=True)
class Sourced(Generic[R_co]):
    """A record ready to be sent; `line` counts from 1."""

    record: R_co
    file: str
    line: int
