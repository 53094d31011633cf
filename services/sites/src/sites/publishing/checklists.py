"""Events of the checklists of studies and sites, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import site_checklist_messages as messages
from sites.domain.site_checklist import SiteChecklist
from sites.domain.study_checklist import StudyChecklist, StudyChecklistEvent


def publish_study_checklist(state: StudyChecklist, event: StudyChecklistEvent) -> PublicEvent:
    """How the world learns of a study's checklist."""
    items = tuple(
        public.ChecklistRule(item=rule.code, number=rule.item, tmf=rule.tmf, waivable=rule.waivable)
        for rule in event.rules
    )
    version = state.versions[-1].label
    return public.StudyChecklistSetUp(
        study_id=state.study_id, version=version, rules_version=event.rules_version, items=items
    )


def publish_site_checklist(state: SiteChecklist, event: messages.SiteChecklistEvent) -> PublicEvent | None:
    """How the world learns of a site's checklist: of items, not of who recorded or signed what."""
    about = {
        "study_id": state.study_id,
        "site_id": state.site_id,
        "country": state.country,
        "checklist_version": state.checklist_version,
    }
    match event:
        case messages.SiteChecklistOpened():
            return public.ChecklistOpened(**about, items=event.items)
        case messages.ChecklistItemJudged():
            return _judged(about, event)
        case messages.SiteChecklistCompleted():
            return public.ChecklistCompleted(**about)
        case messages.SiteChecklistReopened():
            return public.ChecklistReopened(**about)
        case (
            messages.ChecklistEvidenceRecorded()
            | messages.ChecklistEvidenceWithdrawn()
            | messages.ChecklistWaiverSigned()
            | messages.ChecklistWaiverEnded()
            | messages.NextLookSet()
        ):
            return None


def _judged(about: dict[str, str], event: messages.ChecklistItemJudged) -> PublicEvent | None:
    item = event.item
    told = {**about, "item": item.code, "number": item.item}
    match item.status:
        case "met":
            return public.ChecklistItemMet.model_validate(
                {**told, "evidence": item.evidence, "expires_on": item.expires_on}
            )
        case "waived":
            return public.ChecklistItemWaived.model_validate(told)
        case "not_applicable":
            return public.ChecklistItemNotApplicable.model_validate(told)
        case _ if event.before == "satisfied":
            return public.ChecklistItemLost.model_validate({**told, "status": item.status, "lost_by": item.lost_by})
        case _:
            return None
