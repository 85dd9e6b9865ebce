"""Models of the papers: of each a sentence that is refuted exactly, and one that stands."""

from fractions import Fraction

import numpy as np
import pytest
from claims_to_try import groups

import gsae_ref as gs
from gsae_ref.claims.pruning import run_file

SMALL = [groups(3, 1, 3, 2), groups(4, 2, 2, 1)]
FOUR = groups(2, 1, 4, 2)  # two pairs of groups can exclude each other
LEFT = (
    "[samples[e] - total(tau[h] * (P[h] @ samples[e]) for h in supports[case[e]]) for e in events]"
)
SURROGATE = (
    "total(-chance[e] * inside[case[e]][g] * tau[g] * (rest[e] @ samples[e].T"
    " + samples[e] @ rest[e].T) for e in events) @ A[g]"
)
PAIRS = "p2[g][h] <= p1[g] * p1[h] for g in groups for h in range(g)"
STEP = dict(n=2, L=1, d=2, s=1)
ALGORITHM_1 = ("orthogonal design", "no noise", "unit v", "weights bounded")
BELOW = "u[0]**2 <= norm(w_star[0])"
R8 = (
    "120 * M * delta_in <= m",
    "120 * s * M * delta_out <= m",
    "80 * L * alpha <= m",
    "L * alpha <= eps",
    "zeta <= M",
    "u[l]**2 <= norm(w_star[l]) + Z / 20 for l in active",
)


def tried(conclusion, model, sizes=None, budget=600, **fields):
    """The result of a short search."""
    return gs.stress(gs.Claim(conclusion, model, sizes, **fields), budget, seeds=1)


def refuted(*arguments, **fields):
    """The result of a claim that must be refuted; its script must run."""
    result = tried(*arguments, **fields)
    assert result.verdict == "refuted", str(result)
    run_file(result.script())
    return result


def stands(*arguments, **fields):
    """The result of a claim that must not be refuted; an equation holds at every exact instance."""
    result = tried(*arguments, **fields)
    assert result.verdict == "not refuted", str(result)
    assert result.trial is None or result.trial.n_equal == result.trial.n_points > 5
    return result


# ------------------------------------------------------------------------------ L23


def test_the_flow_keeps_the_balance_and_a_step_does_not():
    """[L23] Lemma 2: u^2 / 2 - ||v||^2 is constant along (3), for every design and noise."""
    stands("u[l] * u_dot[l] == 2 * inner(v[l], v_dot[l]) for l in groups", "l23")
    balance = "({u})**2 / 2 - norm2({v})"
    before = balance.format(u="u[l]", v="v[l]")
    after = balance.format(u="u[l] + eta * u_dot[l]", v="v[l] + eta * v_dot[l]")
    refuted(f"{after} == {before} for l in groups", "l23")


def test_one_step_of_algorithm_1_contracts_where_the_step_is_small():
    """[L23] Lemma 7, in the network: u(t+1) <= u* asks for gamma <= 1/(4 u*^2)."""
    small = "4 * gamma * norm(w_star[0]) <= 1"
    next_below = "u_next[0]**2 <= norm(w_star[0])"
    stands(next_below, "l23", STEP, given=ALGORITHM_1, where=(BELOW, small))
    result = refuted(next_below, "l23", STEP, 2000, given=ALGORITHM_1, where=(BELOW,))
    assert result.proof.data["gamma"] > 1 / 4 / result.proof.data["M"]


def test_the_noise_of_a_group_enters_with_its_2_norm():
    """[L23] step "abs(<v, nu>) <= ||nu||_inf" of Lemma 12, which sqrt(d) is missing from."""
    largest = "largest(abs(entry(nu[l], j, 0)) for j in range(d))"
    product = "abs(inner(v[l], nu[l]))"
    refuted(f"{product} <= {largest} for l in groups", "l23", budget=2000, given=("unit v",))
    stands(f"{product} <= sqrt(d) * {largest} for l in groups", "l23", given=("unit v",))


@pytest.mark.parametrize("dropped", [None, 0, 1, 5])
def test_r8_holds_in_one_step_and_needs_its_hypotheses(dropped):
    """R8, on the support: ||b_l|| <= Z/20; it needs the bounds of both deltas and of u."""
    fields = {"given": ("unit v", "weights bounded"), "let": {"Z": "largest([zeta, m])"}}
    where = tuple(text for k, text in enumerate(R8) if k != dropped)
    check = stands if dropped is None else refuted
    sizes = dict(n=2, L=2, d=1, s=2)
    check("norm(b[l]) <= Z / 20 for l in active", "l23", sizes, 4000, where=where, **fields)


def test_orthogonal_designs_need_room():
    with pytest.raises(ValueError, match=r"needs n >= L \* d = 4"):
        tried("delta_out <= 1", "l23", dict(n=3, L=2, d=2, s=1), given=("orthogonal design",))


# ------------------------------------------------------------------------------ laws


def test_codes_of_the_law_have_covariance_i():
    """[T21] (16): E[y y^T] is the sum of p_g S_g S_g^T, for every law of supports."""
    left = "total(chance[e] * (samples[e] @ samples[e].T) for e in events)"
    stands(f"{left} == total(p1[g] * (S[g] @ S[g].T) for g in groups)", "t21", SMALL)


def test_norms_of_codes_with_covariance_i_vary():
    """[T21] (15), (16): covariance I does not bound norms by sqrt(d)."""
    result = refuted("norm(codes[e][g]) <= sqrt(d) for e in events for g in groups", "t21", SMALL)
    assert result.proof.left > 1.42


@pytest.mark.parametrize("sizes", [*SMALL, groups(4, 2, 3, 2)], ids=str)
def test_the_expected_gradient_is_the_mean_of_the_surrogate(sizes):
    """[T21] (27) by enumeration of supports, atoms and signs, for every law of supports."""
    let = {"rest": LEFT}
    stands(f"{SURROGATE} == G_law[g] for g in groups", "t21", sizes, 60, let=let)


def test_uniform_supports_give_27_and_others_do_not():
    equal = "G[g] == G_law[g] for g in groups"
    stands(equal, "t21", SMALL, given=("uniform supports",))
    refuted(equal, "t21", SMALL[0])


def test_pairs_of_groups_exclude_each_other_where_supports_are_uniform():
    """[T21] Assumption 2: p_gh <= p_g p_h is a consequence of uniform supports."""
    stands(PAIRS, "t21", FOUR, given=("uniform supports",))
    result = refuted(PAIRS, "t21", FOUR, 2000)
    assert sum(result.proof.data["law"]) == 1 and min(result.proof.data["law"]) >= 0
    stands("total(p1) == gamma", "t21", SMALL)


@pytest.mark.parametrize("d", [2, 3])
def test_the_distance_of_spans_is_a_nuclear_norm(d):
    """R3: min ||A - S Q||^2 over orthogonal Q is 2 d - 2 ||A^T S||_*, below ||A - S||^2."""
    distance = "2 * d - 2 * nuclear(A[g].T @ S[g]) {} norm2(A[g] - S[g]) for g in groups"
    fields = {"given": ("orthonormal A", "orthonormal S"), "sizes": groups(4, d, 1, 1)}
    stands(distance.format("<="), "groups", **fields)
    refuted(distance.format(">="), "groups", **fields)


def test_the_gradient_of_n19_has_a_law_of_supports():
    equal = "G[i] == G_law[i] for i in atoms"
    sizes = dict(n=3, m=3, k=2)
    stands(equal, "n19", sizes, given=("uniform supports",))
    refuted(equal, "n19", sizes)


def test_a_silent_unit_sees_k_terms_and_its_bias():
    """[N19]: abs(W_i^T y + b_i) off the support has k terms of interference, not one."""
    fields = {
        "sizes": dict(n=3, m=3, k=2),
        "budget": 2000,
        "given": ("unit A", "unit W", "codes bounded", "no noise"),
    }
    text = "abs(inner(W[i], y) + bias[i]) <= {} * a_2 * (coherence + delta) + abs(bias[i])"
    stands(text.format("k") + " for i in inactive", "n19", **fields)
    refuted(text.format("1") + " for i in inactive", "n19", **fields)


def test_a_law_of_too_many_supports_is_refused():
    sizes = groups(40, 1, 40, 20)
    with pytest.raises(ValueError, match="at most 10000 are computed"):
        gs.Claim("p1[0] <= 1", "t21", sizes)
    gs.Claim("p[1] <= 1", "t21", sizes)  # which speaks of no law


def test_floats_and_fractions_agree_on_a_law():
    claim = gs.Claim("total(chance[e] * norm(samples[e]) for e in events) <= 1", "t21", SMALL[0])
    problem = claim.problems[0]
    theta = np.round(2 * problem.layout.draw(np.random.default_rng(0), 3)) / 2
    for row in theta:
        exact = problem.exact_instance([Fraction(x) for x in row])
        floats = problem.float_instance(row)
        for name in ("chance", "law", "root_weight"):
            values = [np.ravel(x)[0] for x in floats[name]]
            assert np.allclose([float(x) for x in exact[name]], values)


def test_a_law_without_weights_is_uniform():
    problem = gs.Claim("total(law) == 1", "n19", dict(n=2, m=2, k=1)).problems[0]
    theta = np.full((1, problem.layout.size), -1.0)
    assert [float(p.squeeze()) for p in problem.float_instance(theta)["law"]] == [0.5, 0.5]
    theta[0, problem.layout.blocks["law"][0]] = 1.0
    assert [float(p.squeeze()) for p in problem.float_instance(theta)["law"]] == [1.0, 0.0]
