"""An import of files as a whole, against a platform that answers over HTTP and keeps what it is told."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from client import Addresses
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from studyline.importing import Summary, run_ctgov


class Platform:
    """Adopts any record but studies of the sponsor `Refused`."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.app = Starlette(routes=[Route("/v1/adoptions/{what}", self.adopt, methods=["POST"])])

    async def adopt(self, request: Request) -> JSONResponse:
        records = (await request.json())["records"]
        self.received += [(request.path_params["what"], record) for record in records]
        return JSONResponse({"results": [_result(index, record) for index, record in enumerate(records)]})

    def of(self, what: str, field: str) -> list[Any]:
        return [record[field] for kind, record in self.received if kind == what]


def _result(index: int, record: dict[str, Any]) -> dict[str, Any]:
    if record.get("sponsor") == {"name": "Refused"}:
        problem = {"code": "refused", "field": "sponsor", "detail": "is another's study"}
        return {"index": index, "key": record["key"], "outcome": "rejected", "problems": [problem]}
    return {"index": index, "key": record["key"], "outcome": "adopted", "id": f"id-{record['key']}"}


@asynccontextmanager
async def serving(platform: Platform) -> AsyncGenerator[Addresses]:
    config = uvicorn.Config(platform.app, port=0, log_level="warning", lifespan="off")
    server, socket = uvicorn.Server(config), config.bind_socket()
    task = asyncio.create_task(server.serve([socket]))
    try:
        url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        yield Addresses(sites=url, monitoring=url, regulatory=url, reporting=url)
    finally:
        server.should_exit = True
        await task


def study(number: int, sponsor: str = "Acme", title: str = "A Trial") -> dict[str, Any]:
    location = {"facility": "Research Site", "city": "Paris", "country": "France"}
    return {
        "protocolSection": {
            "identificationModule": {"nctId": f"NCT{number:08}", "briefTitle": title},
            "statusModule": {"overallStatus": "UNKNOWN"},
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": sponsor}},
            "contactsLocationsModule": {"locations": [location, location]},
        }
    }


def a_file(directory: Path, *studies: object) -> Path:
    path = directory / "studies"
    path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in studies))
    return path


async def imported(platform: Platform, path: Path) -> Summary:
    async with serving(platform) as addresses:
        return await run_ctgov([path], addresses, "t0ken")


async def test_studies_go_before_their_sites_and_all_is_counted(tmp_path: Path) -> None:
    platform = Platform()
    summary = await imported(platform, a_file(tmp_path, *(study(number) for number in range(900))))
    assert {kind: dict(verdicts) for kind, verdicts in summary.records.items()} == {
        "studies": {"adopted": 900},
        "sites": {"adopted": 1_800},
    }
    assert platform.received[0][0] == "studies"
    assert len(set(platform.of("studies", "key"))) == 900
    assert summary.exit_code == 0


async def test_a_bad_line_is_reported_and_the_others_are_sent(tmp_path: Path) -> None:
    platform = Platform()
    summary = await imported(platform, a_file(tmp_path, study(1), '{"broken', study(2)))
    assert platform.of("studies", "key") == ["NCT00000001", "NCT00000002"]
    assert [(problem.file, problem.line) for problem in summary.problems] == [("studies", 2)]
    assert summary.exit_code == 3


async def test_the_sites_of_a_rejected_study_are_not_sent(tmp_path: Path) -> None:
    platform = Platform()
    summary = await imported(platform, a_file(tmp_path, study(1, sponsor="Refused"), study(2)))
    assert len(platform.of("sites", "key")) == 2
    assert summary.records["sites"] == {"adopted": 2, "rejected": 2}
    assert [(problem.line, problem.record) for problem in summary.problems] == [(1, "NCT00000001")]


async def test_of_a_study_that_comes_twice_the_later_record_has_the_last_word(tmp_path: Path) -> None:
    platform = Platform()
    await imported(platform, a_file(tmp_path, study(1, title="Before"), study(2), study(1, title="After")))
    assert platform.of("studies", "title")[-1] == "After"
