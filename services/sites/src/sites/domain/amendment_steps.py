"""What an amendment asks of a site, step by step: whether it is asked for and why, and on which days what was lacking.

CTR 536/2014 art. 15 (no substantial modification before its approval), art. 54 (urgent safety measures) and art. 81(9)
(what is not substantial is kept on record and approved by nobody); ICH E6(R3) 2.3.2 (training of delegated staff) and
2.8.2 (information and consent after a change); TMF Reference Model 05.03.03.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sites.domain.amendment_facts import Body, CoveringSubmission, Facts, StepName
from sites.domain.participants import FormTaken, under_replaced_consent
from sites.domain.protocol_versions import Amendment
from sites.domain.spans import Span, first_day, without

Because = Literal["always", "submitted", "stated", "form_took_effect", "no_submission", "no_form", "nobody_concerned"]
LackCode = Literal[
    "submission_pending",
    "submission_rejected",
    "submission_lapsed",
    "approval_lost",
    "not_in_effect",
    "form_not_in_effect",
    "nobody_delegated",
    "not_trained",
    "not_consented_anew",
]
STEP_OF_BODY: dict[Body, StepName] = {
    "competent_authority": "authority_approval",
    "ethics_committee": "ethics_approval",
}
LACK_OF: dict[str, LackCode] = {
    "pending": "submission_pending",
    "approved": "submission_pending",
    "rejected": "submission_rejected",
    "lapsed": "submission_lapsed",
}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lack(_Value):
    """On these days this was lacking, of whom: a submission, person, subject or document by its id."""

    span: Span
    code: LackCode
    who: str | None = None


class Basis(_Value):
    """An event, and on which days a step may rest on it."""

    span: Span
    event_id: str


class Asked(_Value):
    """One step: whether it is asked for, why or why not, what was lacking when, and what it may rest on."""

    step: StepName
    required: bool
    because: Because
    lacks: tuple[Lack, ...] = ()
    bases: tuple[Basis, ...] = ()


def steps_before_consent(facts: Facts, amendment: Amendment) -> list[Asked]:
    """The steps that do not depend on which consent form came with the version."""
    in_effect = Lack(span=Span(until=amendment.effective_on), code="not_in_effect", who=amendment.version.document_id)
    bases = tuple(
        Basis(span=Span(since=amendment.effective_on), event_id=event_id) for event_id in amendment.known_from
    )
    approvals = [_approval(facts, amendment, body) for body in STEP_OF_BODY]
    effect = Asked(step="protocol_in_effect", required=True, because="always", lacks=(in_effect,), bases=bases)
    return [*approvals, effect, _training(facts)]


def consent_steps(facts: Facts, amendment: Amendment, others_done: date) -> list[Asked]:
    """The consent form and the new consents; `others_done` is the first day on which all the other steps were so."""
    stated = facts.stated
    forms = [] if stated.consent_form is False else _forms_with(facts, amendment, others_done)
    form = _form_step(facts, forms)
    if stated.reconsent is False:
        return [form, Asked(step="reconsent", required=False, because="stated")]
    if not form.required:
        return [form, Asked(step="reconsent", required=False, because=form.because)]
    return [form, _reconsent(facts, forms)]


def covering(facts: Facts, amendment: Amendment, body: Body | None = None) -> list[CoveringSubmission]:
    """The submissions about the version that concern the site; those taken back before a decision are none."""
    about = (one for one in facts.submissions if one.covers(amendment.version, facts.country, facts.site_id))
    asked = (one for one in about if one.approvals or one.standing != "withdrawn")
    return [one for one in asked if body in {None, one.body}]


def _approval(facts: Facts, amendment: Amendment, body: Body) -> Asked:
    found = [one for one in covering(facts, amendment, body) if not one.only_noted]
    step = STEP_OF_BODY[body]
    if not found:
        return Asked(step=step, required=False, because="no_submission")
    periods = [one for submission in found for one in submission.approvals]
    urgent = [one for submission in found for one in submission.urgent if one.site_id in {None, facts.site_id}]
    measures = [Basis(span=Span(since=first_day(one.on)), event_id=one.event_id) for one in urgent]
    bases = [*(Basis(span=one.span, event_id=one.event_id) for one in periods), *measures]
    last = found[-1]
    lacks = tuple(
        Lack(span=span, code=_why_not(last, span), who=last.submission_id)
        for span in without(Span(), [one.span for one in bases])
    )
    return Asked(step=step, required=True, because="submitted", lacks=lacks, bases=tuple(bases))


def _why_not(submission: CoveringSubmission, span: Span) -> LackCode:
    lost = any(one.span.until <= span.since for one in submission.approvals)
    return "approval_lost" if lost else LACK_OF.get(submission.standing, "approval_lost")


def _training(facts: Facts) -> Asked:
    if facts.stated.training is False:
        return Asked(step="training", required=False, because="stated")
    spans = [one.span for one in facts.log]
    empty = (Lack(span=span, code="nobody_delegated") for span in without(Span(), spans))
    return Asked(
        step="training",
        required=True,
        because="always" if facts.stated.training is None else "stated",
        lacks=(*empty, *_untrained(facts)),
        bases=tuple(_trained_on_log(facts)),
    )


def _untrained(facts: Facts) -> Iterator[Lack]:
    for one in facts.log:
        trained = [training.span for training in facts.trained if training.person_id == one.person_id]
        for span in without(one.span, trained):
            yield Lack(span=span, code="not_trained", who=one.person_id)


def _trained_on_log(facts: Facts) -> Iterator[Basis]:
    for one in facts.trained:
        for member in facts.log:
            since = max(one.span.since, member.span.since)
            until = min(one.span.until, member.span.until)
            if one.person_id == member.person_id and since < until:
                yield Basis(span=Span(since=since, until=until), event_id=one.event_id)


def _forms_with(facts: Facts, amendment: Amendment, others_done: date) -> list[FormTaken]:
    """The forms that came with the version, one a document.

    Of each the last that took effect between the version's approval and its effect, or else the first afterwards, while
    something else was still to be done: what takes effect later belongs to something else, unless one was said to come.
    """
    earliest = amendment.approved_on or amendment.effective_on
    latest = date.max if facts.stated.consent_form else others_done
    found: dict[str, FormTaken] = {}
    for one in facts.forms_taken:
        before = found.get(one.document_id)
        in_time = earliest <= one.day < amendment.until and (one.day <= amendment.effective_on or one.day <= latest)
        if in_time and (before is None or one.day <= amendment.effective_on):
            found[one.document_id] = one
    return list(found.values())


def _form_step(facts: Facts, forms: Sequence[FormTaken]) -> Asked:
    if facts.stated.consent_form is False:
        return Asked(step="consent_form", required=False, because="stated")
    if not forms and facts.stated.consent_form is None:
        return Asked(step="consent_form", required=False, because="no_form")
    because: Because = "stated" if facts.stated.consent_form else "form_took_effect"
    lacks = [Lack(span=Span(until=one.day), code="form_not_in_effect", who=one.document_id) for one in forms]
    none_yet = [] if forms else [Lack(span=Span(), code="form_not_in_effect")]
    bases = tuple(Basis(span=Span(since=one.day), event_id=one.event_id) for one in forms)
    return Asked(step="consent_form", required=True, because=because, lacks=(*lacks, *none_yet), bases=bases)


def _reconsent(facts: Facts, forms: Sequence[FormTaken]) -> Asked:
    since = min((one.day for one in forms), default=date.max)
    late = [
        Lack(span=Span(since=max(span.since, since), until=span.until), code="not_consented_anew", who=one.subject_id)
        for one in facts.participants
        for span in under_replaced_consent(one, facts.forms)
        if span.until > since
    ]
    concerned = {one.who for one in late}
    bases = tuple(
        Basis(span=Span(since=given.day), event_id=given.event_id)
        for one in facts.participants
        if one.subject_id in concerned
        for given in one.consents
        if given.event_id is not None and given.day >= since
    )
    because: Because = "stated" if facts.stated.reconsent else "form_took_effect"
    return Asked(step="reconsent", required=True, because=because, lacks=tuple(late), bases=bases)
