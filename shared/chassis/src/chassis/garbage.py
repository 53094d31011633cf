"""Python's search for reference cycles, held back: a service makes many objects that live for a batch, and few cycles.

By default the search runs after 700 new objects and goes over everything now and then, imported modules included; that
took a third of the time of folding events.
"""

import gc
from typing import Final

THRESHOLDS: Final = (20_000, 20, 50)
"""New objects until the youngest are searched, and how many such searches until the older ones are."""


def search_less() -> None:
    """Leave out of the search what is there already, and search seldom. Call it when everything is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
