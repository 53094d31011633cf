"""The story of a start-up as rows: what one row names, another has; papers are sound files and always the same."""

from collections import Counter
from datetime import date
from io import BytesIO

import pikepdf
from studyline.scenario.papers import paper
from studyline.scenario.start_up.story import STORY, Calendar


def test_five_of_twelve_candidates_are_selected_in_four_countries() -> None:
    assert (len(STORY.sites), len(STORY.selected)) == (12, 5)
    assert {one.country for one in STORY.selected} == {"DE", "FR", "GB", "US"} == set(STORY.study["countries"])
    assert {one.country: one.sites for one in STORY.targets} == Counter(one.country for one in STORY.selected)


def test_a_submission_names_documents_that_are_approved_before_it_is_submitted() -> None:
    for filing in STORY.submissions:
        for key in filing.documents:
            versions = [one for one in STORY.documents if one.key == key and one.wave <= filing.wave]
            assert versions, (filing.key, key)
            assert max(one.approved for one in versions) < filing.submitted, (filing.key, key)


def test_nothing_takes_effect_before_every_body_of_its_country_has_agreed() -> None:
    for filing in STORY.submissions:
        if filing.decided is not None:
            assert filing.decided < STORY.effect(filing.country, filing.wave), filing.key


def test_subjects_consent_at_open_sites_after_their_green_light() -> None:
    opened = {one.number: one.green for one in STORY.opened}
    assert all(opened[one.site] < one.consented < 0 for one in STORY.subjects)
    assert set(opened) == {one.site for one in STORY.subjects}


def test_a_calendar_is_found_again_by_the_first_day() -> None:
    calendar = Calendar(last=date(2026, 3, 1))
    assert Calendar.from_first(calendar(-450)) == calendar


def test_a_paper_is_a_whole_pdf_and_the_same_bytes_for_the_same_words() -> None:
    made = paper("Prüfplan (2.0)", ["Zeile \\ eins", "日本"])
    assert made == paper("Prüfplan (2.0)", ["Zeile \\ eins", "日本"])
    with pikepdf.open(BytesIO(made), suppress_warnings=False) as read:
        assert len(read.pages) == 1
        assert not read.get_warnings()
