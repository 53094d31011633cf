"""Real studies through the real platform: exact figures whatever is killed, and a second import changes nothing.

The figures are counted here from the files themselves, by other code than the importers'.
"""

import asyncio
import csv
import gzip
import io
import json
import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from platform_user import User, eventually
from studyline.testing import Servers

ROOT = Path(__file__).parents[2]
PORTFOLIO = ROOT / "deploy" / "portfolio"
GIVEN = ROOT.parent / "shared" / "data" / "given"
REGISTRY = next(
    path for path in (GIVEN / "ctgov" / "studies.ndjson.gz", PORTFOLIO / "ctgov.ndjson.gz") if path.exists()
)
CTMS = next(path for path in (GIVEN / "ctms" / "clindata_AA-AA-000-0000", PORTFOLIO / "ctms") if path.exists())
KILLS = 4
SEED = 20_261_124

pytestmark = pytest.mark.timeout(900)


def registry_records() -> list[dict[str, Any]]:
    with gzip.open(REGISTRY, "rt") as lines:
        return [json.loads(line)["protocolSection"] for line in lines]


def table(name: str) -> list[dict[str, str]]:
    [path] = [path for path in CTMS.iterdir() if path.name.startswith(f"{name}.csv")]
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


async def studyline(servers: Servers, *words: str) -> dict[str, Any]:
    """Run the command as its user does; its summary."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "studyline.cli", "import", *words, "--data", str(servers.data), "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return json.loads(out)


async def kill_now_and_then(servers: Servers, *names: str) -> None:
    """Kill services, again and again, as a machine that fails would; the supervisor brings them back."""
    chance = random.Random(SEED)  # noqa: S311 - a fixed seed makes a failure repeatable
    for number in range(KILLS):
        await asyncio.sleep(chance.uniform(0.5, 3.0))
        with suppress(ProcessLookupError):
            os.kill(servers.state().pids[names[number % len(names)]], signal.SIGKILL)


async def timeline_length(user: User, study: str) -> int:
    return len(await user.all("reporting", "/timeline", study=study))


@pytest.fixture(scope="module")
async def imported(stack: Servers) -> Servers:
    """Both extracts, while services that publish (with their relays) and the one that folds are killed."""
    killing = asyncio.create_task(kill_now_and_then(stack, "reporting", "sites"))
    await studyline(stack, "ctgov", str(REGISTRY))
    await killing
    killing = asyncio.create_task(kill_now_and_then(stack, "reporting", "monitoring"))
    await studyline(stack, "ctms", str(CTMS))
    await killing
    return stack


async def test_every_study_and_site_is_found_with_its_sponsor_dates_and_status(imported: Servers) -> None:
    user, records = User(imported, "operations"), registry_records()
    expected = {record["identificationModule"]["nctId"]: record for record in records}

    async def read() -> dict[str, dict[str, Any]]:
        studies = await user.all("reporting", "/studies")
        return {one["registry_ids"][0]: one for one in studies if one["registry_ids"]}

    def sites(found: dict[str, dict[str, Any]]) -> int:
        return sum(one["counts"]["sites"] for name, one in found.items() if name in expected)

    places = sum(len(one.get("contactsLocationsModule", {}).get("locations", [])) for one in records)
    found = await eventually(read, lambda found: found.keys() >= expected.keys() and sites(found) == places, 120)
    assert sites(found) == places
    for name, record in expected.items():
        assert_same(found[name], record)


def assert_same(study: dict[str, Any], record: dict[str, Any]) -> None:
    """A study against its registry record."""
    status, sponsor = record["statusModule"], record["sponsorCollaboratorsModule"]["leadSponsor"]["name"]
    assert study["sponsor"]["name"] == sponsor
    assert study["protocol_number"] == record["identificationModule"]["orgStudyIdInfo"]["id"]
    assert study["status"] == status["overallStatus"].removesuffix("_STATUS").lower()
    assert study["counts"]["sites"] == len(record.get("contactsLocationsModule", {}).get("locations", []))
    milestones = {one["kind"]: one for one in study["milestones"]}
    assert milestones["first_submitted"]["actual"] == status["studyFirstSubmitDate"]
    for kind, name in (("study_start", "startDateStruct"), ("study_completion", "completionDateStruct")):
        given = status.get(name)
        if given is None:
            assert kind not in milestones
        elif "type" in given:
            side = {"ACTUAL": "actual"}.get(given["type"], "planned")
            assert milestones[kind][side] == given["date"]


async def test_a_study_of_many_sites_has_each_of_them_with_its_city_and_country(imported: Servers) -> None:
    user = User(imported, "operations")
    record = max(registry_records(), key=lambda one: len(one.get("contactsLocationsModule", {}).get("locations", [])))
    number = record["identificationModule"]["nctId"]
    locations = record["contactsLocationsModule"]["locations"]
    [study] = await user.all("reporting", "/studies", registry_id=number)
    sites = await user.all("reporting", f"/studies/{study['study_id']}/sites")
    assert len({site["site_id"] for site in sites}) == len(locations)
    assert sorted(site["city"] for site in sites) == sorted(one["city"] for one in locations)
    assert {len(site["country"]) for site in sites} == {2}


async def test_the_ctms_study_counts_exactly_what_its_tables_hold(imported: Servers) -> None:
    user = User(imported, "operations")
    enrolled, deviations, adverse = table("rawplus_enroll"), table("ctms_protdev"), table("rawplus_ae")
    sites = {one["site_num"] for one in table("ctms_site")} | {one["siteid"] for one in enrolled}
    expected = {
        "countries": 3,
        "sites": len(sites),
        "active_sites": len(table("ctms_site")),
        "subjects": len(enrolled),
        "enrolled": sum(one["enrollyn"] == "Y" for one in enrolled),
        "subject_visits": len(table("rawplus_visdt")),
        "protocol_deviations": len(deviations),
        "important_deviations": sum(one["deemedimportant"] == "Yes" for one in deviations),
        "adverse_events": len(adverse),
        "serious_adverse_events": sum(one["aeser"] == "Y" for one in adverse),
    }

    async def counts() -> dict[str, int]:
        [study] = await user.all("reporting", "/studies", protocol_number="AA-AA-000-0000")
        return study["counts"]

    assert await eventually(counts, lambda found: found == expected, 120) == expected


async def test_importing_again_changes_nothing(imported: Servers) -> None:
    user = User(imported, "operations")
    [study] = await user.all("reporting", "/studies", protocol_number="AA-AA-000-0000")
    before = await timeline_length(user, study["study_id"])
    for words in (("ctgov", str(REGISTRY)), ("ctms", str(CTMS))):
        again = await studyline(imported, *words)
        verdicts = {verdict for counts in again["records"].values() for verdict, count in counts.items() if count}
        assert verdicts == {"unchanged"}
    assert await timeline_length(user, study["study_id"]) == before


async def test_every_event_has_its_one_entry_in_the_timeline(imported: Servers) -> None:
    user = User(imported, "operations")
    [study] = await user.all("reporting", "/studies", protocol_number="AA-AA-000-0000")
    entries = await user.all("reporting", "/timeline", study=study["study_id"])
    assert len({one["event_id"] for one in entries}) == len(entries)
    assert {one["provenance"] for one in entries} == {"migrated"}
    visits = [one for one in entries if one["kind"] == "subject_visit_completed"]
    assert len(visits) == len(table("rawplus_visdt"))
