"""Public event → read-model row: what events reached before anybody planned it, and which consent forms hold. Pure.

A plan may be drafted long after sites were activated; what was reached before is noted from these rows then.
"""

from chassis.mongo import Document
from chassis.stream.projecting import Entries
from contracts import Received
from contracts.regulatory import DocumentEffectEnded, DocumentEvent, DocumentMadeEffective, DocumentRetired

from sites.policies.planning import Reaching, milestones_reached
from sites.store import CONSENT_FORM_CHANGES


def reaching_row(received: Received) -> Document | None:
    """What an event reaches, as a row under the event's id; None where it reaches nothing."""
    found = milestones_reached(received)
    if found is None:
        return None
    place = {"country": found.country, "site_id": found.site_id}
    owner = {"sponsor": found.sponsor_id, "study": found.study_id}
    return {"_id": found.event_id, **owner, **place, "on": found.on, "kinds": dict(found.kinds)}


def reaching_of(row: Document) -> Reaching:
    """A row as the policy made it."""
    place = (row["country"], row["site_id"])
    return Reaching(row["_id"], row["study"], row["sponsor"], *place, row["on"], row["kinds"])


def effect_of(event: DocumentEvent) -> Document | None:
    """Which version of the document an event puts into effect at which place, or none; None where it tells no such."""
    match event:
        case DocumentMadeEffective():
            return {"version": event.version, "country": event.country, "site_id": event.site_id}
        case DocumentEffectEnded():
            return {"version": None, "country": event.country, "site_id": event.site_id}
        case DocumentRetired():
            return {"version": None, "country": None, "site_id": None}
        case _:
            return None


def form_row(received: Received) -> Document | None:
    """From when on which version of a consent form is in effect where, or none; None where an event tells no such."""
    envelope, event = received
    if not isinstance(event, DocumentEvent) or event.kind != "informed_consent_form":
        return None
    told = effect_of(event)
    if told is None:
        return None
    about = {"sponsor": envelope.sponsor, "study": event.study_id, "document_id": event.document_id}
    return {"_id": envelope.id, **about, **told, "since": envelope.occurred_at, "nth": envelope.aggregateversion}


REACHED = Entries("milestones_reached", reaching_row)
CONSENT_FORMS = Entries(CONSENT_FORM_CHANGES, form_row)
