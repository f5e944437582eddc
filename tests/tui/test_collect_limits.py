"""A collector may open as many files as its user may, however few its shell begins with."""

import subprocess
import sys

PROGRAM = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2048))
from tui.commands.collect import _take_descriptors
_take_descriptors()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_it_takes_what_it_may_have() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2048", "2048"]
