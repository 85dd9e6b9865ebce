"""Figure 3: the units of work against routes of their own, the rules, the theory beside the runs, and the whole study at a tiny size."""

import json

import numpy as np
import pytest
from oracle import loss as oracle_loss

import gsae_ref as gs
from gsae_ref import experiments
from gsae_ref.cli import main
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw
from gsae_ref.experiments.t21.figure_3 import claims as figure_3_claims
from gsae_ref.experiments.t21.figure_3 import compute as figure_3
from gsae_ref.experiments.t21.figure_3 import runs as figure_3_runs
from gsae_ref.experiments.t21.figure_3.runs import PAPER, QUICK, starting_threshold, train_network
from gsae_ref.experiments.t21.figure_3.theory import (
    closeness_allowed,
    contraction,
    hypotheses,
    rotation_free_distances,
    theorem_2,
)

# n, norms and lam of the paper, so that the start is as deep in the noise as there; few groups and
# samples, larger steps, fewer of them.
TINY = PAPER._replace(n_groups=10, n_samples=200, n_epochs=40, step_size=4e-3)


def run(network, recipe, lam=2.0, snr=10.0, **changes):
    return train_network(network, recipe, lam, snr, 0, TINY._replace(**changes)._asdict())


@pytest.fixture(scope="module")
def study():
    return figure_3.compute(ResultCache(None), snr=(10.0, 1.0), setting=TINY, thresholds=(1.0, 2.0))


# ------------------------------------------------------------------------------------------------ units of work


def test_the_setting_is_the_paper_s():
    assert (
        PAPER.n_features,
        PAPER.n_groups,
        PAPER.group_size,
        PAPER.n_samples,
        PAPER.n_active,
    ) == (950, 500, 2, 10_000, 3)
    assert (PAPER.norm_range, PAPER.correlation, PAPER.step_size, PAPER.n_epochs) == (
        (4, 5),
        0.15,
        1e-3,
        300,
    )
    assert QUICK.n_features == PAPER.n_features
    assert (
        QUICK.n_samples * QUICK.n_active / QUICK.n_groups
        == PAPER.n_samples * PAPER.n_active / PAPER.n_groups
    )


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
    start = gs.perturb_dictionary(gs.make_dictionary(950, 10, 2, rng=0), correlation=0.15, rng=0)
    Y = gs.sample(gs.make_dictionary(950, 10, 2, rng=0), 200, 3, 2, snr_db=10, rng=0).Y
    cost, G = gs.loss_and_grad(start / np.linalg.norm(start, axis=0), Y, 2.0, 2)
    assert not G.any()
    assert cost == pytest.approx(found["loss"][0], rel=1e-12)


@pytest.mark.parametrize("recipe", ["scaled", "ramp"])
def test_the_recipes_recover_what_the_literal_reading_does_not(recipe):
    found = run("group", recipe)
    assert found["active_groups"][0] == pytest.approx(
        0.3, abs=0.006
    )  # a tenth of 3, on 200 samples
    assert found["error"][-1] < 0.4 * found["error"][0]
    assert min(found["recall"][-1], found["precision"][-1]) > 0.7
    assert (found["rotation_free_error"] <= found["error"] + 1e-12).all()


def test_the_ramp_ends_half_way_and_the_scaled_start_has_the_norm_of_the_rule():
    ramp = run("group", "ramp", n_epochs=8)
    scaled = run("group", "scaled", n_epochs=1)
    lam_0 = float(ramp["lam_0"])
    np.testing.assert_allclose(
        ramp["lam"], lam_0 + (2 - lam_0) * np.minimum(np.arange(9) / 4, 1), rtol=1e-12
    )
    assert scaled["column_norm"][0] == pytest.approx(2 / lam_0, rel=1e-12)
    assert scaled["lam"].tolist() == [2, 2]


def test_the_rule_counts_what_exceeds_it():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(12, 40))
    Y = rng.normal(size=(500, 12))
    Z = Y @ A
    compared = {
        "group": np.hypot(Z[:, ::2], Z[:, 1::2]),
        "soft": np.abs(Z),
        "hard": np.abs(Z),
        "relu": Z,
    }
    for network, values in compared.items():
        lam = starting_threshold(A, Y, network, 2, 5)
        assert np.mean(np.sum(values > lam, axis=1)) == pytest.approx(
            0.5 if network == "group" else 1.0, abs=0.01
        )


@pytest.mark.parametrize(
    "network, codes",
    [
        (
            "group",
            lambda Z: np.concatenate(
                [max(1 - 2 / np.linalg.norm(z), 0) * z for z in Z.reshape(-1, 2)]
            ),
        ),
        ("soft", lambda Z: np.sign(Z) * np.maximum(np.abs(Z) - 2, 0)),
        ("hard", lambda Z: Z * (np.abs(Z) > 2)),
        ("relu", lambda Z: np.maximum(Z - 2, 0)),
    ],
)
def test_a_network_has_its_activation_and_descends_its_own_loss(network, codes):
    cost_and_gradient, encode = figure_3_runs._network(network, 2, "exact")
    rng = np.random.default_rng(1)
    A = rng.normal(size=(7, 6))
    Y = 2 * rng.normal(size=(9, 7))
    V = rng.normal(size=(7, 6))
    X = np.array([codes(y @ A) for y in Y])
    np.testing.assert_allclose(encode(A, Y, 2.0), X, atol=1e-12)
    cost, G = cost_and_gradient(A, Y, 2.0)
    assert cost == pytest.approx(np.sum((Y - X @ A.T) ** 2) / 18, rel=1e-12)
    h = 1e-6
    slope = (cost_and_gradient(A + h * V, Y, 2.0)[0] - cost_and_gradient(A - h * V, Y, 2.0)[0]) / (
        2 * h
    )
    assert np.sum(G * V) == pytest.approx(slope, rel=1e-6)


def test_the_last_loss_is_that_of_the_oracle():
    """One epoch with a negligible step: the loss at the end is that at the start, per sample by explicit loops."""
    found = run("group", "scaled", n_groups=4, n_samples=20, step_size=1e-12, n_epochs=1)
    A_star = gs.make_dictionary(950, 4, 2, rng=0)
    Y = gs.sample(A_star, 20, 3, 2, snr_db=10, rng=0).Y
    A = gs.perturb_dictionary(A_star, correlation=0.15, rng=0)
    A *= found["column_norm"][0] / np.linalg.norm(A, axis=0)
    assert found["loss"][1] == pytest.approx(oracle_loss(A, Y, 2.0, 2), rel=1e-8)


def test_an_interrupted_run_continues_bit_for_bit(tmp_path, monkeypatch):
    setting = TINY._replace(n_epochs=60)._asdict()
    whole = train_network("group", "scaled", 2.0, 10.0, 0, setting)
    path = str(tmp_path / "run.npz")
    seen = []
    honest = figure_3_runs.hypotheses

    def interrupting(*args):
        seen.append(1)
        if len(seen) == 45:
            raise KeyboardInterrupt
        return honest(*args)

    monkeypatch.setattr(figure_3_runs, "hypotheses", interrupting)
    with pytest.raises(KeyboardInterrupt):
        train_network("group", "scaled", 2.0, 10.0, 0, setting, checkpoint=path)
    resumed = train_network("group", "scaled", 2.0, 10.0, 0, setting, checkpoint=path)
    assert len(seen) == 45 + 61 - 44  # the 44 epochs that were done are not done again
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_the_start_is_drawn_with_one_blas_thread(monkeypatch):
    """Its bits are in the fingerprint of the checkpoint, and would depend on the number of threads."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    seen = []
    honest = figure_3_runs.starting_threshold

    def threads():
        return {
            library["num_threads"]
            for library in threadpoolctl.threadpool_info()
            if library["user_api"] == "blas"
        }

    monkeypatch.setattr(
        figure_3_runs, "starting_threshold", lambda *given: seen.append(threads()) or honest(*given)
    )
    with threadpoolctl.threadpool_limits(2, "blas"):
        run("group", "scaled", n_groups=4, n_samples=20, n_epochs=1)
    assert seen == [{1}]


def test_a_finished_run_leaves_its_result_and_no_checkpoint(tmp_path):
    figure_3.trained(
        ResultCache(tmp_path), TINY._replace(n_epochs=21), "group", "unit", 2.0, 10.0, 0
    )
    assert [path.name for path in tmp_path.iterdir()] == [
        "group-unit-exact-lam2-snr10-seed0-N200.npz"
    ]


# ------------------------------------------------------------------------------------------------ theory beside the runs


def test_distances_modulo_rotation_are_those_of_a_search_over_angles():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(5, 4))
    S = gs.make_dictionary(5, 2, 2, rng=1)
    unit = A / np.linalg.norm(A, axis=0)
    found = rotation_free_distances(A, S, 2)
    for g, block in enumerate((slice(0, 2), slice(2, 4))):
        t = np.linspace(0, 2 * np.pi, 20_001)
        turns = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]).transpose(2, 0, 1)
        turns = np.concatenate([turns, turns * np.array([1, -1])])
        distance = np.linalg.norm(unit[:, block] - S[:, block] @ turns, axis=(1, 2)).min()
        assert found[g] == pytest.approx(distance, abs=1e-6)


def test_hypotheses_of_a_dictionary_seen_by_hand():
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
    from gsae_ref.papers.t21.support.formulas import recovery_interval

    delta = closeness_allowed(3, 0.01, 2, form, (4.0, 5.0))
    low, high = recovery_interval(3, 4.0, 5.0, 0.01, delta, 2, form)
    assert delta > 0
    assert low == pytest.approx(high, rel=1e-12)


def test_theorem_2_cannot_be_asked_of_a_group_at_an_obtuse_angle():
    far = {"unit_delta": 1.9, "alpha_min": -0.1, "omega_max": 0.2}
    assert np.isnan(theorem_2(far, 0.5, 3, 500, 2, 950)[2])
    assert (
        theorem_2(far, 0.5, 3, 500, 2, 950)[0] < 0
    )  # tau below 2/3: (69) asks for a negative squared norm


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
    np.testing.assert_allclose(
        found["design"], np.repeat(found["predicted"][:, None], 16, axis=1), rtol=1e-9
    )
    assert 0.8 < np.median(found["sample"][-1]) / found["predicted"][-1] < 1.25
    assert (found["distance"] <= found["bound"] * (1 + 1e-12)).all()
    assert found["distance"][-1] > 0.5 * found["bound"][-1]  # and the bound is not idle
    assert found["predicted"][-1] < 0.2 * found["predicted"][0]


# ------------------------------------------------------------------------------------------------ the study


def test_the_study_judges_every_claim(study):
    said = {
        (claim.source, claim.text.split("here: ")[-1][:12]): claim.holds for claim in study.claims
    }
    assert said[("T21 Figure 3a, reduced size", "as stated: A")] is False
    assert said[("T21 Figure 3a, reduced size", "as stated, c")] is False
    assert said[("T21 Figure 3a, reduced size", "start of col")] is True
    assert said[("T21 Figure 3a, reduced size", "unit columns")] is True

    def holds(source):
        return [claim.holds for claim in study.claims if claim.source.startswith(source)]

    assert (holds("T21 Figure 3b"), holds("R"), holds("T21 Section 4.1")) == (
        [True, True],
        [True, True],
        [False],
    )
    assert (len(holds("T21 Figure 3c")), len(holds("T21 Figure 3d"))) == (1, 2)


def test_only_the_paper_s_size_speaks_for_the_paper(study):
    assert study.title.endswith("(reduced size)")
    assert all(
        "reduced size" in claim.source for claim in study.claims if claim.source.startswith("T21")
    )
    assert not any(
        "reduced size" in claim.source for claim in figure_3_claims.judge(study.data, reduced=False)
    )


def test_every_threshold_and_network_is_shown(study):
    grid = next(table for table in study.tables if table.title.startswith("Thresholds"))
    assert len(grid.rows) == 4 * 2
    assert sorted(
        sum(rule in row[2] for row in grid.rows) for rule in figure_3_claims.RULE.values()
    ) == [4, 4]
    assert study.data["snrs"] == [1.0, 10.0]
    json.dumps(study.recipe)


def fake_grid(errors, atoms):
    """Runs of one network whose end is given for each threshold."""
    ends = zip(errors, atoms, strict=True)
    return {
        str(lam): {"error": np.array([[1.7, error]]), "active_atoms": np.array([[0.6, n]])}
        for lam, (error, n) in enumerate(ends)
    }


def test_thresholds_are_chosen_by_both_rules_for_all_alike():
    chosen = figure_3_claims.choices(fake_grid((0.9, 0.3, 0.5), (40.0, 9.0, 7.0)), PAPER._asdict())
    assert chosen == {"error": 1.0, "activity": 2.0}


@pytest.mark.parametrize(
    "group, expected", [((0.3, 0.3), True), ((0.3, 0.6), None), ((0.6, 0.6), False)]
)
def test_the_comparison_is_settled_only_by_both_rules(group, expected):
    networks = {
        rule: {
            name: {"error": np.array([[1.7, end if name == "group" else 0.5]])}
            for name in figure_3_claims.NETWORK
        }
        for rule, end in zip(("error", "activity"), group, strict=True)
    }
    assert figure_3_claims._closer(networks, "1").holds is expected


def test_the_pictures_have_labels_and_legends(study):
    assert set(figure_3.FIGURES) == {
        "t21-figure-3",
        "t21-figure-3-recipes",
        "t21-figure-3-thresholds",
        "t21-figure-3-theory",
    }
    for grid in figure_3.FIGURES.values():
        for ax in draw(study, grid).axes:
            assert ax.get_xlabel()
            assert ax.get_title()
            assert ax.has_data()
    (panel_d,) = [
        ax
        for ax in draw(study, figure_3.FIGURES["t21-figure-3"]).axes
        if ax.get_title().startswith("d.")
    ]
    names = ["true code", "group-sparse", "soft threshold", "hard threshold", "ReLU with bias"]
    assert [label.get_text() for label in panel_d.get_yticklabels()] == names


def test_the_command_takes_the_noise_levels(monkeypatch, tmp_path, capsys):
    asked = {}

    def compute(cache, quick, seed, n_seeds, **options):
        asked.update(options, quick=quick, seed=seed, n_seeds=n_seeds)
        raise KeyboardInterrupt

    monkeypatch.setattr(figure_3, "compute", compute)
    assert experiments.load("t21-figure-3") is figure_3
    assert (
        main(
            [
                "reproduce",
                "t21-figure-3",
                "--quick",
                "--snr",
                "10",
                "5",
                "--seed",
                "4",
                "--seeds",
                "2",
                "--out",
                str(tmp_path),
            ]
        )
        == 130
    )
    assert asked == {"quick": True, "seed": 4, "n_seeds": 2, "snr": [10.0, 5.0]}
    assert "continues from" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong, message",
    [({"n_seeds": 0}, "n_seeds"), ({"snr": [np.nan]}, "snr"), ({"seed": -1}, "seed")],
)
def test_wrong_options_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        figure_3.compute(ResultCache(None), setting=TINY, **wrong)
