"""Every request is answered in good time, whatever hangs behind the service: a 503 instead of a hanging caller.

A driver's own timeouts cannot promise that: they count for one operation, and operations wait for a free thread.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from chassis.problems import Unavailable, response_to

ANSWER_SECONDS: Final = 4.5
BATCH_SECONDS: Final = 30.0


class AnswerInTime:
    """Middleware: gives up on a request whose answer has not begun in time. What streams may go on.

    `batches` are the exact paths of routes that rightly take longer. A command given up on may still be
    committed, whole; the same Idempotency-Key then gives its answer.
    """

    def __init__(self, app: ASGIApp, batches: Mapping[str, int]) -> None:
        self.app = app
        self.batches = frozenset(batches)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seconds = BATCH_SECONDS if scope["path"] in self.batches else ANSWER_SECONDS
        limit = asyncio.timeout(seconds)
        try:
            async with limit:

                async def send_in_time(message: Message) -> None:
                    limit.reschedule(None)
                    await send(message)

                await self.app(scope, receive, send_in_time)
        except TimeoutError:
            if not limit.expired():
                raise
            detail = f"There was no answer within {seconds:g} s. Nothing was changed, or it is kept whole: try again."
            await response_to(Unavailable(detail), scope)(scope, receive, send)
