"""The gate before activation: what must be in force before a site may enrol.

A site may enrol only once its country's or its own competent-authority approval, its ethics committee's approval and
its initiation visit are there (ICH E6(R3) 3.6 and appendix C; TMF Reference Model 05.01 and 05.03.01).
"""

from collections.abc import Sequence
from typing import Literal

from kernel import BusinessTime, Reason, is_before
from pydantic import BaseModel, ConfigDict

EvidenceKind = Literal["authority_approval", "ethics_approval", "initiation_visit"]

REQUIRED: dict[EvidenceKind, str] = {
    "authority_approval": "The competent authority's approval for the site or its country",
    "ethics_approval": "The ethics committee's approval for the site or its country",
    "initiation_visit": "The completed site initiation visit",
}


class Proof(BaseModel):
    """One piece of evidence: the event it was learned from, and from when until when it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EvidenceKind
    event_id: str
    since: BusinessTime | None = None
    expires_on: BusinessTime | None = None

    def begins_after(self, at: BusinessTime | None) -> bool:
        """Whether it certainly holds only later."""
        return self.since is not None and at is not None and is_before(at, self.since)

    def has_ended(self, at: BusinessTime | None) -> bool:
        """Whether it certainly holds no more."""
        return self.expires_on is not None and at is not None and is_before(self.expires_on, at)

    def is_in_force(self, at: BusinessTime | None) -> bool:
        """Whether it may be relied on."""
        return not self.begins_after(at) and not self.has_ended(at)


def unmet_requirements(proofs: Sequence[Proof], at: BusinessTime | None) -> list[Reason]:
    """Every requirement that no proof meets at that time, and why not."""
    return [reason for kind in REQUIRED if (reason := _why_not(kind, proofs, at)) is not None]


def events_relied_on(proofs: Sequence[Proof], at: BusinessTime | None) -> tuple[str, ...]:
    """The events that the proofs in force were learned from."""
    return tuple(sorted({proof.event_id for proof in proofs if proof.is_in_force(at)}))


def _why_not(kind: EvidenceKind, proofs: Sequence[Proof], at: BusinessTime | None) -> Reason | None:
    of_kind, what = [proof for proof in proofs if proof.kind == kind], REQUIRED[kind]
    if any(proof.is_in_force(at) for proof in of_kind):
        return None
    later = [proof.since for proof in of_kind if proof.since is not None and proof.begins_after(at)]
    if later:
        return Reason(code=f"{kind}_not_yet_in_force", detail=f"{what} holds only from {min(later)}.")
    ended = [proof.expires_on for proof in of_kind if proof.expires_on is not None]
    if ended:
        return Reason(code=f"{kind}_expired", detail=f"{what} has expired on {max(ended)}.")
    return Reason(code=f"{kind}_missing", detail=f"{what} is missing.")
