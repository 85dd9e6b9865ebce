"""Run one item of evidence: its names are looked up here, what it says is tried in :mod:`gsae_ref.claims.search`."""

from __future__ import annotations

import numpy as np

from ..claims.evidence import Counterexample, Evidence, Identity, Inequality, Measurement, Reading
from ..claims.finding import MEASUREMENTS, Finding
from ..claims.search import identity, inequality
from ..papers.families import FAMILIES


def run(evidence: Evidence, rng: np.random.Generator, quick: bool) -> Finding:
    """Run one item of evidence and return its :class:`Finding`."""
    if isinstance(evidence, Inequality):
        return inequality(evidence, FAMILIES[evidence.family], rng, quick)
    if isinstance(evidence, Identity):
        return identity(evidence, FAMILIES[evidence.family], rng, quick)
    if isinstance(evidence, Counterexample):
        return _counterexample(evidence)
    if isinstance(evidence, Measurement):
        return MEASUREMENTS[evidence.name](rng, quick)
    assert isinstance(evidence, Reading)
    return Finding("reading", "by reading", True, evidence.text)


def _counterexample(evidence: Counterexample) -> Finding:
    from ..papers.counterexamples import CERTIFICATES

    certificate = CERTIFICATES[evidence.name]()
    verdict = "all hypotheses hold exactly" if certificate.refutes else "does NOT refute"
    return Finding(
        "counterexample",
        evidence.name,
        certificate.refutes,
        f"{verdict}; {certificate.printed}",
        certificate.to_dict(),
        certificate.explain(),
    )
