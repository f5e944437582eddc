"""What doctor says of providers: each configured key is tried once, and keys that were found are named and left alone."""

import asyncio
from collections.abc import Iterable, Iterator

from collectors.clock import now_ms
from collectors.errors import CollectorError, SourceAbsentError
from collectors.providers.registry import NAMES, WITHOUT_FIGURES, found_keys, provider
from collectors.settings.config import Config
from collectors.settings.keys import provider_key
from collectors.settings.sourceconfig import SourceConfig

_MOST_SAID = 3


def provider_sentences(config: Config) -> Iterator[tuple[str, str]]:
    """Of each configured provider: whether its key is there, and what each endpoint says to it."""
    for source in config.source:
        if source.type in NAMES:
            yield from asyncio.run(_tried(source))


async def _tried(source: SourceConfig) -> list[tuple[str, str]]:
    from collectors.providers.source import ProviderSource
    from collectors.web.fetch import open_client

    name = source.name or source.type
    known = provider(source.type)
    try:
        key = provider_key(source) if known.key_variables else None
        async with open_client() as client:
            asked = ProviderSource(name, known, client, lambda: key, base_url=source.url, account=source.account or "")
            found = await asked.try_each(now_ms())
    except SourceAbsentError as error:
        wanted = known.endpoints[0].permission
        return [("todo", f"{name}: {error}; it wants {wanted}.")]
    except CollectorError as error:
        return [("fail", f"{name}: {error}.")]
    whose = "its key reads" if known.key_variables else "its credentials read"
    good = [endpoint.dataset for endpoint, problem in found if problem is None]
    said: dict[str, list[str]] = {}
    for endpoint, problem in found:
        if problem is not None:
            mark = "note" if endpoint.optional and good else "fail"
            said.setdefault(mark, []).append(f"{name}: {endpoint.dataset}: {problem}.")
    sentences = [("ok", f"{name}: {whose} {', '.join(good)}.")] if good else []
    for mark, problems in said.items():
        sentences += [(mark, problem) for problem in problems[:_MOST_SAID]]
        if len(problems) > _MOST_SAID:
            sentences.append((mark, f"{name}: {len(problems) - _MOST_SAID} more endpoints say the like."))
    return sentences


def key_sentences(variables: Iterable[str], config: Config) -> Iterator[tuple[str, str]]:
    """Of each key that was found and that no source uses: what it could read."""
    configured = {source.type for source in config.source}
    for variable, name in found_keys(variables).items():
        if name in WITHOUT_FIGURES:
            yield "note", f"{variable} is set. {WITHOUT_FIGURES[name]}"
        elif name not in configured:
            wanted = provider(name).endpoints[0].permission
            yield (
                "note",
                (
                    f"{variable} is set and not used. {name}'s own figures want {wanted}: `usdtop init` writes a source,"
                    " u on the Sources screen allows it."
                ),
            )
