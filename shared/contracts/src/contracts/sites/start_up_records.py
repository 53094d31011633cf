"""What start-up keeps a record of at a site: its contract, shipments of the product, delegations, trainings."""

from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import SiteEvent

ContractParty = Literal["sponsor", "cro", "institution", "principal_investigator"]
ShipmentTemperature = Literal["within_limits", "excursion", "no_log"]
StaffRole = Literal["sub_investigator", "study_coordinator", "study_nurse", "pharmacist", "laboratory_staff", "other"]
TrainingTopic = Literal[
    "gcp", "protocol", "informed_consent", "safety_reporting", "product_handling", "samples", "systems", "licence"
]


class SiteContractEvent(SiteEvent):
    """What every event of a site's contract carries."""

    contract_id: str


class SiteContractDrafted(SiteContractEvent):
    """There is a draft of the clinical trial agreement."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.drafted.v1"
    parties: tuple[ContractParty, ...]


class SiteContractNegotiated(SiteContractEvent):
    """Its text is under negotiation."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.negotiated.v1"


class SiteContractAgreed(SiteContractEvent):
    """Its text is agreed."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.agreed.v1"


class SiteBudgetAgreed(SiteContractEvent):
    """The budget is agreed."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.budget-agreed.v1"


class SiteContractSigned(SiteContractEvent):
    """A party signed, and others still have to."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.signed.v1"
    party: ContractParty


class SiteContractExecuted(SiteContractEvent):
    """The last party signed: the contract with its budget is in force (TMF Reference Model 05.02.12)."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.executed.v1"
    ends_on: BusinessTime | None


class SiteContractAmended(SiteContractEvent):
    """It is in force with an amendment more."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.amended.v1"
    ends_on: BusinessTime | None = Field(description="Where the amendment moves the end")


class SiteContractEnded(SiteContractEvent):
    """It is in force no more, or did not come about."""

    TYPE: ClassVar[str] = "studyline.sites.site-contract.ended.v1"
    because: Literal["expired", "terminated", "site_closed", "superseded", "other"]


class IpShipmentEvent(SiteEvent):
    """What every event of a shipment of the investigational product carries; no kit numbers: they unblind."""

    shipment_id: str


class IpShipmentRequested(IpShipmentEvent):
    """The site needs a shipment."""

    TYPE: ClassVar[str] = "studyline.sites.ip-shipment.requested.v1"


class IpShipmentShipped(IpShipmentEvent):
    """It is on its way."""

    TYPE: ClassVar[str] = "studyline.sites.ip-shipment.shipped.v1"


class IpShipmentReceived(IpShipmentEvent):
    """The site has it (TMF Reference Model 06.01.04)."""

    TYPE: ClassVar[str] = "studyline.sites.ip-shipment.received.v1"
    temperature: ShipmentTemperature


class IpShipmentQuarantined(IpShipmentEvent):
    """It is set aside and may not be used."""

    TYPE: ClassVar[str] = "studyline.sites.ip-shipment.quarantined.v1"


class IpShipmentReleased(IpShipmentEvent):
    """The product is released to the site: it may be used (TMF Reference Model 05.02.17)."""

    TYPE: ClassVar[str] = "studyline.sites.ip-shipment.released.v1"


class DelegationEvent(SiteEvent):
    """What every event of a delegation carries. `person_id` is an opaque id."""

    delegation_id: str
    person_id: str


class TaskDelegated(DelegationEvent):
    """The principal investigator delegated tasks (TMF Reference Model 05.02.18)."""

    TYPE: ClassVar[str] = "studyline.sites.delegation.task-delegated.v1"
    role: StaffRole
    tasks: tuple[str, ...] = Field(description="Codes of the tasks")


class DelegationAuthorised(DelegationEvent):
    """The investigator who took the site over has authorised it too."""

    TYPE: ClassVar[str] = "studyline.sites.delegation.authorised.v1"


class DelegationEnded(DelegationEvent):
    """`occurredtime` was its last day."""

    TYPE: ClassVar[str] = "studyline.sites.delegation.ended.v1"


class TrainedVersion(BaseModel):
    """A version of a document in which somebody was trained, as `regulatory` keeps it."""

    model_config = ConfigDict(frozen=True)

    document_id: str
    version: str


class TrainingEvent(SiteEvent):
    """What every event of a training carries. `person_id` is an opaque id."""

    training_id: str
    person_id: str
    topic: TrainingTopic


class TrainingCompleted(TrainingEvent):
    """The person is trained (TMF Reference Model 05.03.03)."""

    TYPE: ClassVar[str] = "studyline.sites.training.completed.v1"
    expires_on: BusinessTime | None
    document_version: TrainedVersion | None = Field(default=None, description="In which version, where one was named")


class TrainingVoided(TrainingEvent):
    """The record was an error."""

    TYPE: ClassVar[str] = "studyline.sites.training.voided.v1"


class TrainingExpired(TrainingEvent):
    """The last day of the training has passed."""

    TYPE: ClassVar[str] = "studyline.sites.training.expired.v1"


EVENTS: tuple[type[PublicEvent], ...] = (
    SiteContractDrafted,
    SiteContractNegotiated,
    SiteContractAgreed,
    SiteBudgetAgreed,
    SiteContractSigned,
    SiteContractExecuted,
    SiteContractAmended,
    SiteContractEnded,
    IpShipmentRequested,
    IpShipmentShipped,
    IpShipmentReceived,
    IpShipmentQuarantined,
    IpShipmentReleased,
    TaskDelegated,
    DelegationAuthorised,
    DelegationEnded,
    TrainingCompleted,
    TrainingVoided,
    TrainingExpired,
)
