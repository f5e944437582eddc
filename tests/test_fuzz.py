"""A log of a hundred thousand damaged lines stops nothing, fills nothing, and hides none of the good lines in it."""

import json
import subprocess
import sys
from pathlib import Path

from tests.fakes import fuzzing

DAMAGED = 100_000
MOST_KIB = 100_000
"""The line of 50 MB alone would need half of it, and every copy of it the other half."""


def test_a_hundred_thousand_damaged_lines_and_one_of_fifty_megabytes(tmp_path: Path) -> None:
    log = tmp_path / "fuzzed.jsonl"
    good = fuzzing.write_log(log, DAMAGED)
    command = [sys.executable, "-m", "tests.fakes.fuzzing", str(log)]
    done = subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)

    assert found["arrived"] == good == DAMAGED // fuzzing.EVERY
    # Every line was either taken or counted; most of them are no records any more.
    assert DAMAGED // 2 < found["rejected"] <= DAMAGED + 1 + DAMAGED // 2
    assert found["reasons"] < 120
    assert found["grown_kib"] < MOST_KIB
