"""Bearer tokens from the issuer of a running stack."""

from collections.abc import Sequence
from pathlib import Path

import httpx

from studyline.errors import StackError
from studyline.issuer.settings import COMMAND_CLIENT, SIGNING_CLASSES, load_clients
from studyline.paths import find_layout
from studyline.state import load_state

WAIT_SECONDS = 10


def token(
    data: Path, role: str, sponsors: Sequence[str] = (), subject: str = "", name: str = "", *, stepped_up: bool = False
) -> str:
    """Get an access token from the stack that runs on the directory `data`.

    `sponsors` are names; without any the token sees all, where the role may. `subject` says who acts, `name` what their
    signatures print. `stepped_up`: who acts has just authenticated for signing.
    Raises StackError when no stack runs, or the issuer refuses.
    """
    layout = find_layout(data)
    issuer = load_state(layout).issuer
    form = {
        "grant_type": "client_credentials",
        "role": role,
        "sponsor": list(sponsors),
        "subject": subject,
        "name": name,
        "acr_values": SIGNING_CLASSES if stepped_up else "",
    }
    login = (COMMAND_CLIENT, load_clients(layout.issuer)[COMMAND_CLIENT].secret)
    with httpx.Client(trust_env=False, timeout=WAIT_SECONDS) as client:
        try:
            answer = client.post(f"{issuer}/token", data=form, auth=login)
        except httpx.TransportError as error:
            message = f"The issuer at {issuer} does not answer ({error}): see `studyline status`"
            raise StackError(message) from error
    if not answer.is_success:
        raise StackError(answer.json()["error_description"])
    return answer.json()["access_token"]
