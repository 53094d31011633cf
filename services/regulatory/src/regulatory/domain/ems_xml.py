"""`exchange.xml` of eTMF-EMS 1.0.2, written and read one OBJECT at a time: a transfer may hold tens of thousands.

One table says which element carries what, in the standard's order; writing and reading both go by it. What is read is
hostile until shown otherwise: a document type definition ends it before any entity could be expanded, depth and
lengths are bounded, and every flaw is told with the object it stands in.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from pydantic import BaseModel, ValidationError

from regulatory.domain.ems import NAMESPACE, EmsAuditRecord, EmsBatch, EmsFile, EmsMetadata, EmsObject, EmsSignature

PART_BYTES: Final = 65_536
TEXT_CHARACTERS_MAX: Final = 20_000
DEPTH_MAX: Final = 5
OBJECTS_MAX: Final = 200_000

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Table = Mapping[str, str]
BATCH: Final[Table] = {
    "STUDYSYSTEMID": "study_system_id",
    "STUDYID": "study_id",
    "EVENTID": "event_id",
    "TRANSFERSOURCEID": "transfer_source_id",
    "TRANSFERID": "transfer_id",
    "SPECIFICATIONID": "specification_id",
    "TMFRMVERSION": "tmf_rm_version",
}
OBJECT: Final[Table] = {
    "OBJECTID": "object_id",
    "OBJECTLEVEL": "level",
    "COUNTRYID": "country",
    "SITESYSTEMID": "site_system_id",
    "SITEID": "site_id",
    "UNIQUEID": "unique_id",
    "ARTIFACTNUMBER": "artifact_number",
    "PERSONNAME": "person_names",
    "ORGANIZATIONNAME": "organization",
    "OBJECTLANGUAGE": "language",
    "TRANSLATION": "translation",
    "OBJECTVERSION": "version",
    "OBJECTVERSIONSTATE": "state",
    "OBJECTTITLE": "title",
    "SUBARTIFACT": "sub_artifact",
    "OBJECTCOPY": "copy_of_original",
    "OBJECTEXPIRYDATE": "expiry_date",
    "RESTRICTED": "restricted",
    "RENTENTIONDATE": "retention_date",
    "ARTIFACTDATE": "artifact_date",
    "DATEDESCRIPTION": "date_description",
    "FILE": "files",
    "METADATA": "metadata",
}
FILE: Final[Table] = {
    "INTEGRITY": "integrity",
    "FILENAME": "filename",
    "CONTENTURL": "content_url",
    "FILEDESCRIPTION": "description",
    "SIGNATURE": "signatures",
    "AUDITRECORD": "audit",
}
SIGNATURE: Final[Table] = {
    "SIGNATUREMETHODOLOGY": "methodology",
    "USEROID": "user_oid",
    "SIGNATURENAME": "name",
    "SIGNATUREDATETIME": "at",
    "SIGNATUREREASON": "reason",
}
AUDITRECORD: Final[Table] = {
    "AUDITID": "audit_id",
    "DATETIMESTAMP": "at",
    "USERREF": "user_ref",
    "AUDITENTRYTYPE": "entry_type",
    "AUDITEVENT": "event",
}
TABLES: Final[Mapping[str, Table]] = {
    "OBJECT": OBJECT,
    "FILE": FILE,
    "SIGNATURE": SIGNATURE,
    "AUDITRECORD": AUDITRECORD,
}
MANY: Final = frozenset({"person_names", "files", "metadata", "signatures", "audit"})


# Writing


def opening(batch: EmsBatch) -> str:
    """The beginning of the document."""
    told = {name: getattr(batch, attribute) for name, attribute in BATCH.items()}
    attributes = "".join(f" {name}={quoteattr(_plain(value))}" for name, value in told.items() if value is not None)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<BATCH xmlns={quoteattr(NAMESPACE)}{attributes}>\n'


def written(one: EmsObject) -> str:
    """One object."""
    return "".join(_element("OBJECT", one, 1))


def closing() -> str:
    """The end of the document."""
    return "</BATCH>\n"


def _element(name: str, one: BaseModel, depth: int) -> Iterator[str]:
    margin = "  " * depth
    yield f"{margin}<{name}>\n"
    for child, attribute in TABLES[name].items():
        value = getattr(one, attribute)
        for item in value if attribute in MANY else [value]:
            if item is not None:
                yield from _child(child, item, depth + 1)
    yield f"{margin}</{name}>\n"


def _child(name: str, value: object, depth: int) -> Iterator[str]:
    margin = "  " * depth
    match value:
        case EmsFile() | EmsSignature() | EmsAuditRecord():
            yield from _element(name, value, depth)
        case EmsMetadata():
            yield f"{margin}<{name} NAME={quoteattr(_plain(value.name))}>{escape(_plain(value.value))}</{name}>\n"
        case _:
            yield f"{margin}<{name}>{escape(_plain(str(value)))}</{name}>\n"


def _plain(text: str) -> str:
    """Without the control characters that XML 1.0 has no way to write."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


# Reading


@dataclass(frozen=True)
class Flaw:
    """What is wrong, and in which object where it stands in one."""

    object_id: str | None
    code: str
    detail: str
    field: str | None = None


@dataclass
class _Open:
    """An element that has begun."""

    name: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    position: int = -1
    text: list[str] = field(default_factory=list[str])
    characters: int = 0
    faults: list[str] = field(default_factory=list[str])


@dataclass
class ExchangeReader:
    """Reads an `exchange.xml`; `batch` and `flaws` are complete once `objects` has come to its end."""

    batch: EmsBatch | None = None
    flaws: list[Flaw] = field(default_factory=list[Flaw])
    _stack: list[_Open] = field(default_factory=list[_Open])
    _ready: list[EmsObject] = field(default_factory=list[EmsObject])
    _count: int = 0

    def objects(self, content: IO[bytes]) -> Iterator[EmsObject]:
        """The objects that are as they should be, in their order; of the others there are flaws."""
        parser = self._parser()
        try:
            while part := content.read(PART_BYTES):
                parser.Parse(part, False)  # noqa: FBT003 - the library's own signature
                yield from self._taken()
            parser.Parse(b"", True)  # noqa: FBT003 - the library's own signature
        except _RefusedError as refused:
            self.flaws.append(Flaw(None, refused.code, refused.detail))
        except expat.ExpatError as error:
            detail = f"exchange.xml is not well-formed: {error}."
            self.flaws.append(Flaw(None, "not_well_formed", detail))
        yield from self._taken()

    def _taken(self) -> Sequence[EmsObject]:
        taken, self._ready = self._ready, []
        return taken

    def _parser(self) -> Any:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_definition
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        return parser

    def _begin(self, qualified: str, attributes: dict[str, str]) -> None:
        namespace, _, name = qualified.rpartition(" ")
        if namespace != NAMESPACE:
            raise _RefusedError("wrong_namespace", f"The element {name} is not of {NAMESPACE}.")
        if not self._stack:
            self._begin_batch(name, attributes)
        elif len(self._stack) > DEPTH_MAX:
            raise _RefusedError("too_deep", f"{name} lies deeper than anything of the standard.")
        else:
            self._begin_inside(self._stack[-1], name, attributes)

    def _begin_batch(self, name: str, attributes: dict[str, str]) -> None:
        if name != "BATCH":
            raise _RefusedError("no_batch", f"The document begins with {name}: a transfer begins with BATCH.")
        try:
            self.batch = EmsBatch.model_validate({BATCH.get(key, key): value for key, value in attributes.items()})
        except ValidationError as error:
            self.flaws += _flaws_of(None, error, {value: key for key, value in BATCH.items()})
        self._stack.append(_Open("BATCH"))

    def _begin_inside(self, above: _Open, name: str, attributes: dict[str, str]) -> None:
        order = list(TABLES.get(above.name, {"OBJECT": ""} if above.name == "BATCH" else {}))
        if name not in order:
            raise _RefusedError("unknown_element", f"{name} has no place in {above.name}.")
        position = order.index(name)
        if position < above.position:
            above.faults.append(f"{name} stands after {order[above.position]}")
        above.position = max(above.position, position)
        opened = _Open(name)
        opened.values |= {"name": attributes.get("NAME")} if name == "METADATA" else {}
        self._stack.append(opened)

    def _characters(self, text: str) -> None:
        if not self._stack:
            return
        current = self._stack[-1]
        current.characters += len(text)
        if current.name not in {"BATCH", *TABLES} and current.characters > TEXT_CHARACTERS_MAX:
            raise _RefusedError("too_long", f"{current.name} holds more than {TEXT_CHARACTERS_MAX} characters.")
        if current.name in {"BATCH", *TABLES}:
            if text.strip():
                raise _RefusedError("stray_text", f"There is text between the elements of {current.name}.")
        else:
            current.text.append(text)

    def _end(self, _: str) -> None:
        done = self._stack.pop()
        if done.name == "OBJECT":
            self._finish(done)
        elif done.name != "BATCH":
            self._put(self._stack[-1], done)

    def _put(self, above: _Open, done: _Open) -> None:
        attribute = TABLES[above.name][done.name]
        above.faults += done.faults
        value: Any = done.values if done.name in TABLES else "".join(done.text)
        if done.name == "METADATA":
            value = {**done.values, "value": value}
        elif isinstance(value, str) and attribute not in FREE_TEXT:
            value = value.strip()
        if attribute in MANY:
            above.values.setdefault(attribute, []).append(value)
        elif attribute in above.values:
            above.faults.append(f"{done.name} stands twice")
        else:
            above.values[attribute] = value

    def _finish(self, done: _Open) -> None:
        self._count += 1
        if self._count > OBJECTS_MAX:
            raise _RefusedError("too_many_objects", f"A transfer holds at most {OBJECTS_MAX} objects. Send several.")
        key = str(done.values.get("object_id") or f"number {self._count}")
        self.flaws += [Flaw(key, "wrong_order", f"{fault}.") for fault in done.faults]
        try:
            one = EmsObject.model_validate(done.values)
        except ValidationError as error:
            self.flaws += _flaws_of(key, error, {value: name for name, value in OBJECT.items()})
        else:
            self._ready.append(one)


FREE_TEXT: Final = frozenset({"title", "description", "date_description", "event", "reason", "sub_artifact"})


class _RefusedError(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def _refuse_definition(*_: object) -> None:
    raise _RefusedError("document_type_definition", "exchange.xml has a document type definition: none is taken.")


def _flaws_of(object_id: str | None, error: ValidationError, names: Mapping[str, str]) -> list[Flaw]:
    found: list[Flaw] = []
    for item in error.errors(include_url=False, include_input=False):
        path = [names.get(str(part), str(part)) for part in item["loc"]]
        text = item["msg"].removeprefix("Value error, ")
        found.append(Flaw(object_id, "invalid", f"{'.'.join(path)}: {text}.", ".".join(path)))
    return found
