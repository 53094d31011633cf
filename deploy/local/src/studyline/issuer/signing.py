"""The issuer's signing key and the tokens it signs (ES256)."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from chassis import clock
from joserfc import jwt
from joserfc.jwk import ECKey

from studyline.errors import StackError
from studyline.paths import write_private

TOKEN_LIFETIME = timedelta(hours=12)
ALGORITHM = "ES256"
ACCESS_TOKEN = "at+jwt"  # noqa: S105 - the header type of RFC 9068, not a secret
ID_TOKEN = "JWT"  # noqa: S105 - the header type of an OpenID Connect ID token


def load_key(folder: Path) -> ECKey:
    """Take the key of the folder, or make one, so that tokens outlive a restart."""
    path = folder / "signing-key.json"
    if not path.exists():
        made = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        write_private(path, json.dumps(made.as_dict(private=True)))
    if path.stat().st_mode & 0o077:
        message = f"Others can read the signing key {path}: run `chmod 600 {path}`, or delete it to get a new one"
        raise StackError(message)
    return ECKey.import_key(json.loads(path.read_text()))


def public_keys(key: ECKey) -> dict[str, object]:
    """Give the JSON Web Key Set by which anyone checks the tokens."""
    return {"keys": [key.as_dict(private=False)]}


def sign(key: ECKey, header_type: str, claims: Mapping[str, object]) -> str:
    """Sign claims; the time of issue, the end of validity and a token id are added."""
    issued = clock.now()
    times = {"iat": int(issued.timestamp()), "exp": int((issued + TOKEN_LIFETIME).timestamp())}
    header = {"alg": ALGORITHM, "typ": header_type, "kid": key.kid}
    return jwt.encode(header, {**claims, **times, "jti": clock.new_id()}, key, algorithms=[ALGORITHM])
