"""An alert names what its rule is about before what else moved the burn."""

from pricing.alerts.factors import FACTORS_OF_RULES, led_by_rule, part_of_rule
from pricing.alerts.names import RULES
from pricing.cause import CACHE, HOSTS, VOLUME, Cause, Part


def cause(**parts: int) -> Cause:
    named = {"volume": VOLUME, "cache": CACHE, "hosts": HOSTS}
    return Cause(
        before_nano_usd_per_hour=0,
        after_nano_usd_per_hour=sum(parts.values()),
        parts=tuple(Part(factor=named[name], nano_usd_per_hour=nano) for name, nano in parts.items()),
    )


def test_a_broken_cache_is_named_first_even_where_more_traffic_cost_more() -> None:
    both = cause(volume=11, cache=9, hosts=1)
    assert [part.factor for part in led_by_rule("cache_fall", both).parts] == [CACHE, VOLUME, HOSTS]
    assert part_of_rule("cache_fall", both) == Part(factor=CACHE, nano_usd_per_hour=9)


def test_other_rules_name_what_explains_most() -> None:
    both = cause(volume=11, cache=9)
    assert led_by_rule("rate_over_usual", both) == both
    assert part_of_rule("rate_over_usual", both) == Part(factor=VOLUME, nano_usd_per_hour=11)


def test_what_did_not_move_is_not_named() -> None:
    assert part_of_rule("cache_fall", cause(volume=11, cache=0)) == Part(factor=VOLUME, nano_usd_per_hour=11)
    assert part_of_rule("cache_fall", cause(volume=0)) is None
    assert part_of_rule("cache_fall", cause()) is None


def test_every_rule_with_a_part_is_a_rule() -> None:
    assert set(FACTORS_OF_RULES) <= set(RULES)
