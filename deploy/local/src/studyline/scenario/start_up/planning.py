"""First chapter: the agreement with the sponsor and what it transfers, the plan, the checklist, the limits."""

from contracts.obligations import OBLIGATIONS

from studyline.scenario.start_up.story import FIRST_DAY, Candidate
from studyline.scenario.start_up.tale import Tale

AGREED, PLANNED, APPROVED = -448, -378, -374
FIRST_SUBJECT, LAST_SUBJECT = -255, 180
MONTH_DAYS = 30


async def register(tale: Tale) -> None:
    """The study is registered under its sponsor; that day tells a second telling when the story began."""
    begun = {"kind": "first_submitted", "actual": tale.calendar(FIRST_DAY)}
    about = {**tale.story.study, "protocol_number": tale.protocol_number, "sponsor": {"name": tale.sponsor}}
    study = await tale.do("/studies", FIRST_DAY, **about, milestones=[begun])
    tale.study_id = study["study_id"]
    tale.tell(FIRST_DAY, f"Study {tale.protocol_number} of {tale.sponsor} is registered")


async def agree(tale: Tale) -> str:
    """The agreement is signed: what it does not name lies with the sponsor (21 CFR 312.52, ICH E6(R3) 3.6.4)."""
    held_back = {*tale.story.kept_by_sponsor, *tale.story.transferred_later}
    since = tale.calendar(AGREED)
    transfers = [{"obligation": one, "holder": "cro", "since": since} for one in OBLIGATIONS if one not in held_back]
    about = {"reference": "MSA-2025-04", "cro": tale.story.cro, "effective_from": since}
    path = f"/studies/{tale.study_id}/agreements"
    agreement = await tale.do(path, AGREED, **about, transfers=transfers)
    tale.tell(AGREED, f"The agreement transfers {len(transfers)} of {len(OBLIGATIONS)} obligations to {tale.story.cro}")
    return agreement["agreement_id"]


async def set_up(tale: Tale) -> None:
    """The checklist for the green light by the study's facts, and how many subjects may be enrolled."""
    versions = {"protocol_version": "Protocol 1.0", "consent_form_version": "Consent form 1.0"}
    await tale.do(f"/studies/{tale.study_id}/checklist", -440, product="drug", ind=True, **versions)
    tale.tell(-440, "The checklist for the green light: an investigational drug under an IND, Protocol 1.0")
    limits = f"/studies/{tale.study_id}/enrolment-limits"
    await tale.do(limits, -440, subjects=tale.story.study["planned_enrolment"])
    for one in tale.story.targets:
        await tale.do(limits, -440, country=one.country, subjects=one.subjects)
    tale.tell(-440, f"At most {tale.story.study['planned_enrolment']} subjects may be enrolled, by country as planned")


async def plan(tale: Tale) -> None:
    """The plan becomes the baseline once the sites are chosen."""
    content = {
        "countries": [one.model_dump() for one in tale.story.targets],
        "enrolment": _enrolment(tale),
        "milestones": [*_of_study(tale), *_of_countries(tale), *_of_sites(tale)],
    }
    await tale.do(f"/studies/{tale.study_id}/plan", PLANNED, content=content)
    await tale.do(f"/studies/{tale.study_id}/plan/approve-baseline", APPROVED)
    tale.tell(APPROVED, f"The plan is approved as the baseline: {len(content['milestones'])} milestones")


async def begin(tale: Tale) -> None:
    """The study starts with its first open site."""
    first = min(one.green for one in tale.story.opened)
    milestone = {"kind": "study_start", "actual": tale.calendar(first)}
    await tale.do(f"/studies/{tale.study_id}/milestones", first, **milestone)
    await tale.do(f"/studies/{tale.study_id}/status", first, status="recruiting")
    tale.tell(first, "The study starts and recruits")


def _enrolment(tale: Tale) -> list[dict[str, object]]:
    """Month by month and country by country, cumulatively, from the first to the last subject, in even steps."""
    days = range(FIRST_SUBJECT, LAST_SUBJECT + 1, MONTH_DAYS)
    months = sorted({tale.calendar(day)[:7] for day in days})
    return [
        {"country": one.country, "month": month, "cumulative": one.subjects * number // len(months)}
        for one in tale.story.targets
        for number, month in enumerate(months, start=1)
    ]


def _of_study(tale: Tale) -> list[dict[str, object]]:
    days = {
        "protocol_approved": -405,
        "first_authority_approval": -300,
        "first_site_activated": -274,
        "all_sites_activated": -274,
        "first_subject_in": FIRST_SUBJECT,
        "last_subject_in": LAST_SUBJECT,
        "last_subject_last_visit": LAST_SUBJECT + 365,
        "database_lock": LAST_SUBJECT + 410,
    }
    return [_planned(tale, "study", kind, day) for kind, day in days.items()]


def _of_countries(tale: Tale) -> list[dict[str, object]]:
    days = {
        "authority_submission": -372,
        "authority_approval": -300,
        "ethics_submission": -372,
        "ethics_approval": -300,
        "first_site_activated": -274,
        "first_subject_in": FIRST_SUBJECT,
    }
    countries = [one.country for one in tale.story.targets]
    return [_planned(tale, "country", kind, day, country) for country in countries for kind, day in days.items()]


def _of_sites(tale: Tale) -> list[dict[str, object]]:
    days = {
        "contract_executed": -300,
        "product_received": -284,
        "initiation_visit": -280,
        "site_activated": -274,
        "first_subject_in": FIRST_SUBJECT,
    }
    return [_planned(tale, "site", kind, day, one) for one in tale.story.selected for kind, day in days.items()]


def _planned(tale: Tale, level: str, kind: str, day: int, place: str | Candidate | None = None) -> dict[str, object]:
    key: dict[str, str] = {"level": level, "kind": kind}
    if isinstance(place, Candidate):
        key |= {"country": place.country, "site_id": tale.sites[place.number]}
    elif place is not None:
        key |= {"country": place}
    return {"key": key, "planned": tale.calendar(day)}
