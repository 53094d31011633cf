"""Stories for tests: the events of a study and all that belongs to it, as its services would tell them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from contracts import Envelope, PublicEvent, Received, Sponsor, derived_id, monitoring, regulatory, sponsor_id
from contracts import sites as public
from telling_amendments import AmendmentStory, activation_of, tell_baseline, tell_plan
from telling_clocks import ClockStory
from telling_tmf import DocumentStory, open_file

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Story:
    """One study's events. The n-th is recorded n seconds after the beginning; ids follow from what is told."""

    def __init__(self, sponsor: str, number: str) -> None:
        """Begin a study of this sponsor under this protocol number."""
        self.sponsor, self.number = sponsor, number
        self.study_id = derived_id("study", sponsor, number)
        self.told: list[Received] = []
        self._versions: dict[str, int] = {}

    def tell(self, subject: str, event: PublicEvent, occurred: str | None = None) -> Received:
        """Tell the next event of an aggregate."""
        version = self._versions[subject] = self._versions.get(subject, 0) + 1
        recorded = BEGINNING + timedelta(seconds=len(self.told))
        envelope = Envelope(
            specversion="1.0",
            id=derived_id("event", subject, str(version)),
            source=f"/studyline/{event.TYPE.split('.')[1]}",
            type=event.TYPE,
            subject=subject,
            time=recorded,
            sponsor=sponsor_id(self.sponsor),
            study=self.study_id,
            aggregateversion=version,
            recordedtime=recorded,
            occurredtime=occurred,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        self.told.append(Received(envelope, event))
        return self.told[-1]

    def registered(self, occurred: str | None = "2024-05", **particulars: Any) -> Received:
        """The study is known."""
        known: dict[str, Any] = {
            "protocol_number": self.number,
            "registry_ids": (f"NCT-{self.number}",),
            "title": f"{self.sponsor}'s study {self.number}",
            "phase": "phase_3",
            "status": "recruiting",
            "countries": ("DE",),
            "planned_enrolment": 40,
        }
        sponsor = Sponsor(id=sponsor_id(self.sponsor), name=self.sponsor)
        event = public.StudyRegistered(study_id=self.study_id, sponsor=sponsor, **{**known, **particulars})
        return self.tell(f"study/{self.study_id}", event, occurred)

    def planned(self, milestone: public.StudyMilestoneKind, date: str | None) -> Received:
        """A milestone of the study is planned."""
        event = public.StudyMilestonePlanned(study_id=self.study_id, milestone=milestone, planned=date)
        return self.tell(f"study/{self.study_id}", event, "2024-05")

    def reached(self, milestone: public.StudyMilestoneKind, date: str | None) -> Received:
        """A milestone of the study is reached."""
        event = public.StudyMilestoneReached(study_id=self.study_id, milestone=milestone, actual=date)
        return self.tell(f"study/{self.study_id}", event, date)

    def site(self, name: str, country: str = "DE") -> "SiteStory":
        """A site is identified."""
        site = SiteStory(self, name, country)
        site.tell(public.SiteIdentified, "2024-06", name=name, city="Ulm", number="101")
        return site


class SiteStory:
    """One study site's events, and those of what happens at it."""

    def __init__(self, story: Story, name: str, country: str) -> None:
        """Nothing is told yet."""
        self.story, self.country = story, country
        self.site_id = derived_id("site", story.study_id, name)
        self.where = {"study_id": story.study_id, "site_id": self.site_id, "country": country}

    def tell(self, event: type[PublicEvent], occurred: str | None = None, **more: Any) -> Received:
        """The site's next event."""
        told = event.model_validate({**self.where, **more})
        return self.story.tell(f"study-site/{self.site_id}", told, occurred)

    def subject(self, key: str, *steps: type[public.SubjectEvent]) -> None:
        """A subject goes through these steps, a month apart."""
        subject_id = derived_id("subject", self.site_id, key)
        for month, step in enumerate(steps, start=1):
            event = step(**self.where, subject_id=subject_id, subject_key=key)
            self.story.tell(f"subject/{subject_id}", event, f"2024-{month:02}-05")

    def visit(self, kind: monitoring.VisitType, planned: str, then: type[PublicEvent], occurred: str) -> None:
        """A monitoring visit is planned, and what came of it."""
        visit_id = derived_id("visit", self.site_id, kind)
        about = {**self.where, "visit_id": visit_id, "visit_type": kind}
        plan = monitoring.MonitoringVisitPlanned.model_validate({**about, "planned_on": planned})
        self.story.tell(f"monitoring-visit/{visit_id}", plan)
        self.story.tell(f"monitoring-visit/{visit_id}", then.model_validate(about), occurred)

    def submission(self, body: regulatory.Body, *, of_country: bool, ends: type[PublicEvent]) -> None:
        """A submission for the site, or for its country, is made and decided on."""
        submission_id = derived_id("submission", self.site_id, body)
        about = {**self.where, "submission_id": submission_id, "body": body}
        about |= {"site_id": None if of_country else self.site_id}
        decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
        steps = [(regulatory.SubmissionSubmitted, "2024-07"), (ends, "2024-08-20")]
        for event, occurred in steps:
            told = event.model_validate({**about, **decision})
            self.story.tell(f"submission/{submission_id}", told, occurred)

    def checklist(self, event: type[PublicEvent], occurred: str | None = None, **more: Any) -> Received:
        """The next event of the site's checklist."""
        told = event.model_validate({**self.where, "checklist_version": "core", **more})
        return self.story.tell(f"checklist/{derived_id('checklist', self.site_id)}", told, occurred)

    def clock(self, body: regulatory.Body, rule: str, *ends: tuple[type[PublicEvent], dict[str, Any]]) -> None:
        """A clock of the site's submission to this body starts, and what becomes of it."""
        clock = ClockStory(self.story, derived_id("submission", self.site_id, body), date(2024, 8, 30), rule)
        clock.started("2024-07-16")
        for event, more in ends:
            clock.tell(event, "2024-08-20", **more)

    def facts(self, key: str) -> None:
        """A subject's visit is expected and done; an important deviation and a serious adverse event are recorded."""
        visit = {"subject_visit_id": derived_id("v", self.site_id, key), "subject_key": key, "visit_name": "Week 1"}
        subject = f"subject-visit/{visit['subject_visit_id']}"
        expected = monitoring.SubjectVisitExpected.model_validate({**self.where, **visit, "expected_on": "2024-09"})
        self.story.tell(subject, expected)
        self.story.tell(subject, monitoring.SubjectVisitCompleted.model_validate({**self.where, **visit}), "2024-09-03")
        deviation = {"deviation_id": derived_id("d", self.site_id, key), "category": "other", "important": True}
        event = monitoring.ProtocolDeviationRecorded.model_validate({**self.where, **deviation, "subject_key": key})
        self.story.tell(f"protocol-deviation/{deviation['deviation_id']}", event, "2024-09-04")
        adverse = {"adverse_event_id": derived_id("a", self.site_id, key), "serious": True, "severity": "severe"}
        event = monitoring.AdverseEventRecorded.model_validate({**self.where, **adverse, "subject_key": key})
        self.story.tell(f"adverse-event/{adverse['adverse_event_id']}", event)


def whole_story(sponsor: str, number: str) -> Story:
    """A study with two sites in two countries and something of everything."""
    story = Story(sponsor, number)
    story.registered()
    story.planned("study_completion", "2027-01")
    story.reached("study_start", "2024-09")
    first, second = story.site("Charité"), story.site("Hôtel-Dieu", "FR")
    first.tell(public.SiteSelected, "2024-06-20")
    first.submission("competent_authority", of_country=True, ends=regulatory.SubmissionApproved)
    first.submission("ethics_committee", of_country=False, ends=regulatory.SubmissionRejected)
    first.checklist(public.ChecklistOpened, items=("authority_approval", "ethics_approval", "initiation_visit"))
    first.checklist(public.ChecklistItemMet, "2024-08-20", item="authority_approval", number=1, evidence=("e-1",))
    first.checklist(public.ChecklistItemWaived, "2024-08-21", item="ethics_approval", number=2)
    lost = {"item": "authority_approval", "number": 1, "status": "expired", "lost_by": "e-2"}
    first.checklist(public.ChecklistItemLost, "2024-08-28", **lost)
    first.checklist(public.ChecklistReopened)
    rule = public.ChecklistRule(item="indemnity", number=3, tmf="05.02.13(096)", waivable=False)
    set_up = public.StudyChecklistSetUp(study_id=story.study_id, version="1", rules_version="2026-1", items=(rule,))
    story.tell(f"study-checklist/{derived_id('study-checklist', story.study_id)}", set_up)
    first.clock("competent_authority", "eu-ctr-part-i", (regulatory.RegulatoryClockStopped, {"in_time": True}))
    first.clock("competent_authority", "approval-expiry", (regulatory.RegulatoryDeadlineApproaching, {"percent": 80}))
    first.clock("ethics_committee", "eu-ctr-part-ii", (regulatory.RegulatoryDeadlineMissed, {}))
    open_file(story)
    document = DocumentStory(story, "contract", "05.02.12", "site", "DE", first.site_id)
    document.expected("2024-08-01")
    document.received("2024-07-20")
    document.filed("2024-07-25", expires_on="2024-08-30")
    DocumentStory(story, "plan").expected(None)
    first.visit("SIV", "2024-08", monitoring.MonitoringVisitCompleted, "2024-08-25")
    second.visit("SIV", "2024-10", monitoring.MonitoringVisitCancelled, "2024-09-30")
    second.visit("IMV", "2025-01", monitoring.MonitoringVisitCompleted, "2025-01-15")
    first.tell(public.SiteActivated, "2024-09-01", rested_on=())
    second.tell(public.SiteStatusReported, status="closed")
    tell_baseline(story, activation_of(first, date(2024, 8, 15)), activation_of(second, date(2024, 9, 15)))
    forecast = activation_of(second, date(2024, 9, 15), forecast=date(2024, 9, 30), slack_days=-15)
    tell_plan(story, public.MilestoneForecast, expected=(forecast,))
    amendment = AmendmentStory(first, approved_on=date(2024, 7, 1), effective_on=date(2024, 9, 5))
    amendment.opened()
    amendment.met("training", date(2024, 9, 20))
    amendment.implemented(date(2024, 9, 20), "training")
    first.subject("S-1", public.SubjectScreened, public.SubjectEnrolled, public.SubjectWithdrawn)
    first.subject("S-2", public.SubjectScreened, public.SubjectScreenFailed)
    second.subject("S-3", public.SubjectConsented)
    first.facts("S-1")
    second.facts("S-3")
    return story
