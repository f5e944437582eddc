"""Sources that are providers: what may stand in their `[[source]]`, and what their figures cover."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from collectors.addresses import check_keyed_url
from collectors.providers.registry import NAMES, WITHOUT_FIGURES, provider
from store.tables import DIMENSIONS

if TYPE_CHECKING:
    from collectors.settings.sourceconfig import SourceConfig
    from store.provider_facts import ProviderFact


def check_provider(source: "SourceConfig") -> None:
    """ValueError with a sentence for what a provider's source cannot be."""
    from pricing.filters import parse_filter
    from store.provider_facts import Role

    if source.type in WITHOUT_FIGURES:
        raise ValueError(WITHOUT_FIGURES[source.type])
    if source.type not in NAMES:
        for key in ("role", "covers", "account"):
            if getattr(source, key) is not None:
                raise ValueError(f"`{key}` belongs to a provider's source: {', '.join(NAMES)}")
        return
    known = provider(source.type)
    if source.role is not None and source.role not in list(Role):
        raise ValueError(f"role of a source must be live or reconcile; it is `{source.role}`")
    if source.covers is not None:
        parse_filter(source.covers, DIMENSIONS)
    if known.needs_account and not source.account:
        raise ValueError(f"a source of type `{source.type}` needs `account`: {known.needs_account}")
    if not known.key_variables and (source.api_key_env or source.api_key_file or source.api_key_command):
        raise ValueError(
            f"a source of type `{source.type}` takes no key: its credentials are found by AWS's usual chain"
        )
    if source.url is not None:
        check_keyed_url(source.url, f"source `{source.label}`")


def provider_facts(sources: Sequence["SourceConfig"]) -> "list[ProviderFact]":
    """Which gateway traffic each provider's figures are of: by default everything that goes to the same provider."""
    from store.provider_facts import ProviderFact, Role

    facts = []
    for source in sources:
        if source.type in NAMES:
            name, known = source.name or source.type, provider(source.type)
            adds = not known.is_gateway and not known.stands_alone
            covers = f"source!={name}" if known.is_gateway else "provider=none" if known.stands_alone else ""
            fact = ProviderFact(
                source=name,
                provider=source.type,
                role=Role(source.role or (Role.LIVE if adds else Role.RECONCILE)),
                covers=source.covers or covers,
            )
            facts.append(fact)
    return facts
