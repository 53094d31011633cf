"""Routes of a document's review, approval and reading: who is named takes part, approval and reading are signed."""

from typing import Annotated

from chassis.http.desk import Desk, desk
from chassis.http.fields import StepRequest
from chassis.http.roles import Role
from chassis.http.signing import Signing
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from kernel import SignedContent

from regulatory.api.document_requests import (
    CommentRequest,
    ReadersRequest,
    ResolutionRequest,
    ReviewRequest,
    SignatureRequest,
)
from regulatory.api.documents import Managing
from regulatory.domain import document_commands as ask
from regulatory.domain.document_state import KIND
from regulatory.handlers.documents import of_version
from regulatory.store import DOCUMENTS

INVOLVED = (Role.OPERATIONS, Role.REGULATORY, Role.QUALITY, Role.MONITOR, Role.SPONSOR, Role.ADMIN)
Involved = Annotated[Desk, Depends(desk(*INVOLVED))]


def router() -> APIRouter:
    """The routes of reviews, approvals and readers."""
    routes = APIRouter(prefix="/v1/documents/{document_id}/versions/{version}", tags=["documents"])
    _add_review(routes)
    _add_comments(routes)
    _add_signatures(routes)
    return routes


def _add_review(routes: APIRouter) -> None:
    @routes.post("/request-review")
    async def request_review(document_id: str, version: str, body: ReviewRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Ask these people to review the draft, or refuse with all that it lacks."""
        command = ask.RequestReview(occurred_at=body.occurred_at, version=version, reviewers=body.reviewers)
        return await _of(at, document_id, command, body)

    @routes.post("/complete-review")
    async def complete_review(document_id: str, version: str, body: StepRequest, at: Involved) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """A named reviewer is done."""
        command = ask.CompleteReview(occurred_at=body.occurred_at, version=version, by=at.context.actor.id)
        return await _of(at, document_id, command, body)

    @routes.post("/return")
    async def return_document_to_draft(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: StepRequest, at: Involved
    ) -> JSONResponse:
        """Send the version back to its authors; needs a reason."""
        by, reason = at.context.actor.id, body.reason
        command = ask.ReturnToDraft(occurred_at=body.occurred_at, version=version, by=by, reason=reason)
        return await _of(at, document_id, command, body)


def _add_comments(routes: APIRouter) -> None:
    @routes.post("/comments")
    async def comment_on_version(document_id: str, version: str, body: CommentRequest, at: Involved) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """A named reviewer comments."""
        command = ask.CommentOnVersion(
            occurred_at=body.occurred_at,
            version=version,
            comment_id=at.new_id("comment"),
            by=at.context.actor.id,
            section=body.section,
            text=body.text,
        )
        return await _of(at, document_id, command, body)

    @routes.post("/comments/{comment_id}/resolve")
    async def resolve_comment(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, comment_id: str, body: ResolutionRequest, at: Involved
    ) -> JSONResponse:
        """An author, or who wrote the comment, says how it was dealt with."""
        command = ask.ResolveComment(
            occurred_at=body.occurred_at,
            version=version,
            comment_id=comment_id,
            by=at.context.actor.id,
            resolution=body.resolution,
        )
        return await _of(at, document_id, command, body)


def _add_signatures(routes: APIRouter) -> None:
    @routes.post("/approve")
    async def approve_document(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: SignatureRequest, at: Involved, signer: Signing
    ) -> JSONResponse:
        """Approve by signature, or refuse with everything that is missing."""
        signature = signer.sign("approval", _content(document_id, version, body))
        command = ask.ApproveVersion(occurred_at=body.occurred_at, version=version, signature=signature)
        return await _of(at, document_id, command, body)

    @routes.post("/assign-readers")
    async def assign_readers(document_id: str, version: str, body: ReadersRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Ask these people to read the version and to confirm that they understood it."""
        command = ask.AssignReaders(
            occurred_at=body.occurred_at, version=version, readers=body.readers, due_on=body.due_on
        )
        return await _of(at, document_id, command, body)

    @routes.post("/read-and-understood")
    async def read_and_understood(  # pyright: ignore[reportUnusedFunction]
        document_id: str, version: str, body: SignatureRequest, at: Involved, signer: Signing
    ) -> JSONResponse:
        """A reader confirms by signature."""
        signature = signer.sign("acknowledgement", _content(document_id, version, body))
        command = ask.AcknowledgeVersion(occurred_at=body.occurred_at, version=version, signature=signature)
        return await _of(at, document_id, command, body)


def _content(document_id: str, version: str, body: SignatureRequest) -> SignedContent:
    """What the signer says to have read; the rules compare it with what is there."""
    return SignedContent(kind=KIND, id=document_id, version=version, sha256=body.sha256)


async def _of(at: Desk, document_id: str, command: ask.OfVersion, body: StepRequest) -> JSONResponse:
    return await at.carry_out(DOCUMENTS, document_id, of_version(document_id, command), reason=body.reason)
