"""Identifiers that any party can derive again from what it knows, so that no import or retry makes a second identity."""

import hashlib
import re
import unicodedata
import uuid

STUDYLINE = uuid.uuid5(uuid.NAMESPACE_URL, "https://studyline.dev/identifiers")


def sponsor_id(name: str) -> str:
    """The id of a sponsor's name: a readable slug and a hash that keeps names apart which share a slug.

    Case and runs of white space do not count: `Novartis` and `NOVARTIS ` are one sponsor, `Novartis Pharma` another.
    """
    known_as = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    plain = unicodedata.normalize("NFKD", known_as).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    digest = hashlib.sha256(known_as.encode()).hexdigest()[:10]
    return f"{slug or 'sponsor'}-{digest}"


def derived_id(*parts: str) -> str:
    """A UUID (version 5) of the parts in their order. Equal parts give the equal id, anywhere and at any time."""
    return str(uuid.uuid5(STUDYLINE, "\x1f".join(parts)))
