"""Who may sign: a person who authenticated again a moment ago, in a way that is good for signing. Nobody else."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from chassis import clock
from chassis.commands import Aggregate, Commands, Instruction, given
from chassis.http.auth import Authenticator
from chassis.http.sign_ins import SignIn, sign_in_of
from chassis.http.signing import Signing, SigningRules
from chassis.journal import Actor, Context, Owner, journal_of
from chassis.mongo import Database
from chassis.problems import install
from chassis.scope import Scope
from fastapi import FastAPI
from kernel import Command, Signature, SignedContent, SignedEvent, State
from test_auth import Issuer, bearer, now_plus, token

SIGNING_CLASS = "urn:studyline:acr:signing"
CONTENT = SignedContent(kind="controlled_document", id="doc-1", version="1.0", sha256="a" * 64)
RULES = SigningRules((SIGNING_CLASS, "phr"), timedelta(seconds=300))


@pytest.fixture
async def service() -> AsyncIterator[httpx.AsyncClient]:
    authenticator: Authenticator = Issuer().authenticator()
    app = FastAPI()
    app.state.authenticator, app.state.signing_rules = authenticator, RULES
    install(app, {})

    @app.post("/sign")
    async def sign(signer: Signing) -> Signature:  # pyright: ignore[reportUnusedFunction]
        return signer.sign("approval", CONTENT)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client
    await authenticator.close()


def stepped_up(**changes: Any) -> str:
    """A token for signing; callables give what depends on the time of the test."""
    usual = {"name": "Ada Lovelace", "auth_time": since(10), "acr": SIGNING_CLASS, "client_id": "portal"}
    claims: dict[str, Any] = {name: value for name, value in (usual | changes).items() if value is not ...}
    made: dict[str, Any] = {name: value() if callable(value) else value for name, value in claims.items()}
    return token(**made)


def since(seconds: int) -> Callable[[], int]:
    return lambda: now_plus(-seconds)


async def test_a_person_who_has_just_authenticated_signs_with_name_time_and_meaning(service: httpx.AsyncClient) -> None:
    answer = await service.post("/sign", headers=bearer(stepped_up()))
    signature = Signature.model_validate_json(answer.content)
    assert (signature.signer_id, signature.printed_name, signature.meaning) == ("ada", "Ada Lovelace", "approval")
    assert signature.verify(CONTENT)
    assert timedelta(0) <= clock.now() - signature.signed_at < timedelta(seconds=60)
    assert signature.authenticated_at < signature.signed_at


@pytest.mark.parametrize("good", [{"acr": "phr"}, {"auth_time": since(-20)}, {"client_id": ...}])
async def test_every_class_that_is_named_is_good_and_clocks_may_differ(
    service: httpx.AsyncClient, good: dict[str, Any]
) -> None:
    assert (await service.post("/sign", headers=bearer(stepped_up(**good)))).status_code == 200


@pytest.mark.parametrize(
    "poor",
    [
        {"auth_time": since(400)},
        {"auth_time": ...},
        {"auth_time": since(-400)},
        {"auth_time": True},
        {"auth_time": lambda: str(now_plus(-10))},
        {"auth_time": lambda: [now_plus(-10)]},
        {"auth_time": lambda: now_plus(-10) + 0.5},
        {"auth_time": -1},
        {"auth_time": 10**30},
        {"acr": "urn:studyline:acr:sign-in"},
        {"acr": ...},
        {"acr": ""},
        {"acr": [SIGNING_CLASS]},
        {"acr": SIGNING_CLASS.upper()},
        {"acr": f"{SIGNING_CLASS} phr"},
        {"acr": {"value": SIGNING_CLASS}},
    ],
)
async def test_an_older_or_other_authentication_is_challenged_to_step_up(
    service: httpx.AsyncClient, poor: dict[str, Any]
) -> None:
    answer = await service.post("/sign", headers=bearer(stepped_up(**poor)))
    challenge = answer.headers["www-authenticate"]
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/insufficient_user_authentication")
    assert 'error="insufficient_user_authentication"' in challenge
    assert f'acr_values="{SIGNING_CLASS} phr"' in challenge
    assert 'max_age="300"' in challenge
    assert "prompt=login" in answer.json()["detail"]


@pytest.mark.parametrize("name", [..., "", "   ", 17, ["Ada"], "A" * 201, "Ada\nLovelace", "\u202eecalevoL adA", "A\0"])
async def test_who_has_no_name_that_can_be_printed_cannot_sign(service: httpx.AsyncClient, name: object) -> None:
    answer = await service.post("/sign", headers=bearer(stepped_up(name=name)))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/printed_name_missing")


@pytest.mark.parametrize("claim", ["client_id", "azp"])
async def test_a_service_account_cannot_sign_whatever_its_token_says(service: httpx.AsyncClient, claim: str) -> None:
    answer = await service.post("/sign", headers=bearer(stepped_up(**{"client_id": ..., claim: "ada"})))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not_a_person")


async def test_without_a_token_there_is_nothing_to_step_up(service: httpx.AsyncClient) -> None:
    answer = await service.post("/sign")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


def test_a_token_without_any_of_it_still_calls() -> None:
    assert sign_in_of({"auth_time": None, "acr": 7, "name": {}}) == SignIn()


class Sign(Command):
    """Sign a record."""

    signature: Signature


class Signed(SignedEvent):
    """It is signed."""


class Record(State):
    """A signed record."""

    signature: Signature


def decide(_: Record | None, command: Sign) -> list[Signed]:
    return [Signed(occurred_at=None, signature=command.signature)]


RECORDS = Aggregate(
    "record",
    "records",
    Record,
    decide,
    lambda _, event: Record(signature=event.signature),
    lambda _state, _event: None,
    lambda _: Owner("acme", "s1"),
    lambda state, _: state.model_dump(mode="json"),
)


async def test_the_journal_entry_of_a_signed_command_carries_the_signature(
    commands: Commands, database: Database
) -> None:
    signer = RULES.signer(await Issuer().authenticator().authenticate(stepped_up()))
    command = Sign(occurred_at=None, signature=signer.sign("review", CONTENT))
    await commands.carry_out(
        Scope.everything(), Instruction(RECORDS, "r1", given(command), Context("c1", Actor("ada")))
    )
    [entry] = await journal_of(database).find(Scope.everything(), {})
    assert Signature.model_validate(entry["signature"]) == command.signature
