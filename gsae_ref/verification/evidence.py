"""Run one item of evidence: look up the names in it, and pass it on to its search."""

from __future__ import annotations

import numpy as np

from ..claims.evidence import (
    Counterexample,
    Evidence,
    Identity,
    Inequality,
    Measurement,
    Reading,
    Reproduction,
    Stress,
)
from ..claims.exact import COUNTEREXAMPLES, REFUTED_BY
from ..claims.finding import MEASUREMENTS, Finding
from ..claims.trials import try_claim, try_on_family
from ..papers.families import FAMILIES
from ..papers.ledger import LEDGER


def counterexamples_of(row_id: str) -> list[str]:
    """Names of the counterexamples to a row, and to the rows that share its evidence."""
    sharing = [row.id for row in LEDGER.values() if row.same_as == row_id]
    names = [name for each in (row_id, *sharing) for name in REFUTED_BY.get(each, ())]
    return list(dict.fromkeys(names))


def run(row_id: str, evidence: Evidence, rng: np.random.Generator, quick: bool) -> list[Finding]:
    """Run one item of evidence of a row; return one finding, or one for each counterexample."""
    if isinstance(evidence, Counterexample):
        return [_counterexample(name) for name in counterexamples_of(row_id)]
    if isinstance(evidence, Inequality | Identity):
        return [try_on_family(evidence, FAMILIES[evidence.family], rng, quick)]
    if isinstance(evidence, Stress):
        return [try_claim(evidence.claim, evidence.expect, rng, quick)]
    if isinstance(evidence, Measurement):
        return [MEASUREMENTS[evidence.name](rng, quick)]
    if isinstance(evidence, Reproduction):
        kept = f"{evidence.outcome}: {evidence.measured} (kept result of `{evidence.command}`)"
        return [Finding("reproduction", evidence.claim, True, kept)]
    assert isinstance(evidence, Reading)
    return [Finding("reading", "by reading", True, evidence.text)]


def _counterexample(name: str) -> Finding:
    certificate = COUNTEREXAMPLES[name]()
    verdict = "all hypotheses hold exactly" if certificate.refutes else "does NOT refute"
    return Finding(
        "counterexample",
        name,
        certificate.refutes,
        f"{verdict}; {certificate.printed}",
        certificate.to_dict(),
        certificate.explain(),
    )
