"""Every inequality of N19's ledger, held against weights and codes of a user's own.

A statement on a code is held at every code. One on a mixture, x* = e_i, is held at the mixture of
the user's frequencies, if the codes are one. One on an expectation is held at the law of codes that
the paper has: every support of k columns alike, values with the user's two moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import comb, sqrt
from types import MappingProxyType
from typing import Any, TypeGuard

import numpy as np

from .. import checks
from ..arrays import Array
from ..claims.evidence import Evidence, Inequality, Stress
from ..claims.problem import Problem, Sides
from ..papers.n19.families import FAMILIES
from ..papers.n19.instance import SparseInstance, law_in_the_model
from ..papers.n19.mixture.formulas import mixture_update
from ..papers.n19.models import N19
from .bounds import (
    BoundCheck,
    both_sides,
    bound_check,
    bounds_where,
    evenly_spaced,
    held_where_met,
)

OF_LAW = {"G", "p2", "chance"}  # what a sentence on an expectation reads
MOST_OF_LAW = 2000  # codes that a law may have
MOST_COLUMNS = 32  # of which third moments are taken
OF_STEP = {"zeta", "update", "law"}  # what only a step of a mixture has
NO_STEP: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class SparseCodeModel:
    """Matrices, columns matched, and the constants that codes are held against."""

    W: Array
    A_star: Array
    n_active: int
    a_1: float
    a_2: float
    kappa_1: float
    kappa_2: float
    delta: float
    noise: float
    bias: Array
    step_size: float | None

    def instance(self, codes: Array, weights: Array, **changed: Any) -> SparseInstance:
        """These matrices with codes."""
        names = ("W", "A_star", "n_active", "a_1", "a_2", "kappa_1", "kappa_2", "delta", "bias")
        given = {name: getattr(self, name) for name in names} | changed
        made = SparseInstance(codes=codes, weights=weights, **given)
        vars(made)["noise"] = self.noise  # where a cached property is kept
        return made


def hold_sparse_bounds(
    model: SparseCodeModel, codes: SparseCodes, tolerance: float
) -> tuple[tuple[BoundCheck, ...], dict[str, str]]:
    """Evaluate both sides of every inequality of N19, and of this project's theorems on its model.

    Returns the inequalities, and those that cannot be held against the codes, with the reason.
    """
    used = codes.used
    if not len(used):
        return (), {"every inequality": "it needs a code with a zero and a non-zero entry"}
    mixture = _mixture(model, codes)
    law = _law(replace(model, noise=0.0))
    checked = []
    not_held = {}
    for bound in bounds_where(_is_of_n19):
        inequality = bound.inequality
        if isinstance(inequality, Stress):
            of_law = bool(OF_LAW & inequality.claim.problems[0].used)
            found = (
                _on_law(inequality, law, tolerance)
                if of_law
                else _of_claim(inequality, model, used, mixture, tolerance)
            )
            if isinstance(found, str):
                not_held[bound.name] = found
            else:
                checked.append(bound_check(bound, *found, tolerance))
            continue
        if isinstance(law, str):
            not_held[bound.name] = law
        else:
            checked.append(held_where_met(bound, law, tolerance, tolerance))
    return tuple(checked), not_held


def _is_of_n19(evidence: Evidence) -> TypeGuard[Inequality | Stress]:
    """Whether evidence is a bound on N19's model."""
    if isinstance(evidence, Stress):
        return evidence.model == N19.name and evidence.kind == "inequality"
    return isinstance(evidence, Inequality) and evidence.family in FAMILIES


@dataclass(frozen=True)
class SparseCodes:
    """What codes >= 0 say of N19's constants, read block by block.

    Attributes
    ----------
    n_active : int
        The largest number of non-zero entries.
    a_1, a_2, kappa_1, kappa_2 : float
        The smallest and the largest non-zero entry, their mean and their mean square.
    frequencies : ndarray (n_atoms,)
        Share of the non-zero entries that is in each column.
    is_mixture : bool
        Whether every code has at most one entry that is not 0, and that is 1.
    used : ndarray (n_used, n_atoms)
        The codes with a zero and a non-zero entry, evenly spaced, at most 1000.
    """

    n_active: int
    a_1: float
    a_2: float
    kappa_1: float
    kappa_2: float
    frequencies: Array
    is_mixture: bool
    used: Array


def measure_sparse_codes(codes: Any) -> SparseCodes:
    """Measure codes (n_samples, n_atoms).

    >>> found = measure_sparse_codes(np.array([[2.0, 0.0], [1.0, 3.0]]))
    >>> found.n_active, found.a_1, found.a_2, found.kappa_1, found.used
    (2, 1.0, 3.0, 2.0, array([[2., 0.]]))
    """
    counts = []
    values = []  # of the non-zero entries: number, smallest, largest, sum, sum of squares
    columns = np.zeros(codes.shape[1])
    for block in checks.blocks("codes", codes):
        if (block < 0).any():
            raise ValueError(
                f"codes have an entry {block.min():.4g}; N19's theorems with a bias are about "
                f"codes >= 0"
            )
        active = block > 0
        counts.append(active.sum(axis=1))
        columns += active.sum(axis=0)
        nonzero = block[active].astype(np.float64)
        if len(nonzero):
            values.append((nonzero.min(), nonzero.max(), nonzero.sum(), nonzero @ nonzero))
    if not values:
        raise ValueError("codes are all zero; there is nothing to measure; give n_active and a_1")
    low, high, sums, squares = np.array(values).T
    number = columns.sum()
    active_in = np.concatenate(counts)
    places = evenly_spaced((active_in > 0) & (active_in < codes.shape[1]))
    return SparseCodes(
        n_active=int(active_in.max()),
        a_1=float(low.min()),
        a_2=float(high.max()),
        kappa_1=float(sums.sum() / number),
        kappa_2=float(squares.sum() / number),
        frequencies=columns / number,
        is_mixture=bool(active_in.max() == 1 and low.min() == high.max() == 1),
        used=np.asarray(codes[places]).astype(np.float64),
    )


def _mixture(model: SparseCodeModel, codes: SparseCodes) -> list[SparseInstance] | str:
    """The mixture of the frequencies of the columns; in words, if the codes are none."""
    if not codes.is_mixture:
        return "it speaks of a mixture, x* = e_i: one entry of each code is 1, the others are 0"
    p = codes.frequencies
    if not p.all():
        return f"it speaks of a mixture of all columns; column {int(p.argmin())} is never active"
    overlaps = p * np.einsum("ni,ni->i", model.W, model.A_star)
    step = model.step_size or 1 / max(float(overlaps.max()), 1e-3)
    W_tilde = model.W - step * mixture_update(model.W, model.A_star, p, model.bias)
    before = np.linalg.norm(model.W - model.A_star, axis=0)
    after = np.linalg.norm(W_tilde - model.A_star, axis=0)
    falls = 1 - after / np.maximum(before, np.finfo(float).tiny)
    fields = {"step_size": step, "W_tilde": W_tilde, "gamma": np.zeros_like(model.W)}
    tau = float(np.clip(falls.min(), 0, 1))
    return [model.instance(np.eye(len(p)), p, tau=tau, kappa_1=1.0, kappa_2=1.0, **fields)]


def _law(model: SparseCodeModel) -> list[SparseInstance] | str:
    """The paper's law of codes with the user's moments, without bias; in words, if it is large."""
    m = model.W.shape[1]
    k = model.n_active
    if m < 3:
        return "it speaks of at least 3 columns"
    spread = sqrt(max(model.kappa_2 - model.kappa_1**2, 0.0))
    signs = np.array(list(product((1.0, -1.0), repeat=k))) if spread and k < 12 else np.ones((1, k))
    n_codes = comb(m, k) * (2**k if spread else 1)
    if n_codes > MOST_OF_LAW or m > MOST_COLUMNS:
        return (
            f"it speaks of an expectation over all supports of {k} of {m} columns: more than "
            f"{MOST_OF_LAW} codes to enumerate, or more than {MOST_COLUMNS} columns"
        )
    codes = np.zeros((comb(m, k), len(signs), m))
    for row, support in zip(codes, combinations(range(m), k), strict=True):
        row[:, support] = model.kappa_1 + spread * signs
    weights = np.full(n_codes, 1 / n_codes)
    bounds = {"a_1": model.kappa_1 - spread, "a_2": model.kappa_1 + spread}
    first = model.instance(codes.reshape(-1, m), weights, bias=np.zeros(m), **bounds)
    if (k - 1) * first.coherence >= 1:
        return f"its constants do not exist: (k - 1) mu/sqrt(n) = {(k - 1) * first.coherence:.3g}"
    step = model.step_size or 1 / first.descent.curvature
    return [model.instance(first.codes, weights, bias=first.bias, step_size=step, **bounds)]


def _on_law(
    claim: Stress, law: list[SparseInstance] | str, tolerance: float
) -> tuple[Array, Array, tuple[str, ...]] | str:
    """As :func:`_of_claim`, on the law of codes."""
    if isinstance(law, str):
        return law
    sizes, values = law_in_the_model(law[0])
    problem = Problem(claim.claim, sizes)
    known = {name: value for name, value in values.items() if name in problem.used}
    return both_sides(problem, [problem.on_data(known, 1)], tolerance)


def _of_claim(
    claim: Stress,
    model: SparseCodeModel,
    codes: Array,
    mixture: list[SparseInstance] | str,
    tolerance: float,
) -> tuple[Array, Array, tuple[str, ...]] | str:
    """Both sides of a claim on all codes that it speaks of, and its hypotheses that fail on some.

    In words why there are none: a step of a mixture where the codes are none, or more active
    columns than every code has.
    """
    n, m = model.W.shape
    if OF_STEP & claim.claim.problems[0].used:
        if isinstance(mixture, str):
            return mixture
        problem = Problem(claim.claim, {"n": n, "m": m, "k": 1})
        step = _of_step(mixture[0])
        return both_sides(problem, [_on_codes(problem, model, np.eye(m)[:1], step)], tolerance)
    if all(sizes["k"] == 1 for sizes in claim.sizes):  # of a mixture: its code is e_1
        codes = np.eye(m)
    found = []
    counts = (codes != 0).sum(axis=1)
    least = min(sizes["k"] for sizes in claim.sizes)
    if counts.max() < least:
        return "it speaks of several active columns; no code has them"
    for k in np.unique(counts[counts >= least]):
        problem = Problem(claim.claim, {"n": n, "m": m, "k": int(k)})
        found.append(_on_codes(problem, model, codes[counts == k]))
    return both_sides(problem, found, tolerance)


def _of_step(i: SparseInstance) -> dict[str, Any]:
    """What the sentences on a step of a mixture read, beside the model."""
    each = {"p1": i.p, "law": i.weights}
    columns = {"G_sum": i.G, "update": i.W_tilde}
    return {
        "kappa_1": np.ones((1, 1, 1)),
        "spread": np.zeros((1, 1, 1)),
        "zeta": np.full((1, 1, 1), i.step_size),
        "tau": np.full((1, 1, 1), i.tau),
        **{name: list(values[:, None, None, None]) for name, values in each.items()},
        **{name: list(M.T[:, None, :, None]) for name, M in columns.items()},
    }


def _on_codes(
    problem: Problem, model: SparseCodeModel, codes: Array, step: Mapping[str, Any] = NO_STEP
) -> Sides:
    """Both sides on codes with equally many active columns, which are moved to the front."""
    orders = np.argsort(codes == 0, axis=1, kind="stable")
    k = problem.sizes["k"]
    x = np.take_along_axis(codes, orders[:, :k], axis=1)
    constants = {
        "a_1": model.a_1,
        "a_2": model.a_2,
        "delta": model.delta,
        "eps": model.noise,
        "b": float(model.bias.max()),
        "b_min": float(model.bias.min()),
    }
    values: dict[str, Any] = {name: np.full((1, 1, 1), value) for name, value in constants.items()}
    values |= {
        "A": [model.A_star.T[order][:, :, None] for order in orders.T],
        "W": [model.W.T[order][:, :, None] for order in orders.T],
        "bias": [model.bias[order][:, None, None] for order in orders.T],
        "x": [column[:, None, None] for column in x.T],
        "noise": np.zeros((1, len(model.W), 1)),
        **step,
    }
    known = {name: value for name, value in values.items() if name in problem.used}
    return problem.on_data(known, len(codes))
