"""Why the server did not write: what waiting mends is an outage, what it refuses is the fault of what was written."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError, WriteError

DUPLICATE_KEY = 11000
REFUSED_WRITES = frozenset({DUPLICATE_KEY, 2, 9, 14, 22, 52, 121, 10334, 17280})
"""A key that is there; a value, a type, a name, a document or a size that the server does not take."""


def is_duplicate(error: Exception) -> bool:
    """Whether a write failed because its key is there already."""
    return isinstance(error, DuplicateKeyError) or _has_only({DUPLICATE_KEY}, error)


def is_outage(error: Exception) -> bool:
    """Whether the database did not do what it was asked, and may do it when it is asked again."""
    return isinstance(error, PyMongoError) and not is_refused_write(error)


def is_refused_write(error: Exception) -> bool:
    """Whether the server is there and refuses what is written: waiting would not help."""
    return isinstance(error, DuplicateKeyError) or _has_only(REFUSED_WRITES, error)


def _has_only(codes: AbstractSet[int], error: Exception) -> bool:
    if isinstance(error, BulkWriteError):
        return all(item["code"] in codes for item in _write_errors(error))
    return isinstance(error, WriteError) and (error.code or 0) in codes


def _write_errors(error: BulkWriteError) -> Iterable[Mapping[str, Any]]:
    return (error.details or {}).get("writeErrors", [{"code": 0}])
