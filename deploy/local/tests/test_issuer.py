"""The development issuer, called as browsers and applications call it."""

import base64
import hashlib
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from contracts.identifiers import sponsor_id
from joserfc import jwt
from joserfc.jwk import KeySet
from studyline.errors import StackError
from studyline.issuer.app import create_app
from studyline.issuer.settings import ClientApplication, IssuerSettings, load_settings, save_clients
from studyline.issuer.signing import load_key

URL = "http://issuer.test"
CALLBACK = "http://portal.test/auth/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CLIENTS = {
    "command": ClientApplication(secret="s1", client_credentials=True),
    "portal": ClientApplication(secret="s2", redirect_uris=(CALLBACK,)),
}
ASKED = {
    "response_type": "code",
    "client_id": "portal",
    "redirect_uri": CALLBACK,
    "state": "a&b",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
DEVELOPMENT = {
    "STUDYLINE_ENVIRONMENT": "development",
    "STUDYLINE_ISSUER_URL": URL,
    "STUDYLINE_HTTP_PORT": "1",
}


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    settings = IssuerSettings(url=URL, host="127.0.0.1", port=1, audience="studyline", folder=tmp_path, clients=CLIENTS)
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield client


async def claims(browser: httpx.AsyncClient, token: str) -> Mapping[str, Any]:
    keys = KeySet.import_key_set((await browser.get("/jwks")).json())
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


async def fetch(browser: httpx.AsyncClient, **form: str | list[str]) -> httpx.Response:
    return await browser.post("/token", data={"grant_type": "client_credentials", **form}, auth=("command", "s1"))


async def sign_in(browser: httpx.AsyncClient, **changes: str) -> httpx.Response:
    return await browser.post("/authorize", data={**ASKED, "role": "operations", **changes})


async def redeem(browser: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": "portal",
        "client_secret": "s2",
    }
    return await browser.post("/token", data={**form, **changes})


def code_in(answer: httpx.Response) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def test_operations_see_every_sponsor(browser: httpx.AsyncClient) -> None:
    token = (await fetch(browser, role="operations")).json()["access_token"]
    found = await claims(browser, token)
    assert (found["iss"], found["aud"], found["roles"], found["sponsors"]) == (URL, "studyline", ["operations"], ["*"])
    assert found["exp"] - found["iat"] == 12 * 60 * 60
    assert {"sub", "jti"} <= set(found)


async def test_a_token_is_an_access_token_of_a_known_key(browser: httpx.AsyncClient) -> None:
    token = (await fetch(browser, role="admin")).json()["access_token"]
    keys = KeySet.import_key_set((await browser.get("/jwks")).json())
    header = jwt.decode(token, keys, algorithms=["ES256"]).header
    assert (header["alg"], header["typ"], header["kid"]) == ("ES256", "at+jwt", keys.keys[0].kid)


async def test_a_sponsor_sees_the_sponsors_named(browser: httpx.AsyncClient) -> None:
    answer = await fetch(browser, role="sponsor", sponsor=["Novartis", "PHARMA  ltd"])
    found = await claims(browser, answer.json()["access_token"])
    assert found["sponsors"] == [sponsor_id("Novartis"), sponsor_id("pharma Ltd")]


async def test_the_public_keys_do_not_hold_the_private_one(browser: httpx.AsyncClient) -> None:
    assert all("d" not in key for key in (await browser.get("/jwks")).json()["keys"])


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"role": "sponsor"}, "name at least one sponsor"),
        ({"role": "partner", "sponsor": "  "}, "name at least one sponsor"),
        ({"role": "owner"}, "There is no role 'owner': choose one of operations, monitor"),
        ({}, "There is no role ''"),
    ],
)
async def test_an_incomplete_identity_is_refused(
    browser: httpx.AsyncClient, form: dict[str, str | list[str]], reason: str
) -> None:
    answer = await fetch(browser, **form)
    assert answer.status_code == 400
    assert reason in answer.json()["error_description"]


@pytest.mark.parametrize("login", [("command", "wrong"), ("nobody", "s1"), ("", "")])
async def test_an_unknown_client_gets_nothing(browser: httpx.AsyncClient, login: tuple[str, str]) -> None:
    answer = await browser.post("/token", data={"grant_type": "client_credentials"}, auth=login)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_the_portal_gets_no_tokens_of_its_own(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(
        "/token", data={"grant_type": "client_credentials", "role": "admin"}, auth=("portal", "s2")
    )
    assert answer.json()["error"] == "unauthorized_client"


async def test_one_click_signs_in_as_operations(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/authorize", params=ASKED)).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    chosen = re.findall(r'value="(\w+)" checked', page)
    assert chosen == ["operations"]
    assert set(fields) == set(ASKED)
    answer = await sign_in(browser)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query)["state"] == ["a&b"]
    tokens = (await redeem(browser, code_in(answer))).json()
    assert (await claims(browser, tokens["access_token"]))["sponsors"] == ["*"]
    identity = await claims(browser, tokens["id_token"])
    assert (identity["aud"], identity["nonce"]) == ("portal", "n")


async def test_whoever_signs_in_has_just_authenticated_and_has_a_name_to_print(browser: httpx.AsyncClient) -> None:
    tokens = (await redeem(browser, code_in(await sign_in(browser, name="  Ada   Lovelace ")))).json()
    for kind in ("access_token", "id_token"):
        found = await claims(browser, tokens[kind])
        assert (found["name"], found["acr"]) == ("Ada Lovelace", "urn:studyline:acr:sign-in")
        assert 0 <= found["iat"] - found["auth_time"] <= 60
    assert (await claims(browser, tokens["access_token"]))["client_id"] == "portal"


async def test_an_application_that_asks_for_it_gets_a_token_that_is_good_for_signing(
    browser: httpx.AsyncClient,
) -> None:
    asked = {**ASKED, "acr_values": "phr urn:studyline:acr:signing", "prompt": "login", "max_age": "300"}
    page = (await browser.get("/authorize", params=asked)).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert "Signing: your name will be printed" in page
    answer = await browser.post("/authorize", data={**fields, "role": "quality"})
    tokens = (await redeem(browser, code_in(answer))).json()
    found = await claims(browser, tokens["access_token"])
    assert (found["acr"], found["name"]) == ("urn:studyline:acr:signing", "development-quality")


async def test_nobody_is_signed_in_without_being_asked(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/authorize", params={**ASKED, "prompt": "none"})
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["login_required"]


async def test_a_command_line_gets_a_token_for_signing_only_where_it_asks(browser: httpx.AsyncClient) -> None:
    plain = await claims(browser, (await fetch(browser, role="admin")).json()["access_token"])
    assert not {"acr", "auth_time"} & set(plain)
    asked = await fetch(browser, role="admin", acr_values="urn:studyline:acr:signing", subject="ada", name="Ada")
    found = await claims(browser, asked.json()["access_token"])
    assert (found["acr"], found["sub"], found["name"]) == ("urn:studyline:acr:signing", "ada", "Ada")


async def test_the_issuer_says_which_classes_of_authentication_it_has(browser: httpx.AsyncClient) -> None:
    document = (await browser.get("/.well-known/openid-configuration")).json()
    assert document["acr_values_supported"] == ["urn:studyline:acr:sign-in", "urn:studyline:acr:signing"]


async def test_a_sponsor_signs_in_with_a_name_a_line(browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser, role="sponsor", sponsors="Novartis\r\n\r\nPfizer")
    tokens = (await redeem(browser, code_in(answer))).json()
    found = await claims(browser, tokens["access_token"])
    assert found["sponsors"] == [sponsor_id("Novartis"), sponsor_id("Pfizer")]


async def test_a_sponsor_who_names_none_is_told_so_on_the_page(browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser, role="sponsor")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'value="sponsor" checked' in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "http://evil.test/auth/callback"},
        {"redirect_uri": f"{CALLBACK}/more"},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": "command"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
)
async def test_a_wrong_request_is_never_sent_on(browser: httpx.AsyncClient, change: dict[str, str]) -> None:
    shown = await browser.get("/authorize", params={**ASKED, **change})
    sent = await sign_in(browser, **change)
    assert (shown.status_code, sent.status_code) == (400, 400)
    assert "location" not in sent.headers


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "w" * 43},
        {"redirect_uri": "http://evil.test/"},
        {"client_id": "command", "client_secret": "s1"},
        {"code": "guessed"},
    ],
)
async def test_a_code_fits_only_the_request_it_was_given_to(browser: httpx.AsyncClient, change: dict[str, str]) -> None:
    code = code_in(await sign_in(browser))
    answer = await redeem(browser, **{"code": code, **change})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_is_taken_once(browser: httpx.AsyncClient) -> None:
    code = code_in(await sign_in(browser))
    assert (await redeem(browser, code)).status_code == 200
    assert (await redeem(browser, code)).json()["error"] == "invalid_grant"


async def test_what_an_application_sends_is_shown_as_text(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/authorize", params={**ASKED, "state": '"><script>alert(1)</script>'})
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_a_huge_form_is_refused(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/token", content=b"a=" + b"b" * 100_000)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_key_outlives_a_restart(tmp_path: Path) -> None:
    assert load_key(tmp_path).kid == load_key(tmp_path).kid


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_key(tmp_path)
    (tmp_path / "signing-key.json").chmod(0o644)
    with pytest.raises(StackError, match="Others can read the signing key"):
        load_key(tmp_path)


def test_the_issuer_starts_on_loopback_in_development(tmp_path: Path) -> None:
    save_clients(tmp_path, CLIENTS)
    settings = load_settings({**DEVELOPMENT, "STUDYLINE_ISSUER_FOLDER": str(tmp_path)})
    assert (settings.host, settings.clients) == ("127.0.0.1", CLIENTS)


@pytest.mark.parametrize("environment", [{}, {"STUDYLINE_ENVIRONMENT": "production"}, {"STUDYLINE_ENVIRONMENT": ""}])
def test_outside_development_the_issuer_does_not_start(environment: dict[str, str]) -> None:
    with pytest.raises(StackError, match="starts only with STUDYLINE_ENVIRONMENT=development"):
        load_settings({**DEVELOPMENT, "STUDYLINE_ENVIRONMENT": "production", **environment})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "localhost.example"])  # noqa: S104 - refused
def test_away_from_loopback_the_issuer_does_not_start(host: str) -> None:
    with pytest.raises(StackError, match="listens on loopback only"):
        load_settings({**DEVELOPMENT, "STUDYLINE_HTTP_HOST": host})
