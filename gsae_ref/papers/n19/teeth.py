"""How N19's evidence is spoiled: instances outside a hypothesis, bounds without a term."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np

from ...arrays import Array
from ...claims.evidence import Inequality
from . import instance as n19
from . import statements
from .instance import SparseInstance, law_in_the_model
from .model import statements as model
from .sparse_codes import statements as sparse_codes
from .sparse_codes.formulas import descent_constants

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


def _varied(i: SparseInstance) -> Iterator[SparseInstance]:
    """The changed instances, also with the delta that W then asks."""
    for j in _changed(i):
        yield j
        yield replace(j, delta=float(j.errors.max()))


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


def _all_active(m: int) -> SparseInstance:
    """W = I, A_j = e_1 for all j, the code (1, ..., 1)."""
    A = np.zeros((m, m))
    A[0] = 1
    return _instance(np.eye(m), A, np.ones((1, m)), m)


def _two_atoms() -> SparseInstance:
    """A mixture of two atoms with <A_1, A_2> = 3/5."""
    return _instance(np.eye(2), np.array([[1.0, 0.6], [0.0, 0.8]]), np.eye(2), 1)


def _same_column(m: int, k: int) -> tuple[dict[str, int], dict[str, Any]]:
    """W = A = (1, ..., 1), uniform supports, codes of mean 0 and variance 1."""
    one = [np.ones((1, 1, 1))] * m
    return {"n": 1, "m": m, "k": k}, {"A": one, "W": one, "delta": 0 * one[0]}


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
WRITTEN = {"sparse_near": (*OF_LENGTH, _coherent(5, 0.5005, 3), _rotated(8, 2))}

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


def _spectral(i: SparseInstance, *kept: int) -> Sides:
    """The bound of the spectral start without some of its terms, at one instance."""
    return lambda _: model.beside(i, kept)


def _of_uniform_codes(W: Array, n_active: int, delta: float | None = None) -> tuple[float, float]:
    """Both sides of step (3) for A = I and codes 1_S, S uniform, from p, p2 and p3.

    E||h||^2 = E||D_S 1||^2 + 2 <N 1, N^T 1> + ||N^T 1||^2, N = A_S^T D_S: the rows and the columns
    of D = W - I that lie in S. ``delta`` is the one of the bound, that of W if it is not given.
    """
    m = len(W)
    D = W - np.eye(m)
    p = n_active / m
    t = (n_active - 1) / (m - 1)
    t3 = (n_active - 2) / (m - 2)
    f = np.diag(D)
    off = D - np.diag(f)
    rows = off.sum(axis=1)
    columns = off.sum(axis=0)
    within = (1 - t) * np.sum(D**2) + t * np.sum(D.sum(axis=1) ** 2)
    crossed = f @ f + t * f @ (rows + columns) + t * (1 - t3) * np.sum(off * off.T)
    crossed += t * t3 * rows @ columns
    squared = f @ f + 2 * t * f @ columns + t * (1 - t3) * np.sum(off**2)
    squared += t * t3 * columns @ columns
    if delta is None:
        delta = float(np.linalg.norm(D, axis=0).max())
    beta = descent_constants(W, np.eye(m), n_active, 1.0, 1.0, delta).beta
    return float(p * (1 - beta) * np.sum(D**2)), float(p * (within + 2 * crossed + squared))


def _not_unit() -> Array:
    """I with e_j moved by 1/1000 of s_j (1, ..., 1)/4 - (5/4) s_j e_j, s = (1, ..., 1, -1, ...)."""
    s = np.repeat([1.0, -1.0], 30)
    D: Array = np.outer(np.ones(60), s) / 4 - 5 / 4 * np.diag(s)
    return np.eye(60) + 1e-3 * D


def _one_far_column() -> Array:
    """I with (1, ..., 1)/10 for e_1."""
    W = np.eye(100)
    W[:, 0] = 0.1
    return W


STEP_3 = ("N19-theorem4ii", "step (3): E||h||^2")
SPECTRAL_START = ("N19-spectral-start", "M beside the common atoms")
TERMS: dict[tuple[str, str], dict[str, Sides]] = {
    SPECTRAL_START: {
        "without the maximum": _spectral(_two_atoms(), 0, 1, 1, 1),
        "without q_2": _spectral(_all_active(2), 1, 0, 1, 1),
        "without q_3": _spectral(_all_active(3), 1, 1, 0, 1),
        "without q_4": _spectral(_all_active(8), 1, 1, 1, 0),
    },
    STEP_3: {
        "without columns of length 1: 60 columns near I, k = 8": lambda _: _of_uniform_codes(
            _not_unit(), 8
        ),
        "without delta: W = I but for W_1 = (1, ..., 1)/10, k = 20": lambda _: _of_uniform_codes(
            _one_far_column(), 20, 0.0
        ),
    },
    ("N19-theorem4ii", "the decrease after normalisation"): {
        "4.5 tau for tau": _decrease(tau=lambda c: 4.5 * c.tau),
        "without phi": _decrease(floor=lambda c: 0.0),
        "-4 rho for rho": _decrease(growth=lambda c: -4 * c.growth),
    },
}

# ---- what is known to go unnoticed, and why

MIXTURE_ON = ("N19-mixture-threshold", "on the support 1/2 <= z_i")
PROOF_OFF = "off the support, the constant of the proof"
PROOF_ON = "on the support, the constant of the proof"
BEFORE = "the decrease before normalisation"
AFTER = "the decrease after normalisation"
PROOF_LEVEL = "a_2 rho_k + N <= .46 a_1 under these hypotheses (threshold_levels)"
KEPT = "step (1) keeps 3/4 E||h||^2 of (2 - s/4) E||h||^2: 3/7 at a small rotation of A = I, k = 1"
ONE_ATOM = "W = I, A_j = e_1 for all j, k = 2 attains 1 - O(1/sqrt(m)) of it"
SIX = "6 p[2] R will do: the sums over (i, l), of -2 <A_l, W_i> A_l and of <A_l, W_i> A_l, add up"
EQUAL = "W = A with equal columns attains k/(k + 2) of it as m grows"
NOT_ATTAINED = {
    ("N19-final-error", "repaired_step_on_data"): (0.42, KEPT),
    ("N19-theorem3i", "signs_by_enumeration"): (0.82, "a sub-Gaussian bound on a binomial tail"),
    ("N19-theorem3i", "signs_of_a_turned_column"): (0.65, "a sub-Gaussian bound, and t for 1/2"),
    ("N19-theorem4iii", "common_shift_small_step"): (0.25, "any ratio below 1 shows it"),
    ("N19-theorem3iii", PROOF_OFF): (0.9, PROOF_LEVEL),
    ("N19-theorem3iii", PROOF_ON): (0.74, PROOF_LEVEL),
    MIXTURE_ON: (0.66, "z_i >= 1 - delta - N >= 3/4"),
    ("N19-lemma5-proof", "with the right sign"): (0.49, "2 eps/(1 - eps) for about eps"),
    ("N19-threshold-condition", "every column"): (0.49, "1 for the 2 that the condition allows"),
    ("N19-theorem4ii", BEFORE): (0.42, KEPT),
    ("N19-theorem4ii", AFTER): (0.42, KEPT),
    ("N19-lemma2", "the remainder"): (0.74, EQUAL),
    ("N19-residual", "corrected"): (0.7, ONE_ATOM),
    ("N19-claim4", "explicit"): (0.79, ONE_ATOM),
    ("N19-spectral-start", "spectral_start"): (0.55, "1/log n is for every n: O(1/sqrt n) here"),
}
ALGEBRA = "an identity of algebra, for columns of any length"
OWN_LENGTH = "<W_i, A_j> = <A_i, A_j> + <W_i - A_i, A_j> needs ||A_j|| = 1, not ||W_i|| = 1"
ONE_LENGTH = "one of the two lengths is enough"
SIGNS = "bounds the modulus of the interference: holds for codes of any sign"
SYMBOLS = "compares mu, delta and k only"
STEP_EQUALITY = "both sides are equal, whatever the bias and the step"
ENUMERATED = "against the enumeration of codes and noise"
UNIT_A = 'without "unit A"'
UNIT_W = 'without "unit W"'
SPECTRAL = "sqrt(1 + (k - 1) * coherence)"
MANY_CODES = "needed where k is 6 or more, with too many codes to enumerate: see the lines on W"
WITHOUT_STEP = 'without "0 < zeta * p1[i] * lam[i] <= 1 for i in atoms"'
WITHOUT_WINDOW = 'without "-lam[i] < bias[i] <= 0 for i in atoms"'
EQUALITY = {WITHOUT_STEP: STEP_EQUALITY}
ROOM_OF_BIAS = {
    UNIT_W: "the sine of the angle is at most ||W_i - A_i|| for any length of W_i",
    WITHOUT_WINDOW: "-b_i > lam_i and -b_i >= ||W_i - A_i|| leave room",
}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("N19-normalised-descent", "the descent, columns normalised"): {
        'without "(1 - tau) * norm(W[i] - A[i])**2 <= 3 / 4 for i in atoms"': (
            "it holds up to 1, and above 1 the root is not real"
        )
    },
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
    },
    ("N19-interference-order", "sqrt(1 + 1/k)"): {UNIT_W: SYMBOLS, UNIT_A: SYMBOLS},
    ("N19-lemma2", "the remainder"): {
        "rest: 7 for 8 in 8 * p[2]": SIX,
        "rest: without R in R ** 2 + R": f"{SIX}, and 2 p[3] R <= 2 p[2] R",
    },
    ("R7", "(a) the step"): {UNIT_A: ALGEBRA},
    ("R7", "(a) the step, with noise"): {UNIT_A: ALGEBRA},
    ("N19-theorem4i1", "the angle after the step"): {
        'without "0 < lam[i] for i in atoms"': STEP_EQUALITY,
        WITHOUT_STEP: STEP_EQUALITY,
    },
    ("N19-theorem4i2-step", "one step, any b in the window"): EQUALITY,
    ("R7", "(c) every column contracts"): EQUALITY,
    ("N19-theorem4i2", "z_i <= 0 off the support after the step, the bias fixed"): ROOM_OF_BIAS,
    ("R7", "(d) z_i <= 0 off the support after the step"): ROOM_OF_BIAS,
    ("N19-mixture-gradient", ENUMERATED): {UNIT_A: ALGEBRA},
    ("N19-expected-bias-gradient", "p_i b_i"): {UNIT_A: ALGEBRA},
    ("N19-eq6", ENUMERATED): {UNIT_A: ALGEBRA},
    ("N19-eq7", ENUMERATED): {UNIT_A: ALGEBRA},
    ("N19-eq8", ENUMERATED): {UNIT_W: ALGEBRA, UNIT_A: ALGEBRA},
    STEP_3: {sparse_codes.UNITS.text: MANY_CODES, n19.CLOSE.text: MANY_CODES},
    ("N19-alpha", "against enumerated codes"): {UNIT_W: ALGEBRA, UNIT_A: ALGEBRA},
    ("N19-beta", "with b_j"): {UNIT_A: ALGEBRA},
    ("N19-residual", "corrected"): {UNIT_A: "the bound has ||A|| itself"},
    ("N19-sanity", "alpha"): {UNIT_W: ALGEBRA, UNIT_A: ALGEBRA},
    ("N19-sanity", "beta"): {UNIT_W: ALGEBRA, UNIT_A: ALGEBRA},
    ("N19-claim3", "explicit"): {UNIT_A: "the bound has the largest products themselves"},
    ("N19-eq16", "a mixture, v = 0"): {UNIT_A: ALGEBRA},
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
EQUAL_COLUMNS_OF_1 = {"n": 1, "m": 24, "k": 10}, dict[str, Any]()


def _towards(j: int, n: int) -> list[str]:
    """Parameters of a column around e_j that make it e_0."""
    return ["1" if j + r == n else "0" for r in range(1, n)]


ONES = {"mean": ("1",), "deviation": ("-1",)}
ALL_EQUAL = {"n": 1, "m": 7, "k": 7}, ONES  # W = A = (1, ..., 1), codes 1
APART = [_towards(j, 6) for j in range(6)]
SIX_COLUMNS = {"n": 6, "m": 6, "k": 2}
RESTS = range(1, 13)
ONE_COLUMN = (  # A_j = e_0, W_j = e_j, codes 1
    SIX_COLUMNS,
    ONES
    | {
        "A": tuple(t for each in APART for t in each),
        "W": tuple("-1" if t == "1" else t for each in APART for t in each),
    },
)
TWO_OF_ONE = {"n": 1, "m": 2, "k": 1}
ACROSS = (  # A = (e_0, e_0), W far from both
    {"n": 3, "m": 2, "k": 2},
    {"chart": ("-1", "-1"), "W": ("9/10", "0", "0", "9/10")},
)
TRIPLES = "kappa_1 ** 2 * m * q3[i] * w ** 2"
PAIRS = "kappa_1 ** 2 * sqrt(m) * q2[i] * (a + w)"
NO_TRIPLES = "[p3[i][j][l] for j in atoms if j != i for l in atoms if l != i if l != j]"
OF_CLAIM_4 = {
    f"without {TRIPLES} in kappa_2 * q2[i] * w ** 2 + {PAIRS} + {TRIPLES}": ALL_EQUAL,
    "without the factor m in kappa_1 ** 2 * m": ALL_EQUAL,
    f"q3: without {NO_TRIPLES} in [0] + {NO_TRIPLES}": ALL_EQUAL,
    "without a in a + w": ONE_COLUMN,
    "without w in a + w": (  # A = I, W_j = (3 e_1 + 4 e_j)/5 for j > 1, codes 1
        {"n": 13, "m": 13, "k": 2},
        ONES | {"W": tuple("1/3" if 0 < j == 13 - r else "0" for j in range(13) for r in RESTS)},
    ),
    "without the factor sqrt(m) in kappa_1 ** 2 * sqrt(m)": ONE_COLUMN,
    f"without {PAIRS} in kappa_2 * q2[i] * w ** 2 + {PAIRS}": (
        {"n": 2, "m": 3, "k": 2},
        ONES | {"A": ("1/2", "0", "-1"), "W": ("-1", "1", "0")},
    ),
    "without the factor sqrt(m) in size_1 * largest([abs(bias[j]) for j in atoms]) * sqrt(m)": (
        {"n": 1, "m": 4, "k": 2},
        {"mean": ("1/3",), "deviation": ("-1",), "bias": ("4", "6", "6", "0")},
    ),
}
EQUAL_ANGLES = (  # A_i of entries 127/129, 16/129, 16/129, W_3 turned towards A_1 + A_2
    {"n": 3, "m": 3, "k": 2},
    {
        "A": ("1/16", "1/16", "127/145", "16/145", "16/145", "127/145"),
        "W": ("0", "0", "0", "0", "53/2000", "-7/200"),
    },
)
LENGTH_4: dict[str, Any] = {  # A_j = 4 e_j, W_3 of length 4, turned towards A_1 + A_2
    UNIT_A: (
        {"n": 3, "m": 3, "k": 2},
        {
            "A_stretch": ("3", "3", "3"),
            "W_stretch": ("3", "3", "3"),
            "W": ("0", "0", "0", "0", "1/100", "1/100"),
        },
    )
}
SHOWN: dict[tuple[str, str], dict[str, Any]] = {
    ("N19-theorem3iii", "off the support z_i < a_1/2"): LENGTH_4,
    ("N19-theorem3iii", PROOF_OFF): LENGTH_4
    | {
        'without "codes bounded"': (  # codes 100, A = I
            {"n": 3, "m": 3, "k": 2},
            {"W": ("0", "0", "0", "0", "1/100", "1/100"), "oversize": ("9", "9")},
        )
    },
    ("N19-interference", "corrected"): {
        f"reach: without the factor {SPECTRAL} in delta * sqrt(k) * {SPECTRAL}": EQUAL_ANGLES,
        "reach: without (k - 1) * coherence in 1 + (k - 1) * coherence": EQUAL_ANGLES,
    },
    ("N19-claim4", "explicit"): OF_CLAIM_4,
    ("N19-residual", "corrected"): {
        "top: without abs(kappa_1) in abs(kappa_1) + spread": ONE_COLUMN,
        "top: without spread in abs(kappa_1) + spread": ACROSS,
        "without U in U + V": ACROSS,
        "without V in U + V": ({"n": 1, "m": 2, "k": 2}, ONES | {"bias": ("-2", "-2")}),
        UNIT_W: (TWO_OF_ONE, ONES | {"W_stretch": ("1", "0")}),
        'without "independent codes"': (
            {"n": 2, "m": 2, "k": 1},
            {"chance": ("1", "0"), "mean": ("1",), "W": ("1/2", "0")},
        ),
    },
    ("N19-claim3", "explicit"): {
        "without the factor m in kappa_1 ** 2 * m": (
            {"n": 2, "m": 6, "k": 3},
            {"W": ("0", "0", "0", "0", "-1", "0"), "mean": ("1",)},
        ),
    },
    ("N19-lemma2", "the remainder"): dict.fromkeys(
        (
            "rest: without 2 * p[3] * (R ** 2 + R) in 8 * p[2] * R + 2 * p[3] * (R ** 2 + R)",
            "rest: 1 for 2 in 2 * p[3]",
            "rest: without R ** 2 in R ** 2 + R",
        ),
        EQUAL_COLUMNS_OF_1,
    ),
    ("N19-theorem4i2", "z_i <= 0 off the support after the step, the bias fixed"): QUIET_FAILS,
    ("R7", "(d) z_i <= 0 off the support after the step"): QUIET_FAILS,
}


def _of_columns(
    A: Array,
    W: Array,
    x: Sequence[float],
    noise: Array | None = None,
    update: Array | None = None,
    tau: float = 0.5,
) -> tuple[dict[str, int], dict[str, Any]]:
    """Sizes and quantities of the model "n19": columns, a code, noise, no bias."""
    n, m = A.shape
    eta = np.zeros(n) if noise is None else noise

    def number(value: float) -> Array:
        return np.full((1, 1, 1), float(value))

    def columns(M: Array) -> list[Array]:
        return [M[None, :, [j]] for j in range(m)]

    values = {
        "A": columns(A),
        "W": columns(W),
        "update": columns(W if update is None else update),
        "x": [number(value) for value in x],
        "noise": eta[None, :, None],
        "eps": number(float(np.linalg.norm(eta))),
        "delta": number(float(np.linalg.norm(W - A, axis=0).max())),
        "a_1": number(1.0),
        "a_2": number(max(x)),
        "tau": number(tau),
    }
    return {"n": n, "m": m, "k": len(x)}, values


def _equal_angles(m: int, product: float) -> Array:
    """m unit columns of R^m with this inner product of any two."""
    gram = (1 - product) * np.eye(m) + product
    A: Array = np.linalg.cholesky(gram).T
    return A


def _turned(A: Array, i: int, direction: Array, delta: float) -> Array:
    """A with A_i turned towards a direction, to the distance delta."""
    side = direction - A[:, i] * (direction @ A[:, i])
    cosine = 1 - delta**2 / 2
    W = A.copy()
    W[:, i] = cosine * A[:, i] + np.sqrt((1 - cosine**2) / (side @ side)) * side
    return W


def _threshold_level(k: int, product: float, on: bool) -> tuple[dict[str, int], dict[str, Any]]:
    """An active or an inactive W_i, turned by .1 to where the codes mislead it most."""
    A = _equal_angles(k + 1, product)
    i = 0 if on else k
    others = A[:, int(on) : k].sum(axis=1)
    W = _turned(A, i, -others if on else others, 0.1)
    largest = (1 - 1e-6) / (0.4 * np.sqrt(k))
    x = [1.0, *[largest] * (k - 1)] if on else [largest] * k
    return _of_columns(A, W, x, (-1 if on else 1) * 0.0199 * W[:, i])


def _mixture_at_1_4() -> tuple[dict[str, int], dict[str, Any]]:
    """<A_1, A_2> = 1/8, W_2 turned by 1/8 towards A_1."""
    A = _equal_angles(2, 0.125)
    return _of_columns(A, _turned(A, 1, A[:, 0], 0.125), [1.0])


def _two_parts_alike() -> tuple[dict[str, int], dict[str, Any]]:
    """Inner products of 1/100, W_3 turned towards A_1 + A_2 so that both parts are equal."""
    A = _equal_angles(3, 0.01)
    return _of_columns(A, _turned(A, 2, A[:, 0] + A[:, 1], 0.014), [1.0, 1.0])


def _normalised_at_88() -> tuple[dict[str, int], dict[str, Any]]:
    """||W_i - A_i|| = .88, the update at a right angle to its error."""
    A = np.eye(2)
    delta = 0.88 - 1e-9
    W = _turned(_turned(A, 0, A[:, 1], delta), 1, A[:, 0], delta)
    kept = 1 / (2 - delta) - 1e-9
    sine = kept * delta * (1 - 1e-9)
    update = (1 - sine**2) * A + sine * np.sqrt(1 - sine**2) * A[:, ::-1]
    return _of_columns(A, W, [1.0], update=update, tau=1 - kept)


REACHED: dict[tuple[str, str], Callable[[], Any]] = {
    ("N19-theorem3iii", PROOF_OFF): lambda: _threshold_level(2, 0.05 - 1e-9, on=False),
    ("N19-theorem3iii", PROOF_ON): lambda: _threshold_level(6, -0.1 / 6 + 1e-9, on=True),
    ("N19-mixture-threshold", "off the support z_i <= 1/4"): _mixture_at_1_4,
    MIXTURE_ON: lambda: _of_columns(np.eye(2), np.eye(2), [1.0], np.array([-0.25, 0.0])),
    ("N19-claim1iii", "all supports and columns"): _two_parts_alike,
    ("N19-lemma5", "printed range, delta <= 0.88"): _normalised_at_88,
    SPECTRAL_START: _two_atoms,
    ("N19-theorem4ii", BEFORE): lambda: _rotated(12, 1),
    ("N19-theorem4ii", AFTER): lambda: _rotated(12, 1),
    STEP_3: lambda: _rotated(12, 2),
    ("N19-lemma2", "the remainder"): lambda: _same_column(24, 12),
    ("N19-residual", "corrected"): lambda: law_in_the_model(_same_atom(30)),
    ("N19-claim4", "explicit"): lambda: law_in_the_model(_same_atom(30)),
}
