"""Any order of commands: the decider agrees with a small model that knows nothing of how it is made."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from kernel import Refused
from regulatory.domain import document_commands as ask
from regulatory.domain.controlled_document import ControlledDocument, DocumentCommand, decide, evolve
from regulatory.domain.document_places import Place, in_effect
from told_documents import CHANGE, CONSENT, added, after, created, file_of, on, signed

PEOPLE = st.sampled_from(["ada", "bob", "cleo"])
PLACES = st.sampled_from(
    [Place(country="DE"), Place(country="FR"), Place(country="DE", site_id="s1"), Place(country="DE", site_id="s2")]
)
DAYS = st.integers(0, 40)
FIRST = date(2022, 3, 1)
NUMBERS = ["1.0", "2.0", "3.0"]


@dataclass
class Model:
    """What is known of one version, told plainly."""

    state: str = "draft"
    has_file: bool = False
    author: str = ""
    reviewers: set[str] = field(default_factory=set[str])
    done: set[str] = field(default_factory=set[str])
    open_comments: int = 0


class DocumentMachine(RuleBasedStateMachine):
    """One consent form with up to three versions, worked on by three people."""

    @initialize()
    def begin(self) -> None:
        self.document: ControlledDocument = after([created(CONSENT)])
        self.versions: list[Model] = []
        self.begun: list[tuple[int, int, str | None, str | None]] = []
        self.comments = 0

    def go(self, command: DocumentCommand, *, allowed: bool) -> bool:
        """Carry the command out, or have it refused, as the model expects."""
        try:
            events = decide(self.document, command)
        except Refused:
            assert not allowed, command
            return False
        assert allowed or not events, command
        self.document = reduce(evolve, events, self.document)
        assert decide(self.document, command) == [], "a command that was carried out changes nothing again"
        return bool(events)

    @property
    def last(self) -> Model | None:
        return self.versions[-1] if self.versions else None

    @property
    def number(self) -> str:
        return NUMBERS[max(0, len(self.versions) - 1)]

    @rule(by=PEOPLE)
    def add(self, by: str) -> None:
        if len(self.versions) == len(NUMBERS):
            return
        free = self.last is None or self.last.state not in {"draft", "in_review"}
        if self.go(added(NUMBERS[len(self.versions)], CHANGE, by), allowed=free):
            self.versions.append(Model(author=by))

    @rule()
    def attach(self) -> None:
        if self.last is None:
            return
        file = file_of(self.number.replace(".", ""))
        if self.go(on(ask.AttachFile, self.number, by=self.last.author, file=file), allowed=self.last.state == "draft"):
            self.last.has_file = True

    @rule(reviewers=st.lists(PEOPLE, max_size=2, unique=True))
    def request_review(self, reviewers: list[str]) -> None:
        if self.last is None:
            return
        fit = self.last.state == "draft" and self.last.has_file and reviewers and self.last.author not in reviewers
        command = on(ask.RequestReview, self.number, reviewers=tuple(reviewers))
        if self.go(command, allowed=bool(fit)):
            self.last.state, self.last.reviewers, self.last.done = "in_review", {*reviewers}, set()

    @rule(by=PEOPLE)
    def comment(self, by: str) -> None:
        if self.last is None:
            return
        self.comments += 1
        told = {"comment_id": f"c{self.comments}", "by": by, "section": None, "text": "Why?"}
        fit = self.last.state == "in_review" and by in self.last.reviewers - self.last.done
        if self.go(on(ask.CommentOnVersion, self.number, **told), allowed=fit):
            self.last.open_comments += 1

    @rule(by=PEOPLE)
    def resolve(self, by: str) -> None:
        version = self.document.latest
        open_ones = [one for one in version.comments if one.resolution is None] if version is not None else []
        if self.last is None or not open_ones:
            return
        fit = self.last.state in {"draft", "in_review"} and by in {self.last.author, open_ones[0].by}
        told = {"comment_id": open_ones[0].comment_id, "by": by, "resolution": "Because."}
        if self.go(on(ask.ResolveComment, self.number, **told), allowed=fit):
            self.last.open_comments -= 1

    @rule(by=PEOPLE)
    def complete(self, by: str) -> None:
        if self.last is None:
            return
        fit = self.last.state == "in_review" and by in self.last.reviewers
        if self.go(on(ask.CompleteReview, self.number, by=by), allowed=fit):
            self.last.done.add(by)

    @rule(by=PEOPLE)
    def give_back(self, by: str) -> None:
        if self.last is None:
            return
        command = on(ask.ReturnToDraft, self.number, by=by, reason="A page is missing.")
        if self.go(command, allowed=self.last.state == "in_review"):
            self.last.state = "draft"

    @rule(by=PEOPLE)
    def approve(self, by: str) -> None:
        if self.last is None or not self.last.has_file:
            return
        ready = self.last.state == "in_review" and self.last.reviewers <= self.last.done and not self.last.open_comments
        command = on(ask.ApproveVersion, self.number, signature=signed(self.document, self.number, by))
        if self.go(command, allowed=ready and by != self.last.author):
            self.last.state = "approved"

    @rule(by=PEOPLE)
    def hurry(self, by: str) -> None:
        """The whole way to an approval at once, so that what follows is met often."""
        others = [one for one in ("ada", "bob", "cleo") if one != by]
        self.add(by)
        self.attach()
        self.request_review(others[:1])
        self.complete(others[0])
        self.approve(others[1])

    @rule()
    def withdraw(self) -> None:
        if self.last is None:
            return
        fit = self.last.state in {"draft", "in_review", "approved"}
        if self.go(on(ask.WithdrawVersion, self.number, reason="Superfluous."), allowed=fit):
            self.last.state = "withdrawn"

    @rule(number=st.integers(0, 2), place=PLACES, day=DAYS)
    def take_effect(self, number: int, place: Place, day: int) -> None:
        if number >= len(self.versions):
            return
        model = self.versions[number]
        command = on(ask.MakeEffective, NUMBERS[number], str(FIRST + timedelta(day)), place=place)
        fit = model.state in {"approved", "effective"} and self.in_order(number, place, day)
        if self.go(command, allowed=fit and self.holder(place, day) != number):
            self.begun.append((day, number, place.country, place.site_id))
            model.state = "effective"

    def covering(self, place: Place) -> list[tuple[int, int]]:
        """Days and versions that began at the place or around it."""
        return sorted(
            (day, n) for day, n, land, site in self.begun if land == place.country and site in {None, place.site_id}
        )

    def holder(self, place: Place, day: int) -> int | None:
        """The version that began last there by this day."""
        return next((number for then, number in reversed(self.covering(place)) if then <= day), None)

    def in_order(self, number: int, place: Place, day: int) -> bool:
        """Whatever began at the place, around it or inside it began earlier where it is older, and else later."""
        meeting = [
            (then, other)
            for then, other, land, site in self.begun
            if land == place.country and (site is None or place.site_id in {None, site}) and other != number
        ]
        return all(then < day if other < number else then > day for then, other in meeting)

    @invariant()
    def the_last_that_began_holds(self) -> None:
        for place in (Place(country="DE"), Place(country="FR"), Place(country="DE", site_id="s1")):
            for day in (0, 10, 20, 41):
                number = self.holder(place, day)
                found = in_effect(self.document.effects, place, str(FIRST + timedelta(day)))
                assert (found.version if found else None) == (NUMBERS[number] if number is not None else None)

    @invariant()
    def what_was_never_approved_holds_nowhere(self) -> None:
        states: dict[str, Any] = {one.number: one for one in self.document.versions}
        for effect in self.document.effects:
            assert effect.version is None or states[effect.version].approval is not None
        for version in self.document.versions:
            assert version.approval is None or version.approval.signer_id not in version.authors


DocumentMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestDocuments = DocumentMachine.TestCase
