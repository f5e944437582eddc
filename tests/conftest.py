"""What holds for every test: nothing is judged by the clock, and a gate gives the same answer twice."""

import os

from hypothesis import settings

settings.register_profile("anywhere", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("gate" if os.environ.get("CI") else "anywhere")

pytest_plugins = ["tests.nvml_fixtures"]
