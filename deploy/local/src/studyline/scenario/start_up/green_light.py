"""Fifth chapter: contracts, product, people, the initiation visit; the green light, refused and then granted."""

from typing import Final

from studyline.scenario.stage import Object, together
from studyline.scenario.start_up.candidates import visit_once
from studyline.scenario.start_up.masters import person_of
from studyline.scenario.start_up.story import Candidate
from studyline.scenario.start_up.tale import Tale

BEGUN: Final = -376
FIRST: Final = "DE-01"
"""The site that asks for its green light too early, and goes on without one item."""
WAIVED: Final = "normal_ranges"
WAIVER: Final = "The laboratory's new normal ranges are printed next week; its certificate is valid."
OF_SITE: Final = (
    "indemnity",
    "insurance",
    "sub_investigator_curriculum_vitae",
    "system_access",
    "laboratory_certification",
    "normal_ranges",
)
OF_INVESTIGATOR: Final = (
    "protocol_signature_page",
    "brochure_acceptance",
    "investigator_curriculum_vitae",
    "investigator_gcp_certificate",
    "investigator_statement_1572",
    "financial_disclosure",
)
TASKS: Final = {
    "sub_investigator": ("obtain_informed_consent", "confirm_eligibility", "assess_adverse_events"),
    "study_coordinator": ("enter_data", "handle_samples"),
}
TOPICS: Final = {
    "sub_investigator": ("gcp", "licence", "protocol", "informed_consent", "safety_reporting"),
    "study_coordinator": ("gcp", "protocol", "systems", "samples"),
}


async def begin_start_up(tale: Tale) -> None:
    """Start-up begins at every site that was chosen, and its people are named."""

    async def begun(site: Candidate) -> None:
        await tale.do(f"{tale.at(site)}/begin-start-up", BEGUN)
        await _staffed(tale, site)
        path = f"{tale.at(site)}/checklist"
        await tale.stage.until(
            f"The checklist of {site.number} opens",
            lambda: tale.stage.read(tale.cast.operations, "sites", path),
            lambda _: True,
        )
        tale.tell(BEGUN, f"{site.number} start-up begins; investigator, sub-investigator and coordinator are named")

    await together(*(begun(site) for site in tale.story.selected))


async def _staffed(tale: Tale, site: Candidate) -> None:
    team = {
        "principal_investigator": (site.investigator, "physician"),
        "sub_investigator": (site.sub_investigator, "physician"),
        "study_coordinator": (site.coordinator, "nurse"),
    }
    for role, (name, profession) in team.items():
        assert name is not None, "a site that is chosen has its people"
        person = tale.people[site.number, role] = await person_of(tale, site, name, profession)
        await tale.do(f"{tale.at(site)}/staff", BEGUN, person_id=person, role=role)


async def ask_too_early(tale: Tale) -> None:
    """The green light is asked for when next to nothing is there: refused, with all that is missing."""
    site = next(one for one in tale.story.opened if one.number == FIRST)
    reasons = await _asked(tale, site, site.green - 60)
    tale.refused("too_early", site.green - 60, f"{FIRST} asks for its green light", reasons)


async def prepare_sites(tale: Tale) -> None:
    """Everything a site needs, site by site and side by side; one site stays blocked."""
    await together(*(_prepared(tale, site) for site in tale.story.opened), _left_blocked(tale))


async def _prepared(tale: Tale, site: Candidate) -> None:
    await together(
        _contracted(tale, site),
        _supplied(tale, site),
        _papers_recorded(tale, site),
        _qualified(tale, site),
        _initiated(tale, site),
    )


async def _initiated(tale: Tale, site: Candidate) -> None:
    visit = await visit_once(tale, site, "SIV", site.green - 9)
    tale.tell(site.green - 9, f"{site.number} initiation visit completed")
    await _reported(tale, site, visit)


async def _reported(tale: Tale, site: Candidate, visit: str) -> None:
    """The monitor writes what was found, somebody reviews it, and a third person signs."""
    path, green, people = f"/visits/{visit}/report", site.green, tale.cast
    topics = await tale.stage.listed(people.monitor, "monitoring", "/visit-report-topics", visit_type="SIV")
    seen = [{"topic": one["code"], "outcome": "satisfactory"} for one in topics]
    content = {"summary": f"Initiation of {site.number}.", "observations": seen, "conclusion": "The site is ready."}
    await tale.visit(path, green - 8, content=content)
    named = {"reviewer": people.operations.subject, "approver": people.quality.subject}
    await tale.visit(f"{path}/submit", green - 7, **named)
    await tale.visit(f"{path}/review", green - 6, people.operations)
    written = await tale.stage.read(people.quality, "monitoring", path)
    version = written["versions"][0]
    signed = {"version": str(version["number"]), "sha256": version["sha256"]}
    await tale.stage.sign(
        people.quality, "monitoring", f"{path}/approve", occurred_at=tale.calendar(green - 5), **signed
    )
    tale.tell(
        green - 5, f"{site.number} initiation report: reviewed, and approved by signature of {people.quality.name}"
    )


async def refuse_contract(tale: Tale, agreement: str) -> None:
    """Contracts were not transferred: refused, until an amendment of the agreement says so."""
    site = next(one for one in tale.story.opened if one.country == "US")
    path, day = f"{tale.at(site)}/contracts", site.green - 74
    occurred = {"occurred_at": tale.calendar(day), "parties": ["cro", "institution"]}
    reasons = await tale.stage.attempt(tale.cast.operations, "sites", path, **occurred)
    tale.refused("contract", day, f"{site.number} a contract is begun for the sponsor", reasons)
    since = day + 1
    await tale.do(
        f"/agreements/{agreement}/amend", since, reference="MSA-2025-04/A1", effective_from=tale.calendar(since)
    )
    for one in tale.story.transferred_later:
        terms = {"obligation": one, "holder": "cro", "since": tale.calendar(since), "amendment": "MSA-2025-04/A1"}
        await tale.do(f"/agreements/{agreement}/transfer", since, **terms)
    tale.tell(since, "An amendment of the agreement transfers the agreements with sites to the CRO")


async def _contracted(tale: Tale, site: Candidate) -> None:
    green = site.green
    parties = ["cro", "institution"]
    contract = (await tale.do(f"{tale.at(site)}/contracts", green - 72, parties=parties))["contract_id"]
    path = f"/site-contracts/{contract}"
    await tale.do(f"{path}/negotiate", green - 65)
    await tale.do(f"{path}/agree-budget", green - 40, budget_version="2.0")
    await tale.do(f"{path}/agree", green - 35)
    await tale.do(f"{path}/sign", green - 25, party="institution", document=f"CTA-{site.number}")
    await tale.do(f"{path}/sign", green - 20, party="cro", document=f"CTA-{site.number}")
    tale.tell(
        green - 20, f"{site.number} contract and budget: negotiated for {green - 35 - (green - 65)} days, executed"
    )


async def _supplied(tale: Tale, site: Candidate) -> None:
    green = site.green
    shipment = (await tale.do(f"{tale.at(site)}/shipments", green - 25))["shipment_id"]
    path = f"/shipments/{shipment}"
    await tale.do(f"{path}/dispatch", green - 18, tracking=f"COLD-{site.number}-1")
    receipt = {"temperature": "within_limits", "document": f"receipt-{site.number}-1"}
    await tale.do(f"{path}/receive", green - 15, **receipt)
    await tale.do(f"{path}/release", green - 14)
    tale.tell(green - 14, f"{site.number} investigational product received within its limits, released")


async def _papers_recorded(tale: Tale, site: Candidate) -> None:
    at, day = f"{tale.at(site)}/checklist", site.green - 30
    skipped = {WAIVED} if site.number == FIRST else set[str]()
    of_site = [one for one in OF_SITE if one not in skipped]
    if site.country != "US":
        of_site.append("data_privacy_agreement")
    for code in of_site:
        await tale.do(f"{at}/{code}/evidence", day, document=f"{site.number}/{code}")
    investigator = {"person_id": tale.people[site.number, "principal_investigator"]}
    for code in OF_INVESTIGATOR:
        await tale.do(f"{at}/{code}/evidence", day, document=f"{site.number}/{code}", **investigator)
    tale.tell(day, f"{site.number} {len(of_site) + len(OF_INVESTIGATOR)} documents recorded on the checklist")


async def _qualified(tale: Tale, site: Candidate) -> None:
    at, green = tale.at(site), site.green
    leader = tale.people[site.number, "principal_investigator"]
    for role, topics in TOPICS.items():
        person = {"person_id": tale.people[site.number, role]}
        for topic in topics:
            await tale.do(f"{at}/trainings", green - 8, tale.cast.monitor, topic=topic, **person)
        entry = {"role": role, "tasks": TASKS[role], "authorised_by": leader, "signed_on": tale.calendar(green - 7)}
        await tale.do(f"{at}/delegations", green - 7, tale.cast.monitor, **person, **entry)
    tale.tell(green - 7, f"{site.number} team trained, tasks delegated and authorised by the investigator")


async def _left_blocked(tale: Tale) -> None:
    """The site that is not open at the end: its contract is still negotiated."""
    for site in (one for one in tale.story.selected if one.opened is None):
        contract = (await tale.do(f"{tale.at(site)}/contracts", -140, parties=["cro", "institution"]))["contract_id"]
        await tale.do(f"/site-contracts/{contract}/negotiate", -120)
        for code in ("indemnity", "insurance", "data_privacy_agreement"):
            await tale.do(f"{tale.at(site)}/checklist/{code}/evidence", -110, document=f"{site.number}/{code}")
        tale.tell(-110, f"{site.number} contract still under negotiation: the site stays in start-up")


async def grant(tale: Tale) -> None:
    """With the last item waived by signature, every site that is ready is opened."""
    await together(*(_granted(tale, site) for site in tale.story.opened))


async def _granted(tale: Tale, site: Candidate) -> None:
    await _blocked_by(tale, site, [WAIVED] if site.number == FIRST else [])
    if site.number == FIRST:
        reasons = await _asked(tale, site, site.green - 3)
        tale.refused("one_left", site.green - 3, f"{FIRST} asks again", reasons)
        await _waived(tale, site)
        await _blocked_by(tale, site, [])
    await tale.do(f"{tale.at(site)}/activate", site.green)
    why = await tale.stage.read(tale.cast.operations, "sites", f"{tale.at(site)}/activation")
    rested = len(why["decision"]["rested_on"])
    tale.tell(site.green, f"{site.number} GREEN LIGHT: it rests on {rested} events, the site may enrol")


async def _blocked_by(tale: Tale, site: Candidate, expected: list[str]) -> None:
    """Wait until nothing else blocks the site; an open one has passed this point."""

    def come(site_now: Object) -> bool:
        return site_now["blocked_by"] == expected or site_now["status"] not in {"start_up", "ready_for_activation"}

    path = f"{tale.at(site)}/readiness"
    operations = tale.cast.operations
    what = f"That {site.number} is blocked by {', '.join(expected) or 'nothing'}"
    await tale.stage.until(what, lambda: tale.stage.read(operations, "sites", path), come)


async def _asked(tale: Tale, site: Candidate, day: int) -> list[Object]:
    told = {"occurred_at": tale.calendar(day)}
    return await tale.stage.attempt(tale.cast.operations, "sites", f"{tale.at(site)}/activate", **told)


async def _waived(tale: Tale, site: Candidate) -> None:
    day = site.green - 2
    checklist = await tale.stage.read(tale.cast.operations, "sites", f"{tale.at(site)}/checklist")
    told = {"reason": WAIVER, "checklist_version": checklist["checklist_version"], "occurred_at": tale.calendar(day)}
    await tale.stage.sign(tale.cast.quality, "sites", f"{tale.at(site)}/checklist/{WAIVED}/waive", **told)
    tale.tell(
        day,
        f"{site.number} goes on without {WAIVED.replace('_', ' ')}: waived by signature of {tale.cast.quality.name}",
    )
