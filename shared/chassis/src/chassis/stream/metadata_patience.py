"""aiokafka without a broker: wait between two questions for metadata, of which it has none.

Its fetcher and its sender ask again the moment a question has failed, a thousand times a second where the connection is
refused, each time with two lines in the log (aiokafka#1155 is about one of these loops). One pause where they all meet
keeps processor and log free; what they do otherwise stays theirs.
"""

import asyncio
from typing import Any, Final

from aiokafka.client import AIOKafkaClient

PAUSE_SECONDS: Final = 0.5


def wait_between_questions() -> None:
    """Make every client of this process patient; a second call changes nothing."""
    client: Any = AIOKafkaClient
    ask = client._metadata_update  # noqa: SLF001 - no public place sees a question fail
    if getattr(ask, "is_patient", False):
        return

    async def ask_patiently(self: Any, *arguments: Any) -> bool:
        answered = await ask(self, *arguments)
        if not answered:
            await asyncio.sleep(PAUSE_SECONDS)
        return answered

    ask_patiently.is_patient = True  # pyright: ignore[reportFunctionMemberAccess]
    client._metadata_update = ask_patiently  # noqa: SLF001
