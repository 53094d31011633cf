"""Server-sent events (WHATWG HTML, 9.2): lines in, the data of each event out."""

from collections.abc import AsyncGenerator, AsyncIterator


async def events_of(lines: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Give the data of each event. Comments and events without data, such as keep-alives, give nothing."""
    data: list[str] = []
    async for line in lines:
        name, _, value = line.partition(":")
        if line == "" and data:
            yield "\n".join(data)
            data = []
        elif name == "data":
            data.append(value.removeprefix(" "))
