"""The load: callers who give commands to three services over HTTP, and try each until it has a definite answer."""

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import httpx
from chassis import clock
from chassis.scope import Scope
from joserfc import jwt
from kernel import derived_id
from ledger import UNFORESEEN, Fact, Ledger, Outcome, now
from studyline.issuer.identities import identity_of
from studyline.issuer.signing import ACCESS_TOKEN, ALGORITHM, load_key
from studyline.paths import Layout
from studyline.services import AUDIENCE
from studyline.state import StackAddresses

SUBJECT: Final = "chaos"
CALLERS: Final = 8
TRY_SECONDS: Final = 7.0
"""Longer than any answer may take: what comes later than that is as good as none."""
PAUSE_SECONDS: Final = 0.3
NOT_YET: Final = 404
"""A service answers so while it has not heard yet of what another one has."""
AWAY: Final = 503
REFUSED: Final = range(400, 500)
TOKEN_AGE: Final = timedelta(minutes=20)
TOKEN_LIFETIME: Final = timedelta(hours=12)
COUNTRY: Final = "DE"


@dataclass(frozen=True)
class Target:
    """What the commands are about."""

    studies: list[str]
    sites: list[str]
    visits: list[str]


@dataclass(frozen=True)
class Command:
    """One command. Which aggregate it is about is read from its answer, where `id_field` names it.

    `refused_with` is the status with which it must be refused, `based_on` the version that its If-Match names.
    """

    service: str
    path: str
    body: Mapping[str, Any]
    id_field: str
    refused_with: int = 0
    based_on: int | None = None


@dataclass
class Workload:
    """Callers at a rate. Every command is another one, so that each must leave its own mark."""

    addresses: StackAddresses
    token: str
    ledger: Ledger
    chance: random.Random
    per_second: float
    slowest: float = 0.0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def running(self, target: Target) -> AsyncGenerator[None]:
        """Give commands while the context is open; at its end each of them has its definite answer."""
        async with httpx.AsyncClient(timeout=TRY_SECONDS, trust_env=False) as client:
            callers = [asyncio.create_task(self._call(client, target)) for _ in range(CALLERS)]
            try:
                yield
            finally:
                self.stopping.set()
                await asyncio.gather(*callers)

    async def prepare(self, studies: int) -> Target:
        """Make what the commands are about; it is in the ledger like all the rest."""
        async with httpx.AsyncClient(timeout=TRY_SECONDS, trust_env=False) as client:
            made = [await self.settle(client, register(number)) for number in range(studies)]
            sites = [await self.settle(client, identify(study, next(self._numbers))) for study in made]
            return Target(made, sites, [await self.settle(client, plan(site)) for site in sites])

    async def settle(self, client: httpx.AsyncClient, command: Command) -> str:
        """Give one command, again and again under the same key, until the answer is definite; the id it is about."""
        key = clock.new_id()
        command_id = derived_id("command", SUBJECT, repr(Scope.everything()), key)
        doomed = bool(command.refused_with)
        self.ledger.write(Fact(now(), command_id, command.service, "invoked", detail=command.path, doomed=doomed))
        while True:
            fact = await self._try(client, command, command_id, key)
            self.ledger.write(fact)
            if fact.outcome != "unknown":
                return fact.aggregate.partition("/")[2]
            await asyncio.sleep(PAUSE_SECONDS)

    async def _try(self, client: httpx.AsyncClient, command: Command, command_id: str, key: str) -> Fact:
        began = now()
        url = f"{getattr(self.addresses, command.service)}/v1{command.path}"
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        headers |= {} if command.based_on is None else {"If-Match": f'"v{command.based_on}"'}
        try:
            answer = await client.post(url, json=command.body, headers=headers)
        except httpx.TransportError as error:
            told = Told("unknown", detail=type(error).__name__)
        else:
            self.slowest = max(self.slowest, now() - began)
            told = told_by(answer, command)
        return Fact(at=now(), command_id=command_id, service=command.service, seconds=now() - began, **asdict(told))

    async def _call(self, client: httpx.AsyncClient, target: Target) -> None:
        while not self.stopping.is_set():
            began = now()
            await self._one(client, target)
            await asyncio.sleep(max(0.0, CALLERS / self.per_second - (now() - began)))

    async def _one(self, client: httpx.AsyncClient, target: Target) -> None:
        match self.chance.randrange(10):
            case 0 | 1 | 2:
                await self.settle(client, milestone(self.chance.choice(target.studies), next(self._numbers)))
            case 3 | 4:
                await self.settle(client, schedule(self.chance.choice(target.visits), next(self._numbers)))
            case 5:
                await self.settle(client, identify(self.chance.choice(target.studies), next(self._numbers)))
            case 6:
                await self.settle(client, deviation(self.chance.choice(target.studies)))
            case 7 | 8:
                await self.settle(client, self.chance.choice(doomed(self.chance, target, next(self._numbers))))
            case _:
                submission = await self.settle(client, prepare(self.chance.choice(target.studies)))
                for command in (submit(submission), approve(submission)):
                    await self.settle(client, command)


@dataclass(frozen=True)
class Told:
    """What an answer says of its command."""

    outcome: Outcome
    aggregate: str = ""
    version: int = 0
    detail: str = ""
    doomed: bool = False


def told_by(answer: httpx.Response, command: Command) -> Told:
    """What an answer says; a command that must be refused is refused by the one status that says why."""
    status, is_doomed = answer.status_code, bool(command.refused_with)
    if answer.is_success:
        about = answer.json()
        return Told("ok", f"{command.service}/{about[command.id_field]}", about["version"], str(status), is_doomed)
    if status == command.refused_with or (status in REFUSED and status != NOT_YET and not is_doomed):
        return Told("failed", detail=f"{status} {answer.text[:300]}", doomed=is_doomed)
    foreseen = status == NOT_YET or (status == AWAY and "retry-after" in answer.headers)
    return Told("unknown", detail=f"{'' if foreseen else UNFORESEEN}{status}", doomed=is_doomed)


def bearer_of(layout: Layout, addresses: StackAddresses) -> str:
    """A token of the stack's issuer, as old and as long-lived as a run with wrong clocks needs it."""
    began, ended = (int((clock.now() + one).timestamp()) for one in (-TOKEN_AGE, TOKEN_LIFETIME))
    claims = identity_of("operations", (), (), SUBJECT).claims()
    times = {"iat": began, "exp": ended, "jti": clock.new_id()}
    key = load_key(layout.issuer)
    header = {"alg": ALGORITHM, "typ": ACCESS_TOKEN, "kid": key.kid}
    about = {"iss": addresses.issuer, "aud": AUDIENCE}
    return jwt.encode(header, {**about, **claims, **times}, key, algorithms=[ALGORITHM])


def doomed(chance: random.Random, target: Target, number: int) -> list[Command]:
    """Commands that must be refused and leave no trace: by a rule, by their form, and as they are based on the past."""
    study, site = chance.choice(target.studies), chance.choice(target.sites)
    too_early = Command("sites", f"/sites/{site}/activate", {"occurred_at": "2000-01-09"}, "site_id", 409)
    misshapen = identify(study, number)
    visit = schedule(chance.choice(target.visits), number)
    return [
        too_early,
        replace(misshapen, body={**misshapen.body, "country": "Nowhere"}, refused_with=422),
        replace(milestone(study, number), refused_with=412, based_on=0),
        replace(visit, refused_with=412, based_on=0),
    ]


def register(number: int) -> Command:
    """A study of its own sponsor."""
    about = {"sponsor": {"name": f"Chaos {number}"}, "protocol_number": f"C-{number}", "title": "A study"}
    return Command("sites", "/studies", {**about, "countries": [COUNTRY], "occurred_at": "2000-01-01"}, "study_id")


def milestone(study: str, number: int) -> Command:
    """Another planned date for a study's milestone."""
    body = {"kind": "study_start", "planned": day(number), "occurred_at": "2000-01-01"}
    return Command("sites", f"/studies/{study}/milestones", body, "study_id")


def identify(study: str, number: int) -> Command:
    """Another site."""
    body = {"name": f"Site {number}", "country": COUNTRY, "occurred_at": "2000-01-02"}
    return Command("sites", f"/studies/{study}/sites", body, "site_id")


def plan(site: str) -> Command:
    """Another monitoring visit."""
    body = {"visit_type": "IMV", "planned_on": "2000-02-01", "occurred_at": "2000-01-03"}
    return Command("monitoring", f"/sites/{site}/visits", body, "visit_id")


def schedule(visit: str, number: int) -> Command:
    """Another date for a visit."""
    body = {"scheduled_on": day(number), "occurred_at": "2000-01-04"}
    return Command("monitoring", f"/visits/{visit}/schedule", body, "visit_id")


def deviation(study: str) -> Command:
    """Another deviation of the study."""
    body = {"category": "other", "important": False, "occurred_at": "2000-01-05"}
    return Command("monitoring", f"/studies/{study}/protocol-deviations", body, "deviation_id")


def prepare(study: str) -> Command:
    """Another submission; its approval is evidence that `sites` keeps."""
    body = {"study_id": study, "body": "competent_authority", "country": COUNTRY, "occurred_at": "2000-01-06"}
    return Command("regulatory", "/submissions", body, "submission_id")


def submit(submission: str) -> Command:
    """The submission's next step."""
    return Command("regulatory", f"/submissions/{submission}/submit", {"occurred_at": "2000-01-07"}, "submission_id")


def approve(submission: str) -> Command:
    """The submission's last step."""
    body = {"reference": "REF-1", "covers": ["protocol 1.0"], "occurred_at": "2000-01-08"}
    return Command("regulatory", f"/submissions/{submission}/approve", body, "submission_id")


def day(number: int) -> str:
    """Another day for another number."""
    return (date(1900, 1, 1) + timedelta(days=number)).isoformat()
