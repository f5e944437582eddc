"""Engines behind Ray Serve, whose metrics Ray's agent writes under names of its own.

Names: https://docs.ray.io/en/latest/serve/llm/user-guides/observability.html. Ray puts `ray_` in front and replaces
every character but letters, digits and `_`. Series are kept by worker, so a new replica is a new series and no restart;
the page's process start is the agent's and is not read.
"""

import re
from collections.abc import Sequence

from collectors.engines.exposition import Sample
from collectors.engines.page import Engine, EnginePage
from collectors.engines.sglang import SGLANG
from collectors.engines.vllm import VLLM


def under_ray(engine: Engine) -> Engine:
    """The same engine, read under the names that Ray gives its metrics."""
    own = {_ray_name(name): name for name in engine.metrics if name.startswith(engine.prefix)}

    def normalise(samples: Sequence[Sample]) -> EnginePage:
        return engine.normalise([sample._replace(name=own[sample.name]) for sample in samples])

    return Engine(kind=engine.kind, prefix=_ray_name(engine.prefix), metrics=frozenset(own), normalise=normalise)


def _ray_name(name: str) -> str:
    return "ray_" + re.sub(r"[^a-zA-Z0-9_]", "_", name)


RAY_VLLM = under_ray(VLLM)
RAY_SGLANG = under_ray(SGLANG)
