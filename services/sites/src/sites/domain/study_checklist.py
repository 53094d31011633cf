"""Study checklist: which facts of a study decide what its sites need before they may enrol, version by version.

A version keeps the rules as they were when it was set up, so that a decision that rested on it can be replayed whatever
rules come later. A site takes the version that is current while it starts up, and keeps it from its activation on.
"""

from kernel import Command, Event, Reason, Refused, State, changed

from sites.domain.checklist_rules import RULES, RULES_VERSION, Rule, StudyFacts

# Commands


class SetUpStudyChecklist(Command):
    """Give a study its checklist, the first or another version of it, by its facts."""

    checklist_id: str
    study_id: str
    sponsor_id: str
    facts: StudyFacts


StudyChecklistCommand = SetUpStudyChecklist


# Events


class StudyChecklistSetUp(Event):
    """The study has a checklist, by these facts and rules."""

    checklist_id: str
    study_id: str
    sponsor_id: str
    facts: StudyFacts
    rules: tuple[Rule, ...]
    rules_version: str


StudyChecklistEvent = StudyChecklistSetUp


# State


class Version(State):
    """One version of the checklist, frozen."""

    number: int
    facts: StudyFacts
    rules: tuple[Rule, ...]
    rules_version: str

    @property
    def label(self) -> str:
        """The version as snapshots name it."""
        return f"study/{self.number}"


class StudyChecklist(State):
    """The checklist of a study: every version it had, the present one last."""

    checklist_id: str
    study_id: str
    sponsor_id: str
    versions: tuple[Version, ...] = ()

    def version(self, label: str | None) -> Version:
        """The version of that name; the present one where none is named."""
        named = (one for one in self.versions if one.label == label)
        return next(named, self.versions[-1])


# Decide


def decide(checklist: StudyChecklist | None, command: StudyChecklistCommand) -> list[StudyChecklistEvent]:
    """Set up a version where the facts or the rules differ from the present one's."""
    _require_a_product_under_an_ind(command.facts)
    if checklist is not None:
        present = checklist.versions[-1]
        if present.facts == command.facts and present.rules == RULES:
            return []
    return [StudyChecklistSetUp(**dict(command), rules=RULES, rules_version=RULES_VERSION)]


def _require_a_product_under_an_ind(facts: StudyFacts) -> None:
    if facts.product == "none" and facts.ind:
        detail = "A study under an IND has an investigational product: name it a drug."
        raise Refused(Reason(code="ind_without_product", field="ind", detail=detail))


# Evolve


def evolve(checklist: StudyChecklist | None, event: StudyChecklistEvent) -> StudyChecklist:
    """Add the version."""
    if checklist is None:
        checklist = StudyChecklist.model_validate(event.model_dump(include={"checklist_id", "study_id", "sponsor_id"}))
    number = len(checklist.versions) + 1
    version = Version(number=number, facts=event.facts, rules=event.rules, rules_version=event.rules_version)
    return changed(checklist, versions=(*checklist.versions, version))
