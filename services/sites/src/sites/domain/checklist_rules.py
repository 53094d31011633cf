"""The checklist of start-up as rules: which items a green light needs, where each applies, and what meets it.

The rows stand in `checklist_items.csv` (TMF Reference Model 3.3.1 numbers with their unique ids, milestone 03 "Site
Live"). A study that has set up its start-up takes the rows that its facts call for, frozen with their version; a study
that has not needs the three `core` items, as every study did before there were checklists.
"""

import csv
from collections.abc import Iterable
from importlib.resources import files
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

BY_HAND: Final = "by_hand"
CORE_VERSION: Final = "core"

Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)]
Maybe = BeforeValidator(lambda value: value or None)
Product = Literal["drug", "device", "none"]
ProductGate = Literal["receipt", "release", "both"]

FLAGS: Final = {
    "drug": "an investigational medicinal product",
    "device": "an investigational device",
    "ind": "an IND study",
    "open_label": "an open-label study",
    "laboratory": "laboratory results",
    "systems": "electronic systems at the site",
    "receipt": "the receipt of the product before the green light",
    "release": "the release of the product before the green light",
    "sub_investigator": "a sub-investigator on the delegation log",
}
"""What a row may depend on, in words: facts of the study, and of the site where they end in `investigator`."""


class Rule(BaseModel):
    """One item of the checklist. `item` numbers the green light's ten heads; `tmf` is number(unique id)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    item: int = Field(ge=1, le=10)
    title: str
    tmf: str = Field(pattern=r"^\d\d\.\d\d\.\d\d\(\d{3}\)$")
    met_by: str
    person: Annotated[Literal["principal_investigator"] | None, Maybe] = None
    covers: Annotated[Literal["protocol", "consent_form"] | None, Maybe] = None
    needs: Words = ()
    unless: Words = ()
    countries: Words = ()
    waivable: bool
    core: bool
    mend: str
    source: str
    version: str
    valid_from: str

    @property
    def by_hand(self) -> bool:
        """Whether people record its evidence; all other evidence comes as events."""
        return self.met_by == BY_HAND

    def why_not(self, flags: frozenset[str], country: str) -> str | None:
        """Why the item does not apply there, as a sentence; None where it does."""
        lacking = [FLAGS[one] for one in self.needs if one not in flags]
        if lacking:
            return f"It applies only with {' and '.join(lacking)}."
        barred = [FLAGS[one] for one in self.unless if one in flags]
        if barred:
            return f"It does not apply with {' and '.join(barred)}."
        if self.countries and country not in self.countries:
            return f"It does not apply in {country}."
        return None


class StudyFacts(BaseModel):
    """What of a study decides on its checklist. Versions are named as approvals name what they cover."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product: Product = "drug"
    ind: bool = False
    open_label: bool = False
    laboratory: bool = True
    systems: bool = True
    product_gate: ProductGate = "receipt"
    protocol_version: str | None = None
    consent_form_version: str | None = None

    @property
    def flags(self) -> frozenset[str]:
        """The facts as rows name them."""
        gates = ("receipt", "release") if self.product_gate == "both" else (self.product_gate,)
        named = {name for name in ("ind", "open_label", "laboratory", "systems") if getattr(self, name)}
        return frozenset({self.product, *gates, *named} & FLAGS.keys())


def read_rules() -> tuple[Rule, ...]:
    """The rows of the package, in the order of the green light. Raises where a row is no rule."""
    text = files("sites.domain").joinpath("checklist_items.csv").read_text(encoding="utf-8")
    return checked(Rule.model_validate(row) for row in csv.DictReader(text.splitlines()))


def checked(rows: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rows, where their codes are distinct and they depend only on what is known."""
    rules = tuple(rows)
    assert len({rule.code for rule in rules}) == len(rules), "two rows have the same code"
    strange = {word for rule in rules for word in (*rule.needs, *rule.unless)} - FLAGS.keys()
    assert not strange, f"rows depend on unknown facts: {sorted(strange)}"
    return rules


RULES: Final = read_rules()
CORE: Final = tuple(rule for rule in RULES if rule.core)
CODES: Final = frozenset(rule.code for rule in RULES)
RULES_VERSION: Final = max(rule.version for rule in RULES)
