"""What L23's statements speak of, a regression, a group, the constants of a window; hypotheses.

A margin is as in :mod:`gsae_ref.papers.t21.instance`. u*_l^2 = ||w*_l|| throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array, IntArray
from ...claims.hypothesis import ABSENT, Hypothesis
from .gradient_descent import formulas as gradient_descent
from .model import formulas as model
from .perturbations import formulas as perturbations_formulas
from .steps import formulas as steps

if TYPE_CHECKING:
    from .gradient_flow.formulas import Window


@dataclass(frozen=True)
class Regression:
    """A design (by its Gram matrix), true weights, noise, and a state of Algorithm 1.

    Attributes
    ----------
    groups : tuple of int
        Sizes.
    gram : ndarray (p, p)
        X^T X / n.
    w_star, nu, v, v_next : ndarray (p,)
        w*, X^T xi / n, the directions v(t) and v(t+1).
    u : ndarray (L,)
    tau, tau_0, alpha, epsilon : float

    Examples
    --------
    >>> w_star = np.array([3.0, 4.0, 0.0])
    >>> flat = Regression((2, 1), np.eye(3), w_star, np.zeros(3), np.ones(2), np.ones(3))
    >>> flat.star, flat.on
    (array([5., 0.]), array([0]))
    """

    groups: tuple[int, ...]
    gram: Array
    w_star: Array
    nu: Array
    u: Array
    v: Array
    v_next: Array = field(default=ABSENT, repr=False)
    tau: float = 0.5
    tau_0: float = 0.5
    alpha: float = 0.0
    epsilon: float = 0.0

    @cached_property
    def star(self) -> Array:
        """u*_l^2 for every group."""
        return model.group_norms(self.w_star, self.groups)

    @cached_property
    def on(self) -> IntArray:
        """Indices of the groups in S."""
        return np.flatnonzero(self.star > 0)

    @cached_property
    def off(self) -> IntArray:
        """Indices of the groups outside S."""
        return np.flatnonzero(self.star == 0)

    @cached_property
    def deltas(self) -> tuple[float, float]:
        """delta_in and delta_out."""
        return model.deltas(self.gram, self.groups)

    @cached_property
    def noise(self) -> Array:
        """||X_l^T xi / n||_2 for every group."""
        return model.group_norms(self.nu, self.groups)

    @property
    def u_max(self) -> float:
        """u_max*^2."""
        return float(self.star.max())

    @property
    def u_min(self) -> float:
        """u_min*^2, over S."""
        return float(self.star[self.on].min())

    @cached_property
    def signal(self) -> list[Array]:
        """X_l^T y / n, by groups."""
        return model.parts(self.gram @ self.w_star + self.nu, self.groups)

    @property
    def Z(self) -> float:
        """max(zeta, u_min*^2), zeta with the 2-norm of the noise of each group."""
        return max(gradient_descent.zeta(self.noise.max(), self.epsilon), self.u_min)

    def weights(self, v: Array) -> Array:
        """w = (Du)^2 o v."""
        return np.repeat(self.u**2, self.groups) * v

    def perturbations(self, v: Array) -> list[Array]:
        """b_l at w = (Du)^2 o v, by groups."""
        return model.parts(
            perturbations_formulas.perturbation(
                self.gram, self.nu, self.w_star, self.weights(v), self.groups
            ),
            self.groups,
        )

    def parts(self, x: Array) -> list[Array]:
        """A vector cut into groups."""
        return model.parts(x, self.groups)


def in_the_model(states: Sequence[Regression]) -> tuple[dict[str, int], dict[str, Any]]:
    """Sizes and quantities of the model "l23_gram", for states of one regression.

    The groups of S come first; groups smaller than the largest are filled up with zeros.

    >>> w_star = np.array([0.0, 3.0, 4.0])
    >>> i = Regression((1, 2), np.eye(3), w_star, np.zeros(3), np.ones(2), w_star, w_star)
    >>> sizes, values = in_the_model([i])
    >>> sizes, [float(u[0, 0, 0] ** 2) for u in values["u_star"]]
    ({'L': 2, 'd': 2, 's': 1}, [5.000000000000001, 0.0])
    """
    first = states[0]
    order = [*first.on.tolist(), *first.off.tolist()]
    d = max(first.groups)
    E = np.zeros((len(order) * d, len(order) * d))
    ends = np.cumsum(first.groups)
    place = [range(ends[k] - first.groups[k], ends[k]) for k in order]
    own = np.concatenate(place)
    new = np.concatenate([d * k + np.arange(len(part)) for k, part in enumerate(place)])
    E[np.ix_(new, new)] = first.gram[np.ix_(own, own)] - np.eye(len(own))

    def vectors(*every: Array) -> list[Array]:
        filled = np.zeros((len(every), len(order) * d, 1))
        filled[:, new, 0] = np.array(every)[:, own]
        return np.split(filled, len(order), axis=1)

    def number(*every: float) -> Array:
        return np.array(every, dtype=float).reshape(-1, 1, 1)

    stars = np.repeat(first.star, first.groups)
    numbers = {"delta_in": first.deltas[0], "delta_out": first.deltas[1]}
    numbers |= {"m": first.u_min, "M": first.u_max}
    values: dict[str, Any] = {name: number(value) for name, value in numbers.items()}
    values["E"] = [np.split(row[None], len(order), axis=2) for row in np.split(E, len(order))]
    values["v_star"] = vectors(first.w_star / np.where(stars > 0, stars, 1))
    values["u_star"] = [number(np.sqrt(first.star[k])) for k in order]
    magnitudes = np.array([i.u for i in states])
    values["u"] = [number(*magnitudes[:, k]) for k in order]
    values |= {name: vectors(*map(attrgetter(name), states)) for name in ("v", "v_next", "nu")}
    values |= {name: number(*map(attrgetter(name), states)) for name in ("alpha", "tau", "tau_0")}
    values["eps"] = number(*(i.epsilon for i in states))
    return {"L": len(order), "d": d, "s": len(first.on)}, values


@dataclass(frozen=True)
class OneGroup:
    """One group by itself: a run of (5) with (6), the ODEs of Lemmas 5 and 6.

    Attributes
    ----------
    star : float
        u*^2.
    v_star, v, b : ndarray (p,)
        Unit vectors v* and v(t); b_t.
    u, gamma, tau, bound, alpha : float
        u(0), the step size, tau, B, and u(0) or theta.
    level : float
        B_2, where ||b|| <= B_2 u*^2.
    cosines, errors : ndarray (n_steps,)
        <v(t), v*> and e_t along a run of (5).

    Examples
    --------
    >>> group = OneGroup(1.0, np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.zeros(2))
    >>> group.v_next, group.cosine  # without noise one step of (6) finds v*
    (array([1., 0.]), 1.0)
    """

    star: float
    v_star: Array
    v: Array
    b: Array
    u: float = 0.0
    gamma: float = 0.0
    tau: float = 0.0
    bound: float = 0.0
    alpha: float = 0.0
    level: float = 0.0
    cosines: Array = field(default=ABSENT, repr=False)
    errors: Array = field(default=ABSENT, repr=False)

    @property
    def v_next(self) -> Array:
        """v(t+1) of (6)."""
        return steps.direction_step(1.0, self.star, self.v_star, self.v, self.b, 1.0)

    @property
    def cosine(self) -> float:
        """<v(t+1), v*> of (6)."""
        return float(self.v_next @ self.v_star)


@dataclass(frozen=True)
class Noise:
    """A finite law of the noise vector xi, and the sigma that it is held against.

    Attributes
    ----------
    values : ndarray (n_values, n)
        Different vectors.
    chances : ndarray (n_values,)
    sigma : float

    Examples
    --------
    >>> SUB_GAUSSIAN.holds(Noise(np.array([[1.0], [-1.0]]), np.full(2, 0.5), sigma=1.0))
    True
    """

    values: Array
    chances: Array
    sigma: float

    @cached_property
    def dependence(self) -> float:
        """Largest difference of a chance from the product of those of the entries."""
        same = self.values[:, None] == self.values[None]
        each = np.einsum("ijk,j->ik", same, self.chances)
        return float(np.abs(np.prod(each, axis=1) - self.chances).max())

    @cached_property
    def excess(self) -> float:
        """Largest log E exp(t Y) - sigma^2 t^2 / 2 over entries Y and t, by t^2, on a grid of t."""
        size = np.geomspace(0.01, 100, 60) / self.sigma
        t = np.concatenate([-size, size])[:, None, None]
        largest = (t * self.values).max(axis=1, keepdims=True)
        terms = self.chances[:, None] * np.exp(t * self.values - largest)
        logs = np.log(terms.sum(axis=1)) + largest[:, 0]
        return float((logs / t[:, 0] ** 2).max() - self.sigma**2 / 2)


@dataclass(frozen=True)
class Setup:
    """The constants of Theorem 3: u_max*^2, u_min*^2, max_l ||X_l^T xi / n||_2 (``noise``), ...

    ``eta`` is the second step size of Theorem 4.

    >>> setup = Setup(
    ...     u_max=1.0, u_min=1.0, noise=0.0, epsilon=1.0, n_groups=4, gamma=0.05, alpha=1e-9
    ... )
    >>> setup.largest_alpha  # u_min / (80 L)
    0.003125
    >>> setup.window("printed").empty, setup.window("corrected").empty
    (True, False)
    """

    u_max: float
    u_min: float
    noise: float
    epsilon: float
    n_groups: int
    gamma: float
    alpha: float
    eta: float = 0.0

    @property
    def zeta(self) -> float:
        """zeta with the 2-norm."""
        return gradient_descent.zeta(self.noise, self.epsilon)

    def window(self, form: str) -> Window:
        """T_lb and T_ub."""
        return gradient_descent.stopping_window(
            self.u_max, self.u_min, self.zeta, self.gamma, self.alpha, form
        )

    @property
    def largest_alpha(self) -> float:
        """Theorem 3's bound on alpha."""
        return min(
            min(self.epsilon**4, 1) / self.u_max**4,
            self.u_min / (80 * self.n_groups),
            self.epsilon / self.n_groups,
        )


def _proportional(i: Regression) -> float:
    """Minus the largest distance of v_l/||v_l|| from a_l/||a_l||, a_l = X_l^T y / n."""
    v = np.array(model.group_norms(i.v, i.groups))
    a = np.array([np.linalg.norm(part) for part in i.signal])
    pairs = zip(i.parts(i.v), i.signal, v, a, strict=True)
    return -max(float(np.linalg.norm(x / s - y / t)) for x, y, s, t in pairs)


def _along(i: OneGroup, share: float) -> float:
    """How far ||b_t||, abs(e_t) and the angle of (6) are within a share of u*^2."""
    largest = max(np.abs(i.errors).max(), np.linalg.norm(i.b))
    return min(share * i.star - largest, i.cosines.min() - np.sqrt(1 - share**2))


ORTHOGONAL = Hypothesis(
    "X_l^T X_l / n = I, X_l^T X_l' / n = O for l != l'", lambda i: -float(max(i.deltas))
)
PROPORTIONAL = Hypothesis("v_l(0) = eta_l X_l^T y / n, eta_l > 0", _proportional)
BALANCED = Hypothesis(
    "||v_l(0)||^2 = u_l(0)^2 / 2",
    lambda i: -float(np.abs(model.group_norms(i.v, i.groups) - i.u / np.sqrt(2)).max()),
)
NONZERO_U = Hypothesis("u_l > 0 for every l", lambda i: float(np.min(i.u)) - 1e-8)
NORMALISED = Hypothesis(
    "columns of X / sqrt n have norm 1, p >= 2",
    lambda i: min(-float(np.abs(np.diag(i.gram) - 1).max()), len(i.gram) - 2.0),
)
TAUS = Hypothesis("0 < tau_0 <= tau <= 1/2 (Lemmas 12, 13, 17)")
DIRECTIONS = Hypothesis("v_l(t) and v_l(t+1) are unit vectors")
PAIR = Hypothesis("the first group has at least two entries")
BETA_BELOW_1 = Hypothesis("beta_l < 1 for every group of S (Lemma 3, corrected)")
DELTAS = Hypothesis(
    "delta_in <= u_min*^2/(120 u_max*^2), delta_out <= that / s (Lemma 17: times sqrt(tau_0))"
)
NEAR_STAR = Hypothesis(
    "abs(u_l^2 - u*_l^2) <= tau u*_l^2 and <v_l, v*_l> >= 1 - tau^2/5 (Lemma 17: tau/5) "
    "for l in S, with v at t and t + 1"
)
NEARER_STAR = Hypothesis("the same with abs(u_l^2 - u*_l^2) <= tau u*_l^2 / 2 (Lemma 13)")
NOISE_IN_2_NORM = Hypothesis(
    "||X_l^T xi / n||_2 <= tau_0 u*_l^2 / 80 on S, u_l^2 <= alpha <= tau_0 u_min*^2 / L off S"
)
SMALL_OFF_SUPPORT = Hypothesis(
    "u_l^2 <= alpha off S, alpha < min(u_min*^2/(80 L), eps/L), u_l^2 <= u*_l^2 + Z/20 on S, "
    "zeta <= u_max*^2"
)
SMALL_B = Hypothesis("||b_t|| <= B u*^2 with 0 < B < 1 (Lemma 8)")
PERTURBED_LEMMA10 = Hypothesis(
    "||b_t||, abs(e_t) <= u*^2/20 for all t, directions of (6) (Lemma 10, repaired)",
    lambda i: _along(i, 1 / 20),
)
PERTURBED_LEMMA11 = Hypothesis(
    "||b_t||, abs(e_t) <= tau u*^2/10 for all t, directions of (6) (Lemma 11, repaired)",
    lambda i: _along(i, i.tau / 10),
)
LONG_LEMMA10 = Hypothesis(
    "T >= log(u*^2/(2 alpha^2)) / (2 log(1 + gamma u*^2/2)) (Lemma 10)",
    lambda i: len(i.errors) - np.log(i.star / (2 * i.u**2)) / (2 * np.log1p(i.gamma * i.star / 2)),
)
LONG_LEMMA11 = Hypothesis(
    "T >= 5/(2 gamma u*^2) (Lemma 11)",
    lambda i: len(i.errors) - 5 / (2 * i.gamma * i.star),
)
STEP_LEMMA10 = Hypothesis(
    "gamma <= 1/(4.2 u*^2) (Lemma 10, repaired)", lambda i: 1 - 4.2 * i.gamma * i.star
)
STEP_LEMMA11 = Hypothesis(
    "gamma <= 1/(6 u*^2) (Lemma 11, repaired)", lambda i: 1 - 6 * i.gamma * i.star
)
SMALL_START = Hypothesis(
    "0 < u(0) = alpha <= u*/5 (Lemma 10)",
    lambda i: min(np.sqrt(i.star) / 5 - i.u, i.u - 1e-9, -abs(i.u - i.alpha)),
)
NEAR_START = Hypothesis(
    "abs(u*^2 - u(0)^2) <= tau u*^2, 0 < tau <= 1/2 (Lemma 11)",
    lambda i: min(i.tau * i.star - abs(i.star - i.u**2), 0.5 - i.tau),
)
RISING = Hypothesis(
    "||b_t||, abs(e_t) <= u*^2/20, u(t)^2 <= u*^2/2: a magnitude that has not grown"
)
DRIFT = Hypothesis("abs(e_t) <= B, gamma <= 1/(4B), 0 < u(0) = alpha < 1 (Lemma 14)")
BELOW_STAR = Hypothesis("0 <= u(0) <= u* (Lemma 7)", lambda i: min(i.star - i.u**2, float(i.u)))
BELOW_UPPER_END = Hypothesis("u(t)^2 <= u*^2 + B (Lemma 9)")
ABOVE_LOWER_END = Hypothesis("u(t)^2 >= (1 - B_2) u*^2 - B > 0 and ||b_t|| <= B_2 u*^2 (Lemma 9)")
STEP_LEMMA7 = Hypothesis("gamma <= 1/(4 u*^2) (Lemma 7)")
STEP_LEMMA9 = Hypothesis("gamma <= 1/(4 max(u(0)^2, u*^2 + B)) (Lemma 9, corrected)")
TILTED = Hypothesis(
    "abs(u^2 - u*^2) <= tau u_max*^2, u*^2 <= u_max*^2, <v, v*> >= 1 - tau^2/5, tau = 2^-m_0 (9)"
)
INSIDE_LEMMA16 = Hypothesis(
    "<v, v*> >= 1 - tau/5, abs(u^2 - u*^2) <= tau u*^2, ||b|| <= tau u*^2/10, tau < 1/2 (Lemma 16)"
)
STEP_LEMMA16 = Hypothesis("eta <= 4/(9 u*^4) (Lemma 16)")
STEP_THEOREM3 = Hypothesis(
    "gamma <= 1/(20 u_max*^2) (Theorem 3)", lambda i: 1 - 20 * i.gamma * i.u_max
)
STEP_ALPHA = Hypothesis(
    "alpha < min(eps^4, 1)/u_max*^8, u_min*^2/(80 L), eps/L (Theorem 3)",
    lambda i: 1 - i.alpha / i.largest_alpha,
)
SUB_GAUSSIAN = Hypothesis(
    "the entries of xi are independent and sigma^2-sub-Gaussian (Definition 3)",
    lambda law: 1e-9 - max(law.dependence, law.excess / law.sigma**2),
)
ZETA_AT_MOST_U_MAX = Hypothesis(
    "zeta <= u_max*^2 (Theorem 3 is trivial at t = 0 otherwise)", lambda i: 1 - i.zeta / i.u_max
)
THETA_SMALL = Hypothesis("theta < u*/2 (Lemma 6)", lambda i: 1 - 2 * i.alpha / np.sqrt(i.star))
THETA_BELOW_1 = Hypothesis(
    "0 < theta < 1, B > 0 (Lemma 5)", lambda i: min(1 - i.alpha, i.alpha - 1e-9, i.bound - 1e-9)
)
LEVELS_LEMMA6 = Hypothesis(
    "0 < B < 1/10, 0 < tau < 1/2 (Lemma 6)",
    lambda i: min(i.level, 0.1 - i.level, i.tau - 1e-9, 0.5 - i.tau),
)
SECOND_STEP = Hypothesis(
    "gamma/max(zeta, u_min*^2) <= eta <= 4/(9 u_max*^4) (Theorem 4, repaired)",
    lambda i: min(i.eta * max(i.zeta, i.u_min) / i.gamma - 1, 1 - i.eta * 9 * i.u_max**2 / 4),
)
SMALLER_THAN_LIMIT = Hypothesis(
    "theta^3 <= sqrt 2 ||a_l|| (Theorem 2, repaired); here a_l = w*_l",
    lambda i: np.sqrt(2) * i.star - i.alpha**3,
)
