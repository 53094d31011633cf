"""How a route says that its body is a file; apart from what takes one, so that only who takes files loads it."""

from typing import Any, Final

from chassis.files.kinds import KINDS

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {kind.media_type: _BINARY for kind in KINDS}}
}
"""`openapi_extra` of a route that takes a file; by it the service knows that the body is not to be read beforehand."""
