"""Subject: a participant, known by a pseudonymous key only, from consent to completion or an earlier end.

No screening before consent, and consent to a form that is in effect at the site (ICH E6(R3) 2.8); enrolment only at a
site that is open for it, within its limits; no further step under a consent that another version has replaced. Nothing
here identifies a person.
"""

from kernel import BusinessTime, Reason, Refused, State, changed, is_before

from sites.domain.consent_forms import Consent, replaced_by, unmet_consent
from sites.domain.enrolment_limits import full
from sites.domain.leaving import REASONS, unreasoned
from sites.domain.subject_messages import (
    EVENT_OF,
    STEP_OF,
    AdoptSubject,
    AdvanceSubject,
    ConsentSubject,
    ReconsentSubject,
    RequireReconsent,
    RescreenSubject,
    Setting,
    Step,
    StepName,
    SubjectCommand,
    SubjectCompleted,
    SubjectConsented,
    SubjectDied,
    SubjectEnrolled,
    SubjectEvent,
    SubjectFollowUpBegun,
    SubjectLostToFollowUp,
    SubjectRandomised,
    SubjectReconsented,
    SubjectReconsentRequired,
    SubjectRescreened,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectTransferred,
    SubjectTreatmentEnded,
    SubjectTreatmentStarted,
    SubjectWithdrawn,
    TakenStep,
    TransferSubject,
)

Status = StepName
ACTIVE: frozenset[StepName] = frozenset(
    {"consented", "screened", "enrolled", "randomised", "treatment_started", "treatment_ended", "follow_up"}
)
TAKING_PART: frozenset[StepName] = ACTIVE - {"consented", "screened"}
PRECEDED_BY: dict[StepName, frozenset[StepName]] = {
    "screened": frozenset({"consented"}),
    "screen_failed": frozenset({"consented", "screened"}),
    "enrolled": frozenset({"screened"}),
    "randomised": frozenset({"enrolled"}),
    "treatment_started": frozenset({"enrolled", "randomised"}),
    "treatment_ended": frozenset({"treatment_started"}),
    "follow_up": frozenset({"enrolled", "randomised", "treatment_ended"}),
    "completed": frozenset({"enrolled", "randomised", "treatment_ended", "follow_up"}),
    "withdrawn": ACTIVE,
    "lost_to_follow_up": TAKING_PART,
    "died": ACTIVE,
}
AT_OPEN_SITE: frozenset[StepName] = frozenset({"enrolled"})
UNDER_CONSENT: frozenset[StepName] = frozenset({"screened", "enrolled", "randomised", "treatment_started"})
"""Steps further into the study: none of them under a consent that another version has replaced."""
HELD_WITH_STUDY: frozenset[StepName] = frozenset({"consented", "screened", "enrolled", "randomised"})
HELD_WITH_SITE: frozenset[StepName] = frozenset({"consented", "screened"})
STUDY_HOLDS = frozenset({"suspended", "terminated", "withdrawn", "completed"})
SITE_HOLDS = frozenset(
    {"on_hold", "suspended", "closed_to_enrolment", "closed", "archived", "terminated", "withdrawn", "not_selected"}
)


class Subject(State):
    """A subject as it is: the steps taken in order, its consents, and the sites it was at before."""

    subject_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    steps: tuple[TakenStep, ...]
    attempt: int = 1
    consents: tuple[Consent, ...] = ()
    reconsent_required: bool = False
    sites_before: tuple[str, ...] = ()
    moved_on: tuple[BusinessTime | None, ...] = ()
    """When it left each of the sites before; those of which nothing was noted come first and are left out."""

    @property
    def status(self) -> Status:
        """The last step taken."""
        return self.steps[-1].step

    @property
    def consent(self) -> Consent:
        """The consent that counts."""
        return self.consents[-1] if self.consents else Consent(form=None, on=self.steps[0].on)

    def has_taken(self, step: StepName) -> bool:
        """Whether the step was taken in the present attempt."""
        return any(taken.step == step and taken.attempt == self.attempt for taken in self.steps)


# Decide


def decide(subject: Subject | None, command: SubjectCommand) -> list[SubjectEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case AdoptSubject():
            return adopt(subject, command)
        case ConsentSubject():
            return [] if subject is not None else consent(command)
        case AdvanceSubject():
            return advance(_existing(subject), command)
        case ReconsentSubject():
            return reconsent(_existing(subject), command)
        case RequireReconsent():
            return require_reconsent(_existing(subject), command.setting, command.occurred_at)
        case RescreenSubject():
            return rescreen(_existing(subject), command)
        case TransferSubject():
            return transfer(_existing(subject), command)


def consent(command: ConsentSubject) -> list[SubjectEvent]:
    """Note a consent to a form in effect; where another version has replaced it since, say so at once."""
    setting = command.setting
    if setting is None:
        return [_event(command, Step(step="consented", on=command.occurred_at))]
    unmet = [*_held("consented", setting), *unmet_consent(setting.forms, command.form, command.occurred_at)]
    if unmet:
        raise Refused(*unmet)
    consented = SubjectConsented(occurred_at=command.occurred_at, **_about(command), form=command.form)
    return [consented, *require_reconsent(evolve(None, consented), setting, None)]


def advance(subject: Subject, command: AdvanceSubject) -> list[SubjectEvent]:
    """Take the step once in an attempt, after the steps it needs; name all that is in the way."""
    if subject.has_taken(command.step):
        return []
    setting = command.setting
    unmet = [
        *_out_of_order(subject, command.step),
        *_too_early(subject, _words(command.step), command.occurred_at),
        *_site_closed(command.step, setting),
        *_held(command.step, setting),
        *(full(setting.taken) if command.step == "enrolled" else ()),
        *_consent_replaced(subject, command),
        *unreasoned(command.step, command.reason_code),
    ]
    if unmet:
        raise Refused(*unmet)
    return [_event(subject, Step(step=command.step, on=command.occurred_at, reason_code=command.reason_code))]


def adopt(subject: Subject | None, command: AdoptSubject) -> list[SubjectEvent]:
    """Take over the steps that are not known yet, without any gate: it is history."""
    known = {taken.step for taken in subject.steps} if subject is not None else set[StepName]()
    return [_event(command, step) for step in command.steps if step.step not in known]


def reconsent(subject: Subject, command: ReconsentSubject) -> list[SubjectEvent]:
    """Note a consent anew, to a form that is in effect."""
    known = subject.consent
    if known.form == command.form and known.on == command.occurred_at:
        return []
    unmet = [
        *_ended(subject, "a new consent"),
        *_too_early(subject, "a new consent", command.occurred_at, known.on),
        *unmet_consent(command.setting.forms, command.form, command.occurred_at),
    ]
    if unmet:
        raise Refused(*unmet)
    made = SubjectReconsented(occurred_at=command.occurred_at, **_about(subject), form=command.form)
    return [made, *require_reconsent(evolve(subject, made), command.setting, None)]


def require_reconsent(subject: Subject, setting: Setting, at: BusinessTime | None) -> list[SubjectEvent]:
    """Mark the subject once where another version has replaced the one it consented to; who has left is left alone."""
    form = replaced_by(setting.forms, subject.consent, at)
    if form is None or subject.reconsent_required or subject.status not in ACTIVE:
        return []
    return [SubjectReconsentRequired(occurred_at=at, **_about(subject), form=form)]


def rescreen(subject: Subject, command: RescreenSubject) -> list[SubjectEvent]:
    """Begin another attempt after one that failed; again with the same consent changes nothing."""
    last = subject.steps[-1]
    if subject.attempt > 1 and last.step == "consented" and last.on == command.occurred_at:
        return []
    unmet = [
        *_too_early(subject, "another screening", command.occurred_at),
        *_held("consented", command.setting),
        *unmet_consent(command.setting.forms, command.form, command.occurred_at),
    ]
    if subject.status != "screen_failed":
        detail = f"The subject has {_words(subject.status)}: only after a failed screening there is another attempt."
        unmet.insert(0, Reason(code="wrong_order", field="step", detail=detail))
    if unmet:
        raise Refused(*unmet)
    attempt = subject.attempt + 1
    return [SubjectRescreened(occurred_at=command.occurred_at, **_about(subject), attempt=attempt, form=command.form)]


def transfer(subject: Subject, command: TransferSubject) -> list[SubjectEvent]:
    """Go on at another site that is open, within its limits; a form of that site may ask for a new consent."""
    if subject.site_id == command.site_id:
        return []
    setting, step = command.setting, "enrolled" if subject.status in TAKING_PART else "screened"
    unmet = [
        *_ended(subject, "a transfer"),
        *_too_early(subject, "the transfer", command.occurred_at),
        *_site_closed("enrolled", setting),
        *_held("consented", setting),
        *(full(setting.taken) if step == "enrolled" else ()),
    ]
    if unmet:
        raise Refused(*unmet)
    about = {**_about(subject), "site_id": command.site_id, "country": command.country}
    left = {"from_site_id": subject.site_id, "from_country": subject.country}
    moved = SubjectTransferred(occurred_at=command.occurred_at, **about, **left)
    return [moved, *require_reconsent(evolve(subject, moved), setting, command.occurred_at)]


def _about(about: Subject | ConsentSubject | SubjectEvent) -> dict[str, str]:
    names = ("subject_id", "study_id", "sponsor_id", "site_id", "country", "subject_key")
    return {name: getattr(about, name) for name in names}


def _event(about: Subject | ConsentSubject, step: Step) -> SubjectEvent:
    why = {"reason_code": step.reason_code} if step.step in REASONS else {}
    return EVENT_OF[step.step].model_validate({**_about(about), "occurred_at": step.on, **why})


def _out_of_order(subject: Subject, step: StepName) -> list[Reason]:
    if subject.status in PRECEDED_BY.get(step, frozenset()):
        return []
    detail = f"The subject has {_words(subject.status)}: {_words(step)} cannot follow."
    return [Reason(code="wrong_order", field="step", detail=detail)]


def _ended(subject: Subject, what: str) -> list[Reason]:
    if subject.status in ACTIVE:
        return []
    detail = f"The subject has {_words(subject.status)}: {what} cannot follow."
    return [Reason(code="wrong_order", field="step", detail=detail)]


def _too_early(subject: Subject, what: str, at: BusinessTime | None, after: BusinessTime | None = None) -> list[Reason]:
    last, before = subject.steps[-1].on, _words(subject.status)
    if after is not None:
        last, before = after, "the consent before"
    if last is None or at is None or not is_before(at, last):
        return []
    detail = f"{what.capitalize()} on {at} lies before {before} on {last}."
    return [Reason(code="before_last_step", field="occurred_at", detail=detail)]


def _site_closed(step: StepName, setting: Setting) -> list[Reason]:
    if step not in AT_OPEN_SITE or setting.site_status == "active":
        return []
    return [Reason(code="site_not_active", detail="The subject's site is not open for enrolment.")]


def _held(step: StepName, setting: Setting) -> list[Reason]:
    reasons: list[Reason] = []
    if step in HELD_WITH_STUDY and setting.study_status in STUDY_HOLDS:
        detail = f"The study is {setting.study_status}: nobody new is {_words(step)} until it goes on."
        reasons.append(Reason(code="study_on_hold", detail=detail))
    if step in HELD_WITH_SITE and setting.site_status in SITE_HOLDS:
        status = setting.site_status.replace("_", " ")
        detail = f"The site is {status}: nobody new is {_words(step)} there until it is open again."
        reasons.append(Reason(code="site_on_hold", detail=detail))
    return reasons


def _consent_replaced(subject: Subject, command: AdvanceSubject) -> list[Reason]:
    form = replaced_by(command.setting.forms, subject.consent, command.occurred_at)
    if command.step not in UNDER_CONSENT or form is None:
        return []
    detail = f"Version {form.version} of {form.document_id} is in effect: note the subject's new consent to it first."
    return [Reason(code="reconsent_required", detail=detail)]


def _words(step: StepName) -> str:
    return step.replace("_", " ")


def _existing(subject: Subject | None) -> Subject:
    if subject is None:
        raise Refused(Reason(code="subject_unknown", detail="The subject is not known."))
    return subject


# Evolve


def evolve(subject: Subject | None, event: SubjectEvent) -> Subject:
    """Apply one event. No rule lives here: what happened, happened."""
    if subject is None:
        step = TakenStep(step=STEP_OF[type(event)], on=event.occurred_at)
        return _noted(Subject.model_validate({**_about(event), "steps": (step,)}), event)
    match event:
        case SubjectReconsented():
            return _noted(subject, event)
        case SubjectReconsentRequired():
            return changed(subject, reconsent_required=True)
        case SubjectTransferred():
            return changed(
                subject,
                site_id=event.site_id,
                country=event.country,
                sites_before=(*subject.sites_before, event.from_site_id),
                moved_on=(*subject.moved_on, event.occurred_at),
            )
        case SubjectRescreened():
            step = TakenStep(step="consented", on=event.occurred_at, attempt=event.attempt)
            return _noted(changed(subject, steps=(*subject.steps, step), attempt=event.attempt), event)
        case (
            SubjectConsented()
            | SubjectScreened()
            | SubjectScreenFailed()
            | SubjectEnrolled()
            | SubjectRandomised()
            | SubjectTreatmentStarted()
            | SubjectTreatmentEnded()
            | SubjectFollowUpBegun()
            | SubjectCompleted()
            | SubjectWithdrawn()
            | SubjectLostToFollowUp()
            | SubjectDied()
        ):
            why = getattr(event, "reason_code", None)
            step = TakenStep(step=STEP_OF[type(event)], on=event.occurred_at, attempt=subject.attempt, reason_code=why)
            return _noted(changed(subject, steps=(*subject.steps, step)), event)


def _noted(subject: Subject, event: SubjectEvent) -> Subject:
    """With the consent that an event tells of; it takes away the mark that one is due."""
    if not isinstance(event, SubjectConsented | SubjectReconsented | SubjectRescreened):
        return subject
    made = Consent(form=event.form, on=event.occurred_at)
    return changed(subject, consents=(*subject.consents, made), reconsent_required=False)
