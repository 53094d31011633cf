"""The sign-in page: choose a role and sponsors, then go back to the application with a code."""

import secrets
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlencode, urlsplit

from chassis.http.roles import Role
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from studyline.issuer.forms import Form, FormError, one, read_form
from studyline.issuer.grants import CodeBook
from studyline.issuer.identities import IdentityError, identity_of
from studyline.issuer.settings import IssuerSettings
from studyline.issuer.step_up import authenticated_now

PAGE = Template(files("studyline.issuer").joinpath("sign_in.html").read_text())
S256_CHALLENGE_LENGTH = 43


class SignInError(ValueError):
    """The application asked wrongly. Shown to the user: an unproven address is never followed."""


@dataclass(frozen=True)
class SignInRequest:
    """What the application asked for; carried through the page as hidden fields."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    acr_values: str


class SignInPage:
    """Answers GET and POST /authorize."""

    def __init__(self, settings: IssuerSettings, codes: CodeBook) -> None:
        """`codes` is where the token endpoint finds what was granted."""
        self._settings = settings
        self._codes = codes

    async def show(self, request: Request) -> Response:
        """Show the page, or say why the application's request is refused."""
        query = {name: request.query_params.getlist(name) for name in request.query_params}
        try:
            asked = self._check(query)
        except SignInError as error:
            return _refused(str(error))
        if one(query, "prompt") == "none":
            # Nobody stays signed in here: every sign-in is a new authentication, as prompt=login and max_age ask.
            return self._back(asked, error="login_required")
        return _page(asked)

    async def choose(self, request: Request) -> Response:
        """Take the user's choice and go back to the application."""
        try:
            form = await read_form(request)
            asked = self._check(form)
        except (FormError, SignInError) as error:
            return _refused(str(error))
        try:
            identity = identity_of(one(form, "role"), one(form, "sponsors").splitlines(), name=one(form, "name"))
        except IdentityError as error:
            return _page(asked, chosen=one(form, "role"), problem=str(error))
        code = self._codes.give(
            client_id=asked.client_id,
            redirect_uri=asked.redirect_uri,
            challenge=asked.code_challenge,
            nonce=asked.nonce,
            identity=identity,
            authentication=authenticated_now(asked.acr_values, self._settings.signing_classes),
        )
        return self._back(asked, code=code)

    def _back(self, asked: SignInRequest, **answer_with: str) -> Response:
        answer = urlencode({**answer_with, "state": asked.state, "iss": self._settings.url})
        joint = "&" if urlsplit(asked.redirect_uri).query else "?"
        return RedirectResponse(f"{asked.redirect_uri}{joint}{answer}", 303, {"Cache-Control": "no-store"})

    def _check(self, form: Form) -> SignInRequest:
        client = self._settings.clients.get(one(form, "client_id"))
        if client is None:
            message = "The application that sent you here is not known to this issuer"
            raise SignInError(message)
        if one(form, "redirect_uri") not in client.redirect_uris:
            message = "The application wants to go back to an address that is not registered for it"
            raise SignInError(message)
        proof = (one(form, "response_type"), one(form, "code_challenge_method"))
        if proof != ("code", "S256") or len(one(form, "code_challenge")) != S256_CHALLENGE_LENGTH:
            message = "The application must ask for a code with a PKCE challenge (response_type=code, S256)"
            raise SignInError(message)
        return SignInRequest(**{name: one(form, name) for name in SignInRequest.__dataclass_fields__})


def _page(asked: SignInRequest, chosen: str = Role.OPERATIONS, problem: str = "") -> Response:
    marker = secrets.token_urlsafe(16)
    hidden = {**asdict(asked), "response_type": "code", "code_challenge_method": "S256"}
    page = PAGE.substitute(
        nonce=marker,
        problem=f'<p role="alert" class="problem">{escape(problem)}</p>' if problem else "",
        hidden="".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items() if value
        ),
        purpose="Signing: your name will be printed with the signature." if asked.acr_values else "",
        roles="".join(_radio(role, checked=role == chosen) for role in Role),
    )
    target = urlsplit(asked.redirect_uri)
    return HTMLResponse(page, 400 if problem else 200, _headers(marker, f"{target.scheme}://{target.netloc}"))


def _radio(role: Role, *, checked: bool) -> str:
    mark = " checked" if checked else ""
    return f'<label><input type="radio" name="role" value="{role}"{mark}> {role.capitalize()}</label>'


def _refused(reason: str) -> Response:
    title = "Sign-in refused"
    text = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1><p>{escape(reason)}.</p>"
    return HTMLResponse(text, 400, _headers("", ""))


def _headers(marker: str, target: str) -> dict[str, str]:
    style = f"style-src 'nonce-{marker}'; " if marker else ""
    # Browsers apply form-action to the redirect after the form as well, so the application must be in it.
    policy = f"default-src 'none'; {style}form-action 'self' {target}; frame-ancestors 'none'"
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
