"""T21's Table 1 and Figures 4 and 5 in small, on scikit-learn's digits: the choice of a restart, what the claims come to, and that a run resumes."""

import numpy as np
import pytest

import gsae_ref as gs
from gsae_ref.experiments import load
from gsae_ref.experiments.common import clustering
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw, publish
from gsae_ref.experiments.t21 import figure_4, figure_5
from gsae_ref.experiments.t21.table_1 import baselines, restarts
from gsae_ref.experiments.t21.table_1 import claims as table_1_claims
from gsae_ref.experiments.t21.table_1 import compute as table_1
from gsae_ref.experiments.t21.table_1 import networks as mnist_networks
from gsae_ref.experiments.t21.table_1.networks import Setting

sklearn = pytest.importorskip("sklearn")
TINY = dict(
    quick=True,
    epochs=3,
    restarts=2,
    n_train=400,
    n_test=200,
    setting=table_1.DIGITS._replace(n_groups=6, group_size=3, n_neighbors=20),
)
FOUR = dict(
    network="group",
    data="digits",
    n_train=300,
    n_epochs=4,
    seed=1,
    setting=TINY["setting"]._asdict(),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def table(kept):
    return table_1.compute(
        ResultCache(kept), **TINY, start=["principal", "subspaces"], baselines=["k-subspaces"]
    )


@pytest.fixture(scope="module")
def fourth(kept):
    return figure_4.compute(ResultCache(kept), **TINY)


@pytest.fixture(scope="module")
def fifth(kept):
    return figure_5.compute(ResultCache(kept), **TINY)


def digits():
    return mnist_networks.images("digits", None, 400, 200)


def test_the_experiments_are_registered():
    assert (
        load("t21-table-1") is table_1
        and load("t21-figure-4") is figure_4
        and load("t21-figure-5") is figure_5
    )


# ------------------------------------------------------------------------------------------------ the recipe


def test_the_default_is_the_recipe_of_the_paper():
    size = table_1.settled()
    assert (size.data, size.epochs, size.setting.n_unfold, size.setting.step_size) == (
        "mnist",
        300,
        15,
        1e-3,
    )
    assert mnist_networks.sizes("group", size.setting) == (10, 16, pytest.approx(5.0))
    assert mnist_networks.sizes("sparse", size.setting) == (160, 1, pytest.approx(0.75))
    assert size.setting.n_neighbors == 1000 and size.n_train is None and size.n_test is None


def test_what_is_given_goes_before_the_default():
    size = table_1.settled(epochs=5, restarts=3, batch_size=64)
    assert (size.epochs, size.setting.n_epochs, size.restarts, size.setting.batch_size) == (
        5,
        5,
        3,
        64,
    )
    assert table_1.settled(quick=True).data == "digits"
    small = table_1.settled(quick=True, data="mnist")
    assert (
        small.n_train,
        small.n_test,
        small.epochs,
        small.restarts,
        small.setting.n_neighbors,
    ) == (6000, 2000, 2, 1, 200)


@pytest.mark.parametrize(
    "option", [{"data": "cifar"}, {"epochs": 0}, {"restarts": 0}, {"batch_size": 0}]
)
def test_a_bad_size_is_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        table_1.settled(**option)


@pytest.mark.parametrize(
    "option", [{"reading": "loose"}, {"start": ["zero"]}, {"choose": "labels"}]
)
def test_a_bad_option_is_refused(option):
    with pytest.raises(ValueError, match="choose one of"):
        table_1.compute(ResultCache(None), **TINY, **option)


def test_images_are_centred_by_the_training_mean():
    raw = gs.load_digits()
    centred = digits()
    np.testing.assert_allclose(centred.train.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(
        centred.test + raw.train_images[:400].mean(axis=0), raw.test_images[:200], atol=1e-6
    )


def test_a_baseline_that_cannot_run_is_refused_before_anything_is_trained(monkeypatch):
    monkeypatch.setattr(baselines.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="clustpy, which is not installed.*leave SubKmeans out"):
        table_1.compute(ResultCache(None), **TINY, baselines=["SubKmeans"])
    with pytest.raises(ValueError, match="choose one of"):
        table_1.compute(ResultCache(None), **TINY, baselines=["deep"])
    assert baselines.require("k-subspaces") == "k-subspaces"


# ------------------------------------------------------------------------------------------------ training, and the choice of a restart


def test_a_training_is_that_of_train():
    run = mnist_networks.train_network(**FOUR)
    s = Setting(**FOUR["setting"])
    raw = gs.load_digits().train_images[:300]
    Y = raw - raw.mean(axis=0)
    start = mnist_networks.untrained("principal", Y, "group", s, 1)
    result = gs.train(
        start,
        Y,
        1.25,
        3,
        4,
        n_unfold=15,
        unfold_step=0.04,
        step_size=1e-2,
        batch_size=128,
        constraint="columns",
        rng=1,
    )
    np.testing.assert_allclose(run["loss"], result.history["loss"], rtol=1e-4)
    np.testing.assert_allclose(run["A"], result.x, atol=1e-3)
    assert run["relative_step"] == pytest.approx(max(result.history["relative_step"]), rel=1e-3)
    np.testing.assert_allclose(np.linalg.norm(run["A"], axis=0), 1, rtol=1e-5)
    np.testing.assert_array_equal(run["A"], mnist_networks.train_network(**FOUR)["A"])


def test_the_sparse_network_is_one_with_groups_of_one_atom():
    s = Setting(**FOUR["setting"])
    A = mnist_networks.untrained("principal", digits().train, "sparse", s, 0)
    x = mnist_networks.codes(A, digits().test[:4], "sparse", s)
    np.testing.assert_array_equal(
        x, gs.unfolded_encode(A, digits().test[:4], 0.01 / 0.04, 1, 15, 0.04)
    )


def test_an_interrupted_training_continues(tmp_path, monkeypatch):
    cache = ResultCache(tmp_path)
    straight = mnist_networks.train_network(**FOUR)
    path = cache.checkpoint("digits-group-principal-n300-4epochs-seed1")
    early = {**FOUR, "n_epochs": 2}
    mnist_networks.train_network(
        **early, checkpoint=path
    )  # what an interrupt leaves: a checkpoint, and no result
    seen = []
    real = mnist_networks.train

    def watched(*arguments, **options):
        result = real(
            *arguments,
            **options,
            callback=lambda intermediate_result: seen.append(intermediate_result.nit),
        )
        return result

    monkeypatch.setattr(mnist_networks, "train", watched)
    s = Setting(**FOUR["setting"])
    run = mnist_networks.trained(cache, "group", "digits", 300, 4, 1, s)
    assert seen == [3, 4]
    np.testing.assert_array_equal(run["A"], straight["A"])
    assert not list(tmp_path.glob("*checkpoint*"))
    monkeypatch.setattr(
        mnist_networks, "train", None
    )  # nothing is trained again, whatever else the table is to be made of
    np.testing.assert_array_equal(
        mnist_networks.trained(cache, "group", "digits", 300, 4, 1, s._replace(n_neighbors=7))["A"],
        run["A"],
    )


def test_an_interrupt_is_passed_on(monkeypatch):
    def interrupted(*arguments, **options):
        def now(intermediate_result):
            raise KeyboardInterrupt

        return gs.train(*arguments, **options, callback=now)

    monkeypatch.setattr(mnist_networks, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mnist_networks.train_network(**FOUR)


def test_the_restart_with_the_lowest_loss_is_kept(monkeypatch):
    seen = []

    def trained(cache, network, data, n_train, n_epochs, seed, setting, start, source):
        seen.append((network, n_epochs, seed))
        return {"fun": abs(seed - 2002) + n_epochs, "A": np.array([[float(seed)]])}

    monkeypatch.setattr(restarts, "trained", trained)
    monkeypatch.setattr(restarts, "images", None)  # nor are labels, or anything else, looked at
    size = table_1.settled(data="digits", epochs=50, restarts=4)
    chosen = restarts.models(ResultCache(None), size, repetition=2)
    assert seen == [
        *(("group", 34, 2000 + k) for k in range(4)),
        ("group", 50, 2002),
        ("sparse", 50, 2000),
    ]
    assert chosen["group"]["A"] == 2002


def test_the_objective_is_loss_plus_penalty(kept):
    size = table_1.settled(**TINY)
    runs = restarts.screened(ResultCache(kept), size, 0, "principal")
    Y = digits().train
    _, d, lam = mnist_networks.sizes("group", size.setting)
    for run, value in zip(runs, restarts.objective_of(ResultCache(None), size, runs), strict=True):
        X = gs.unfolded_encode(run["A"].astype(float), Y.astype(float), lam, d, 15, 0.04)
        norms = sum(np.linalg.norm(X[:, k : k + d], axis=1) for k in range(0, X.shape[1], d))
        assert value == pytest.approx(
            np.mean(np.sum((Y - X @ run["A"].T) ** 2, axis=1) / 2 + lam * norms), rel=1e-4
        )


def test_active_groups_are_counted_on_all_training_images(kept):
    size = table_1.settled(**TINY)
    runs = restarts.screened(ResultCache(kept), size, 0, "principal")
    d = size.setting.group_size
    for run, value in zip(runs, restarts.active_of(ResultCache(None), size, runs), strict=True):
        X = mnist_networks.codes(run["A"], digits().train, "group", size.setting)
        assert value == np.mean([sum(x[k : k + d].any() for k in range(0, len(x), d)) for x in X])


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
    monkeypatch.setattr(restarts, "measured", lambda cache, size, A: {"strongest": strongest[A]})
    values = restarts.disagreement_of(None, None, [{"A": k} for k in range(5)])
    assert (
        values[0] == pytest.approx(values[1]) and values[:2].max() < values[2:4].min() < values[4]
    )
    expected = 1 - np.mean(
        [sklearn.metrics.adjusted_rand_score(truth, other) for other in strongest[1:]]
    )
    assert values[0] == pytest.approx(expected)
    assert restarts.disagreement_of(None, None, [{"A": 0}]) == [1]


def test_the_table_has_every_row_under_both_readings(table):
    rows = {(row[0], row[1]): row for row in table.tables[0].rows}
    twice = [
        (name, reading)
        for name in ("sparse codes+", "group-sparse codes", "group-sparse codes+")
        for reading in ("literal", "closest")
    ]
    assert set(rows) == {
        ("raw", "either"),
        ("sparse codes", "either"),
        *twice,
        ("predict", "ours"),
        ("restart of least disagreement", "ours"),
        ("restart of lowest objective", "ours"),
        ("restart of fewest active groups", "ours"),
        ("best groups of all restarts", "ours"),
        ("principal columns, untrained", "control"),
        ("gaussian columns, untrained", "control"),
    }
    Y = digits()
    assert float(rows["raw", "either"][4]) == round(
        clustering.agreement(Y.labels, clustering.kmeans(Y.test, 10, 0))["accuracy"], 1
    )
    assert rows["raw", "either"][3] == 54.46 and rows["group-sparse codes+", "literal"][5] == 80.27


def test_predict_is_the_group_with_the_largest_norm(table, kept):
    A = restarts.models(ResultCache(kept), table_1.settled(**TINY), 0)["group"]["A"]
    X = gs.unfolded_encode(A, digits().test, 1.25, 3, 15, 0.04)
    norms = np.stack([np.linalg.norm(X[:, k : k + 3], axis=1) for k in range(0, 18, 3)], axis=1)
    expected = 100 * gs.clustering_accuracy(digits().labels, norms.argmax(axis=1))
    assert table.data["table"]["predict | ours | group norms | argmax"]["accuracy"] == [
        pytest.approx(expected)
    ]


def test_no_claim_is_settled_by_other_data(table, fourth, fifth):
    claims = [*table.claims, *fourth.claims, *fifth.claims]
    assert len(claims) > 15 and {claim.holds for claim in claims} == {None}
    assert any("not MNIST" in note for note in table.notes) and any(
        "45 representations" in note for note in table.notes
    )


def test_one_reading_alone(kept):
    study = table_1.compute(ResultCache(kept), **TINY, reading="literal")
    assert {row[1] for row in study.tables[0].rows} == {"either", "literal", "ours", "control"}


def made_up(change=0.0, row="group-sparse codes+"):
    """Data of a table that has the paper's numbers, one of them changed."""
    scores = {}
    for name, (_, how) in clustering.ROWS.items():
        for method, number in zip(clustering.METHODS, table_1_claims.PAPER[name], strict=True):
            value = number + change * (name == row)
            scores[
                f"{name} | {table_1.reading_of(how, 'closest')} | {how['closest']} | {method}"
            ] = {"accuracy": [value, value]}
    found = {
        "k-means": np.array([[60.0, 79.0], [80.0, 70.0]]),
        "chosen": {"active": [1, 0]},
        "united": {"k-means": np.array([79.5, 79.0])},
    }
    return {"table": scores, "restarts": {"principal": found}}


def test_the_papers_own_numbers_reproduce():
    claims = table_1_claims.judge(made_up(), table_1.settled(epochs=34))
    assert len(claims) == 14 and all(claim.holds for claim in claims)


def test_our_own_rules_must_reach_79_every_time():
    data = made_up()
    of = data["restarts"]["principal"]
    of["united"]["k-means"][1] = 78.9
    of["chosen"]["active"][1] = 1
    claims = table_1_claims.judge(data, table_1.settled(epochs=34))[-2:]
    assert [(claim.source, claim.holds) for claim in claims] == [("ours", False)] * 2
    assert claims[0].measured.endswith("(70.0 to 79.0)") and claims[1].measured.endswith(
        "(78.9 to 79.5)"
    )


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
    claims = table_1_claims.judge(made_up(change, row), table_1.settled(epochs=34))
    assert [claim.holds for claim in claims].count(False) == wrong


def test_too_little_training_settles_nothing():
    assert {
        claim.holds for claim in table_1_claims.judge(made_up(), table_1.settled(epochs=33))
    } == {None}


def test_spread_and_the_epoch_of_decision():
    assert (
        table_1_claims.spread([79.84]) == "79.8"
        and table_1_claims.spread([1.0, 3.0]) == "2.0 ± 1.4 (1.0 to 3.0)"
    )
    curve = np.array(
        [[[3.0, 2.0, 1.0], [2.0, 2.5, 2.0]]]
    )  # the second is ahead in epoch 1, the first from epoch 2 on
    assert table_1_claims._decided({"curve": curve, "chosen": {"loss": [0]}}) == 2
    assert table_1_claims._decided({"curve": curve[:, ::-1], "chosen": {"loss": [1]}}) == 2
    assert table_1_claims._decided({"curve": curve, "chosen": {"loss": [1]}}) == "never"


def test_arrays_are_told_apart_by_their_hash():
    a = np.zeros((100, 100))
    b = a.copy()
    b[50, 50] = 1
    assert (
        repr(a) == repr(b)
        and repr(restarts.Kept(a)) != repr(restarts.Kept(b))
        and repr(restarts.Kept(a)) == repr(restarts.Kept(a.copy()))
    )


def test_separation_by_another_route():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 12)
    R = rng.integers(0, 4, size=(36, 2)) + 2 * np.eye(3)[labels][:, :2]
    D = figure_5.distances(R)
    i, j = np.triu_indices(36, 1)
    expected = sklearn.metrics.roc_auc_score(labels[i] == labels[j], -D[i, j])
    assert figure_5.separation(D, labels)["auc"] == pytest.approx(100 * expected)
    np.testing.assert_allclose(D[3, 7], np.linalg.norm(R[3] - R[7]))


def test_figure_4_describes_the_codes(fourth, kept):
    A = restarts.models(ResultCache(kept), table_1.settled(**TINY), 0)["group"]["A"]
    X = gs.unfolded_encode(A, digits().test, 1.25, 3, 15, 0.04)
    active = np.array([[np.any(x[k : k + 3]) for k in range(0, 18, 3)] for x in X])
    rows = {row[0]: row for row in fourth.tables[0].rows}
    assert rows["group"][1] == pytest.approx(np.mean(np.sum(X != 0, axis=1))) and rows["group"][
        2
    ] == pytest.approx(active.sum(axis=1).mean())
    assert 1 <= rows["group"][2] < rows["sparse"][2] and 0 < rows["group"][3] <= 1
    assert list(digits().labels[figure_4.shown(digits().labels)]) == [0, 1, 2]


def test_figures_take_the_networks_of_a_table(tmp_path, monkeypatch, table, fourth, kept):
    (tmp_path / "cache").symlink_to(kept)
    monkeypatch.setattr(mnist_networks, "train", None)  # nothing is trained
    again = figure_4.compute(ResultCache(None), **TINY, saved=tmp_path)
    np.testing.assert_array_equal(again.data["group"]["A"], fourth.data["group"]["A"])


def test_figure_5_is_sorted_by_digit(fifth):
    D = fifth.data["distances"]["pixels"]
    assert D.max() == 1 and not D.diagonal().any() and len(fifth.data["edges"]) == 9
    shown = figure_5.sorted_sample(digits().labels)
    assert (np.diff(digits().labels[shown]) >= 0).all() and len(set(shown)) == len(shown) == len(D)


def test_every_picture_has_its_labels(table, fourth, fifth):
    pytest.importorskip("matplotlib")
    for study, module in ((table, table_1), (fourth, figure_4), (fifth, figure_5)):
        for grid in module.FIGURES.values():
            axes = [ax for ax in draw(study, grid).axes if ax.get_label() != "<colorbar>"]
            assert axes and all(
                ax.get_xlabel() and ax.get_ylabel() and ax.get_title() for ax in axes
            )


def test_pictures_and_report_are_written(tmp_path, table):
    pytest.importorskip("matplotlib")
    files = publish(table, table_1.FIGURES, tmp_path)
    assert [file.split(".")[-1] for file in files] == ["md", "json", "png", "svg"]
    text = (tmp_path / "report.md").read_text()
    assert "k-subspaces" in text and "conjecture" in text and "lowest objective" in text
