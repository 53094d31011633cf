"""How values read on a page: words for codes, dates with the precision they have. Pure.

Every status also has a tone, which a page shows as a sign beside the word, never as a colour alone.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from kernel.business_time import bounds

from reporting.queries.obligations import MAY_END, Obligation

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_CHARACTERS: Final = len("2021-06-30")
ABBREVIATIONS: Final = frozenset({"eu", "gb", "us", "ch", "ctr", "ind", "irb", "gdpr", "sae", "dsur", "i", "ii"})
NOTHING: Final = "–"  # noqa: RUF001 - what a table shows where nothing was reported
SPECIAL_WORDS: Final[Mapping[str, str]] = {
    "active_not_recruiting": "Active, not recruiting",
    "early_phase_1": "Early phase 1",
    "phase_1_2": "Phase 1/2",
    "phase_2_3": "Phase 2/3",
    "not_applicable": "No phase",
    "enrolling_by_invitation": "By invitation",
    "first_subject_in": "First subject in",
    "last_subject_last_visit": "Last subject, last visit",
    "rfi_received": "Questions received",
    "rfi_responded": "Questions answered",
    "validation_rfi": "Validation questions",
    "cda_signed": "CDA signed",
    "trial_training": "Trial-specific training",
    "investigator_curriculum_vitae": "Investigator's CV",
    "sub_investigator_curriculum_vitae": "Sub-investigators' CVs",
    "investigator_gcp_certificate": "Investigator's GCP certificate",
    "investigator_statement_1572": "Form FDA 1572",
    "device_investigators_agreement": "Investigators' agreement (device)",
    "brochure_acceptance": "Brochure accepted",
}
TONES: Final[Mapping[str, str]] = {
    "not_yet_recruiting": "planned",
    "approved_for_marketing": "done",
    "available": "open",
    "recruiting": "open",
    "enrolling_by_invitation": "open",
    "active_not_recruiting": "running",
    "completed": "done",
    "suspended": "stopped",
    "terminated": "stopped",
    "withdrawn": "stopped",
    "withheld": "stopped",
    "no_longer_available": "stopped",
    "temporarily_not_available": "stopped",
    "identified": "planned",
    "selected": "planned",
    "start_up": "planned",
    "cda_signed": "planned",
    "ready_for_activation": "asked",
    "archived": "done",
    "active": "open",
    "on_hold": "stopped",
    "closed_to_enrolment": "running",
    "closed": "done",
    "not_selected": "stopped",
    "in_preparation": "planned",
    "planned": "planned",
    "ready": "planned",
    "submitted": "running",
    "under_validation": "running",
    "valid": "running",
    "under_assessment": "running",
    "rfi_responded": "running",
    "rfi_received": "asked",
    "validation_rfi": "asked",
    "approved": "done",
    "approved_with_conditions": "done",
    "tacitly_approved": "done",
    "renewed": "done",
    "rejected": "stopped",
    "invalid": "stopped",
    "lapsed": "stopped",
    "expired": "stopped",
    "revoked": "stopped",
}
SIGNS: Final[Mapping[str, str]] = {
    "planned": "○",
    "open": "●",
    "running": "◐",
    "asked": "!",
    "done": "✓",
    "stopped": "✕",
    "unknown": "?",
}


def words(code: str | None) -> str:
    """A code as words: `study_start` reads Study start."""
    if not code:
        return NOTHING
    return SPECIAL_WORDS.get(code) or code.replace("_", " ").capitalize()


def tone(status: str | None) -> str:
    """What a status means in short: planned, open, running, asked (it is for us to act), done, stopped or unknown."""
    return TONES.get(status or "", "unknown")


def sign(status: str | None) -> str:
    """The sign that stands before a status."""
    return SIGNS[tone(status)]


def number(value: int | None) -> str:
    """A count with thin spaces between thousands (ISO 80000-1)."""
    return NOTHING if value is None else f"{value:,}".replace(",", "\u202f")


def counted(value: int, noun: str) -> str:
    """How many there are of what `noun` names, given in the plural: 1 site, 2 sites, 1 study."""
    if value != 1:
        return f"{number(value)} {noun}"
    return f"1 {noun[:-3]}y" if noun.endswith("ies") else f"1 {noun.removesuffix('s')}"


def days(value: float | None) -> str:
    """So many days, a half where a median lies between two."""
    return NOTHING if value is None else f"{value:g}"


def day(value: str | datetime | None) -> str:
    """Business time as it is read, no more precise than it is: `2021-06` is Jun 2021."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return instant(value)
    if "T" in value:
        return instant(value)
    year, month, day_of_month = (*value.split("-"), "", "")[:3]
    name = MONTHS[int(month) - 1] if month else ""
    return " ".join(part for part in (day_of_month.lstrip("0"), name, year) if part)


def instant(value: str | datetime) -> str:
    """An instant in UTC to the minute."""
    moment = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"


def rule(code: str) -> str:
    """A clock's rule as it is read: `eu-ctr-part-ii` is EU CTR part II."""
    text = " ".join(word.upper() if word in ABBREVIATIONS else word for word in code.split("-"))
    return text[:1].upper() + text[1:]


def left(days: int | None) -> str:
    """Days left of a period, 0 being its last day; below 0 it is over, None where it stands still."""
    if days is None:
        return "Paused"
    if days < 0:
        return f"{_days(-days)} overdue"
    return f"{_days(days)} left" if days else "Last day"


def stands(one: Obligation) -> str:
    """How an obligation stands: the days left while it binds, else what became of it."""
    if one.if_missed == MAY_END:
        return (
            "May end"
            if one.days_left is not None and one.days_left < 0
            else left(one.days_left).replace("left", "to go")
        )
    if one.in_time is not None:
        return "Kept in time" if one.in_time else "Done too late"
    return "Ended" if one.status == "ended" else left(one.days_left)


def slip(planned: str | None, actual: str | None, today: date) -> str:
    """How far a milestone lies from its plan, in words; never more than the dates' precision tells for certain."""
    if planned is None:
        return NOTHING if actual is None else "No plan on record"
    due_from, due_before = bounds(planned)
    if actual is None:
        days = (today - due_before.date()).days + 1
        return f"{_days(days)} overdue" if days > 0 else "Ahead"
    reached_from, reached_before = bounds(actual)
    at_least = "" if len(planned) >= DAY_CHARACTERS <= len(actual) else "at least "
    if reached_from >= due_before:
        return f"{at_least}{_days((reached_from.date() - due_before.date()).days + 1)} late"
    if reached_before <= due_from:
        return f"{at_least}{_days((due_from.date() - reached_before.date()).days + 1)} early"
    return "As planned"


def _days(count: int) -> str:
    return f"{number(count)} day{'' if count == 1 else 's'}"
