"""Curves over time as an SVG picture, for reports that are read in a browser."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from math import floor, log10

_WIDTH, _HEIGHT = 800, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 16, 40, 36
_COLOURS = ("#1f5fb4", "#8a8a8a", "#b4561f")
_STEPS_MS = tuple(minutes * 60_000 for minutes in (1, 5, 10, 30, 60, 180, 360, 720, 1440, 7 * 1440, 30 * 1440))


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: (epoch milliseconds, value); a None value is a gap."""

    name: str
    points: Sequence[tuple[int, float | None]]
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Curves over one stretch of time, with marks. Every text is escaped: names come from outside."""

    title: str
    unit: str
    begins_ms: int
    ends_ms: int
    curves: Sequence[Curve]
    marks: Sequence[tuple[int, str]] = field(default=())

    def svg(self) -> str:
        """The picture as a document of its own."""
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="11">',
            f"<title>{escape(self.title)}</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
            f'<text x="{_LEFT}" y="16" font-size="13">{escape(self.title)}, {escape(self.unit)}</text>',
            *self._values(),
            *self._times(),
            *self._curves(),
            *self._marks(),
            *self._names(),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    @property
    def _highest(self) -> float:
        known = [value for curve in self.curves for _, value in curve.points if value is not None]
        return _round_up(max(known, default=0.0))

    def _x(self, at_ms: int) -> float:
        share = (at_ms - self.begins_ms) / max(1, self.ends_ms - self.begins_ms)
        return _LEFT + min(1.0, max(0.0, share)) * (_WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self._highest * (_HEIGHT - _TOP - _BOTTOM)

    def _values(self) -> Iterator[str]:
        for quarter in range(5):
            value = self._highest * quarter / 4
            y = self._y(value)
            yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>'
            yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#444444">{value:,.6g}</text>'

    def _times(self) -> Iterator[str]:
        span_ms = self.ends_ms - self.begins_ms
        step_ms = next((step for step in _STEPS_MS if span_ms / step <= 8), _STEPS_MS[-1])
        for at_ms in range(-(-self.begins_ms // step_ms) * step_ms, self.ends_ms + 1, step_ms):
            at = datetime.fromtimestamp(at_ms / 1000, UTC)
            label = f"{at:%m-%d}" if step_ms >= _STEPS_MS[8] else f"{at:%H:%MZ}"
            yield f'<text x="{self._x(at_ms):.1f}" y="{_HEIGHT - 14}" text-anchor="middle" fill="#444444">{label}</text>'

    def _curves(self) -> Iterator[str]:
        for place, curve in reversed(list(enumerate(self.curves))):
            dashes = ' stroke-dasharray="5 4"' if curve.dashed else ""
            for stretch in _stretches(curve.points):
                points = " ".join(f"{self._x(at_ms):.1f},{self._y(value):.1f}" for at_ms, value in stretch)
                colour = _COLOURS[place % len(_COLOURS)]
                yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"{dashes}/>'

    def _marks(self) -> Iterator[str]:
        for place, (at_ms, text) in enumerate(self.marks):
            x, y = self._x(at_ms), 30 + place % 3 * 11
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{_HEIGHT - _BOTTOM}" stroke="#444444" stroke-dasharray="2 3"/>'
            side = ("end", x - 3) if x > _WIDTH * 0.8 else ("start", x + 3)
            yield f'<text x="{side[1]:.1f}" y="{y + 4}" text-anchor="{side[0]}">{escape(text[:40])}</text>'

    def _names(self) -> Iterator[str]:
        x = _WIDTH - _RIGHT
        for place, curve in reversed(list(enumerate(self.curves))):
            colour = _COLOURS[place % len(_COLOURS)]
            yield f'<text x="{x}" y="16" text-anchor="end" fill="{colour}">{escape(curve.name)}</text>'
            x -= 8 * len(curve.name) + 14


def _stretches(points: Sequence[tuple[int, float | None]]) -> Iterator[list[tuple[int, float]]]:
    """The parts of a curve between its gaps."""
    part: list[tuple[int, float]] = []
    for at_ms, value in points:
        if value is not None:
            part.append((at_ms, value))
        elif part:
            yield part
            part = []
    if part:
        yield part


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 8, 10 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10, 20) if step * power >= value)
