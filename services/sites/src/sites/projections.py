"""Public event → read-model row: what events reached, before anybody planned it. Pure.

A plan may be drafted long after sites were activated; what was reached before is noted from these rows then.
"""

from chassis.mongo import Document
from chassis.stream.projecting import Entries
from contracts import Received

from sites.policies.planning import Reaching, milestones_reached


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


REACHED = Entries("milestones_reached", reaching_row)
