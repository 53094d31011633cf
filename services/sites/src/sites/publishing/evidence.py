"""Events of evidence, of which the world learns nothing."""

from sites.domain import evidence


def publish_evidence(state: evidence.Evidence, event: evidence.EvidenceEvent) -> None:
    """Not at all: the world has it from the service that it comes from."""
