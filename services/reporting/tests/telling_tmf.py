"""Trial master files for tests' stories, as regulatory would tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import PublicEvent, Received, derived_id
from contracts.regulatory import tmf as public

if TYPE_CHECKING:
    from telling import Story


def open_file(story: Story, event: type[PublicEvent] = public.TmfOpened) -> Received:
    """The study's file is opened, or what else happens to it."""
    told = event.model_validate({"study_id": story.study_id, "tmf_id": story.study_id, "rules_version": 1})
    return story.tell(f"tmf/{story.study_id}", told)


@dataclass
class DocumentStory:
    """One document that a file must hold; its due day is told by `expected` and stays."""

    story: Story
    name: str
    number: str = "01.01.01"
    level: str = "trial"
    country: str | None = None
    site_id: str | None = None
    due_on: str | None = None
    milestone: str | None = None

    @property
    def document_id(self) -> str:
        """Follows from the study and the name."""
        return derived_id("tmf-document", self.story.study_id, self.name)

    def tell(self, event: type[PublicEvent], occurred: str | None = None, **more: Any) -> Received:
        """The document's next event."""
        about: dict[str, Any] = {
            "study_id": self.story.study_id,
            "tmf_document_id": self.document_id,
            "unique_id": 1,
            "artifact_number": self.number,
            "level": self.level,
            "country": self.country,
            "site_id": self.site_id,
            "milestone": self.milestone,
            "due_on": self.due_on,
        }
        told = event.model_validate({**about, **more})
        return self.story.tell(f"tmf-document/{self.document_id}", told, occurred)

    def expected(self, due_on: str | None) -> Received:
        """The file must hold it from this day on."""
        self.due_on = due_on
        return self.tell(public.TmfDocumentExpected, rule=None)

    def received(self, on: str, version: int = 1) -> Received:
        """A version waits to be checked."""
        return self.tell(public.TmfDocumentReceived, on, version=version, evidence_event_id=None, filing_days=None)

    def returned(self, on: str, version: int = 1) -> Received:
        """Quality control sent the version back."""
        return self.tell(public.TmfDocumentReturned, on, version=version, findings=("illegible",))

    def filed(self, on: str, version: int = 1, expires_on: str | None = None) -> Received:
        """The version is the document from now on."""
        told = {"version": version, "evidence_event_id": None, "review_days": None, "expires_on": expires_on}
        return self.tell(public.TmfDocumentFiled, on, **told)
