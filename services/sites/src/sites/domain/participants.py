"""Who takes part at a site on which days, and on which of them under a consent that another version has replaced.

A subject is under way at a site from its consent until it leaves the study or the site. A consent to a named form
counts once the event that tells of it is known here, so that what rests on it can name it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import pairwise

from kernel import BusinessTime
from pydantic import BaseModel

from sites.domain.consent_forms import Consent, Forms, replaced_by
from sites.domain.spans import Span, first_day, last_day
from sites.domain.subject import ACTIVE, Subject

Told = Mapping[tuple[str, str, BusinessTime | None], str]
"""The event by which a consent is known: by the form's document and version, and the day."""


class GivenConsent(BaseModel, frozen=True, extra="forbid"):
    """A consent, and the event by which it is known where it names a form."""

    consent: Consent
    event_id: str | None = None

    @property
    def day(self) -> date:
        """From when on it counts."""
        return first_day(self.consent.on)


class Participant(BaseModel, frozen=True, extra="forbid"):
    """A subject as a site sees it: the days on which it is under way there, and its consents in their order."""

    subject_id: str
    here: tuple[Span, ...]
    consents: tuple[GivenConsent, ...]

    def consent_on(self, day: date) -> GivenConsent:
        """The consent that counted on a day."""
        given = [one for one in self.consents if one.day <= day]
        return given[-1] if given else self.consents[0]


class FormTaken(BaseModel, frozen=True, extra="forbid"):
    """A version of a consent form took effect at the site on a day."""

    document_id: str
    version: str
    day: date
    event_id: str


def participant(subject: Subject, site_id: str, told: Told) -> Participant:
    """A subject as one of its sites sees it."""
    stays = list(_stays(subject, site_id))
    here = [part for one in _under_way(subject) for stay in stays for part in _both(one, stay)]
    given = [GivenConsent(consent=one, event_id=_known(one, told)) for one in subject.consents]
    counted = [one for one in given if one.consent.form is None or one.event_id is not None]
    first = GivenConsent(consent=Consent(form=None, on=subject.steps[0].on))
    return Participant(subject_id=subject.subject_id, here=tuple(here), consents=tuple(counted or [first]))


def under_replaced_consent(one: Participant, forms: Forms) -> Iterator[Span]:
    """The days on which the subject is under way and would have to consent anew."""
    changes = {day for change in forms.changes for day in (first_day(change.since), last_day(change.since))}
    marks = sorted(changes | {given.day for given in one.consents})
    for here in one.here:
        days = [here.since, *(day for day in marks if here.since < day < here.until), here.until]
        for begins, ends in pairwise(days):
            if replaced_by(forms, one.consent_on(begins).consent, begins.isoformat()) is not None:
                yield Span(since=begins, until=ends)


def _stays(subject: Subject, site_id: str) -> Iterator[Span]:
    """The days at the site; a move of which no day is known counts as long ago."""
    sites = (*subject.sites_before, subject.site_id)
    moves = [first_day(on) for on in subject.moved_on]
    begins = [date.min] * (len(sites) - len(moves)) + moves
    for at, since, until in zip(sites, begins, [*begins[1:], date.max], strict=True):
        if at == site_id and since < until:
            yield Span(since=since, until=until)


def _under_way(subject: Subject) -> Iterator[Span]:
    begun: date | None = None
    for taken in subject.steps:
        if taken.step in ACTIVE:
            begun = first_day(taken.on) if begun is None else begun
        elif begun is not None:
            ended = first_day(taken.on)
            if begun < ended:
                yield Span(since=begun, until=ended)
            begun = None
    if begun is not None:
        yield Span(since=begun)


def _both(one: Span, other: Span) -> Iterable[Span]:
    since, until = max(one.since, other.since), min(one.until, other.until)
    return [Span(since=since, until=until)] if since < until else []


def _known(one: Consent, told: Told) -> str | None:
    form = one.form
    return told.get((form.document_id, form.version, one.on)) if form is not None else None
