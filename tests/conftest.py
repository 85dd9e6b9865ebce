"""One Hypothesis profile for all tests: the same examples on every run, and no deadline (a slow machine is not a bug)."""

from hypothesis import settings

settings.register_profile("gsae", deadline=None, derandomize=True)
settings.load_profile("gsae")
