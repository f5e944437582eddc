"""Finding the wanted families on a large metrics page, against prometheus_client's parser of the whole page."""

import time
from argparse import Namespace
from collections.abc import Callable
from statistics import median

from benchmarks.child import in_child
from benchmarks.figure import Figure, alternate

GOAL = 0.1
_BYTES = 2_600_000
_WANTED = ("vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:num_requests_running")
_TIMES = 9


def page() -> str:
    """A page such as a gateway with many keys writes: latency buckets by key and model, and a few lines that matter."""
    parts = [f'{name}{{model_name="m"}} 123456.0' for name in _WANTED]
    size, key = 0, 0
    while size < _BYTES:
        labels = (
            f'api_key_alias="key-{key}",end_user="None",hashed_api_key="{key:064x}",model="gpt-{key % 12}",'
            f'requested_model="group-{key % 9}",team="team-{key % 5}",team_alias="team {key % 5}",user="default"'
        )
        block = [
            f'litellm_llm_api_latency_metric_bucket{{{labels},le="{edge / 10}"}} {key + edge}' for edge in range(25)
        ]
        block.append(f"litellm_spend_metric_total{{{labels}}} {key / 7}")
        parts += block
        size += sum(map(len, block))
        key += 1
    return "\n".join(parts) + "\n"


def ours() -> float:
    """Milliseconds of finding three families."""
    from collectors.engines.exposition import scan

    text = page().encode()
    found = _median_ms(lambda: scan(text, _WANTED))
    if len(scan(text, _WANTED).samples) != len(_WANTED):
        raise RuntimeError("the wanted samples were not found: nothing is measured")
    return found


def prometheus() -> float:
    """Milliseconds of parsing everything and keeping three families."""
    from prometheus_client.parser import text_string_to_metric_families

    text = page()
    return _median_ms(lambda: [s for f in text_string_to_metric_families(text) for s in f.samples if s.name in _WANTED])


def measure(_options: Namespace) -> list[Figure]:
    """One page of 2.6 MB."""
    peaks: list[float] = []

    def scanned() -> float:
        measured = in_child("scrape", "ours")
        peaks.append(measured.peak_mb)
        return measured.value

    compared = alternate(scanned, lambda: in_child("scrape", "prometheus").value)
    return [
        Figure(
            name=f"scan of {_BYTES / 1e6:.1f} MB of metrics",
            ours=f"{compared.ours:.2f} ms",
            reference=f"prometheus_client {compared.reference:.0f} ms",
            value=compared.ratio,
            goal=GOAL,
            peak_mb=max(peaks),
        )
    ]


def _median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return median(times)
