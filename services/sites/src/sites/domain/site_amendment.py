"""A version of the protocol at one site: what the site has to do before it works by it, and when that was so.

It is judged again whenever something that concerns it is learned, and when a day passes. Once implemented it stays so,
whatever comes later; where an entry shows that it was otherwise on that day, this is told: never undone in silence.
A waiver needs a reason and a signature (21 CFR 11.50); no approval and no effect can be waived (CTR art. 15).
"""

from datetime import UTC, date, datetime, time

from kernel import Reason, Refused, SignedContent, State, changed, content_sha256

from sites.domain.amendment_facts import Facts, StepName, Waived
from sites.domain.amendment_judging import EndCause, JudgedStep, Judgement, Status, judged
from sites.domain.amendment_steps import covering
from sites.domain.protocol_versions import ProtocolKind
from sites.domain.site_amendment_messages import (
    AmendmentCommandBase,
    AmendmentDiscontinued,
    AmendmentImplemented,
    AmendmentLookSet,
    AmendmentOpened,
    AmendmentReopened,
    AmendmentStepJudged,
    AmendmentSuperseded,
    AmendmentWaiverEnded,
    AmendmentWaiverSigned,
    AssessAmendment,
    EndAmendmentWaiver,
    SiteAmendmentCommand,
    SiteAmendmentEvent,
    WaiveAmendmentStep,
)

# State


class SiteAmendment(State):
    """An amendment at a site as it was last judged."""

    amendment_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    document_id: str
    version: str
    kind: ProtocolKind
    substantial: bool | None
    approved_on: date | None
    effective_in_country_on: date
    effective_on: date
    status: Status = "open"
    steps: tuple[JudgedStep, ...] = ()
    waivers: tuple[Waived, ...] = ()
    implemented_on: date | None = None
    ended_on: date | None = None
    superseded_by: str | None = None
    because: EndCause | None = None
    rested_on: tuple[str, ...] = ()
    due_at: datetime | None = None

    def days_since(self, begun: date | None, today: date) -> int | None:
        """How many days after one it was implemented or over, or has been open so far; None without a beginning."""
        return ((self.implemented_on or self.ended_on or today) - begun).days if begun is not None else None

    def step(self, name: StepName) -> JudgedStep | None:
        """A step as it was last judged."""
        return next((one for one in self.steps if one.step == name), None)


def waiver_content(amendment_id: str, step: StepName, reason: str) -> SignedContent:
    """What the signature of a waiver is bound to: this step of this amendment at this site, for this reason."""
    digest = content_sha256({"amendment_id": amendment_id, "step": step, "reason": reason})
    return SignedContent(kind="amendment_waiver", id=amendment_id, version=step, sha256=digest)


# Decide


def decide(amendment: SiteAmendment | None, command: SiteAmendmentCommand) -> list[SiteAmendmentEvent]:
    """What follows from the command, and from judging every step after it."""
    match command:
        case AssessAmendment():
            own: list[SiteAmendmentEvent] = []
        case WaiveAmendmentStep():
            own = waive(_existing(amendment), command)
        case EndAmendmentWaiver():
            own = end_waiver(_existing(amendment), command)
    return [*own, *_assessed(amendment, command, own)]


def waive(amendment: SiteAmendment, command: WaiveAmendmentStep) -> list[SiteAmendmentEvent]:
    """Waive a step that is open, while the amendment is."""
    if any(one.step == command.step and one.reason == command.reason for one in amendment.waivers):
        return []
    flaws: list[Reason] = []
    if amendment.status != "open":
        detail = f"The amendment is {amendment.status} at the site: nothing of it waits for a waiver."
        flaws.append(Reason(code="amendment_settled", field="status", detail=detail))
    step = amendment.step(command.step)
    if step is None or step.status != "open":
        stands = step.status.replace("_", " ") if step is not None else "not asked for"
        detail = f"The step {command.step.replace('_', ' ')} needs no waiver: it is {stands}."
        flaws.append(Reason(code="nothing_to_waive", field="step", detail=detail))
    if not command.signature.verify(waiver_content(command.amendment_id, command.step, command.reason)):
        detail = "The signature is one of something else: sign this waiver of this step."
        flaws.append(Reason(code="signature_of_something_else", field="signature", detail=detail))
    if flaws:
        raise Refused(*flaws)
    at, by = command.occurred_at, command.signature
    return [AmendmentWaiverSigned(occurred_at=at, step=command.step, reason=command.reason, signature=by)]


def end_waiver(amendment: SiteAmendment, command: EndAmendmentWaiver) -> list[SiteAmendmentEvent]:
    """Take a waiver back, where there is one; of what was implemented on it no more is taken back."""
    if all(one.step != command.step for one in amendment.waivers):
        return []
    if amendment.status != "open":
        detail = f"The amendment is {amendment.status} at the site: what it rested on stays."
        raise Refused(Reason(code="amendment_settled", field="status", detail=detail))
    return [AmendmentWaiverEnded(occurred_at=command.occurred_at, step=command.step)]


def _assessed(
    amendment: SiteAmendment | None, command: SiteAmendmentCommand, own: list[SiteAmendmentEvent]
) -> list[SiteAmendmentEvent]:
    if amendment is None and command.facts.amendment is None:
        return []
    after, told = amendment, list[SiteAmendmentEvent]()
    for event in own:
        after = evolve(after, event)
    opened = _opened(after, command)
    if opened is not None:
        after = evolve(after, opened)
        told.append(opened)
    assert after is not None, "an amendment is opened by its first command"
    judgement = judged(command.facts, after.waivers, command.today)
    steps = [event for step in judgement.steps if (event := _step_judged(after.step(step.step), step, command))]
    return [*told, *steps, *_settled(after, judgement, command), *_look(after, judgement)]


def _opened(amendment: SiteAmendment | None, command: AmendmentCommandBase) -> AmendmentOpened | None:
    known = command.facts.amendment
    if known is None:
        return None
    names = ("amendment_id", "site_id", "study_id", "sponsor_id", "country", "document_id", "version")
    about = {name: getattr(command, name) for name in names}
    days = known.model_dump(include={"kind", "substantial", "approved_on", "effective_in_country_on", "effective_on"})
    opened = AmendmentOpened.model_validate({**about, **days, "occurred_at": known.effective_on.isoformat()})
    same = amendment is not None and all(getattr(amendment, name) == value for name, value in days.items())
    return None if same else opened


def _step_judged(
    before: JudgedStep | None, after: JudgedStep, command: AmendmentCommandBase
) -> AmendmentStepJudged | None:
    if before == after:
        return None
    on = (after.met_on or command.today).isoformat()
    was_done = before.status != "open" if before is not None else None
    return AmendmentStepJudged(occurred_at=on, step=after, was_done=was_done)


def _settled(before: SiteAmendment, after: Judgement, command: AmendmentCommandBase) -> list[SiteAmendmentEvent]:
    known = (before.status, before.implemented_on, before.superseded_by, before.because, before.ended_on)
    if known == (after.status, after.implemented_on, after.superseded_by, after.because, after.ended_on):
        return []
    on = (after.implemented_on or after.ended_on or command.today).isoformat()
    match after.status:
        case "open":
            return [AmendmentReopened(occurred_at=command.today.isoformat(), was=before.status)]
        case "implemented":
            return [_implemented(before, after, command.facts, on)]
        case "superseded":
            assert after.superseded_by is not None, "what supersedes is a version"
            return [AmendmentSuperseded(occurred_at=on, by=after.superseded_by)]
        case "discontinued":
            assert after.because is not None, "what is discontinued has its cause"
            return [AmendmentDiscontinued(occurred_at=on, because=after.because)]


def _implemented(before: SiteAmendment, after: Judgement, facts: Facts, on: str) -> AmendmentImplemented:
    known = facts.amendment
    assert known is not None, "what is implemented is an amendment"
    evidence = {event_id for step in after.steps for event_id in step.evidence}
    submissions = sorted({one.submission_id for one in covering(facts, known) if one.modifies})
    corrects = before.implemented_on if before.status == "implemented" else None
    rested_on = tuple(sorted({*evidence, *known.known_from}))
    return AmendmentImplemented(occurred_at=on, rested_on=rested_on, submissions=tuple(submissions), corrects=corrects)


def _look(before: SiteAmendment, after: Judgement) -> list[SiteAmendmentEvent]:
    due_at = datetime.combine(after.next_on, time(), UTC) if after.next_on is not None else None
    return [] if due_at == before.due_at else [AmendmentLookSet(occurred_at=None, due_at=due_at)]


def _existing(amendment: SiteAmendment | None) -> SiteAmendment:
    if amendment is None:
        raise Refused(Reason(code="amendment_unknown", detail="The version asks nothing of the site."))
    return amendment


# Evolve


def evolve(amendment: SiteAmendment | None, event: SiteAmendmentEvent) -> SiteAmendment:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, AmendmentOpened):
        told = event.model_dump(exclude={"occurred_at"})
        return SiteAmendment.model_validate(told) if amendment is None else changed(amendment, **told)
    amendment = _existing(amendment)
    match event:
        case AmendmentStepJudged():
            return changed(amendment, steps=_with(amendment.steps, event.step))
        case AmendmentWaiverSigned():
            return changed(amendment, waivers=(*_others(amendment, event.step), _waived(event)))
        case AmendmentWaiverEnded():
            return changed(amendment, waivers=_others(amendment, event.step))
        case AmendmentImplemented():
            return _after(amendment, "implemented", implemented_on=event.occurred_at, rested_on=event.rested_on)
        case AmendmentReopened():
            return _after(amendment, "open")
        case AmendmentSuperseded():
            return _after(amendment, "superseded", superseded_by=event.by, ended_on=event.occurred_at)
        case AmendmentDiscontinued():
            on = event.occurred_at if event.because != "not_concerned" else None
            return _after(amendment, "discontinued", because=event.because, ended_on=on)
        case AmendmentLookSet():
            return changed(amendment, due_at=event.due_at)


def _after(amendment: SiteAmendment, status: Status, **told: object) -> SiteAmendment:
    settled = {"implemented_on": None, "ended_on": None, "superseded_by": None, "because": None, "rested_on": ()}
    return changed(amendment, status=status, **{**settled, **told})


def _with(steps: tuple[JudgedStep, ...], step: JudgedStep) -> tuple[JudgedStep, ...]:
    there = any(one.step == step.step for one in steps)
    return tuple(step if one.step == step.step else one for one in steps) if there else (*steps, step)


def _others(amendment: SiteAmendment, step: StepName) -> tuple[Waived, ...]:
    return tuple(one for one in amendment.waivers if one.step != step)


def _waived(event: AmendmentWaiverSigned) -> Waived:
    by = event.signature
    about = {"step": event.step, "on": event.occurred_at, "reason": event.reason}
    return Waived.model_validate({**about, "signer_id": by.signer_id, "printed_name": by.printed_name})
