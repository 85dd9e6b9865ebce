"""A result of a verification without running one: every row of the ledger, numbers made up, certificates real."""

from gsae_ref.claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading
from gsae_ref.papers.counterexamples import CERTIFICATES
from gsae_ref.papers.ledger import LEDGER

NUMBERS = {
    Identity: {"relative_error": 1e-15},
    Measurement: {"value": 0.25, "limit": 0.5, "list": [1, 2]},
    Reading: {},
}


def finding(evidence):
    if isinstance(evidence, Counterexample):
        numbers = CERTIFICATES[evidence.name]().to_dict()
        label = evidence.name
    elif isinstance(evidence, Inequality):
        more = {"worst_search": 0.75} if evidence.expect == "holds" else {}
        numbers = {"instances": 300, "worst_random": 0.5 if more else 3.25, **more}
        label = evidence.label
    else:
        numbers = NUMBERS[type(evidence)]
        label = getattr(evidence, "label", "made up")
    return {
        "kind": type(evidence).__name__.lower(),
        "label": label,
        "ok": True,
        "summary": "made up",
        "numbers": numbers,
        "detail": "",
    }


def made_up_result():
    """Every row, as in VerificationReport.to_dict()."""
    rows = [
        {
            "id": row.id,
            "number": row.number,
            "verdict": row.verdict,
            "statement": row.statement,
            "corrected": row.corrected,
            "confirmed": True,
            "findings": [finding(evidence) for evidence in LEDGER[row.same_as or row.id].evidence],
            "same_as": row.same_as,
        }
        for row in LEDGER.values()
    ]
    return {
        "ok": True,
        "counts": {},
        "settings": {"papers": ["T21"], "quick": True, "rng": 0},
        "rows": rows,
    }
