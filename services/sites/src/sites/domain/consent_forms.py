"""Which version of an informed consent form is in effect at a site on a day, and whose consent is no longer to it.

A subject consents to a version approved for the site (ICH E6(R3) 2.8; CTR art. 29; 21 CFR 50.27), and again when a new
one takes its place. What was not told of the study's forms is not asked for. Days are compared as days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from kernel import BusinessTime, Reason
from pydantic import BaseModel

from sites.domain.spans import first_day, last_day


class Form(BaseModel, frozen=True, extra="forbid"):
    """One version of a consent form."""

    document_id: str
    version: str


class FormChange(BaseModel, frozen=True, extra="forbid"):
    """From that day on this version is in effect at a place, or none where there is no version.

    A place is a site, a country, or where neither is named the whole study.
    """

    document_id: str
    version: str | None
    country: str | None
    site_id: str | None
    since: BusinessTime | None


class Consent(BaseModel, frozen=True, extra="forbid"):
    """To what a subject consented, and when; no form where none was told."""

    form: Form | None
    on: BusinessTime | None


def in_effect(changes: Iterable[FormChange], at: BusinessTime | None) -> frozenset[Form]:
    """The versions that may be in effect at a site on that day, by the changes at the site or around it.

    Of each form it is the one that began last; where a day is known less precisely, every one that it may be.
    """
    return frozenset(
        Form(document_id=document_id, version=one.version)
        for document_id, of_form in _by_form(changes).items()
        for one, following in zip(of_form, [*of_form[1:], None], strict=True)
        if one.version is not None and _holds(one, following, at)
    )


class Forms(BaseModel, frozen=True, extra="forbid"):
    """What is known of a study's consent forms at a site; nothing is asked for where none of the study is known."""

    are_known: bool = False
    changes: tuple[FormChange, ...] = ()


def unmet_consent(forms: Forms, form: Form | None, at: BusinessTime | None) -> list[Reason]:
    """Why nobody can consent to this form on that day at the site."""
    if not forms.are_known:
        return []
    valid = in_effect(forms.changes, at)
    choice = ", ".join(f"version {one.version} of {one.document_id}" for one in sorted(valid, key=_order))
    mend = f"in effect there: {choice}" if choice else "none is in effect there: have one made effective for the site"
    if form is None:
        return [_reason("consent_form_missing", f"Name the form that was signed; {mend}.")]
    if form in valid:
        return []
    detail = f"Version {form.version} of {form.document_id} was not in effect at the site on {at}; {mend}."
    return [_reason("consent_form_not_in_effect", detail)]


def replaced_by(forms: Forms, consent: Consent, at: BusinessTime | None) -> Form | None:
    """The version to which a subject must consent anew on that day; None where the consent still holds.

    Who consented to a form that nobody named is asked again only where a version took another's place since.
    """
    changes = forms.changes
    if consent.form is not None:
        valid = in_effect(changes, at)
        of_same = [one for one in valid if one.document_id == consent.form.document_id]
        return None if consent.form in valid else _newest(changes, of_same or valid)
    since = [
        Form(document_id=document_id, version=later.version)
        for document_id, of_form in _by_form(changes).items()
        for earlier, later in pairwise(of_form)
        if earlier.version is not None and later.version is not None and _came_between(later, consent.on, at)
    ]
    return since[-1] if since else None


def _by_form(changes: Iterable[FormChange]) -> dict[str, list[FormChange]]:
    found: dict[str, list[FormChange]] = defaultdict(list)
    for one in sorted(changes, key=lambda one: first_day(one.since)):
        found[one.document_id].append(one)
    return found


def _holds(one: FormChange, following: FormChange | None, at: BusinessTime | None) -> bool:
    begun = first_day(one.since) <= last_day(at)
    return begun and (following is None or last_day(following.since, date.min) > first_day(at, date.max))


def _came_between(later: FormChange, consented: BusinessTime | None, at: BusinessTime | None) -> bool:
    after = consented is None or first_day(later.since) > last_day(consented)
    return after and last_day(later.since, date.min) <= first_day(at, date.max)


def _newest(changes: Sequence[FormChange], forms: Iterable[Form]) -> Form | None:
    known = {(one.document_id, one.version): first_day(one.since) for one in changes}
    return max(forms, key=lambda one: (known[one.document_id, one.version], *_order(one)), default=None)


def _order(form: Form) -> tuple[str, str]:
    return (form.document_id, form.version)


def _reason(code: str, detail: str) -> Reason:
    return Reason(code=code, field="consent_form", detail=detail)
