"""How N19's evidence is spoiled: instances outside a hypothesis, bounds without a term."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np

from ...arrays import Array
from ...claims.evidence import Inequality
from . import instance as n19
from . import statements
from .consistency import formulas as consistency
from .families import FAMILIES
from .instance import SparseInstance
from .sparse_codes import statements as sparse_codes

Sides = Callable[[Any], tuple[Any, Any]]


def _scaled(i: SparseInstance, name: str, *factors: float) -> Iterator[SparseInstance]:
    value = getattr(i, name)
    if value is not None:
        for factor in factors:
            yield replace(i, **{name: factor * value})


def _changed(i: SparseInstance) -> Iterator[SparseInstance]:
    """One field at a time scaled or replaced."""
    yield from _scaled(i, "W", 0.0, 0.5, 0.9, 1.1, 1.5, 3.0, -1.0)
    yield from _scaled(i, "A_star", 0.5, 0.9, 1.1, 2.0, -1.0)
    yield from _scaled(i, "codes", 0.4, 1.1, 5.0, -1.0)
    yield from _scaled(i, "delta", 0.0, 0.3, 0.9)
    yield from _scaled(i, "step_size", -1.0, 1.5, 2.5, 20.0)
    yield from _scaled(i, "tau", 0.0, 0.5, 1.5)
    yield from _scaled(i, "eta", 0.0, -20.0, 20.0)
    yield from _scaled(i, "W_tilde", -1.0, 0.1, 1.5, 5.0)
    for shift in (-2.0, -0.5, -0.2, 0.1, 0.5, 3.0):
        yield replace(i, bias=i.bias + shift)
    for k in {1, i.n_active - 1, i.n_active + 1} - {0}:
        yield replace(i, n_active=k)
    for sigma in (0.0, 0.3, 30.0):
        yield replace(i, sigma=sigma)
    uneven = i.weights * np.where(np.arange(len(i.weights)) % 2, 1.5, 1.0)
    yield replace(i, weights=uneven / uneven.sum())
    first = i.weights * np.where(i.active[:, 0], 2.0, 1.0)
    yield replace(i, weights=first / first.sum())
    alone = i.weights * (i.active == i.active[0]).all(axis=1)
    yield replace(i, weights=alone / alone.sum())
    yield replace(i, codes=i.active.astype(float), kappa_1=1.0, kappa_2=1.0)
    yield replace(i, codes=3 * i.codes, kappa_1=3 * i.kappa_1, kappa_2=9 * i.kappa_2)
    yield from _scaled(i, "a_2", 0.01)
    yield replace(i, kappa_1=0.5)
    yield replace(i, kappa_2=2.0)
    yield replace(i, codes=np.ones_like(i.codes))
    yield replace(i, codes=i.codes * np.where(np.arange(i.n_atoms) % 2, 1.0, -1.0))
    for factor in (0.5, 2.0):
        one = np.where(np.arange(i.n_atoms) == 0, factor, 1.0)
        yield replace(i, W=one * i.W, A_star=one * i.A_star)
        yield replace(i, W=i.W + (one - 1) * i.A_star, A_star=one * i.A_star)
        yield replace(i, W=one * i.W)
    yield replace(i, codes=np.abs(i.codes), kappa_1=0.5)
    equal = np.ones_like(i.A_star) / np.sqrt(i.n_features)
    yield replace(i, W=equal, A_star=equal)
    yield replace(i, W=-equal)
    if i.n_features == i.n_atoms:
        W = 0.6 * np.eye(i.n_atoms) - 1 / np.sqrt(i.n_atoms)
        yield replace(i, W=W / np.linalg.norm(W, axis=0), A_star=np.eye(i.n_atoms))
    yield replace(i, W=i.A_star[:, ::-1])
    for factor in (0.5, 0.9, 1.1, 2.0):
        yield replace(i, W=factor * i.A_star, A_star=factor * i.A_star)
        yield replace(i, W=factor * i.W, A_star=factor * i.A_star)


def _fitted(i: SparseInstance) -> Iterator[SparseInstance]:
    """The instance, and with delta, the bounds of the codes or the bias as the rest asks."""
    yield i
    delta = float(i.errors.max())
    yield replace(i, delta=delta)
    moduli = np.abs(i.codes[i.active])
    if len(moduli) and (moduli.min() < i.a_1 or moduli.max() > i.a_2):
        bounds: dict[str, Any] = {"a_1": float(moduli.min()), "a_2": float(moduli.max())}
        yield replace(i, **bounds)
        i = replace(i, **bounds)
    wide = replace(i, delta=max(delta, i.n_active * i.coherence))
    yield wide
    products = i.A_star.T @ i.A_star - np.diag(np.sum(i.A_star**2, axis=0))
    yield replace(i, bias=-delta - max(products.max(), 0) + 0 * i.bias)
    for form in ("corrected", "printed", "theorem4"):
        ends = consistency.relu_interval(
            wide.delta, i.n_active, i.a_1, i.a_2, i.coherence, i.noise, form
        )
        for end in ends:
            yield replace(wide, bias=end + 0 * i.bias)


def _varied(i: SparseInstance) -> Iterator[SparseInstance]:
    for j in _changed(i):
        yield from _fitted(j)


VARIED: dict[type, Callable[[Any], Iterator[Any]]] = {SparseInstance: _varied}

# ---- instances written by hand


def _instance(W: Array, A: Array, codes: Array, k: int, **given: Any) -> SparseInstance:
    """Codes of equal weight; delta is what W asks, noise and gamma are 0, zeta is 1."""
    n, m = W.shape
    fields: dict[str, Any] = {
        "delta": float(np.linalg.norm(W - A, axis=0).max()),
        "W_tilde": W,
        "gamma": np.zeros_like(W),
        "eta": np.zeros(n),
        "tau": 0.5,
        "step_size": 1.0,
    }
    weights = np.full(len(codes), 1 / len(codes))
    return SparseInstance(W, A, codes, weights, np.zeros(m), k, **fields | given)


def _pair(chord: float, length: float, cosine: float, a: float = 1.0) -> SparseInstance:
    """A_1 = e_1, A_2 of a length at a cosine; W_1 turned to A_2 by a chord, W_2 = A_2/length."""
    angle = 2 * np.arcsin(chord / 2)
    direction = np.array([cosine, np.sqrt(1 - cosine**2)])
    W = np.array([[np.cos(angle), np.sin(angle)], direction]).T
    A = np.array([[1.0, 0.0], length * direction]).T
    return _instance(W, A, a * np.eye(2), 1, a_2=a)


def _of_two(W: Array, A: Array, **given: Any) -> SparseInstance:
    return _instance(W, A, np.eye(2), 1, **given)


def _turned(w: Array, towards: Array, chord: float) -> Array:
    """A unit vector turned by a chord towards another vector."""
    across = towards - w * (w @ towards)
    angle = 2 * np.arcsin(chord / 2)
    turned: Array = np.cos(angle) * w + np.sin(angle) * across / np.linalg.norm(across)
    return turned


def _three(delta: float) -> SparseInstance:
    """k = 3: A_2, A_3 too long by delta, W_1 turned away from both."""
    long = np.array([1.0, 1 + delta, 1 + delta])
    W = np.eye(3)
    W[:, 0] = _turned(W[:, 0], np.array([0.0, -1.0, -1.0]), delta)
    return _instance(W, np.diag(long), np.ones((1, 3)), 3)


def _crowd(n: int, cosine: float, chord: float, a: float, k: int) -> SparseInstance:
    """S without the last atom, codes (1, a, .., a); the first W leans away, the last towards."""
    A = np.eye(n)
    middle = np.zeros(n)
    middle[1:-1] = 1
    for column, sign in ((0, -1), (n - 1, 1)):
        A[:, column] = sign * cosine * middle
        A[column, column] = np.sqrt(1 - cosine**2 * (n - 2))
    W = A.copy()
    for column, sign in ((0, -1), (n - 1, 1)):
        W[:, column] = _turned(W[:, column], sign * middle, chord)
    codes = np.concatenate([[1.0], np.full(n - 2, a), [0.0]])
    return _instance(W, A, codes[None], k, a_2=a)


EQUAL_COLUMNS = -np.ones((5, 5)) / np.sqrt(5)
BY_HAND = (
    _pair(0.1, 1.1, 0.0),
    replace(_pair(0.1, 1.1, 0.0), step_size=1e-4),
    _pair(0.1, 1.1, 0.1),
    replace(_pair(0.1, 1.0, 0.1, a=2.499), eta=np.array([0.018, 0.0])),
    _pair(0.125, 1.125, 0.111),
    _pair(0.2, 1.2, 0.2),
    _pair(0.4, 1.4, 0.0),
    _of_two(0.9 * np.eye(2), np.eye(2)),
    _of_two(0.5 * np.eye(2), np.eye(2)),
    _of_two(0.9 * np.eye(2), 0.9 * np.eye(2)),
    _of_two(np.eye(2), 1.1 * np.eye(2)),
    _three(0.27),
    _three(0.265),
    _crowd(3, 0.0, 0.1, 6.0, 2),
    _crowd(3, 0.3, 0.1, 1.7, 2),
    _crowd(5, 0.05, 0.1, 1.76, 2),
    _instance(EQUAL_COLUMNS, np.eye(5), np.eye(5), 1),
)

# ---- instances at which a bound is reached, as far as it is


def _codes(m: int, k: int, values: tuple[float, ...] = (1.0,)) -> Array:
    """All codes with k entries among values, the others 0."""
    codes = []
    for S in combinations(range(m), k):
        for entries in product(values, repeat=k):
            code = np.zeros(m)
            code[list(S)] = entries
            codes.append(code)
    return np.array(codes)


def _same_atom(m: int) -> SparseInstance:
    """W = I, A_j = e_1 for all j, codes 1_S, k = 2."""
    A = np.zeros((m, m))
    A[0] = 1
    return _instance(np.eye(m), A, _codes(m, 2), 2)


def _same_column(m: int, k: int) -> SparseInstance:
    """W = A with equal columns, codes +-1."""
    equal = np.ones((m, m)) / np.sqrt(m)
    i = _instance(equal, equal, _codes(m, k, (-1.0, 1.0)), k, kappa_1=0.0)
    return replace(i, delta=1e-9)


def _rotated(m: int, k: int) -> SparseInstance:
    """A = I, a small rotation with W 1 = 1 up to a factor, codes 1_S, zeta = 1/Lambda."""
    shift = np.roll(np.eye(m), 1, axis=0)
    W = np.eye(m) + 1e-3 * (shift - shift.T)
    i = _instance(W / np.linalg.norm(W, axis=0), np.eye(m), _codes(m, k), k)
    return replace(i, step_size=1 / i.descent.curvature)


def _coherent(m: int, product: float, k: int) -> SparseInstance:
    """Columns with equal inner products, W a little beside them, codes 1_S."""
    A = np.vstack([np.full(m, np.sqrt(product)), np.sqrt(1 - product) * np.eye(m)])
    W = A + 1e-2 * np.roll(A, 1, axis=0)
    return _instance(W / np.linalg.norm(W, axis=0), A, _codes(m, k), k, step_size=1e-3)


OF_LENGTH = tuple(
    _instance(a * np.eye(3), b * np.eye(3), np.eye(3), 1, step_size=0.5)
    for a, b in ((1.0, 1.1), (1.1, 1.0))
)
WRITTEN = dict.fromkeys(FAMILIES, BY_HAND) | {
    "sparse_near": (*OF_LENGTH, _coherent(5, 0.5005, 3), _rotated(8, 2)),
    "sparse_law": (*BY_HAND, _same_atom(8)),
}

# ---- bounds without one of their terms


def _evidence(row: str, label: str) -> Sides:
    items = next(each.evidence for each in statements.ROWS if each.id == row)
    inequalities = (item for item in items if isinstance(item, Inequality))
    return next(item.sides for item in inequalities if item.label == label)


def _decrease(**spoiled: Callable[[Any], float]) -> Sides:
    """Theorem 4 (ii), repaired, with constants replaced by functions of them."""
    exact = _evidence("N19-theorem4ii", "the decrease after normalisation")

    def sides(i: SparseInstance) -> tuple[Any, Any]:
        changes = {name: change(i.descent) for name, change in spoiled.items()}
        constants = replace(i.descent, **changes)
        before = float(np.sum(i.errors**2))
        bound = constants.after_normalisation(before, i.step_size * i.descent.curvature)
        return before - bound, exact(i)[1]

    return sides


TERMS: dict[tuple[str, str], dict[str, Sides]] = {
    ("N19-theorem4ii", "the decrease after normalisation"): {
        "4.5 tau for tau": _decrease(tau=lambda c: 4.5 * c.tau),
        "without phi": _decrease(floor=lambda c: 0.0),
        "-4 rho for rho": _decrease(growth=lambda c: -4 * c.growth),
    },
}

# ---- what is known to go unnoticed, and why

PROOF_OFF = "off the support, the constant of the proof"
PROOF_ON = "on the support, the constant of the proof"
BEFORE = "the decrease before normalisation"
AFTER = "the decrease after normalisation"
PROOF_LEVEL = "a_2 rho_k + N <= .46 a_1 under these hypotheses (threshold_levels)"
KEPT = "step (1) keeps 3/4 E||h||^2 of (2 - s/4) E||h||^2: 3/7 at a small rotation of A = I, k = 1"
ONE_ATOM = "W = I, A_j = e_1 for all j, k = 2 attains 1 - O(1/sqrt(m)) of it"
EQUAL = "W = A with equal columns attains k/(k + 2) of it as m grows"
NOT_ATTAINED = {
    ("N19-final-error", "repaired_step_on_data"): (0.42, KEPT),
    ("N19-theorem3i", "signs_by_enumeration"): (0.82, "a sub-Gaussian bound on a binomial tail"),
    ("N19-theorem4iii", "common_shift_small_step"): (0.25, "any ratio below 1 shows it"),
    ("N19-sparse-coding", "a_1 <= sqrt(kappa_2)"): (0.95, "equal for constant codes only"),
    ("N19-claim1iii", "all supports and columns"): (0.9, "2 (a^2 + b^2) for (a + b)^2"),
    ("N19-theorem3iii", PROOF_OFF): (0.4, PROOF_LEVEL),
    ("N19-theorem3iii", PROOF_ON): (0.58, PROOF_LEVEL),
    ("N19-mixture-threshold", "off the support z_i <= 1/4"): (0.8, "at delta = 1/8, N = 0 only"),
    ("N19-mixture-threshold", "on the support 1/2 <= z_i"): (0.58, "z_i >= 1 - delta - N > 3/4"),
    ("N19-lemma5", "printed range, delta <= 0.88"): (0.5, "the range is sufficient only"),
    ("N19-lemma5-proof", "with the right sign"): (0.49, "2 eps/(1 - eps) for about eps"),
    ("N19-threshold-condition", "every column"): (0.49, "1 for the 2 that the condition allows"),
    ("N19-theorem4ii", BEFORE): (0.42, KEPT),
    ("N19-theorem4ii", AFTER): (0.42, KEPT),
    ("N19-lemma2", "the remainder"): (0.5, EQUAL),
    ("N19-descent-k-sparse", "one step"): (0.94, "equal where no pair is active"),
    ("N19-residual", "corrected"): (0.7, ONE_ATOM),
    ("N19-claim4", "explicit"): (0.79, ONE_ATOM),
}
ALGEBRA = "an identity of algebra, for columns of any length"
OWN_LENGTH = "<W_i, A_j> = <A_i, A_j> + <W_i - A_i, A_j> needs ||A_j|| = 1, not ||W_i|| = 1"
ONE_LENGTH = "one of the two lengths is enough"
ROOM = "a_2 rho_k + N <= .46 a_1 under these hypotheses: the room covers lengths in 1 +- delta"
SIGNS = "bounds the modulus of the interference: holds for codes of any sign"
SYMBOLS = "compares mu, delta and k only"
STEP_EQUALITY = "both sides are equal, whatever the bias and the step"
UNIT_A = 'without "unit A"'
UNIT_W = 'without "unit W"'
SPECTRAL = "sqrt(1 + (k - 1) * coherence)"
EQUIANGULAR = "||A_S|| is that long only where the columns of S have equal angles"
U = n19.UNIT.text
S = n19.UNIT_STAR.text
SMALL_PART = "the estimate in the proof of (3) needs it; E||h||^2 has a square that the proof drops"
WITHOUT_STEP = 'without "0 < zeta * p1[i] * lam[i] <= 1 for i in atoms"'
WITHOUT_WINDOW = 'without "-lam[i] < bias[i] <= 0 for i in atoms"'
EQUALITY = {WITHOUT_STEP: STEP_EQUALITY, WITHOUT_WINDOW: STEP_EQUALITY}
ROOM_OF_BIAS = {
    UNIT_W: "the sine of the angle is at most ||W_i - A_i|| for any length of W_i",
    WITHOUT_WINDOW: "-b_i > lam_i and -b_i >= ||W_i - A_i|| leave room",
}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("N19-sparse-coding", "a_1 <= sqrt(kappa_2)"): {
        n19.CODES_BOUNDED.text: "a_1 is the smallest code of the law here"
    },
    ("N19-theorem3iii", PROOF_OFF): {UNIT_A: ROOM},
    ("N19-theorem3iii", PROOF_ON): {UNIT_A: ROOM},
    ("N19-theorem3-short", "off the support z_i <= N"): {UNIT_W: OWN_LENGTH},
    ("N19-theorem3-short", "on the support b_i + 1 - delta - N <= z_i"): {
        UNIT_A: ONE_LENGTH,
        UNIT_W: ONE_LENGTH,
    },
    ("N19-claim1ii", "all pairs"): {UNIT_W: OWN_LENGTH},
    ("N19-claim1iii", "all supports and columns"): {
        UNIT_W: "only ||A_S|| enters, which the bound has",
        UNIT_A: "only ||A_S|| enters, which the bound has",
    },
    ("N19-interference", "corrected"): {
        UNIT_W: OWN_LENGTH,
        'without "nonnegative codes"': SIGNS,
        f"reach: without the factor {SPECTRAL} in delta * sqrt(k) * {SPECTRAL}": EQUIANGULAR,
        "reach: without (k - 1) * coherence in 1 + (k - 1) * coherence": EQUIANGULAR,
    },
    ("N19-interference-order", "sqrt(1 + 1/k)"): {UNIT_W: SYMBOLS, UNIT_A: SYMBOLS},
    ("R7", "(a) the step"): {UNIT_A: ALGEBRA},
    ("R7", "(a) the step, with noise"): {S: ALGEBRA},
    ("N19-theorem4i1", "the angle after the step"): {
        'without "0 < lam[i] for i in atoms"': STEP_EQUALITY,
        WITHOUT_STEP: STEP_EQUALITY,
    },
    ("N19-theorem4i2-step", "one step, any b in the window"): EQUALITY,
    ("R7", "(c) every column contracts"): EQUALITY,
    ("N19-theorem4i2", "z_i <= 0 off the support after the step, the bias fixed"): ROOM_OF_BIAS,
    ("R7", "(d) z_i <= 0 off the support after the step"): ROOM_OF_BIAS,
    ("N19-mixture-gradient", "against the enumeration of codes and noise"): {S: ALGEBRA},
    ("N19-expected-bias-gradient", "p_i b_i"): {S: ALGEBRA},
    ("N19-eq6", "against the enumeration of codes and noise"): {S: ALGEBRA},
    ("N19-eq7", "against the enumeration of codes and noise"): {S: ALGEBRA},
    ("N19-eq8", "against the enumeration of codes and noise"): {U: ALGEBRA, S: ALGEBRA},
    ("N19-theorem4ii", "step (3): E||h||^2"): {
        sparse_codes.UNITS.text: SMALL_PART,
        n19.CLOSE.text: SMALL_PART,
    },
    ("N19-alpha", "against enumerated codes"): {U: ALGEBRA, S: ALGEBRA},
    ("N19-beta", "with b_j"): {S: ALGEBRA},
    ("N19-residual", "corrected"): {S: "the bound has ||A|| itself"},
    ("N19-sanity", "alpha and beta"): {U: ALGEBRA, S: ALGEBRA},
    ("N19-claim3", "explicit"): {S: "the bound has the largest products themselves"},
    ("N19-claim4", "explicit"): {S: "the bound has the largest products themselves"},
    ("N19-eq16", "a mixture, v = 0"): {S: ALGEBRA},
    ("N19-theorem3i", "rademacher_tail"): {
        "": "a tail bound that random signs stay far below; signs_by_enumeration attains .82 of it"
    },
    ("N19-negative-bias", "negative_bias_needed"): {"": "the sign of z has no scale"},
    ("N19-approximate-gradient", "sparse_approximate"): {
        "": "one function computes both gradients; they differ at kinks only"
    },
}
TWO = {"n": 2, "m": 2, "k": 1}
QUIET_FAILS = {
    UNIT_A: (  # A = (e_1, 3/2 e_2), W_1 = (4/5, 3/5), W_2 = e_2, zeta = 1/100
        TWO,
        {
            "W": ("1/3", "0"),
            "A_stretch": ("0", "1/2"),
            "bias": ("-7/10", "-1"),
            "zeta": ("-9/10",),
        },
    ),
    WITHOUT_STEP: (  # A = I, W_1 a little away from both columns, zeta = 64
        TWO,
        {"W": ("-1/10", "0"), "bias": ("-1/5", "-1/5"), "zeta": ("7",)},
    ),
}
SHOWN: dict[tuple[str, str], dict[str, Any]] = {
    ("N19-theorem4i2", "z_i <= 0 off the support after the step, the bias fixed"): QUIET_FAILS,
    ("R7", "(d) z_i <= 0 off the support after the step"): QUIET_FAILS,
}
REACHED: dict[tuple[str, str], Callable[[], SparseInstance]] = {
    ("N19-theorem4ii", BEFORE): lambda: _rotated(12, 1),
    ("N19-theorem4ii", AFTER): lambda: _rotated(12, 1),
    ("N19-theorem4ii", "step (3): E||h||^2"): lambda: _rotated(12, 2),
    ("N19-lemma2", "the remainder"): lambda: _same_column(12, 3),
    ("N19-residual", "corrected"): lambda: _same_atom(30),
    ("N19-claim3", "explicit"): lambda: _same_atom(51),
    ("N19-claim4", "explicit"): lambda: _same_atom(30),
}
