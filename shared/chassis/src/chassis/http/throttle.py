"""A limit on how often somebody may do something, kept in this process: so many at once, then so many a second."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from chassis import clock

KEYS_MAX: Final = 10_000


@dataclass
class Throttle:
    """`at_once` and then `per_second` for each key, an address for one. Keys that were quiet longest are forgotten."""

    at_once: int
    per_second: float
    keys_max: int = KEYS_MAX
    _left: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict[str, tuple[float, float]])

    def wait_seconds(self, key: str) -> float:
        """How long the key has to wait until it may go on; 0 where it need not."""
        return max(0.0, (1 - self._present(key)) / self.per_second)

    def take(self, key: str) -> None:
        """Count one for the key."""
        self._left[key] = (max(0.0, self._present(key) - 1), clock.monotonic())
        self._left.move_to_end(key)
        if len(self._left) > self.keys_max:
            self._left.popitem(last=False)

    def _present(self, key: str) -> float:
        left, at = self._left.get(key, (float(self.at_once), 0.0))
        return min(float(self.at_once), left + (clock.monotonic() - at) * self.per_second)
