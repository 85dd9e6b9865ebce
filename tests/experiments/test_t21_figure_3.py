"""Figure 3: single runs by other routes, the rules, the theory, and the study at a tiny size."""

import json
from dataclasses import asdict, replace
from itertools import combinations, product

import numpy as np
import pytest
from gallery import assert_panels_of_the_gallery
from oracle import loss as oracle_loss

import gsae_ref as gs
from gsae_ref import experiments
from gsae_ref.cli import main
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw
from gsae_ref.experiments.t21.figure_3 import applicability, claims, compute, runs
from gsae_ref.experiments.t21.figure_3.results import Run
from gsae_ref.experiments.t21.figure_3.runs import PAPER, QUICK, Network, train_network
from gsae_ref.experiments.t21.figure_3.theory import (
    closeness_allowed,
    contraction,
    hypotheses,
    rotation_free_distances,
    theorem_2,
)
from gsae_ref.papers.t21.several.formulas import Setting
from gsae_ref.papers.t21.support.formulas import recovery_interval

# n, norms and lam of the paper, so that the start is as deep in the noise as there; few groups and
# samples, larger steps, fewer of them.
TINY = PAPER._replace(n_groups=10, n_samples=200, n_epochs=40, step_size=4e-3)


def run(network, recipe, lam=2.0, snr=10.0, **changes):
    return train_network(network, recipe, lam, snr, 0, TINY._replace(**changes)._asdict())


@pytest.fixture(scope="module")
def study():
    options = dict(snr=(10.0, 1.0), setting=TINY, thresholds=(1.0, 2.0))
    return compute.compute(ResultCache(None), **options)


# ---- single runs


def test_the_setting_is_the_paper_s():
    model = (PAPER.n_features, PAPER.n_groups, PAPER.group_size, PAPER.n_samples, PAPER.n_active)
    assert model == (950, 500, 2, 10_000, 3)
    assert (PAPER.norm_range, PAPER.correlation) == ((4, 5), 0.15)
    assert (PAPER.step_size, PAPER.n_epochs) == (1e-3, 300)
    assert QUICK.n_features == PAPER.n_features
    samples_of_a_group = [s.n_samples * s.n_active / s.n_groups for s in (QUICK, PAPER)]
    assert samples_of_a_group[0] == samples_of_a_group[1]


def test_the_literal_start_has_the_paper_s_norm_and_almost_half_of_the_groups_active():
    found = run("group", "literal", n_epochs=1)
    assert found["column_norm"][0] == pytest.approx(6.66, abs=0.1)
    assert 0.35 < found["active_groups"][0] / TINY.n_groups < 0.75
    assert found["error"][0] == pytest.approx(1.7, abs=0.02)  # 2 (1 - 0.15)


def test_the_literal_start_does_not_recover_though_its_loss_falls():
    found = run("group", "literal")
    assert found["error"][-1] > found["error"][0]
    assert found["loss"][-1] < found["loss"][0] / 10


def test_unit_columns_have_no_active_group_and_a_zero_gradient():
    found = run("group", "unit", n_epochs=5)
    assert not found["active_groups"].any()
    assert np.ptp(found["error"]) == np.ptp(found["loss"]) == 0
    A_star = gs.make_dictionary(950, 10, 2, rng=0)
    start = gs.perturb_dictionary(A_star, correlation=0.15, rng=0)
    Y = gs.sample(A_star, 200, 3, 2, snr_db=10, rng=0).Y
    cost, G = gs.loss_and_grad(start / np.linalg.norm(start, axis=0), Y, 2.0, 2)
    assert not G.any()
    assert cost == pytest.approx(found["loss"][0], rel=1e-12)


@pytest.mark.parametrize("recipe", ["scaled", "ramp"])
def test_the_recipes_recover_what_the_literal_reading_does_not(recipe):
    found = run("group", recipe)
    # A tenth of 3, on 200 samples.
    assert found["active_groups"][0] == pytest.approx(0.3, abs=0.006)
    assert found["error"][-1] < 0.4 * found["error"][0]
    assert min(found["recall"][-1], found["precision"][-1]) > 0.7
    assert (found["rotation_free_error"] <= found["error"] + 1e-12).all()


def test_the_ramp_ends_half_way_and_the_scaled_start_has_the_norm_of_the_rule():
    ramp = run("group", "ramp", n_epochs=8)
    scaled = run("group", "scaled", n_epochs=1)
    lam_0 = float(ramp["lam_0"])
    expected = lam_0 + (2 - lam_0) * np.minimum(np.arange(9) / 4, 1)
    np.testing.assert_allclose(ramp["lam"], expected, rtol=1e-12)
    assert scaled["column_norm"][0] == pytest.approx(2 / lam_0, rel=1e-12)
    assert scaled["lam"].tolist() == [2, 2]


def test_the_starting_threshold_leaves_a_tenth_of_the_activity():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, 40))
    Y = rng.normal(size=(500, 12))
    Z = Y @ A
    norms = np.hypot(Z[:, ::2], Z[:, 1::2])
    compared = {"group": norms, "soft": np.abs(Z), "hard": np.abs(Z), "relu": Z}
    for network, values in compared.items():
        lam = Network(network, 2).starting_threshold(A, Y, 5)
        expected = 0.5 if network == "group" else 1.0
        assert np.mean(np.sum(values > lam, axis=1)) == pytest.approx(expected, abs=0.01)


CODES = {
    "group": lambda Z: [max(1 - 2 / np.linalg.norm(z), 0) * z for z in Z.reshape(-1, 2)],
    "soft": lambda Z: np.sign(Z) * np.maximum(np.abs(Z) - 2, 0),
    "hard": lambda Z: Z * (np.abs(Z) > 2),
    "relu": lambda Z: np.maximum(Z - 2, 0),
}


@pytest.mark.parametrize("network", CODES)
def test_a_network_has_its_activation_and_descends_its_own_loss(network):
    net = Network(network, 2)
    rng = np.random.default_rng(1)
    A = rng.normal(size=(7, 6))
    Y = 2 * rng.normal(size=(9, 7))
    V = rng.normal(size=(7, 6))
    X = np.array([np.ravel(CODES[network](y @ A)) for y in Y])
    np.testing.assert_allclose(net.encode(A, Y, 2.0), X, atol=1e-12)
    cost, G = net.loss_and_grad(A, Y, 2.0)
    assert cost == pytest.approx(np.sum((Y - X @ A.T) ** 2) / 18, rel=1e-12)
    h = 1e-6
    ahead = net.loss_and_grad(A + h * V, Y, 2.0)[0]
    behind = net.loss_and_grad(A - h * V, Y, 2.0)[0]
    assert np.sum(G * V) == pytest.approx((ahead - behind) / (2 * h), rel=1e-6)


def test_the_last_loss_is_that_of_the_oracle():
    """After one epoch with a negligible step, the loss is that of the start, sample by sample."""
    found = run("group", "scaled", n_groups=4, n_samples=20, step_size=1e-12, n_epochs=1)
    A_star = gs.make_dictionary(950, 4, 2, rng=0)
    Y = gs.sample(A_star, 20, 3, 2, snr_db=10, rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=0.15, rng=0)
    A *= found["column_norm"][0] / np.linalg.norm(A, axis=0)
    assert found["loss"][1] == pytest.approx(oracle_loss(A, Y, 2.0, 2), rel=1e-8)


def test_an_interrupted_run_resumes_bit_for_bit(tmp_path, monkeypatch):
    setting = TINY._replace(n_epochs=60)._asdict()
    whole = train_network("group", "scaled", 2.0, 10.0, 0, setting)
    path = str(tmp_path / "run.npz")
    seen = []
    honest = runs.hypotheses

    def interrupting(*args):
        seen.append(1)
        if len(seen) == 45:
            raise KeyboardInterrupt
        return honest(*args)

    monkeypatch.setattr(runs, "hypotheses", interrupting)
    with pytest.raises(KeyboardInterrupt):
        train_network("group", "scaled", 2.0, 10.0, 0, setting, checkpoint=path)
    resumed = train_network("group", "scaled", 2.0, 10.0, 0, setting, checkpoint=path)
    assert len(seen) == 45 + 61 - 44  # the 44 epochs that were done are not done again
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_the_start_is_drawn_with_one_blas_thread(monkeypatch):
    """Its bits are in the fingerprint of the checkpoint, and depend on the number of threads."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    seen = []
    honest = runs.draw

    def threads():
        libraries = threadpoolctl.threadpool_info()
        return {lib["num_threads"] for lib in libraries if lib["user_api"] == "blas"}

    def watched(*arguments):
        seen.append(threads())
        return honest(*arguments)

    monkeypatch.setattr(runs, "draw", watched)
    with threadpoolctl.threadpool_limits(2, "blas"):
        run("group", "scaled", n_groups=4, n_samples=20, n_epochs=1)
    assert seen == [{1}]


def test_a_finished_run_leaves_its_result_and_no_checkpoint(tmp_path):
    case = compute.Case("group", "unit", 2.0, 10.0, 0)
    compute.trained(ResultCache(tmp_path), TINY._replace(n_epochs=21), case)
    names = [path.name for path in tmp_path.iterdir()]
    assert names == ["group-unit-exact-lam2-snr10-seed0-N200.npz"]


# ---- theory beside the runs


def test_distances_modulo_rotation_are_those_of_a_search_over_angles():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(5, 4))
    S = gs.make_dictionary(5, 2, 2, rng=1)
    unit = A / np.linalg.norm(A, axis=0)
    found = rotation_free_distances(A, S, 2)
    t = np.linspace(0, 2 * np.pi, 20_001)
    turns = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]).transpose(2, 0, 1)
    turns = np.concatenate([turns, turns * np.array([1, -1])])
    for g, block in enumerate((slice(0, 2), slice(2, 4))):
        distance = np.linalg.norm(unit[:, block] - S[:, block] @ turns, axis=(1, 2)).min()
        assert found[g] == pytest.approx(distance, abs=1e-6)


def test_hypotheses_of_a_dictionary_by_hand():
    S = np.eye(4)
    A = np.column_stack([0.8 * S[:, 0] + 0.6 * S[:, 1], S[:, 1], 2 * S[:, 2], S[:, 3]])
    found = hypotheses(A, S, 2)
    assert found["delta"] == 1.0
    assert found["unit_delta"] == pytest.approx(np.hypot(0.2, 0.6))
    assert found["orthonormality_defect"] == pytest.approx(3.0)
    assert found["unit_orthonormality_defect"] == pytest.approx(0.6)
    assert (found["alpha_min"], found["omega_max"]) == (pytest.approx(0.8), pytest.approx(0.6))


@pytest.mark.parametrize("form", ["printed", "corrected"])
def test_the_interval_closes_at_the_closeness_allowed(form):
    delta = closeness_allowed(3, 0.01, 2, form, (4.0, 5.0))
    low, high = recovery_interval(3, 4.0, 5.0, 0.01, delta, 2, form)
    assert delta > 0
    assert low == pytest.approx(high, rel=1e-12)


def test_theorem_2_has_no_step_for_a_group_at_an_obtuse_angle():
    far = {"unit_delta": 1.9, "alpha_min": -0.1, "omega_max": 0.2}
    with_n, _, rho = theorem_2(far, 0.5, 3, 500, 2, 950)
    assert np.isnan(rho)
    assert with_n < 0  # tau below 2/3: (69) requires a negative squared norm


def test_the_repaired_theorems_predict_and_bound_the_run():
    found = contraction(
        n_features=24,
        n_groups=8,
        n_samples=4000,
        n_steps=10,
        delta=0.45,
        lam=1.9,
        step=0.25,
        seed=1,
    )
    assert found["margin"] > 0
    expected = np.repeat(found["predicted"][:, None], 16, axis=1)
    np.testing.assert_allclose(found["design"], expected, rtol=1e-9)
    assert 0.8 < np.median(found["sample"][-1]) / found["predicted"][-1] < 1.25
    assert (found["distance"] <= found["bound"] * (1 + 1e-12)).all()
    assert found["distance"][-1] > 0.5 * found["bound"][-1]  # the bound is not idle
    assert found["predicted"][-1] < 0.2 * found["predicted"][0]


# ---- the study


def test_the_study_judges_every_claim(study):
    convergence = {c.text: c.holds for c in study.claims if c.source.startswith("T21 Figure 3a")}
    expected = {"literal": False, "unit": False, "scaled": True, "ramp": True}
    for name, holds in expected.items():
        (found,) = [of for text, of in convergence.items() if f"[{claims.RECIPE[name]}]" in text]
        assert found is holds

    def holds(source):
        return [claim.holds for claim in study.claims if claim.source.startswith(source)]

    assert holds("T21 Figure 3b") == [True, True]
    assert holds("R") == [True, True, True]
    assert holds("T21 Section 4.1") == [False]
    assert len(holds("T21 Figure 3c")) == 1
    assert len(holds("T21 Figure 3d")) == 2


def test_only_the_paper_s_size_settles_the_paper_s_claims(study):
    assert study.title.endswith("(reduced size)")
    of_the_paper = [claim for claim in study.claims if claim.source.startswith("T21")]
    assert all("reduced size" in claim.source for claim in of_the_paper)
    full = claims.judge(replace(study.data, setting=PAPER))
    assert not any("reduced size" in claim.source for claim in full)


def test_every_threshold_and_network_is_shown(study):
    grid = next(table for table in study.tables if table.title.startswith("Thresholds"))
    assert len(grid.rows) == 4 * 2
    for rule in claims.RULE.values():
        assert sum(rule in row[2] for row in grid.rows) == 4
    assert study.data.snrs == [1.0, 10.0]
    json.dumps(study.recipe)


def test_runs_of_several_seeds_are_stacked():
    options = dict(snr=(1.0,), setting=TINY._replace(n_epochs=2), thresholds=(1.0,), n_seeds=2)
    cache = ResultCache(None)
    data = compute.compute(cache, **options).data
    assert len(cache.seconds) == cache._expected
    assert data.recipes["scaled"][1.0].error.shape == (2, 3)
    assert data.recipes["literal"][1.0].error.shape == (1, 3)
    assert data.networks["error"]["soft"].code.shape == (2, 20)
    assert data.grid["group"][1.0].loss.shape == (1, 3)


def with_curves(**curves):
    """A run of which only some curves are given."""
    names = Run.__dataclass_fields__
    return Run(**{name: np.array(curves[name]) if name in curves else None for name in names})


def test_f1_of_the_supports():
    found = with_curves(recall=[[0.0, 0.5], [0.0, 0.0]], precision=[[0.0, 1.0], [0.0, np.nan]]).f1
    np.testing.assert_allclose(found, [2 / 3, 0])


def test_thresholds_are_chosen_by_both_rules_for_all_alike():
    ends = {0.0: (0.9, 40.0), 1.0: (0.3, 9.0), 2.0: (0.5, 7.0)}
    grid = {
        lam: with_curves(error=[[1.7, error]], active_atoms=[[0.6, n]])
        for lam, (error, n) in ends.items()
    }
    assert claims.choose_thresholds(grid, PAPER) == {"error": 1.0, "activity": 2.0}


@pytest.mark.parametrize(
    "group, expected", [((0.3, 0.3), True), ((0.3, 0.6), None), ((0.6, 0.6), False)]
)
def test_the_comparison_is_settled_only_by_both_rules(group, expected):
    networks = {}
    for rule, end in zip(("error", "activity"), group, strict=True):
        ends = {name: end if name == "group" else 0.5 for name in claims.NETWORK}
        networks[rule] = {name: with_curves(error=[[1.7, of]]) for name, of in ends.items()}
    assert claims._closer(networks, "1 dB").holds is expected


def test_the_data_are_plain_in_the_file_of_numbers(study):
    data = study.to_dict()["data"]
    assert data["recipes"]["scaled"][1.0]["error"].shape == (1, 41)
    assert data["angles"].keys() == asdict(study.data.angles).keys()


def test_the_pictures_have_labels_and_legends(study):
    assert list(compute.FIGURES) == [
        "t21-figure-3",
        "t21-figure-3-recipes",
        "t21-figure-3-thresholds",
        "t21-figure-3-theory",
    ]
    for stem, grid in compute.FIGURES.items():
        figure = draw(study, grid)
        assert_panels_of_the_gallery(stem, figure)
        for ax in figure.axes:
            assert ax.get_xlabel()
            assert ax.get_title()
            assert ax.has_data()
    axes = draw(study, compute.FIGURES["t21-figure-3"]).axes
    (panel_d,) = [ax for ax in axes if ax.get_title().startswith("d.")]
    names = ["true code", "group-sparse", "soft threshold", "hard threshold", "ReLU with bias"]
    assert [label.get_text() for label in panel_d.get_yticklabels()] == names


def test_the_command_takes_the_noise_levels(monkeypatch, tmp_path, capsys):
    asked = {}

    def interrupted(cache, quick, seed, n_seeds, **options):
        asked.update(options, quick=quick, seed=seed, n_seeds=n_seeds)
        raise KeyboardInterrupt

    monkeypatch.setattr(compute, "compute", interrupted)
    assert experiments.load("t21-figure-3") is compute
    command = "reproduce t21-figure-3 --quick --snr 10 5 --seed 4 --seeds 2 --out".split()
    assert main([*command, str(tmp_path)]) == 130
    assert asked == {"quick": True, "seed": 4, "n_seeds": 2, "snr": [10.0, 5.0]}
    assert "continues from" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong, message",
    [({"n_seeds": 0}, "n_seeds"), ({"snr": [np.nan]}, "snr"), ({"seed": -1}, "seed")],
)
def test_wrong_options_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        compute.compute(ResultCache(None), setting=TINY, **wrong)


# ---- theorems at the paper's sizes


def test_the_last_page_says_which_theorems_apply(study):
    *_, theorems, run_within, steps, several = study.tables
    assert theorems.title.startswith("Theorems at n = 950, Gamma = 10, d = 2, gamma = 3")
    named = " ".join(row[0] for row in theorems.rows)
    for k in (*range(7), *range(9, 18)):
        assert f"R{k}" in named
    outcome = {row[0]: row[-1] for row in theorems.rows}
    assert outcome["R0"] == outcome["R16"] == outcome["R17"] == "applies"
    assert "every start within" in outcome["R9"]
    assert outcome["R10"] == "to first order in ||N||_F"  # 20 atoms in 950 dimensions
    assert [row[0] for row in run_within.rows][-1] == "floor"
    assert [row[:3] for row in several.rows] == [[10, 3, 20], [25, 2, 50]]
    bound, measured = (float(x) for x in several.rows[-1][6:8])
    assert 0 < measured <= bound < 0.01
    assert steps.title.startswith("R11 step by step: Gamma = 25, gamma = 2")
    assert [row[0] for row in steps.rows] == [0, 1, 2, 5, 10, 20]
    assert all(float(angle) <= float(bound) for _, bound, angle in steps.rows)
    last = study.claims[-1]
    assert last.source == "R9, this project"
    assert last.holds


def test_the_numbers_of_the_last_page_by_loops():
    sizes = {"n_features": 30, "n_groups": 6, "group_size": 2, "n_active": 2}
    found = applicability.measure(**sizes, norm_range=(4.0, 5.0), seed=1)
    A = gs.make_dictionary(30, 6, 2, kind="orthonormal_groups", rng=1)
    blocks = [A[:, 2 * g : 2 * g + 2] for g in range(6)]
    sums = []
    cross = 0.0
    for g, B in enumerate(blocks):
        others = [B.T @ C for h, C in enumerate(blocks) if h != g]
        sums.append(sum(np.sum(M**2) for M in others))
        cross = max(cross, *(np.linalg.norm(M, 2) for M in others))
    name = "orthonormal_groups."
    assert found[name + "cross"] == pytest.approx(cross)
    assert found[name + "nu"] == pytest.approx(np.sqrt(max(sums)))
    assert found[name + "interference"] == pytest.approx(np.sqrt(sum(sums)))
    assert found[name + "defect"] < 1e-12 < found["gaussian.defect"]
    exact = gs.support_interval(A, A, 2, 2, 4, 5, form="exact")
    assert (found[name + "exact_low"], found[name + "exact_high"]) == tuple(exact)
    assert found["debiasing"] == gs.debiasing_threshold(np.linspace(4, 5, 101), 2)


def test_a_block_of_groups_goes_as_it_does_in_the_whole_population():
    """Two blocks of five lines, two active: all samples listed, against the blocks alone."""
    ends = np.array([4.0, 5.0])
    law = (4.0, 5.0, float(np.mean(ends**2)))
    s = Setting(10, 1, 2, *law, 1.0, 0.0, 0.0, (0.0, 0.0))
    start = 0.05
    _, angles = applicability._several_run(s, 1.8, start, ends, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    block = applicability._turned(np.eye(5), 1, np.arcsin(start), rng)
    A = np.kron(np.eye(2), block)
    Y = []
    for g, h in combinations(range(10), 2):
        for a, b in product([-5, -4, 4, 5], repeat=2):
            Y.append(a * np.eye(10)[g] + b * np.eye(10)[h])
    for k in range(4):
        measured = np.degrees(gs.principal_angles(A, np.eye(10), 1).max())
        assert measured == pytest.approx(angles[k], rel=1e-9)
        A = A - s.largest_a / s.kappa * gs.loss_and_grad(A, np.array(Y), 1.8, 1)[1]
        A /= np.linalg.norm(A, axis=0)


def test_at_the_paper_s_sizes_what_needs_gamma_d_below_n_is_void():
    sizes = {"n_features": 950, "n_groups": 500, "group_size": 2, "n_active": 3}
    sizes = {**sizes, "norm_range": (4.0, 5.0)}
    names = ("joint", "interference", "corrected_low", "corrected_high")
    ends = ("exact_low", "exact_high", "data_low", "data_high")
    found = {f"{kind}.{name}": 1.0 for kind in applicability.KINDS for name in (*names, *ends)}
    found |= {"debiasing": 2.4, "r11_low": 2.2, "r11_high": 2.4, "r11_void": 1.0}

    def outcomes(found, sizes):
        rows = applicability.verdicts(found, {"allowed": 9.0}, sizes)
        return {row[0]: row[-1] for row in rows}

    large = outcomes(found, sizes)
    assert large["R10"] == large["R11"] == large["R12"] == large["R13"] == "void"
    fitting = outcomes({**found, "r11_void": 0.0}, {**sizes, "n_features": 1000})
    assert fitting["R11"] == "see gs.certify_run"
    assert fitting["R10"] == "to first order in ||N||_F"


def test_too_coherent_groups_leave_no_start_to_certify():
    run = applicability.one_active(4, 6, 2, (4.0, 5.0), 0)
    assert np.isnan(run["allowed"])
    data = compute.Theorems({}, {}, run, [])
    assert applicability.judge(data).holds is None
    assert "no start" in applicability._run_table(run, "n = 4").rows[0][0]
