"""One Hypothesis profile, the same examples on every run, no deadline; certificates by name."""

import pytest
from hypothesis import settings

settings.register_profile("gsae", deadline=None, derandomize=True)
settings.load_profile("gsae")


@pytest.fixture
def built():
    """Certificates by name, built anew for each test: a planted error must reach all of them."""
    from gsae_ref.papers.counterexamples import COUNTEREXAMPLES

    class Built(dict):
        def __missing__(self, name):
            self[name] = COUNTEREXAMPLES[name]()
            return self[name]

    return Built()
