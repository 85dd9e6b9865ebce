"""The model "n19": columns with N19's expected gradient, a step, biases, laws of codes.

Given the support c, the codes on it are kappa_1 + spread * signs[q], with the chance chance[q].
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ...claims import laws
from ...claims.columns import COLUMNS
from ...claims.evidence import Stress
from ...claims.model import Block, Instance, Sizes, register
from ...claims.sentences import Sentence

CENTRED = "centred codes"
ONES = "codes 1"
INDEPENDENT = "independent codes"
MOST_SIGNS = 10  # active columns whose signs are enumerated


def squared(item: Stress, conclusion: str) -> Stress:
    """A claim with an equation of columns, as the square of their distance, which is a number."""
    sentence = Sentence(conclusion)
    number = f"norm2({sentence.left} - ({sentence.right})) == 0{sentence.tail}"
    return replace(item, conclusion=number)


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters: those of columns, of the law of supports, of the biases, of a step."""
    n = sizes["n"]
    m = sizes["m"]
    k = sizes["k"]
    own = {
        "law": laws.block(sizes, "m", "k"),
        "mean": Block(1, 1.0, (CENTRED, ONES)),
        "deviation": Block(1, 0.3, (CENTRED, ONES)),
        "chance": Block(2**k if k <= MOST_SIGNS else 0, 0.5, (INDEPENDENT,)),
        "bias": Block(m, frozen_by=("no bias",)),
        "zeta": Block(1, 0.3),
        "update": Block(n * m, 0.3),
    }
    return {**COLUMNS.blocks(sizes), **own}


def always(given: Collection[str]) -> tuple[str, ...]:
    """What holds of columns, and of the law of supports."""
    chances = ("0 <= chance[q] for q in patterns", "total(chance) == 1")
    return (*COLUMNS.always(given), *laws.ALWAYS, *chances)


def _chance(i: Instance) -> list[Any]:
    """The chance of every pattern of signs, never 0."""
    weights = i.each(len(i["signs"]), lambda part: 1 + part.number("chance") ** 2)
    whole = i.field.words["total"](weights)
    return [i.field.divide(weight, whole) for weight in weights]


def _updates(i: Instance) -> list[Any]:
    moves = i.each(i["m"], lambda part: part.matrix("update", i["n"], 1))
    return [a + move for a, move in zip(i["A"], moves, strict=True)]


BASICS = {
    "law": laws.chances,
    "kappa_1": lambda i: (ONES in i.given) + i.number("mean"),
    "spread": lambda i: (
        0 * i.number("deviation") if ONES in i.given else (1 + i.number("deviation")) ** 2
    ),
    "chance": _chance,
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
    "kappa_2": "kappa_1**2 + spread**2",
    "signs": "tuples([-1, 1], k)",
    "patterns": "range(len(signs))",
    "codes": "[[[total(kappa_1 + spread * signs[q][a] for a in range(k) if supports[c][a] == i)"
    " for i in atoms] for q in patterns] for c in cases]",
    "samples": "[[total(codes[c][q][j] * A[j] for j in supports[c]) for q in patterns]"
    " for c in cases]",
    "z": "[[[inside[c][i] * (inner(W[i], samples[c][q]) + bias[i]) for i in atoms]"
    " for q in patterns] for c in cases]",
    "residuals": "[[samples[c][q] - total(z[c][q][j] * W[j] for j in supports[c])"
    " for q in patterns] for c in cases]",
    "G_codes": "[total(-law[c] * chance[q] * (z[c][q][i] * residuals[c][q]"
    " + inner(W[i], residuals[c][q]) * samples[c][q])"
    " for c in cases if inside[c][i] == 1 for q in patterns) for i in atoms]",
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
    "kappa_1": 'mean of a code; 0 with "centred codes", 1 with "codes 1"',
    "spread": 'codes are kappa_1 + spread or kappa_1 - spread; at least 0, 0 with "codes 1"',
    "kappa_2": 'kappa_1**2 + spread**2, 1 with "centred codes"',
    "signs": "signs[q]: the q-th list of k numbers 1 or -1",
    "patterns": "range(len(signs))",
    "chance": 'chance[q]: probability of signs[q]; equal for all with "independent codes"',
    "codes": "codes[c][q][i]: code of column i, on support c with the signs q; 0 off it",
    "samples": "samples[c][q]: sum of A[j] times its code, n x 1",
    "z": "z[c][q][i]: pre-activation of unit i, 0 off the support",
    "residuals": "residuals[c][q]: what W leaves of samples[c][q], its support recovered, n x 1",
    "G_codes": "G_codes[i]: expected update (5) of column i, by enumeration of the codes",
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
GIVEN = {
    "no bias": ("abs(bias[i]) <= 0 for i in atoms",),
    CENTRED: ("kappa_1 == 0", "spread == 1"),
    ONES: ("kappa_1 == 1", "spread == 0"),
    INDEPENDENT: ("chance[q] == chance[0] for q in patterns",),
}
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
