"""A host's dollars per million tokens against its utilisation, drawn in text.

The price axis is logarithmic, since a host at a tenth of its capacity costs ten times as much per token. Columns share
half-block resolution, so that a curve of twelve lines has twenty-four levels.
"""

from dataclasses import dataclass
from math import log

_STEEPEST = 0.05
"""Below this utilisation the price leaves the picture: twenty times that of saturation."""
_BLOCKS = {"upper": "▀", "lower": "▄", "both": "█", "api": "─", "now": "●", "even": "◆", "drop": "┊", "axis": "│"}
_PLAIN = {"upper": "*", "lower": "*", "both": "*", "api": "-", "now": "o", "even": "X", "drop": ":", "axis": "|"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPlot:
    """What is drawn: the price at saturation and, where known, where the host is now, the other price and the crossing.

    Prices are dollars per million tokens, positive; `used` and `break_even` are utilisations.
    """

    at_full: float
    used: float | None = None
    api: float | None = None
    break_even: float | None = None
    width: int = 60
    height: int = 12
    plain: bool = False

    def __post_init__(self) -> None:
        if self.at_full <= 0:
            raise ValueError("a host that costs nothing has no curve")

    def lines(self) -> list[str]:
        """The picture, from the top to the axis of utilisation, without its legend."""
        grid = self._curve()
        self._draw_api(grid)
        self._draw_break_even(grid)
        self._draw_now(grid)
        labels = self._labels()
        margin = max(map(len, labels.values()))
        rows = [
            f"{labels.get(row, ''):>{margin}} {self._signs['axis']}{''.join(line)}" for row, line in enumerate(grid)
        ]
        corner, stroke = "+-" if self.plain else "└─"
        axis = f"{'':>{margin}} {corner}{stroke * self.width}"
        return [*(row.rstrip() for row in rows), axis, " " * (margin + 2) + self._scale()]

    def legend(self) -> str:
        """What the marks in the picture mean, those that are in it."""
        marks = []
        if self.used:
            marks.append(f"{self._signs['now']} now")
        if self.api:
            marks.append(f"{self._signs['api'] * 2} the price by the token")
            if self.break_even and self.break_even <= 1:
                marks.append(f"{self._signs['even']} break-even")
        return "   ".join(marks)

    @property
    def _signs(self) -> dict[str, str]:
        return _PLAIN if self.plain else _BLOCKS

    @property
    def _bounds(self) -> tuple[float, float]:
        other = self.api or self.at_full
        return min(self.at_full, other) * 0.9, max(self.at_full / _STEEPEST, other) * 1.1

    def _level(self, usd: float) -> int:
        """Half lines above the axis; outside the picture for what is dearer than its top."""
        low, high = self._bounds
        return int((log(usd) - log(low)) / (log(high) - log(low)) * self.height * 2)

    def _row(self, usd: float) -> int:
        return self.height - 1 - self._level(usd) // 2

    def _column(self, used: float) -> int:
        return min(self.width - 1, int(used * self.width))

    def _curve(self) -> list[list[str]]:
        grid = [[" "] * self.width for _ in range(self.height)]
        for column in range(self.width):
            lowest = self._level(self.at_full * self.width / (column + 1))
            before = self._level(self.at_full * self.width / column) if column else lowest + 1
            for level in range(lowest, max(lowest + 1, before)):
                row = self.height - 1 - level // 2
                if row >= 0:
                    half = "upper" if level % 2 else "lower"
                    grid[row][column] = self._signs["both" if grid[row][column] != " " else half]
        return grid

    def _draw_api(self, grid: list[list[str]]) -> None:
        if self.api:
            line = grid[self._row(self.api)]
            line[:] = [self._signs["api"] if sign == " " else sign for sign in line]

    def _draw_break_even(self, grid: list[list[str]]) -> None:
        if not self.break_even or self.break_even > 1 or not self.api:
            return
        column, crossing = self._column(self.break_even), self._row(self.api)
        for row in range(crossing + 1, self.height):
            if grid[row][column] == " ":
                grid[row][column] = self._signs["drop"]
        grid[crossing][column] = self._signs["even"]

    def _draw_now(self, grid: list[list[str]]) -> None:
        if self.used:
            row = max(0, self._row(self.at_full / self.used))
            grid[row][self._column(self.used)] = self._signs["now"]

    def _labels(self) -> dict[int, str]:
        """Prices beside the axis; the other price wins where two want one line."""
        labels = {0: f"{self._bounds[1]:.3g}", self._row(self.at_full): f"{self.at_full:.3g}"}
        if self.api:
            labels[self._row(self.api)] = f"API {self.api:.3g}"
        return labels

    def _scale(self) -> str:
        """0, 25, 50, 75 and 100 per cent under the axis."""
        line = [" "] * self.width
        for quarter in range(5):
            text = f"{quarter * 25}%"
            at = min(quarter * self.width // 4, self.width - len(text))
            line[at : at + len(text)] = text
        return "".join(line).rstrip()
