"""Commands for shipments of the investigational product."""

from chassis.commands import Builder, Unit
from kernel import BusinessTime

from sites.domain.ip_shipment import RequestShipment
from sites.handlers.site_records import at_site


def request_shipment(shipment_id: str, site_id: str, at: BusinessTime) -> Builder[RequestShipment]:
    """Ask for a shipment to a site that is there."""

    async def build(unit: Unit) -> RequestShipment:
        return RequestShipment(shipment_id=shipment_id, **await at_site(unit, site_id, at))

    return build
