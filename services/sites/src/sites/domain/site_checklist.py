"""Site checklist: the items that one site needs before it may enrol, with the evidence, waivers and losses of each.

It is judged again whenever something that concerns it is learned, and when a date passes; each item that is met, waived
or lost by that is told once. Evidence that no event brings is recorded here by hand. Only a rule makes an item not
applicable; a waiver needs a waivable item, a reason and a signature (ICH E6(R3) appendix C; 21 CFR 11.50).
"""

from datetime import datetime

from kernel import Reason, Refused, SignedContent, State, changed, content_sha256, is_before

from sites.domain.activation import Gate, Judged, Proof, Waiver, judged, next_change
from sites.domain.checklist_rules import Rule
from sites.domain.site_checklist_messages import (
    AssessChecklist,
    ChecklistEvidenceRecorded,
    ChecklistEvidenceWithdrawn,
    ChecklistItemJudged,
    ChecklistWaiverEnded,
    ChecklistWaiverSigned,
    EndChecklistWaiver,
    NextLookSet,
    RecordChecklistEvidence,
    SiteChecklistCommand,
    SiteChecklistCompleted,
    SiteChecklistEvent,
    SiteChecklistOpened,
    SiteChecklistReopened,
    WaiveChecklistItem,
    WithdrawChecklistEvidence,
)

# State


class SiteChecklist(State):
    """The checklist of a site as it was last judged."""

    checklist_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    checklist_version: str
    items: tuple[Judged, ...] = ()
    recorded: tuple[Proof, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    complete: bool = False
    due_at: datetime | None = None

    def item(self, code: str) -> Judged | None:
        """An item as it was last judged; None where it never was."""
        return next((one for one in self.items if one.code == code), None)


def with_own(gate: Gate, checklist: SiteChecklist | None) -> Gate:
    """The gate with what this checklist itself knows: evidence recorded by hand, and waivers."""
    if checklist is None:
        return gate
    proofs = (*gate.proofs, *checklist.recorded)
    return Gate.model_validate({**dict(gate), "proofs": proofs, "waivers": checklist.waivers})


def waiver_content(site_id: str, checklist_version: str, code: str, reason: str) -> SignedContent:
    """What the signature of a waiver is bound to: this item of this site's checklist, for this reason."""
    content = {"site_id": site_id, "checklist_version": checklist_version, "code": code, "reason": reason}
    return SignedContent(kind="checklist_waiver", id=site_id, version=checklist_version, sha256=content_sha256(content))


# Decide


def decide(checklist: SiteChecklist | None, command: SiteChecklistCommand) -> list[SiteChecklistEvent]:
    """What follows from the command, and from judging every item after it."""
    if command.ended:
        return over(checklist, command)
    match command:
        case AssessChecklist():
            own: list[SiteChecklistEvent] = []
        case RecordChecklistEvidence():
            own = record(checklist, command)
        case WithdrawChecklistEvidence():
            own = withdraw(checklist, command)
        case WaiveChecklistItem():
            own = waive(checklist, command)
        case EndChecklistWaiver():
            own = end_waiver(checklist, command)
    return [*_opened(checklist, command), *own, *_assessed(checklist, command, own)]


def over(checklist: SiteChecklist | None, command: SiteChecklistCommand) -> list[SiteChecklistEvent]:
    """After the site's end nothing is recorded any more, and no date is waited for."""
    if not isinstance(command, AssessChecklist):
        detail = "The site's part in the study is over: its checklist stays as it was."
        raise Refused(Reason(code="site_ended", detail=detail))
    waits = checklist is not None and checklist.due_at is not None
    return [NextLookSet(occurred_at=command.now, due_at=None)] if waits else []


def record(checklist: SiteChecklist | None, command: RecordChecklistEvidence) -> list[SiteChecklistEvent]:
    """Record evidence for an item that people record, in date and of the person whom it concerns."""
    proof = Proof(
        kind=command.code,
        event_id=command.evidence_id,
        since=command.occurred_at,
        expires_on=command.expires_on,
        person_id=command.person_id,
        document=command.document,
        recorded_by=command.recorded_by,
    )
    if checklist is not None and proof in checklist.recorded:
        return []
    rule = _rule(command, command.code)
    flaws = [*_not_by_hand(rule), *_expires_first(command), *_of_nobody(rule, command)]
    if flaws:
        raise Refused(*flaws)
    return [ChecklistEvidenceRecorded(occurred_at=command.occurred_at, proof=proof)]


def withdraw(checklist: SiteChecklist | None, command: WithdrawChecklistEvidence) -> list[SiteChecklistEvent]:
    """Take back evidence that was recorded here."""
    recorded = checklist.recorded if checklist is not None else ()
    found = next((one for one in recorded if one.event_id == command.evidence_id), None)
    if found is None:
        detail = "The checklist has no such evidence recorded by hand: name the id that recording it gave."
        raise Refused(Reason(code="evidence_unknown", field="evidence_id", detail=detail))
    if found.ended_by is not None:
        return []
    at = command.occurred_at
    return [ChecklistEvidenceWithdrawn(occurred_at=at, code=found.kind, evidence_id=command.evidence_id)]


def waive(checklist: SiteChecklist | None, command: WaiveChecklistItem) -> list[SiteChecklistEvent]:
    """Waive an item that its rule allows to waive, while it is not met."""
    if any(one.reason == command.reason for one in _standing(checklist, command.code)):
        return []
    rule = _rule(command, command.code)
    item = next(one for one in judged(with_own(command.gate, checklist), command.now) if one.code == command.code)
    flaws: list[Reason] = []
    if not rule.waivable:
        detail = f"{rule.title} cannot be waived ({rule.source}). {rule.mend}"
        flaws.append(Reason(code="not_waivable", field="code", detail=detail))
    if item.satisfied:
        detail = f"{rule.title} needs no waiver: it is {item.status.replace('_', ' ')}."
        flaws.append(Reason(code="nothing_to_waive", field="code", detail=detail))
    if not command.signature.verify(
        waiver_content(command.site_id, command.gate.version, command.code, command.reason)
    ):
        detail = "The signature is one of something else: sign this waiver of this item."
        flaws.append(Reason(code="signature_of_something_else", field="signature", detail=detail))
    if flaws:
        raise Refused(*flaws)
    at, by = command.occurred_at, command.signature
    return [ChecklistWaiverSigned(occurred_at=at, code=command.code, reason=command.reason, signature=by)]


def end_waiver(checklist: SiteChecklist | None, command: EndChecklistWaiver) -> list[SiteChecklistEvent]:
    """Take a waiver back, where there is one, on a day that is not before its first."""
    standing, at = _standing(checklist, command.code), command.occurred_at
    if not standing:
        return []
    begins = standing[-1].since
    if begins is not None and at is not None and is_before(at, begins):
        detail = f"The waiver holds from {begins}: it cannot end before, on {at}. Give the day on which it ended."
        raise Refused(Reason(code="ends_before_it_begins", field="occurred_at", detail=detail))
    return [ChecklistWaiverEnded(occurred_at=at, code=command.code)]


def _opened(checklist: SiteChecklist | None, command: SiteChecklistCommand) -> list[SiteChecklistEvent]:
    version = command.gate.version
    if checklist is not None and checklist.checklist_version == version:
        return []
    about = {name: getattr(command, name) for name in ("checklist_id", "site_id", "study_id", "sponsor_id", "country")}
    codes = tuple(rule.code for rule in command.gate.rules)
    return [SiteChecklistOpened(occurred_at=command.now, **about, checklist_version=version, items=codes)]


def _assessed(
    checklist: SiteChecklist | None, command: SiteChecklistCommand, own: list[SiteChecklistEvent]
) -> list[SiteChecklistEvent]:
    after = checklist
    for event in (*_opened(checklist, command), *own):
        after = evolve(after, event)
    assert after is not None, "a checklist is opened by its first command"
    gate = with_own(command.gate, after)
    items = judged(gate, command.now)
    changes = [change for item in items if (change := _change(after.item(item.code), item, command)) is not None]
    complete = all(item.satisfied for item in items)
    ends: list[SiteChecklistEvent] = []
    if complete != after.complete:
        ends.append((SiteChecklistCompleted if complete else SiteChecklistReopened)(occurred_at=command.now))
    look = next_change(gate, command.now)
    if look != after.due_at:
        ends.append(NextLookSet(occurred_at=command.now, due_at=look))
    return [*changes, *ends]


def _change(before: Judged | None, after: Judged, command: SiteChecklistCommand) -> ChecklistItemJudged | None:
    was_satisfied = before is not None and before.satisfied
    if before is None and not after.satisfied:
        return None
    if before is not None and _stands(before) == _stands(after):
        return None
    told = after.changed_on or command.occurred_at
    return ChecklistItemJudged(occurred_at=told, item=after, before="satisfied" if was_satisfied else "open")


def _stands(item: Judged) -> tuple[object, ...]:
    return item.status, item.evidence, item.expires_on


def _rule(command: SiteChecklistCommand, code: str) -> Rule:
    rule = next((one for one in command.gate.rules if one.code == code), None)
    if rule is None:
        known = ", ".join(one.code for one in command.gate.rules)
        detail = f"The site's checklist has no item {code}. Its items are {known}."
        raise Refused(Reason(code="item_unknown", field="code", detail=detail))
    return rule


def _not_by_hand(rule: Rule) -> list[Reason]:
    if rule.by_hand:
        return []
    detail = f"{rule.title} is not recorded by hand: it comes with {rule.met_by}. {rule.mend}"
    return [Reason(code="not_by_hand", field="code", detail=detail)]


def _expires_first(command: RecordChecklistEvidence) -> list[Reason]:
    begins, ends = command.occurred_at, command.expires_on
    if begins is None or ends is None or not is_before(ends, begins):
        return []
    detail = f"The evidence cannot expire on {ends}, before it begins on {begins}. Give it the later date."
    return [Reason(code="expires_before_it_begins", field="expires_on", detail=detail)]


def _of_nobody(rule: Rule, command: RecordChecklistEvidence) -> list[Reason]:
    if rule.person is None or command.person_id is not None:
        return []
    detail = f"{rule.title} is somebody's: name the person by `person_id`."
    return [Reason(code="person_missing", field="person_id", detail=detail)]


# Evolve


def evolve(checklist: SiteChecklist | None, event: SiteChecklistEvent) -> SiteChecklist:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, SiteChecklistOpened):
        return _fresh(checklist, event)
    if checklist is None:
        raise Refused(Reason(code="checklist_unknown", detail="The checklist is not open."))
    match event:
        case ChecklistEvidenceRecorded():
            return changed(checklist, recorded=(*checklist.recorded, event.proof))
        case ChecklistEvidenceWithdrawn():
            return changed(checklist, recorded=tuple(_ended(one, event) for one in checklist.recorded))
        case ChecklistWaiverSigned():
            return changed(checklist, waivers=(*_ended_waivers(checklist, event), _waiver(event)))
        case ChecklistWaiverEnded():
            return changed(checklist, waivers=_ended_waivers(checklist, event))
        case ChecklistItemJudged():
            others = tuple(one for one in checklist.items if one.code != event.item.code)
            return changed(checklist, items=(*others, event.item))
        case SiteChecklistCompleted():
            return changed(checklist, complete=True)
        case SiteChecklistReopened():
            return changed(checklist, complete=False)
        case NextLookSet():
            return changed(checklist, due_at=event.due_at)


def _fresh(checklist: SiteChecklist | None, event: SiteChecklistOpened) -> SiteChecklist:
    if checklist is None:
        told = event.model_dump(exclude={"occurred_at", "items"})
        return SiteChecklist.model_validate(told)
    kept = tuple(one for one in checklist.items if one.code in event.items)
    return changed(checklist, checklist_version=event.checklist_version, items=kept)


def _ended(proof: Proof, event: ChecklistEvidenceWithdrawn) -> Proof:
    if proof.event_id != event.evidence_id:
        return proof
    return Proof.model_validate({**dict(proof), "ended_by": event.evidence_id, "ended_on": event.occurred_at})


def _standing(checklist: SiteChecklist | None, code: str) -> list[Waiver]:
    waivers = checklist.waivers if checklist is not None else ()
    return [one for one in waivers if one.code == code and not one.ended]


def _ended_waivers(checklist: SiteChecklist, event: ChecklistWaiverSigned | ChecklistWaiverEnded) -> tuple[Waiver, ...]:
    """The waivers, those of the event's item at their end: taken back, or another stands in their place."""
    end = {"ended": True, "ended_on": event.occurred_at}
    concerned = _standing(checklist, event.code)
    return tuple(one.model_copy(update=end) if one in concerned else one for one in checklist.waivers)


def _waiver(event: ChecklistWaiverSigned) -> Waiver:
    by = event.signature
    return Waiver(
        code=event.code,
        reason=event.reason,
        signer_id=by.signer_id,
        printed_name=by.printed_name,
        signed_at=by.signed_at,
        since=event.occurred_at,
    )
