"""Every inequality of T21's ledger, held against a dictionary and codes of a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeGuard

import numpy as np

from .. import checks, groups
from ..arrays import Array, BoolArray, IntArray
from ..claims.evidence import Evidence, Inequality, Stress
from ..claims.hypothesis import Hypothesis
from ..claims.plain import PlainFormula
from ..claims.problem import Problem, Sides
from ..ops import expected_gradient, refit
from ..papers.l23 import families as l23_families
from ..papers.ledger import LEDGER
from ..papers.n19 import families as n19_families
from ..papers.row import Row
from ..papers.t21 import families
from ..papers.t21.gradients.formulas import leading_coefficient, leading_term
from ..papers.t21.instance import Instance
from ..papers.t21.models import T21
from ..papers.t21.support.claims import EQ22, EQ22_PRINTED

MOST_CODES = 1000
SMALLEST_TAU = 1e-6
SMALLEST_SCALE = 1e-3  # a side below it no longer sets the scale of rounding
OF_A_LAW = "it speaks of an expectation over a law of codes"
OTHERS = {  # families on which the inequalities of this project are stated, and why not on codes
    "samples": "it speaks of a step on a set of samples with one active group each: predict_run",
    "window": "it is the interval of thresholds that is printed as necessary",
    "held_out": "it speaks of a sample to come: its thresholds are those printed as observed",
    "law": OF_A_LAW,
}
KIND_OF = {
    **dict.fromkeys(("samples", "one_group_samples", "noisy_samples"), "samples"),
    **dict.fromkeys(("window", "window_free_star", "window_unit"), "window"),
    **dict.fromkeys(("held_out", "held_out_clean"), "held_out"),
}
OF_A_SAMPLE = ("x", "code_norms", "active", "y", "r")


@dataclass(frozen=True)
class BoundCheck:
    """One inequality, left <= right, on the given dictionary and codes.

    Attributes
    ----------
    row, label : str
        Id of the ledger row (of several that share the inequality, joined by ", "), and which of
        its inequalities.
    form : str
        "printed" (the paper's own), "repaired" or "own" (a theorem of this project).
    expected : bool
        Whether the ledger says that it holds in general.
    left, right : float
        On the instance with least room.
    ratio : float or None
        left / right; None where right is not above rounding.
    n_instances, n_violations : int
        Instances tried, and those with left > right beyond rounding.
    unmet : tuple of str
        Its hypotheses that fail on some instance, with the margin: it is then not promised.

    Examples
    --------
    >>> BoundCheck("R5", "a", "own", True, 1.0, 2.0, 0.5, 10, 0).holds
    True
    """

    row: str
    label: str
    form: str
    expected: bool
    left: float
    right: float
    ratio: float | None
    n_instances: int
    n_violations: int
    unmet: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no instance violates it."""
        return self.n_violations == 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {**vars(self), "holds": self.holds}


def summary_of(bounds: Sequence[BoundCheck]) -> list[str]:
    """How many inequalities fail, in a line; no line where there are none."""
    fail = sum(not bound.holds for bound in bounds)
    return [f"of {len(bounds)} inequalities on these data {fail} fail: .bounds"] * bool(bounds)


@dataclass(frozen=True)
class CodeModel:
    """Dictionaries and constants that the codes are held against."""

    A: Array
    A_star: Array
    group_size: int
    n_active: int
    b_min: float
    b_max: float
    lam: float


@dataclass(frozen=True)
class CodeMeasures:
    """What codes, or data, say of T21's constants.

    Attributes
    ----------
    n_samples : int
        Rows given.
    n_empty, n_full : int
        Codes without an active group, and codes whose groups are all active: neither is held
        against the bounds.
    n_used : int
        Codes held against the bounds, evenly spaced where there are more than 1000.
    n_active : int
        The largest number of active groups.
    b_min, b_max : float
        The smallest and the largest norm of an active group's code.
    unexplained : float
        Of data, ||Y - X A*^T||_F^2 / ||Y||_F^2 with the refitted codes X: T21 has 0. Of codes, 0.
    """

    n_samples: int
    n_empty: int
    n_full: int
    n_used: int
    n_active: int
    b_min: float
    b_max: float
    unexplained: float = 0.0


@dataclass(frozen=True)
class Codes:
    """Codes of a user's own, read block by block: they are given, or found for samples.

    Attributes
    ----------
    rows : array or Dask array (n_samples, n_atoms) or (n_samples, n_features)
        Codes; or samples, if there is a dictionary.
    group_size : int
    A_star : ndarray (n_features, n_atoms), optional
        Finds the codes of samples, by least squares on the groups of its ``support``.
    n_active, lam
        The support has the ``n_active`` groups of largest ||A*_g^T y||, or those above ``lam``.
    """

    rows: Any
    group_size: int
    A_star: Array | None = None
    n_active: int | None = None
    lam: float | None = None

    @property
    def name(self) -> str:
        """The name of the argument."""
        return "codes" if self.A_star is None else "data"

    def of(self, block: Array) -> Array:
        """The codes of a block of rows."""
        if self.A_star is None:
            return block
        active = self.support(groups.norms(block @ self.A_star, self.group_size))
        return refit(self.A_star, block, groups.expand(active, self.group_size).astype(bool))

    def support(self, r: Array) -> BoolArray:
        """The active groups of samples with the norms r = ||A*_g^T y||, (n_samples, n_groups)."""
        if self.n_active is None:
            return r > (self.lam or 0.0)
        active = np.zeros(r.shape, dtype=bool)
        largest = np.argpartition(-r, self.n_active - 1, axis=1)[:, : self.n_active]
        np.put_along_axis(active, largest, True, axis=1)
        return active & (r > 0)

    def at(self, places: IntArray) -> Array:
        """The codes of some rows."""
        return self.of(checks.array(self.name, self.rows[places]))


def measure_codes(codes: Codes) -> tuple[CodeMeasures, IntArray]:
    """Measure codes, and find the rows that are held against the bounds.

    >>> measured, rows = measure_codes(Codes(np.array([[0.0, 0.0], [3.0, 0.0]]), group_size=1))
    >>> measured.n_empty, measured.b_min, rows
    (1, 3.0, array([1]))
    """
    counts = []
    low = []
    high = []
    rest = 0.0
    total = 0.0
    for block in checks.blocks(codes.name, codes.rows):
        X = codes.of(block)
        checks.moderate("codes", float(np.abs(X).max()))
        r = groups.norms(X, codes.group_size)
        n_groups = r.shape[1]
        counts.append((r > 0).sum(axis=1))
        low.append(r.min(initial=np.inf, where=r > 0))
        high.append(r.max())
        if codes.A_star is not None:
            rest += float(np.sum((block - X @ codes.A_star.T) ** 2))
            total += float(np.sum(block**2))
    active = np.concatenate(counts)
    n_empty = int((active == 0).sum())
    n_full = int((active == n_groups).sum())
    usable = evenly_spaced((active > 0) & (active < n_groups))
    if not len(usable):
        raise ValueError(_unusable(codes.name, n_empty, n_full, n_groups))
    measured = CodeMeasures(
        n_samples=len(active),
        n_empty=n_empty,
        n_full=n_full,
        n_used=len(usable),
        n_active=int(active.max()),
        b_min=float(min(low)),
        b_max=float(max(high)),
        unexplained=rest / total if total else 0.0,
    )
    return measured, usable


def _unusable(name: str, n_empty: int, n_full: int, n_groups: int) -> str:
    """The message that no code can be held against the bounds."""
    of = "codes" if name == "codes" else "the codes of the data"
    return (
        f"{of} have {checks.counted(n_empty, 'row')} without an active group and {n_full} in "
        f"which all {n_groups} groups are active; T21's bounds need a row with active groups and "
        "one that is not; a group is inactive only where its code is exactly 0"
    )


def evenly_spaced(usable: BoolArray) -> IntArray:
    """Places of the usable rows, evenly spaced, at most ``MOST_CODES``.

    >>> evenly_spaced(np.array([True, False, True]))
    array([0, 2])
    """
    rows = np.flatnonzero(usable)
    spread = np.linspace(0, len(rows) - 1, min(len(rows), MOST_CODES)).astype(int)
    return rows[spread]


@dataclass(frozen=True)
class Bound:
    """An inequality with the rows that rest on it."""

    rows: tuple[Row, ...]
    inequality: Inequality | Stress

    @property
    def name(self) -> str:
        """The rows and the label."""
        return f"{self.row_ids}: {self.inequality.label}"

    @property
    def row_ids(self) -> str:
        """The ids of the rows."""
        return ", ".join(row.id for row in self.rows)

    @property
    def form(self) -> str:
        """Whose the inequality is, as in :class:`BoundCheck`."""
        first = self.rows[0]
        if first.paper == "own":
            return "own"
        as_printed = self.inequality.expect == "fails" or first.truth == "holds"
        return "printed" if as_printed else "repaired"


def hold_bounds(model: CodeModel, codes: Array, tolerance: float) -> tuple[BoundCheck, ...]:
    """Evaluate both sides of every inequality of T21 and of this project's theorems on T21's model.

    ``codes`` are (n_samples, n_atoms); every one has an active group and one that is not. What
    reads no code is evaluated once for every group, moved to the front: statements on a single
    group speak of the first.
    """
    samples = _instances(model, codes)
    fronted = [_fronted(samples[0], g) for g in range(samples[0].n_groups)]
    margins: dict[int, float] = {}

    def instances(function: Callable[[Instance], Any]) -> list[Instance]:
        return samples if _reads_a_code(function, samples[0]) else fronted

    def margin(hypothesis: Hypothesis) -> float:
        if id(hypothesis) not in margins:
            found = instances(hypothesis.margin)
            margins[id(hypothesis)] = float(min(hypothesis.margin(i) for i in found))
        return margins[id(hypothesis)]

    def check(bound: Bound) -> BoundCheck:
        inequality = bound.inequality
        if isinstance(inequality, Stress):
            left, right, unmet = _of_claim(inequality, samples, tolerance)
            return bound_check(bound, left, right, unmet, tolerance)
        sides = [inequality.sides(i) for i in instances(inequality.sides)]
        unmet = tuple(
            f"{h.text}: margin {margin(h):.3g}"
            for h in inequality.hypotheses
            if margin(h) < -tolerance
        )
        left, right = np.array(sides, dtype=float).T
        return bound_check(bound, left, right, unmet, tolerance)

    return tuple(check(bound) for bound in bounds_where(is_held))


def _of_claim(
    claim: Stress, samples: list[Instance], tolerance: float
) -> tuple[Array, Array, tuple[str, ...]]:
    """Both sides of a claim on all samples, and its hypotheses that fail on some."""
    first = samples[0]
    sizes = {
        "n": first.n_features,
        "d": first.d,
        "Gamma": first.n_groups,
        "gamma": first.n_active,
    }
    problem = Problem(claim.claim, sizes)
    if "x" in problem.used:
        found = [_on_samples(problem, some) for some in _by_support_size(samples)]
    else:
        found = [_on_groups(problem, first)]
    return both_sides(problem, found, tolerance)


def both_sides(
    problem: Problem, found: list[Sides], tolerance: float
) -> tuple[Array, Array, tuple[str, ...]]:
    """Both sides on several batches, and the hypotheses that fail on some instance."""
    margins = np.concatenate([sides.margins for sides in found]).min(axis=0)
    symbols = {name: sign for name, sign in problem.model.symbols.items() if "frac" not in sign}
    formula = PlainFormula(symbols)  # a fraction is no plain text
    unmet = tuple(
        f"{formula.sentence(sentence)}: margin {margin:.3g}"
        for sentence, margin in zip(problem.hypotheses, margins, strict=False)
        if margin < -tolerance
    )
    left = np.concatenate([sides.left for sides in found])
    right = np.concatenate([sides.right for sides in found])
    return left, right, unmet


def _by_support_size(samples: list[Instance]) -> list[list[Instance]]:
    """The samples by the number of their active groups."""
    result: dict[int, list[Instance]] = {}
    for i in samples:
        result.setdefault(int(i.active.sum()), []).append(i)
    return list(result.values())


def _on_samples(problem: Problem, samples: list[Instance]) -> Sides:
    """Both sides on samples with equally many active groups, which are moved to the front."""
    n_active = int(samples[0].active.sum())
    orders = np.array([np.argsort(~i.active, kind="stable") for i in samples]).T
    codes = np.array([groups.split(i.x, i.d) for i in samples])
    everyone = np.arange(len(samples))
    x = [codes[everyone, order][:, :, None] for order in orders[:n_active]]
    return _on_data(problem, samples[0], orders, n_active, x=x)


def _on_groups(problem: Problem, i: Instance) -> Sides:
    """Both sides of what reads no code, with every group moved to the front."""
    places = np.arange(i.n_groups)
    return _on_data(problem, i, (places[:, None] + places) % i.n_groups, i.n_active)


def _on_data(
    problem: Problem, i: Instance, orders: IntArray, n_active: int, **codes: list[Array]
) -> Sides:
    """Both sides with the groups in several orders (n_groups, n_orders)."""
    constants = {
        "B_min": i.b_min,
        "B_max": i.b_max,
        "delta": i.delta,
        "mu": i.mu_block,
        "lam": i.lam,
    }
    values: dict[str, Any] = {name: np.full((1, 1, 1), value) for name, value in constants.items()}
    tau = i.tau[orders[0]]
    eta = i.n_groups / (tau * (2 - tau) * i.n_active)  # 1/c of the group in front
    values |= {
        "eta": eta[:, None, None],
        "A": [i.blocks[order] for order in orders],
        "S": [i.star[order] for order in orders],
        "tau": [i.tau[order][:, None, None] for order in orders],
        "active": range(n_active),
        "inactive": range(n_active, i.n_groups),
        **codes,
    }
    return problem.on_data(values, orders.shape[1])


def bound_check(
    bound: Bound, left: Array, right: Array, unmet: tuple[str, ...], tolerance: float
) -> BoundCheck:
    """The pair with least room, and how many pairs violate the inequality beyond rounding."""
    scale = np.maximum(np.maximum(np.abs(left), np.abs(right)), SMALLEST_SCALE)
    excess = (left - right) / scale
    k = int(excess.argmax())
    return BoundCheck(
        row=bound.row_ids,
        label=bound.inequality.label,
        form=bound.form,
        expected=bound.inequality.expect == "holds",
        left=float(left[k]),
        right=float(right[k]),
        ratio=float(left[k] / right[k]) if right[k] > tolerance * SMALLEST_SCALE else None,
        n_instances=len(left),
        n_violations=int((excess > tolerance).sum()),
        unmet=unmet,
    )


def bounds_where(is_one: Callable[[Evidence], TypeGuard[Inequality | Stress]]) -> Iterator[Bound]:
    """The inequalities of the ledger of one kind; one that rows share comes once."""
    rows: dict[int, list[Row]] = {}
    inequalities: dict[int, Inequality | Stress] = {}
    for row in LEDGER.values():
        # (22)'s second inequality as printed is refuted by an exact counterexample only
        printed = (EQ22_PRINTED,) if EQ22 in row.evidence else ()
        for evidence in (*row.evidence, *printed):
            if is_one(evidence):
                rows.setdefault(id(evidence), []).append(row)
                inequalities[id(evidence)] = evidence
    for key, inequality in inequalities.items():
        yield Bound(tuple(rows[key]), inequality)


def is_held(evidence: Evidence) -> TypeGuard[Inequality | Stress]:
    """Whether evidence is a bound on T21's model."""
    if isinstance(evidence, Stress):
        return evidence.model == T21.name and evidence.kind == "inequality"
    return isinstance(evidence, Inequality) and evidence.family in families.MODEL


def not_held_against_codes() -> dict[str, str]:
    """This project's inequalities that cannot be held against codes of T21's model, and why."""
    return {
        bound.name: OTHERS[KIND_OF.get(bound.inequality.family, "law")]
        for bound in bounds_where(_is_of_another_kind)
        if isinstance(bound.inequality, Inequality)
    }


def _is_of_another_kind(evidence: Evidence) -> TypeGuard[Inequality]:
    """Whether evidence is a bound on none of the three papers' models."""
    papers = (families.MODEL, n19_families.FAMILIES, l23_families.FAMILIES)
    return isinstance(evidence, Inequality) and not any(evidence.family in own for own in papers)


def _instances(model: CodeModel, codes: Array) -> list[Instance]:
    """One instance for every code, all on the same matrices and frozen factors tau."""
    A = model.A.astype(np.float64)
    A_star = model.A_star.astype(np.float64)
    codes = codes.astype(np.float64)
    d = model.group_size
    tau = _frozen_factors(A, A_star, d, codes, model.lam)
    G = expected_gradient(A, A_star, tau, model.n_active, d)
    errors = np.linalg.norm(groups.blocks(A - A_star, d), axis=(1, 2))
    first = Instance(
        A=A,
        A_star=A_star,
        group_size=d,
        n_active=model.n_active,
        x=codes[0],
        b_min=model.b_min,
        b_max=model.b_max,
        delta=float(errors.max()),
        lam=model.lam,
        step_size=1 / leading_coefficient(float(tau[0]), model.n_active * d / A.shape[1]),
        tau=tau,
        G=G,
        beta=G - leading_term(A, A_star, tau, model.n_active, d),
    )
    of_the_dictionary = {
        name: getattr(first, name) for name in ("blocks", "star", "mu_block", "errors")
    }
    made = [replace(first, x=x) for x in codes]
    for instance in made:
        vars(instance).update(of_the_dictionary)  # where cached properties are kept
    return made


def _frozen_factors(A: Array, A_star: Array, group_size: int, codes: Array, lam: float) -> Array:
    """tau_g, the mean of 1 - lam / ||A_g^T y|| over the samples at which group g is active.

    A group that is never active has the mean over all groups.
    """
    r = groups.norms(codes @ A_star.T @ A, group_size)
    active = groups.norms(codes, group_size) > 0
    factors = np.clip(1 - lam / np.maximum(r, np.finfo(float).tiny), SMALLEST_TAU, 1)
    uses = active.sum(axis=0)
    total = np.where(active, factors, 0).sum(axis=0)
    return np.where(uses > 0, total / np.maximum(uses, 1), total.sum() / uses.sum())


def _fronted(i: Instance, g: int) -> Instance:
    """The instance with its groups turned so that group g is the first."""
    shift = -g * i.d
    tau = np.roll(i.tau, -g)
    turned = replace(
        i,
        A=np.roll(i.A, shift, axis=1),
        A_star=np.roll(i.A_star, shift, axis=1),
        G=np.roll(i.G, shift, axis=1),
        beta=np.roll(i.beta, shift, axis=1),
        x=np.roll(i.x, shift),
        tau=tau,
        step_size=1 / leading_coefficient(float(tau[0]), i.n_active / i.n_groups),
    )
    vars(turned)["mu_block"] = i.mu_block
    return turned


class _Traced(Instance):
    """An instance that notes whether its code is read."""

    def __getattribute__(self, name: str) -> Any:
        if name in OF_A_SAMPLE:
            object.__getattribute__(self, "__dict__")["code_was_read"] = True
        return object.__getattribute__(self, name)


def _reads_a_code(function: Callable[[Instance], Any], i: Instance) -> bool:
    """Whether a function reads the code, so that every sample is an instance of its own."""
    traced = _Traced(**{field.name: getattr(i, field.name) for field in fields(Instance)})
    vars(traced).update(code_was_read=False, mu_block=i.mu_block)
    function(traced)
    return bool(vars(traced)["code_was_read"])


def _margins(hypotheses: Sequence[Hypothesis], i: Any) -> list[float]:
    return [float(h.margin(i)) for h in hypotheses]


def held_where_met(
    bound: Bound, instances: Sequence[Any], tolerance: float, slack: float
) -> BoundCheck:
    """Hold an inequality on the instances that meet its hypotheses; if none does, on all.

    ``slack`` is the rounding allowed in a hypothesis, ``tolerance`` in the inequality.
    """
    inequality = bound.inequality
    assert isinstance(inequality, Inequality)
    hypotheses = inequality.hypotheses
    margins = np.array([_margins(hypotheses, i) for i in instances]).reshape(len(instances), -1)
    met = np.flatnonzero((margins >= -slack).all(axis=1))
    unmet: tuple[str, ...] = ()
    if len(met):
        instances = [instances[k] for k in met.tolist()]
    else:
        unmet = tuple(
            f"{h.text}: margin {margin:.3g}"
            for h, margin in zip(hypotheses, margins.min(axis=0), strict=True)
            if margin < -slack
        )
    left, right = np.array([inequality.sides(i) for i in instances], dtype=float).T
    return bound_check(bound, left, right, unmet, tolerance)
