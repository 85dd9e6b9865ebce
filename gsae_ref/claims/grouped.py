"""The model ``"groups"``: dictionaries of groups of columns, a group-sparse code, and its sample.

``S`` generates the sample ``y``, ``A`` is an estimate of it. Group g is an n x d matrix; the first
gamma groups are active. Orthonormal groups are Cayley transforms, and a sign chooses the coordinate
vectors that the chart of a group is centred at, so that no exceptional set is left out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .model import Block, Instance, Model, Parts, Sizes, register, share

SIZES = {
    "n": "dimension of the data",
    "d": "columns of a group",
    "Gamma": "number of groups",
    "gamma": "number of active groups",
}
MEANINGS = SIZES | {
    "A": "A[g]: group g of the estimate, n x d",
    "S": "S[g]: group g of the dictionary that generates the data, n x d",
    "x": "x[h]: code of the active group h, d x 1",
    "y": "the sample, sum of S[h] @ x[h] over the active groups, n x 1",
    "groups": "range(Gamma)",
    "active": "range(gamma)",
    "inactive": "range(gamma, Gamma)",
    "B_min": "lower bound of norm(x[h]); it is 1, which fixes the unit",
    "B_max": "upper bound of norm(x[h])",
    "delta": "upper bound of norm(A[g] - S[g]), of every group",
    "mu": "block coherence: largest spectral(S[g].T @ S[h]) / d, g != h; 0 for one group",
    "tau": "tau[g]: a shrinkage factor in (0, 1]",
    "p": "p[k]: probability that k given groups are active, k = 1, 2, 3, supports uniform",
}


def refuse(sizes: Sizes) -> str:
    """Why no instance has these sizes."""
    if sizes["gamma"] > sizes["Gamma"]:
        return "gamma <= Gamma: at most all groups are active"
    return "d <= n: a group has at most n orthonormal columns" if sizes["d"] > sizes["n"] else ""


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters."""
    n, d, Gamma, gamma = (sizes[name] for name in SIZES)
    turns = d * (d - 1) // 2
    same = ("A = S",)
    shaped = ("orthonormal S", "unit norm S")
    return {
        "S_skew": Block(Gamma * turns),
        "S_tilt": Block(Gamma * (n - d) * d),
        "A_skew": Block(Gamma * turns, 0.3, same),
        "A_tilt": Block(Gamma * (n - d) * d, 0.3, same),
        "S_stretch": Block(Gamma * d * d, 0.3, shaped),
        "S_shrink": Block(Gamma * (d - 1), 1.0, ("orthonormal S",)),
        "S_lean": Block(Gamma * n * d, 0.3, shaped),
        "A_stretch": Block(Gamma * d * d, 0.3, ("orthonormal A", *same)),
        "code": Block(gamma * (d - 1)),
        "size": Block(gamma),
        "oversize": Block(gamma, 0.5, ("norms bounded",)),
        "flip": Block(gamma, signs=True),
        "chart": Block(Gamma, signs=True),
        "width": Block(1),
        "slack": Block(1, 0.3),
        "tau": Block(Gamma),
    }


def _group(part: Parts, skew: Any, tilt: Any) -> Any:
    """Orthonormal columns around e_1, ..., e_d, or around coordinates of the group's own."""
    i = part.instance
    frame = part.frame(skew, tilt)
    own = part.rolled(frame, [g * i["d"] for g in range(i["Gamma"])])
    return i.field.choose(part.number("chart"), frame, own)


def _stretched(part: Parts, M: Any, block: str) -> Any:
    """M (I + E), E free."""
    d = part.instance["d"]
    return M @ (part.field.words["eye"](d) + part.matrix(block, d, d))


def _shrunk(part: Parts, M: Any) -> Any:
    """M times a diagonal matrix with 1 first and entries in [0, 1]: spectral norm 1."""
    d = part.instance["d"]
    entry = part.field.words["entry"]
    t = part.matrix("S_shrink", 1, d - 1)
    zero = 0 * part.number("chart")
    diagonal = [zero + 1, *(1 - share(entry(t, 0, j)) for j in range(d - 1))]
    rows = [[zero] * j + [number] + [zero] * (d - 1 - j) for j, number in enumerate(diagonal)]
    return M @ part.field.matrix(rows)


def _leant(part: Parts, M: Any) -> Any:
    """The columns of M, each turned towards a vector of its own: unit vectors, as those of M."""
    words = part.field.words
    lean = part.matrix("S_lean", part.instance["n"], part.instance["d"])
    columns = []
    for j in range(part.instance["d"]):
        a = words["col"](M, j)
        t = words["col"](lean, j)
        t = t - a * words["inner"](a, t)
        square = words["norm2"](t)
        columns.append((a * (1 - square) + t * 2) * (1 / (1 + square)))
    return words["beside"](columns)


def _star(i: Instance) -> list[Any]:
    n = i["n"]
    d = i["d"]

    def build(part: Parts) -> Any:
        group = _group(part, part.skew("S_skew", d), part.matrix("S_tilt", n - d, d))
        if "orthonormal S" in i.given:
            return group
        if "unit norm S" in i.given:
            return _shrunk(part, group)
        if "unit columns S" in i.given:
            return _leant(part, group)
        return _stretched(part, group, "S_stretch")

    return i.each(i["Gamma"], build)


def _estimate(i: Instance) -> Any:
    if "A = S" in i.given:
        return i["S"]
    n = i["n"]
    d = i["d"]

    def build(part: Parts) -> Any:
        skew = part.skew("S_skew", d) + part.skew("A_skew", d)
        tilt = part.matrix("S_tilt", n - d, d) + part.matrix("A_tilt", n - d, d)
        group = _group(part, skew, tilt)
        return group if "orthonormal A" in i.given else _stretched(part, group, "A_stretch")

    return i.each(i["Gamma"], build)


def _code(i: Instance) -> list[Any]:
    def build(part: Parts) -> Any:
        size = 1 + (part.same(i["B_max"]) - 1) * part.share("size")
        if "norms bounded" not in i.given:
            size = size * (1 + part.number("oversize")) ** 2
        signed = i.field.choose(part.number("flip"), -size, size)
        return part.sphere(part.matrix("code", i["d"] - 1, 1)) * signed

    return i.each(i["gamma"], build)


def _delta(i: Instance) -> Any:
    words = i.field.words
    errors = [words["norm2"](a - s) for a, s in zip(i["A"], i["S"], strict=True)]
    if "close on the support" in i.given:
        errors = errors[: i["gamma"]]
    return i.field.above(words["sqrt"](words["largest"](errors))) + i.number("slack") ** 2


def _tau(i: Instance) -> list[Any]:
    return i.each(i["Gamma"], lambda part: 1 / (1 + part.number("tau") ** 2))


BASICS = {
    "S": _star,
    "A": _estimate,
    "x": _code,
    "B_min": lambda i: 1 + 0 * i.number("width"),
    "B_max": lambda i: 1 + i.number("width") ** 2,
    "delta": _delta,
    "tau": _tau,
}
DEFINITIONS = {
    "groups": "range(Gamma)",
    "active": "range(gamma)",
    "inactive": "range(gamma, Gamma)",
    "y": "total(S[h] @ x[h] for h in active)",
    "mu": "largest([0] + [spectral(S[g].T @ S[h]) for g in groups for h in range(g)]) / d",
    "p": "[1, gamma / Gamma, gamma * (gamma - 1) / (Gamma * largest([1, Gamma - 1])), "
    "gamma * (gamma - 1) * (gamma - 2)"
    " / (Gamma * largest([1, Gamma - 1]) * largest([1, Gamma - 2]))]",
}
GIVEN = {
    "orthonormal A": ("A[g].T @ A[g] == eye(d) for g in groups",),
    "orthonormal S": ("S[g].T @ S[g] == eye(d) for g in groups",),
    "unit norm S": ("spectral(S[g]) == 1 for g in groups",),
    "unit columns S": ("norm2(col(S[g], j)) == 1 for g in groups for j in range(d)",),
    "norms bounded": (
        "B_min <= norm(x[h]) for h in active",
        "norm(x[h]) <= B_max for h in active",
    ),
    "A = S": ("norm(A[g] - S[g]) == 0 for g in groups",),
    "close on the support": ("norm(A[h] - S[h]) <= delta for h in active",),
}


def always(given: Collection[str]) -> tuple[str, ...]:
    """tau is a factor; delta bounds all distances, unless it is read for the active groups."""
    shrinkage = "0 < tau[g] <= 1 for g in groups"
    if "close on the support" in given:
        return (shrinkage,)
    return ("norm(A[g] - S[g]) <= delta for g in groups", shrinkage)


TRIED = (
    {"n": 4, "d": 2, "Gamma": 3, "gamma": 2},
    {"n": 4, "d": 2, "Gamma": 2, "gamma": 1},
    {"n": 3, "d": 1, "Gamma": 4, "gamma": 2},
    {"n": 6, "d": 3, "Gamma": 3, "gamma": 2},
)
GROUPS = register(
    Model(
        name="groups",
        sizes=SIZES,
        tried=TRIED,
        refuse=refuse,
        blocks=blocks,
        basics=BASICS,
        definitions=DEFINITIONS,
        always=always,
        given=GIVEN,
        meanings=MEANINGS,
        distance="delta",
        symbols={
            "S": "A^*",
            "Gamma": r"\Gamma",
            "gamma": r"\gamma",
            "mu": r"\mu_B",
            "delta": r"\delta",
            "tau": r"\tau",
            "B_min": r"B_{\min}",
            "B_max": r"B_{\max}",
            "active": r"\mathcal S",
            "inactive": r"\mathcal S^c",
        },
    )
)
