"""Electronic signatures as values: who, when, with what meaning, and to which content they are bound.

21 CFR 11.50 (printed name, date and time, meaning), 11.70 (linked to its record, so that it cannot be moved to another
one) and EU Annex 11 no. 14. How a person proves at the act to be the signer: `chassis.http.signing`.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from kernel.deciding import Event

Meaning = Literal["authorship", "review", "approval", "authorisation", "responsibility", "acknowledgement"]
"""What a signature says (21 CFR 11.50(a)(3)); `acknowledgement`: read and understood."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hexadecimal digits."""


class SignedContent(BaseModel):
    """What a signature is bound to: one version of one record, and the SHA-256 of its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(min_length=1, max_length=64, examples=["controlled_document"])
    id: str = Field(min_length=1, max_length=64)
    version: str = Field(min_length=1, max_length=32, examples=["2.0"])
    sha256: Sha256


class Signature(BaseModel):
    """One electronic signature. The printed name is personal data: it stays in state and journal, never in events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signer_id: str = Field(min_length=1)
    printed_name: str = Field(min_length=1)
    signed_at: AwareDatetime
    authenticated_at: AwareDatetime
    meaning: Meaning
    binds: SignedContent

    def verify(self, content: SignedContent) -> bool:
        """Whether this signature is one of exactly that content; of another version, record or text it is none."""
        return self.binds == content


class SignedEvent(Event):
    """What happened by a signature. The journal entry of its command carries the signature."""

    signature: Signature


def content_sha256(content: Mapping[str, object]) -> str:
    """The SHA-256 of a record that is no file: of its JSON in UTF-8, names sorted, without white space.

    The values must be JSON as they stand (pydantic: `model_dump(mode="json")`), so that anyone can compute it again.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
