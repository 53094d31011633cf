"""What must hold before a version goes on: each rule gives every reason that stands in the way, and how to mend it."""

from collections.abc import Collection, Sequence
from typing import Final

from kernel import BusinessTime, Meaning, Reason, Signature, is_before

from regulatory.domain.document_commands import MakeEffective
from regulatory.domain.document_places import Effect, Place
from regulatory.domain.document_state import ControlledDocument, Version, VersionStatus, rank_of
from regulatory.domain.protocol_synopsis import gaps

OPEN: Final[tuple[VersionStatus, ...]] = ("draft", "in_review")
IN_FORCE: Final[tuple[VersionStatus, ...]] = ("approved", "effective")
EVER_APPROVED: Final[tuple[VersionStatus, ...]] = ("approved", "effective", "superseded", "obsolete")
VERSIONS_MAX: Final = 200
FILES_MAX: Final = 50
COMMENTS_MAX: Final = 500
PEOPLE_MAX: Final = 2_000


def when(broken: bool, code: str, field: str | None, detail: str) -> list[Reason]:  # noqa: FBT001 - reads as a sentence
    """One reason where the rule is broken, none where it is kept."""
    return [Reason(code=code, field=field, detail=detail)] if broken else []


def not_retired(document: ControlledDocument) -> list[Reason]:
    """A retired document stays as it is."""
    detail = "The document is retired and stays as it is: create another one."
    return when(document.status == "retired", "document_retired", "status", detail)


def in_status(version: Version, allowed: Collection[VersionStatus]) -> list[Reason]:
    """The version must be in one of these states."""
    expected = " or ".join(one.replace("_", " ") for one in allowed)
    present = version.status.replace("_", " ")
    detail = f"Version {version.number} is {present}: this is for a version that is {expected}."
    return when(version.status not in allowed, "wrong_status", "status", detail)


def reason_given(reason: str | None) -> list[Reason]:
    """Acts that take something back say why."""
    return when(not reason, "reason_missing", "reason", "Say why: a reason is due here.")


def room_for(count: int, limit: int, field: str) -> list[Reason]:
    """Every list has its end."""
    return when(count > limit, f"too_many_{field}", field, f"No more than {limit} {field} are kept here.")


def may_be_added(document: ControlledDocument, number: str) -> list[Reason]:
    """Numbers rise, and one version is worked on at a time."""
    latest = document.latest
    if latest is None:
        return []
    follow = f"Version {number} does not come after {latest.number}: give a higher number."
    busy = f"Version {latest.number} is still {latest.status.replace('_', ' ')}: approve or withdraw it first."
    return [
        *when(rank_of(number) <= latest.rank, "number_not_higher", "version", follow),
        *when(latest.status in OPEN, "version_open", "version", busy),
    ]


def ready_for_review(document: ControlledDocument, version: Version, reviewers: Sequence[str]) -> list[Reason]:
    """Reviewers who did not write it get a whole version: file, what it changes, and a protocol's synopsis."""
    authors = sorted({*reviewers} & {*version.authors})
    is_first = document.versions[0].number == version.number
    undescribed = version.change is None and not is_first
    return [
        *file_there(version),
        *when(undescribed, "change_missing", "change", "Describe what this version changes against the one before."),
        *(gaps(version.synopsis) if document.type.synopsis else []),
        *when(not reviewers, "reviewers_missing", "reviewers", "Name at least one reviewer."),
        *when(bool(authors), "author_is_reviewer", "reviewers", f"Authors cannot review their own version: {authors}."),
        *room_for(len(reviewers), PEOPLE_MAX, "reviewers"),
    ]


def file_there(version: Version) -> list[Reason]:
    """There must be a file."""
    return when(version.file is None, "file_missing", "file", f"Version {version.number} has no file: upload it first.")


def is_reviewer(version: Version, subject: str) -> list[Reason]:
    """Only named reviewers speak in a review."""
    detail = "Only the version's named reviewers may do this."
    return when(subject not in version.reviewers, "not_a_reviewer", None, detail)


def review_done(version: Version) -> list[Reason]:
    """Each named reviewer is done and each comment was dealt with."""
    waiting = [one for one in version.reviewers if one not in version.reviewed_by]
    unresolved = [one.comment_id for one in version.comments if one.resolution is None]
    waits = f"{len(waiting)} of {len(version.reviewers)} reviewers have not completed their review."
    open_ones = f"{len(unresolved)} comments are not resolved: {', '.join(unresolved[:5])}."
    return [
        *when(bool(waiting), "review_incomplete", "reviewers", waits),
        *when(bool(unresolved), "comments_open", "comments", open_ones),
    ]


def signed_rightly(
    document: ControlledDocument, version: Version, signature: Signature, meaning: Meaning
) -> list[Reason]:
    """The signature means what is asked for, and is one of exactly this content."""
    content = document.content_of(version)
    other = f"The signature means {signature.meaning}; this needs {meaning}."
    moved = f"The signature is of other content than version {version.number} has now: read it again, then sign."
    binds = content is not None and signature.verify(content)
    return [
        *file_there(version),
        *when(signature.meaning != meaning, "meaning_differs", "signature", other),
        *when(content is not None and not binds, "signature_does_not_bind", "sha256", moved),
    ]


def approver_is_no_author(version: Version, signature: Signature) -> list[Reason]:
    """Nobody approves what they wrote (ICH E6(R3) 4.3; two pairs of eyes)."""
    detail = "Who wrote a version cannot approve it: another person must."
    return when(signature.signer_id in version.authors, "author_is_approver", "signature", detail)


def not_before(at: BusinessTime | None, since: BusinessTime | None, what: str) -> list[Reason]:
    """A step lies not certainly before the one it rests on."""
    early = at is not None and since is not None and is_before(at, since)
    return when(early, "before_last_step", "occurred_at", f"{at} lies before {what} on {since}.")


def may_take_effect(document: ControlledDocument, version: Version, command: MakeEffective) -> list[Reason]:
    """An approved version takes effect where its type says, inside its document's place, in the order of versions."""
    place, since = command.place, command.occurred_at
    local = document.type.places == "country_or_site"
    name = document.type.name
    nowhere = f"A {name} takes effect for a country or a site: name one."
    inside = f"The document is for {document.place}: it cannot take effect for {place}."
    own = f"A {name} takes effect for all of its place at once: leave country and site out, or name the document's own."
    return [
        *in_status(version, EVER_APPROVED),
        *when(since is None, "occurred_at_missing", "occurred_at", "The first day in effect is missing."),
        *when(local and place == Place(), "place_missing", "country", nowhere),
        *when(local and not document.place.contains(place), "outside_document", "country", inside),
        *when(not local and place != document.place, "place_not_whole", "country", own),
        *not_before(since, version.approved_on, "the approval"),
        *(_in_order(document, version, Effect(version=version.number, place=place, since=since)) if since else []),
    ]


def _in_order(document: ControlledDocument, version: Version, added: Effect) -> list[Reason]:
    """Where both hold, the higher version begins strictly later: else nobody could tell which counts."""
    found: list[Reason] = []
    for effect in document.effects:
        if effect.version is None or effect.version == version.number or not effect.place.meets(added.place):
            continue
        newer = version.rank > rank_of(effect.version)
        if (newer and added.begins <= effect.begins) or (not newer and added.begins >= effect.begins):
            order = "later" if newer else "earlier"
            detail = (
                f"Version {effect.version} is in effect for {effect.place} from {effect.since}: "
                f"version {version.number} must begin {order} there."
            )
            found.append(Reason(code="versions_out_of_order", field="occurred_at", detail=detail))
    return found
