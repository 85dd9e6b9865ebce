"""What a claim came out as: the verdict, the worst instance, the proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from ..notation.account import Account, Code, Part, Sentence
from .claim import Claim
from .identity import Trial
from .latex import Formula, set_fact, write_latex
from .problem import Problem, item
from .proof import Fact, Proof
from .rational import Matrix
from .script import write_script
from .searches import search
from .shrink import prove_best
from .teeth import Tooth, bite
from .tightness import Tightness, away_from_degenerate, measure_tightness
from .worst import Worst

VERDICTS = {
    "refuted": "false: an exact counterexample meets every hypothesis",
    "unproved": "violated in floating point, unproved: no exact counterexample was found",
    "not refuted": "unknown: not refuted, no violation was found, which is no proof",
    "no instance": "unknown: no instance met the hypotheses: vacuous?",
    "interrupted": "unknown: interrupted before the budget was spent; no violation until then",
}


@dataclass(frozen=True)
class Result:
    """Outcome of :func:`gsae_ref.stress`.

    Attributes
    ----------
    claim : Claim
    verdict : str
        "refuted", "unproved", "not refuted" or "no instance"; "interrupted" where Ctrl-C came
        before a violation was found.
    ratio : float
        Largest left/right among the instances that met the hypotheses; NaN where none did. Of an
        equation, the largest relative difference of its sides.
    worst : dict
        The instance with the largest gap, or the one that came closest to the hypotheses where
        none met them: arrays by name, "left" and "right" included.
    sizes : dict
        Its sizes.
    proof : Proof or None
        An exact counterexample, the shortest that was found.
    searches : tuple of Worst
        What every search found.
    trial : Trial or None
        Of an equation, the exact instances that were tried.
    seconds : float
        Elapsed time.
    settings : dict
        Arguments of the search.
    interrupted : bool
        Whether Ctrl-C ended the search; all else is then what was found before.

    Examples
    --------
    >>> import gsae_ref as gs
    >>> sizes = dict(n=2, d=1, Gamma=1, gamma=1)
    >>> claim = gs.Claim("delta <= 1", given=("orthonormal A",), sizes=sizes)
    >>> result = gs.stress(claim, budget=500, seeds=1)
    >>> result.verdict, result.proof.left, result.proof.right
    ('refuted', Fraction(2, 1), 1)
    """

    claim: Claim
    verdict: str
    ratio: float
    worst: dict[str, Any]
    sizes: dict[str, int]
    proof: Proof | None
    searches: tuple[Worst, ...]
    trial: Trial | None
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def refuted(self) -> bool:
        """Whether the claim is proved to be false."""
        return self.proof is not None

    @property
    def evaluations(self) -> int:
        """Instances that were evaluated."""
        return sum(search.evaluations for search in self.searches)

    @property
    def n_reached(self) -> int:
        """Searches whose largest gap is within 1e-3 of the largest of all."""
        top = max(search.gap for search in self.searches)
        return sum(search.gap >= top - 1e-3 for search in self.searches)

    @cached_property
    def tightness(self) -> Tightness:
        """Largest left/right at instances that keep a distance from degenerate ones."""
        return measure_tightness(self.claim, **self.settings)

    @cached_property
    def generic(self) -> Proof | None:
        """An exact counterexample that keeps a distance of 1/20 from degenerate instances."""
        return prove_best(
            search(away_from_degenerate(self.claim, Fraction(1, 20)), **self.settings)
        )

    @cached_property
    def teeth(self) -> tuple[Tooth, ...]:
        """Spoilt versions of the claim, and which of them the search notices."""
        return bite(self.claim, **self.settings)

    def script(self) -> str:
        """The counterexample as a Python script that needs no package; it is run before.

        Raises
        ------
        ValueError
            If there is no proof.
        """
        return write_script(self._proof())

    def latex(self) -> str:
        """The counterexample as LaTeX.

        Raises
        ------
        ValueError
            If there is no proof.
        """
        return write_latex(self._proof())

    def _proof(self) -> Proof:
        if self.proof is None:
            raise ValueError(
                f"the claim is {self.verdict}: there is no exact counterexample to write down"
            )
        return self.proof

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; exact numbers become strings."""
        return {
            "name": self.claim.name,
            "claim": self.claim.text,
            "verdict": self.verdict,
            "meaning": VERDICTS[self.verdict],
            "ratio": None if np.isnan(self.ratio) else self.ratio,
            "sizes": self.sizes,
            "worst": {name: _plain(value) for name, value in self.worst.items()},
            "evaluations": self.evaluations,
            "interrupted": self.interrupted,
            "n_reached": self.n_reached,
            "seconds": self.seconds,
            "counterexample": self.proof and proof_to_dict(self.proof),
        }

    def __str__(self) -> str:
        name = f"{self.claim.name}: " if self.claim.name else ""
        lines = [f"{name}{self.claim.text}", f"  mathematics  {VERDICTS[self.verdict]}"]
        lines += [f"  computation  {self._computation()}"]
        if self.proof:
            lines += proof_lines(self.proof)
        return "\n".join(lines)

    __repr__ = __str__

    def account(self) -> Account:
        """The claim, the verdict and the counterexample, for :meth:`_repr_html_`."""
        parts = [
            Part("claim", (self.claim.formula,)),
            Part("mathematics", (Code(VERDICTS[self.verdict]),)),
            Part("computation", (Code(self._computation()),)),
        ]
        return Account(self.claim.name or "claim", (*parts, *(proof_parts(self.proof))))

    def _repr_html_(self) -> str:
        return self.account()._repr_html_()

    def _computation(self) -> str:
        met = sum(search.feasible for search in self.searches)
        sizes = ", ".join(f"{name} = {value}" for name, value in self.sizes.items())
        counted = f"{met:,} of {self.evaluations:,} instances met the hypotheses"
        if self.interrupted:
            counted = f"interrupted after {self.evaluations:,} evaluations; {counted}"
        if not met:
            miss = min(search.miss for search in self.searches)
            return f"{counted}; the closest, at {sizes}, misses them by {miss:.3g}; {self._time}"
        if self.trial:
            exact = f"equal at {self.trial.n_equal} of {self.trial.n_points} exact instances"
            if self.verdict == "not refuted" and self.trial.n_equal < self.trial.n_points:
                exact += ", not decided at the others"
            return (
                f"largest relative difference {self.ratio:.2g}, at {sizes}; {exact}; {self._time}"
            )
        reached = f"reached by {self.n_reached} of {len(self.searches)} searches"
        return (
            f"largest left/right {self.ratio:.6g}, {reached}, at {sizes}; {counted}; {self._time}"
        )

    @property
    def _time(self) -> str:
        return f"{self.seconds:.1f} s"


def worst_instance(problem: Problem, search: Worst) -> dict[str, Any]:
    """The instance of a search, as arrays by name."""
    theta = search.theta if search.theta is not None else search.nearest
    if theta is None:
        return {}
    with np.errstate(all="ignore"):
        instance = problem.float_instance(theta)
        sides = problem.sides(theta)
        names = [*problem.basics, *problem.model.definitions, *problem.lets]
        values = {name: _stacked(item(instance[name], 0)) for name in names}
    return values | {"left": float(sides.left[0]), "right": float(sides.right[0])}


def _stacked(value: Any) -> Any:
    """A list of arrays of one shape as one array."""
    if isinstance(value, list) and len({np.shape(each) for each in value}) == 1:
        return np.array(value)
    return value


def proof_lines(proof: Proof) -> list[str]:
    """A counterexample for a terminal: the instance, every hypothesis, both sides."""
    sentence = proof.problem.conclusion
    assert sentence is not None
    lines = [f"  counterexample ({proof.n_digits} digits)"]
    written: dict[str, Any] = {}
    for name, value in proof.data.items():
        same = [other for other, known in written.items() if known == value]
        text = same[0] if same and isinstance(value, list) else exact_repr(value)
        lines.append(f"    {name} = {text}")
        written[name] = value
    lines += ["  hypotheses", *(f"    {fact}" for facts in proof.facts for fact in facts)]
    lines += [
        "  conclusion",
        f"    left  = {sentence.left} = {exact_repr(proof.left)}",
        f"    right = {sentence.right} = {exact_repr(proof.right)}",
        f"    left {'!=' if sentence.relation == '==' else '>'} right",
    ]
    return lines


def proof_parts(proof: Proof | None) -> tuple[Part, ...]:
    """A counterexample as parts of an account; none without a proof."""
    if proof is None:
        return ()
    formula = Formula(proof.problem.model.symbols)
    sentence = proof.problem.conclusion
    assert sentence is not None
    data = [Sentence(f"{name} = {exact_repr(value)}") for name, value in proof.data.items()]
    facts = [set_fact(formula, fact) for facts in proof.facts for fact in facts]
    sides = [
        Sentence(f"left = {exact_repr(proof.left)}"),
        Sentence(f"right = {exact_repr(proof.right)}"),
    ]
    return (
        Part(f"counterexample ({proof.n_digits} digits)", tuple(data)),
        Part("hypotheses, which hold", tuple(facts)),
        Part("conclusion, which does not", tuple(sides)),
    )


def exact_repr(value: Any) -> str:
    """Exact numbers as they are printed: a matrix by its columns, [3/5 e1 + 4/5 e3, e2]."""
    if isinstance(value, Matrix):
        return f"[{', '.join(_column(column) for column in value.T)}]"
    if isinstance(value, list):
        return ", ".join(map(exact_repr, value))
    return str(value)


def _column(column: tuple[Any, ...]) -> str:
    terms = []
    for i, x in enumerate(column, 1):
        if x:
            factor = {1: "", -1: "-"}.get(x, f"{x} ")
            terms.append(f"{factor}e{i}")
    return " + ".join(terms).replace("+ -", "- ") or "0"


def proof_to_dict(proof: Proof) -> dict[str, Any]:
    """A JSON-ready dictionary of a counterexample."""
    return {
        "sizes": proof.problem.sizes,
        "data": {name: _plain(value) for name, value in proof.data.items()},
        "hypotheses": [_fact_to_dict(fact) for facts in proof.facts for fact in facts],
        "left": str(proof.left),
        "right": str(proof.right),
        "digits": proof.n_digits,
        "parameters": list(map(str, proof.theta)),
    }


def _fact_to_dict(fact: Fact) -> dict[str, Any]:
    sides = (
        {} if isinstance(fact.left, Matrix) else {"left": str(fact.left), "right": str(fact.right)}
    )
    return {"text": fact.text, **sides}


def _plain(value: Any) -> Any:
    """Arrays as lists, exact numbers as strings."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple, range)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (int, float)) else str(value)
