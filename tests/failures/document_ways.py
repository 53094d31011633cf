"""How to bring the routes of controlled documents to succeed: commands before each, some by others, and its body."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chassis.http.roles import Role
from known_files import pdf
from studyline.testing.known import ACME

STEP: Final = {"occurred_at": "2022-03-01", "reason": "told by the site"}
Told = Mapping[str, Any] | bytes
Commands = tuple[tuple[str, Told] | tuple[str, Told, str], ...]
"""Path and body, and who gives the command where it matters; a body of bytes is a file."""


class DocumentWay(NamedTuple):
    """A route's body, the commands before it, its path, and who must give the command itself."""

    body: Told
    before: Commands
    path: str
    subject: str = ""


DOCUMENTS: Final = "/v1/documents"
VERSION: Final = f"{DOCUMENTS}/{{id}}/versions/1.0"
OF_VERSION: Final = f"{DOCUMENTS}/{{document_id}}/versions/{{version}}"
DOCUMENT: Final = {"study_id": ACME.study_id, "type_id": "008", "title": "The plan", **STEP}
EVERYBODY: Final = [f"development-{role}" for role in Role]
FIRST: Final = (f"{DOCUMENTS}/{{id}}/versions", {"version": "1.0", **STEP}, "author")
DRAFTED: Final[Commands] = ((DOCUMENTS, DOCUMENT, "author"), FIRST)
PROTOCOL: Final[Commands] = ((DOCUMENTS, {**DOCUMENT, "type_id": "032"}, "author"), FIRST)
WRITTEN: Final[Commands] = (*DRAFTED, (f"{VERSION}/file", pdf("The plan"), "author"))
OPEN: Final[Commands] = (*WRITTEN, (f"{VERSION}/request-review", {"reviewers": EVERYBODY, **STEP}, "author"))
COMMENTED: Final[Commands] = (*OPEN, (f"{VERSION}/comments", {"text": "Why?", **STEP}))
REVIEWED: Final[Commands] = (
    *WRITTEN,
    (f"{VERSION}/request-review", {"reviewers": ["bob"], **STEP}, "author"),
    (f"{VERSION}/complete-review", STEP, "bob"),
)
SIGNATURE: Final = {"sha256": "{sha256}", **STEP}
APPROVED: Final[Commands] = (*REVIEWED, (f"{VERSION}/approve", SIGNATURE, "cleo"))
GIVEN_OUT: Final[Commands] = (*APPROVED, (f"{VERSION}/assign-readers", {"readers": EVERYBODY, **STEP}))
IN_EFFECT: Final[Commands] = (*APPROVED, (f"{VERSION}/make-effective", STEP))
CHANGE: Final = {"change": {"summary": "All of it.", "substantial": True}, **STEP}
RESOLVE: Final = "comments/{comment_id}/resolve"

DOCUMENT_WAYS: Final[dict[str, DocumentWay]] = {
    DOCUMENTS: DocumentWay(DOCUMENT, (), DOCUMENTS),
    f"{DOCUMENTS}/{{document_id}}/versions": DocumentWay(STEP, DRAFTED[:1], f"{DOCUMENTS}/{{id}}/versions"),
    f"{DOCUMENTS}/{{document_id}}/end-effect": DocumentWay(STEP, IN_EFFECT, f"{DOCUMENTS}/{{id}}/end-effect"),
    f"{DOCUMENTS}/{{document_id}}/retire": DocumentWay(STEP, IN_EFFECT, f"{DOCUMENTS}/{{id}}/retire"),
    f"{OF_VERSION}/file": DocumentWay(pdf("The plan"), DRAFTED, f"{VERSION}/file"),
    f"{OF_VERSION}/change": DocumentWay(CHANGE, DRAFTED, f"{VERSION}/change"),
    f"{OF_VERSION}/synopsis": DocumentWay({"synopsis": {}, **STEP}, PROTOCOL, f"{VERSION}/synopsis"),
    f"{OF_VERSION}/request-review": DocumentWay({"reviewers": ["bob"], **STEP}, WRITTEN, f"{VERSION}/request-review"),
    f"{OF_VERSION}/comments": DocumentWay({"text": "Why?", **STEP}, OPEN, f"{VERSION}/comments"),
    f"{OF_VERSION}/{RESOLVE}": DocumentWay({"resolution": "So.", **STEP}, COMMENTED, f"{VERSION}/{RESOLVE}", "author"),
    f"{OF_VERSION}/complete-review": DocumentWay(STEP, OPEN, f"{VERSION}/complete-review"),
    f"{OF_VERSION}/return": DocumentWay(STEP, OPEN, f"{VERSION}/return"),
    f"{OF_VERSION}/approve": DocumentWay(SIGNATURE, REVIEWED, f"{VERSION}/approve"),
    f"{OF_VERSION}/make-effective": DocumentWay(STEP, APPROVED, f"{VERSION}/make-effective"),
    f"{OF_VERSION}/withdraw": DocumentWay(STEP, WRITTEN, f"{VERSION}/withdraw"),
    f"{OF_VERSION}/assign-readers": DocumentWay({"readers": ["eve"], **STEP}, APPROVED, f"{VERSION}/assign-readers"),
    f"{OF_VERSION}/read-and-understood": DocumentWay(SIGNATURE, GIVEN_OUT, f"{VERSION}/read-and-understood"),
}
