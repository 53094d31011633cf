"""Commands for contracts of sites."""

from chassis.commands import Builder, Unit
from kernel import BusinessTime

from sites.domain.site_contract import DraftContract, Party
from sites.handlers.site_records import at_site


def draft_contract(
    contract_id: str, site_id: str, parties: tuple[Party, ...], at: BusinessTime
) -> Builder[DraftContract]:
    """Begin a contract of a site that is there."""

    async def build(unit: Unit) -> DraftContract:
        about = await at_site(unit, site_id, at)
        return DraftContract(contract_id=contract_id, parties=parties, **about)

    return build
