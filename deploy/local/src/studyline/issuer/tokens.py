"""The token endpoint: client credentials, and authorization code with PKCE."""

from collections.abc import Mapping

from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import JSONResponse

from studyline.issuer.forms import Form, FormError, known_client, one, read_form
from studyline.issuer.grants import CodeBook
from studyline.issuer.identities import Identity, IdentityError, identity_of
from studyline.issuer.settings import ClientApplication, IssuerSettings
from studyline.issuer.signing import ACCESS_TOKEN, ID_TOKEN, TOKEN_LIFETIME, sign
from studyline.issuer.step_up import Authentication, authenticated_now

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenEndpoint:
    """Answers POST /token.

    Client credentials take the form fields role, sponsor and study (both repeatable), subject, name, and acr_values:
    with these the token is that of a person who has just authenticated so, and may sign.
    """

    def __init__(self, settings: IssuerSettings, key: ECKey, codes: CodeBook) -> None:
        """`codes` are those that the sign-in page gives out."""
        self._settings = settings
        self._key = key
        self._codes = codes

    async def __call__(self, request: Request) -> JSONResponse:
        """Answer with tokens, or with an error of RFC 6749, section 5.2."""
        try:
            form = await read_form(request)
        except FormError as error:
            return refusal("invalid_request", str(error))
        known = known_client(request, form, self._settings.clients)
        if known is None:
            return refusal("invalid_client", "The client id or its secret is wrong", status=401)
        match one(form, "grant_type"):
            case "client_credentials":
                return self._for_client(*known, form)
            case "authorization_code":
                return self._for_code(known[0], form)
            case other:
                return refusal("unsupported_grant_type", f"The grant type {other!r} is not offered")

    def _for_client(self, client_id: str, client: ClientApplication, form: Form) -> JSONResponse:
        if not client.client_credentials:
            return refusal("unauthorized_client", "This client signs users in and gets no tokens of its own")
        try:
            identity = identity_of(
                one(form, "role"),
                form.get("sponsor", []),
                form.get("study", []),
                one(form, "subject"),
                one(form, "name"),
            )
        except IdentityError as error:
            return refusal("invalid_request", str(error))
        wanted = one(form, "acr_values")
        authentication = authenticated_now(wanted, self._settings.signing_classes) if wanted else None
        return _granted({"access_token": self._access_token(client_id, identity, authentication)})

    def _for_code(self, client_id: str, form: Form) -> JSONResponse:
        grant = self._codes.take(
            one(form, "code"),
            client_id=client_id,
            redirect_uri=one(form, "redirect_uri"),
            verifier=one(form, "code_verifier"),
        )
        if grant is None:
            return refusal("invalid_grant", "The code is unknown, used, too old, or was not given to this request")
        authenticated = grant.authentication.model_dump()
        person = {"iss": self._settings.url, "aud": client_id, **grant.identity.claims(), **authenticated}
        claims = person | ({"nonce": grant.nonce} if grant.nonce else {})
        return _granted(
            {
                "access_token": self._access_token(client_id, grant.identity, grant.authentication),
                "id_token": sign(self._key, ID_TOKEN, claims),
                "scope": "openid",
            }
        )

    def _access_token(self, client_id: str, identity: Identity, authentication: Authentication | None) -> str:
        claims = {"iss": self._settings.url, "aud": self._settings.audience, "client_id": client_id}
        authenticated = authentication.model_dump() if authentication else {}
        return sign(self._key, ACCESS_TOKEN, {**claims, **identity.claims(), **authenticated})


def _granted(tokens: Mapping[str, str]) -> JSONResponse:
    answer = {**tokens, "token_type": "Bearer", "expires_in": int(TOKEN_LIFETIME.total_seconds())}
    return JSONResponse(answer, headers=NO_STORE)


def refusal(code: str, description: str, status: int = 400) -> JSONResponse:
    """Build an OAuth error answer."""
    return JSONResponse({"error": code, "error_description": description}, status, headers=NO_STORE)
