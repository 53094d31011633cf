"""A signature is one of exactly one version of one record, and of its content to the last bit."""

from datetime import UTC, datetime

import pytest
from kernel import Signature, SignedContent, content_sha256
from pydantic import ValidationError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROTOCOL = SignedContent(kind="controlled_document", id="doc-1", version="1.0", sha256="a" * 64)
SIGNED = Signature(
    signer_id="ada",
    printed_name="Ada Lovelace",
    signed_at=NOON,
    authenticated_at=NOON,
    meaning="approval",
    binds=PROTOCOL,
)


def test_a_signature_verifies_on_what_was_signed() -> None:
    assert SIGNED.verify(PROTOCOL)


@pytest.mark.parametrize(
    "other", [{"version": "1.1"}, {"sha256": "b" * 64}, {"id": "doc-2"}, {"kind": "delegation_log"}]
)
def test_a_signature_moved_to_anything_else_does_not_verify(other: dict[str, str]) -> None:
    assert not SIGNED.verify(PROTOCOL.model_copy(update=other))


@pytest.mark.parametrize("sha256", ["", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n"])
def test_only_a_whole_sha_256_binds(sha256: str) -> None:
    with pytest.raises(ValidationError):
        SignedContent(kind="controlled_document", id="doc-1", version="1.0", sha256=sha256)


def test_a_record_without_a_file_is_bound_by_its_content_whatever_the_order_of_its_names() -> None:
    assert content_sha256({"a": "é", "b": [1, None]}) == content_sha256({"b": [1, None], "a": "é"})
    assert content_sha256({"a": "1"}) != content_sha256({"a": 1})
