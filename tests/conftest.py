"""One Hypothesis profile for all tests: the same examples on every run, and no deadline (a slow machine is not a bug). Certificates by name."""

import pytest
from hypothesis import settings

settings.register_profile("gsae", deadline=None, derandomize=True)
settings.load_profile("gsae")


@pytest.fixture
def built():
    """Each test builds the certificates that it asks for: a planted error must reach all of them."""
    from gsae_ref.papers.counterexamples import COUNTEREXAMPLES

    class Built(dict):
        def __missing__(self, name):
            self[name] = COUNTEREXAMPLES[name]()
            return self[name]

    return Built()
