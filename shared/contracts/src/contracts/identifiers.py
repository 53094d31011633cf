"""Identifiers that any party can derive again, so that no import or retry makes a second identity."""

import hashlib
import re
import unicodedata

from kernel import derived_id

__all__ = ["derived_id", "sponsor_id"]


def sponsor_id(name: str) -> str:
    """The id of a sponsor's name: a readable slug and a hash that keeps names apart which share a slug.

    Case and runs of white space do not count: `Novartis` and `NOVARTIS ` are one sponsor, `Novartis Pharma` another.
    """
    known_as = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    plain = unicodedata.normalize("NFKD", known_as).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    digest = hashlib.sha256(known_as.encode()).hexdigest()[:10]
    return f"{slug or 'sponsor'}-{digest}"
