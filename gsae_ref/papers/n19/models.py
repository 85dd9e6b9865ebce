"""The model "n19": columns with N19's expected gradient, a step, biases, laws of supports."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ...claims import laws
from ...claims.columns import COLUMNS
from ...claims.model import Block, Instance, Sizes, register


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters: those of columns, of the law of supports, of the biases, of a step."""
    n = sizes["n"]
    m = sizes["m"]
    own = {
        "law": laws.block(sizes, "m", "k"),
        "bias": Block(m, frozen_by=("no bias",)),
        "zeta": Block(1, 0.3),
        "update": Block(n * m, 0.3),
    }
    return {**COLUMNS.blocks(sizes), **own}


def always(given: Collection[str]) -> tuple[str, ...]:
    """What holds of columns, and of the law of supports."""
    return (*COLUMNS.always(given), *laws.ALWAYS)


def _updates(i: Instance) -> list[Any]:
    moves = i.each(i["m"], lambda part: part.matrix("update", i["n"], 1))
    return [a + move for a, move in zip(i["A"], moves, strict=True)]


BASICS = {
    "law": laws.chances,
    "bias": lambda i: i.each(i["m"], lambda part: part.number("bias")),
    "zeta": lambda i: (1 + i.number("zeta")) ** 2,
    "update": _updates,
}
DEFINITIONS = {
    **laws.definitions("m", "k", "atoms"),
    "G_law": "[total(law[c] * inside[c][i] * total(-2 * inner(A[l], W[i]) * A[l]"
    " + total(inner(W[j], A[l]) * (inner(A[l], W[i]) * W[j] + inner(W[j], W[i]) * A[l])"
    " for j in supports[c]) for l in supports[c]) for c in cases) for i in atoms]",
    "G": "[total(-2 * p[1 + (l != i)] * inner(A[l], W[i]) * A[l] for l in atoms)"
    " + total(p[1 + (j != i) + (l != i) * (l != j)] * inner(W[j], A[l])"
    " * (inner(A[l], W[i]) * W[j] + inner(W[j], W[i]) * A[l]) for j in atoms for l in atoms)"
    " for i in atoms]",
    "sums": "[total(A[l] for l in supports[c]) for c in cases]",
    "rests": "[sums[c] - total((inner(W[j], sums[c]) + bias[j]) * W[j] for j in supports[c])"
    " for c in cases]",
    "G_sum": "[total(-law[c] * ((inner(W[i], sums[c]) + bias[i]) * rests[c]"
    " + inner(W[i], rests[c]) * sums[c]) for c in cases if inside[c][i] == 1) for i in atoms]",
    "stepped": "[W[i] - zeta * G_sum[i] for i in atoms]",
    "W_next": "[stepped[i] / norm(stepped[i]) for i in atoms]",
}
MEANINGS = {
    **laws.meanings("column"),
    "bias": "bias[i]: bias of hidden unit i, a number",
    "G_law": "G_law[i]: expected gradient of column i as G, supports with the probabilities of law",
    "G": "G[i]: expected gradient of column i, codes of mean 0 and variance 1, supports recovered",
    "sums": "sums[c]: the sample of support c where its codes are 1, n x 1; A[c] for k = 1",
    "rests": "rests[c]: what W leaves of sums[c], its support recovered, n x 1",
    "G_sum": "G_sum[i]: expected update (5) of column i, codes 1, with biases, supports recovered;"
    " for k = 1 that of a mixture",
    "zeta": "step size, at least 0",
    "stepped": "stepped[i] = W[i] - zeta * G_sum[i], n x 1",
    "W_next": "W_next[i]: stepped[i] with norm 1",
    "update": "update[i]: some update of column i before it is normalised, n x 1",
}
GIVEN = {"no bias": ("abs(bias[i]) <= 0 for i in atoms",)}
N19 = register(
    replace(
        COLUMNS,
        name="n19",
        blocks=blocks,
        basics={**COLUMNS.basics, **BASICS},
        given={**COLUMNS.given, **laws.GIVEN, **GIVEN},
        always=always,
        definitions={**COLUMNS.definitions, **DEFINITIONS},
        meanings={**COLUMNS.meanings, **MEANINGS},
    )
)
