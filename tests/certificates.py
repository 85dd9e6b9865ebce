"""The certificates of all counterexamples, each built once in a process."""

import os

from gsae_ref.papers.counterexamples import COUNTEREXAMPLES


class Built(dict):
    """Certificates by name, each built when it is first asked for."""

    def __missing__(self, name):
        self[name] = COUNTEREXAMPLES[name]()
        return self[name]


BUILT = Built()


def certificates():
    """Those that are built; in a mutation run none, as a planted error must reach every test."""
    return Built() if "GSAE_REF_MUTATION" in os.environ else BUILT
