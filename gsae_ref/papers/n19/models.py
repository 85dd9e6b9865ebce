"""The model "n19": columns with N19's expected gradient, biases, laws of supports."""

from collections.abc import Collection
from dataclasses import replace

from ...claims import laws
from ...claims.columns import COLUMNS
from ...claims.model import Block, Sizes, register


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters: those of columns, of the law of supports, of the biases."""
    own = {"law": laws.block(sizes, "m", "k"), "bias": Block(sizes["m"])}
    return {**COLUMNS.blocks(sizes), **own}


def always(given: Collection[str]) -> tuple[str, ...]:
    """What holds of columns, and of the law of supports."""
    return (*COLUMNS.always(given), *laws.ALWAYS)


BASICS = {
    "law": laws.chances,
    "bias": lambda i: i.each(i["m"], lambda part: part.number("bias")),
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
}
MEANINGS = {
    **laws.meanings("column"),
    "bias": "bias[i]: bias of hidden unit i, a number",
    "G_law": "G_law[i]: expected gradient of column i as G, supports with the probabilities of law",
    "G": "G[i]: expected gradient of column i, codes of mean 0 and variance 1, supports recovered",
}
N19 = register(
    replace(
        COLUMNS,
        name="n19",
        blocks=blocks,
        basics={**COLUMNS.basics, **BASICS},
        given={**COLUMNS.given, **laws.GIVEN},
        always=always,
        definitions={**COLUMNS.definitions, **DEFINITIONS},
        meanings={**COLUMNS.meanings, **MEANINGS},
    )
)
