"""Write a commented configuration from what was found on this machine; an existing one is never overwritten."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors.clock import now_ms
from collectors.discovery import Discovered, discover
from collectors.errors import CollectorError
from collectors.machine import machine_name
from collectors.providers.registry import WITHOUT_FIGURES, found_keys, provider
from collectors.settings.config import ConfigError, default_path
from store.facts import GpuReading
from tui.commands.common import plain, say
from tui.commands.doctor_gpus import names_of, price_suggestions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, or only to stdout."""
    parser.add_argument("--print", action="store_true", dest="only_print", help="print it instead of writing a file")


def run(options: argparse.Namespace) -> int:
    """Write or print the configuration."""
    machine = machine_name()
    text = "\n".join(configuration(discover(), _gpus(machine), machine)) + "\n"
    if options.only_print:
        sys.stdout.write(text)
        return 0
    path: Path = getattr(options, "config", None) or default_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(
            f"{path} exists already and is left as it is; `usdtop init --print` shows what would be new."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}; `usdtop init --print` prints it."
        ) from None
    say(f"wrote {path}; look it over, then start usdtop")
    return 0


def configuration(found: Discovered, gpus: Sequence[GpuReading], machine: str) -> Iterator[str]:
    """The lines of a configuration for what was found."""
    yield "# usdtop: every key is optional; `usdtop doctor` says what is missing."
    yield "# Whatever listens or writes on this machine is looked for, too; without this line only what stands below."
    yield "discover = true"
    yield ""
    yield from _logs(found)
    yield from _engines(found)
    yield from _providers(found)
    yield from _host(gpus, machine)
    yield "# [[budget]]"
    yield '# name = "launch"'
    yield '# usd = "5000"                    # US dollars, in quotes'
    yield '# period = "day"                  # hour | day | week | month, UTC'
    yield '# filter = "tenant=acme"'
    yield ""
    yield "# [[price]]                       # wins over every book; US dollars per million tokens"
    yield '# model = "my-finetune"'
    yield '# input = "3"'
    yield '# output = "15"'


def _logs(found: Discovered) -> Iterator[str]:
    for log in found.logs:
        yield "[[source]]"
        yield 'type = "file"'
        yield f"path = {_quoted(log.pattern)}"
        yield f'format = "{log.format_name}"'
        yield ""
    if not found.logs:
        yield f"# {plain(found.logs_sentence)}"
        yield "# [[source]]"
        yield '# type = "file"'
        yield '# path = "/var/log/litellm/*.jsonl"'
        yield ""


def _engines(found: Discovered) -> Iterator[str]:
    for engine in found.engines:
        yield f"[[source]]                        # {engine.kind}, found listening"
        yield 'type = "engine"'
        yield f"name = {_quoted(engine.name)}"
        yield f"url = {_quoted(engine.url)}"
        yield ""
    if not found.engines:
        yield "# No serving engine was found listening."
        yield "# [[source]]"
        yield '# type = "engine"'
        yield '# url = "http://127.0.0.1:8000/metrics"'
        yield ""


def _providers(found: Discovered) -> Iterator[str]:
    for variable, name in found_keys(found.keys).items():
        if name in WITHOUT_FIGURES:
            yield f"# {variable} is set. {WITHOUT_FIGURES[name]}"
        else:
            account = provider(name).needs_account
            sign = "# " if account else ""
            yield f"# {name}'s own figures want {provider(name).endpoints[0].permission}."
            yield f"{sign}[[source]]"
            yield f'{sign}type = "{name}"'
            yield f'{sign}api_key_env = "{variable}"'
            if account:
                yield f'# account = "..."                 # {account}'
        yield ""


def _host(gpus: Sequence[GpuReading], machine: str) -> Iterator[str]:
    cards = [reading for reading in gpus if reading.parent_uuid is None]
    what = names_of(gpus) if cards else "no GPU was found here"
    yield f"# What this machine costs per hour, whether it serves or not ({plain(what)})."
    for sentence in price_suggestions(gpus):
        yield f"# {plain(sentence)}"
    yield "# [[host]]"
    yield f"# name = {_quoted(machine)}"
    yield '# usd_per_hour = "20"             # your contract\'s figure; there is no default. Reserved or spot: the effective rate'
    yield f"# gpus = {len(cards) or 8}"
    yield "# prefill_tokens_per_second = 15000   # measured at saturation, for utilisation and idle tax"
    yield "# decode_tokens_per_second = 3000"
    yield '# capacity_basis = "joint"        # joint: both measured together; separate: one phase at a time'
    yield ""


def _gpus(machine: str) -> Sequence[GpuReading]:
    from collectors.gpus.nvml.gpus import NvmlGpus

    gpus = NvmlGpus(machine)
    try:
        return gpus.read(now_ms())
    except CollectorError:
        return ()
    finally:
        gpus.close()


def _quoted(text: str) -> str:
    """A TOML basic string; anything unusual is escaped."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08X}" for c in text) + '"'
