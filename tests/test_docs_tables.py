"""The documentation says what the program does: its commands can be typed, and its tables are those of the code."""

import argparse
import re
import shlex
import tomllib
from collections.abc import Sequence
from importlib.metadata import metadata

import msgspec
import pytest

from collectors.discovery import LOG_PLACES
from collectors.formats.fieldmap import TARGETS
from collectors.formats.registry import FORMATS
from collectors.providers.registry import NAMES, provider
from collectors.settings.alertconfig import AlertsConfig
from collectors.settings.config import BudgetConfig
from pricing.alerts.names import RULES
from pricing.books import aliases, discounts, entries
from tests.pages import DOCS, PAGES, ROOT, code, fenced, first_column, prose, section
from tui.cli import COMMANDS, parser_of
from tui.keymap import all_bindings
from tui.screens import alerts, budgets, burn_table, requests, sources
from tui.widgets import machinerows
from tui.widgets.columns import Column

SCREENS, SOURCES, ALERTS, PROVIDERS, CONFIGURATION = (
    (DOCS / f"{name}.md").read_text() for name in ("screens", "sources", "alerts", "providers", "configuration")
)

OTHERS_OPTIONS = {
    "--gpus all", "--pid=host", "--disable-log-stats", "--enable-metrics", "--metrics", "--disable-metrics", "--strict",
}  # fmt: skip
"""Options of other programs, which a page names."""

SIGNS = {
    "left_square_bracket": "[", "right_square_bracket": "]", "slash": "/", "colon": ":", "question_mark": "?",
    "dollar_sign": "$", "pagedown": "pgdn", "pageup": "pgup", "escape": "esc",
}  # fmt: skip
"""Keys that Textual calls otherwise than the documentation."""

LISTS = {"group_by", "prompt", "help", "explain", "paper"}
"""Pages and lines that name their keys themselves, at the foot of the screen."""

COLUMNS: dict[str, Sequence[Column]] = {
    "Burn": (*burn_table.COLUMNS, burn_table._VS_BEFORE.column),
    "GPUs": machinerows.COLUMNS,
    "Budgets": budgets.COLUMNS,
    "Requests": requests.COLUMNS,
    "Sources": sources.COLUMNS,
    "Alerts": alerts.COLUMNS,
}  # fmt: skip


def typed() -> list[str]:
    """Every command line of usdtop that a page shows, without the program's name; a command that is only named is none."""
    blocks = [text for page in PAGES for kind in ("sh", "console") for text in fenced(page, kind)]
    shown = [
        found
        for text in blocks
        for found in re.findall(r"^(?:\S+ .*\| |\$ |\S+=\S+ )?(?:\S*/)?usdtop\b(.*)$", text, re.MULTILINE)
    ]
    inline = [found for page in PAGES for found in re.findall(r"`(?:[^`\n]*\| )?usdtop( [^`\n]*)`", prose(page))]
    lines = {line.partition(" #")[0].strip() for line in (*shown, *inline)}
    named = {*COMMANDS, "", "--help", "COMMAND --help"}
    return sorted(line for line in lines if not re.search(r"\.\.\.|[|[]", line) and line not in named)


@pytest.mark.parametrize("line", typed())
def test_every_command_line_that_is_shown_can_be_typed(line: str) -> None:
    words = shlex.split(line)
    at = next((place for place, word in enumerate(words) if word in COMMANDS), None)
    name = "monitor" if at is None else words[at]
    rest = words if at is None else words[:at] + words[at + 1 :]
    assert loosened(parser_of(name)).parse_args(rest)


def loosened(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The same with nothing required: a page may speak of an option, or of a part of a command, alone."""
    for action in parser._actions:
        action.required = False
        if not action.option_strings and action.nargs is None:
            action.nargs = "?"
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                loosened(below)
    return parser


def options(parser: argparse.ArgumentParser) -> set[str]:
    """Every option of a command and of those below it."""
    below = [
        one
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for one in action.choices.values()
    ]
    return {*parser._option_string_actions, *(name for one in below for name in options(one))}


def test_every_option_that_is_named_is_an_option() -> None:
    named = {span for page in PAGES for span in code(prose(page)) if re.match(r"--\w", span)} - OTHERS_OPTIONS
    ours = {name for command in COMMANDS for name in options(parser_of(command))}
    assert {span.split()[0] for span in named} - ours == set()


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{command} {action.option_strings[-1]}"
        for command in COMMANDS
        for action in parser_of(command)._actions
        if action.option_strings and not action.help
    ]
    assert silent == []


@pytest.mark.parametrize("screen", COLUMNS)
def test_every_column_of_a_screen_is_explained(screen: str) -> None:
    titles = {column.title for column in COLUMNS[screen]}
    assert first_column(section(SCREENS, screen), "Column") == titles


def test_every_key_of_a_screen_is_in_its_tables() -> None:
    told = {sign.lower() if len(sign) > 1 else sign for sign in code("\n".join(first_rows(SCREENS)))}
    keys = {
        SIGNS.get(key, key)
        for binding in all_bindings()
        if binding.id and binding.id.split(".")[0] not in LISTS
        for key in binding.key.split(",")
    }
    assert keys - told == set()


def first_rows(text: str) -> list[str]:
    """The first cell of every row of every table of keys."""
    tables = re.findall(r"^\| Key \|.*\n\|[-|]+\n((?:\|.*\n)*)", text, re.MULTILINE)
    return [row.split("|")[1] for table in tables for row in table.splitlines()]


def test_every_format_that_can_be_named_is_in_the_sources() -> None:
    assert {form.name for form in FORMATS} - code(SOURCES) == set()


def test_every_target_of_a_field_map_is_explained() -> None:
    assert first_column(section(SOURCES, "Home-made logs"), "Target") == set(TARGETS)


def test_every_place_that_is_looked_into_for_logs_is_named() -> None:
    assert set(LOG_PLACES) - code(section(SOURCES, "Discovery")) == set()


def test_every_rule_about_alerts_is_explained_with_its_keys() -> None:
    rules = section(ALERTS, "Rules")
    assert first_column(rules, "Rule") == set(RULES)
    keys = {key for row in re.findall(r"^\| `\w+` \|.*$", rules, re.MULTILINE) for key in code(row.split("|")[4])}
    settings = {field.name for kind in (AlertsConfig, BudgetConfig) for field in msgspec.structs.fields(kind)}
    assert keys - settings == {"[[budget]]"}


@pytest.mark.parametrize("name", NAMES)
def test_every_provider_is_explained_with_its_keys_and_what_they_must_be_allowed(name: str) -> None:
    rows = [row for row in PROVIDERS.splitlines() if row.startswith(f"| `{name}` |")]
    spec = provider(name)
    assert len(rows) == 2
    assert [key for key in spec.key_variables if f"`{key}`" not in rows[0]] == []
    assert [point.permission for point in spec.endpoints if point.permission not in PROVIDERS] == []
    assert ("`account`" in rows[0] or "account = " in rows[0]) or not spec.needs_account


@pytest.mark.parametrize(
    ("heading", "keys"),
    [("`[[price]]`", entries._ENTRY_KEYS), ("`[[discount]]`", discounts._KEYS), ("`[[alias]]`", aliases._KEYS)],
    ids=["price", "discount", "alias"],
)
def test_every_key_of_a_price_a_discount_and_an_alias_is_explained(heading: str, keys: Sequence[str]) -> None:
    assert set(keys) - first_column(section(CONFIGURATION, heading), "Key") == set()


def test_every_dependency_s_licence_is_the_one_that_it_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    names = {re.split(r"[<>=~! \[]", requirement)[0] for requirement in wanted}
    rows = re.findall(
        r"^\| ([A-Z]\w+) \| (.+) \|$", section((DOCS / "dependencies.md").read_text(), "Licences"), re.MULTILINE
    )
    told = {name: licence for licence, packages in rows[1:] for name in re.split(r", | \| ", packages) if name != "--"}
    assert set(told) == names
    assert {name: licence for name, licence in told.items() if licence not in licence_of(name)} == {}


def licence_of(package: str) -> str:
    """Everything that an installed package says of its licence."""
    said = metadata(package)
    return " ".join(text for key in ("License-Expression", "License", "Classifier") for text in said.get_all(key) or ())
