"""Colours: those of the terminal, and a set that reads the same to every kind of eye."""

from textual.theme import BUILTIN_THEMES, Theme

DARK, SAFE = "ansi-dark", "colour-blind"

COLOUR_BLIND = Theme(
    name=SAFE,
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_bright_magenta",
    success="ansi_bright_blue",
    accent="ansi_bright_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables=dict(BUILTIN_THEMES[DARK].variables),
)
"""Blue is well, yellow is doubtful, magenta is wrong: no meaning hangs on red against green."""
