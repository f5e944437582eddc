"""What providers say of themselves: usage, bills and balances, one file per provider.

To add a provider, write one file of about sixty lines that ends in a `Provider`, and put its name into `registry.py`:

1. For each kind of figures write two pure functions. `asks(span)` says which requests ask about a span of time (paths
   below the base address; never a key). `read(body, span, ask)` turns one answer into a `Page` of facts, and lists in
   `Page.more` what must be asked next: `ask.having(page=cursor)`, or one request for each account that was listed.
   Decode with msgspec; let fields that you do not need be unknown. Give rows as `msgspec.Raw` to `answers.facts`, so that
   one row without a field costs only itself, and money through `answers.usd`, `cents`, `ticks` or `units_and_nanos`.
2. Facts are `UsageBucket` (tokens in the disjoint classes of `Usage`; `requests` is None where they are not counted),
   `CostBucket` (nano-dollars per line item) and `BalanceReading` (what is left, or what is spent so far: totals that run
   through a month are `BalanceCounts.SPENT`). Two buckets that agree in everything but their counts are one bucket: in one
   answer they are added up, and of two answers the later holds. Put what pages are split by into `rest` or `item`.
3. Say in the `Endpoint` how wide its buckets are, how late they are, how often it may be asked, how far back it corrects
   itself, and exactly what the key must be allowed. What may be missing (beta, other kinds of keys) names in `otherwise`
   the endpoint to read instead; both have one `dataset`, so that nothing is ever counted from both.
4. Give the test kit what it says (tests/fakes/providers/NAME.py): documented answers, and what they add up to.
   The tests then drag it through pages, 429, 500, slow answers, dropped connections, wrong keys, unknown and missing
   fields, and look for its key in everything that usdtop writes.

A service whose own client must find the credentials, sign and send names that as its `transport`, and has no key: an ask's
path is then an operation (`bedrock.py`, `cloudwatch.py`).

The rest is common (`source.py`): one poll at a time, documented intervals, `Retry-After`, pauses that grow, keys that are
refused are left alone for five minutes with a sentence that names what they lack, and every answer replaces what the same
dataset said of the same span before.
"""
