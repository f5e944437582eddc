"""`[alerts]` and `[[webhook]]`: from where on each rule fires, and who is told."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from collectors.addresses import check_url
from collectors.settings.written import nano_usd, seconds
from pricing.alerts.names import RULES, Severity

if TYPE_CHECKING:
    from pricing.alerts.thresholds import Thresholds

WEBHOOK_TYPES = ("json", "slack", "pagerduty", "alertmanager")
PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"

_FACTORS = ("day_over_week", "rate_over_usual", "tenant_over_week", "output_length", "cap_warning", "cap_critical")
_SHARES = (
    "model_mix", "retries", "cache_fall", "reasoning_rise", "long_context_rise", "batch_fall", "unpriced", "drift",
    "idle_busy", "utilisation",
)  # fmt: skip
_DURATIONS = ("stale_after", "idle_after", "throttled_after", "calm_after")


class AlertsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[alerts]`: every threshold has a default that needs no configuration."""

    off: tuple[str, ...] = ()
    bell: bool = True
    least_usd_per_hour: str = "0.50"
    least_requests: int = 30
    day_over_week: float = 1.5
    rate_over_usual: float = 4.0
    tenant_over_week: float = 10.0
    tenant_cap_usd: str | None = None
    tenant_caps: dict[str, str] = {}
    cap_warning: float = 1.2
    cap_critical: float = 1.5
    model_mix: float = 0.25
    retries: float = 0.1
    cache_fall: float = 0.2
    reasoning_rise: float = 0.2
    output_length: float = 2.0
    long_context_rise: float = 0.2
    batch_fall: float = 0.2
    unpriced: float = 0.01
    drift: float = 0.05
    stale_after: str = "1m"
    idle_after: str = "30m"
    idle_busy: float = 0.02
    utilisation: float = 0.4
    throttled_after: str = "2m"
    calm_after: str = "5m"

    def thresholds(self) -> "Thresholds":
        """The same as the rules take it; raises ValueError with the key that is wrong."""
        from pricing.alerts.thresholds import Thresholds

        self._check()
        return Thresholds(
            off=frozenset(self.off),
            least_nano_usd_per_hour=nano_usd(self.least_usd_per_hour, "least_usd_per_hour of [alerts]"),
            least_requests=self.least_requests,
            tenant_cap_nano_usd=None if self.tenant_cap_usd is None else self._cap(self.tenant_cap_usd),
            tenant_caps={tenant: self._cap(usd) for tenant, usd in self.tenant_caps.items()},
            stale_seconds=seconds(self.stale_after),
            idle_seconds=seconds(self.idle_after),
            throttled_seconds=seconds(self.throttled_after),
            calm_seconds=seconds(self.calm_after),
            **{name: float(getattr(self, name)) for name in (*_FACTORS, *_SHARES)},
        )

    def _cap(self, usd: str) -> int:
        nano = nano_usd(usd, "a tenant's cap in [alerts]")
        if not nano:
            raise ValueError("a tenant's cap in [alerts] must be more than nothing")
        return nano

    def _check(self) -> None:
        for rule in self.off:
            if rule not in RULES:
                raise ValueError(f"[alerts] off: there is no rule `{rule}`; known are {', '.join(RULES)}")
        if self.least_requests < 1:
            raise ValueError("[alerts] least_requests must be at least 1")
        for name in _FACTORS:
            if not getattr(self, name) > 1:
                raise ValueError(f"[alerts] {name} is a factor above 1, such as 1.5")
        for name in _SHARES:
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"[alerts] {name} is a share between 0 and 1, such as 0.2")


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[webhook]]`; its address and keys are secrets and may stand elsewhere."""

    name: str
    type: str = "json"
    url: str | None = None
    url_env: str | None = None
    url_file: str | None = None
    url_command: str | None = None
    api_key_env: str | None = None
    api_key_file: str | None = None
    api_key_command: str | None = None
    secret_env: str | None = None
    secret_file: str | None = None
    secret_command: str | None = None
    least_severity: str = "warning"
    resolved: bool = True

    def wants(self, severity: Severity, event: str) -> bool:
        """Whether it is told of an alert."""
        loud_enough = self.least_severity == Severity.WARNING or severity is Severity.CRITICAL
        return loud_enough and (self.resolved or event != "resolved")


def check_webhooks(webhooks: Sequence[WebhookConfig]) -> None:
    """Raise ValueError with a sentence for the first webhook that cannot be used."""
    seen: set[str] = set()
    for hook in webhooks:
        where = f"webhook `{hook.name}`"
        if hook.name in seen:
            raise ValueError(f"two webhooks are named `{hook.name}`")
        seen.add(hook.name)
        if hook.type not in WEBHOOK_TYPES:
            raise ValueError(f"type of {where} must be one of {', '.join(WEBHOOK_TYPES)}")
        if hook.least_severity not in list(Severity):
            raise ValueError(f"least_severity of {where} must be warning or critical")
        places = [hook.url, hook.url_env, hook.url_file, hook.url_command]
        if hook.type != "pagerduty" and not any(places):
            raise ValueError(f"{where} needs url, or url_env, url_file or url_command where the address is a secret")
        if hook.url is not None:
            check_url(hook.url, where)
        if hook.type == "pagerduty" and not (hook.api_key_env or hook.api_key_file or hook.api_key_command):
            raise ValueError(f"{where} needs its routing key: api_key_env, api_key_file or api_key_command")
