"""What can go wrong between a client and a service, as exceptions whose text is fit to be shown to a user."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError


class ProblemDocument(BaseModel):
    """The members of an RFC 9457 problem document; members beyond these are kept as they came."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    instance: str | None = None
    request_id: str | None = None
    errors: tuple[dict[str, JsonValue], ...] = ()
    reasons: tuple[dict[str, JsonValue], ...] = Field(default=(), description="The unmet conditions of a refusal")


class ClientError(Exception):
    """The base of what this package raises."""


class ApiProblem(ClientError):  # noqa: N818 - after the problem document it carries
    """A service answered, and not with success.

    `retry_after_seconds` is how long the service asks to wait, where it says so.
    """

    def __init__(self, status: int, document: ProblemDocument, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{document.detail or document.title or 'The service gave no reason.'} (HTTP {status})")
        self.status = status
        self.document = document
        self.retry_after_seconds = retry_after_seconds

    @property
    def code(self) -> str:
        """The stable last part of the problem's type, such as `refused`, or `about:blank`."""
        return self.document.type.rsplit("/", 1)[-1]


class Unreachable(ClientError):  # noqa: N818 - reads as a sentence
    """A service did not answer for as long as the client was patient."""


class UnexpectedAnswer(ClientError):  # noqa: N818 - reads as a sentence
    """A service answered with success and a body of another form than its contract has."""


def parse_problem(status: int, body: bytes, reason: str) -> ProblemDocument:
    """Read a problem document; another body (a proxy's page) becomes one with the status' own phrase."""
    try:
        return ProblemDocument.model_validate_json(body)
    except ValidationError:
        return ProblemDocument(title=reason, status=status)
