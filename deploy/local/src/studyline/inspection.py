"""Verifying and reading journals from outside their services: where they lie, and what vouches for them."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError
from chassis.commands import Aggregate
from chassis.kafka import Cluster
from chassis.mongo import Database, PyMongoError
from chassis.seal_keys import PublicKeys, load_public_keys
from chassis.trail.anchors import AnchorError, CheckpointFile
from chassis.trail.audit import BundleError, Trail, read_manifest
from chassis.trail.findings import Report
from chassis.trail.inspecting import Anchor, anchor_of, inspect

from studyline.errors import StackError
from studyline.paths import Layout
from studyline.replica_set import DATABASES
from studyline.seals import SEALED, checkpoint_file
from studyline.state import StackState, load_ready_state


@dataclass(frozen=True)
class Source:
    """Where one service's journal lies, and where its checkpoints are kept."""

    service: str
    database: Database
    anchor: Anchor


def verify_folder(folder: Path, keys: PublicKeys) -> list[Report]:
    """Check an exported trail without any database. Raises StackError where it cannot be read."""
    try:
        manifest = read_manifest(folder)
        trails = [Trail.read(service, manifest.study, folder / service) for service in manifest.services]
    except BundleError as error:
        raise StackError(str(error)) from error
    return [trail.verify(keys) for trail in trails]


async def verify_services(sources: Sequence[Source], keys: PublicKeys, *, replay: bool) -> list[Report]:
    """Check services one after the other. Raises StackError where an anchor cannot be read."""
    reports: list[Report] = []
    for source in sources:
        aggregates = aggregates_of(source.service) if replay else ()
        try:
            reports.append(await inspect(source.service, source.database, source.anchor, keys, aggregates))
        except AnchorError as error:
            raise StackError(str(error)) from error
        except (PyMongoError, KafkaError, OSError) as error:
            raise StackError(f"{source.service} cannot be read ({error}): see `studyline status`") from error
        finally:
            source.database.close()
    return reports


def public_keys(files: Sequence[Path]) -> PublicKeys:
    """Read public keys. Raises StackError where there is none, or one is none."""
    if not files:
        raise StackError("There is no public key to verify with: name one with --key")
    try:
        return load_public_keys(files)
    except ValueError as error:
        raise StackError(str(error)) from error


def aggregates_of(service: str) -> list[Aggregate[Any, Any, Any]]:
    """What the service keeps, from its own package. Raises StackError where that is not installed."""
    try:
        store = importlib.import_module(f"{service}.store")
    except ImportError as error:
        raise StackError(f"The package of {service} is not installed here: --replay needs its rules") from error
    return [one for one in vars(store).values() if isinstance(one, Aggregate)]


def stack_source(layout: Layout, state: StackState, service: str) -> Source:
    """A service of a running stack: the operator's credentials, the topic and the file."""
    database = Database.connect(state.mongodb, DATABASES[service])
    file = CheckpointFile(checkpoint_file(layout, service))
    return Source(service, database, anchor_of(service, Cluster(state.kafka), file))


@dataclass(frozen=True)
class Elsewhere:
    """A journal that is not the stack's: the operator names its database and the file of its checkpoints."""

    mongodb: str | None
    database: str | None
    checkpoints: Path | None


def sources_of(layout: Layout, target: str | None, elsewhere: Elsewhere) -> list[Source]:
    """The journals to verify: one service's, or of the stack every one. Raises StackError with what was expected."""
    if target is not None and target not in SEALED:
        raise StackError(f"Name one of {', '.join(SEALED)}, --all, or a folder that `studyline audit export` wrote")
    uri, name, checkpoints = elsewhere.mongodb, elsewhere.database, elsewhere.checkpoints
    if uri is None:
        state = load_ready_state(layout)
        return [stack_source(layout, state, one) for one in ([target] if target else SEALED)]
    if target is None or name is None or checkpoints is None:
        raise StackError("With --mongodb name one service, its --database and its --checkpoints file")
    return [Source(target, Database.connect(uri, name), anchor_of(target, None, CheckpointFile(checkpoints)))]
