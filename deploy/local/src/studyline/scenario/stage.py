"""The stage of a story: who acts, over which routes, under which keys, and what is told of it.

Every act's Idempotency-Key follows from the story's name and from what is asked, so a story that is told again does
nothing twice. What one service has yet to hear from another is waited for, for a limited time.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from client import Addresses, ApiProblem, Service, Studyline
from pydantic import JsonValue, RootModel

from studyline.errors import StackError
from studyline.scenario.papers import MEDIA_TYPE, paper

T = TypeVar("T")
Role = Literal["operations", "monitor", "regulatory", "quality", "sponsor"]
Name = Literal["sites", "monitoring", "regulatory", "reporting"]
Object = dict[str, Any]
PATIENCE_SECONDS: Final = 60.0
LOOK_AGAIN_SECONDS: Final = 0.1
LAST_READ_CHARACTERS: Final = 400
AT_ONCE: Final = 12
CONFLICT, NOT_FOUND = 409, 404


class Document(RootModel[dict[str, JsonValue]]):
    """An answer as it came."""


class Listing(RootModel[list[dict[str, JsonValue]]]):
    """A list as it came, whole."""


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: `subject` is written into audit trails, `name` is what signatures print."""

    role: Role
    subject: str
    name: str
    sponsors: tuple[str, ...] = ()
    signing: bool = False


Tokens = Callable[[Actor], str]
"""Gives the bearer token of an actor; one who signs has just authenticated."""


class StoryError(StackError):
    """The story cannot go on: what was expected, and what came instead."""


class Stage:
    """Where a story is told. Use it as an async context manager; `tell` gets one line an act."""

    def __init__(self, addresses: Addresses, tokens: Tokens, story: str, tell: Callable[[str], None]) -> None:
        self.addresses = addresses
        self.story = story
        self.tell = tell
        self._tokens = tokens
        self._open = AsyncExitStack()
        self._known: dict[Actor, asyncio.Task[Studyline]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        """Enter."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let everybody go."""
        await self._open.aclose()

    # Acts

    async def act(self, by: Actor, service: Name, path: str, /, **body: Any) -> Object:
        """Give a command that must succeed; its answer. Raises StoryError with all that stands in its way."""
        try:
            return await self._given(by, service, path, body)
        except ApiProblem as problem:
            message = f"{by.name} could not do POST {service} {path}: {', '.join(reasons_of(problem))}"
            raise StoryError(message) from problem

    async def attempt(self, by: Actor, service: Name, path: str, /, **body: Any) -> list[Object]:
        """Give a command that a rule is expected to refuse; its reasons, none where it was carried out."""
        try:
            await self._given(by, service, path, body)
        except ApiProblem as problem:
            if problem.status != CONFLICT:
                message = f"{by.name} expected a rule's refusal of {path}, and got: {problem}"
                raise StoryError(message) from problem
            return [dict(reason) for reason in problem.document.reasons]
        return []

    async def sign(self, by: Actor, service: Name, path: str, /, **body: Any) -> Object:
        """Give a command that needs a signature: who signs authenticates for it."""
        return await self.act(replace(by, signing=True), service, path, **body)

    async def upload(
        self, by: Actor, service: Name, path: str, name: str, lines: Sequence[str], /, **told: Any
    ) -> Object:
        """Send a paper of that name with these lines; it is the same file whenever it is sent."""
        speaker = await self._speaker(by)
        asked = {"filename": f"{name}.pdf", **told}
        key = self._key(path, [asked, *lines])
        try:
            async with self._gate:
                return await _at(speaker, service).upload(f"/v1{path}", paper(name, lines), MEDIA_TYPE, asked, key=key)
        except ApiProblem as problem:
            message = f"{by.name} could not send {name} to {path}: {', '.join(reasons_of(problem))}"
            raise StoryError(message) from problem

    # Reads

    async def read(self, by: Actor, service: Name, path: str, /, **asked: str | int) -> Object:
        """Read one object."""
        speaker = await self._speaker(by)
        return (await _at(speaker, service).read(f"/v1{path}", Document, asked)).root

    async def all(self, by: Actor, service: Name, path: str, /, **asked: str | int) -> list[Object]:
        """Read a whole list."""
        speaker = await self._speaker(by)
        return [one.root async for one in _at(speaker, service).pages(f"/v1{path}", Document, asked)]

    async def listed(self, by: Actor, service: Name, path: str, /, **asked: str | int) -> list[Object]:
        """Read a list that comes whole."""
        speaker = await self._speaker(by)
        return (await _at(speaker, service).read(f"/v1{path}", Listing, asked)).root

    async def until(self, what: str, read: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
        """Read until it is good. Raises StoryError that names what was waited for, and what was read last."""
        last: object = "nothing"
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    try:
                        found = last = await read()
                    except ApiProblem as problem:
                        if problem.status != NOT_FOUND:
                            raise
                        last = problem
                    else:
                        if good(found):
                            return found
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        except TimeoutError:
            seen = str(last)[:LAST_READ_CHARACTERS]
            message = f"{what} did not come about within {PATIENCE_SECONDS:.0f} s; read last: {seen}"
            raise StoryError(message) from None

    # How

    async def _given(self, by: Actor, service: Name, path: str, body: Object) -> Object:
        key, speaker = self._key(path, body), await self._speaker(by)

        async def give() -> Object:
            async with self._gate:
                return await _at(speaker, service).command(f"/v1{path}", body, key=key)

        if service == "sites":
            return await give()
        return await self.until(f"That {service} hears of what {path} speaks of", give, lambda _: True)

    def _key(self, path: str, asked: object) -> str:
        told = json.dumps([self.story, path, asked], sort_keys=True)
        return f"story-{hashlib.sha256(told.encode()).hexdigest()}"

    async def _speaker(self, by: Actor) -> Studyline:
        if by not in self._known:
            self._known[by] = asyncio.create_task(self._sign_in(by))
        return await asyncio.shield(self._known[by])

    async def _sign_in(self, by: Actor) -> Studyline:
        token = await asyncio.to_thread(self._tokens, by)
        return await self._open.enter_async_context(Studyline(self.addresses, token))


async def together(*acts: Coroutine[Any, Any, T]) -> list[T]:
    """Do these side by side; the results in their order. Raises the first failure once all have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(act) for act in acts]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [task.result() for task in tasks]


def reasons_of(problem: ApiProblem) -> list[str]:
    """Every reason of a refusal, else what the problem says."""
    told = [*problem.document.reasons, *problem.document.errors]
    return [str(one.get("detail") or one) for one in told] or [str(problem)]


def _at(speaker: Studyline, service: Name) -> Service:
    return {
        "sites": speaker.sites,
        "monitoring": speaker.monitoring,
        "regulatory": speaker.regulatory,
        "reporting": speaker.reporting,
    }[service]
