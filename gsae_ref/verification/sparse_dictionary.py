"""Which of N19's theorems apply to a user's own weights, biases and step sizes."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, metrics
from ..arrays import Array
from ..notation.account import Account
from ..papers.n19.consistency import formulas as consistency
from ..papers.n19.fixed_bias import formulas as fixed_bias
from ..papers.n19.sparse_codes import formulas as sparse_codes
from .bounds import BoundCheck, summary_of
from .hypotheses import ROUNDING, HypothesisCheck, Shown, account_of_check, equality, inequality
from .ranges import Range, require_moderate
from .sparse_bounds import SparseCodeModel, SparseCodes, hold_sparse_bounds, measure_sparse_codes

UNIT = "unit columns of W and A"
THRESHOLD = "Theorem 3 (iii), repaired: the threshold a_1/2 recovers every support"
THEOREM4 = "Theorem 4 (ii), repaired"
TINY = 1e-12  # what makes an inequality strict


@dataclass(frozen=True, repr=False)
class SparseDictionaryReport(Shown):
    """Result of :func:`check_sparse_dictionary`.

    Attributes
    ----------
    sizes : dict
        n_features, n_atoms, n_active, a_1, a_2, noise, kappa_1, kappa_2.
    measures : dict
        ``coherence`` (mu/sqrt(n) = max |<A_i, A_j>|), ``largest_product`` (max <A_i, A_j>),
        ``delta`` (max ||W_i - A_i||), ``nearness`` (||W - A||_2 / ||A||_2), ``norm`` (||A||_2).
    permutation : ndarray of int (n_atoms,)
        Column j of A was compared with column ``permutation[j]`` of W.
    hypotheses : tuple of HypothesisCheck
    ranges : tuple of Range
        Of "bias" and "step_size", by statement.
    verdicts : dict of bool
        For a bias or step size that was given: whether a range certifies it.
    bounds : tuple of BoundCheck
        Every inequality of N19's ledger on the codes that were given; see
        :class:`~gsae_ref.verification.bounds.BoundCheck`.
    not_held : dict of str
        Inequalities that cannot be held against these codes, and why.

    Examples
    --------
    >>> report = check_sparse_dictionary(np.eye(4), n_active=1, a_1=1.0)
    >>> [r.interval for r in report.ranges if r.form == "Theorem 3 (ii), repaired"]
    ['(-1, 0]']
    """

    sizes: dict[str, Any]
    measures: dict[str, float]
    permutation: Array = field(repr=False)
    hypotheses: tuple[HypothesisCheck, ...]
    ranges: tuple[Range, ...]
    verdicts: dict[str, bool]
    bounds: tuple[BoundCheck, ...] = ()
    not_held: dict[str, str] = field(default_factory=dict)

    def account(self) -> Account:
        """Sizes, measures, hypotheses and ranges."""
        heading = ", ".join(f"{name} {value:.4g}" for name, value in self.sizes.items())
        found = [each.line for each in self.ranges] + summary_of(self.bounds)
        return account_of_check(heading, self.measures, self.hypotheses, found)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "paper": "N19",
            "sizes": self.sizes,
            "measures": self.measures,
            "permutation": self.permutation.tolist(),
            "hypotheses": [asdict(hypothesis) for hypothesis in self.hypotheses],
            "ranges": [each.to_dict() for each in self.ranges],
            "verdicts": self.verdicts,
            "bounds": [bound.to_dict() for bound in self.bounds],
            "not_held": self.not_held,
        }


def check_sparse_dictionary(
    W: ArrayLike,
    n_active: int | None = None,
    a_1: float | None = None,
    a_2: float | None = None,
    A_star: ArrayLike | None = None,
    *,
    codes: ArrayLike | None = None,
    moments: tuple[float, float] = (1.0, 1.0),
    noise: float = 0.0,
    bias: ArrayLike | None = None,
    step_size: float | None = None,
) -> SparseDictionaryReport:
    """Report which conditions of N19 weights meet, and the biases and steps that these certify.

    Codes are non-negative: the ReLU network with a bias, and the hard threshold a_1/2 without one.

    Parameters
    ----------
    W : array_like of shape (n_features, n_atoms)
        Weights of the autoencoder.
    n_active : int, optional
        Number of active atoms, k; None: the largest number in ``codes``.
    a_1, a_2 : float, optional
        Bounds on a non-zero code; None: from ``codes``, or a_2 = a_1.
    A_star : array_like of shape (n_features, n_atoms), optional
        Dictionary A that generates the data, its columns in any order; None: W itself.
    codes : array_like of shape (n_samples, n_atoms), optional
        Codes x* of A, to measure n_active, a_1, a_2 and the moments from, and to hold every
        inequality of N19's ledger against: at most 1000 of them, evenly spaced.
    moments : (float, float)
        kappa_1 and kappa_2, mean and second moment of a non-zero code, where codes are not given.
    noise : float
        N = max_i |<W_i, eta>|, largest correlation of a column with the noise.
    bias : float or array_like of shape (n_atoms,), optional
        Biases to judge. The inequalities are held at them; None: in the middle of the repaired
        interval of Theorem 3 (ii), or 0 if it is empty.
    step_size : float, optional
        A step size zeta to judge. The inequalities are held at it; None: at the largest for which
        the statements promise a decrease.

    Returns
    -------
    report : SparseDictionaryReport

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that differ, constants that are neither given
        nor measured, negative codes.

    Examples
    --------
    >>> W = np.array([[1.0, 0.6], [0.0, 0.8]])
    >>> report = check_sparse_dictionary(W, n_active=1, a_1=1.0, bias=-0.7, step_size=1.0)
    >>> report.verdicts
    {'bias': True, 'step_size': True}
    >>> check_sparse_dictionary(W, n_active=1, a_1=1.0, bias=-0.5).verdicts  # <W_1, W_2> = 0.6
    {'bias': False}
    """
    W = checks.dictionary("W", W)
    A_star = W if A_star is None else checks.dictionary("A_star", A_star)
    _refuse_sizes(W, A_star)
    rounding = ROUNDING[np.result_type(W, A_star).name]
    near = metrics.nearness(W, A_star, up_to="permutation")
    W = W[:, near.permutation].astype(np.float64)
    A_star = A_star.astype(np.float64)
    measured = None if codes is None else _measured(W, codes)
    n_active, a_1, a_2 = _constants(measured, n_active, a_1, a_2)
    if measured is not None:
        moments = (measured.kappa_1, measured.kappa_2)
    kappa_1, kappa_2 = checks.code_moments(moments)
    model = _Model(
        W=W,
        A_star=A_star,
        n_active=checks.n_active(n_active, W.shape[1], "atoms"),
        a_1=a_1,
        a_2=a_2,
        noise=checks.threshold(noise, "noise"),
        kappa_1=kappa_1,
        kappa_2=kappa_2,
        delta=near.delta,
        xi=near.xi,
    )
    hypotheses = _hypotheses(model, rounding)
    ranges = (*_biases(model, hypotheses), *_steps(model, hypotheses))
    found = _bounds(model, measured, near.permutation, bias, step_size, rounding)
    return SparseDictionaryReport(
        sizes=model.sizes(),
        measures=model.measures(),
        permutation=near.permutation,
        hypotheses=hypotheses,
        ranges=ranges,
        verdicts=_verdicts(model, ranges, bias, step_size),
        bounds=found[0],
        not_held=found[1],
    )


def _measured(W: Array, codes: ArrayLike) -> SparseCodes:
    """What the user's codes say."""
    of = f"W of shape {W.shape}"
    return measure_sparse_codes(checks.samples("codes", codes, W.shape[1], of))


def _constants(
    measured: SparseCodes | None, n_active: int | None, a_1: float | None, a_2: float | None
) -> tuple[int, float, float]:
    """n_active, a_1 and a_2: as given, else as measured."""
    if measured is not None:
        n_active = measured.n_active if n_active is None else n_active
        a_1 = measured.a_1 if a_1 is None else a_1
        a_2 = measured.a_2 if a_2 is None else a_2
    a_2 = a_1 if a_2 is None else a_2
    if n_active is None or a_1 is None or a_2 is None:
        raise ValueError("n_active and a_1 must be given where there are no codes to measure them")
    return n_active, *checks.code_bounds((checks.real("a_1", a_1), checks.real("a_2", a_2)))


def _bounds(
    i: _Model,
    codes: SparseCodes | None,
    permutation: Array,
    bias: ArrayLike | None,
    step_size: float | None,
    rounding: float,
) -> tuple[tuple[BoundCheck, ...], dict[str, str]]:
    """The inequalities of the ledger on the codes, and those that cannot be held; without, none."""
    if codes is None:
        return (), {}
    m = i.W.shape[1]
    if bias is None:
        low, high = consistency.relu_interval(
            i.delta, i.n_active, i.a_1, i.a_2, i.coherence, i.noise, "corrected"
        )
        bias = (low + high) / 2 if low < high else 0.0
    b = checks.per_atom("bias", bias, m).astype(np.float64)
    names = ("W", "A_star", "n_active", "a_1", "a_2", "kappa_1", "kappa_2", "delta", "noise")
    constants = {name: getattr(i, name) for name in names}
    step = None if step_size is None else checks.step(step_size)
    model = SparseCodeModel(**constants, bias=b[permutation], step_size=step)
    return hold_sparse_bounds(model, codes, rounding)


def _refuse_sizes(W: Array, A_star: Array) -> None:
    """Refuse other shapes, entries whose powers overflow, and columns without a direction."""
    checks.same_shape("W", W, "A_star", A_star)
    require_moderate(W=W, A_star=A_star)
    for name, matrix in (("W", W), ("A_star", A_star)):
        if not matrix.any(axis=0).all():
            hint = checks.transposed(name, matrix)
            raise ValueError(
                f"{name} has a column of zeros; N19's columns have norm 1; drop it{hint}"
            )


@dataclass(frozen=True)
class _Model:
    """Matrices, columns matched, and constants in N19's notation."""

    W: Array
    A_star: Array
    n_active: int
    a_1: float
    a_2: float
    noise: float
    kappa_1: float
    kappa_2: float
    delta: float
    xi: float
    coherence: float = field(init=False)
    largest_product: float = field(init=False)
    norm: float = field(init=False)

    def __post_init__(self) -> None:
        gram = self.A_star.T @ self.A_star
        off = gram[~np.eye(len(gram), dtype=bool)]
        found = {
            "coherence": float(np.abs(off).max(initial=0.0)),
            "largest_product": float(off.max(initial=-1.0)),
            "norm": float(np.linalg.norm(self.A_star, 2)),
        }
        vars(self).update(found)

    def sizes(self) -> dict[str, Any]:
        """Dimensions and constants."""
        n, m = self.W.shape
        names = ("n_active", "a_1", "a_2", "noise", "kappa_1", "kappa_2")
        return {"n_features": n, "n_atoms": m, **{name: getattr(self, name) for name in names}}

    def measures(self) -> dict[str, float]:
        """What is measured of W and A."""
        return {
            "coherence": self.coherence,
            "largest_product": self.largest_product,
            "delta": self.delta,
            "nearness": self.xi,
            "norm": self.norm,
        }


def _hypotheses(i: _Model, rounding: float) -> tuple[HypothesisCheck, ...]:
    """Conditions of Theorems 3 and 4, as printed and as repaired."""
    columns = np.hstack([i.W, i.A_star])
    defect = np.abs(np.linalg.norm(columns, axis=0) - 1).max()
    weak = i.delta / i.n_active - i.coherence
    largest_delta = i.a_1 / (4 * i.a_2 * math.sqrt(i.n_active))
    off, on = consistency.threshold_levels(i.delta, i.n_active, i.a_1, i.a_2, i.coherence, i.noise)
    return (
        equality(
            UNIT,
            "every statement",
            defect,
            rounding,
            "divide every column by its norm" + checks.transposed("W", i.W),
        ),
        inequality(
            "||W - A|| <= 2 ||A|| (Definition 2)",
            "Theorem 4",
            2 - i.xi,
            "start nearer: ||W - A|| is too large as a whole, not column by column",
        ),
        _theorem3i(i),
        inequality(
            "mu <= delta sqrt(n)/k",
            "Theorem 3 (ii), (iii) as printed",
            weak,
            f"mu/sqrt(n) at most {i.delta / i.n_active:.3g} (it is {i.coherence:.3g}); "
            "the repaired forms do not ask it",
        ),
        inequality(
            "a_2 delta sqrt(k) < a_1/4",
            "the proof of Theorem 3 (iii)",
            i.a_1 / 4 - i.a_2 * i.delta * math.sqrt(i.n_active),
            f"delta below {largest_delta:.3g} (it is {i.delta:.3g})",
        ),
        inequality(
            "a_2 rho_k + N < a_1/2 and a_2 rho_k + N + a_1 delta^2/2 <= a_1/2",
            THRESHOLD,
            min((1 - TINY) * i.a_1 / 2 - off, on - i.a_1 / 2),
            f"a_2 rho_k + N below {(1 - i.delta**2) * i.a_1 / 2:.3g} (it is {off:.3g}): "
            "fewer active atoms, smaller mu or delta",
        ),
        inequality(
            "2 (a_2 rho_k + N) < (1 - delta^2/2) a_1",
            "Theorem 3 (ii), repaired: its window of biases is not empty",
            on - off - TINY * i.a_1,
            f"a_2 rho_k + N below {(1 - i.delta**2 / 2) * i.a_1 / 2:.3g} (it is {off:.3g})",
        ),
        _theorem4(i),
    )


def _theorem3i(i: _Model) -> HypothesisCheck:
    """Conditions of Theorem 3 (i) as printed, with the constant 1 in its orders."""
    n = i.W.shape[0]
    log_n = max(math.log(n), 1e-9)
    return inequality(
        "mu <= sqrt(n)/log^2 n and k <= n/log n",
        "Theorem 3 (i) as printed (false)",
        min(log_n**-2 - i.coherence, n / log_n - i.n_active),
        f"mu/sqrt(n) at most {log_n**-2:.3g}, k at most {n / log_n:.3g}",
    )


def _theorem4(i: _Model) -> HypothesisCheck:
    """The condition of the repaired Theorem 4 (ii) on A."""
    return inequality(
        "(k - 1) mu/sqrt(n) < 1",
        THEOREM4,
        1 - (i.n_active - 1) * i.coherence,
        f"at most {math.ceil(1 / i.coherence) if i.coherence else 0} active atoms",
    )


def _holds(hypotheses: tuple[HypothesisCheck, ...], needed_by: str) -> bool:
    """Whether unit columns and all that a statement needs hold."""
    return all(h.holds for h in hypotheses if h.text == UNIT or h.needed_by == needed_by)


def _biases(i: _Model, hypotheses: tuple[HypothesisCheck, ...]) -> list[Range]:
    """The bias windows that N19 prints, the repaired one, and R7's."""
    unit = _holds(hypotheses, "")
    ranges = []
    for form, name, ends in (
        ("printed", "Theorem 3 (ii) as printed", "[]"),
        ("theorem4", "proof of Theorem 4", "[]"),
        ("corrected", "Theorem 3 (ii), repaired", "(]"),
    ):
        low, high = consistency.relu_interval(
            i.delta, i.n_active, i.a_1, i.a_2, i.coherence, i.noise, form
        )
        certified = form == "corrected" and unit and low < high
        promise = "ReLU recovers every support" if form == "corrected" else "false in general"
        ranges.append(Range("bias", name, low, high, ends, certified, promise))
    if i.n_active == 1 and i.a_1 == i.a_2 == 1:
        errors = np.linalg.norm(i.W - i.A_star, axis=0)
        low, high = fixed_bias.persistent_bias(errors, i.largest_product)
        certified = unit and low < high and i.noise == 0
        promise = "kept fixed, it is right at every step, and W converges to A"
        ranges.append(Range("bias", "R7 (d), mixtures", low, high, "(]", certified, promise))
    return ranges


def _steps(i: _Model, hypotheses: tuple[HypothesisCheck, ...]) -> list[Range]:
    """Step sizes for which R7 or the repaired Theorem 4 (ii) promise a decrease."""
    ranges = []
    lam = np.einsum("ni,ni->i", i.W, i.A_star)
    if i.n_active == 1 and i.a_1 == i.a_2 == 1:
        certified = _holds(hypotheses, "") and bool(lam.min() > 0)
        promise = (
            f"at the largest, the tangent of every angle falls {1 + lam.min():.3g} times, "
            "under a bias that recovers the supports"
        )
        largest = float(i.W.shape[1])
        ranges.append(Range("step_size", "R7, mixtures", 0.0, largest, "(]", certified, promise))
    if (i.n_active - 1) * i.coherence >= 1:
        ranges.append(
            Range("step_size", THEOREM4, 0.0, 0.0, "(]", False, "nothing: mu is too large")
        )
        return ranges
    found = sparse_codes.descent_constants(i.W, i.A_star, i.n_active, i.kappa_1, i.kappa_2, i.delta)
    certified = (
        _holds(hypotheses, THEOREM4) and _holds(hypotheses, THRESHOLD) and found.tau > found.growth
    )
    promise = (
        f"at the largest, without bias, ||W - A||_F^2 falls by tau = {found.tau:.3g} of it up to "
        f"phi = {found.floor:.3g}; normalisation costs rho = {found.growth:.3g}"
    )
    ranges.append(Range("step_size", THEOREM4, 0.0, 1 / found.curvature, "(]", certified, promise))
    return ranges


def _verdicts(
    i: _Model, ranges: tuple[Range, ...], bias: ArrayLike | None, step_size: float | None
) -> dict[str, bool]:
    """Whether the bias and the step size that were given are certified by some range."""
    verdicts = {}
    if bias is not None:
        b = checks.per_atom("bias", bias, i.W.shape[1])
        windows = [r for r in ranges if r.of == "bias"]
        verdicts["bias"] = any(r.certifies(b.min()) and r.certifies(b.max()) for r in windows)
    if step_size is not None:
        zeta = checks.step(step_size)
        verdicts["step_size"] = any(r.certifies(zeta) for r in ranges if r.of == "step_size")
    return verdicts
