"""N19, section 5 and Appendix B.1: the gradient (4), the update (5), Lemma 1, Theorem 4 (i), the bias."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ....arrays import Array
from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading, worst
from ....claims.hypothesis import Hypothesis
from ... import row
from ..fixed_bias.statements import contraction, tangents
from ..instance import (
    BIAS_LEMMA1,
    BIAS_THEOREM4,
    CLOSE,
    ONE_ACTIVE,
    STEP,
    STEP_BELOW,
    UNIT,
    UNIT_STAR,
    WINDOW,
)
from . import formulas

if TYPE_CHECKING:
    from ..instance import SparseInstance


statement = partial(row.statement, paper="N19")
equation = partial(row.equation, paper="N19")
MIXTURE = (UNIT, UNIT_STAR, ONE_ACTIVE)
LEMMA1 = (*MIXTURE, CLOSE, BIAS_LEMMA1)
POSITIVE_OVERLAP = Hypothesis("lam_i > 0", lambda i: i.lam.min() - 1e-3)
DESCENT = Hypothesis(
    "lam_i^2 >= 2 delta^2, so that Lemma 1 contracts", lambda i: (i.lam**2).min() - 2 * i.delta**2
)


def _parts(i: SparseInstance) -> Array:
    """g^(1), g^(2), g^(3) of B.1, each by enumeration of the samples."""
    Y, active, weights = i.samples
    total = np.zeros((3, *i.W.shape))
    for y, mask, weight in zip(Y, active, weights, strict=True):
        for k in np.flatnonzero(mask):
            w = i.W[:, k]
            b = i.bias[k]
            rest = y - w * (w @ y)
            terms = -((w @ y) * rest + y * (w @ rest)), b * ((w @ y) * w + y * (w @ w)), -b * rest
            total[:, :, k] += weight * np.array(terms)
    return total


def _term(number: int) -> Identity:
    return Identity(
        "against the enumeration of codes and noise",
        "sparse_mixture",
        lambda i: (_parts(i)[number], formulas.mixture_terms(i.W, i.A_star, i.p, i.bias)[number]),
        MIXTURE,
    )


MIXTURE_UPDATE = Identity(
    "against the enumeration of codes and noise",
    "sparse_mixture",
    lambda i: (i.G, formulas.mixture_update(i.W, i.A_star, i.p, i.bias)),
    MIXTURE,
)


def _lemma1(i: SparseInstance, form: str, with_noise: bool = True) -> tuple[float, float]:
    """Lemma 1's bound for the column that is closest to it, g = (9) + gamma."""
    gamma = i.gamma if with_noise else 0 * i.gamma
    g = formulas.mixture_update(i.W, i.A_star, i.p, i.bias) + gamma
    norms = np.linalg.norm(g, axis=0), np.linalg.norm(gamma, axis=0)
    bound = formulas.descent_bound(i.p, i.lam, i.errors, *norms, i.delta, form)
    return worst(bound, 2 * np.einsum("ni,ni->i", g, i.W - i.A_star))


def _after(i: SparseInstance) -> tuple[float, float]:
    """||W~_i - A_i||^2 after the step along (9), against (1 - zeta p (lam - 2 delta^2/lam)) ||W_i - A_i||^2."""
    g = formulas.mixture_update(i.W, i.A_star, i.p, i.bias)
    after = np.sum((i.W - i.step_size * g - i.A_star) ** 2, axis=0)
    return worst(after, (1 - i.step_size * i.p * (i.lam - 2 * i.delta**2 / i.lam)) * i.errors**2)


def _unbiased(i: SparseInstance) -> tuple[float, float]:
    """Theorem 4 (i.1): the contraction of R7 with b = 0, whatever the bias of the instance."""
    kappa = i.step_size * i.p * i.lam
    rho = 1 - kappa * i.lam
    M = i.W - i.step_size * formulas.mixture_update(i.W, i.A_star, i.p, 0 * i.bias)
    sines = np.linalg.norm(i.W - i.lam * i.A_star, axis=0)
    return worst(tangents(M, i.A_star), np.abs(rho) * sines / (kappa + rho * i.lam))


def _window(i: SparseInstance) -> tuple[float, float]:
    """How far Lemma 1's (b + lam)^2 >= 3 lam - 2 is missed: at least by the bound."""
    return worst(
        np.full(i.n_atoms, -formulas.bias_window(i.delta)), 3 * i.lam - 2 - (i.bias + i.lam) ** 2
    )


R7_TEXT = (
    "R7: for zeta p_i <= 1 and without noise every fixed b in (-lam, -(mu/sqrt(n) + ||W_i - A_i||)] is consistent at every step and W converges "
    "to A, linearly, at the rate rho/(kappa + rho), rho = 1 - kappa (1 + b)^2, kappa = zeta p."
)
RUNS = (Measurement("diminishing_bias_run", "against"), Measurement("fixed_bias_run"))
ROWS = (
    statement(
        "theorem2",
        "Theorem 2, informal",
        "inequality",
        "false",
        "From a (delta, 2)-near start gradient descent converges linearly to a small neighbourhood of A.",
        repaired="For a mixture with a bias that stays in the interval of R7, to A itself. For non-negative codes not with zeta = "
        "Theta(m/k): see Theorem 4 (iii).",
        same_as="N19-theorem4i2",
    ),
    equation(
        4,
        "identity",
        "holds",
        "grad_{W_i} L = -sigma'(W_i^T y + b_i) [(W_i^T y + b_i) I + y W_i^T] [y - W x].",
        evidence=(Measurement("sparse_gradient"),),
        derivation="gsae_ref.ops.sparse_loss_and_grad",
    ),
    statement(
        "approximate-gradient",
        "text after Eq. (4)",
        "identity",
        "holds",
        "Replacing sigma'(W_i^T y + b_i) by 1{x_i != 0} gives a good approximation of the gradient (4) in expectation.",
        remark="They are equal wherever (4) exists, so almost everywhere when y has a density.",
        evidence=(Measurement("sparse_approximate"),),
    ),
    statement(
        "expected-loss",
        "section 5, first paragraph",
        "remark",
        "false",
        "The expectation of the (approximate) gradient is the gradient of the expected loss.",
        repaired="For ReLU. For the hard threshold a jump term is lost, sum over the two thresholds of the density of z_i times the jump of the "
        "loss there; it is zero if no |z_i| can equal lam, which consistency with a margin gives.",
        evidence=(Counterexample(), Measurement("jump_term")),
        derivation="gsae_ref.papers.n19.mixture.counterexamples.ce_expected_loss",
    ),
    statement(
        "theorem4i1",
        "Theorem 4 (i.1)",
        "asymptotic claim",
        "holds",
        "Mixture, threshold 1/2, b = 0, zeta = Theta(m): ||W^+ - A||_F^2 <= (1 - tau) ||W - A||_F^2 + O(m n^(-O(1))).",
        repaired="On the consistency event tan theta+ = |rho| sin theta/(kappa + rho cos theta) with kappa = zeta p lam, rho = 1 - kappa lam: "
        "linear for kappa < 1, and cubic for kappa = 1, where ||W^+ - A|| is about ||W - A||^3/2. For tau > 1/2 see N19-tau.",
        evidence=(
            Inequality(
                "the angle after the step", "sparse_step", _unbiased, (*MIXTURE, WINDOW, STEP)
            ),
            Measurement("cubic_step"),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "theorem4i2",
        "Theorem 4 (i.2)",
        "inequality",
        "false",
        "Mixture, ReLU, b^{s+1} = b^s/C, C > 1: W^s converges linearly to A.",
        repaired="One step does contract, for this b as for any other in the window; the run does not reach A: once |b^s| < mu/sqrt(n) + sigma log "
        "n the support is lost, at W = A too (N19-bias-schedule). " + R7_TEXT,
        evidence=(
            *RUNS,
            Inequality(
                "one step, any b in the window",
                "sparse_step",
                contraction,
                (*MIXTURE, WINDOW, STEP),
            ),
        ),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "tau",
        "Theorem 4",
        "remark",
        "false",
        "There is a tau in (1/2, 1).",
        repaired="With one zeta for all columns the best is tau = 1 - ((r - 1)/(r + 1))^2, r = p_max/p_min: above 1/2 iff r < (1 + sqrt(2))^2 = "
        "5.83. p_i = Theta(1/m) does not bound r by that. (The text has (0, 1), Lemma 2 too.)",
        evidence=(Counterexample(), Measurement("best_tau")),
        derivation="gsae_ref.papers.n19.mixture.formulas.tau_of_spread",
    ),
    equation(
        5,
        "definition",
        "holds",
        "g_i = -E[1{x_i != 0} (W_i^T y I + b_i I + y W_i^T)(y - W x)].",
        evidence=(Measurement("expected_by_enumeration"),),
        derivation="gsae_ref.ops.sparse_expected_gradient",
    ),
    statement(
        "mixture-gradient",
        "proof of Theorem 4 (i), main text",
        "identity",
        "typo",
        "g_i = -p_i lam_i A + p_i (lam_i^2 + 2 b_i lam_i + b_i^2) W_i + gamma.",
        repaired="A_i for the matrix A, as in (9).",
        evidence=(Reading("g_i is a vector, A a matrix; (9) has A_i"), MIXTURE_UPDATE),
    ),
    statement(
        "lemma1",
        "Lemma 1",
        "inequality",
        "false",
        "If W is delta-close to A and |(b_i + lam_i)^2 - lam_i| <= 2 (1 - lam_i): 2 <g_i, W_i - A_i> >= p_i (lam_i - 2 delta^2) ||W_i - A_i||^2 + "
        "||g_i||^2/(p_i lam_i) - 2 ||gamma||^2/(p_i lam_i).",
        repaired="2 delta^2/lam_i for 2 delta^2. Without gamma, delta^2/lam_i suffices, so that the printed form holds for lam_i >= 1/2.",
        hypotheses=LEMMA1,
        evidence=(
            Counterexample(),
            Inequality(
                "printed", "sparse_bent", lambda i: _lemma1(i, "printed"), LEMMA1, expect="fails"
            ),
            Inequality("corrected", "sparse_bent", lambda i: _lemma1(i, "corrected"), LEMMA1),
            Inequality(
                "printed, gamma = 0 and lam >= 1/2",
                "sparse_bent",
                lambda i: _lemma1(i, "printed", with_noise=False),
                (*LEMMA1, Hypothesis("lam_i >= 1/2", lambda i: i.lam.min() - 0.5)),
            ),
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.descent_bound",
    ),
    statement(
        "zeta",
        "after Lemma 1",
        "inequality",
        "false",
        "The learning rate zeta = max_i 1/(p_i lam_i) gives descent for every column.",
        repaired="zeta <= min_i 1/(p_i lam_i): ||W~_i - A_i||^2 <= (1 - zeta p_i (lam_i - 2 delta^2/lam_i)) ||W_i - A_i||^2.",
        evidence=(
            Counterexample(),
            Inequality(
                "at most the smallest", "sparse_bent", _after, (*LEMMA1, STEP_BELOW, DESCENT)
            ),
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.descent_bound",
    ),
    statement(
        "threshold-condition",
        "after Lemma 1",
        "inequality",
        "holds",
        "Without bias |lam_i^2 - lam_i| = lam_i (1 - lam_i) <= 2 (1 - lam_i).",
        hypotheses=(UNIT, UNIT_STAR, POSITIVE_OVERLAP),
        evidence=(
            Inequality(
                "every column",
                "sparse_close",
                lambda i: worst(np.abs(i.lam**2 - i.lam), 2 * (1 - i.lam)),
                (UNIT, UNIT_STAR, POSITIVE_OVERLAP),
            ),
        ),
    ),
    statement(
        "both-conditions",
        "proof of Theorem 4, bias",
        "inequality",
        "vacuous",
        "b_i in [-1 + 2 delta sqrt(k), -delta] and |(b_i + lam_i)^2 - lam_i| <= 2 (1 - lam_i) hold together if b_i -> 0 as lam_i -> 1.",
        remark="They never hold together: (b + lam)^2 - (3 lam - 2) <= delta (delta^3/4 + delta^2 + 3 delta/2 - 2) < 0 for delta < 0.8, and the "
        "interval is empty for delta > 1/3. |(b + lam)^2 - lam| is near 2 |b|, not lam (1 - lam).",
        evidence=(
            Counterexample(),
            Inequality(
                "Lemma 1's condition is missed by the bound",
                "sparse_printed",
                _window,
                (UNIT, UNIT_STAR, CLOSE, BIAS_THEOREM4),
            ),
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.bias_window",
    ),
    statement(
        "fixed-bias",
        "proof of Theorem 4, bias",
        "remark",
        "false",
        "Hence a fixed bias for the rectified linear unit would not work.",
        remark=R7_TEXT,
        evidence=(Counterexample(), Measurement("fixed_bias_works", "against")),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.population_step",
    ),
    statement(
        "bias-gradient",
        "section 5",
        "identity",
        "holds",
        "grad_{b_i} L = -sigma'(W_i^T y + b_i) W_i^T (y - W x).",
        evidence=(Measurement("sparse_bias_gradient"),),
        derivation="gsae_ref.ops.sparse_loss_and_grad",
    ),
    statement(
        "expected-bias-gradient",
        "section 5",
        "identity",
        "typo",
        "(g_b)_i = -p_i b_i + gamma.",
        repaired="+ p_i b_i. (Inside the bracket of the line before, + ||W_i||^2 b_i must be -.)",
        evidence=(
            Counterexample(),
            Identity("p_i b_i", "sparse_mixture", lambda i: (i.updates[1], i.p * i.bias), MIXTURE),
        ),
        derivation="gsae_ref.papers.n19.mixture.formulas.enumerated_update",
    ),
    statement(
        "bias-schedule",
        "section 5",
        "remark",
        "false",
        "b^0 = -1/log n, b^{s+1} = sqrt(1 - tau) b^s is sufficiently negative for consistency at every step, as b_i^s <= -||W_i^s - A_i||.",
        repaired="b_i^s <= -(mu/sqrt(n) + ||W_i^s - A_i||) - N is needed: a bias that tends to 0 violates it unless mu = N = 0. "
        + R7_TEXT,
        evidence=(Counterexample(), *RUNS),
        derivation="gsae_ref.papers.n19.fixed_bias.formulas.persistent_bias",
    ),
    statement(
        "gamma",
        "Appendix B.1",
        "identity",
        "false",
        "gamma = E[(W_i^T y I + b_i I + y W_i^T)(y - W x)(1{x*_i != 0} - 1{x_i != 0})] makes (9) exact.",
        repaired="Add E[1{x*_i != 0} (W_i^T y I + b_i I + y W_i^T) sum_{j != i} W_j x_j], from W x -> W_i x_i. Both vanish when the whole support "
        "is recovered.",
        evidence=(Counterexample(), MIXTURE_UPDATE),
        derivation="gsae_ref.papers.n19.mixture.counterexamples.ce_gamma",
    ),
    equation(
        6,
        "identity",
        "holds",
        "g^(1) = -p_i lam_i A_i + p_i lam_i^2 W_i.",
        evidence=(_term(0),),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_terms",
    ),
    equation(
        7,
        "identity",
        "holds",
        "g^(2) = p_i b_i lam_i W_i + p_i b_i A_i.",
        evidence=(_term(1),),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_terms",
    ),
    equation(
        8,
        "identity",
        "holds",
        "g^(3) = -p_i b_i A_i + p_i b_i lam_i W_i.",
        evidence=(_term(2),),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_terms",
    ),
    equation(
        9,
        "identity",
        "holds",
        "g_i = -p_i lam_i A_i + p_i (lam_i^2 + 2 b_i lam_i + b_i^2) W_i + gamma = p_i lam_i (W_i - A_i) + v.",
        evidence=(MIXTURE_UPDATE,),
        derivation="gsae_ref.papers.n19.mixture.formulas.mixture_update",
    ),
)
