"""Every Claim, Lemma and Theorem of N19 that holds, or holds repaired: three tests for each.

It holds, its hypotheses refuse what lies outside, it is not vacuous. Both sides are computed here
by loops over columns and samples, from the raw fields of an instance alone, and compared with the
ledger's own.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, permutations, product
from typing import NamedTuple

import numpy as np
import pytest

from gsae_ref.claims.evidence import Stress
from gsae_ref.claims.hypothesis import in_a_claim
from gsae_ref.claims.problem import item as item_of
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.n19 import instance as n19_instance
from gsae_ref.papers.n19 import statements
from gsae_ref.papers.n19.instance import SparseInstance
from gsae_ref.papers.n19.model import statements as model_statements
from gsae_ref.papers.n19.sparse_codes import statements as sparse_codes


class Numbers:
    """What the statements speak of, one column and one sample at a time."""

    def __init__(self, i):
        self.i = i
        (self.n, self.m) = i.W.shape
        self.k = i.n_active
        self.w = list(i.W.T)
        self.a = list(i.A_star.T)
        self.lam = [w @ a for w, a in zip(self.w, self.a, strict=True)]
        self.d = [np.linalg.norm(w - a) for w, a in zip(self.w, self.a, strict=True)]
        self.mu = max(abs(self.a[j] @ self.a[h]) for j, h in combinations(range(self.m), 2))
        self.p = [float(i.weights[i.codes[:, j] != 0].sum()) for j in range(self.m)]
        self.rho = self.k * self.mu + i.delta * math.sqrt(self.k * (1 + (self.k - 1) * self.mu))
        self.noise = 0.0 if i.eta is None else max(abs(w @ i.eta) for w in self.w)

    def sample(self, x):
        """y = A x without noise."""
        return sum(x[j] * self.a[j] for j in range(self.m))

    def z(self, bias=True):
        """(pre-activation, active) of every code and neuron."""
        i = self.i
        pairs = []
        for x in i.codes:
            y = self.sample(x) + (0 if i.eta is None else i.eta)
            pairs += [
                (self.w[j] @ y + (i.bias[j] if bias else 0.0), bool(x[j]), i.bias[j])
                for j in range(self.m)
            ]
        return pairs

    def update(self):
        """The expected update (5) on the true support, by a loop over the codes (no noise)."""
        G = [np.zeros(self.n) for _ in range(self.m)]
        for x, chance in zip(self.i.codes, self.i.weights, strict=True):
            S = np.flatnonzero(x)
            y = sum(x[j] * self.a[j] for j in S)
            code = {j: self.w[j] @ y + self.i.bias[j] for j in S}
            e = y - sum(code[j] * self.w[j] for j in S)
            for j in S:
                G[j] = G[j] - chance * (code[j] * e + y * (self.w[j] @ e))
        return G

    def pairs(self, j):
        """max p_jh and max p_jhl over different indices."""
        active = self.i.codes != 0
        others = [h for h in range(self.m) if h != j]

        def chance(*atoms):
            return float(self.i.weights[active[:, [j, *atoms]].all(axis=1)].sum())

        two = max(chance(h) for h in others)
        return two, max((chance(h, g) for h, g in combinations(others, 2)), default=0.0)


def closest(pairs):
    """The pair with the least room."""
    return max(pairs, key=lambda sides: sides[0] - sides[1])


def norm2(M):
    return math.sqrt(max(np.linalg.eigvalsh(M.T @ M)[-1], 0.0))


def claim1i(n):
    return 1 - n.i.delta**2 / 2, min(n.lam)


def claim1ii(n):
    largest = 0.0
    for j, h in permutations(range(n.m), 2):
        largest = max(largest, abs(n.w[j] @ n.a[h]))
    return largest, n.mu + n.i.delta


def claim1iii(n):
    found = []
    for S in {tuple(np.flatnonzero(x)) for x in n.i.codes}:
        for j in range(n.m):
            others = [h for h in S if h != j]
            spectral = norm2(np.array([n.a[h] for h in others]).T) if others else 0.0
            found.append(
                (
                    sum((n.w[j] @ n.a[h]) ** 2 for h in others),
                    2 * len(others) * n.mu**2 + 2 * spectral**2 * n.i.delta**2,
                )
            )
    return closest(found)


def interference(n):
    largest = 0.0
    for x in n.i.codes:
        for j in range(n.m):
            largest = max(largest, abs(sum(n.w[j] @ n.a[h] * x[h] for h in range(n.m) if h != j)))
    return largest, n.i.a_2 * n.rho


def quiet(n):
    return closest([(z - b, -b) for z, on, b in n.z() if not on])


def heard(n):
    return closest([(-b, z - b) for z, on, b in n.z() if on])


def threshold_off(n):
    return max(abs(z) for z, on, _ in n.z(bias=False) if not on), n.i.a_1 / 2


def threshold_on(n):
    return n.i.a_1 / 2, min(z for z, on, _ in n.z(bias=False) if on)


def short(n):
    return max(z for z, on, _ in n.z() if not on), n.noise


def lemma1(n):
    """Both sides times q = p lam."""
    found = []
    for j in range(n.m):
        lam = n.lam[j]
        p = n.p[j]
        b = n.i.bias[j]
        gamma = n.i.gamma[:, j]
        g = -p * lam * n.a[j] + p * (lam + b) ** 2 * n.w[j] + gamma
        q = p * lam
        main = q * p * (lam - 2 * n.i.delta**2 / lam) * n.d[j] ** 2
        found.append((main + g @ g - 2 * gamma @ gamma, 2 * q * g @ (n.w[j] - n.a[j])))
    return closest(found)


def lemma4(n):
    """Both sides times q = kappa_2 p lam; v, what is left of the update after (16), is gamma."""
    k1 = n.i.kappa_1
    k2 = n.i.kappa_2
    found = []
    for j in range(n.m):
        lam = n.lam[j]
        p = n.p[j]
        b = n.i.bias[j]
        v = n.i.gamma[:, j]
        g = p * (k2 * lam**2 + 2 * k1 * b * lam + b**2) * n.w[j] - k2 * p * lam * n.a[j] + v
        q = k2 * p * lam
        main = q * k2 * p * (lam - 2 * n.i.delta**2 / lam) * n.d[j] ** 2
        found.append((main + g @ g - 2 * v @ v, 2 * q * g @ (n.w[j] - n.a[j])))
    return closest(found)


def lemma2(n):
    found = []
    for j, g in enumerate(n.update()):
        q = n.p[j] * n.lam[j]
        r = g + q * n.a[j] - q * n.lam[j] * n.w[j]
        found.append(
            (
                q * (1 - n.i.delta**2 / 2) * n.d[j] ** 2 + (g @ g - 2 * r @ r) / q,
                2 * g @ (n.w[j] - n.a[j]),
            )
        )
    return closest(found)


def pair_remainder(n):
    R = max(norm2(n.i.W), norm2(n.i.A_star)) ** 2
    p2, p3 = n.pairs(0)
    rests = [
        np.linalg.norm(g + n.p[j] * n.lam[j] * n.a[j] - n.p[j] * n.lam[j] ** 2 * n.w[j])
        for j, g in enumerate(n.update())
    ]
    return max(rests), 8 * p2 * R + 2 * p3 * (R * R + R)


def columns4ii(n):
    found = []
    r = pair_remainder(n)[1]
    for j, g in enumerate(n.update()):
        q = n.p[j] * n.lam[j]
        left = q * (1 - n.i.delta**2 / 2) * n.d[j] ** 2 + g @ g / q - 2 * r**2 / q
        found.append((left, 2 * g @ (n.w[j] - n.a[j])))
    return closest(found)


def descent4(n):
    """The decrease after normalisation; constants of the repaired Theorem 4 from its text."""
    i = n.i
    R = norm2(i.A_star) ** 2
    nu = (n.k - 1) * n.mu
    eps = i.delta * math.sqrt(n.k)
    p = n.k / n.m
    t = (n.k - 1) / (n.m - 1)
    p2 = p * t
    p3 = p2 * max(n.k - 2, 0) / (n.m - 2)
    v = i.kappa_2 - i.kappa_1**2
    Lambda = 4 * p * (v + n.k * i.kappa_1**2) * (1 + nu) * (math.sqrt(1 + nu) + eps) ** 2
    beta = t + (t * R + eps**2 / 4) / (1 - nu)
    sigma = i.delta**2 / 2 + t * R * (2 * n.k - 1)
    E = i.A_star.T @ i.A_star - np.eye(n.m)
    squares = sum(np.linalg.norm(column) ** 2 for column in E.T)
    Phi = i.kappa_2 * p2 * squares + i.kappa_1**2 * p3 * np.linalg.norm(E.sum(axis=0)) ** 2
    tau = i.kappa_2 * p / Lambda * (0.75 * (1 - beta) - 26 * eps**2 * sigma)
    phi = (2 * (1 + nu) + 6 * eps**2) * Phi / Lambda
    of_w = max(
        math.sqrt(max(np.sum((i.W.T @ w) ** 2) - 2 * w @ w + 1, 0.0)) for w in n.w
    )  # ||W^T w - e_i||^2 = ||W^T w||^2 - 2 ||w||^2 + 1
    rho = (n.k - 1) * i.kappa_2 * of_w / (2 * (v + n.k * i.kappa_1**2) * math.sqrt(n.m - 1))
    s = i.step_size * Lambda
    before = sum(d**2 for d in n.d)
    after = 0.0
    for w, a, g in zip(n.w, n.a, n.update(), strict=True):
        moved = w - i.step_size * g
        after += np.sum((moved / np.linalg.norm(moved) - a) ** 2)
    return before - ((1 - s * tau) * before + s * phi) / (1 - s * rho), before - after


def angle(w, a):
    return math.atan2(np.linalg.norm(w - (w @ a) * a), w @ a)


def contraction(n):
    found = []
    zeta = n.i.step_size
    for j, g in enumerate(n.update()):
        theta = angle(n.w[j], n.a[j])
        kappa = zeta * n.p[j] * math.cos(theta)
        rho = 1 - kappa * (n.i.bias[j] + math.cos(theta)) ** 2 / math.cos(theta)
        found.append(
            (
                math.tan(angle(n.w[j] - zeta * g, n.a[j])),
                rho * math.sin(theta) / (kappa + rho * math.cos(theta)),
            )
        )
    return closest(found)


def quiet_after(n):
    found = []
    for j, g in enumerate(n.update()):
        plus = n.w[j] - n.i.step_size * g
        plus = plus / np.linalg.norm(plus)
        found += [(plus @ n.a[h], -n.i.bias[j]) for h in range(n.m) if h != j]
    return closest(found)


def zeta(n):
    found = []
    for j in range(n.m):
        lam = n.lam[j]
        p = n.p[j]
        size = n.i.step_size
        g = -p * lam * n.a[j] + p * (lam + n.i.bias[j]) ** 2 * n.w[j]
        found.append(
            (
                np.sum((n.w[j] - size * g - n.a[j]) ** 2),
                (1 - size * p * (lam - 2 * n.i.delta**2 / lam)) * n.d[j] ** 2,
            )
        )
    return closest(found)


def both_conditions(n):
    d = n.i.delta
    return closest(
        [
            (-d * (d**3 / 4 + d * d + 1.5 * d - 2), 3 * lam - 2 - (b + lam) ** 2)
            for lam, b in zip(n.lam, n.i.bias, strict=True)
        ]
    )


def lemma3(n):
    return norm2(n.i.W - n.i.A_star), n.i.delta * math.sqrt(n.m)


def lemma5(n):
    found = []
    for j, u in enumerate(n.i.W_tilde.T):
        eps = np.linalg.norm(u - n.a[j])
        found.append(
            (2 * math.sin(angle(u, n.a[j]) / 2), 2 * math.sin(math.asin(min(eps, 1.0)) / 2))
        )
    return closest(found)


def claim3(n):
    i = n.i
    a = norm2(n.i.A_star)
    found = []
    for j in range(n.m):
        q2, q3 = n.pairs(j)
        spread = math.sqrt(n.m) * q2
        k1 = i.kappa_1
        square = 0.0  # alpha_j = E[1_j (W_j^T y + b_j)^2]
        for x, chance in zip(i.codes, i.weights, strict=True):
            if x[j]:
                square += (
                    chance * (n.w[j] @ sum(x[h] * n.a[h] for h in range(n.m)) + i.bias[j]) ** 2
                )
        main = n.p[j] * (i.kappa_2 * n.lam[j] ** 2 + 2 * k1 * i.bias[j] * n.lam[j] + i.bias[j] ** 2)
        bound = (
            i.kappa_2 * q2 * a**2
            + 2 * abs(k1) * (abs(k1 * n.lam[j]) + abs(i.bias[j])) * spread * a
            + k1**2 * n.m * q3 * a**2
        )
        found.append((abs(square - main), bound))
    return closest(found)


class Statement(NamedTuple):
    """A row, the label of one of its inequalities, its sides, the share of the bound used."""

    row: str
    label: str
    sides: Callable
    share: float


STATEMENTS = (
    Statement("N19-claim1i", "1 - delta^2/2 <= <W_i, A_i>", claim1i, 0.99),
    Statement("N19-claim1ii", "all pairs", claim1ii, 0.9),
    Statement("N19-claim1iii", "all supports and columns", claim1iii, 0.5),
    Statement("N19-interference", "corrected", interference, 0.9),
    Statement(
        "N19-theorem3ii", "corrected interval, off the support z_i - b_i <= -b_i", quiet, 0.8
    ),
    Statement("N19-theorem3ii", "corrected interval, on the support -b_i <= z_i - b_i", heard, 0.9),
    Statement("N19-theorem3iii", "off the support z_i < a_1/2", threshold_off, 0.5),
    Statement("N19-theorem3iii", "on the support a_1/2 <= z_i", threshold_on, 0.5),
    Statement("N19-theorem3-short", "off the support z_i <= N", short, 0.5),
    Statement("N19-lemma1", "corrected", lemma1, 0.9),
    Statement("N19-lemma2", "with the factor", lemma2, 0.9),
    Statement("N19-lemma2", "the remainder", pair_remainder, 0.2),
    Statement("N19-lemma3", "delta sqrt(m)", lemma3, 0.7),
    Statement("N19-lemma4", "corrected", lemma4, 0.9),
    Statement("N19-lemma5", "sharp", lemma5, 0.95),
    Statement("N19-theorem4i2-step", "one step, any b in the window", contraction, 0.99),
    Statement("N19-theorem4ii", "2 <g_i, W_i - A_i>, column by column", columns4ii, 0.9),
    Statement("N19-theorem4ii", "the decrease after normalisation", descent4, 0.15),
    Statement("N19-zeta", "at most the smallest", zeta, 0.4),
    Statement(
        "N19-both-conditions", "Lemma 1's condition is missed by the bound", both_conditions, 0.9
    ),
    Statement("N19-claim3", "explicit", claim3, 0.4),
    Statement("R7", "(c) every column contracts", contraction, 0.99),
    Statement("R7", "(d) z_i <= 0 off the support after the step", quiet_after, 0.85),
)


def evidence_of(row, label):
    return next(e for e in LEDGER[row].evidence if getattr(e, "label", "") == label)


def instances(family, hypotheses, count, seed=5):
    """Instances of a family that satisfy the hypotheses, from a seed of this file."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        shape = FAMILIES[family].shapes[k % len(FAMILIES[family].shapes)]
        instance = FAMILIES[family].build(shape, FAMILIES[family].draw(shape, rng))
        if all(h.holds(instance) for h in hypotheses):
            yield instance


def with_sides(evidence, count):
    """Instances that satisfy the hypotheses, and both sides as the ledger has them."""
    if isinstance(evidence, Stress):
        return instances_of_claim(evidence, count)
    return ((i, evidence.sides(i)) for i in instances(evidence.family, evidence.hypotheses, count))


def instances_of_claim(item, count, seed=5):
    """Instances drawn for a claim that meet its hypotheses, with the pair of least room."""
    rng = np.random.default_rng(seed)
    for problem in item.claim.problems:
        theta = problem.layout.draw(rng, 10 * count)
        scope = problem.float_instance(theta)
        with np.errstate(all="ignore"):  # outside the hypotheses
            pairs = list(problem.conclusion.pairs(scope))
        inside = np.flatnonzero((problem.sides(theta).margins >= 0).all(axis=1))
        for k in inside[:count]:
            yield (
                instance_at(problem, scope, k),
                closest([(item_of(left, k), item_of(right, k)) for left, _, right in pairs]),
            )


def instance_at(problem, scope, k):
    """Instance k of a batch; the active columns have code 1 where the claim speaks of none."""
    names = ("W", "A", "noise", "delta", "a_1", "a_2", "zeta", "update")
    W, A, eta, delta, a_1, a_2, zeta, W_tilde = (item_of(scope[name], k) for name in names)
    m = problem.sizes["m"]
    codes = np.zeros((1, m))
    codes[0, : problem.sizes["k"]] = item_of(scope["x"], k) if "x" in problem.used else 1
    weights = np.ones(1)
    if "law" in problem.used:  # a mixture
        codes = np.eye(m)
        weights = np.array(item_of(scope["law"], k))
    kappas = {}
    if {"G", "kappa_1"} & problem.used:
        codes, weights, kappas = law_at(problem, scope, k)
    bias = next((name for name in ("b_min", "b", "bias") if name in problem.used), None)
    return SparseInstance(
        np.hstack(W),
        np.hstack(A),
        codes,
        weights,
        np.ravel(item_of(scope[bias], k)) + np.zeros(m) if bias else np.zeros(m),
        problem.sizes["k"],
        delta=delta,
        a_1=a_1,
        a_2=a_2,
        eta=np.ravel(eta),
        step_size=zeta,
        W_tilde=np.hstack(W_tilde),
        gamma=np.tile(eta, m),
        **kappas,
    )


def law_at(problem, scope, k):
    """Every code of a law of supports and signs, the chances, kappa_1 and kappa_2."""
    m = problem.sizes["m"]
    n_active = problem.sizes["k"]
    supports = list(combinations(range(m), n_active))
    of_claim = (0.0, 1.0, np.full(len(supports), 1 / len(supports)))
    if "kappa_1" in problem.used:
        of_claim = (item_of(scope[name], k) for name in ("kappa_1", "spread", "law"))
    mean, spread, law = of_claim
    signs = np.array(list(product([-1, 1], repeat=n_active)))
    values = mean + spread * signs
    values[values == 0] = 1e-200  # on the support
    codes = np.zeros((len(supports), len(signs), m))
    for row, S in zip(codes, supports, strict=True):
        row[:, S] = values
    weights = np.repeat(np.array(law), len(signs)) / len(signs)
    return codes.reshape(-1, m), weights, {"kappa_1": mean, "kappa_2": mean**2 + spread**2}


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: f"{s.row}: {s.label}")
def test_it_holds_under_its_hypotheses_is_used_to_a_stated_share_and_the_ledger_means_the_same(
    statement,
):
    evidence = evidence_of(statement.row, statement.label)
    shares = []
    for i, theirs in with_sides(evidence, 200):
        left, right = statement.sides(Numbers(i))
        assert left <= right + 1e-9 * max(1, abs(left), abs(right))
        assert theirs[1] - theirs[0] == pytest.approx(right - left, rel=1e-6, abs=1e-7)
        shares.append(left / right if right > 1e-6 and left > 0 else 0.0)
    assert len(shares) >= 15
    assert max(shares) > statement.share


# ---- every hypothesis can refuse


def every_hypothesis():
    found = {}
    for row in statements.ROWS:
        for h in (
            *row.hypotheses,
            *(h for e in row.evidence for h in getattr(e, "hypotheses", ())),
        ):
            found.setdefault(h.text, h)
    return {text: h for text, h in found.items() if h.margin is not in_a_claim}


EVERY = every_hypothesis()


def good(family, *hypotheses, **changes):
    return replace(next(instances(family, hypotheses, 200, seed=0)), **changes)


def half(i, **changes):
    """The same instance with W = A and delta = 0.1: then every lam_i is 1."""
    return replace(i, **{"W": i.A_star, "delta": 0.1} | changes)


def law_of_signs(i):
    """Codes +-1, every pattern as likely as the others, in the order of the instance's codes."""
    signs = np.array(list(product([-1.0, 1.0], repeat=i.n_active)))
    codes = np.zeros((len(i.codes) // len(signs), len(signs), i.n_atoms))
    for row, S in zip(codes, combinations(range(i.n_atoms), i.n_active), strict=True):
        row[:, S] = signs
    return codes.reshape(-1, i.n_atoms)


NEAR = good("sparse_near")
OUTSIDE = {  # text of the hypothesis: an instance that meets it, and one change that breaks it
    n19_instance.CLOSE.text: (NEAR, lambda i: replace(i, W=-i.A_star)),
    n19_instance.BIAS_CORRECTED.text: (
        half(NEAR, bias=-0.5 * np.ones(6), n_active=1),
        lambda i: replace(i, bias=0 * i.bias - 2),
    ),
    n19_instance.NOISELESS.text: (NEAR, lambda i: replace(i, sigma=0.1)),
    sparse_codes.INCOHERENT.text: (
        good("sparse_near", sparse_codes.INCOHERENT),
        lambda i: replace(i, A_star=np.tile(i.A_star[:, :1], i.n_atoms)),
    ),
    sparse_codes.UNITS.text: (NEAR, lambda i: replace(i, W=1.1 * i.W)),
    n19_instance.A2.text: (NEAR, lambda i: replace(i, codes=1.1 * i.codes)),
    n19_instance.UNIFORM.text: (
        NEAR,
        lambda i: replace(i, codes=i.codes[1:], weights=i.weights[1:]),
    ),
    n19_instance.NO_BIAS.text: (NEAR, lambda i: replace(i, bias=i.bias - 0.1)),
    model_statements.LARGEST.text: (NEAR, lambda i: replace(i, codes=1.1 * i.codes)),
    n19_instance.FAIR_SIGNS.text: (
        replace(NEAR, codes=law_of_signs(NEAR)),
        lambda i: replace(i, codes=np.abs(i.codes)),
    ),
    n19_instance.SMOOTH.text: (
        good("sparse_near", n19_instance.SMOOTH),
        lambda i: replace(i, bias=i.bias - i.Z[0, 0]),
    ),
    sparse_codes.SMALL_STEP.text: (
        good("sparse_near", sparse_codes.SMALL_STEP),
        lambda i: replace(i, step_size=2 / i.descent.curvature),
    ),
}


def test_every_hypothesis_of_the_paper_is_tried():
    assert set(OUTSIDE) == set(EVERY)


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_hypothesis_accepts_an_instance_and_refuses_it_after_one_change(text):
    hypothesis = EVERY[text]
    inside, change = OUTSIDE[text]
    outside = change(inside)
    assert hypothesis.holds(inside)
    assert hypothesis.margin(outside) < -1e-10
    assert hypothesis.holds(outside) is False


@pytest.mark.parametrize(
    ("row", "label", "change"),
    [
        ("N19-claim1i", "1 - delta^2/2 <= <W_i, A_i>", lambda i: replace(i, W=-i.W)),
        ("N19-claim1ii", "all pairs", lambda i: replace(i, W=5 * i.W)),
        ("N19-interference", "corrected", lambda i: replace(i, codes=6 * i.codes)),
        (
            "N19-theorem3ii",
            "corrected interval, off the support z_i - b_i <= -b_i",
            lambda i: replace(i, bias=0 * i.bias + 0.01),
        ),
        (
            "N19-theorem3ii",
            "corrected interval, on the support -b_i <= z_i - b_i",
            lambda i: replace(i, bias=0 * i.bias - 2),
        ),
        (
            "N19-theorem3iii",
            "on the support a_1/2 <= z_i",
            lambda i: replace(i, codes=0.4 * i.codes),
        ),
        ("N19-lemma1", "corrected", lambda i: replace(i, bias=i.bias - 0.5)),
        ("N19-lemma5", "sharp", lambda i: replace(i, W_tilde=2 * i.W_tilde - i.A_star)),
        ("N19-zeta", "at most the smallest", lambda i: replace(i, step_size=4 * i.step_size)),
        (
            "R7",
            "(d) z_i <= 0 off the support after the step",
            lambda i: replace(i, step_size=40 * i.step_size),
        ),
    ],
)
def test_outside_a_hypothesis_the_conclusion_does_fail(row, label, change):
    evidence = evidence_of(row, label)
    outside = [Numbers(change(i)) for i, _ in with_sides(evidence, 150)]
    sides = next(each.sides for each in STATEMENTS if (each.row, each.label) == (row, label))
    assert any(left > right + 1e-6 for left, right in map(sides, outside))
