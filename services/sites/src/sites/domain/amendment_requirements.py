"""What a version of the protocol asks of sites, where a person says so: a new consent form, training, new consents.

Without a word events decide: training always, a consent form where one took effect with the version, and new consents
where it replaced another (ICH E6(R3) 2.3.2 and 2.8.2; CTR 536/2014 art. 15 and 29). The last word counts.
"""

from kernel import Command, Event, Reason, Refused, State, changed

from sites.domain.amendment_facts import Stated


class StateAmendmentRequirements(Command):
    """Say what a version asks of sites. `is_known`, a fact of this service: that the study has such a version."""

    requirements_id: str
    study_id: str
    sponsor_id: str
    document_id: str
    version: str
    stated: Stated
    reason: str
    is_known: bool


class AmendmentRequirementsStated(Event):
    """The version asks this of sites; the reason stays in the service."""

    requirements_id: str
    study_id: str
    sponsor_id: str
    document_id: str
    version: str
    stated: Stated
    reason: str


class AmendmentRequirements(State):
    """What was last said of a version."""

    requirements_id: str
    study_id: str
    sponsor_id: str
    document_id: str
    version: str
    stated: Stated
    reason: str


def decide(
    requirements: AmendmentRequirements | None, command: StateAmendmentRequirements
) -> list[AmendmentRequirementsStated]:
    """Take what differs from what was said before, where it is about a version that there is and makes sense."""
    flaws = [*_unknown(command), *_silent(command), *_consent_to_nothing(command.stated)]
    if flaws:
        raise Refused(*flaws)
    if requirements is not None and (requirements.stated, requirements.reason) == (command.stated, command.reason):
        return []
    return [AmendmentRequirementsStated.model_validate(command.model_dump(exclude={"is_known"}))]


def evolve(requirements: AmendmentRequirements | None, event: AmendmentRequirementsStated) -> AmendmentRequirements:
    """Apply one event. No rule lives here: what happened, happened."""
    told = event.model_dump(exclude={"occurred_at"})
    return AmendmentRequirements.model_validate(told) if requirements is None else changed(requirements, **told)


def _unknown(command: StateAmendmentRequirements) -> list[Reason]:
    if command.is_known:
        return []
    detail = (
        f"Version {command.version} of {command.document_id} is no further version of this study's protocol: name "
        "document and version as `regulatory` keeps them, once it is approved."
    )
    return [Reason(code="version_unknown", field="version", detail=detail)]


def _silent(command: StateAmendmentRequirements) -> list[Reason]:
    if command.stated != Stated():
        return []
    detail = "Say of the consent form, of training or of new consents whether it is needed; null leaves it to events."
    return [Reason(code="nothing_stated", field="training", detail=detail)]


def _consent_to_nothing(stated: Stated) -> list[Reason]:
    if not stated.reconsent or stated.consent_form is not False:
        return []
    detail = "Subjects consent anew to a form: say that one is needed, or that no new consent is."
    return [Reason(code="reconsent_without_form", field="reconsent", detail=detail)]
