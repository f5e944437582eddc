"""Savings in prompts: prefixes that are not cached, caches that are not read, history that is sent again.

Prompts are never stored. What a sender always sends is inferred from the size of its smallest prompts, or of the first
prompts of its sessions where its source names them; what it sends again from the growth of prompts within a session.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from pricing.card import RateCard
from pricing.money import TOKENS_PER_MILLION
from pricing.usage import TOKEN_CLASSES
from pricing.whatif.saving import ENOUGH_REQUESTS, Missing, Saving, Situation, usd
from pricing.whatif.switches import percent
from pricing.whatif.traffic import KeptRequest, Sender, Traffic, merged_usage, percentile

LEAST_PREFIX_TOKENS = 1_024
"""Providers cache no shorter prefix (OpenAI's and Anthropic's guides to prompt caching; some models need more)."""

LIFETIME_SECONDS = 300
"""How long a provider keeps a prefix that nobody reads: five minutes by default."""

_SMALL_SHARE = 0.05
_READ, _WRITE_5M = TOKEN_CLASSES.index("cache_read"), TOKEN_CLASSES.index("cache_write_5m")

INFERRED = "prompts are not stored, so this is inferred from their sizes"


def uncached_prefix(situation: Situation) -> Iterator[Saving | Missing]:
    """A sender whose every prompt is long, and that reads and writes no cache at all, or less than it could."""
    for sender, traffic in situation.senders():
        found = _prefix_saving(situation, sender, traffic)
        if found is not None:
            yield found
    if not situation.kept and situation.traffic:
        yield Missing(
            rule="prompt cache", what="no single requests are kept for this window, so prefixes are not known"
        )


def _prefix_saving(situation: Situation, sender: Sender, traffic: Sequence[Traffic]) -> Saving | None:
    kept, usage, card = situation.kept_of(sender), merged_usage(traffic), _main_card(traffic)
    requests = sum(one.requests for one in traffic)
    if len(kept) < ENOUGH_REQUESTS or card is None:
        return None
    prefix, whence = _prefix(situation, sender, kept)
    writes = min(requests, -(-round(situation.seconds) // LIFETIME_SECONDS))
    read_now, written_now = usage.cache_read_tokens, usage.cache_write_any_tokens
    more_reads = min(prefix * (requests - writes) - read_now, usage.input_tokens)
    more_writes = max(0, prefix * writes - written_now)
    if prefix < LEAST_PREFIX_TOKENS or more_reads <= 0:
        return None
    cheaper, dearer = _read_discount(card), _write_surcharge(card)
    saved = Fraction(more_reads * cheaper - more_writes * dearer, TOKENS_PER_MILLION)
    if saved <= 0:
        return None
    never = not read_now and not written_now
    what = "never uses the prompt cache" if never else "reads the prompt cache less than it could"
    hits = Fraction(read_now, usage.prompt_tokens)
    return Saving(
        rule="system prompt" if never else "prompt cache",
        who=sender,
        what=f"{what}: cache the prefix",
        usd_per_hour=situation.per_hour(saved),
        evidence=f"{whence} at least {prefix:,} tokens, in {requests:,} requests; "
        f"{percent(float(hits))} of the prompt tokens were read from the cache",
        assumption=f"these {prefix:,} tokens are the same every time ({INFERRED}); one write each five minutes, "
        f"{writes:,} in all, and every other request reads",
        risk="nothing is saved where prompts begin differently; put what changes at the end of the prompt",
    )


def _prefix(situation: Situation, sender: Sender, kept: Sequence[KeptRequest]) -> tuple[int, str]:
    """Tokens that nearly every prompt begins with, and what says so."""
    openings = [session[0].usage.prompt_tokens for session in situation.sessions_of(sender)]
    if len(openings) >= ENOUGH_REQUESTS:
        return percentile(openings, _SMALL_SHARE), f"95 % of its {len(openings):,} sessions begin with"
    return percentile([one.usage.prompt_tokens for one in kept], _SMALL_SHARE), "95 % of its prompts have"


def unread_writes(situation: Situation) -> Iterator[Saving]:
    """Cache writes that cost more than the reads they led to have saved."""
    for sender, traffic in situation.senders():
        extra = saved = 0
        for one in traffic:
            extra += sum(
                tokens * max(0, rate - (one.card.rates[0] or 0))
                for tokens, rate in zip(one.usage.tokens[_WRITE_5M:7], one.card.rates[_WRITE_5M:7], strict=True)
                if rate is not None
            )
            saved += one.usage.cache_read_tokens * _read_discount(one.card)
        usage = merged_usage(traffic)
        if extra > saved:
            yield Saving(
                rule="unread cache",
                who=sender,
                what="writes caches that are hardly read: stop marking what never comes again",
                usd_per_hour=situation.per_hour(Fraction(extra - saved, TOKENS_PER_MILLION)),
                evidence=f"{usage.cache_write_any_tokens:,} tokens written at a surcharge of "
                f"{usd(Fraction(extra, TOKENS_PER_MILLION))}, {usage.cache_read_tokens:,} read",
                assumption="without cache marks the same tokens are billed as uncached input",
                risk="if the reads come in the next hours, the writes were not in vain; look at a longer window",
            )


def history_sent_again(situation: Situation) -> Iterator[Saving | Missing]:
    """Conversations whose every turn sends all turns before it, uncached: prompts that grow within a session."""
    if situation.traffic and not any(one.session for one in situation.kept):
        why = "no kept request names its session, so history that is sent again cannot be told"
        yield Missing(rule="history", what=why)
    for sender, traffic in situation.senders():
        found = _history_saving(situation, sender, traffic)
        if found is not None:
            yield found


def _history_saving(situation: Situation, sender: Sender, traffic: Sequence[Traffic]) -> Saving | None:
    sessions, card = [one for one in situation.sessions_of(sender) if len(one) > 1], _main_card(traffic)
    turns = [turn.usage for session in sessions for turn in session]
    repeated = sum(_repeated([turn.usage.prompt_tokens for turn in session]) for session in sessions)
    prompt, read = sum(turn.prompt_tokens for turn in turns), sum(turn.cache_read_tokens for turn in turns)
    uncached = min(repeated - read, sum(turn.input_tokens for turn in turns))
    if card is None or uncached <= 0:
        return None
    growth = max(0, prompt - repeated - sum(turn.cache_write_any_tokens for turn in turns))
    saved = Fraction(uncached * _read_discount(card) - growth * _write_surcharge(card)) * situation.scale(sender)
    if saved <= 0:
        return None
    return Saving(
        rule="history",
        who=sender,
        what="sends its history again with every turn: cache it, or send a summary",
        usd_per_hour=situation.per_hour(saved / TOKENS_PER_MILLION),
        evidence=f"prompts grow from turn to turn in {_sessions(len(sessions))}: {repeated:,} of {prompt:,} prompt tokens "
        f"had been sent the turn before, and {percent(float(Fraction(read, prompt)))} were read from the cache",
        assumption=f"a turn's prompt begins with the one before it ({INFERRED}); "
        "each turn comes within the cache's lifetime; sessions that are no longer kept were like those that are",
        risk="turns that come late find no cache; a summary loses detail",
    )


def _sessions(count: int) -> str:
    return "one session" if count == 1 else f"{count:,} sessions"


def _repeated(prompts: Sequence[int]) -> int:
    """Tokens of later turns that earlier ones had, where the prompts grow and are long enough to be cached."""
    return sum(before for before, after in pairwise(prompts) if after >= before >= LEAST_PREFIX_TOKENS)


def _main_card(traffic: Iterable[Traffic]) -> RateCard | None:
    """The card of most of the tokens, if it has prices for input and for cache reads of their own."""
    most = max(traffic, key=lambda one: one.usage.prompt_tokens)
    rates = most.card.rates
    return None if rates[0] is None or rates[_READ] is None else most.card


def _read_discount(card: RateCard) -> int:
    """Nano-dollars per million tokens that a cache read is cheaper than input."""
    input_rate, read = card.rates[0], card.rates[_READ]
    return 0 if input_rate is None or read is None else max(0, input_rate - read)


def _write_surcharge(card: RateCard) -> int:
    """Nano-dollars per million tokens that a cache write is dearer than input."""
    input_rate, write = card.rates[0], card.rates[_WRITE_5M]
    return 0 if input_rate is None or write is None else max(0, write - input_rate)
