"""What a configuration changes of the screen's keys and colours, checked before it is shown."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode

from collectors.settings.config import ConfigError, ScreenConfig
from tui import screens, widgets, zone
from tui.app import MonitorApp


def dress(app: MonitorApp, config: ScreenConfig) -> None:
    """Give the app the configured theme, keys and time zone; raises ConfigError with the nearest known name."""
    zone.use_local_time(config.local_time)
    if config.theme is not None:
        _known("theme", config.theme, app.available_themes)
        app.theme = config.theme
    if config.keys:
        ids = {binding.id for binding in all_bindings() if binding.id}
        for name in config.keys:
            _known("keys", name, ids)
        app.set_keymap(dict(config.keys))


def all_bindings() -> Iterable[Binding]:
    """Every binding of the app, its screens and its widgets that can be given another key."""
    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for node in _ours(DOMNode):
        for binding in vars(node).get("BINDINGS", ()):
            if isinstance(binding, Binding):
                yield binding


def _ours(node: type[Any]) -> Iterable[type[Any]]:
    for kind in node.__subclasses__():
        if kind.__module__.startswith("tui."):
            yield kind
        yield from _ours(kind)


def _known(what: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(names)}."
        raise ConfigError(f"[screen] {what}: nothing is called `{name}`; {hint}")
