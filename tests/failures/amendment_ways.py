"""How to bring the routes of amendments to succeed: neighbours tell of a protocol whose second version took effect."""

from collections.abc import Mapping
from typing import Any, Final

from contracts import TOPICS, PublicEvent, regulatory
from start_up_ways import OPENED, STEP, Commands
from studyline.testing.events import publish, told
from studyline.testing.service import Face

STEPS: Final = "/v1/site-amendments/{amendment_id}/steps"
REQUIREMENTS: Final = "/v1/studies/{study_id}/amendments/requirements"
WAIVED: Final[Commands] = (*OPENED, (f"{STEPS}/training/waive", STEP))
SECOND: Final = {"document_id": "protocol-{study_id}", "version": "2.0"}

AMENDMENT_WAYS: Final[dict[str, tuple[Mapping[str, Any], Commands, str]]] = {
    REQUIREMENTS: ({**SECOND, "training": False, **STEP}, OPENED, REQUIREMENTS),
    f"{STEPS}/{{step}}/waive": (STEP, OPENED, f"{STEPS}/training/waive"),
    f"{STEPS}/{{step}}/end-waiver": (STEP, WAIVED, f"{STEPS}/training/end-waiver"),
}
"""Route → its body, the commands before it, and its path."""


def is_about_an_amendment(path: str) -> bool:
    """Whether a path needs one."""
    return path.startswith((STEPS, REQUIREMENTS))


async def amended(face: Face, study_id: str, site_id: str) -> str:
    """The amendment at an open site, once a second version of the protocol took effect there; its id.

    It waits for an ethics committee as well, so that a waiver does not settle it.
    """
    document = {"study_id": study_id, "document_id": f"protocol-{study_id}", "kind": "protocol", "tmf_unique_id": "032"}
    place: dict[str, Any] = {"country": None, "site_id": None}
    signed = {"sha256": "0" * 64, "substantial": True, "signed": True, "meaning": "approval"}
    steps: tuple[tuple[type[PublicEvent], str, str], ...] = (
        (regulatory.DocumentMadeEffective, "1.0", "2022-01-01"),
        (regulatory.DocumentApproved, "2.0", "2022-03-10"),
        (regulatory.DocumentMadeEffective, "2.0", "2022-04-01"),
    )
    asked = {"submission_id": f"to-{study_id}", "body": "ethics_committee", "country": "DE"}
    named = ({"tmf_unique_id": "032", "document_id": document["document_id"], "version": "2.0"},)
    waiting = regulatory.SubmissionDocumentsNamed.model_validate(
        {"study_id": study_id, **place, **asked, "documents": named}
    )
    await publish(
        face.cluster,
        TOPICS["regulatory"],
        [
            told(f"submission/to-{study_id}", waiting, sponsor="Acme"),
            *(
                told(
                    f"controlled-document/{document['document_id']}",
                    event.model_validate({**document, **place, **signed, "version": version}),
                    sponsor="Acme",
                    version=nth,
                    occurred=on,
                )
                for nth, (event, version, on) in enumerate(steps, start=1)
            ),
        ],
    )
    while not (items := (await face.get(f"/v1/sites/{site_id}/amendments")).json()["items"]):
        pass
    key: str = items[0]["amendment_id"]
    return key
