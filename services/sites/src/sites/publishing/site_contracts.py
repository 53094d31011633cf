"""Events of sites' contracts, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import site_contract

CONTRACT_EVENTS: dict[type[site_contract.SiteContractEvent], type[public.SiteContractEvent]] = {
    site_contract.ContractDrafted: public.SiteContractDrafted,
    site_contract.ContractNegotiated: public.SiteContractNegotiated,
    site_contract.ContractAgreed: public.SiteContractAgreed,
    site_contract.BudgetAgreed: public.SiteBudgetAgreed,
    site_contract.ContractSigned: public.SiteContractSigned,
    site_contract.ContractExecuted: public.SiteContractExecuted,
    site_contract.ContractAmended: public.SiteContractAmended,
    site_contract.ContractEnded: public.SiteContractEnded,
}
"""The public form has fewer fields: sums, texts and documents stay in the contract."""


def publish_contract(state: site_contract.SiteContract, event: site_contract.SiteContractEvent) -> PublicEvent:
    """How the world learns of a contract's event."""
    about = {
        "study_id": state.study_id,
        "site_id": state.site_id,
        "country": state.country,
        "contract_id": state.contract_id,
    }
    match event:
        case (
            site_contract.ContractDrafted()
            | site_contract.ContractNegotiated()
            | site_contract.ContractAgreed()
            | site_contract.BudgetAgreed()
            | site_contract.ContractSigned()
            | site_contract.ContractExecuted()
            | site_contract.ContractAmended()
            | site_contract.ContractEnded()
        ):
            return CONTRACT_EVENTS[type(event)].model_validate({**dict(event), **about})
