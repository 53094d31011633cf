"""A protocol that is amended, told as events' facts: for tests of what a site has to do."""

from datetime import date
from typing import Any

from sites.domain.amendment_facts import CoveringSubmission, Facts, Member, Stated, Trained
from sites.domain.consent_forms import Consent, Form, FormChange, Forms
from sites.domain.participants import FormTaken, GivenConsent, Participant
from sites.domain.protocol_versions import OpenSite, ProtocolChange, ProtocolVersion, amendments_at
from sites.domain.spans import Span

SECOND = ProtocolVersion(document_id="protocol", version="2.0")
SITE = OpenSite(site_id="site-1", country="DE", open=Span(since=date(2026, 1, 10)))
TODAY = date(2026, 6, 1)


def change(what: str, version: str | None, since: str, nth: int, **more: Any) -> ProtocolChange:
    about = {"event_id": f"{what}-{version}-{nth}", "document_id": "protocol", "kind": "protocol", "nth": nth}
    return ProtocolChange.model_validate({**about, "what": what, "version": version, "since": since, **more})


FIRST = change("in_effect", "1.0", "2026-01-01", 2)
APPROVED = change("approved", "2.0", "2026-03-01", 3, substantial=True)
EFFECTIVE = change("in_effect", "2.0", "2026-03-20", 4, country="DE")
AMENDED = (FIRST, APPROVED, EFFECTIVE)


def submission(body: str, **more: Any) -> CoveringSubmission:
    about = {"submission_id": f"to-{body}", "body": body, "country": "DE", "site_id": None, "modifies": True}
    return CoveringSubmission.model_validate({**about, "documents": (SECOND,), **more})


def approved(body: str, since: str, until: str | None = None) -> CoveringSubmission:
    held = {"since": since, "until": until, "ended": until is not None, "event_id": f"approved-{body}"}
    return submission(body, standing="approved" if until is None else "revoked", approvals=(held,))


def on_log(person: str, since: str = "2026-01-10", until: str | None = None) -> Member:
    return Member(person_id=person, span=span(since, until))


def trained(person: str, since: str, until: str | None = None) -> Trained:
    return Trained(person_id=person, span=span(since, until), event_id=f"trained-{person}-{since}")


def span(since: str, until: str | None = None) -> Span:
    return Span(since=date.fromisoformat(since), until=date.fromisoformat(until) if until else date.max)


def forms(*taken: tuple[str, str]) -> dict[str, Any]:
    """Versions of one consent form, each with its first day."""
    changes = tuple(
        FormChange(document_id="icf", version=version, country=None, site_id=None, since=since)
        for version, since in taken
    )
    steps = tuple(
        FormTaken(document_id="icf", version=version, day=date.fromisoformat(since), event_id=f"icf-{version}")
        for version, since in taken
    )
    return {"forms": Forms(are_known=True, changes=changes), "forms_taken": steps}


def takes_part(subject: str, *consents: tuple[str, str], until: str | None = None) -> Participant:
    """A subject with its consents, each to a version on a day, who leaves on a day."""
    given = tuple(
        GivenConsent(
            consent=Consent(form=Form(document_id="icf", version=version), on=on),
            event_id=f"consent-{subject}-{version}",
        )
        for version, on in consents
    )
    return Participant(subject_id=subject, here=(span(consents[0][1], until),), consents=given)


def facts(*changes: ProtocolChange, site: OpenSite = SITE, of: ProtocolVersion = SECOND, **more: Any) -> Facts:
    """What is known of the second version at the site; nothing else is asked for unless it is told."""
    found = [one for one in amendments_at(site, changes or AMENDED) if one.version == of]
    known: dict[str, Any] = {"log": (on_log("nurse"),), "trained": (trained("nurse", "2026-03-10"),), **more}
    place = {"site_id": site.site_id, "country": site.country, "amendment": found[0] if found else None}
    return Facts.model_validate({**place, "stated": Stated(), **known})
