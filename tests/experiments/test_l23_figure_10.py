"""Figure 10 and Table 2 of L23 at a size of seconds: measures, claims, pictures, counts."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from gallery import assert_panels_of_the_gallery
from gradient_checks import agreement
from scipy import stats

from gsae_ref.cli import main
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.experiments.common.publishing import draw
from gsae_ref.experiments.l23 import table_2
from gsae_ref.experiments.l23.figure_10 import claims, compute, interpolation, measures

pytest.importorskip("sklearn")


@pytest.fixture(scope="module")
def study():
    return compute.compute(ResultCache(None), quick=True, seed=3, n_seeds=2, images=64, epochs=1)


# ---- the measures


def test_quality_is_the_nearest_image_and_the_commonest_label_by_loops():
    rng = np.random.default_rng(0)
    manifold = rng.normal(size=(40, 5))
    labels = rng.integers(3, size=40)
    Y = rng.normal(size=(7, 5))
    nearest, purity = interpolation.quality(Y, manifold, labels)
    for i, y in enumerate(Y):
        order = sorted(range(40), key=lambda j: np.linalg.norm(y - manifold[j]))
        assert nearest[i] == pytest.approx(np.linalg.norm(y - manifold[order[0]]), rel=1e-9)
        among = [int(labels[j]) for j in order[:10]]
        assert purity[i] == pytest.approx(max(map(among.count, among)) / 10)


def test_a_training_image_is_at_distance_zero_and_pure_among_its_own():
    manifold = np.repeat(np.eye(2) * 5, 10, axis=0)
    nearest, purity = interpolation.quality(manifold[:1], manifold, np.repeat([4, 9], 10))
    assert nearest == pytest.approx(0, abs=1e-6)
    assert purity == 1


def test_a_classifier_is_surer_of_the_images_it_learned_than_of_their_means():
    rng = np.random.default_rng(0)
    labels = np.arange(900) % 3
    manifold = 9 * np.eye(3)[labels] + 0.3 * rng.normal(size=(900, 3))
    means = (manifold[:-1] + manifold[1:]) / 2
    surest = [interpolation.confidence(Y, manifold, labels) for Y in (manifold, means)]
    assert all(((p > 1 / 3) & (p <= 1)).all() for p in surest)
    assert surest[0].mean() > surest[1].mean() + 0.1


def test_an_interpolation_begins_and_ends_at_its_ends():
    first, second = np.random.default_rng(0).normal(size=(2, 3, 4))
    between = interpolation.interpolate(first, second).reshape(3, 9, 4)
    agreement(between[:, 0], first)
    agreement(between[:, -1], second)
    agreement(between[:, 4], (first + second) / 2)


def test_pairs_have_different_labels_and_depend_on_the_seed_only():
    labels = np.random.default_rng(0).integers(3, size=50)
    found = interpolation.pairs(labels, 30, 1)
    assert (labels[found[:, 0]] != labels[found[:, 1]]).all()
    np.testing.assert_array_equal(found, interpolation.pairs(labels, 30, 1))
    assert not np.array_equal(found, interpolation.pairs(labels, 30, 2))


def test_images_of_28_pixels_get_margins_and_of_8_are_doubled():
    Y = np.random.default_rng(0).uniform(size=(2, 28**2))
    framed = interpolation.frame(Y).reshape(2, 32, 32)
    np.testing.assert_array_equal(framed[:, 2:30, 2:30].reshape(2, -1), Y)
    assert framed.sum() == pytest.approx(Y.sum())
    small = np.arange(64.0).reshape(1, 64)
    np.testing.assert_array_equal(
        interpolation.frame(small).reshape(16, 16)[::2, 1::2].ravel(), small[0]
    )


def test_the_effective_rank_of_equal_eigenvalues_is_their_number():
    assert measures.effective_rank(np.array([1.0] * 5 + [0.0] * 3)) == pytest.approx(5)
    assert 1 < measures.effective_rank(np.array([1.0, 1e-3])) < 1.02


def test_a_row_of_the_table_has_the_middle_and_the_mean_of_the_path_apart():
    path = np.array([1.0, 4.0, 4.0, 5.0, 6.0, 5.0, 4.0, 4.0, 3.0])
    values = np.stack([path, path + 1])[None]  # one seed, two pairs
    row = measures.summarise(measures.Quality(values, values / 10, values / 100), [])
    along = path[1:-1].mean() + 0.5
    assert row.error is row.effective_rank is row.n_large_eigenvalues is None
    assert (row.distance_at_ends, row.excess) == pytest.approx((2.5, 4.0))
    assert row.excess_along == pytest.approx(along - 2.5)
    assert (row.purity, row.purity_along) == pytest.approx((0.65, along / 10))
    assert (row.confidence, row.confidence_along) == pytest.approx((0.065, along / 100))


def test_blocks_do_not_change_a_function_of_rows():
    Y = np.random.default_rng(0).normal(size=(11, 3))
    np.testing.assert_array_equal(interpolation.by_blocks(lambda rows: 2 * rows, Y, size=4), 2 * Y)


# ---- the claims


def quality(excess=0.0, purity=0.0, confidence=0.0, spread=0.01):
    """Interpolations of 3 trainings and 25 pairs with these means along the path."""
    rng = np.random.default_rng(0)
    values = np.zeros((3, 3, 25, 9))
    means = np.array([excess, purity, confidence])[:, None, None, None]
    trainings = spread * np.array([-1.0, 0.0, 1.0])[:, None, None]
    values[..., 1:-1] = means + trainings + 0.01 * rng.normal(size=(3, 3, 25, 7))
    return measures.Quality(*values)


# Gains over AE and VAE of IRMAE, GAE4 and GAE8 in excess, purity and confidence; the blend's;
# verdicts: better than AE, than VAE, comparable with IRMAE, control.
GOOD = (0.4, 0.2, 0.2)
LESS = (0.3, 0.2, 0.2)
LITTLE = (0.1, 0.05, 0.05)
BAD = (-0.2, -0.1, -0.1)
MIXED = (0.3, -0.1, -0.1)
BELOW = (-0.5, -0.1, -0.1)
ABOVE = (0.5, 0.1, 0.1)
ONLY_CONFIDENT = (0.5, 0.1, -0.1)
WORLDS = {
    "as the paper says": (GOOD, LESS, LESS, BELOW, [True, True, True, True]),
    "a quarter of the gain": (GOOD, LITTLE, LITTLE, BELOW, [True, True, False, True]),
    "grouped worse than plain": (GOOD, BAD, BAD, BELOW, [False, False, False, True]),
    "the measures disagree": (GOOD, MIXED, MIXED, BELOW, [None, None, None, True]),
    "the groupings disagree": (GOOD, LESS, BAD, BELOW, [None, None, None, True]),
    "no gain to compare with": (BAD, LESS, LESS, BELOW, [True, True, None, True]),
    "only confidence counts": (GOOD, MIXED, MIXED, ONLY_CONFIDENT, [False, False, False, True]),
    "no measure counts": (GOOD, LESS, LESS, ABOVE, [None, None, None, False]),
    "the control is open": (GOOD, LESS, LESS, (0.0, 0.0, 0.0), [None, None, None, None]),
}


def pooled(gains, blend, spread=0.01):
    """Networks with these gains over AE and VAE; an excess falls where a network gains."""
    both = dict(zip(("IRMAE", "GAE4", "GAE8"), gains, strict=True)) | {"blend": blend}
    networks = {name: quality(-gain[0], *gain[1:], spread=spread) for name, gain in both.items()}
    return networks | {"AE": quality(spread=0), "VAE": quality(spread=0)}


@pytest.mark.parametrize("world", WORLDS)
def test_the_verdicts_follow_the_measures_that_count(world):
    *gains, blend, expected = WORLDS[world]
    found = claims.interpolation_claims(pooled(gains, blend))
    assert [claim.holds for claim in found] == expected


def test_pairs_of_one_training_are_no_verdict():
    """The mean of many pairs is sharp in every training, and differs between trainings."""
    *gains, blend, _ = WORLDS["as the paper says"]
    several = pooled(gains, blend, spread=2.0)
    assert [claim.holds for claim in claims.interpolation_claims(several)] == [None] * 4
    one = {
        name: measures.Quality(*(values[:1] for values in vars(network).values()))
        for name, network in pooled(gains, blend).items()
    }
    found = claims.interpolation_claims(one)
    assert [claim.holds for claim in found] == [None] * 4
    assert "one training has no spread; use --seeds" in found[-1].measured


def test_a_gain_is_the_mean_over_the_pairs_of_every_training():
    values = np.zeros((2, 2, 2, 4))
    values[0, ..., 1:3] = np.array([[1.0, 3.0], [5.0, 7.0]])[..., None] + [-0.5, 0.5]
    values[1, ..., 1:3] = np.array([[0.0, 3.0], [2.0, 8.0]])[..., None] + [0.25, -0.25]
    values[1, ..., -1] = 0.5  # only the excess has to do with the ends
    plain, network = (measures.Quality(x, x, x) for x in values)
    gains = measures.compare(network, plain)
    assert gains["excess"].by_training == (0.5 + 0.25, 1.0 + 0.25)
    assert gains["purity"].by_training == gains["confidence"].by_training == (-0.5, -1.0)


@pytest.mark.parametrize("by_training", [(0.5, 1.0), (0.1, 0.3, 0.2), (-0.1, 0.3, 0.2, 0.2)])
def test_the_interval_of_a_gain_is_that_of_a_t_test(by_training):
    gain = measures.Gain(by_training)
    found = stats.ttest_1samp(by_training, 0)
    low, high = found.confidence_interval(0.95)
    assert (gain.mean - gain.margin, gain.mean + gain.margin) == pytest.approx((low, high))
    assert gain.positive == (found.pvalue < 0.05)
    assert measures.Gain(tuple(-g for g in by_training)).negative == gain.positive
    n = gain.trainings_needed
    copies = np.resize(np.array([-1.0, 1.0]), n)
    copies *= np.std(by_training, ddof=1) / np.std(copies, ddof=1)
    sample = copies - copies.mean() + gain.mean
    assert stats.ttest_1samp(sample, 0).pvalue < 0.05


def test_a_gain_that_no_number_of_trainings_would_show():
    assert measures.Gain((-1.0, 1.0)).trainings_needed == np.inf
    assert measures.Gain((1.0,)).trainings_needed == np.inf
    assert (
        str(measures.Gain((1.0, 2.0, 3.0)))
        == "+2.0000 +- 2.4841 (trainings +1.0000, +2.0000, +3.0000)"
    )
    assert str(measures.Gain((0.25,))) == "+0.2500"


@pytest.mark.parametrize(
    "gains, expected",
    [
        ({}, "no measure counts"),
        ({"excess": (1.0, 1.1), "purity": (1.0, 1.1)}, ""),
        ({"excess": (1.0, 1.1), "purity": (-1.0, -1.1)}, "the measures disagree"),
        (
            {"excess": (1.0, 2.0, 3.0), "purity": (1.0, 1.1, 1.2)},
            "an interval without 0 takes 4 trainings in excess if mean and spread stay",
        ),
        (
            {"excess": (-1.0, 1.0), "confidence": (1.0, 2.0, 3.0)},
            "an interval without 0 takes more than 10,000 trainings in excess and 4 trainings in "
            "confidence if mean and spread stay",
        ),
    ],
)
def test_a_claim_without_a_verdict_says_what_would_settle_it(gains, expected):
    gains = {name: measures.Gain(by_training) for name, by_training in gains.items()}
    assert measures.what_would_settle(gains) == expected


def test_a_rank_is_lower_if_it_is_in_every_seed():
    ranks = {"AE": [9.0, 8.0], "VAE": [20.0], "IRMAE": [3.0, 7.9], "GAE4": [4.0], "GAE8": [8.5]}
    assert [claim.holds for claim in claims.rank_claims(ranks)] == [True, False]
    lower = ranks | {"GAE8": [5.0]}
    assert [claim.holds for claim in claims.rank_claims(lower)] == [True, True]


def test_the_counts_are_compared_with_the_printed_ones():
    counts = {"IRMAE": 786432, "GAE4": 196608, "GAE8": 98304}
    assert claims.count_claim(counts).holds is True
    assert claims.count_claim(counts | {"GAE8": 99304}).holds is False


# ---- the study


def test_a_reduced_run_has_a_note(study):
    assert any("Reduced: 64 images for 1 epochs" in note for note in study.notes)
    assert study.recipe["n_images"] == 64


def test_no_image_is_refused():
    with pytest.raises(ValueError, match="images = 0; it must be at least 1"):
        compute.compute(ResultCache(None), quick=True, images=0)


def test_the_study_measures_every_network_on_the_same_pairs(study):
    table = study.tables[0]
    assert [row[0] for row in table.rows] == ["AE", "VAE", "IRMAE", "GAE4", "GAE8", "blend"]
    assert [row[1] for row in table.rows] == [0, 0, 3 * 64**2, 3 * 64**2 // 4, 3 * 64**2 // 8, "-"]
    assert study.data.nearest["AE"].shape == (9,)
    ends = {name: sheet[:, :18] for name, sheet in study.data.pictures.items()}
    assert all(np.array_equal(ends["AE"], found) for found in ends.values())
    assert np.isfinite([row[5:] for row in table.rows]).all()


def test_the_blend_begins_and_ends_with_the_images_themselves(study):
    sheet = study.data.pictures["blend"]
    np.testing.assert_array_equal(sheet[:, :18], sheet[:, 27:45])  # after the gap of half a tile
    np.testing.assert_array_equal(sheet[:, -18:], sheet[:, -45:-27])


def test_the_same_seed_gives_the_same_study(study):
    again = compute.compute(ResultCache(None), quick=True, seed=3, n_seeds=2, images=64, epochs=1)
    assert again.tables[0].rows == study.tables[0].rows


def test_a_finished_result_is_read_back(tmp_path):
    options = {"quick": True, "images": 40, "epochs": 1}
    first = compute.compute(ResultCache(tmp_path), **options)
    stored = sorted(path.name for path in tmp_path.glob("*seed0.npz"))
    assert stored == [
        f"{name}-seed0.npz" for name in ("AE", "GAE4", "GAE8", "IRMAE", "VAE", "blend")
    ]
    again = compute.compute(ResultCache(tmp_path), **options)
    assert again.tables[0].rows == first.tables[0].rows


def test_a_checkpoint_of_more_epochs_than_requested_is_reported(tmp_path):
    longer = compute.compute(ResultCache(tmp_path), quick=True, images=40, epochs=2)
    shorter = compute.compute(ResultCache(tmp_path), quick=True, images=40, epochs=1)
    assert not any("Longer than requested" in note for note in longer.notes)
    assert any("Longer than requested" in note and "GAE8 2" in note for note in shorter.notes)


@pytest.mark.parametrize("stem", compute.FIGURES)
def test_the_pictures_are_drawn_with_their_labels(study, stem):
    figure = draw(study, compute.FIGURES[stem])
    assert_panels_of_the_gallery(stem, figure)
    if stem.endswith("measures"):
        assert all(ax.get_xlabel() and ax.get_ylabel() and ax.get_legend() for ax in figure.axes)
        assert [len(ax.lines) for ax in figure.axes] == [6, 6, 6, 5]
    else:
        names = [ax.get_title().split(":")[0] for ax in figure.axes]
        assert names == ["AE", "VAE", "IRMAE", "blend", "GAE4", "GAE8"]
        assert all(len(ax.images) == 1 for ax in figure.axes)


def test_table_2_counts_the_printed_parameters():
    study = table_2.compute(ResultCache(None))
    assert all(claim.holds for claim in study.claims)
    counts = study.data.counts
    linear = {name: count.linear for name, count in counts.items()}
    assert linear == {"AE": 0, "IRMAE": 786432, "GAE4": 196608, "GAE8": 98304}
    for count in counts.values():
        assert count.linear + count.last_convolution + count.other == count.total
    assert counts["AE"].last_convolution == 512 * (256 * 4 + 1)
    assert counts["GAE4"].last_convolution == 4 * 128 * 64 * 4 + 512
    assert [row[3] for row in study.tables[0].rows] == list(linear.values())


# ---- the kept run


def test_the_page_is_what_the_command_prints_from_the_kept_results(tmp_path, monkeypatch):
    """Every line but that of the seconds and versions; nothing is trained, no image is read."""
    docs = Path(__file__).parents[2] / "docs/reproduction"
    page = (docs / "l23-figure-10.md").read_text(encoding="utf-8")
    command = shlex.split(re.search(r"\$ gsae-ref (reproduce .*)", page)[1])
    shutil.copytree(docs / "results/l23-figure-10", tmp_path / "cache")
    monkeypatch.setattr(interpolation, "images", lambda *_: pytest.fail("a result is missing"))
    assert main([*command, "--out", str(tmp_path)]) == 0
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    lines = set(page.splitlines())
    printed = [line for line in report.splitlines()[:-1] if not line.startswith("![")]
    assert [line for line in printed if line not in lines] == []
