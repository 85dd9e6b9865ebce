"""L23's rows: complete and in order; every inequality again from the raw fields of instances."""

import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import scipy.integrate

from gsae_ref.claims.evidence import Counterexample, Identity, Inequality, Measurement, Stress
from gsae_ref.claims.finding import MEASUREMENTS
from gsae_ref.claims.problem import item
from gsae_ref.claims.sentences import Sentence
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.l23 import statements
from gsae_ref.papers.l23.models import GRAM
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.teeth import REACHED
from gsae_ref.verification import verify
from gsae_ref.verification.teeth import claim_at

ROWS = {row.id: row for row in statements.ROWS}
NUMBERED = [
    *(f"lemma{k}" for k in range(1, 18)),
    *(f"theorem{k}" for k in range(1, 5)),
    "corollary1",
    *(f"definition{k}" for k in (1, 2, 3)),
    "assumption1",
    *(f"eq{k}" for k in range(1, 11)),
    "tlb",
    "tub",
    "algorithm1",
    "algorithm2",
]
TRUTHS = {
    "holds": """
        assumption1 eq1 eq2 gaussian-designs model gradients eq3
        definition1 definition2 lemma1 theorem1
        lemma2 first-step lemma4
        algorithm1 zeta tlb tub algorithm2 theorem4-deltas later-switch criterion practical-rule
        lemma7 eq4 eq5 eq6 lemma8 lemma14
        perturbations eq7 lemma15 lemma16 eq10
        figure2 figure3 figure4 figure5 figure6-error figure7 figure7-small figure11 figure12
        table2 table3 designs
        any-start size-one sample-complexity sign
    """,
    "false": """
        bracket span double-bracket
        lemma3 theorem2 lemma5 lemma6 theorem2-growth theorem2-times
        theorem3 theorem3-times weak-groups corollary1 minimax theorem4 theorem4-step
        lemma9 lemma10 lemma10-upper lemma11
        lemma12 lemma12-equality lemma13 lemma10-condition eq8 eq9 lemma16-remark lemma17
        figure2-stopping figure4-rival figure6 table1 sample-complexity-optimal
    """,
    "typo": """
        groups loss residual theorem2-zeta theorem2-display definition3 corollary1-epsilon
        corollary1-sum growth
    """,
    "not settled": """
        figure10
    """,
}
WITHOUT_REPAIR = {"theorem2-times", "minimax", "sample-complexity-optimal"}


# ---- the rows


@pytest.mark.parametrize("name", NUMBERED)
def test_every_numbered_statement_has_a_row(name):
    row = LEDGER[f"L23-{name}"]
    assert row.paper == "L23"
    assert row.printed
    number = "".join(c for c in name if c.isdigit())
    assert not number or number in row.number


def test_the_truths_are_the_known_ones():
    printed = [row for row in statements.ROWS if not row.id.startswith("R8")]
    known = {name: truth for truth, names in TRUTHS.items() for name in names.split()}
    assert {row.id.removeprefix("L23-"): row.truth for row in printed} == known


def test_the_projects_own_rows_hold():
    own = {row.id: row.truth for row in statements.ROWS if row.paper == "own"}
    assert own == {"R8": "holds", "R8-rate": "holds", "L23-designs": "holds"}


def test_what_is_false_is_repaired_but_for_what_cannot_be():
    false = [row for row in statements.ROWS if row.truth == "false"]
    assert {row.id.removeprefix("L23-") for row in false if not row.repaired} == WITHOUT_REPAIR


def test_what_is_false_has_an_exact_counterexample_but_for_figures():
    false = [row for row in statements.ROWS if row.truth == "false" and "figure" not in row.id]
    assert [row.id for row in false if Counterexample() not in row.evidence] == []


def test_what_assumes_something_says_what():
    """Identities and definitions apart, and what a run shows."""
    kinds = ("inequality", "asymptotic claim")
    assert [
        row.id
        for row in statements.ROWS
        if row.kind in kinds and row.truth in ("holds", "false") and not row.hypotheses
    ] == WITHOUT_HYPOTHESES


WITHOUT_HYPOTHESES = [
    "L23-gaussian-designs",  # of a distribution
    "L23-minimax",  # of all estimators
    "L23-designs",  # of two designs
]


def test_the_whole_of_l23_is_confirmed_with_another_seed():
    report = verify(only=list(ROWS), quick=True, rng=5)
    assert [
        (row.id, f.label, f.summary) for row in report.rows for f in row.findings if not f.ok
    ] == []


# ---- both sides again, from raw fields


def cut(x, groups):
    ends = np.cumsum(groups)
    return [x[end - size : end] for end, size in zip(ends, groups, strict=True)]


class Numbers:
    """What the statements speak of, one group at a time, from the raw fields of a regression."""

    def __init__(self, i):
        self.i = i
        self.groups = i.groups
        self.star = [math.sqrt(part @ part) for part in cut(i.w_star, i.groups)]
        self.on = [k for k, r in enumerate(self.star) if r > 0]
        self.off = [k for k, r in enumerate(self.star) if r == 0]
        self.noise = [np.linalg.norm(x) for x in cut(i.nu, i.groups)]

    def block(self, k, j):
        ends = np.cumsum(self.groups)
        return self.i.gram[ends[k] - self.groups[k] : ends[k], ends[j] - self.groups[j] : ends[j]]

    def deltas(self):
        L = range(len(self.groups))
        inside = max(
            np.linalg.svd(self.block(k, k) - np.eye(self.groups[k]), compute_uv=False)[0] for k in L
        )
        return inside, max(
            (np.linalg.svd(self.block(k, j), compute_uv=False)[0] for k in L for j in L if j != k),
            default=0.0,
        )

    def gaps(self, v):
        return [
            s - u**2 * x
            for s, u, x in zip(
                cut(self.i.w_star, self.groups), self.i.u, cut(v, self.groups), strict=True
            )
        ]

    def b(self, k, v):
        """b_l term by term, as in Appendix C.3."""
        gaps = self.gaps(v)
        total = (self.block(k, k) - np.eye(self.groups[k])) @ gaps[k] + cut(self.i.nu, self.groups)[
            k
        ]
        return total + sum(
            (self.block(k, j) @ gaps[j] for j in range(len(gaps)) if j != k),
            np.zeros(self.groups[k]),
        )

    def zeta(self):
        return 80 * max(*self.noise, self.i.epsilon)


def closest(pairs):
    """The pair with the least room."""
    return min(pairs, key=lambda pair: pair[1] - pair[0])


def tightest(pairs):
    """The pair with the largest share of its bound."""
    return max(pairs, key=lambda pair: pair[0] / pair[1] if pair[1] else 1.0)


def sine(a, b):
    a = a / np.linalg.norm(a)
    b = b / np.linalg.norm(b)
    return 1.0 if a @ b <= 0 else float(np.linalg.norm(a - (a @ b) * b))


def lemma3(i):
    n = Numbers(i)
    inside = i.delta_in
    outside = i.delta_out
    assert np.all(np.array(n.deltas()) <= np.array([inside, outside]) + 1e-12)
    pairs = []
    for k in n.on:
        a = sum((n.block(k, j) @ cut(i.w_star, i.groups)[j] for j in n.on), cut(i.nu, i.groups)[k])
        beta = (
            inside
            + outside * sum(n.star[j] / n.star[k] for j in n.on if j != k)
            + n.noise[k] / n.star[k]
        )
        pairs.append((sine(a, cut(i.w_star, i.groups)[k]), beta))
    return tightest(pairs)


def projected(share):
    def sides(i):
        n = Numbers(i)
        return tightest(
            [
                (abs(cut(v, i.groups)[k] @ n.b(k, v)), share * i.tau * n.star[k])
                for k in n.on
                for v in (i.v, i.v_next)
            ]
        )

    return sides


def distance(factor):
    def sides(i):
        n = Numbers(i)
        return tightest([(np.linalg.norm(n.gaps(i.v)[k]), factor(i) * n.star[k]) for k in n.on])

    return sides


def eq9(i):
    gap = np.linalg.norm(i.star * i.v_star - i.u**2 * i.v)
    return gap, math.sqrt(1 + 2 * (1 + i.power) / 5) * i.power * i.M


def directions(i):
    """1 - <v(t), v*> for t >= 1 against 1 - sqrt(1 - tau^2/100)."""
    along = [i.star * s + b for s, b in zip(i.v_star, i.b, strict=True)]
    length = math.sqrt(sum(x * x for x in along))
    cosine = sum(x * s for x, s in zip(along, i.v_star, strict=True)) / length
    return 1 - cosine, 1 - math.sqrt(1 - i.tau**2 / 100)


def theorem2_growth(i):
    """u u' for a balanced group off S: v = u unit/sqrt 2, noise b."""
    v = i.u / math.sqrt(2) * i.v
    return (
        i.u * (2 * i.u * v @ (i.b - i.u**2 * v)),
        math.sqrt(2) * i.u**3 * np.linalg.norm(i.b) - i.u**6,
    )


def change(i):
    return 0.89 * i.gamma * i.star * i.u, abs(next_u(i) - i.u)


def growth(i, k):
    """<v_l, q_l> for l outside S: <v, b> at v(t+1), less u_l^2."""
    return cut(i.v_next, i.groups)[k] @ Numbers(i).b(k, i.v_next) - i.u[k] ** 2


def eq8(i):
    n = Numbers(i)
    return tightest([(abs(growth(i, k)), i.m / 20 + n.noise[k]) for k in n.off])


def r8_on(i):
    n = Numbers(i)
    return max(np.linalg.norm(n.b(k, i.v)) for k in n.on), max(n.zeta(), i.m) / 20


def r8_off(i):
    n = Numbers(i)
    return max(growth(i, k) for k in n.off), max(n.zeta(), i.m) / 32


def z_4(i):
    return (1 - i.eta * i.u**4) * i.v + i.eta * i.u**2 * (i.star * i.v_star + i.b)


def next_direction(i):
    z = i.star * i.v_star + i.b
    return z / np.linalg.norm(z)


def norm_6(i):
    return np.linalg.norm(i.star * i.v_star + i.b)


def next_u(i):
    return i.u * (1 + 2 * i.gamma * (i.star * (next_direction(i) @ i.v_star) - i.u**2 + i.e))


def final(i):
    h = i.u**2
    for cosine, e in zip(i.cosines, i.errors, strict=True):
        h *= (1 + 2 * i.gamma * (i.star * cosine + e - h)) ** 2
    return h


def lemma16(i):
    z = z_4(i)
    return 1 - z @ i.v_star / np.linalg.norm(z), i.tau / 5


def reach(i):
    return scipy.integrate.quad(
        lambda u: 1 / (u**5 + math.sqrt(2) * i.bound * u**3), i.alpha, math.sqrt(i.alpha), limit=200
    )[0]


def lemma5(i):
    return math.log(1 / i.alpha) / (2 * i.alpha**2 + 2 * math.sqrt(2) * i.alpha * i.bound), reach(i)


def lemma6(i):
    limit = (1 - 3 * i.level) * i.star
    end = (math.sqrt(2) * (limit - i.tau * i.star)) ** (1 / 3)
    needed = (
        0.0
        if end <= i.alpha
        else scipy.integrate.quad(
            lambda u: 1 / (math.sqrt(2) * u**2 * (limit - u**3 / math.sqrt(2))),
            i.alpha,
            end,
            limit=200,
        )[0]
    )
    K = 0.5 - 3 * i.level
    T_1 = (
        2 ** (1 / 3)
        * i.star ** (2 / 3)
        / i.alpha**2
        / ((1 - 6 * i.level) * math.sqrt(2) * i.star * i.alpha)
    )
    return needed, T_1 + 2 * math.log2(1 / (2 * i.tau)) / (
        3 * i.star * K * (math.sqrt(2) * K * i.star) ** (1 / 3)
    )


def lemma14(factor):
    """The logarithm of u(T)/alpha, T = log(1/alpha^4) / (factor gamma B), against its bound."""

    def sides(i):
        time = math.log(1 / i.alpha**4) / factor
        growth = math.log1p(2 * i.gamma * i.e)
        return time * growth, math.log(1 / i.alpha) / 2 * i.gamma * i.bound

    return sides


def window(i):
    zeta = 80 * max(i.noise, i.epsilon)
    Z = max(zeta, i.u_min)
    lower = (math.log(i.u_max / 2) - 2 * math.log(i.alpha)) / (2 * math.log(1 + i.gamma * Z / 2))
    return lower + math.floor(math.log2(i.u_max / zeta)) * 5 / (2 * i.gamma * Z), -4 * math.log(
        i.alpha
    ) / (i.gamma * Z)


class Statement(NamedTuple):
    """A row, the label of an inequality, its sides computed here, the share of the bound used."""

    row: str
    label: str
    sides: Callable
    share: float
    draws: int = 150


def spectral_norms(own):
    """(1) of a group, or (2) of two: the form at v and v_next, or two of v; a singular value."""

    def sides(i):
        n = Numbers(i)
        v = cut(i.v, n.groups)
        pairs = []
        for k in range(len(v)):
            for j in [k] if own else range(k):
                block = n.block(k, j) - own * np.eye(n.groups[k])
                other = cut(i.v_next, n.groups)[k] if own else v[j]
                largest = np.linalg.svd(block, compute_uv=False)[0]
                pairs.append((abs(v[k] @ block @ other), largest))
        return tightest(pairs)

    return sides


STATEMENTS = (
    Statement("eq1", "the least delta_in is a spectral norm", spectral_norms(True), 0.99),
    Statement("eq2", "the least delta_out is a spectral norm", spectral_norms(False), 0.99),
    Statement("lemma3", "sin <= beta_l", lemma3, 0.9),
    Statement("lemma5", "corrected T <= that time", lemma5, 0.9),
    Statement("lemma6", "time to (1 - 3B - tau) u*^2 <= T", lemma6, 0.08),
    Statement(
        "lemma7",
        "one step: u(t+1) <= u*",
        lambda i: (i.u * (1 + 2 * i.gamma * (i.star - i.u**2)), math.sqrt(i.star)),
        0.99,
        300,
    ),
    Statement(
        "sign",
        "1 - <z(t+1), v(t)>",
        lambda i: (
            1 - z_4(i) @ i.v,
            i.eta * i.u**2 * (i.star + i.u**2 + np.linalg.norm(i.b)),
        ),
        0.9,
    ),
    Statement(
        "lemma8",
        "1 - B^2 <= <v(t+1), v*>",
        lambda i: (1 - i.level**2, next_direction(i) @ i.v_star),
        0.99,
    ),
    Statement(
        "lemma8",
        "the angle: sin <= B",
        lambda i: (
            sine(next_direction(i), i.v_star) * norm_6(i),
            i.level * norm_6(i),
        ),
        0.99,
    ),
    Statement(
        "lemma9", "u^2(t+1) <= u*^2 + B", lambda i: (next_u(i) ** 2, i.star + i.bound), 0.98, 300
    ),
    Statement(
        "lemma9",
        "(1 - B_2) u*^2 - B <= u^2(t+1)",
        lambda i: ((1 - i.level) * i.star - i.bound, next_u(i) ** 2),
        0.9,
        400,
    ),
    Statement("lemma10", "u*^2/2 <= u^2(T)", lambda i: (i.star / 2, final(i)), 0.5),
    Statement(
        "lemma11",
        "abs(u^2(T) - u*^2) <= tau u*^2/2",
        lambda i: (abs(final(i) - i.star), i.tau * i.star / 2),
        0.19,
    ),
    Statement(
        "lemma11",
        "abs(u^2(T) - u*^2) <= tau u*^2/7",
        lambda i: (abs(final(i) - i.star), i.tau * i.star / 7),
        0.65,
    ),
    Statement("eq7", "<= 3 tau u*^2", distance(lambda i: 3 * i.tau), 0.35, 600),
    Statement("lemma12", "abs(<v, b>), abs(e) <= tau u*^2/10", projected(1 / 10), 0.33),
    Statement("lemma13", "abs(<v, b>), abs(e) <= tau u*^2/20", projected(1 / 20), 0.53),
    Statement("eq8", "with the 2-norm", eq8, 0.98),
    Statement("lemma14", "u(T) <= sqrt(alpha)", lemma14(32), 0.49),
    Statement("lemma14", "u(2T) <= sqrt(alpha)", lemma14(16), 0.98),
    Statement("eq9", "at most sqrt(1 + 2 (1 + tau)/5) tau u_max*^2", eq9, 0.8),
    Statement("theorem2-growth", "-u^6 + sqrt 2 u^3 ||nu||", theorem2_growth, 0.8),
    Statement("lemma10-upper", "u^2(T) <= 1.05 u*^2", lambda i: (final(i), 1.05 * i.star), 0.9),
    Statement(
        "lemma10-upper",
        "u^2(t+1) <= u*^2 + B",
        lambda i: (next_u(i) ** 2, i.star + i.bound),
        0.98,
        300,
    ),
    Statement("lemma11", "1 - <v(t), v*> <= 1 - sqrt(1 - tau^2/100), t >= 1", directions, 0.9),
    Statement("lemma12-equality", "abs(<v, b>), abs(e) <= tau u*^2/10", projected(1 / 10), 0.33),
    Statement("lemma10-condition", "on S: ||b_l|| <= Z/20", r8_on, 0.92),
    Statement("theorem4-step", "1 - <v(t+1), v*> <= tau/5", lemma16, 0.5),
    Statement("lemma16-remark", "1 - <v(t+1), v*> <= 2B", lemma16, 0.5),
    Statement("practical-rule", "0.89 gamma u*^2 <= abs(u(t+1) - u(t))/u(t)", change, 0.85),
    Statement(
        "eq7",
        "<= sqrt(1 + 2 (1 + tau)/5) tau u*^2",
        distance(lambda i: math.sqrt(1 + 2 * (1 + i.tau) / 5) * i.tau),
        0.85,
        600,
    ),
    Statement("lemma16", "1 - <v(t+1), v*> <= tau/5", lemma16, 0.5),
    Statement(
        "eq10",
        "<= (1 + 2/sqrt(tau_0)) tau u*^2",
        distance(lambda i: (1 + 2 / math.sqrt(i.tau_0)) * i.tau),
        0.27,
        600,
    ),
    Statement("lemma17", "abs(<v, b>), abs(e) <= tau u*^2/10", projected(1 / 10), 0.29),
    Statement("tub", "T_lb <= log(1/alpha^4)/(gamma Z)", window, 0.6),
    Statement("R8", "on S, any state before T_ub: ||b_l|| <= Z/20", r8_on, 0.92),
    Statement("R8", "off S, any state before T_ub: <v_l, q_l> <= Z/32", r8_off, 0.94),
)


def row_of(name):
    return LEDGER[name if name == "R8" else f"L23-{name}"]


def evidence_of(statement):
    return next(
        e for e in row_of(statement.row).evidence if getattr(e, "label", "") == statement.label
    )


def instances(family, hypotheses, count, seed=23):
    rng = np.random.default_rng(seed)
    for k in range(count):
        shape = FAMILIES[family].shapes[k % len(FAMILIES[family].shapes)]
        instance = FAMILIES[family].build(shape, FAMILIES[family].draw(shape, rng))
        if all(h.holds(instance) for h in hypotheses):
            yield instance


def regression(one):
    """An instance of the model "l23_gram" with the raw fields of a regression."""
    stars = [u**2 * np.ravel(v) for u, v in zip(one["u_star"], one["v_star"], strict=True)]
    d = len(stars[0])
    gram = np.eye(d * len(stars)) + np.block(one["E"])
    vectors = {name: np.ravel(one[name]) for name in ("v", "v_next", "nu")}
    fields = {"groups": (d,) * len(stars), "gram": gram, "w_star": np.concatenate(stars)}
    return SimpleNamespace(**(one | vectors | fields), epsilon=one["eps"])


def with_sides(evidence, count, reached=None):
    """Instances that meet the hypotheses, and both sides as the ledger has them.

    The last one is that of REACHED, if the statement is a claim and has one.
    """
    if not isinstance(evidence, Stress):
        for i in instances(evidence.family, evidence.hypotheses, count):
            yield i, evidence.sides(i)
        return
    rng = np.random.default_rng(23)
    for problem in evidence.claim.problems:
        theta = problem.layout.draw(rng, 3 * count)
        sides = problem.sides(theta)
        scope = problem.float_instance(theta)
        for k in np.flatnonzero((sides.margins >= 0).all(axis=1)):
            one = {name: item(scope[name], k) for name in problem.model.basics}
            if problem.model is GRAM:
                yield regression(one), (sides.left[k], sides.right[k])
                continue
            vectors = {name: np.ravel(one[name]) for name in ("v_star", "v", "b")}
            named = {"star": one["u_star"] ** 2, "bound": one["B"], "level": one["B_2"]}
            yield SimpleNamespace(**(one | vectors | named)), (sides.left[k], sides.right[k])
    if reached is not None:
        sizes, values = reached()
        left, right, _ = claim_at(evidence, sizes, values)
        yield regression({name: item(value, 0) for name, value in values.items()}), (left, right)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: f"{s.row}: {s.label}")
def test_it_holds_under_its_hypotheses_is_used_to_a_stated_share_and_the_ledger_means_the_same(
    statement,
):
    evidence = evidence_of(statement)
    shares = []
    reached = REACHED.get((row_of(statement.row).id, statement.label))
    for i, theirs in with_sides(evidence, statement.draws, reached):
        left, right = statement.sides(i)
        assert left <= right + 1e-9 * max(1, abs(left))
        if left > 1e-12 or left < 0:  # of several groups with left = 0 any may be the tightest
            assert theirs[1] - theirs[0] == pytest.approx(right - left, rel=1e-6, abs=1e-7)
        assert theirs[0] == pytest.approx(left, rel=1e-6, abs=1e-7)
        shares.append(left / right if right > 1e-6 and left > 0 else 0.0)
    assert len(shares) >= 20
    assert max(shares) > statement.share


def is_inequality(e):
    return isinstance(e, Inequality) or (isinstance(e, Stress) and e.kind == "inequality")


def test_every_inequality_of_l23_is_recomputed_here_but_for_brackets_and_one_sharpening():
    claimed = {
        (row.id.removeprefix("L23-"), e.label)
        for row in statements.ROWS
        for e in row.evidence
        if is_inequality(e) and e.expect == "holds"
    }
    here = {(s.row, s.label) for s in STATEMENTS}
    rest = {row for row, _ in claimed - here}
    assert rest == {
        "assumption1",
        "lemma1",
        "theorem1",
        "theorem3",
        "theorem3-times",
        "theorem4",
        "R8",
    }  # the first has (1) and (2), the last four have that of tub
    assert here <= claimed


def test_every_family_is_a_map_from_parameters_and_meets_its_hypotheses_often():
    rng = np.random.default_rng(0)
    for name, family in l23_families().items():
        for shape in family.shapes:
            theta = family.draw(shape, rng)
            assert len(theta) == shape.n_parameters
            one = family.build(shape, theta)
            two = family.build(shape, theta.copy())
            for key, value in vars(one).items():
                if isinstance(value, (np.ndarray, float)):
                    np.testing.assert_array_equal(value, vars(two)[key], err_msg=f"{name}.{key}")


def l23_families():
    return {name: family for name, family in FAMILIES.items() if name.startswith("dglnn")}


# ---- planted falsehoods


def planted(row_id, k, left, right=1.0):
    """The row with one item of evidence whose sides are multiplied."""
    row = LEDGER[row_id]
    each = row.evidence[k]

    def sides(i):
        a, b = each.sides(i)
        return left * np.asarray(a), right * np.asarray(b)

    if isinstance(each, Stress):
        sentence = Sentence(each.conclusion)
        text = f"{left} * ({sentence.left}) {sentence.relation} {sentence.right}{sentence.tail}"
        other = replace(each, conclusion=text)
    else:
        other = replace(each, sides=sides)
    return replace(row, evidence=(*row.evidence[:k], other, *row.evidence[k + 1 :]))


MUTANTS = [
    ("L23-lemma3", 1, 1.01),
    ("L23-lemma8", 1, 1.001),
    ("L23-lemma9", 2, 1.001),
    ("L23-lemma9", 3, 1.2),
    ("L23-lemma11", 3, 1.001),
    ("L23-lemma16", 0, 1.01),
    ("L23-lemma16-remark", 2, 1.01),
    ("L23-lemma14", 1, 1.01),
    ("L23-lemma5", 3, 1.05),
    ("L23-theorem2-growth", 2, 0.95),
    ("L23-eq7", 1, 1.02),
    ("L23-eq9", 1, 1.02),
    ("L23-practical-rule", 0, 1.02),
    ("L23-eq6", 0, -1.0),
    ("L23-double-bracket", 2, -1.0),
    ("L23-bracket", 2, 1.001),
    ("R8", 0, 2.0),
    ("R8", 2, 1.3),
]


@pytest.mark.parametrize(("row_id", "k", "factor"), MUTANTS)
def test_a_planted_factor_is_not_confirmed(monkeypatch, row_id, k, factor):
    assert isinstance(LEDGER[row_id].evidence[k], (Inequality, Identity, Stress))
    monkeypatch.setitem(
        LEDGER,
        row_id,
        replace(
            planted(row_id, k, factor),
            evidence=(planted(row_id, k, factor).evidence[k],),
            truth="holds",
            repaired="",
        ),
    )
    assert not verify(only=[row_id], quick=True).ok


def test_measurements_of_l23_are_named_for_it_and_all_cited():
    cited = {e.name for row in statements.ROWS for e in row.evidence if isinstance(e, Measurement)}
    assert cited == {name for name in MEASUREMENTS if name.startswith("dglnn_")}
