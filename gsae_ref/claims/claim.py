"""A claim: a sentence, the model it speaks of, and what it assumes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from ..notation.account import Code, Formula, block_html
from .latex import set_sentence
from .model import Model, find_model
from .problem import Problem
from .sentences import Sentence

FLOOR = 1e-2
Conclusion = str | Callable[[Any], tuple[float, float]]


@dataclass(frozen=True)
class Claim:
    """A claim that can be put to the test with :func:`gsae_ref.stress`.

    Parameters
    ----------
    conclusion : str or callable
        A comparison in Python, such as ``"norm(A[v].T @ y) <= B_max * delta for v in inactive"``.
        A callable receives one instance with arrays as attributes and returns the two sides of
        ``left <= right``; it is searched in floats, and nothing is proved of it.
    model : str or Model, default "groups"
        What instances are: "groups", "columns", "t21", "n19", "l23", or a model of your own.
    sizes : dict or sequence of dict, optional
        The sizes to try; None: those that the model names.
    given : sequence of str
        Hypotheses of the model that are built in, such as "orthonormal A".
    where : sequence of str
        Any other hypotheses, as sentences.
    let : dict
        Names of your own and their expressions. ``"between(low, high)"`` is a free number.
    away : sequence of str
        Conditions of the search only, such as ``"delta >= 1/20"``: no hypotheses.
    name : str
        What the claim is called in reports.
    distance : str
        An expression that is 0 at degenerate instances, for the table of tightness; empty: that
        of the model.
    floor : float, default 0.01
        Instances whose two sides are both below it are left out of the search.

    Raises
    ------
    ValueError
        For a sentence that is no comparison, an unknown name, hypothesis or model, shapes that do
        not fit, or sizes that no instance has.
    TypeError
        For texts that are no strings.

    Examples
    --------
    >>> sizes = dict(n=4, d=2, Gamma=2, gamma=1)
    >>> claim = Claim("mu <= 1 / d", given=("orthonormal S",), sizes=sizes)
    >>> claim.text
    'mu <= 1 / d'
    """

    conclusion: Conclusion
    model: str | Model = "groups"
    sizes: Mapping[str, int] | Sequence[Mapping[str, int]] | None = None
    given: Sequence[str] = ()
    where: Sequence[str] = ()
    let: Mapping[str, str] = field(default_factory=dict)
    away: Sequence[str] = ()
    name: str = ""
    distance: str = ""
    floor: float = FLOOR

    def __post_init__(self) -> None:
        if not isinstance(self.conclusion, str) and not callable(self.conclusion):
            raise TypeError(
                f"conclusion = {self.conclusion!r}; it must be a sentence such as 'mu <= 1', or a "
                "function of an instance that returns both sides"
            )
        if not isinstance(self.let, Mapping):
            raise TypeError(f"let = {self.let!r}; it must be a dict of names and expressions")
        if not isinstance(self.floor, (int, float)) or not 0 <= self.floor < math.inf:
            raise ValueError(f"floor = {self.floor!r}; it must be a number of at least 0")
        for name in ("given", "where", "away"):
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        for name in ("name", "distance"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} = {getattr(self, name)!r}; it must be a string")
        for problem in self._kept:
            problem.check()
            if self.distance:
                problem.again(self.distance).check()

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def text(self) -> str:
        """The conclusion as it is printed."""
        if isinstance(self.conclusion, str):
            return Sentence.parse(self.conclusion).text
        return f"{getattr(self.conclusion, '__name__', 'conclusion')}(instance): left <= right"

    @property
    def formula(self) -> Formula | Code:
        """The conclusion as a formula of an account; that of a function as its name."""
        if not isinstance(self.conclusion, str):
            return Code(self.text)
        return set_sentence(find_model(self.model).symbols, self.text)

    def __repr__(self) -> str:
        given = [(each.name, getattr(self, each.name)) for each in fields(self)]
        shown = [f"{name}={value!r}" for name, value in given[1:] if value and value != FLOOR]
        return f"Claim({', '.join([repr(self.conclusion), *shown])})"

    def _repr_html_(self) -> str:
        return block_html(self.formula)

    @property
    def is_identity(self) -> bool:
        """Whether the conclusion is an equation."""
        return isinstance(self.conclusion, str) and Sentence.parse(self.conclusion).relation == "=="

    @cached_property
    def all_sizes(self) -> tuple[dict[str, int], ...]:
        """The sizes to try."""
        sizes = find_model(self.model).tried if self.sizes is None else self.sizes
        if isinstance(sizes, Mapping):
            return (dict(sizes),)
        if isinstance(sizes, str) or not isinstance(sizes, Iterable):
            raise TypeError(f"sizes = {sizes!r}; it must be a dict such as {{'n': 4}}, or several")
        each = tuple(sizes)
        if not each:
            raise ValueError("sizes is empty; give a dict of sizes, or several")
        for one in each:
            if not isinstance(one, Mapping):
                raise TypeError(f"sizes has {one!r}; it must hold dicts such as {{'n': 4}}")
        return tuple(dict(one) for one in each)

    @cached_property
    def _kept(self) -> tuple[Problem, ...]:
        """The claim at each of its sizes, parsed and checked once."""
        return tuple(Problem(self, sizes) for sizes in self.all_sizes)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The claim at each of its sizes, for searches of the caller's own."""
        return tuple(problem.again() for problem in self._kept)

    def but(self, **changes: Any) -> Claim:
        """The claim with some fields changed."""
        return replace(self, **changes)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    """A field that holds several strings; a single one counts."""
    if not isinstance(value, Iterable):
        raise TypeError(f"{name} = {value!r}; it must be a sequence of strings")
    texts = (value,) if isinstance(value, str) else tuple(value)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"{name} has {text!r}; it must hold strings")
    return texts
