"""Commands for questionnaires."""

from chassis.commands import Builder, Unit
from kernel import BusinessTime

from sites.domain.feasibility_questions import Definition
from sites.domain.questionnaire import CreateQuestionnaire
from sites.store import QUESTIONNAIRES, STUDIES


def create_questionnaire(
    questionnaire_id: str,
    study_id: str | None,
    supersedes: str | None,
    asks: tuple[str, Definition],
    at: BusinessTime,
) -> Builder[CreateQuestionnaire]:
    """Begin a version under a title and with questions, for a study that is there or for all."""

    async def build(unit: Unit) -> CreateQuestionnaire:
        study = await unit.require(STUDIES, study_id) if study_id is not None else None
        before = await unit.require(QUESTIONNAIRES, supersedes) if supersedes is not None else None
        return CreateQuestionnaire(
            occurred_at=at,
            questionnaire_id=questionnaire_id,
            study_id=study_id,
            sponsor_id=study.sponsor.id if study is not None else None,
            title=asks[0],
            definition=asks[1],
            supersedes=supersedes,
            superseded_status=before.status if before is not None else None,
            superseded_study_id=before.study_id if before is not None else None,
            number=before.number + 1 if before is not None else 1,
        )

    return build
