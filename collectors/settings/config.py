"""The configuration file: every key optional, an unknown key an error that names the nearest known one."""

import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import platformdirs

from collectors.settings.alertconfig import AlertsConfig, WebhookConfig, check_webhooks
from collectors.settings.budgetconfig import BudgetConfig as BudgetConfig
from collectors.settings.budgetconfig import check_budgets
from collectors.settings.hostconfig import HostConfig as HostConfig
from collectors.settings.hostconfig import check_capacity
from collectors.settings.rivalconfig import RivalConfig
from collectors.settings.screenconfig import ScreenConfig as ScreenConfig
from collectors.settings.sourceconfig import SourceConfig, check_sources
from collectors.settings.written import instant_ms, nano_usd
from pricing.money import usd_from_nano
from store.limits import Limits
from store.retention import Retention
from store.zones import zone_named

if TYPE_CHECKING:
    from pricing.books.userbook import UserBook
    from pricing.overhead import Overhead

_PERCENT = re.compile(r"\d{1,6}(\.\d{1,6})?")
_TABLE = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")


class ConfigError(Exception):
    """The configuration cannot be used; the text names the file, the key and what to write instead."""


class CommitmentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[commitment]]`: provisioned capacity at a provider, paid by the hour."""

    usd_per_hour: str
    match: str
    name: str | None = None
    since: str | None = None
    until: str | None = None


class GpuConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[gpu]`: whether this machine's GPUs are read."""

    enabled: bool = True


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[store]`: who else may watch."""

    group: str | None = None


class PricesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[prices]`: which books are used beside the user's own and the catalogue."""

    articles: bool = False


class OverheadConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[overhead]]`: what serving costs beside tokens and hosts."""

    name: str
    percent: str | None = None
    usd_per_hour: str | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `path` is where it was read, or None without one."""

    source: tuple[SourceConfig, ...] = ()
    host: tuple[HostConfig, ...] = ()
    rival: tuple[RivalConfig, ...] = ()
    commitment: tuple[CommitmentConfig, ...] = ()
    budget: tuple[BudgetConfig, ...] = ()
    price: tuple[dict[str, Any], ...] = ()
    discount: tuple[dict[str, Any], ...] = ()
    alias: tuple[dict[str, Any], ...] = ()
    overhead: tuple[OverheadConfig, ...] = ()
    webhook: tuple[WebhookConfig, ...] = ()
    alerts: AlertsConfig = AlertsConfig()
    revenue_usd_per_hour: str | None = None
    prices: PricesConfig = PricesConfig()
    discover: bool = False
    gpu: GpuConfig = GpuConfig()
    store: StoreConfig = StoreConfig()
    screen: ScreenConfig = ScreenConfig()
    retention: Retention = Retention()
    limits: Limits = Limits()
    path: Path | None = None

    @property
    def discovers(self) -> bool:
        """Whether engines and logs are looked for: always without a file, with one only when it says so."""
        return self.discover or self.path is None


def default_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration stands unless it is named."""
    if named := environment.get("USDTOP_CONFIG"):
        return Path(named)
    return Path(platformdirs.user_config_dir("usdtop")) / "config.toml"


def load(named: Path | None) -> Config:
    """Read the configuration; a missing default file is an empty one, a missing named file an error."""
    path = named or default_path()
    try:
        text = path.read_text(encoding="utf-8")
        raw = _parsed(text)
    except FileNotFoundError:
        if named is None and "USDTOP_CONFIG" not in os.environ:
            return Config()
        raise ConfigError(f"{path}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None
    return from_mapping(raw, path, _lines_of_tables(text))


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def _lines_of_tables(text: str) -> dict[str, list[int]]:
    """The line on which each table that may stand several times begins, by its name."""
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if (found := _TABLE.match(line)) is not None:
            lines.setdefault(found[1], []).append(number)
    return lines


def from_mapping(
    raw: Mapping[str, object], path: Path | None, lines: Mapping[str, Sequence[int]] | None = None
) -> Config:
    """Check a parsed file; raises ConfigError with the first thing that is wrong.

    `lines` may hold, for tables that stand several times, the line on which each begins.
    """
    where = f"{path}: " if path else ""
    if "path" in raw:
        raise ConfigError(f"{where}unknown key `path` at the top level.")
    try:
        config = msgspec.convert(dict(raw), Config)
        user_book(config, lines)
        _check_hosts(config.host)
        _check_commitments(config.commitment)
        check_budgets(config.budget)
        overheads(config)
        config.alerts.thresholds()
        check_webhooks(config.webhook)
        revenue_usd_per_hour(config)
        check_sources(config.source)
    except msgspec.ValidationError as error:
        from collectors.settings.mistakes import explain

        raise ConfigError(f"{where}{explain(str(error), lines or {}, _known_keys)}") from None
    except ValueError as error:
        raise ConfigError(f"{where}{error}") from None
    return msgspec.structs.replace(config, path=path)


def user_book(config: Config, lines: Mapping[str, Sequence[int]] | None = None) -> "UserBook":
    """The user's own prices, discounts and aliases; raises PriceError."""
    from pricing.books.userbook import UserBook

    return UserBook.from_tables(config.price, config.discount, config.alias, lines=lines, zones=zone_named)


def overheads(config: Config) -> "tuple[Overhead, ...]":
    """The configured overheads; ValueError for one that is neither a percentage nor dollars."""
    from pricing.overhead import Overhead

    return tuple(
        Overhead(
            name=one.name,
            percent=None if one.percent is None else _percent(one.percent, one.name),
            usd_per_hour=None
            if one.usd_per_hour is None
            else usd_from_nano(nano_usd(one.usd_per_hour, f"usd_per_hour of overhead `{one.name}`")),
        )
        for one in config.overhead
    )


def revenue_usd_per_hour(config: Config) -> Decimal | None:
    """What the service earns per hour, or None where nobody says."""
    text = config.revenue_usd_per_hour
    return None if text is None else usd_from_nano(nano_usd(text, "revenue_usd_per_hour"))


def _check_commitments(commitments: Sequence[CommitmentConfig]) -> None:
    from collectors.prices.prepaid import PREPAID_DIMENSIONS
    from pricing.filters import parse_filter

    for commitment in commitments:
        where = f"commitment `{commitment.name or commitment.match}`"
        nano_usd(commitment.usd_per_hour, f"usd_per_hour of {where}")
        if parse_filter(commitment.match, PREPAID_DIMENSIONS).is_empty:
            raise ValueError(f"{where}: match must say which requests it covers, e.g. provider=azure")
        for text in (commitment.since, commitment.until):
            if text is not None:
                instant_ms(text, now_ms=0)


def _check_hosts(hosts: Sequence[HostConfig]) -> None:
    names = [host.name for host in hosts]
    for host in hosts:
        if host.since is None and names.count(host.name) > 1:
            whose = f"host `{host.name}`" if host.name else "this machine"
            raise ValueError(f"two [[host]] are {whose}: give each another `name`, or `since` where its price changed")
    for host in hosts:
        host.usd_per_hour_nano()
        host.measured_board_to_wall()
        check_capacity(host, f"host `{host.name}`" if host.name else "a host")
        for text in (host.since, host.until):
            if text is not None:
                instant_ms(text, now_ms=0)


def _percent(text: str, name: str) -> Decimal:
    if not _PERCENT.fullmatch(text):
        raise ValueError(f'percent of overhead `{name}` must be a number in quotes, such as "12.5"; it is `{text}`')
    return Decimal(text)


def _known_keys(where: str) -> list[str]:
    section = re.sub(r"\[.*", "", where)
    sections: dict[str, type[msgspec.Struct]] = {
        "source": SourceConfig, "host": HostConfig, "rival": RivalConfig, "commitment": CommitmentConfig, "budget": BudgetConfig, "overhead": OverheadConfig,
        "gpu": GpuConfig, "store": StoreConfig, "screen": ScreenConfig, "prices": PricesConfig, "retention": Retention,
        "limits": Limits, "alerts": AlertsConfig, "webhook": WebhookConfig,
    }  # fmt: skip
    return [name for name in sections.get(section, Config).__struct_fields__ if name != "path" or section == "source"]
