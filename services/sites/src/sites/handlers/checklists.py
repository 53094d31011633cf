"""Commands for the checklists of studies and sites."""

from collections.abc import Mapping
from typing import Any, TypeVar

from chassis.commands import Builder, Unit
from kernel import BusinessTime

from sites.domain.checklist_rules import StudyFacts
from sites.domain.site_checklist_messages import ChecklistCommandBase
from sites.domain.study_checklist import SetUpStudyChecklist
from sites.handlers.green_light import about_checklist, present, study_checklist_id
from sites.store import STUDIES

C = TypeVar("C", bound=ChecklistCommandBase)


def set_up_study_checklist(study_id: str, facts: StudyFacts, at: BusinessTime) -> Builder[SetUpStudyChecklist]:
    """Give a study that is there its checklist."""

    async def build(unit: Unit) -> SetUpStudyChecklist:
        study = await unit.require(STUDIES, study_id)
        return SetUpStudyChecklist(
            occurred_at=at,
            checklist_id=study_checklist_id(study_id),
            study_id=study_id,
            sponsor_id=study.sponsor.id,
            facts=facts,
        )

    return build


def change_checklist(command: type[C], site_id: str, asked: Mapping[str, Any], at: BusinessTime) -> Builder[C]:
    """Change something in a site's checklist, and judge every item after it at the present instant."""

    async def build(unit: Unit) -> C:
        about = await about_checklist(unit, site_id, present())
        return command.model_validate({**asked, **about, "occurred_at": at})

    return build
