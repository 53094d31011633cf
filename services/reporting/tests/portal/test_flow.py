"""The pieces of a sign-in that need no network."""

import pytest
from chassis import clock
from chassis.problems import Problem
from hypothesis import given
from hypothesis import strategies as some
from reporting.portal.flow import Attempt, challenge_of, claims_of, safe_path

SECRET = "the client's secret"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "/\\/evil.test",
        "javascript:alert(1)",
        "evil",
        "",
        "/a\nSet-Cookie: x=1",
        "/a b",
        "/\tevil.test",
    ],
)
def test_no_way_leads_to_another_server(wanted: str) -> None:
    assert safe_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/timeline?sponsor=acme-1&q=a%20b", "/studies/4f1c"])
def test_the_way_back_leads_to_where_the_user_was(wanted: str) -> None:
    assert safe_path(wanted) == wanted


def test_the_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_attempt_comes_back_as_it_went() -> None:
    attempt = Attempt.new("/timeline")
    assert Attempt.unsealed(attempt.sealed(SECRET), SECRET) == attempt


def test_an_attempt_sealed_with_another_secret_is_none() -> None:
    assert Attempt.unsealed(Attempt.new("/").sealed("another"), SECRET) is None


def test_an_attempt_that_took_too_long_is_none() -> None:
    late = Attempt("s", "n", "v", "/", int(clock.now().timestamp()) - 1)
    assert Attempt.unsealed(late.sealed(SECRET), SECRET) is None


ATTEMPT = Attempt("state", "nonce", "verifier", "/", 0)
LATER = int(clock.now().timestamp()) + 600
CLAIMS = {"iss": "https://issuer.test", "aud": "portal", "nonce": "nonce", "sub": "ana", "exp": LATER}


def is_answer(**changes: object) -> bool:
    return ATTEMPT.is_answered_by({**CLAIMS, **changes}, "https://issuer.test", "portal", "ana")


def test_the_issuers_answer_to_this_attempt_is_taken() -> None:
    assert is_answer()
    assert is_answer(aud=["other", "portal"])


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": "eve"},
        {"exp": 1},
        {"exp": None},
        {"exp": "later"},
    ],
)
def test_an_answer_to_anything_else_is_refused(changes: dict[str, object]) -> None:
    assert not is_answer(**changes)


@given(some.text())
def test_no_made_up_cookie_is_an_attempt(cookie: str) -> None:
    assert Attempt.unsealed(cookie, SECRET) is None


@given(some.text())
def test_a_token_that_cannot_be_read_is_a_problem(token: str) -> None:
    with pytest.raises(Problem):
        claims_of(token)
