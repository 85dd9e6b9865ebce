"""The model "n19": columns with the expected gradient of N19's sparse codes, for claims."""

from dataclasses import replace

from ...claims.columns import COLUMNS
from ...claims.model import register

DEFINITIONS = {
    "G": "[total(-2 * p[1 + (l != i)] * inner(A[l], W[i]) * A[l] for l in atoms)"
    " + total(p[1 + (j != i) + (l != i) * (l != j)] * inner(W[j], A[l])"
    " * (inner(A[l], W[i]) * W[j] + inner(W[j], W[i]) * A[l]) for j in atoms for l in atoms)"
    " for i in atoms]",
}
MEANINGS = {
    "G": "G[i]: expected gradient of column i, codes of mean 0 and variance 1, supports recovered",
}
N19 = register(
    replace(
        COLUMNS,
        name="n19",
        definitions={**COLUMNS.definitions, **DEFINITIONS},
        meanings={**COLUMNS.meanings, **MEANINGS},
    )
)
