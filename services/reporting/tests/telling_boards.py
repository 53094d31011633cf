"""Studies in start-up for tests and pictures of the boards: what a portfolio holds on an ordinary day."""

from datetime import date, timedelta
from typing import Any, Final, get_args

from contracts import PublicEvent, derived_id, monitoring, sites
from contracts import regulatory as public
from telling import SiteStory, Story
from telling_clocks import ClockStory
from telling_tmf import DocumentStory, open_file

ZONES: Final = {
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "GB": "Europe/London",
    "US": "America/New_York",
    "JP": "Asia/Tokyo",
    "ES": "Europe/Madrid",
}
DECISION: Final = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
STEPS: Final[tuple[tuple[type[PublicEvent], ...], ...]] = (
    (),
    (public.SubmissionSubmitted,),
    (public.SubmissionSubmitted, public.SubmissionQuestionsReceived),
    (public.SubmissionSubmitted, public.SubmissionQuestionsReceived, public.SubmissionQuestionsAnswered),
    (public.SubmissionSubmitted, public.SubmissionApproved),
)
RULES: Final = ("eu-ctr-part-i", "eu-ctr-part-i-questions", "eu-ctr-answer", "eu-ctr-decision", "approval-expiry")


def tell_submission(story: Story, country: str, body: public.Body, steps: int, on: date, **more: Any) -> str:
    """A submission of the whole country goes so many steps; its id."""
    key = derived_id("submission", story.study_id, country, body)
    about: dict[str, Any] = {"submission_id": key, "study_id": story.study_id, "body": body, "country": country}
    for place, step in enumerate((public.SubmissionPrepared, *STEPS[steps])):
        told = step.model_validate({**about, "site_id": None, **DECISION, **more})
        story.tell(f"submission/{key}", told, (on + timedelta(days=9 * place)).isoformat())
    return key


def tell_clock(story: Story, about: str, country: str, rule: str, due_on: date, **more: Any) -> ClockStory:
    """A clock runs for a submission, where its authority is."""
    clock = ClockStory(story, about, due_on, rule, ZONES[country], country=country, more=more)
    clock.started((due_on - timedelta(days=45)).isoformat())
    return clock


def tell_submissions(story: Story, today: date, shift: int = 0) -> None:
    """A submission to each body in each country, most with a clock: one overdue, some soon, one paused."""
    bodies: tuple[public.Body, ...] = get_args(public.Body)
    for place, country in enumerate(ZONES):
        for number, body in enumerate(bodies[:2]):
            steps = (place + number + shift) % len(STEPS)
            key = tell_submission(story, country, body, steps, today - timedelta(days=70))
            if steps == 0:
                continue
            obliged = "sponsor" if steps == 2 else "authority"
            due_on = today + timedelta(days=(place * 9 + number * 4 + shift * 5) % 50 - 6)
            clock = tell_clock(story, key, country, RULES[steps], due_on, obliges=obliged, if_missed="lapsed")
            if due_on < today:
                clock.tell(public.RegulatoryDeadlineMissed)
            elif steps == 3 and number:
                clock.tell(public.RegulatoryClockPaused, today.isoformat())
            elif due_on < today + timedelta(days=14):
                clock.tell(public.RegulatoryDeadlineApproaching, percent=80)


ITEMS: Final[tuple[tuple[str, int], ...]] = (
    ("authority_approval", 1),
    ("ethics_approval", 2),
    ("clinical_trial_agreement", 3),
    ("indemnity", 3),
    ("insurance", 3),
    ("protocol_signature_page", 4),
    ("brochure_acceptance", 4),
    ("investigator_curriculum_vitae", 5),
    ("investigator_gcp_certificate", 5),
    ("delegation_log", 6),
    ("trial_training", 6),
    ("initiation_visit", 7),
    ("system_access", 7),
    ("normal_ranges", 8),
    ("product_receipt", 9),
    ("data_privacy_agreement", 10),
)
PLACES: Final = ("University Hospital", "St Mary's Clinic", "Centre Hospitalier Régional", "Research Institute North")


def tell_checklist_set_up(story: Story) -> None:
    """The study sets its checklist up."""
    rules = tuple(sites.ChecklistRule(item=one, number=at, tmf="05.02.12(095)", waivable=False) for one, at in ITEMS)
    event = sites.StudyChecklistSetUp(study_id=story.study_id, version="1", rules_version="2026-1", items=rules)
    story.tell(f"study-checklist/{derived_id('study-checklist', story.study_id)}", event)


def tell_item(site: SiteStory, item: str, number: int, event: type[PublicEvent], on: date, **more: Any) -> None:
    """An item of the site's checklist changes."""
    evidence = {"evidence": (derived_id("evidence", site.site_id, item),)}
    site.checklist(event, on.isoformat(), item=item, number=number, **evidence, **more)


def tell_starting_site(story: Story, number: int, country: str, today: date, met: int) -> SiteStory:
    """A site in start-up, with so many items of its checklist met, one of them waived, one lost."""
    site = SiteStory(story, f"{number}", country)
    name = f"{PLACES[number % len(PLACES)]} {number:02}"
    site.tell(sites.SiteIdentified, None, name=name, city="Ulm", number=f"{country}-{number:03}")
    began = today - timedelta(days=20 + 7 * number % 120)
    site.tell(sites.SiteSelected, began.isoformat())
    site.tell(sites.SiteStartUpBegun, (began + timedelta(days=5)).isoformat())
    tell_reached(site, "site_identified", began - timedelta(days=10 + number))
    tell_reached(site, "site_selected", began)
    site.checklist(sites.ChecklistOpened, items=tuple(item for item, _ in ITEMS))
    for place in range(met):
        item, head = ITEMS[(place * 5 + number) % len(ITEMS)]
        event = sites.ChecklistItemWaived if place == 3 else sites.ChecklistItemMet
        tell_item(site, item, head, event, began + timedelta(days=6 + place))
    item, head = ITEMS[13]
    tell_item(site, item, head, sites.ChecklistItemNotApplicable, began + timedelta(days=6))
    if number % 4 == 1:
        item, head = ITEMS[8]
        lost = {"status": "expired", "lost_by": derived_id("certificate", site.site_id)}
        tell_item(site, item, head, sites.ChecklistItemLost, today - timedelta(days=3), **lost)
    if number % 3 == 0:
        planned = (today + timedelta(days=number)).isoformat()
        visit = {
            **site.where,
            "visit_id": derived_id("visit", site.site_id),
            "visit_type": "SIV",
            "planned_on": planned,
        }
        event = monitoring.MonitoringVisitPlanned.model_validate(visit)
        story.tell(f"monitoring-visit/{visit['visit_id']}", event)
    return site


def tell_reached(site: SiteStory, kind: str, on: date) -> None:
    """The site reaches one of its planned milestones."""
    about = {**site.where, "level": "site", "kind": kind, "actual": on.isoformat()}
    track = derived_id("milestone-track", site.site_id)
    site.story.tell(f"milestone-track/{track}", sites.MilestoneReached.model_validate(about), on.isoformat())


def tell_start_up(story: Story, today: date, shift: int = 0, count: int = 16) -> list[SiteStory]:
    """So many sites in start-up, in the countries of `ZONES`, one of them ready for its green light."""
    tell_checklist_set_up(story)
    countries = list(ZONES)
    told = [
        tell_starting_site(story, number + 1, countries[(number // 4 + shift) % 6], today, (number * 3 + shift) % 16)
        for number in range(count)
    ]
    for item, head in ITEMS:
        tell_item(told[0], item, head, sites.ChecklistItemMet, today - timedelta(days=1))
    told[0].tell(sites.SiteReadyForActivation, today.isoformat())
    return told


ARTIFACTS: Final = (
    *("01.01.01", "01.01.08", "02.01.01", "02.01.02", "02.02.03", "06.03.02", "07.01.01", "10.01.01", "11.01.01"),
    *("09.02.03", "08.01.01", "03.01.01", "04.01.01"),
)
SITE_ARTIFACTS: Final = ("05.01.03", "05.02.04", "05.02.07", "05.02.12", "05.02.18", "05.03.01", "05.03.03", "06.01.04")


def tell_tmf(story: Story, today: date, shift: int = 0, count: int = 16) -> None:
    """A trial master file with documents of the trial, of each country and of so many sites, in every stage."""
    open_file(story)
    for number, artifact in enumerate(ARTIFACTS):
        tell_document(DocumentStory(story, artifact, artifact), number + shift, today)
    for place in range(count):
        country = list(ZONES)[place % len(ZONES)]
        site_id = SiteStory(story, f"{place + 1}", country).site_id
        for number, artifact in enumerate(SITE_ARTIFACTS):
            document = DocumentStory(story, f"{site_id} {artifact}", artifact, "site", country, site_id)
            tell_document(document, place * 3 + number + shift, today)


def tell_document(document: DocumentStory, number: int, today: date) -> None:
    """The document's way, as far as its number lets it come: most are filed."""
    due_on = today + timedelta(days=(number * 11) % 90 - 60)
    document.expected(due_on.isoformat())
    if number % 7 in {1, 4}:
        return
    on = (today - timedelta(days=2)).isoformat()
    document.received(on)
    match number % 11:
        case 3:
            document.returned(on)
        case 6:
            pass
        case 9:
            document.filed(on, expires_on=(today - timedelta(days=1)).isoformat())
        case _:
            document.filed(on)
