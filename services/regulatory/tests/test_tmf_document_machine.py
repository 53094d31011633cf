"""A small model of a document beside the real decider: whatever is asked in whatever order, both agree."""

from functools import reduce
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kernel import Refused
from regulatory.domain.tmf_commands import TmfDocumentCommand
from regulatory.domain.tmf_document import decide
from regulatory.domain.tmf_document_state import TmfDocument, evolve
from regulatory.domain.tmf_status import status_on
from tmf_examples import check, expectation, filing, receipt, release, returning, waiver

PEOPLE = st.sampled_from(["ann", "ben"])
LATER = "2026-12-31"


class DocumentMachine(RuleBasedStateMachine):
    """The model: who sent the latest version, how far it is, whether one is in force, whether it is exempt."""

    document: TmfDocument | None = None
    sender: str | None = None
    stage: str | None = None
    in_force: bool = False
    exempt: str | None = None
    count: int = 0

    def ask(self, command: TmfDocumentCommand) -> bool:
        """Whether it was allowed; a refused command changes nothing."""
        try:
            events = decide(self.document, command)
        except Refused:
            return False
        self.document = reduce(evolve, events, self.document)
        return True

    @initialize()
    def expect(self) -> None:
        assert self.ask(expectation())

    @rule(by=PEOPLE)
    def receive(self, by: str) -> None:
        self.count += 1
        about: dict[str, Any] = {"label": f"{self.count}.0", "document_date": "2026-02-20"}
        sha = f"{self.count:064x}"
        command = receipt(by=by, about=about)
        command = command.model_copy(update={"file": command.file.model_copy(update={"sha256": sha})})
        allowed = self.stage not in {"received", "in_qc"}
        assert self.ask(command) == allowed
        if allowed:
            self.sender, self.stage, self.exempt = by, "received", None

    @rule(by=PEOPLE)
    def start(self, by: str) -> None:
        allowed = self.stage == "received" and by != self.sender
        again = self.stage == "in_qc" and self.document is not None and self.document.versions[-1].checked_by == by
        assert self.ask(check(by=by)) == (allowed or again)
        if allowed:
            self.stage = "in_qc"

    @rule(by=PEOPLE)
    def send_back(self, by: str) -> None:
        allowed = self.stage == "in_qc" and by != self.sender
        again = self.stage == "returned"
        assert self.ask(returning("illegible", by=by)) == (allowed or again)
        if allowed:
            self.stage = "returned"

    @rule(by=PEOPLE)
    def file(self, by: str) -> None:
        allowed = self.stage == "in_qc" and by != self.sender
        assert self.ask(filing(by=by)) == (allowed or self.stage == "filed")
        if allowed:
            self.stage, self.in_force = "filed", True

    @precondition(lambda self: self.exempt is None)
    @rule(waived=st.booleans())
    def exempt_it(self, *, waived: bool) -> None:
        allowed = not self.in_force and self.stage not in {"received", "in_qc"}
        assert self.ask(waiver() if waived else release()) == allowed
        if allowed:
            self.exempt = "waived" if waived else "not_required"

    @rule(by_hand=st.booleans())
    def expect_again(self, *, by_hand: bool) -> None:
        assert self.ask(expectation(rule=None) if by_hand else expectation())
        if by_hand:
            self.exempt = None

    @invariant()
    def the_model_and_the_document_agree(self) -> None:
        if self.document is None:
            return
        expected = "current" if self.in_force else self.exempt or self._of_stage()
        assert status_on(self.document.standing, LATER) == expected
        assert sum(one.stage == "filed" for one in self.document.versions) == int(self.in_force)
        assert self.document.history[-1] == self.document.standing

    def _of_stage(self) -> str:
        return {None: "missing", "returned": "returned", "filed": "current"}.get(self.stage, "in_review")


DocumentMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestDocumentMachine = DocumentMachine.TestCase
