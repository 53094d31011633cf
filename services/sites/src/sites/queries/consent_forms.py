"""Reads about consent forms: what is in effect at a site, and which subjects a change of it concerns."""

from collections.abc import AsyncIterator

from chassis import clock
from chassis.http.fields import condition_of
from chassis.http.reading import one
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import Received
from kernel import BusinessTime

from sites.domain.consent_forms import Form, in_effect
from sites.domain.study_site import StudySite
from sites.handlers.subjects import forms_at
from sites.projections import form_row
from sites.store import CONSENT_FORM_CHANGES, STUDY_SITES, SUBJECTS

AT_ONCE = 200


async def forms_in_effect(database: Database, scope: Scope, site_id: str, on: BusinessTime | None) -> list[Form]:
    """The versions in effect at a site on a day, or today. Raises the 404 problem, also for another sponsor's site."""
    site = StudySite.model_validate((await one(database, scope, STUDY_SITES, site_id))["state"])
    rows = await database.collection(CONSENT_FORM_CHANGES).find(scope, {"study": site.study_id})
    found = in_effect(forms_at(rows, site).changes, on or clock.now().date().isoformat())
    return sorted(found, key=lambda form: (form.document_id, form.version))


async def subjects_concerned(database: Database, received: Received) -> AsyncIterator[list[str]]:
    """The subjects at the place where an event changes which consent form is in effect, so many at a time."""
    changed = form_row(received)
    if changed is None:
        return
    place = {"study": changed["study"], "state.country": changed["country"], "state.site_id": changed["site_id"]}
    condition = condition_of(place)
    subjects, last = database.collection(SUBJECTS.collection), ""
    everything, order = Scope.everything(), [("_id", 1)]
    while found := await subjects.find(
        everything, {**condition, "_id": {"$gt": last}}, sort=order, limit=AT_ONCE, fields=["_id"]
    ):
        yield [row["_id"] for row in found]
        last = found[-1]["_id"]
