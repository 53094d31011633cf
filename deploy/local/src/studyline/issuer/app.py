"""The issuer's HTTP application: discovery, keys, sign-in page, tokens."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from studyline.issuer.grants import CodeBook
from studyline.issuer.settings import IssuerSettings
from studyline.issuer.sign_in import SignInPage
from studyline.issuer.signing import ALGORITHM, load_key, public_keys
from studyline.issuer.step_up import ORDINARY_CLASS
from studyline.issuer.tokens import TokenEndpoint


def create_app(settings: IssuerSettings) -> Starlette:
    """Compose the issuer."""
    key = load_key(settings.folder)
    codes = CodeBook()
    page = SignInPage(settings, codes)
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", _fixed(discovery(settings))),
            Route("/jwks", _fixed(public_keys(key))),
            Route("/authorize", page.show, methods=["GET"]),
            Route("/authorize", page.choose, methods=["POST"]),
            Route("/token", TokenEndpoint(settings, key, codes).__call__, methods=["POST"]),
            Route("/health/ready", _fixed({"status": "ready", "checks": {}})),
        ]
    )


def discovery(settings: IssuerSettings) -> dict[str, object]:
    """Describe the issuer (OpenID Connect Discovery 1.0)."""
    url = settings.url
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid"],
        "acr_values_supported": [ORDINARY_CLASS, *settings.signing_classes],
        "claims_supported": ["sub", "name", "auth_time", "acr", "roles", "sponsors", "studies"],
        "prompt_values_supported": ["login", "none"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


def _fixed(content: Mapping[str, object]):  # noqa: ANN202 - a Starlette endpoint
    async def answer(_: Request) -> Response:
        return JSONResponse(content)

    return answer
