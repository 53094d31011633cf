"""Events of shipments of the investigational product, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import ip_shipment


def publish_shipment(state: ip_shipment.IpShipment, event: ip_shipment.IpShipmentEvent) -> PublicEvent:
    """How the world learns of a shipment's event."""
    about = {
        "study_id": state.study_id,
        "site_id": state.site_id,
        "country": state.country,
        "shipment_id": state.shipment_id,
    }
    match event:
        case ip_shipment.ShipmentRequested():
            return public.IpShipmentRequested(**about)
        case ip_shipment.ShipmentDispatched():
            return public.IpShipmentShipped(**about)
        case ip_shipment.ShipmentReceived():
            return public.IpShipmentReceived(**about, temperature=event.temperature)
        case ip_shipment.ShipmentQuarantined():
            return public.IpShipmentQuarantined(**about)
        case ip_shipment.ShipmentReleased():
            return public.IpShipmentReleased(**about)
