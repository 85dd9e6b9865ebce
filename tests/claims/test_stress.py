"""Claims put to the test: false ones are refuted exactly, true ones are not."""

import itertools
import json
import pickle
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from claims_to_try import EXAMPLE, TRUE, groups

import gsae_ref as gs
from gsae_ref.claims.pruning import run_file
from gsae_ref.claims.searches import search
from gsae_ref.claims.trials import try_claim

BUDGET = 15_000


@pytest.fixture(scope="module")
def refuted():
    return gs.stress(EXAMPLE, budget=BUDGET)


def test_the_example_is_refuted_exactly(refuted):
    assert refuted.verdict == "refuted" and refuted.refuted
    assert refuted.ratio == pytest.approx(np.sqrt(2), abs=1e-6)
    assert refuted.proof.left == 2 and refuted.proof.n_digits <= 9
    assert refuted.worst["A"].shape == (3, 4, 2)
    left = max(np.linalg.norm(refuted.worst["A"][2].T @ refuted.worst["y"], axis=0))
    assert refuted.worst["left"] == pytest.approx(left)
    assert refuted.evaluations == BUDGET and refuted.n_reached >= 2


def test_the_report_has_mathematics_and_computation_on_lines_of_their_own(refuted):
    text = str(refuted)
    for part in (
        "mathematics  false: an exact counterexample meets every hypothesis",
        "computation  largest left/right 1.41421, reached by",
        "A = S",
        "norm(A[g] - S[g]) <= delta for g in groups: 0 <= 0",
        "left  = norm(A[v].T @ y) = 2",
        "= [141/100, 71/50]",
    ):
        assert part in text
    assert json.loads(json.dumps(refuted.to_dict()))["counterexample"]["left"] == "2"


def interrupting(after, left):
    """A conclusion at whose evaluation Ctrl-C comes."""
    calls = itertools.count()

    def conclusion(instance):
        if next(calls) == after:
            raise KeyboardInterrupt
        return left, 1.0

    return conclusion


@pytest.mark.parametrize(("left", "verdict"), [(0.5, "interrupted"), (2.0, "unproved")])
def test_ctrl_c_gives_what_was_found_before(left, verdict):
    result = gs.stress(EXAMPLE.but(conclusion=interrupting(700, left)), budget=BUDGET)
    assert result.interrupted and result.verdict == verdict
    assert 0 < result.evaluations <= 700 and result.ratio == pytest.approx(left)
    assert f"interrupted after {result.evaluations} evaluations; " in str(result)
    assert "not refuted" not in str(result)
    assert result.to_dict()["interrupted"]


def test_ctrl_c_before_the_first_instance_is_raised():
    claim = EXAMPLE.but(conclusion=interrupting(1, 0.5))  # the first is that of the check
    with pytest.raises(KeyboardInterrupt):
        gs.stress(claim, budget=BUDGET)


def test_ctrl_c_ends_a_search_for_tightness_or_teeth():
    claim = EXAMPLE.but(conclusion=interrupting(700, 0.5))
    with pytest.raises(KeyboardInterrupt):
        search(claim, BUDGET)


def test_a_claim_is_sent_without_what_it_keeps():
    again = pickle.loads(pickle.dumps(EXAMPLE))
    assert again == EXAMPLE and vars(again).keys() < vars(EXAMPLE).keys()
    first, second = (claim.problems[0] for claim in (EXAMPLE, EXAMPLE))
    assert first is not second and first.layout is second.layout


def test_the_same_seed_gives_the_same_numbers(refuted):
    again = gs.stress(EXAMPLE, budget=BUDGET)
    assert again.ratio == refuted.ratio and again.proof.theta == refuted.proof.theta
    other = gs.stress(EXAMPLE, budget=BUDGET, rng=1)
    assert not np.array_equal(other.worst["S"], refuted.worst["S"])


def test_processes_give_the_same_numbers(refuted):
    pytest.importorskip("joblib")
    again = gs.stress(EXAMPLE, budget=BUDGET, n_jobs=2)
    assert again.ratio == refuted.ratio and again.proof.theta == refuted.proof.theta


def test_a_dask_cluster_gives_the_numbers_of_one_process():
    distributed = pytest.importorskip("dask.distributed")
    claim = TRUE.but(sizes=[groups(4, 2, 2, 1), groups(4, 2, 3, 2)])
    alone = gs.stress(claim, budget=600, seeds=2)
    with distributed.Client(processes=False, n_workers=1, dashboard_address=None):
        again = gs.stress(claim, budget=600, seeds=2, backend="dask")
    assert [worst.gap for worst in again.searches] == [worst.gap for worst in alone.searches]


@pytest.mark.parametrize("rng", range(3))
def test_a_true_claim_is_not_refuted(rng):
    result = gs.stress(TRUE, budget=3000, rng=rng)
    assert result.verdict == "not refuted" and not result.refuted
    assert 0.9 < result.ratio <= 1 + 1e-9
    assert "unknown: not refuted" in str(result)
    with pytest.raises(ValueError, match="no exact counterexample"):
        result.script()


def test_a_claim_that_no_instance_meets_is_not_called_unrefuted():
    result = gs.stress(EXAMPLE.but(where=("mu >= 2",)), budget=2000)
    assert result.verdict == "no instance" and np.isnan(result.ratio)
    assert "no instance met the hypotheses: vacuous?" in str(result) and "the closest" in str(
        result
    )
    assert result.searches[0].miss == pytest.approx(1.5, abs=0.01)  # mu is at most 1/2


def test_a_violation_that_is_not_proved_is_said_to_be_unproved():
    def leaks(i):
        return float(np.linalg.norm(i.A[2].T @ i.y)), float(np.sqrt(i.gamma) * i.B_max)

    result = gs.stress(EXAMPLE.but(conclusion=leaks), budget=1500)
    assert result.verdict == "unproved" and "unproved" in str(result)
    assert result.ratio > 1.3 and not result.refuted


def test_a_true_identity_holds_at_exact_instances():
    claim = EXAMPLE.but(
        conclusion="norm2(A[g] - S[g]) == 2 * d - 2 * trace(A[g].T @ S[g]) for g in groups"
    )
    result = gs.stress(claim, budget=500)
    assert result.verdict == "not refuted" and result.ratio < 1e-9
    assert result.trial.n_equal == result.trial.n_points > 5


def test_a_false_identity_is_refuted():
    claim = EXAMPLE.but(conclusion="A[g].T @ S[g] == S[g].T @ A[g] for g in groups")
    result = gs.stress(claim, budget=500)
    assert result.verdict == "refuted"
    assert "is not" in run_file(result.script())


def test_several_sizes_are_tried():
    sizes = [groups(4, 2, 2, 1), groups(4, 2, 3, 2)]
    result = gs.stress(EXAMPLE.but(sizes=sizes), budget=3000)
    assert result.refuted and result.sizes == sizes[1]  # with gamma = 1 the claim is true


def test_a_claim_without_sizes_is_tried_at_those_of_the_model():
    assert len(EXAMPLE.but(sizes=None).problems) > 2


def test_a_free_number_lies_where_the_claim_says():
    claim = EXAMPLE.but(
        conclusion="norm(A[v].T @ y) <= lam for v in inactive",
        let={"low": "gamma * B_max * (mu + delta)", "lam": "between(low, low + 1)"},
    )
    result = gs.stress(claim, budget=6000)
    assert result.refuted and "low <= lam" in str(result)
    assert "lam = " in result.script()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"budget": 0}, ValueError, "budget = 0"),
        ({"budget": 2.5}, TypeError, "budget = 2.5"),
        ({"seeds": 0}, ValueError, "seeds = 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs = 0"),
        ({"rng": -1}, ValueError, "rng = -1"),
        ({"backend": "mpi"}, ValueError, "backend = 'mpi' is unknown"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        gs.stress(TRUE, **options)


@pytest.mark.parametrize(
    ("conclusion", "words"),
    [
        (lambda i: (float("nan"), 1.0), "no finite number"),
        (lambda i: 1.0, "must return two numbers"),
        (lambda i: (i.A, i.S), "must return two numbers"),
        (lambda i: i.B, "fails with AttributeError"),
    ],
)
def test_a_callable_that_returns_no_two_numbers_is_refused(conclusion, words):
    with pytest.raises(ValueError, match=words):
        gs.stress(EXAMPLE.but(conclusion=conclusion), budget=50, seeds=1)


def test_a_strict_hypothesis_that_only_touches_is_not_met():
    result = gs.stress(EXAMPLE.but(where=("mu < 0",)), budget=400, seeds=1)
    assert result.verdict == "no instance"


def test_a_claim_of_sizes_alone_is_decided():
    assert gs.stress(EXAMPLE.but(conclusion="d <= 1"), budget=50, seeds=1).refuted


def test_what_is_no_claim_is_refused():
    with pytest.raises(TypeError, match="make a gsae_ref.Claim of it"):
        gs.stress("mu <= 1")


def test_a_claim_without_a_finite_number_is_refused():
    claim = TRUE.but(conclusion="log(mu - 1) <= 1")
    with pytest.raises(ValueError, match="no finite number"):
        gs.stress(claim, budget=100)


def test_tightness_is_a_table_over_distances():
    result = gs.stress(TRUE, budget=6000)
    ratios = [ratio for _, ratio in result.tightness.rows]
    assert ratios[0] > ratios[-1] > 0.8 and "1/20" in str(result.tightness)


def test_a_generic_counterexample_keeps_its_distance(refuted):
    """Not the shortest one, where the estimate is the truth."""
    assert refuted.proof.data["delta"] == 0
    assert refuted.generic.data["delta"] >= 0.05
    assert refuted.generic.n_digits > refuted.proof.n_digits


# ---- scripts


def test_the_script_needs_python_only(refuted):
    script = refuted.script()
    assert "import numpy" not in script and "gsae_ref" not in script
    assert "exceeds right = [141/100, 71/50]" in run_file(script)
    assert 35 <= len(script.splitlines()) <= 70


def test_the_script_of_a_rational_counterexample_has_no_enclosures():
    claim = EXAMPLE.but(conclusion="norm(A[v].T @ y) <= B_max * (mu + delta) for v in inactive")
    script = gs.stress(claim, budget=2000, seeds=1).script()
    assert "Interval" not in script and len(script.splitlines()) <= 50
    assert "assert r * r == q" in script  # what is called a root is one


def changed_numbers(script, count, seed=0):
    """Copies of a script in which one number of the instance is another."""
    start = script.index("# the instance")
    stop = script.index("# what it defines")
    found = re.finditer(r"(?<![\w.])\d+(?!\w)", script)
    places = [match.span() for match in found if start < match.start() < stop]
    for begin, end in random.Random(seed).sample(places, min(count, len(places))):
        yield script[:begin] + str(int(script[begin:end]) + 1) + script[end:]


def test_a_script_with_another_number_fails(refuted, tmp_path):
    for script in changed_numbers(refuted.script(), 12):
        path = tmp_path / "changed.py"
        path.write_text(script)
        done = subprocess.run([sys.executable, "-I", "-S", path], capture_output=True, text=True)
        assert done.returncode == 1, script


@pytest.mark.parametrize("size", [10**12, 10**14])
def test_a_violation_that_is_rounding_confirms_no_claim_that_should_fail(size):
    """The left side is 0: the parallelogram law. In floats its terms leave more than 1e-6."""
    terms = "norm2(A[0] + S[0]) + norm2(A[0] - S[0]) - 2 * norm2(A[0]) - 2 * norm2(S[0])"
    claim = EXAMPLE.but(conclusion=f"{size} * ({terms}) <= 0", given=())
    finding = try_claim(claim, "fails", np.random.default_rng(0), quick=True)
    assert finding.numbers["violations"] > 0 and not finding.ok
    assert "it may be rounding" in finding.summary
