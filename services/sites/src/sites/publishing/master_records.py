"""Events of master records, of which the world learns nothing: they hold names, and concern no study by themselves.

What they mean for a study is told by its sites' teams.
"""

from sites.domain import organisation, person


def publish_organisation(state: organisation.Organisation, event: organisation.OrganisationEvent) -> None:
    """Not at all."""


def publish_person(state: person.Person, event: person.PersonEvent) -> None:
    """Not at all."""
