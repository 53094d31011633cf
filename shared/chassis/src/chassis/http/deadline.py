"""Every request is answered in good time, whatever hangs behind the service: a 503 instead of a hanging caller.

A driver's own timeouts cannot promise that: they count for one operation, and operations wait for a free thread.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from chassis.patience import renewed, went_on
from chassis.problems import Unavailable, response_to

ANSWER_SECONDS: Final = 4.5
BATCH_SECONDS: Final = 30.0
UPLOAD_SECONDS: Final = 900.0


class AnswerInTime:
    """Middleware: gives up on a request whose answer has not begun in time. What streams may go on.

    `batches` are the exact paths of routes that rightly take longer while they get on: for them the time without
    progress counts, up to a limit for the whole. `streams` are the paths of routes that take files, as long as a slow
    line needs. A command given up on may still be committed, whole; the same Idempotency-Key then gives its answer.
    """

    def __init__(self, app: ASGIApp, batches: Mapping[str, int], streams: Sequence[re.Pattern[str]] = ()) -> None:
        self.app = app
        self.batches = frozenset(batches)
        self.streams = tuple(streams)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = asyncio.timeout(ANSWER_SECONDS)
        try:
            async with limit:
                if scope["path"] in self.batches:
                    await self._patiently(limit, BATCH_SECONDS, scope, receive, send)
                elif any(path.match(scope["path"]) for path in self.streams):
                    await self._patiently(limit, UPLOAD_SECONDS, scope, receive, send)
                else:
                    await self.app(scope, receive, _once_begun(limit, send))
        except TimeoutError:
            if not limit.expired():
                raise
            detail = "There was no answer in time. Nothing was changed, or it is kept whole: try again."
            await response_to(Unavailable(detail), scope)(scope, receive, send)

    async def _patiently(
        self, limit: asyncio.Timeout, seconds_in_all: float, scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        async def receive_more() -> Message:
            message = await receive()
            went_on()
            return message

        with renewed(limit, ANSWER_SECONDS, seconds_in_all):
            await self.app(scope, receive_more, _once_begun(limit, send))


def _once_begun(limit: asyncio.Timeout, send: Send) -> Send:
    """The same way to answer; the first use of it ends the limit."""

    async def send_in_time(message: Message) -> None:
        limit.reschedule(None)
        await send(message)

    return send_in_time
