"""T21's Table 1 and Figures 4 and 5 in small, on scikit-learn's digits."""

import numpy as np
import pytest
from gallery import assert_panels_of_the_gallery

import gsae_ref as gs
from gsae_ref.experiments import load
from gsae_ref.experiments.common import clustering
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw, publish
from gsae_ref.experiments.t21 import figure_4, figure_5
from gsae_ref.experiments.t21.table_1 import (
    baselines,
    claims,
    compute,
    networks,
    plots,
    restarts,
    results,
)
from gsae_ref.experiments.t21.table_1.settings import DIGITS, Sizes

sklearn = pytest.importorskip("sklearn")
SMALL = DIGITS._replace(n_groups=6, group_size=3, n_neighbors=20)
TINY = dict(quick=True, epochs=3, restarts=2, n_train=400, n_test=200, setting=SMALL)
FOUR = dict(
    network="group",
    data="digits",
    n_train=300,
    seed=1,
    setting=SMALL._replace(n_epochs=4)._asdict(),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def table(folder):
    return compute.compute(ResultCache(folder), **TINY, baselines=["gaussian-mixture"])


@pytest.fixture(scope="module")
def fourth(folder):
    return figure_4.compute(ResultCache(folder), **TINY)


@pytest.fixture(scope="module")
def fifth(folder):
    return figure_5.compute(ResultCache(folder), **TINY)


def digits():
    return networks.images("digits", None, 400, 200)


def group_norms(A, Y):
    """Norms of the groups of the unfolded network's codes, by slices."""
    X = gs.unfolded_encode(A, Y, 1.25, 3, 15, 0.04)
    return np.stack([np.linalg.norm(X[:, k : k + 3], axis=1) for k in range(0, 18, 3)], axis=1)


def test_the_experiments_are_registered():
    assert load("t21-table-1") is compute
    assert load("t21-figure-4") is figure_4
    assert load("t21-figure-5") is figure_5


# ---- the recipe


def test_the_default_is_the_recipe_of_the_paper():
    size = Sizes.resolve()
    s = size.setting
    assert (size.data, s.n_epochs, s.n_unfold, s.step_size) == ("mnist", 300, 15, 1e-3)
    assert s.shape("group") == (10, 16, pytest.approx(5.0))
    assert s.shape("sparse") == (160, 1, pytest.approx(0.75))
    assert s.n_neighbors == 1000
    assert size.n_train is None
    assert size.n_test is None
    assert size.settles_claims


def test_an_option_replaces_the_default():
    size = Sizes.resolve(epochs=5, restarts=3, batch_size=64)
    assert (size.setting.n_epochs, size.restarts, size.setting.batch_size) == (5, 3, 64)
    assert Sizes.resolve(quick=True).data == "digits"
    small = Sizes.resolve(quick=True, data="mnist")
    assert (small.n_train, small.n_test, small.restarts) == (6000, 2000, 1)
    assert (small.setting.n_epochs, small.setting.n_neighbors) == (2, 200)
    assert Sizes.resolve(quick=True, data="mnist", epochs=7).setting.n_epochs == 7


@pytest.mark.parametrize(
    "option", [{"data": "cifar"}, {"epochs": 0}, {"restarts": 0}, {"batch_size": 0}]
)
def test_a_bad_size_is_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        Sizes.resolve(**option)


@pytest.mark.parametrize("option", [{"reading": "loose"}, {"choose": "labels"}])
def test_a_bad_option_is_refused(option):
    with pytest.raises(ValueError, match="choose one of"):
        compute.compute(ResultCache(None), **TINY, **option)


def test_images_are_centred_by_the_training_mean():
    raw = gs.load_digits()
    centred = digits()
    np.testing.assert_allclose(centred.train.mean(axis=0), 0, atol=1e-6)
    uncentred = centred.test + raw.train_images[:400].mean(axis=0)
    np.testing.assert_allclose(uncentred, raw.test_images[:200], atol=1e-6)


def test_a_baseline_that_cannot_run_is_refused_before_anything_is_trained(monkeypatch):
    monkeypatch.setattr(baselines.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(networks, "train", None)
    with pytest.raises(ValueError, match="clustpy, which is not installed.*leave subkmeans out"):
        compute.compute(ResultCache(None), **TINY, baselines=["subkmeans"])
    with pytest.raises(ValueError, match="choose one of"):
        compute.compute(ResultCache(None), **TINY, baselines=["deep"])
    assert baselines.require("gaussian-mixture") == "gaussian-mixture"


# ---- training, and the restarts


def test_a_training_is_that_of_train():
    run = networks.train_network(**FOUR)
    raw = gs.load_digits().train_images[:300]
    Y = raw - raw.mean(axis=0)
    start = networks.untrained("principal", Y, "group", SMALL, 1)
    options = dict(n_unfold=15, unfold_step=0.04, step_size=1e-2, batch_size=128, rng=1)
    result = gs.train(start, Y, 1.25, 3, 4, constraint="columns", **options)
    np.testing.assert_allclose(run["loss"], result.history["loss"], rtol=1e-4)
    np.testing.assert_allclose(run["A"], result.x, atol=1e-3)
    assert run["relative_step"] == pytest.approx(max(result.history["relative_step"]), rel=1e-3)
    np.testing.assert_allclose(np.linalg.norm(run["A"], axis=0), 1, rtol=1e-5)
    np.testing.assert_array_equal(run["A"], networks.train_network(**FOUR)["A"])


def test_the_sparse_network_is_one_with_groups_of_one_atom():
    A = networks.untrained("principal", digits().train, "sparse", SMALL, 0)
    Y = digits().test[:4]
    X = networks.codes(A, Y, "sparse", SMALL)
    np.testing.assert_array_equal(X, gs.unfolded_encode(A, Y, 0.01 / 0.04, 1, 15, 0.04))


def test_an_interrupted_training_resumes(tmp_path, monkeypatch):
    cache = ResultCache(tmp_path)
    straight = networks.train_network(**FOUR)
    path = cache.checkpoint("digits-group-n300-4epochs-seed1")
    # An interrupt leaves a checkpoint, and no result.
    shorter = SMALL._replace(n_epochs=2)._asdict()
    networks.train_network(**{**FOUR, "setting": shorter}, checkpoint=path)
    epochs = []
    real = networks.train

    def watched(*arguments, **options):
        def listen(intermediate_result):
            epochs.append(intermediate_result.nit)

        return real(*arguments, **options, callback=listen)

    monkeypatch.setattr(networks, "train", watched)
    size = Sizes.resolve(data="digits", n_train=300, setting=SMALL)
    run = networks.trained_network(cache, size, "group", 4, 1)
    assert epochs == [3, 4]
    np.testing.assert_array_equal(run["A"], straight["A"])
    assert not list(tmp_path.glob("*checkpoint*"))

    # A table with another number of neighbours reads the same network back.
    monkeypatch.setattr(networks, "train", None)
    other = Sizes.resolve(data="digits", n_train=300, setting=SMALL._replace(n_neighbors=7))
    again = networks.trained_network(cache, other, "group", 4, 1)
    np.testing.assert_array_equal(again["A"], run["A"])


def test_an_interrupt_is_passed_on(monkeypatch):
    def interrupted(*arguments, **options):
        def now(intermediate_result):
            raise KeyboardInterrupt

        return gs.train(*arguments, **options, callback=now)

    monkeypatch.setattr(networks, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        networks.train_network(**FOUR)


def test_the_restart_with_the_lowest_loss_is_kept(monkeypatch):
    seen = []

    def trained(cache, size, network, n_epochs, seed):
        seen.append((network, n_epochs, seed))
        return {"fun": abs(seed - 2002) + n_epochs, "A": np.array([[float(seed)]])}

    monkeypatch.setattr(restarts, "trained_network", trained)
    monkeypatch.setattr(restarts, "images", None)  # neither labels nor images are used
    size = Sizes.resolve(data="digits", epochs=50, restarts=4)
    kept = restarts.train_networks(ResultCache(None), size, repetition=2)
    screened = [("group", 34, 2000 + k) for k in range(4)]
    assert seen == [*screened, ("group", 50, 2002), ("sparse", 50, 2000)]
    assert len(set(seen)) == restarts.n_trainings(size)
    assert kept["group"]["A"] == 2002


def test_a_short_training_is_not_done_twice():
    assert restarts.n_trainings(Sizes.resolve(data="digits", epochs=34, restarts=4)) == 5


def test_the_objective_is_loss_plus_penalty(folder):
    size = Sizes.resolve(**TINY)
    runs = restarts.train_restarts(ResultCache(folder), size, 0)
    Y = digits().train.astype(float)
    values = restarts.objective(ResultCache(None), size, runs)
    for run, value in zip(runs, values, strict=True):
        A = run["A"].astype(float)
        X = gs.unfolded_encode(A, Y, 1.25, 3, 15, 0.04)
        halves = np.sum((Y - X @ A.T) ** 2, axis=1) / 2
        penalties = 1.25 * group_norms(A, Y).sum(axis=1)
        assert value == pytest.approx(np.mean(halves + penalties), rel=1e-4)


def test_active_groups_are_counted_on_all_training_images(folder):
    size = Sizes.resolve(**TINY)
    runs = restarts.train_restarts(ResultCache(folder), size, 0)
    values = restarts.active_groups(ResultCache(None), size, runs)
    for run, value in zip(runs, values, strict=True):
        X = networks.codes(run["A"], digits().train, "group", size.setting)
        counts = sum(X[:, k : k + 3].any(axis=1).astype(int) for k in range(0, X.shape[1], 3))
        assert value == np.mean(counts)


def test_the_run_that_agrees_with_no_other_is_not_kept(monkeypatch):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, 200)
    strongest = [
        truth,
        (truth + 2) % 5,
        np.where(rng.random(200) < 0.1, 0, truth),
        np.where(truth == 3, 4, truth),
        rng.integers(0, 5, 200),
    ]

    def statistics(cache, size, A):
        return {"strongest": strongest[A]}

    monkeypatch.setattr(restarts, "group_statistics", statistics)
    values = restarts.disagreement(None, None, [{"A": k} for k in range(5)])
    assert values[0] == pytest.approx(values[1])
    assert values[:2].max() < values[2:4].min() < values[4]
    indices = [sklearn.metrics.adjusted_rand_score(truth, other) for other in strongest[1:]]
    assert values[0] == pytest.approx(1 - np.mean(indices))
    assert restarts.disagreement(None, None, [{"A": 0}]) == [1]


# ---- the table


def test_the_table_has_every_row_under_both_readings(table):
    rows = {(row[0], row[1]): row for row in table.tables[0].rows}
    expected = {
        ("raw", "either"),
        ("sparse codes", "either"),
        ("predict", "ours"),
        ("restart of least disagreement", "ours"),
        ("restart of lowest objective", "ours"),
        ("restart of fewest active groups", "ours"),
        ("principal columns, untrained", "control"),
        ("gaussian columns, untrained", "control"),
    }
    for name in ("sparse codes+", "group-sparse codes", "group-sparse codes+"):
        expected |= {(name, "literal"), (name, "closest")}
    assert set(rows) == expected
    Y = digits()
    scores = clustering.agreement(Y.labels, clustering.kmeans(Y.test, 10, 0))
    assert float(rows["raw", "either"][4]) == round(scores["accuracy"], 1)
    assert rows["raw", "either"][3] == 54.46
    assert rows["group-sparse codes+", "literal"][5] == 80.27


def test_predict_is_the_group_with_the_largest_norm(table, folder):
    A = restarts.train_networks(ResultCache(folder), Sizes.resolve(**TINY), 0)["group"]["A"]
    strongest = group_norms(A, digits().test).argmax(axis=1)
    (row,) = [row for row in table.data.rows if row.name == "predict"]
    expected = 100 * gs.clustering_accuracy(digits().labels, strongest)
    assert row.scores["argmax"].accuracy == [pytest.approx(expected)]


def test_the_restart_of_another_rule_is_clustered(table):
    (row,) = [row for row in table.data.rows if row.name == "restart of fewest active groups"]
    assert row.scores["k-means"].accuracy == table.data.restarts.chosen_accuracy("active").tolist()


def test_the_number_of_results_is_announced(tmp_path):
    cache = ResultCache(tmp_path)
    compute.compute(cache, **TINY, baselines=["gaussian-mixture"])
    assert len(cache.seconds) == cache._expected


def test_no_claim_is_settled_by_other_data(table, fourth, fifth):
    found = [*table.claims, *fourth.claims, *fifth.claims]
    assert len(found) > 15
    assert {claim.holds for claim in found} == {None}
    assert any("not MNIST" in note for note in table.notes)
    assert any("45 representations" in note for note in table.notes)


def test_one_reading_alone(folder):
    study = compute.compute(ResultCache(folder), **TINY, reading="literal")
    assert {row[1] for row in study.tables[0].rows} == {"either", "literal", "ours", "control"}


def made_up(change=0.0, changed="group-sparse codes+"):
    """Results with the paper's numbers, those of one row changed, under the closest reading."""
    rows = []
    for name, (_, representations) in compute.ROWS.items():
        label = "either" if len(set(representations)) == 1 else "closest"
        scores = {}
        for method, number in zip(clustering.METHODS, claims.PAPER[name], strict=True):
            value = number + change * (name == changed)
            scores[method] = results.Scores([value, value], [], [])
        rows.append(results.Row(name, label, representations[1], scores, 0.0))
    found = results.Restarts(
        {"active": np.array([[2.0, 1.0], [1.0, 2.0]])},
        np.array([[60.0, 79.0], [80.0, 70.0]]),
        None,
        None,
    )
    return results.Results(rows, "loss", found, {}, {}, [], [])


def test_the_paper_s_own_numbers_reproduce():
    found = claims.judge(made_up(), Sizes.resolve(epochs=34))
    assert len(found) == 13
    assert all(claim.holds for claim in found)


def test_our_own_rule_must_reach_79_in_every_repetition():
    data = made_up()
    data.restarts.rules["active"][1] = [2.0, 1.0]
    claim = claims.judge(data, Sizes.resolve(epochs=34))[-1]
    assert (claim.source, claim.holds) == ("ours", False)
    assert claim.measured.endswith("(70.0 to 79.0)")


@pytest.mark.parametrize(
    ("row", "change", "wrong"),
    [
        ("raw", 1.1, 2),
        ("raw", 0.9, 0),
        ("sparse codes", -3.1, 2),
        ("group-sparse codes", 1.1, 2),
        ("group-sparse codes+", -1.2, 1),
        ("group-sparse codes+", -15.0, 4),
        ("sparse codes+", 20.0, 4),
    ],
)
def test_numbers_that_are_off_do_not(row, change, wrong):
    found = claims.judge(made_up(change, row), Sizes.resolve(epochs=34))
    assert [claim.holds for claim in found].count(False) == wrong


@pytest.mark.parametrize("smaller", [{"epochs": 33}, {"n_train": 6000}, {"n_test": 2000}])
def test_a_reduced_size_settles_nothing(smaller):
    size = Sizes.resolve(**{"epochs": 34, **smaller})
    assert {claim.holds for claim in claims.judge(made_up(), size)} == {None}


# ---- Figures 4 and 5


def test_separation_by_another_route():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 12)
    R = rng.integers(0, 4, size=(36, 2)) + 2 * np.eye(3)[labels][:, :2]
    D = figure_5.distances(R)
    i, j = np.triu_indices(36, 1)
    expected = sklearn.metrics.roc_auc_score(labels[i] == labels[j], -D[i, j])
    assert figure_5.separation(D, labels).auc == pytest.approx(100 * expected)
    np.testing.assert_allclose(D[3, 7], np.linalg.norm(R[3] - R[7]))


def test_figure_4_describes_the_codes(fourth, folder):
    A = restarts.train_networks(ResultCache(folder), Sizes.resolve(**TINY), 0)["group"]["A"]
    X = gs.unfolded_encode(A, digits().test, 1.25, 3, 15, 0.04)
    rows = {row[0]: row for row in fourth.tables[0].rows}
    assert rows["group"][1] == pytest.approx(np.mean(np.sum(X != 0, axis=1)))
    active = group_norms(A, digits().test) > 0
    assert rows["group"][2] == pytest.approx(active.sum(axis=1).mean())
    assert 1 <= rows["group"][2] < rows["sparse"][2]
    assert 0 < rows["group"][3] <= 1
    assert list(digits().labels[figure_4.shown(digits().labels)]) == [0, 1, 2]


def test_the_sheet_shows_every_atom_with_its_largest_entry_positive():
    A = np.array([[1.0, -4.0, 0.5], [2.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 2.0, 0.25]])
    sheet = figure_4.atoms_sheet(np.concatenate([A, -A[:, :1]], axis=1), 2, 2)
    assert sheet.shape == (7, 7)
    expected = [[0.5, 1.0], [-0.5, 0.0]]
    assert sheet[1:3, 1:3].tolist() == sheet[4:6, 4:6].tolist() == expected
    assert sheet[1:3, 4:6].tolist() == [[1.0, -0.25], [-0.25, -0.5]]
    assert np.isnan(sheet[::3]).all()


def test_figures_take_the_networks_of_a_table(tmp_path, monkeypatch, table, fourth, folder):
    (tmp_path / "cache").symlink_to(folder)
    monkeypatch.setattr(networks, "train", None)  # nothing is trained
    again = figure_4.compute(ResultCache(None), **TINY, saved=tmp_path)
    A = again.data.networks["group"].A
    np.testing.assert_array_equal(A, fourth.data.networks["group"].A)


def test_figure_5_is_sorted_by_digit(fifth):
    D = fifth.data.distances["pixels"]
    assert D.max() == 1
    assert not D.diagonal().any()
    assert len(fifth.data.edges) == 9
    order = figure_5.sorted_sample(digits().labels)
    assert (np.diff(digits().labels[order]) >= 0).all()
    assert len(set(order)) == len(order) == len(D)


def test_every_picture_has_its_labels(table, fourth, fifth):
    pytest.importorskip("matplotlib")
    for study, module in ((table, compute), (fourth, figure_4), (fifth, figure_5)):
        for stem, grid in module.FIGURES.items():
            figure = draw(study, grid)
            assert_panels_of_the_gallery(stem, figure)
            axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
            assert axes
            for ax in axes:
                assert ax.get_xlabel()
                assert ax.get_ylabel()
                assert ax.get_title()


@pytest.mark.parametrize("method", ["k-means", "spectral"])
def test_the_picture_of_the_table_has_the_papers_number_beside_ours(table, method):
    axes = draw(table, [[plots.bars(method)]]).axes[0]
    paper, ours = (drawn.datavalues.tolist() for drawn in axes.containers)
    rows = [row for row in table.data.rows if row.name in claims.PAPER]
    column = clustering.METHODS.index(method)
    assert paper == [claims.PAPER[row.name][column] for row in rows]
    assert ours == pytest.approx([np.mean(row.scores[method].accuracy) for row in rows])
    assert len(axes.get_yticklabels()) == len(rows)


def test_a_study_of_other_data_says_so_in_its_title(table, fourth, fifth):
    for study in (table, fourth, fifth):
        data = study.recipe["data"]
        assert study.title.endswith(f"; computed on {data}, not MNIST")


def test_the_kept_restarts_are_ringed(table):
    figure = draw(table, [[plots.restarts("active")]])
    every, kept = figure.axes[0].lines
    assert len(every.get_xdata()) == 2
    assert kept.get_xdata() == every.get_xdata().min()
    assert kept.get_ydata() == table.data.restarts.chosen_accuracy("active")


def test_pictures_and_report_are_written(tmp_path, table):
    pytest.importorskip("matplotlib")
    files = publish(table, compute.FIGURES, tmp_path)
    assert [file.split(".")[-1] for file in files] == ["md", "json", *2 * ["png", "svg"]]
    text = (tmp_path / "report.md").read_text()
    for words in ("gaussian-mixture", "conjecture", "lowest objective"):
        assert words in text
