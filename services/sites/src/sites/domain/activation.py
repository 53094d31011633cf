"""The gate before activation: which items are met, which are not, and why; pure, for any date.

A site may enrol only once every item that applies to it is met or waived (ICH E6(R3) 3.6 and appendix C; TMF Reference
Model milestone 03 "Site Live"). The same judgement serves the readiness of a site, its activation, what is lost later,
and what was so on a past date.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from kernel import BusinessTime, Reason, bounds, is_before
from pydantic import BaseModel, ConfigDict

from sites.domain.checklist_rules import CORE, CORE_VERSION, Rule
from sites.domain.staffing import Staff

ItemStatus = Literal[
    "met",
    "waived",
    "not_applicable",
    "missing",
    "not_yet_in_force",
    "expired",
    "other_version",
    "other_person",
]
SATISFIED: frozenset[ItemStatus] = frozenset({"met", "waived", "not_applicable"})


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Proof(_Value):
    """One piece of evidence: the event or document it is known from, and from when until when it holds.

    `ended_by` and `ended_on` tell of evidence that was given up. `person_id` and `covers` say whose it is and of which
    document versions, where that is known.
    """

    kind: str
    event_id: str
    since: BusinessTime | None = None
    expires_on: BusinessTime | None = None
    ended_by: str | None = None
    ended_on: BusinessTime | None = None
    person_id: str | None = None
    covers: tuple[str, ...] = ()
    document: str | None = None
    recorded_by: str | None = None

    def begins_after(self, at: BusinessTime | None) -> bool:
        """Whether it certainly holds only later."""
        return self.since is not None and at is not None and is_before(at, self.since)

    def has_expired(self, at: BusinessTime | None) -> bool:
        """Whether it certainly holds no more, by its own date."""
        return self.expires_on is not None and at is not None and is_before(self.expires_on, at)

    def was_given_up(self, at: BusinessTime | None, *, hindsight: bool) -> bool:
        """Whether it was given up: at all, or with hindsight by that date."""
        if self.ended_by is None:
            return False
        return not hindsight or self.ended_on is None or at is None or not is_before(at, self.ended_on)


class Waiver(_Value):
    """A signed decision to go on without an item. The printed name stays in state and journal.

    `since` is the business date from which on it holds, `ended_on` the one on which it was taken back; `signed_at` is
    the instant of the signature, whatever these say (21 CFR 11.50).
    """

    code: str
    reason: str
    signer_id: str
    printed_name: str
    signed_at: datetime
    since: BusinessTime | None = None
    ended: bool = False
    ended_on: BusinessTime | None = None

    def holds(self, at: BusinessTime | None, *, hindsight: bool) -> bool:
        """Whether it counts on that date; one that was taken back does only with hindsight, until its end."""
        if self.since is not None and at is not None and is_before(at, self.since):
            return False
        if not self.ended:
            return True
        return hindsight and self.ended_on is not None and at is not None and is_before(at, self.ended_on)


class Judged(_Value):
    """One item as it stands on a date: by what it is met and until when, or why not and how to mend it."""

    code: str
    item: int
    status: ItemStatus
    detail: str
    evidence: tuple[str, ...] = ()
    lost_by: str | None = None
    changed_on: BusinessTime | None = None
    expires_on: BusinessTime | None = None

    @property
    def satisfied(self) -> bool:
        """Whether the green light need not wait for it."""
        return self.status in SATISFIED


class Gate(_Value):
    """All that a judgement rests on: the rules that apply, the site's facts, and what is known.

    `hindsight` looks at a past date with all that is known now; without it, what was given up never counts.
    """

    version: str = CORE_VERSION
    rules: tuple[Rule, ...] = CORE
    flags: frozenset[str] = frozenset()
    country: str = ""
    principal_investigator: str | None = None
    versions: dict[str, str] = {}
    proofs: tuple[Proof, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    staff: Staff = Staff()
    hindsight: bool = False

    def adding_versions(self, rule: Rule, at: BusinessTime | None) -> list[Proof]:
        """The approved modifications in force on that date that cover the version in use (CTR 536/2014 art. 15)."""
        wanted = self.versions.get(rule.covers) if rule.covers else None
        of_modification = (proof for proof in self.proofs if proof.kind == modification_of(rule.code))
        return [one for one in of_modification if _dated(self, one, at) is None and _covers(one, wanted)]

    def of_kind(self, code: str, at: BusinessTime | None) -> list[Proof]:
        """The evidence for an item, the delegation log's and the training's among it."""
        if code in {"delegation_log", "trial_training"}:
            told = self.staff.evidence(code, at, self.principal_investigator)
            return [Proof(kind=code, event_id=one, since=since, expires_on=until) for one, since, until in told]
        return [proof for proof in self.proofs if proof.kind == code]

    def waiver_of(self, code: str, at: BusinessTime | None) -> Waiver | None:
        """The waiver of an item that counts on that date, the latest where there are several."""
        counting = (one for one in self.waivers if one.code == code and one.holds(at, hindsight=self.hindsight))
        return max(counting, key=lambda one: one.signed_at, default=None)


def modification_of(code: str) -> str:
    """The kind of evidence that adds versions to what an approval covers."""
    return f"{code}_modification"


def judged(gate: Gate, at: BusinessTime | None) -> tuple[Judged, ...]:
    """Every item of the gate as it stands on that date, in the order of the green light."""
    on_log = gate.staff.has_sub_investigator(at)
    flags = gate.flags | ({"sub_investigator"} if on_log else frozenset[str]())
    return tuple(_judge(gate, rule, flags, at) for rule in gate.rules)


def unmet(items: Sequence[Judged]) -> list[Reason]:
    """The items that the green light waits for, each with how to mend it."""
    return [
        Reason(code=f"{one.code}_{one.status}", field=one.code, detail=one.detail) for one in items if not one.satisfied
    ]


def events_relied_on(items: Sequence[Judged]) -> tuple[str, ...]:
    """The events and documents by which the items are met."""
    return tuple(sorted({event_id for one in items for event_id in one.evidence}))


def next_change(gate: Gate, at: BusinessTime) -> datetime | None:
    """The first instant after that date at which time alone may change the judgement; None where none will."""
    now = bounds(at)[0]
    known = {kind for rule in gate.rules for kind in (rule.code, modification_of(rule.code))}
    dates = [(one.since, one.expires_on) for one in gate.proofs if one.kind in known]
    dates += [*gate.staff.dates, *((one.since, None) for one in gate.waivers if not one.ended)]
    begins = [bounds(since)[0] for since, _ in dates if since is not None]
    ends = [bounds(until)[1] for _, until in dates if until is not None]
    return min((one for one in (*begins, *ends) if one > now), default=None)


def _judge(gate: Gate, rule: Rule, flags: frozenset[str], at: BusinessTime | None) -> Judged:
    stands = partial(Judged, code=rule.code, item=rule.item)
    why_not = rule.why_not(flags, gate.country)
    if why_not is not None:
        return stands(status="not_applicable", detail=why_not)
    found = gate.of_kind(rule.code, at)
    good = [proof for proof in found if _fault(gate, rule, proof, at) is None]
    if good:
        until = _until(rule, good)
        good += gate.adding_versions(rule, at)
        since = min((proof.since for proof in good if proof.since is not None), default=None)
        evidence = tuple(sorted({proof.event_id for proof in good}))
        return stands(status="met", detail=rule.title, evidence=evidence, changed_on=since, expires_on=until)
    waiver = gate.waiver_of(rule.code, at)
    if waiver is not None:
        return stands(status="waived", detail=f"{rule.title} is waived: {waiver.reason}", changed_on=waiver.since)
    return _lacking(gate, rule, found, at)


def _until(rule: Rule, good: Sequence[Proof]) -> BusinessTime | None:
    """The last day on which the item is certainly met by this: None where nothing of it expires.

    One piece of evidence is enough, so the last to expire counts; of training everybody's is needed, so the first.
    """
    dates = [proof.expires_on for proof in good if proof.expires_on is not None]
    if rule.code == "trial_training":
        return min(dates, key=_end, default=None)
    return max(dates, key=_end) if len(dates) == len(good) else None


def _end(date: BusinessTime) -> tuple[datetime, str]:
    return bounds(date)[1], date


def _lacking(gate: Gate, rule: Rule, found: list[Proof], at: BusinessTime | None) -> Judged:
    stands = partial(Judged, code=rule.code, item=rule.item)
    by_fault: dict[ItemStatus | None, list[Proof]] = {}
    for proof in found:
        by_fault.setdefault(_fault(gate, rule, proof, at), []).append(proof)
    for status in ("not_yet_in_force", "expired", "other_version", "other_person"):
        proofs = by_fault.get(status)
        if proofs:
            detail, date = _words(rule, status, proofs)
            lost_by = max(proofs, key=_order).event_id
            return stands(status=status, detail=f"{detail} {rule.mend}", lost_by=lost_by, changed_on=date)
    given_up = max(by_fault.get("missing", ()), key=_order, default=None)
    if given_up is None:
        gaps = gate.staff.gaps(rule.code, at)
        return stands(status="missing", detail=f"Missing: {_named(rule)}. {gaps}{rule.mend}")
    when = f" on {given_up.ended_on}" if given_up.ended_on else ""
    detail = f"Missing: {_named(rule)}, given up{when} by event {given_up.ended_by}. {rule.mend}"
    return stands(status="missing", detail=detail, lost_by=given_up.ended_by, changed_on=given_up.ended_on)


def _named(rule: Rule) -> str:
    """The item's name within a sentence."""
    return rule.title[0].lower() + rule.title[1:]


def _order(proof: Proof) -> tuple[datetime, str]:
    """The latest is the one to tell of, whatever order they came in."""
    return bounds(proof.ended_on or proof.since or "0001")[0], proof.model_dump_json()


def _fault(gate: Gate, rule: Rule, proof: Proof, at: BusinessTime | None) -> ItemStatus | None:
    ended = _dated(gate, proof, at)
    if ended is not None:
        return ended
    wanted = gate.versions.get(rule.covers) if rule.covers else None
    if wanted is not None and not _covers(proof, wanted) and not gate.adding_versions(rule, at):
        return "other_version"
    if rule.person is not None and proof.person_id not in {None, gate.principal_investigator}:
        return "other_person"
    return None


def _dated(gate: Gate, proof: Proof, at: BusinessTime | None) -> ItemStatus | None:
    """What speaks against a proof by date; None where it is in force."""
    if proof.was_given_up(at, hindsight=gate.hindsight):
        return "missing"
    if proof.begins_after(at):
        return "not_yet_in_force"
    return "expired" if proof.has_expired(at) else None


def _covers(proof: Proof, wanted: str | None) -> bool:
    return wanted is not None and wanted.casefold() in {one.casefold() for one in proof.covers}


def _words(rule: Rule, status: ItemStatus, proofs: Sequence[Proof]) -> tuple[str, BusinessTime | None]:
    match status:
        case "not_yet_in_force":
            since = min(proof.since for proof in proofs if proof.since is not None)
            return f"{rule.title} holds only from {since}.", since
        case "expired":
            until = max(proof.expires_on for proof in proofs if proof.expires_on is not None)
            return f"{rule.title} has expired on {until}.", until
        case "other_version":
            covered = ", ".join(sorted({one for proof in proofs for one in proof.covers})) or "no version"
            return f"{rule.title} covers {covered}, not the version in use.", None
        case _:
            return f"{rule.title} is of another person than the present principal investigator.", None


def satisfied_codes(items: Sequence[Judged]) -> Iterator[str]:
    """The items that are met or waived: what can be lost later."""
    return (one.code for one in items if one.status in {"met", "waived"})
