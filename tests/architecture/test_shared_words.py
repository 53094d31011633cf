"""Words that one service keeps as data and another rests on: where they part, figures would be missing in silence."""

import csv
from pathlib import Path
from typing import get_args

from contracts.sites import StudyMilestoneKind
from reporting.projections.cycle_times import CYCLES

KINDS = Path(__file__).parents[2] / "services/sites/src/sites/domain/milestone_kinds.csv"


def test_every_milestone_that_a_cycle_time_rests_on_is_one_that_sites_knows() -> None:
    with KINDS.open(encoding="utf-8") as rows:
        known = {(row["level"], row["kind"]) for row in csv.DictReader(rows)}
    known |= {("study", kind) for kind in get_args(StudyMilestoneKind)}
    rested_on = {(one.level, kind) for one in CYCLES for kind in (one.begins, one.ends)}
    assert rested_on <= known
