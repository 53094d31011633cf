"""Signing in: OpenID Connect's authorization code flow with PKCE (OIDC Core 1.0 section 3.1; RFC 7636, RFC 9700).

What has to survive the way to the issuer and back travels in a signed cookie of ten minutes, so that any process can
finish what another began. The session is the access token itself in a cookie that no script can read.
"""

from typing import Annotated, Any
from urllib.parse import urlencode

from chassis import clock
from chassis.http.auth import SESSION_COOKIE, Authenticator
from chassis.http.http_client import HttpClient, HttpError
from chassis.problems import Problem, Unavailable
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from reporting.portal.errors import page_route
from reporting.portal.flow import COOKIE, LIFETIME_SECONDS, Attempt, challenge_of, claims_of, safe_path
from reporting.portal.rendering import Renderer
from reporting.portal.setup import Client, PortalSettings

MAX_COOKIE_CHARACTERS = 3_800
FAILED = "Signing in did not work: {}. Begin again with Sign in."


def router(settings: PortalSettings, renderer: Renderer) -> APIRouter:
    """The routes /portal/sign-in, /portal/callback, /portal/sign-out and /portal/signed-out."""
    routes = APIRouter(prefix="/portal", include_in_schema=False, route_class=page_route(renderer))

    @routes.get("/sign-in")
    async def sign_in(wanted: Annotated[str, Query(alias="next", max_length=2_000)] = "/") -> RedirectResponse:
        """Send the browser to the issuer."""
        client = Client.of(settings)
        attempt = Attempt.new(safe_path(wanted))
        answer = _redirect(await _authorization_address(client, attempt))
        answer.set_cookie(
            COOKIE,
            attempt.sealed(client.secret),
            max_age=LIFETIME_SECONDS,
            path="/portal/callback",
            secure=client.is_https,
            httponly=True,
            samesite="lax",
        )
        return answer

    @routes.get("/callback")
    async def finish(request: Request, code: str = "", state: str = "", error: str = "") -> RedirectResponse:
        """Exchange the code that the issuer gave for the session."""
        client = Client.of(settings)
        attempt = Attempt.unsealed(request.cookies.get(COOKIE, ""), client.secret)
        if attempt is None or attempt.state != state:
            raise Problem(400, "sign_in", FAILED.format("it took too long, or it was begun in another browser"))
        if error or not code:
            raise Problem(400, "sign_in", FAILED.format("the identity provider refused it"))
        tokens = await _tokens(client, attempt, code)
        await _check(request.app.state.authenticator, client, attempt, tokens)
        return _signed_in(client, attempt, tokens)

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> RedirectResponse:
        """Forget the session in this browser."""
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise Problem(403, "forbidden", "Another site asked to sign you out. You are still signed in.")
        answer = _redirect("/portal/signed-out")
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
        return answer

    @routes.get("/signed-out")
    def signed_out(request: Request) -> Response:
        """Say that the session is gone."""
        return renderer.page(request, "signed_out.html", {})

    return routes


async def _discovered(browser: HttpClient, client: Client) -> dict[str, Any]:
    document = await browser.get_json(f"{client.issuer_url.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != client.issuer_url:
        message = "the discovery document names another issuer"
        raise HttpError(message)
    return document


async def _authorization_address(client: Client, attempt: Attempt) -> str:
    try:
        async with HttpClient() as browser:
            endpoint = str((await _discovered(browser, client))["authorization_endpoint"])
    except (HttpError, KeyError) as error:
        raise Unavailable("The identity provider does not answer. Try to sign in again shortly.") from error
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "scope": "openid",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge_of(attempt.verifier),
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


async def _tokens(client: Client, attempt: Attempt, code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": attempt.verifier,
    }
    try:
        async with HttpClient() as browser:
            endpoint = str((await _discovered(browser, client))["token_endpoint"])
            return await browser.post_form(endpoint, form, user=client.id, password=client.secret)
    except (HttpError, KeyError) as error:
        raise Problem(502, "sign_in", FAILED.format("the identity provider did not exchange the code")) from error


async def _check(authenticator: Authenticator, client: Client, attempt: Attempt, tokens: dict[str, Any]) -> None:
    """Check that the issuer answers this attempt. Raises Problem.

    The ID token came straight from the issuer, so that its claims are compared only (OIDC Core 3.1.3.7, step 6); the
    access token is verified as on every request.
    """
    claims = claims_of(str(tokens.get("id_token", "")))
    caller = await authenticator.authenticate(str(tokens.get("access_token", "")))
    if not attempt.is_answered_by(claims, client.issuer_url, client.id, caller.subject):
        raise Problem(502, "sign_in", FAILED.format("the identity provider's answer is for another sign-in"))


def _signed_in(client: Client, attempt: Attempt, tokens: dict[str, Any]) -> RedirectResponse:
    token = str(tokens["access_token"])
    if len(token) > MAX_COOKIE_CHARACTERS:
        raise Problem(502, "sign_in", FAILED.format("the access token is too large for a browser's cookie"))
    answer = _redirect(attempt.wanted)
    answer.delete_cookie(COOKIE, path="/portal/callback", httponly=True, samesite="lax")
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=_lifetime_of(token),
        secure=client.is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


def _lifetime_of(token: str) -> int:
    return max(0, int(claims_of(token)["exp"]) - int(clock.now().timestamp()))


def _redirect(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303)
