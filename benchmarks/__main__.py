"""The measured figures: `python -m benchmarks [NAME ...]`, each against a named reference in the same run."""

import argparse
import importlib
import sys

from benchmarks.figure import Figure, table

NAMES = (
    "ingest", "ingest_small", "storage", "queries", "startup", "terminal", "pace", "keys", "refresh", "steady", "scrape",
    "pricing", "gpu_cost",
)  # fmt: skip


def main() -> int:
    """Run all measures or the named ones, and print one table; a goal that is missed is said, not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--lines", type=int, help="lines of the logs that are read")
    parser.add_argument("--full", action="store_true", help="100,000 large and 1,000,000 small lines; takes minutes")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"there is no measure {unknown[0]!r}; there are {', '.join(NAMES)}.")
    figures: list[Figure] = []
    for name in options.names or NAMES:
        sys.stderr.write(f"measuring {name} ...\n")
        figures += importlib.import_module(f"benchmarks.{name}").measure(options)
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
