"""A hypothesis of a statement, checked on matrices of a user's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..notation.account import Account, Code, Part, Sentence

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


def account_of_check(
    heading: str,
    measures: Mapping[str, float],
    hypotheses: Iterable[HypothesisCheck],
    found: Iterable[str],
) -> Account:
    """A check of a user's matrices as it is shown at a prompt and in a notebook.

    Parameters
    ----------
    heading : str
    measures : dict of float
    hypotheses : iterable of HypothesisCheck
    found : iterable of str
        Lines on thresholds or ranges.
    """
    measured = "\n".join(f"{name:28} {value:.4g}" for name, value in measures.items())
    checked = [f"{'holds' if h.holds else 'FAILS'}: {h.text}" for h in hypotheses]
    parts = (
        Part("measures", (Code(measured),)),
        Part("hypotheses", tuple(map(Sentence, checked))),
        Part("what the theory gives", (Code("\n".join(found)),)),
    )
    return Account(heading, parts)


class Shown:
    """A report whose account stands at a prompt and in a notebook."""

    def account(self) -> Account:
        """What is shown."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return str(self.account())

    def _repr_html_(self) -> str:
        return self.account()._repr_html_()
