"""Shipment of the investigational product to a site: requested, shipped, received, perhaps quarantined, released.

What was outside its temperature limits on the way, or whose log is missing, is quarantined until somebody decides that
it may be used (ICH E6(R3) 3.15; TMF Reference Model 06.01.04, 06.04.02, 05.02.17). Kit numbers stay out: they unblind.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before

Status = Literal["requested", "shipped", "received", "quarantined", "released"]
Temperature = Literal["within_limits", "excursion", "no_log"]


# Commands


class RequestShipment(Command):
    """Ask the depot for a shipment."""

    shipment_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str


class DispatchShipment(Command):
    """Note that the shipment is on its way, under the carrier's number."""

    tracking: str | None = None


class ReceiveShipment(Command):
    """Note that the site has it, and what its temperature log says."""

    temperature: Temperature
    document: str | None = None


class QuarantineShipment(Command):
    """Set a received shipment aside."""


class ReleaseShipment(Command):
    """Allow its use; out of quarantine only on a document that says why it may be used."""

    document: str | None = None


IpShipmentCommand = RequestShipment | DispatchShipment | ReceiveShipment | QuarantineShipment | ReleaseShipment


# Events


class ShipmentRequested(Event):
    """The site needs a shipment."""

    shipment_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str


class ShipmentDispatched(Event):
    """It is on its way."""

    tracking: str | None


class ShipmentReceived(Event):
    """The site has it."""

    temperature: Temperature
    document: str | None


class ShipmentQuarantined(Event):
    """It is set aside."""


class ShipmentReleased(Event):
    """The site may use it."""

    document: str | None


IpShipmentEvent = ShipmentRequested | ShipmentDispatched | ShipmentReceived | ShipmentQuarantined | ShipmentReleased


# State


class IpShipment(State):
    """A shipment as it is."""

    shipment_id: str
    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    status: Status = "requested"
    last_step_on: BusinessTime | None = None
    tracking: str | None = None
    temperature: Temperature | None = None
    receipt_document: str | None = None
    release_document: str | None = None


# Decide


def decide(shipment: IpShipment | None, command: IpShipmentCommand) -> list[IpShipmentEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case RequestShipment():
            return [] if shipment is not None else [ShipmentRequested.model_validate(dict(command))]
        case DispatchShipment():
            return _step(_existing(shipment), command, "shipped", ("requested",), ShipmentDispatched)
        case ReceiveShipment():
            return receive(_existing(shipment), command)
        case QuarantineShipment():
            return _step(_existing(shipment), command, "quarantined", ("received", "released"), ShipmentQuarantined)
        case ReleaseShipment():
            return release(_existing(shipment), command)


def receive(shipment: IpShipment, command: ReceiveShipment) -> list[IpShipmentEvent]:
    """Receive once; quarantine at once what the temperature log does not clear."""
    if shipment.temperature is not None:
        return _received_again(shipment, command)
    received = _step(shipment, command, "received", ("shipped",), ShipmentReceived)
    if command.temperature == "within_limits":
        return received
    return [*received, ShipmentQuarantined(occurred_at=command.occurred_at)]


def release(shipment: IpShipment, command: ReleaseShipment) -> list[IpShipmentEvent]:
    """Allow the use of what was received, or of what is in quarantine by a documented decision."""
    if shipment.status == "released":
        return []
    faults = _in_the_way(shipment, command, "released", ("received", "quarantined"))
    if shipment.status == "quarantined" and command.document is None:
        detail = "The shipment is in quarantine: name the document by which its use was decided."
        faults.append(Reason(code="decision_missing", field="document", detail=detail))
    if faults:
        raise Refused(*faults)
    return [ShipmentReleased.model_validate(dict(command))]


def _received_again(shipment: IpShipment, command: ReceiveShipment) -> list[IpShipmentEvent]:
    if (shipment.temperature, shipment.receipt_document) == (command.temperature, command.document):
        return []
    raise Refused(_wrong_status(shipment, "received"))


def _step(
    shipment: IpShipment, command: Command, target: Status, allowed: tuple[Status, ...], event: type[IpShipmentEvent]
) -> list[IpShipmentEvent]:
    if shipment.status == target:
        return []
    faults = _in_the_way(shipment, command, target, allowed)
    if faults:
        raise Refused(*faults)
    return [event.model_validate(dict(command))]


def _in_the_way(shipment: IpShipment, command: Command, target: Status, allowed: tuple[Status, ...]) -> list[Reason]:
    faults = [] if shipment.status in allowed else [_wrong_status(shipment, target)]
    last, at = shipment.last_step_on, command.occurred_at
    if last is not None and at is not None and is_before(at, last):
        detail = f"The shipment was {shipment.status} on {last}: give a date that is not before it."
        faults.append(Reason(code="before_last_step", field="occurred_at", detail=detail))
    return faults


def _wrong_status(shipment: IpShipment, target: Status) -> Reason:
    detail = f"The shipment is {shipment.status}: it cannot become {target} from there."
    return Reason(code="wrong_status", field="status", detail=detail)


def _existing(shipment: IpShipment | None) -> IpShipment:
    if shipment is None:
        raise Refused(Reason(code="shipment_unknown", detail="The shipment is not known."))
    return shipment


# Evolve


def evolve(shipment: IpShipment | None, event: IpShipmentEvent) -> IpShipment:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, ShipmentRequested):
        about = event.model_dump(exclude={"occurred_at"})
        return IpShipment.model_validate({**about, "last_step_on": event.occurred_at})
    shipment, at = _existing(shipment), event.occurred_at
    match event:
        case ShipmentDispatched():
            return changed(shipment, status="shipped", last_step_on=at, tracking=event.tracking)
        case ShipmentReceived():
            told = {"temperature": event.temperature, "receipt_document": event.document}
            return changed(shipment, status="received", last_step_on=at, **told)
        case ShipmentQuarantined():
            return changed(shipment, status="quarantined", last_step_on=at)
        case ShipmentReleased():
            return changed(shipment, status="released", last_step_on=at, release_document=event.document)
