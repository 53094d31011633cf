"""Names as they are compared, so that one place or person that was entered twice can be found again."""

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_WORD = re.compile(r"[^\W_]+")
_GLN = re.compile(r"\d{13}")

Scheme = Literal["gln", "orgpermid", "universal_site_number", "ror", "orcid", "npi"]
"""Who gives the identifier: GS1 (GLN), Oracle (OrgPermID), a site network, ROR; ORCID and NPI for people."""


def compared(text: str) -> str:
    """A name as it is compared: without case, accents and punctuation, its words one blank apart."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(_WORD.findall(plain.casefold()))


def compared_in_any_order(text: str) -> str:
    """A person's name as it is compared, whichever of its words is written first."""
    return " ".join(sorted(compared(text).split()))


class Identifier(BaseModel):
    """A number that somebody else gave: it is the same wherever the place or person takes part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: Scheme
    value: str = Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z./:-]*$")

    @model_validator(mode="after")
    def _is_well_formed(self) -> "Identifier":
        if self.scheme == "gln" and not is_gln(self.value):
            message = "a GLN has 13 digits, the last of which checks the others (GS1 General Specifications 7.9)"
            raise ValueError(message)
        return self

    @property
    def key(self) -> str:
        """The identifier as it is compared."""
        return f"id:{self.scheme}:{self.value.casefold()}"


def is_gln(value: str) -> bool:
    """Whether a Global Location Number's check digit is right: weights 1 and 3 in turn, sum divisible by ten."""
    if _GLN.fullmatch(value) is None:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(value)) % 10 == 0


def _distinct(identifiers: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    if len({one.key for one in identifiers}) < len(identifiers):
        message = "an identifier is given twice"
        raise ValueError(message)
    return identifiers


Identifiers = Annotated[tuple[Identifier, ...], Field(max_length=20), AfterValidator(_distinct)]
