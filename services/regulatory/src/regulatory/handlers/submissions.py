"""Commands for submissions. A study or site is known once its event has come from `sites`."""

from collections.abc import Mapping

from chassis.commands import Builder, Unit

from regulatory.domain.submission import PrepareSubmission
from regulatory.handlers.known import require_site, require_study


def prepare_submission(
    submission_id: str, study_id: str, site_id: str | None, facts: Mapping[str, object]
) -> Builder[PrepareSubmission]:
    """Begin a submission for a study that is known, and for a site of it where one is named."""

    async def build(unit: Unit) -> PrepareSubmission:
        study = await require_study(unit, study_id)
        site = await require_site(unit, study_id, site_id) if site_id is not None else None
        about = {"submission_id": submission_id, "study_id": study_id, "sponsor_id": study["sponsor"]}
        place = {"site_id": site_id, "site_country": site["country"] if site is not None else None}
        return PrepareSubmission.model_validate({**facts, **about, **place})

    return build
