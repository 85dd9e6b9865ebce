"""The model ``"columns"``: dictionaries of single columns, sparse codes, noise.

``A`` generates the sample ``y``, ``W`` is an estimate of it. A[i] is an n x 1 matrix; the first k
columns are active, and x[j] is a number.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .model import Block, Instance, Model, Parts, Sizes, register

SIZES = {
    "n": "dimension of the data",
    "m": "number of columns",
    "k": "number of active columns",
}
MEANINGS = SIZES | {
    "A": "A[i]: column i of the dictionary that generates the data, n x 1",
    "W": "W[i]: column i of the estimate, n x 1",
    "x": "x[j]: code of the active column j, a number",
    "noise": "the noise in y, n x 1",
    "y": "the sample, sum of A[j] * x[j] over the active columns, plus noise, n x 1",
    "atoms": "range(m)",
    "active": "range(k)",
    "inactive": "range(k, m)",
    "a_1": "lower bound of abs(x[j]); it is 1, which fixes the unit",
    "a_2": "upper bound of abs(x[j])",
    "delta": "upper bound of norm(W[i] - A[i]), of every column",
    "eps": "upper bound of norm(noise)",
    "coherence": "largest abs(inner(A[i], A[j])), i != j; 0 for one column",
    "lam": "lam[i]: inner(W[i], A[i])",
    "p": "p[j]: probability that j given columns are active, j = 1, 2, 3, supports uniform",
}


def refuse(sizes: Sizes) -> str:
    """Why no instance has these sizes."""
    return "k <= m: at most all columns are active" if sizes["k"] > sizes["m"] else ""


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters."""
    n, m, k = (sizes[name] for name in SIZES)
    same = ("W = A",)
    return {
        "A": Block(m * (n - 1)),
        "W": Block(m * (n - 1), 0.3, same),
        "A_stretch": Block(m, 0.3, ("unit A",)),
        "W_stretch": Block(m, 0.3, ("unit W", *same)),
        "chart": Block(m, signs=True),
        "size": Block(k),
        "oversize": Block(k, 0.5, ("codes bounded",)),
        "sign": Block(k, 1.0, ("nonnegative codes",), signs=True),
        "width": Block(1),
        "slack": Block(1, 0.3),
        "noise": Block(n, 0.3, ("no noise",)),
        "more_noise": Block(1, 0.3, ("no noise",)),
    }


def _column(part: Parts, t: Any) -> Any:
    """A unit vector around e_1, or around a coordinate of its own."""
    i = part.instance
    column = part.sphere(t)
    return i.field.choose(part.number("chart"), column, part.rolled(column, range(i["m"])))


def _truth(i: Instance) -> list[Any]:
    def build(part: Parts) -> Any:
        column = _column(part, part.matrix("A", i["n"] - 1, 1))
        return column * (1 + part.number("A_stretch"))

    return i.each(i["m"], build)


def _estimate(i: Instance) -> Any:
    if "W = A" in i.given:
        return i["A"]

    def build(part: Parts) -> Any:
        rows = i["n"] - 1
        column = _column(part, part.matrix("A", rows, 1) + part.matrix("W", rows, 1))
        return column * (1 + part.number("W_stretch"))

    return i.each(i["m"], build)


def _code(i: Instance) -> list[Any]:
    def build(part: Parts) -> Any:
        size = 1 + (part.same(i["a_2"]) - 1) * part.share("size")
        if "codes bounded" not in i.given:
            size = size * (1 + part.number("oversize")) ** 2
        if "nonnegative codes" in i.given:
            return size
        return i.field.choose(part.number("sign"), -size, size)

    return i.each(i["k"], build)


def _delta(i: Instance) -> Any:
    words = i.field.words
    errors = [words["norm2"](w - a) for w, a in zip(i["W"], i["A"], strict=True)]
    return i.field.above(words["sqrt"](words["largest"](errors))) + i.number("slack") ** 2


def _noise(i: Instance) -> Any:
    return i.one(lambda part: part.matrix("noise", i["n"], 1))


def _eps(i: Instance) -> Any:
    size = i.field.words["norm"](i["noise"])
    return i.field.above(size) + i.number("more_noise") ** 2


def always(given: Collection[str]) -> tuple[str, ...]:
    """What delta and eps bound."""
    return ("norm(W[i] - A[i]) <= delta for i in atoms", "norm(noise) <= eps")


BASICS = {
    "A": _truth,
    "W": _estimate,
    "x": _code,
    "noise": _noise,
    "a_1": lambda i: 1 + 0 * i.number("width"),
    "a_2": lambda i: 1 + i.number("width") ** 2,
    "delta": _delta,
    "eps": _eps,
}
DEFINITIONS = {
    "atoms": "range(m)",
    "active": "range(k)",
    "inactive": "range(k, m)",
    "y": "total(A[j] * x[j] for j in active) + noise",
    "coherence": "largest([0] + [abs(inner(A[i], A[j])) for i in atoms for j in range(i)])",
    "lam": "[inner(W[i], A[i]) for i in atoms]",
    "p": "[1, k / m, k * (k - 1) / (m * largest([1, m - 1])), "
    "k * (k - 1) * (k - 2) / (m * largest([1, m - 1]) * largest([1, m - 2]))]",
}
GIVEN = {
    "unit A": ("norm2(A[i]) == 1 for i in atoms",),
    "unit W": ("norm2(W[i]) == 1 for i in atoms",),
    "codes bounded": (
        "a_1 <= abs(x[j]) for j in active",
        "abs(x[j]) <= a_2 for j in active",
    ),
    "nonnegative codes": ("0 <= x[j] for j in active",),
    "no noise": ("norm(noise) == 0",),
    "W = A": ("norm(W[i] - A[i]) == 0 for i in atoms",),
}
TRIED = (
    {"n": 3, "m": 3, "k": 2},
    {"n": 2, "m": 3, "k": 1},
    {"n": 4, "m": 5, "k": 3},
)
COLUMNS = register(
    Model(
        name="columns",
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
            "A": "A^*",
            "coherence": r"\frac{\mu}{\sqrt n}",
            "lam": r"\lambda",
            "noise": "e",
            "eps": r"\varepsilon",
            "active": r"\mathcal S",
            "inactive": r"\mathcal S^c",
            "atoms": r"\{1, \dots, m\}",
        },
    )
)
