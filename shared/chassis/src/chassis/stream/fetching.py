"""Fetching without loss, and no more often than pays.

When reading one partition fails, what was drained from the others is read again: the Kafka client moves its positions
as it drains, partition by partition; where a later one raises (a checksum), what was drained before is gone, and the
next commit would pass it by. So each failure goes back to what is committed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog
from aiokafka.errors import ConsumerStoppedError, KafkaError

from chassis.stream.progress import Progress

PAUSE_SECONDS: Final = 1.0

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def without_loss(fetch: Callable[[Any], Awaitable[Any]], progress: Progress) -> Callable[[Any], Awaitable[Any]]:
    """The same fetch, which answers nothing where it fails, and begins again after what is committed."""
    failed = False

    async def fetch_again(consumer: Any) -> Any:
        nonlocal failed
        try:
            fetched = await fetch(consumer)
        except ConsumerStoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is: reading on would pass by what was drained
            failed = True
            progress.blocked(type(error).__name__)
            _log.error("fetching failed", error=type(error).__name__, detail=str(error)[:200])
            await _back_to_committed(consumer)
            return ()
        if failed:
            # Only the end of an outage of its own: a batch may be waiting for another to end.
            failed = False
            progress.unblocked()
        return fetched

    return fetch_again


def gathered(
    fetch: Callable[[Any], Awaitable[Sequence[Any]]], seconds: float, full: int
) -> Callable[[Any], Awaitable[Sequence[Any]]]:
    """The same fetch, so long after it is asked for where the last one brought records, yet not `full` of them."""
    pause = 0.0

    async def fetch_gathered(consumer: Any) -> Sequence[Any]:
        nonlocal pause
        await asyncio.sleep(pause)
        fetched = await fetch(consumer)
        pause = seconds if 0 < len(fetched) < full else 0.0
        return fetched

    return fetch_gathered


async def _back_to_committed(consumer: Any) -> None:
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            for place in consumer.assignment():
                committed = await consumer.committed(place)
                if committed is None:
                    await consumer.seek_to_beginning(place)
                else:
                    consumer.seek(place, committed)
        except (KafkaError, OSError) as error:
            _log.warning("not back yet", error=type(error).__name__)
        else:
            return
