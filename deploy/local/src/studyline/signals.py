"""Running until the user or the system says stop."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_until_signal(work: Coroutine[None, None, None]) -> None:
    """Run to the end, or until the first stop signal cancels the work, which then may clean up.

    Further signals are ignored: one Ctrl-C often arrives twice, and the clean-up is bounded anyway.
    """
    asyncio.run(_cancel_on_signal(work))


async def _cancel_on_signal(work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()

    def cancel_once() -> None:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, cancel_once)
    with suppress(asyncio.CancelledError):
        await task
