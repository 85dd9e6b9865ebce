"""Laws of supports with exact weights, for models: every support of one size, each with its chance.

Sentences enumerate them: ``total(law[c] * ... for c in cases)`` is an expectation.
"""

from __future__ import annotations

from math import comb
from typing import Any

from .fields import MOST_LISTED
from .model import Block, Instance, Sizes

UNIFORM = "uniform supports"
GIVEN = {UNIFORM: ("law[c] == law[0] for c in cases",)}
ALWAYS = ("0 <= law[c] for c in cases", "total(law) == 1")


def block(sizes: Sizes, parts: str, active: str) -> Block:
    """The parameters of a law; none where there are too many supports to list."""
    n_supports = comb(sizes[parts], sizes[active])
    return Block(n_supports if n_supports <= MOST_LISTED else 0, 0.5, (UNIFORM,))


def chances(i: Instance) -> list[Any]:
    """The chance of every support: (1 + t)^2, divided by their sum; equal where all are 0."""
    n_supports = len(i["supports"])
    weights = i.each(n_supports, lambda part: (1 + part.number("law")) ** 2)
    whole = i.field.words["total"](weights)
    choose = i.field.choose
    positive = choose(-whole, whole, whole + n_supports)
    return [i.field.divide(choose(-whole, weight, weight + 1), positive) for weight in weights]


def definitions(parts: str, active: str, indices: str) -> dict[str, str]:
    """The names of a law, in sentences; ``indices`` is the range of what a support consists of."""
    over = f"for g in {indices}"
    both = f"for h in {indices}] {over}]"
    return {
        "supports": f"subsets({parts}, {active})",
        "cases": "range(len(supports))",
        "inside": f"[[len([h for h in supports[c] if h == g]) {over}] for c in cases]",
        "p1": f"[total(law[c] * inside[c][g] for c in cases) {over}]",
        "p2": f"[[total(law[c] * inside[c][g] * inside[c][h] for c in cases) {both}",
        "p3": "[[[total(law[c] * inside[c][g] * inside[c][h] * inside[c][k] for c in cases) "
        f"for k in {indices}] {both}",
    }


def meanings(part: str) -> dict[str, str]:
    """What the names of a law mean; ``part`` is what a support consists of."""
    return {
        "supports": f"supports[c]: {part}s of the c-th support",
        "cases": "range(len(supports))",
        "law": 'law[c]: probability of supports[c]; equal for all with "uniform supports"',
        "inside": f"inside[c][g]: 1 where {part} g is in supports[c], else 0",
        "p1": f"p1[g]: probability that {part} g is active, under law",
        "p2": "p2[g][h]: probability that g and h are; p1[g] for g == h",
        "p3": "p3[g][h][k]: probability that g, h and k are",
    }
