"""This project's own on several active groups: R11, an explicit basin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import groups
from ....claims.evidence import Identity, Inequality, Measurement, worst
from ...row import Row
from ..samples.instance import EIGENVECTORS_ACTIVE, NOISY_STEP, OWN_GROUP_ACTIVE
from ..samples.instance import FRAMES as SAMPLE_FRAMES
from .formulas import sample_bounds
from .instance import (
    DENOMINATOR,
    DIRECTIONS,
    ERROR,
    EVERY_GROUP_OCCURS,
    EXACT_SUPPORTS,
    FRAMES,
    INDEPENDENT,
    ISOTROPIC,
    MEAN_ZERO,
    NORM_ABOVE_LAM,
    ORTHONORMAL_TRUTH,
    SIGN_SYMMETRIC,
    STABLE,
    STEP_IN_RANGE,
    SUPPORT_CONDITION,
    THIN,
    UNIFORM,
)

if TYPE_CHECKING:
    from ....arrays import Array
    from ..samples.instance import Samples
    from .instance import Moved, Population

LAW = (FRAMES, UNIFORM, SIGN_SYMMETRIC, ISOTROPIC)
BASIN = (*LAW, EXACT_SUPPORTS, STEP_IN_RANGE, DENOMINATOR)
ONE_SAMPLE = (FRAMES, SUPPORT_CONDITION)
LINEAR = (INDEPENDENT, MEAN_ZERO, DIRECTIONS, NORM_ABOVE_LAM)
R10_TEXT = (
    "Given S the codes x_g, g in S, are independent; given r_g = ||x_g|| in [B_min, B_max] the "
    "direction has mean 0 and covariance I/d; 0 < lam < B_min; A*_g has orthonormal columns, "
    "Gamma d <= n. A_g (A*_g^T A_g)^-1 = A*_g + Delta_g, B_hg = A*_h^T Delta_g, n_g is the part "
    "of Delta_g outside span(A*), N_hg = A*_h^T A*_g, s2, t, q, j are moments of each group's "
    "norm, m_g = p_g (s2_g - q_g). To first order a step of population gradient descent and "
    "retraction gives (1 + eta m_g) B_hg+ = [1 - eta (p_g q_g - p_gh (s2_h - 2 t_h j_g))] B_hg - "
    "eta p_gh (t_g j_h + t_h j_g) B_gh^T + eta p_gh (s2_h - 2 t_h j_g - t_g j_h) N_hg and (1 + "
    "eta m_g) n_g+ = (1 - eta p_g q_g) n_g. For N = 0, one law of norms and p_g > 0 for all g, A* "
    "is locally exponentially stable for small eta unless p_gh = p_g = p_h for a pair; with "
    "uniform supports of gamma < Gamma groups for eta max{2 p1 q - p1 s2 - p2 (s2 - 4 t j), p1 (2 "
    "q - s2) if n > Gamma d} < 2, at the rate of the largest modulus of three factors, the normal "
    "one if n > Gamma d. For N = 0 and any laws of the norms sum_g (1 + eta m_g) D_g^2 falls while "
    "no factor exceeds 1. Uniform supports of gamma < Gamma groups, small N: the fixed point near "
    "A* has B_hg = c N_hg + O(N^2), c = p2 (s2 - 3 t j) / (s2 (p1 - p2) + 4 p2 t j)."
)


def _linear_step(i: Moved) -> tuple[Array, Array]:
    return i.derivatives[2], i.predicted[0]


def _normal_step(i: Moved) -> tuple[Array, Array]:
    return i.derivatives[3], i.predicted[1]


def _weighted(i: Moved) -> tuple[float, float]:
    """sum_g (1 + eta m_g) D_g^2 to second order, after the step and before."""
    B, n, B_after, n_after, _ = i.derivatives
    before = np.sum(B**2, axis=(0, 2, 3)) + np.sum(n**2, axis=(1, 2))
    after = np.sum(B_after**2, axis=(0, 2, 3)) + np.sum(n_after**2, axis=(1, 2))
    return float(i.weights @ after), float(i.weights @ before)


R11_TEXT = (
    "A*_g has orthonormal columns (n, Gamma, d arbitrary, also overcomplete); supports are uniform "
    "of size gamma; given S, the law of the codes is unchanged when one x_g changes sign, E[x_g "
    "x_g^T] = s2 I, B_min <= ||x_g|| <= B_max. D_g = ||sin Theta_g||_F of A_g and A*_g, delta = "
    "max_g D_g, D^2 = sum_g D_g^2. With exact supports at A, a step of population gradient descent "
    "and retraction has max_g ||tan Theta_g^+||_F <= (rho delta + a w / chi) / (c - a w_par / chi) "
    "and (sum_g ||tan Theta_g^+||_F^2)^(1/2) <= (rho D + a w_all / chi) / (c - a w_par / chi), the "
    "constants as in the derivation. Sigma_k is the largest over v of the sum of the k largest "
    "||A*_h^T A*_v||_2. Iterate both bounds from (delta_0, D_0). If at every iterate denominators "
    "are positive and B_max (Sigma_gamma + sqrt(gamma R) delta_k) <= lam < c_k B_min - B_max "
    "(Sigma_{gamma-1} + sqrt((gamma-1) R) delta_k), then supports are exact for ever and "
    "max_g D_g <= delta_k, D <= D_k for every run that starts with max_g D_g <= delta_0, D <= D_0. "
    "If the gradient of a step has errors E_g, ||E_g||_F <= eps p_g s2, the same holds with eps "
    "more in w and w_par and Gamma^(1/2) eps more in w_all. For the mean over N fresh samples a "
    "step, K steps, eps = (K_0/(p_g s2)) ((2 p_g L/N)^(1/2) + 4 L/(3 N)), L = log(2 Gamma K/p), "
    "is such a bound with probability 1 - p, K_0 the largest norm of a sample's gradient. For the "
    "same N samples at every step, for ever, L is Gamma d (n - d) log(1 + 2 N) larger, and a term "
    "of order 1/N is added, as in the derivation."
)


def _largest(i: Population) -> tuple[float, float]:
    """max_g ||tan Theta_g^+||_F against its bound."""
    return float(i.tangent_norms(i.after).max()), i.bounds[0]


def _total(i: Population) -> tuple[float, float]:
    """(sum_g ||tan Theta_g^+||_F^2)^(1/2) against its bound."""
    return float(np.linalg.norm(i.tangent_norms(i.after))), i.bounds[1]


def _with_error(i: Population) -> tuple[float, float]:
    """The largest against its bound, for steps with an error in the gradient and without."""
    left = [float(i.tangent_norms(A).max()) for A in (i.after_error, i.after)]
    return worst(left, [i.bounds_with(ERROR)[0], i.bounds[0]])


def _one_sample(i: Population) -> tuple[float, float]:
    """A sample's gradient in a group, and its change from A to A*, against K and Lambda."""
    psi = i.sample_gradients(i.A)
    change = np.linalg.norm(psi - i.sample_gradients(i.star_turned), axis=(2, 3)).max()
    moved = groups.blocks(i.A - i.star_turned, i.group_size)
    h = float(np.linalg.norm(moved, axis=(1, 2)).max())
    sizes = float(i.sines.max()), float(np.linalg.norm(i.sines))
    K, Lambda = sample_bounds(i.setting, i.lam, *sizes)
    return worst([np.linalg.norm(psi, axis=(2, 3)).max(), change], [K, Lambda * h])


def _supports(i: Population) -> tuple[float, float]:
    """Norms of inactive groups, lam, and norms of active groups, in this order."""
    low, r_lo = i.setting.support_ends(float(i.sines.max()))
    return worst([i.r[~i.active].max(initial=0.0), r_lo], [low, i.r[i.active].min()])


NOISY = (SAMPLE_FRAMES, OWN_GROUP_ACTIVE)
R13_TEXT = (
    "One active group, samples y_i with noise, A_g orthonormal, exactly group g active at the "
    "samples I_g: (a) a step of gradient descent and retraction keeps span(A_g) if and only if it "
    "is an invariant subspace of H = (1/N) sum of y y^T over I_g, whatever lam is. (b) Let H have "
    "eigenvalues l_1 >= l_2 >= ..., gap = l_d - l_(d+1) > 0, t_i the rows of the tangent matrix of "
    "A_g with respect to the d leading eigenvectors V, F^2 = sum_{i > d} |t_i (Lambda - "
    "l_i)^(1/2)|^2, f = F^2/gap, x = eta tau_max^2 min(l_1 (1 + f)^(1/2), l_1 + l_(d+1) f). If 2 "
    "(1 - x) + eta gap > 0, F+ <= F (1 + eta gap (2 (1 - x) + eta gap)/(1 + x + eta "
    "l_(d+1))^2)^(-1/2). (c) y = A*_g x + w eps, eps standard normal, Z = [x_i + w A*_g^T eps_i], "
    "lo and hi the extreme eigenvalues of Z Z^T / N, t = (2 log(2/p))^(1/2): with probability 1 - "
    "p the angle of V and A*_g is at most 1/2 arctan(2 w (hi/N)^(1/2) ((n-d)^(1/2) + d^(1/2) + "
    "t)/(lo - (w^2/N)((n-d)^(1/2) + N_g^(1/2) + t)^2)) if the denominator is positive. (d) Several "
    "active groups, no noise, the law of R10, A* jointly orthonormal, uniform supports, 2 <= "
    "gamma < Gamma, N independent samples: N D_N^2 of the fixed point near A* converges in law, "
    "the mean of the limit is gamma (gamma-1) lam^2 E(r + r' - lam)^2 / (s2 (p1 - p2) + 4 p2 t "
    "j)^2."
)


def _noisy_fall(i: Samples) -> tuple[float, float]:
    """F after the step against its bound, the worst group; F itself where none is proved."""
    return worst(i.weighted_sizes(i.after), np.minimum(i.noisy_rates, 1) * i.weighted_sizes(i.A))


def _outside(i: Samples, M: Array) -> Array:
    """Parts of M_g outside span(A_g), (n_groups, n_features, d)."""
    A = groups.blocks(i.A, i.group_size)
    return M - A @ (np.swapaxes(A, 1, 2) @ M)


def _step_outside(i: Samples) -> tuple[Array, Array]:
    """Part of -grad outside span(A_g), and of H A_g."""
    down = groups.blocks(-i.gradient(i.A), i.group_size)
    A = groups.blocks(i.A, i.group_size)
    return _outside(i, down), _outside(i, i.data_moments @ A)


def _invariant(i: Samples) -> tuple[Array, Array]:
    """V_g - eta grad, and its projection on span(V_g): relative to their size, 1 + eta l_1."""
    at = i.at_eigenvectors
    step = groups.blocks(at.A - i.step_size * at.gradient(at.A), i.group_size)
    return step, step - _outside(at, step)


ROWS = (
    Row(
        "R10",
        "own",
        "R10",
        "identity",
        "holds",
        R10_TEXT,
        remark="The symmetric mode alone does not give the range of steps: for d = 4, Gamma = 3, "
        "gamma = 2, n = 13, lam = 1 and norms 1.01 (probability .96) and 10 it allows 11.29, but "
        "beyond 7.995 the normal mode grows. Nested groups (p_gh = p_g < p_h) are identified; "
        "only twins are not. The largest angle may rise; for unequal p_g sum_g D_g^2 may rise "
        "too. One law of the norms is needed for stability: planes of norms 1, 3, 3, two active, "
        "lam = .9, are left. Linear stability as of FastICA; local identifiability (Gribonval "
        "and Schnass).",
        hypotheses=(*LINEAR, THIN, EVERY_GROUP_OCCURS),
        evidence=(
            Identity(
                "B_hg+ to first order, any support law and norms",
                "moved_populations",
                _linear_step,
                LINEAR,
                tolerance=1e-5,
            ),
            Identity(
                "n_g+ to first order", "moved_populations", _normal_step, LINEAR, tolerance=1e-5
            ),
            Inequality(
                "sum_g (1 + eta m_g) D_g^2 falls",
                "moved_orthonormal",
                _weighted,
                (*LINEAR, ORTHONORMAL_TRUTH, STABLE),
            ),
            Measurement("linear_rate"),
            Measurement("linear_step_limit"),
            Measurement("linear_twins"),
            Measurement("linear_unequal_norms"),
            Measurement("linear_angle_rises"),
        ),
        derivation="gsae_ref.papers.t21.several.formulas_linear.linear_step",
    ),
    Row(
        "R11",
        "own",
        "R11",
        "inequality",
        "holds",
        R11_TEXT,
        remark="Lines, one of them active, attain the bounds of a step. delta_k may rise before it "
        "falls (from .152 to .242 for gamma = 2, Gamma = 25, lam = 2, a = 1), so the support "
        "condition at the start alone is not enough: from .2 it fails "
        "later. For jointly orthonormal A* the rate near 0 is rho + a pi (2 gamma + 1), and there "
        "is a basin whenever (1 + a)(2 gamma + 1)(gamma - 1) < Gamma - 1. The floor is far above "
        "the true one, that of R10. Void at T21's sizes, n = 950 < Gamma d = 1000; for n >= 1000, "
        "gamma = 3, Gamma = 500, lam = 1.8 and jointly orthonormal A* every group may start at "
        ".15. Orthogonal iteration with noise; the constants are the content.",
        hypotheses=BASIN,
        evidence=(
            Inequality("max_g ||tan Theta_g^+||_F <= its bound", "populations", _largest, BASIN),
            Inequality("the same for all groups together", "populations", _total, BASIN),
            Inequality("the largest, near A*", "close_populations", _largest, BASIN),
            Inequality(
                "the largest, with errors in the gradient", "close_populations", _with_error, BASIN
            ),
            Inequality("norms and the support condition", "populations", _supports, (FRAMES,)),
            Inequality(
                "a sample's gradient and its change", "close_populations", _one_sample, ONE_SAMPLE
            ),
            Measurement("basin_run"),
            Measurement("basin_batches"),
            Measurement("basin_rises"),
            Measurement("basin_sizes"),
        ),
        derivation="gsae_ref.papers.t21.several.formulas.step_bounds",
    ),
    Row(
        "R13",
        "own",
        "R13",
        "inequality",
        "holds",
        R13_TEXT,
        remark="(b) is about the spans of the leading principal components: gradient descent goes "
        "to PCA of every group's samples. (c) is about H as it is; that the supports stay exact is "
        "another event, whose failure adds. In (d) the threshold costs variance, so that the best "
        "lam lies between 0 and that of R12. At eta = 1/l_1 (b) applies if tau_max^2 (1 + f "
        "l_(d+1)/l_1) < 1 + gap/(2 l_1): from every angle without noise, near V with it. Beyond, "
        "F can rise: by 1.06 for the samples (1.5, -.9, -1.2), (0, -1.3, .1), (0, -.2, -2), the "
        "plane normal to (.09, -.44, 1) and lam = .7, at a tangent of 61. PCA limit of Oja's rule; "
        "Davis and Kahan; asymptotics of M-estimators.",
        hypotheses=(*NOISY, NOISY_STEP),
        evidence=(
            Inequality("(b) F+ <= its bound", "noisy_samples", _noisy_fall, (*NOISY, NOISY_STEP)),
            Identity("(a) outside its span, -grad is H A_g", "noisy_samples", _step_outside, NOISY),
            Identity(
                "(a) the leading eigenvectors of H do not move",
                "noisy_samples",
                _invariant,
                (EIGENVECTORS_ACTIVE,),
            ),
            Measurement("noise_run"),
            Measurement("noise_floor_covered"),
            Measurement("sampling_floor"),
        ),
        derivation="gsae_ref.papers.t21.samples.formulas_noise.noisy_rate",
    ),
)
