"""How much of a bound is used at instances that keep away from degenerate ones.

A bound may be attained only where both of its sides vanish, or where the estimate is the truth. One
number hides that, so the largest left/right is reported over growing distances.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .claim import Claim
from .model import find_model
from .searches import search

DISTANCES = tuple(map(Fraction, ("0", "1/1000", "1/100", "1/20", "1/4")))


@dataclass(frozen=True)
class Tightness:
    """Largest left/right over distances from degenerate instances.

    Attributes
    ----------
    expression : str
        What is held at or above each distance.
    rows : tuple of (Fraction, float)
        Distance, and the largest left/right; NaN where no instance keeps it.
    """

    expression: str
    rows: tuple[tuple[Fraction, float], ...]

    def __str__(self) -> str:
        lines = [f"largest left/right where {self.expression} >="]
        lines += [f"  {distance!s:>7}  {ratio:.4f}" for distance, ratio in self.rows]
        return "\n".join(lines)


def measure_tightness(claim: Claim, **settings: Any) -> Tightness:
    """Search a claim again at every distance; ``settings`` are those of the search."""
    rows = []
    for k, distance in enumerate(DISTANCES, 1):
        if settings.get("progress"):
            settings["progress"] = f"distance {k} of {len(DISTANCES)}"
        best = search(away_from_degenerate(claim, distance), **settings)
        rows.append((distance, best.ratio))
    return Tightness(distance_of(claim), tuple(rows))


def away_from_degenerate(claim: Claim, distance: Fraction) -> Claim:
    """The claim, searched only where its distance from degenerate instances is large enough."""
    if not distance:
        return claim
    return claim.but(away=(*claim.away, f"{distance_of(claim)} >= {distance}"))


def distance_of(claim: Claim) -> str:
    """The expression that is 0 at degenerate instances."""
    expression = claim.distance or find_model(claim.model).distance
    if not expression:
        raise ValueError("the model has no distance from degenerate instances; give one to Claim")
    return expression
