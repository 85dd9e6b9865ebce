"""A hypothesis of a statement, checked on matrices of a user's own."""

from __future__ import annotations

from dataclasses import dataclass

ROUNDING = {"float32": 1e-4, "float64": 1e-9}


@dataclass(frozen=True)
class HypothesisCheck:
    """One hypothesis of one or more statements on the given matrices.

    Attributes
    ----------
    text, needed_by : str
    holds : bool
        Whether ``margin >= -tolerance``.
    margin : float
        Of an inequality the room that is left, of an equality minus its defect.
    tolerance : float
        The rounding allowed in an equality; 0 for an inequality.
    remedy : str
        What would make it hold; empty where it holds.
    """

    text: str
    needed_by: str
    holds: bool
    margin: float
    tolerance: float = 0.0
    remedy: str = ""


def equality(
    text: str, needed_by: str, defect: float, rounding: float, remedy: str
) -> HypothesisCheck:
    """Check an equality with a defect, that is met up to rounding.

    >>> equality("a = b", "R1", 0.5, 1e-9, "scale a").remedy
    'scale a'
    """
    holds = bool(defect <= rounding)
    return HypothesisCheck(
        text, needed_by, holds, -float(defect), rounding, "" if holds else remedy
    )


def inequality(text: str, needed_by: str, margin: float, remedy: str) -> HypothesisCheck:
    """Check an inequality with the room that is left.

    >>> inequality("a <= b", "R1", 0.5, "enlarge b").holds
    True
    """
    holds = bool(margin >= 0)
    return HypothesisCheck(text, needed_by, holds, float(margin), remedy="" if holds else remedy)
