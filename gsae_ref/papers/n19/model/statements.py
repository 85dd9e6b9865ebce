"""N19, sections 1 to 3 and 6: model, assumptions, Definitions 1 and 2, the informal theorems, the experiment."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ....claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading
from ... import row
from ..instance import UNIT_STAR

if TYPE_CHECKING:
    from ..instance import SparseInstance

statement = partial(row.statement, paper="N19")
equation = partial(row.equation, paper="N19")


def _by_loops(i: SparseInstance) -> tuple[float, float]:
    """Definition 1's constant, pair by pair."""
    pairs = combinations(range(i.n_atoms), 2)
    return i.coherence, max(
        abs(sum(i.A_star[k, a] * i.A_star[k, b] for k in range(i.n_features))) for a, b in pairs
    )


def _smallest_code(i: SparseInstance) -> tuple[float, float]:
    """a_1 and sqrt(kappa_2), both from the enumerated law."""
    k = int(np.argmax(i.p))
    second = i.weights @ i.codes[:, k] ** 2 / i.p[k]
    return np.abs(i.codes[i.active]).min(), np.sqrt(second)


ROWS = (
    equation(
        1,
        "definition",
        "holds",
        "Generative bilinear model: y = A x* + eta.",
        evidence=(Measurement("sparse_sampling"),),
        derivation="gsae_ref.sampling.sample_sparse",
    ),
    equation(
        2,
        "definition",
        "holds",
        "Autoencoder: x = sigma(W^T y + b), y^ = W x; sigma is ReLU or the hard threshold z 1{|z| >= lam}.",
        remark="The package's hard threshold is strict, |z| > lam; they differ at |z| = lam only.",
        evidence=(Measurement("sparse_network_by_loops"),),
        derivation="gsae_ref.ops.sparse_encode",
    ),
    statement(
        "loss",
        "text after Eq. (2)",
        "definition",
        "holds",
        "L = 1/2 ||y - W sigma(W^T y + b)||^2.",
        evidence=(Measurement("sparse_network_by_loops"),),
        derivation="gsae_ref.ops.sparse_loss",
    ),
    equation(
        3,
        "definition",
        "holds",
        "Generative bilinear model, again: y = A x* + eta.",
        same_as="N19-eq1",
    ),
    statement(
        "assumption1",
        "Assumption A1",
        "asymptotic claim",
        "holds",
        "card(S) <= k, p_i = Theta(k/m), p_ij = Theta(k^2/m^2), p_ijl = Theta(k^3/m^3).",
        repaired="For uniform supports of size k: k/m, k(k-1)/(m(m-1)), k(k-1)(k-2)/(m(m-1)(m-2)) exactly; Theta needs k >= 2 for pairs and k >= 3 "
        "for triples, with constants 1/2 and 2/9 there.",
        evidence=(Measurement("support_probabilities"),),
    ),
    statement(
        "assumption2",
        "Assumption A2",
        "definition",
        "holds",
        "Non-zero entries are independent, E[x*_i | i in S] = kappa_1, E[x*_i^2 | i in S] = "
        "kappa_2.",
        evidence=(Measurement("sparse_moments"),),
        derivation="gsae_ref.sampling.code_moments",
    ),
    statement(
        "assumption3",
        "Assumption A3",
        "definition",
        "holds",
        "|x*_i| in [a_1, a_2] for i in S.",
        evidence=(Measurement("sparse_bounds"),),
    ),
    statement(
        "assumption4",
        "Assumption A4",
        "definition",
        "holds",
        "eta ~ N(0, sigma_eta^2 I), independent of x*.",
        evidence=(Measurement("sparse_noise"),),
    ),
    statement(
        "mixture",
        "section 2.2, mixture of Gaussians",
        "remark",
        "typo",
        "With k = 1 and x* uniform on {e_i} in R^n the mixture of spherical Gaussians is a special case of A1-A4.",
        repaired="It is, if A1 is read with upper bounds: p_ij = 0 is not Theta(1/m^2). The e_i live in R^m.",
        evidence=(
            Counterexample(),
            Reading("{e_i}, i <= m, is the canonical basis of R^m, printed R^n"),
        ),
    ),
    statement(
        "sparse-coding",
        "section 2.2, sparse coding",
        "inequality",
        "holds",
        "kappa_2 = 1 implies a_1 <= 1.",
        evidence=(Inequality("a_1 <= sqrt(kappa_2)", "sparse_law", _smallest_code),),
    ),
    statement(
        "definition1",
        "Definition 1",
        "definition",
        "holds",
        "A is mu-incoherent if |<A_i, A_j>| <= mu/sqrt(n) for i != j.",
        hypotheses=(UNIT_STAR,),
        evidence=(Identity("the smallest mu, by loops", "sparse_close", _by_loops),),
    ),
    statement(
        "ambiguity",
        "text before Definition 2",
        "identity",
        "holds",
        "A can be recovered only up to a permutation of its columns, and their signs in sparse coding.",
        evidence=(Measurement("sparse_ambiguity"),),
    ),
    statement(
        "definition2",
        "Definition 2",
        "definition",
        "holds",
        "W is delta-close to A if ||pi(W)_i - A_i|| <= delta for all i for some permutation (and signs) pi, (delta, xi)-near if also "
        "||pi(W) - A|| <= xi ||A||.",
        evidence=(Measurement("closeness_by_enumeration"),),
        derivation="gsae_ref.metrics.closeness",
    ),
    statement(
        "simulation-means",
        "section 6",
        "remark",
        "typo",
        "Means A_i ~ N(0, I/sqrt(n)), perturbation E_ij ~ N(0, 1/sqrt(n)).",
        repaired="1/sqrt(n) is the standard deviation: as a variance it makes ||A_i|| about n^(1/4) = 5.3 for n = 784, not 1.",
        evidence=(Measurement("means_as_variance", "against"), Measurement("means_as_deviation")),
    ),
    statement(
        "simulation-bias",
        "section 6",
        "remark",
        "false",
        "The experiment (ReLU, b^0 = -2.5 delta, delta = 0.5) is an instance of the theory, some aspects of which it "
        "is to confirm.",
        remark="b^0 = -1.25 lies below every admissible interval (b > -1 + delta = -0.5): no neuron is active, the first step does nothing. "
        "It starts to learn when b^s has been halved back.",
        evidence=(Measurement("dead_start", "against"),),
        derivation="gsae_ref.papers.n19.consistency.formulas.relu_interval",
    ),
)
