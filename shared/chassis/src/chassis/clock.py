"""The one place that reads the wall clock and makes random identifiers."""

import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class _Shift:
    by: timedelta = timedelta()


_shift = _Shift()


def shift(seconds: float) -> None:
    """Let this process live so much later or earlier than it is; for the fault rig."""
    _shift.by = timedelta(seconds=seconds)


def now() -> datetime:
    """The present instant in UTC, in milliseconds: what MongoDB keeps of it."""
    instant = datetime.now(UTC) + _shift.by
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def new_id() -> str:
    """A fresh random identifier (UUID version 4)."""
    return str(uuid.uuid4())


def new_secret() -> str:
    """A fresh secret of 256 bits, as 43 characters that stand in addresses as they are."""
    return secrets.token_urlsafe(32)


def monotonic() -> float:
    """Seconds on a clock that never goes back; for durations and deadlines only."""
    return time.monotonic()
