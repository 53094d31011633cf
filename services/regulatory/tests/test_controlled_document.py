"""A controlled document goes from draft to the last place it held, and no step is taken that a rule forbids."""

from typing import Any

import pytest
from kernel import Refused, Signature
from regulatory.domain import document_commands as ask
from regulatory.domain import document_rules
from regulatory.domain.controlled_document import ControlledDocument, DocumentCommand, decide
from regulatory.domain.document_places import Place
from regulatory.domain.document_state import Reader, rank_of
from regulatory.domain.document_types import DOCUMENT_TYPES
from told_documents import (
    CHANGE,
    DAY,
    GERMANY,
    PLAN,
    SYNOPSIS,
    added,
    after,
    approved,
    created,
    drafted,
    effective,
    events_of,
    file_of,
    in_review,
    next_version,
    on,
    reviewed,
    signed,
)

COMMENT = on(ask.CommentOnVersion, comment_id="c1", by="bob", section="6.2", text="Why three days?")
RESOLVE = on(ask.ResolveComment, comment_id="c1", by="ada", resolution="Because of weekends.")
RETURN = on(ask.ReturnToDraft, by="bob", reason="Section 6 is missing.")
WITHDRAW = on(ask.WithdrawVersion, reason="Superfluous.")
RETIRE = ask.RetireDocument(occurred_at="2024-01-01", reason="The study was cancelled.")


def codes(document: ControlledDocument | None, command: DocumentCommand) -> set[str]:
    """Every reason for which the command is refused."""
    with pytest.raises(Refused) as refused:
        decide(document, command)
    assert all(reason.detail.endswith(".") for reason in refused.value.reasons)
    return {reason.code for reason in refused.value.reasons}


def status(document: ControlledDocument, version: str = "0.1") -> str:
    found = document.version(version)
    assert found is not None
    return found.status


def test_a_document_begins_once_as_a_type_of_the_reference_model() -> None:
    assert events_of(None, created()) == ["DocumentCreated"]
    assert decide(after([created()]), created()) == []
    assert codes(None, created("999")) == {"type_unknown"}


def test_nothing_happens_to_a_document_or_a_version_that_is_not_there() -> None:
    assert codes(None, added()) == {"document_unknown"}
    assert codes(after([created()]), WITHDRAW) == {"version_unknown"}


def test_versions_number_themselves_and_rise() -> None:
    document = after([created(PLAN), added()])
    assert document.latest is not None
    assert document.latest.number == "0.1"
    assert codes(document, added("0.1", CHANGE)) == {"number_not_higher", "version_open"}
    assert codes(document, added("0.2")) == {"version_open"}
    second = after([WITHDRAW, added()], document)
    assert [one.number for one in second.versions] == ["0.1", "0.2"]
    assert rank_of("2.10") > rank_of("2.9")


def test_the_same_draft_is_begun_once() -> None:
    assert decide(after([created(), added("1.0")]), added("1.0")) == []


def test_a_draft_takes_files_changes_and_a_synopsis_and_keeps_every_file() -> None:
    document = after(
        [on(ask.AttachFile, by="eve", file=file_of("b")), on(ask.DescribeChange, by="eve", change=CHANGE)], drafted()
    )
    version = document.versions[0]
    assert ([one.sha256[0] for one in version.files], version.authors) == (["a", "b"], ("ada", "eve"))
    for again in (
        on(ask.AttachFile, by="eve", file=file_of("b")),
        on(ask.DescribeChange, by="eve", change=CHANGE),
        on(ask.SetSynopsis, by="eve", synopsis=SYNOPSIS),
    ):
        assert decide(document, again) == []


@pytest.mark.parametrize("document", [in_review(), approved()])
def test_what_is_under_review_or_approved_does_not_change(document: ControlledDocument) -> None:
    assert codes(document, on(ask.AttachFile, by="ada", file=file_of("b"))) == {"wrong_status"}
    assert codes(document, on(ask.DescribeChange, by="ada", change=CHANGE)) == {"wrong_status"}


def test_only_a_protocol_has_a_synopsis() -> None:
    assert codes(drafted(PLAN), on(ask.SetSynopsis, by="ada", synopsis=SYNOPSIS)) == {"no_synopsis"}


def test_a_review_needs_a_whole_draft_and_reviewers_who_did_not_write_it() -> None:
    empty = after([created(), added()])
    assert codes(empty, on(ask.RequestReview, reviewers=())) == {
        "file_missing",
        "synopsis_missing",
        "reviewers_missing",
    }
    assert codes(empty, on(ask.RequestReview, reviewers=("ada", "bob"))) == {
        "file_missing",
        "synopsis_missing",
        "author_is_reviewer",
    }
    assert events_of(drafted(PLAN), on(ask.RequestReview, reviewers=("bob", "bob"))) == ["ReviewRequested"]


def test_a_later_version_says_what_it_changes_before_it_is_reviewed() -> None:
    second = after(
        [added("1.1"), on(ask.AttachFile, "1.1", by="ada", file=file_of("c"))],
        approved(reviewed(in_review(drafted(PLAN)))),
    )
    ask_for_review = on(ask.RequestReview, "1.1", reviewers=("bob",))
    assert codes(second, ask_for_review) == {"change_missing"}
    assert (
        status(after([on(ask.DescribeChange, "1.1", by="ada", change=CHANGE), ask_for_review], second), "1.1")
        == "in_review"
    )


def test_a_review_is_asked_for_once() -> None:
    assert decide(in_review(), on(ask.RequestReview, reviewers=("bob", "dan"))) == []
    assert codes(in_review(), on(ask.RequestReview, reviewers=("bob",))) == {"wrong_status"}


def test_named_reviewers_comment_until_they_are_done() -> None:
    document = in_review()
    assert codes(document, on(ask.CommentOnVersion, comment_id="c1", by="eve", section=None, text="Hm.")) == {
        "not_a_reviewer"
    }
    commented = after([COMMENT], document)
    assert decide(commented, COMMENT) == []
    done = after([on(ask.CompleteReview, by="bob")], document)
    assert codes(done, COMMENT) == {"review_complete"}
    assert codes(drafted(), COMMENT) == {"wrong_status", "not_a_reviewer"}


def test_a_comment_is_resolved_once_by_an_author_or_by_who_wrote_it() -> None:
    commented = after([COMMENT], in_review())
    assert codes(commented, on(ask.ResolveComment, comment_id="c2", by="ada", resolution="-")) == {"comment_unknown"}
    assert codes(commented, on(ask.ResolveComment, comment_id="c1", by="dan", resolution="-")) == {"not_involved"}
    resolved = after([RESOLVE], commented)
    assert decide(resolved, RESOLVE) == []
    assert codes(resolved, on(ask.ResolveComment, comment_id="c1", by="bob", resolution="-")) == {"already_resolved"}


def test_only_named_reviewers_complete_a_review_and_each_once() -> None:
    assert codes(in_review(), on(ask.CompleteReview, by="eve")) == {"not_a_reviewer"}
    assert decide(reviewed(), on(ask.CompleteReview, by="bob")) == []


def test_a_returned_version_is_reviewed_by_everybody_again_and_keeps_its_comments() -> None:
    commented = after([COMMENT, on(ask.CompleteReview, by="dan"), RETURN], in_review())
    assert (status(commented), decide(commented, RETURN)) == ("draft", [])
    again = after([on(ask.RequestReview, reviewers=("bob", "dan"))], commented).versions[0]
    assert (again.round, again.reviewed_by, len(again.comments)) == (2, (), 1)
    assert codes(in_review(), on(ask.ReturnToDraft, by="bob", reason=None)) == {"reason_missing"}


def test_an_approval_is_refused_with_everything_that_is_missing() -> None:
    document = after([COMMENT], in_review())
    unfit = on(ask.ApproveVersion, at="2021-01", signature=signed(document, "0.1", by="ada", meaning="review"))
    assert codes(document, unfit) == {
        "review_incomplete",
        "comments_open",
        "meaning_differs",
        "author_is_approver",
        "before_last_step",
    }


def test_a_reviewed_version_is_approved_by_a_signature_of_its_content() -> None:
    document = reviewed()
    command = on(ask.ApproveVersion, signature=signed(document, "0.1"))
    assert events_of(document, command) == ["VersionApproved"]
    done = after([command], document)
    assert (status(done), done.versions[0].approval) == ("approved", command.signature)
    assert decide(done, command) == []
    assert codes(done, on(ask.ApproveVersion, signature=signed(done, "0.1", by="eve"))) == {"wrong_status"}


@pytest.mark.parametrize(
    "other", [{"version": "0.2"}, {"sha256": "f" * 64}, {"id": "doc-2"}, {"kind": "delegation_log"}]
)
def test_a_signature_of_anything_else_does_not_approve(other: dict[str, str]) -> None:
    document = reviewed()
    signature = signed(document, "0.1")
    moved = Signature.model_validate({**dict(signature), "binds": signature.binds.model_copy(update=other)})
    assert codes(document, on(ask.ApproveVersion, signature=moved)) == {"signature_does_not_bind"}


def test_a_signature_binds_the_synopsis_as_well_as_the_file() -> None:
    wider = SYNOPSIS.model_copy(update={"visits": SYNOPSIS.visits[:1]})
    other = after([on(ask.SetSynopsis, by="ada", synopsis=wider)], drafted())
    assert drafted().versions[0].file == other.versions[0].file
    assert drafted().versions[0].sha256 != other.versions[0].sha256
    plan = drafted(PLAN).versions[0]
    assert plan.file is not None
    assert plan.sha256 == plan.file.sha256


@pytest.mark.parametrize("document", [drafted(), in_review(), approved()])
def test_a_version_that_never_took_effect_can_be_given_up(document: ControlledDocument) -> None:
    given_up = after([WITHDRAW], document)
    assert (status(given_up), decide(given_up, WITHDRAW)) == ("withdrawn", [])
    assert codes(document, on(ask.WithdrawVersion, reason=None)) == {"reason_missing"}


def test_a_version_that_took_effect_cannot_be_given_up() -> None:
    assert codes(after([effective("0.1", GERMANY, "2023")], approved()), WITHDRAW) == {"wrong_status"}


def test_a_retired_document_stays_as_it_is() -> None:
    retired = after([effective("0.1", GERMANY, "2023"), RETIRE], approved())
    assert (retired.status, status(retired), decide(retired, RETIRE)) == ("retired", "obsolete", [])
    for command in (added("2.0", CHANGE), effective("0.1", Place(country="FR"), "2023")):
        assert "document_retired" in codes(retired, command)


def test_a_retirement_says_why_and_when_and_not_before_what_took_effect() -> None:
    document = after([effective("0.1", GERMANY, "2023")], approved())
    assert codes(document, ask.RetireDocument(occurred_at=None, reason=None)) == {
        "reason_missing",
        "occurred_at_missing",
    }
    assert codes(document, ask.RetireDocument(occurred_at="2022", reason="-")) == {"before_last_step"}


def test_assigned_readers_confirm_by_signature_that_they_understood() -> None:
    assign = on(ask.AssignReaders, readers=("eve", "dan"), due_on="2022-03")
    document = after([assign], approved())
    assert decide(document, assign) == []
    command = on(ask.AcknowledgeVersion, signature=signed(document, "0.1", by="eve", meaning="acknowledgement"))
    done = after([command], document)
    assert decide(done, command) == []
    assert done.versions[0].readers == (
        Reader(subject="eve", due_on="2022-03", signature=command.signature),
        Reader(subject="dan", due_on="2022-03"),
    )
    more = after([on(ask.AssignReaders, readers=("eve", "zoe"), due_on=None)], done)
    assert [one.subject for one in more.versions[0].readers] == ["eve", "dan", "zoe"]


def test_who_was_not_asked_does_not_confirm_and_nobody_with_another_meaning() -> None:
    document = after([on(ask.AssignReaders, readers=("eve",), due_on=None)], approved())
    stranger = on(ask.AcknowledgeVersion, signature=signed(document, "0.1", by="zoe", meaning="acknowledgement"))
    assert codes(document, stranger) == {"not_a_reader"}
    assert codes(document, on(ask.AcknowledgeVersion, signature=signed(document, "0.1", by="eve"))) == {
        "meaning_differs"
    }


def test_only_approved_versions_are_given_out_to_read() -> None:
    assert codes(in_review(), on(ask.AssignReaders, readers=("eve",), due_on=None)) == {"wrong_status"}
    assert codes(approved(), on(ask.AssignReaders, readers=(), due_on=None)) == {"readers_missing"}


@pytest.mark.parametrize(
    ("limit", "document", "command", "code"),
    [
        ("VERSIONS_MAX", after([WITHDRAW], drafted()), added("1.0"), "too_many_versions"),
        ("FILES_MAX", drafted(), on(ask.AttachFile, by="ada", file=file_of("b")), "too_many_files"),
        (
            "COMMENTS_MAX",
            after([COMMENT], in_review()),
            COMMENT.model_copy(update={"comment_id": "c2"}),
            "too_many_comments",
        ),
        ("PEOPLE_MAX", drafted(), on(ask.RequestReview, reviewers=("bob", "dan")), "too_many_reviewers"),
        ("PEOPLE_MAX", approved(), on(ask.AssignReaders, readers=("bob", "dan"), due_on=None), "too_many_readers"),
    ],
)
def test_every_list_has_its_end(
    monkeypatch: pytest.MonkeyPatch, limit: str, document: ControlledDocument, command: Any, code: str
) -> None:
    monkeypatch.setattr(document_rules, limit, 1)
    assert codes(document, command) == {code}


def test_a_third_version_follows_a_second() -> None:
    document = next_version(next_version(approved(), "1.0"), "2.0")
    assert [(one.number, one.status) for one in document.versions] == [(n, "approved") for n in ("0.1", "1.0", "2.0")]


def test_every_document_type_has_its_row_and_knows_where_it_takes_effect() -> None:
    local = {one.kind for one in DOCUMENT_TYPES.values() if one.places == "country_or_site"}
    assert {"protocol", "informed_consent_form"} <= local
    assert [one.unique_id for one in DOCUMENT_TYPES.values() if one.synopsis] == ["032"]
    assert DOCUMENT_TYPES["040"].number == "02.02.03"
    assert DAY
