"""URL-encoded forms, and who sent them."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote_plus

from starlette.requests import Request

from studyline.issuer.settings import ClientApplication

FORM_LIMIT_BYTES = 65_536
FIELDS_LIMIT = 100

Form = Mapping[str, list[str]]


class FormError(ValueError):
    """The body is not a form of sensible size."""


async def read_form(request: Request) -> Form:
    """Read a URL-encoded body. Raises FormError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT_BYTES:
            message = f"The form is larger than {FORM_LIMIT_BYTES} bytes"
            raise FormError(message)
    try:
        return parse_qs(body.decode(), max_num_fields=FIELDS_LIMIT)
    except ValueError as error:
        message = "The body is not a URL-encoded form"
        raise FormError(message) from error


def one(form: Form, name: str) -> str:
    """Give the first value of a field, or nothing."""
    return form.get(name, [""])[0]


def known_client(
    request: Request, form: Form, clients: Mapping[str, ClientApplication]
) -> tuple[str, ClientApplication] | None:
    """Recognise a client application by HTTP Basic or by form fields (RFC 6749, section 2.3.1)."""
    client_id, secret = _basic(request) or (one(form, "client_id"), one(form, "client_secret"))
    client = clients.get(client_id)
    if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
        return None
    return client_id, client


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)
