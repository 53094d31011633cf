"""How a domain says no: with every unmet condition at once."""

from pydantic import BaseModel, ConfigDict


class Reason(BaseModel):
    """One unmet condition: a stable code, a sentence, and the field it concerns where there is one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    detail: str
    field: str | None = None


class Refused(Exception):  # noqa: N818 - an outcome of deciding, not an error
    """A rule forbids the command. Carries every reason, so that a caller can mend them in one go."""

    def __init__(self, *reasons: Reason) -> None:
        """Refuse for these reasons; at least one."""
        assert reasons, "a refusal needs a reason"
        super().__init__("; ".join(reason.detail for reason in reasons))
        self.reasons = reasons
