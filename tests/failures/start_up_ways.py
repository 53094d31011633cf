"""How to bring the routes of start-up to succeed: commands before each, and its body."""

from collections.abc import Mapping
from typing import Any, Final

DAY: Final = "2022-03-01"
STEP: Final = {"occurred_at": DAY, "reason": "told by the site"}
Commands = tuple[tuple[str, Mapping[str, Any]], ...]

STUDY: Final = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": DAY}
REGISTERED: Final[Commands] = (("/v1/studies", STUDY),)
IDENTIFIED: Final[Commands] = (*REGISTERED, ("/v1/studies/{id}/sites", {"country": "DE", **STEP}))
CHECKLIST: Final = "/v1/sites/{site_id}/checklist"
FACTS: Final = {"product": "drug", "ind": True, **STEP}
WITH_CHECKLIST: Final[Commands] = (*IDENTIFIED, ("/v1/studies/{study_id}/checklist", FACTS))
EVIDENCE: Final = {"document": "doc-{key}", **STEP}
SHOWN: Final[Commands] = (*WITH_CHECKLIST, (f"{CHECKLIST}/insurance/evidence", EVIDENCE))
WAIVER: Final = {"checklist_version": "study/1", **STEP}
WAIVED: Final[Commands] = (*WITH_CHECKLIST, (f"{CHECKLIST}/initiation_report/waive", WAIVER))

CONTRACT: Final = "/v1/site-contracts/{contract_id}"
DRAFTED: Final[Commands] = (
    *IDENTIFIED,
    ("/v1/sites/{site_id}/contracts", {"parties": ["sponsor", "institution"], **STEP}),
)
BUDGETED: Final[Commands] = (*DRAFTED, (f"{CONTRACT}/agree-budget", {"budget_version": "1", **STEP}))
AGREED_ON: Final[Commands] = (*BUDGETED, (f"{CONTRACT}/agree", STEP))
EXECUTED: Final[Commands] = (
    *AGREED_ON,
    (f"{CONTRACT}/sign", {"party": "sponsor", **STEP}),
    (f"{CONTRACT}/sign", {"party": "institution", **STEP}),
)

SHIPMENT: Final = "/v1/shipments/{shipment_id}"
REQUESTED: Final[Commands] = (*IDENTIFIED, ("/v1/sites/{site_id}/shipments", STEP))
DISPATCHED: Final[Commands] = (*REQUESTED, (f"{SHIPMENT}/dispatch", STEP))
RECEIVED: Final[Commands] = (*DISPATCHED, (f"{SHIPMENT}/receive", {"temperature": "within_limits", **STEP}))

LEADER, NURSE = "11111111-1111-5111-8111-111111111111", "22222222-2222-5222-8222-222222222222"
TRAINING: Final = {"person_id": NURSE, "topic": "protocol", **STEP}
TRAINED: Final[Commands] = (
    *IDENTIFIED,
    ("/v1/sites/{site_id}/trainings", TRAINING),
    ("/v1/sites/{site_id}/trainings", {**TRAINING, "topic": "gcp"}),
)
PERSON: Final = {"family_name": "K", "given_name": "M", "profession": "physician", "country": "DE", **STEP}
LED: Final[Commands] = (
    *TRAINED,
    ("/v1/people", PERSON),
    ("/v1/sites/{site_id}/staff", {"person_id": "{person_id}", "role": "principal_investigator", **STEP}),
)
DELEGATION: Final = {
    "person_id": NURSE,
    "role": "study_nurse",
    "tasks": ["study_procedures"],
    "authorised_by": "{person_id}",
    "signed_on": DAY,
    **STEP,
}
DELEGATED: Final[Commands] = (*LED, ("/v1/sites/{site_id}/delegations", DELEGATION))
SUCCEEDED: Final[Commands] = (
    *DELEGATED,
    ("/v1/people", PERSON),
    ("/v1/sites/{site_id}/principal-investigator", {"person_id": "{person_id}", **STEP}),
)

OPENED: Final[Commands] = (
    *REGISTERED,
    (
        "/v1/adoptions/sites",
        {
            "source": "audit",
            "records": [{"key": "{key}", "study_id": "{id}", "status": "active", "activated_on": DAY, "country": "DE"}],
        },
    ),
)
SITE: Final = "/v1/sites/{id}"

START_UP_WAYS: Final[dict[str, tuple[Mapping[str, Any], Commands, str]]] = {
    "/v1/sites/{site_id}/sign-cda": (STEP, IDENTIFIED, ""),
    "/v1/sites/{site_id}/withdraw": (STEP, IDENTIFIED, ""),
    "/v1/sites/{site_id}/suspend": ({"ordered_by": "sponsor", **STEP}, OPENED, ""),
    "/v1/sites/{site_id}/lift-suspension": (
        STEP,
        (*OPENED, (f"{SITE}/suspend", {"ordered_by": "sponsor", **STEP})),
        "",
    ),
    "/v1/sites/{site_id}/close-to-enrolment": (STEP, OPENED, ""),
    "/v1/sites/{site_id}/archive": (STEP, (*OPENED, (f"{SITE}/close", STEP)), ""),
    "/v1/studies/{study_id}/checklist": (FACTS, REGISTERED, ""),
    f"{CHECKLIST}/{{item}}/evidence": (EVIDENCE, WITH_CHECKLIST, f"{CHECKLIST}/insurance/evidence"),
    f"{CHECKLIST}/withdraw-evidence": ({"evidence_id": "{event_id}", **STEP}, SHOWN, ""),
    f"{CHECKLIST}/{{item}}/waive": (WAIVER, WITH_CHECKLIST, f"{CHECKLIST}/initiation_report/waive"),
    f"{CHECKLIST}/{{item}}/end-waiver": (STEP, WAIVED, f"{CHECKLIST}/initiation_report/end-waiver"),
    "/v1/sites/{site_id}/contracts": ({"parties": ["sponsor", "institution"], **STEP}, IDENTIFIED, ""),
    f"{CONTRACT}/negotiate": (STEP, DRAFTED, ""),
    f"{CONTRACT}/agree": (STEP, DRAFTED, ""),
    f"{CONTRACT}/agree-budget": ({"budget_version": "1", **STEP}, DRAFTED, ""),
    f"{CONTRACT}/sign": ({"party": "sponsor", **STEP}, AGREED_ON, ""),
    f"{CONTRACT}/amend": ({"document": "A1", **STEP}, EXECUTED, ""),
    f"{CONTRACT}/end": ({"because": "terminated", **STEP}, DRAFTED, ""),
    "/v1/sites/{site_id}/shipments": (STEP, IDENTIFIED, ""),
    f"{SHIPMENT}/dispatch": (STEP, REQUESTED, ""),
    f"{SHIPMENT}/receive": ({"temperature": "excursion", **STEP}, DISPATCHED, ""),
    f"{SHIPMENT}/quarantine": (STEP, RECEIVED, ""),
    f"{SHIPMENT}/release": (STEP, RECEIVED, ""),
    "/v1/sites/{site_id}/trainings": (TRAINING, IDENTIFIED, ""),
    "/v1/trainings/{training_id}/void": (STEP, TRAINED, ""),
    "/v1/sites/{site_id}/delegations": (DELEGATION, LED, ""),
    "/v1/delegations/{delegation_id}/authorise": ({"authorised_by": "{person_id}", **STEP}, SUCCEEDED, ""),
    "/v1/delegations/{delegation_id}/end": (STEP, DELEGATED, ""),
}
"""Route → its body, the commands before it, and its path where the route alone does not say it."""
