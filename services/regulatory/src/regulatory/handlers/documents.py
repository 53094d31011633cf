"""Commands for controlled documents. A study or site is known once its event has come from `sites`."""

from dataclasses import dataclass

from chassis.commands import Builder, Unit
from chassis.problems import not_found
from kernel import BusinessTime

from regulatory.domain.document_commands import CreateDocument, EndEffect, MakeEffective, OfVersion
from regulatory.domain.document_places import Place
from regulatory.handlers.known import require_site, require_study
from regulatory.store import DOCUMENTS


@dataclass(frozen=True)
class Where:
    """A place as a client names it: a country, a site (its country is known here), or neither for everywhere."""

    country: str | None = None
    site_id: str | None = None


@dataclass(frozen=True)
class NewDocument:
    """What a client says of a document to create."""

    study_id: str
    type_id: str
    title: str
    language: str | None
    where: Where


def create_document(document_id: str, asked: NewDocument, at: BusinessTime) -> Builder[CreateDocument]:
    """Create a document for a study that is known, or for a country or site of it."""

    async def build(unit: Unit) -> CreateDocument:
        study = await require_study(unit, asked.study_id)
        return CreateDocument(
            occurred_at=at,
            document_id=document_id,
            study_id=asked.study_id,
            sponsor_id=study["sponsor"],
            type_id=asked.type_id,
            title=asked.title,
            language=asked.language,
            place=await _place(unit, asked.study_id, asked.where),
        )

    return build


def of_version(document_id: str, command: OfVersion) -> Builder[OfVersion]:
    """A command about a version that must be there: the 404 problem where document or version is not."""

    async def build(unit: Unit) -> OfVersion:
        document = await unit.require(DOCUMENTS, document_id)
        if document.version(command.version) is None:
            raise not_found("version", command.version)
        return command

    return build


def make_effective(document_id: str, version: str, where: Where, at: BusinessTime) -> Builder[MakeEffective]:
    """Let a version take effect everywhere, in a country, or at a site of the document's study."""

    async def build(unit: Unit) -> MakeEffective:
        document = await unit.require(DOCUMENTS, document_id)
        if document.version(version) is None:
            raise not_found("version", version)
        place = await _place(unit, document.study_id, where)
        # What takes effect for all of a document's place need not name it.
        place = document.place if place == Place() and document.type.places == "global" else place
        return MakeEffective(occurred_at=at, version=version, place=place)

    return build


def end_effect(document_id: str, where: Where, at: BusinessTime, reason: str | None) -> Builder[EndEffect]:
    """End what is in effect everywhere, in a country, or at a site of the document's study."""

    async def build(unit: Unit) -> EndEffect:
        document = await unit.require(DOCUMENTS, document_id)
        place = await _place(unit, document.study_id, where)
        return EndEffect(occurred_at=at, place=place, reason=reason)

    return build


async def _place(unit: Unit, study_id: str, where: Where) -> Place:
    if where.site_id is None:
        return Place(country=where.country)
    site = await require_site(unit, study_id, where.site_id)
    return Place(country=site["country"], site_id=where.site_id)
