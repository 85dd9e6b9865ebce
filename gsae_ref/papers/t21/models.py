"""The model "t21": groups of columns with T21's expected gradient and laws of codes, for claims.

``law`` is a law of supports, and the code of an active group is one of 2 d vectors, plus or minus
``col(axes, j) / root_weight[j]`` with probability ``root_weight[j]**2 / 2`` each: symmetric, with
covariance I, (16), and norms between two bounds, (15). Codes of different groups are independent.
An expectation is a sum over ``events``: ``total(chance[e] * norm2(samples[e]) for e in events)``.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ...claims import laws
from ...claims.grouped import GROUPS
from ...claims.model import Block, Instance, Parts, Sizes, register


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters: those of groups, and of the laws."""
    d = sizes["d"]
    return {
        **GROUPS.blocks(sizes),
        "law": laws.block(sizes, "Gamma", "gamma"),
        "axes": Block(d * (d - 1) // 2),
        "root_weight": Block(d - 1, 0.1),
    }


def always(given: Collection[str]) -> tuple[str, ...]:
    """What holds of groups, and of the laws."""
    axes = "axes.T @ axes == eye(d)"
    weights = "total(root_weight[j]**2 for j in range(d)) == 1"
    return (*GROUPS.always(given), *laws.ALWAYS, axes, weights)


def _axes(i: Instance) -> Any:
    return i.one(lambda part: part.frame(part.skew("axes", i["d"]), part.matrix("axes", 0, i["d"])))


def _root_weights(i: Instance) -> list[Any]:
    """The entries of a unit vector; at 0 none of them is 0."""
    d = i["d"]
    entry = i.field.words["entry"]
    shift = i.field.divide(1, d)

    def build(part: Parts) -> Any:
        t = part.matrix("root_weight", d - 1, 1)
        shifted = [[entry(t, j, 0) + shift] for j in range(d - 1)]
        return part.sphere(part.field.matrix(shifted) if shifted else t)

    column = i.one(build)
    return [entry(column, j, 0) for j in range(d)]


BASICS: dict[str, Any] = {
    "law": laws.chances,
    "axes": _axes,
    "root_weight": _root_weights,
}
DEFINITIONS = {
    **laws.definitions("Gamma", "gamma", "groups"),
    "atom": "[0 * col(axes, 0)] + [col(axes, j) / root_weight[j] for j in range(d)]"
    " + [-col(axes, d - 1 - j) / root_weight[d - 1 - j] for j in range(d)]",
    "weight": "[1] + [root_weight[j]**2 / 2 for j in range(d)]"
    " + [root_weight[d - 1 - j]**2 / 2 for j in range(d)]",
    "draws": "tuples([j + 1 for j in range(d)] + [j - d for j in range(d)], gamma)",
    "events": "range(len(supports) * len(draws))",
    "case": "[c for c in cases for draw in draws]",
    "chance": "[law[c] * prod(weight[j] for j in draw) for c in cases for draw in draws]",
    "codes": "[[atom[total(draw[h] for h in active if supports[c][h] == g)] for g in groups]"
    " for c in cases for draw in draws]",
    "samples": "[total(S[supports[c][h]] @ atom[draw[h]] for h in active)"
    " for c in cases for draw in draws]",
    "G_law": "[-tau[g] * total(law[c] * inside[c][g] * (2 * R_in[c] - P_in[c] @ R_in[c]"
    " - R_in[c] @ P_in[c]) for c in cases) @ A[g] for g in groups]",
    "R_in": "[total(R[h] for h in supports[c]) for c in cases]",
    "P_in": "[total(tau[h] * P[h] for h in supports[c]) for c in cases]",
    "P": "[A[g] @ A[g].T for g in groups]",
    "R": "[S[g] @ S[g].T for g in groups]",
    "K": "total(R[g] for g in groups)",
    "K_tau": "total(tau[g] * P[g] for g in groups)",
    "K_both": "total(tau[g] * (P[g] @ R[g]) for g in groups)",
    "H": "[(p[1] - p[2]) * R[g] + p[2] * K - K_tau @ ((p[2] - p[3]) * R[g] + p[3] * K)"
    " - tau[g] * (P[g] @ ((p[2] - p[3]) * K + (p[1] - 3 * p[2] + 2 * p[3]) * R[g]))"
    " - (p[2] - p[3]) * K_both for g in groups]",
    "G": "[-tau[g] * ((H[g] + H[g].T) @ A[g]) for g in groups]",
    "beta": "[G[g] + p[1] * tau[g] * ((2 - tau[g]) * (R[g] @ A[g]) - tau[g] * (P[g] @ R[g] @ A[g]))"
    " for g in groups]",
    "alpha": "[inner(col(S[0], i), col(A[0], i)) for i in range(d)]",
    "v": "[col(G[0], i) - tau[0] * (2 - tau[0]) * p[1] * alpha[i] * (col(A[0], i) - col(S[0], i))"
    " for i in range(d)]",
    "omega": "[largest([0] + [abs(inner(col(S[0], j), col(A[0], i))) for j in range(d) if j != i])"
    " for i in range(d)]",
}
MEANINGS = {
    **laws.meanings("group"),
    "axes": "orthogonal d x d matrix: directions of the atoms of a code",
    "root_weight": "root_weight[j]: root of the probability of plus or minus atom j",
    "atom": "atom[j], j = 1, ..., d: col(axes, j - 1) / root_weight[j - 1]; atom[-j] = -atom[j]",
    "weight": "weight[j]: probability that the code of an active group is atom[j]; weight[0] = 1",
    "draws": "every choice of an atom for gamma groups",
    "events": "numbers of all outcomes: a support and a draw each",
    "case": "case[e]: number of the support in outcome e, supports[case[e]]",
    "chance": "chance[e]: probability of outcome e",
    "codes": "codes[e][g]: code of group g in outcome e, d x 1; 0 where g is not active",
    "samples": "samples[e]: the sample in outcome e, n x 1",
    "G_law": "G_law[g]: expected gradient of group g as G, supports with the probabilities of law",
    "R_in": "R_in[c]: sum of the R[h], h in supports[c]",
    "P_in": "P_in[c]: sum of the tau[h] * P[h], h in supports[c]",
    "P": "P[g] = A[g] @ A[g].T",
    "R": "R[g] = S[g] @ S[g].T",
    "K": "sum of the R[g]",
    "K_tau": "sum of the tau[g] * P[g]",
    "K_both": "sum of the tau[g] * P[g] @ R[g]",
    "H": "H[g]: half of what G[g] has left of A[g], G[g] = -tau[g] * (H[g] + H[g].T) @ A[g]",
    "G": "G[g]: expected gradient (27) of group g, shrinkage factors held fixed, covariance I",
    "beta": "beta[g]: what (55) leaves of G[g] beside its leading term",
    "alpha": "alpha[i]: inner product of columns i of S[0] and A[0], (32)",
    "v": "v[i]: what is left of column i of G[0] in (59)",
    "omega": "omega[i]: largest inner product of column i of A[0] with another column of S[0]",
}
T21 = register(
    replace(
        GROUPS,
        name="t21",
        blocks=blocks,
        basics={**GROUPS.basics, **BASICS},
        given={**GROUPS.given, **laws.GIVEN},
        always=always,
        definitions={**GROUPS.definitions, **DEFINITIONS},
        meanings={**GROUPS.meanings, **MEANINGS},
        symbols={**GROUPS.symbols, "K_tau": r"K_\tau"},
    )
)
