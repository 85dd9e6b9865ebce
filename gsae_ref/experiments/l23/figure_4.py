"""L23 Figure 4: groups against single entries, where samples are few."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from . import plots
from .recovery import RECIPES, VERSIONS, NetworkRun, Run, follow_network, follow_rival

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache
    from .recovery import Recipe

TITLE = "L23 Figure 4: Algorithm 2 against u^2 - v^2, which has no groups"
EPOCHS_FACTOR = 10  # epochs of a rival over those of the paper's picture
SAMPLE_SIZES = (60, 80, 100, 120, 150, 200)
FEW_SAMPLES = 100
MANY_SAMPLES = 200
RIVALS = {"signed": "u^2 - v^2", "positive": "u^2 alone"}


@dataclass(frozen=True)
class Comparison:
    """Group network and u^2 - v^2 on one draw, each stopped where its error is smallest."""

    n_samples: int
    seed: int
    groups_error: float
    signed_error: float
    least_squares: float
    signed_separates: bool  # at the end every weight on the support exceeds all others


@dataclass(frozen=True)
class Figure4:
    """Numbers of the figure.

    Attributes
    ----------
    networks : dict of str to NetworkRun
        On the authors' draw, by version.
    rivals : dict of str to Run
        On the authors' draw: "signed" (u^2 - v^2) and "positive" (u^2).
    comparisons : list of Comparison
        On our draws, for several numbers of samples.
    """

    networks: dict[str, NetworkRun]
    rivals: dict[str, Run]
    comparisons: list[Comparison]

    @property
    def runs(self) -> dict[str, Run]:
        """All runs on the authors' draw."""
        return {**self.networks, **self.rivals}


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPES["4"],
    sizes: Sequence[int] | None = None,
) -> Study:
    """Follow the network and its rivals on the authors' draw, then for other numbers of samples.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Two numbers of samples in place of six.
    seed, n_seeds : int
        Seeds of our draws: seed, ..., seed + n_seeds - 1. The paper has one draw and one size.
    recipe : Recipe
    sizes : sequence of int, optional
        Other numbers of samples.

    Returns
    -------
    Study
        With a :class:`Figure4` as its data.
    """
    if sizes is None:
        sizes = SAMPLE_SIZES[::3] if quick else SAMPLE_SIZES
    seeds = seed_range(seed, n_seeds)
    data = Figure4(
        _networks_on_authors_draw(cache, recipe),
        _rivals_on_authors_draw(cache, recipe),
        _compare(cache, recipe, sizes, seeds),
    )
    settings = {
        **asdict(recipe),
        "sizes": list(sizes),
        "seeds": list(seeds),
        "rivals": RIVALS,
        "versions": VERSIONS,
    }
    return Study(
        "l23-figure-4",
        TITLE + " (reduced size)" * quick,
        settings,
        data,
        _tables(data),
        [*_claims_on_authors_draw(data), *_claims_on_sizes(data.comparisons)],
        _notes(data),
    )


def _networks_on_authors_draw(cache: ResultCache, recipe: Recipe) -> dict[str, NetworkRun]:
    draw: dict[str, Any] = {"seed": recipe.author_seed, "source": "authors"}
    lengths = {"paper": 2 * recipe.n_epochs, "code": recipe.n_epochs}
    return {
        version: follow_network(
            cache, version, recipe, n_epochs=lengths[version], **draw, **VERSIONS[version]
        )
        for version in VERSIONS
    }


def _rivals_on_authors_draw(cache: ResultCache, recipe: Recipe) -> dict[str, Run]:
    draw: dict[str, Any] = {"seed": recipe.author_seed, "source": "authors"}
    options = {**draw, **_rival_options(recipe)}
    return {
        rival: follow_rival(cache, rival, recipe, negative_part=rival == "signed", **options)
        for rival in RIVALS
    }


def _compare(
    cache: ResultCache, recipe: Recipe, sizes: Iterable[int], seeds: Iterable[int]
) -> list[Comparison]:
    """The code's version of the network, and u^2 - v^2, for several numbers of samples."""
    options: dict[str, Any] = {**VERSIONS["code"], "n_epochs": EPOCHS_FACTOR * recipe.n_epochs}
    comparisons = []
    for n in sizes:
        smaller = replace(recipe, n_samples=n)
        for k in seeds:
            groups = follow_network(cache, f"n{n}-group-{k}", smaller, k, **options)
            signed = follow_rival(cache, f"n{n}-signed-{k}", smaller, k, **_rival_options(recipe))
            errors = groups.best_error, signed.best_error, groups.least_squares
            comparisons.append(Comparison(n, k, *errors, separates(signed)))
    return comparisons


def _rival_options(recipe: Recipe) -> dict[str, Any]:
    return {"n_epochs": EPOCHS_FACTOR * recipe.n_epochs, "loss_scale": "mean"}


def separates(run: Run) -> bool:
    """Whether at the end every weight on the support is larger than all weights off it."""
    return bool(np.min(np.abs(run.w[-1])) > run.off_support[-1])


def _tables(data: Figure4) -> list[Table]:
    stop = data.networks["code"].recipe.n_epochs
    columns = ("method", "epochs", "smallest error", "at epoch", f"error at {stop}", "last error")
    rows = [
        (
            RIVALS.get(name, f"groups, {name}'s version"),
            int(run.epochs[-1]),
            run.best_error,
            run.best_epoch,
            run.recipe_error,
            run.last_error,
        )
        for name, run in data.runs.items()
    ]
    comparison_columns = (
        "n",
        "seed",
        "groups, best error",
        "u^2 - v^2, best error",
        "least squares, support known",
        "u^2 - v^2 separates the support",
    )
    comparisons = [astuple(comparison) for comparison in data.comparisons]
    return [
        Table("The authors' draw", columns, rows),
        Table("Other numbers of samples", comparison_columns, comparisons),
    ]


# ------------------------------------------------------------ claims


def _claims_on_authors_draw(data: Figure4) -> list[Claim]:
    paper = data.networks["paper"]
    code = data.networks["code"]
    signed = data.rivals["signed"]
    recipe = code.recipe
    stop = recipe.n_epochs
    start_error = float(np.sum(np.square(recipe.coefficients)))
    separated = separates(signed)
    others = [c.signed_separates for c in data.comparisons if c.n_samples == recipe.n_samples]
    worst = max(paper.last_error, code.last_error)
    return [
        Claim(
            "L23 Figure 4, left",
            "Algorithm 2 with groups of four recovers the weights",
            f"error {paper.last_error:.4g} after {paper.epochs[-1]} epochs of the paper's version "
            f"(switch at {paper.switch_epoch}), {code.last_error:.4g} after {stop} of the code's "
            f"(switch at {code.switch_epoch}); least squares on the true support "
            f"{code.least_squares:.4g}",
            bool(worst < 2 * code.least_squares),
        ),
        Claim(
            "L23 Figure 4, right",
            f"u^2 - v^2 fails to converge: it is far off at {stop} epochs",
            f"error {signed.recipe_error:.3g} of {start_error:g} at {stop}",
            signed.recipe_error > 0.2 * start_error,
        ),
        Claim(
            "L23 Figure 4, right",
            "it fails for lack of samples, not of epochs",
            f"smallest error {signed.best_error:.3g} at epoch {signed.best_epoch}, "
            f"{signed.best_error / code.best_error:.0f} times the grouped network's; after "
            f"{signed.epochs[-1]} epochs "
            f"{'every weight' if separated else 'not every weight'} on the support is larger than "
            "all others" + f"; so in {sum(others)} of {len(others)} draws of ours" * bool(others),
            not separated,
        ),
    ]


def _claims_on_sizes(comparisons: list[Comparison]) -> list[Claim]:
    sizes = sorted({c.n_samples for c in comparisons})
    means = {n: _mean_errors(comparisons, n) for n in sizes}
    few = [means[n] for n in sizes if n <= FEW_SAMPLES]
    many = [means[n] for n in sizes if n >= MANY_SAMPLES]
    pairs = [f"n = {n}: {groups:.2g} against {signed:.2g}" for n, (groups, signed) in means.items()]
    last = [f"{groups:.2g} against {signed:.2g}" for groups, signed in many]
    return [
        Claim(
            "L23 Section 5",
            f"fewer samples suffice with groups: n <= {FEW_SAMPLES}, smallest errors",
            "; ".join(pairs) or "not run",
            all(groups < 0.5 * signed for groups, signed in few) if few else None,
        ),
        Claim(
            "ours",
            f"the advantage is gone for n >= {MANY_SAMPLES}",
            "; ".join(last) or "not run",
            all(groups > 0.5 * signed for groups, signed in many) if many else None,
        ),
    ]


def _mean_errors(comparisons: list[Comparison], n_samples: int) -> tuple[float, float]:
    """Smallest errors of the network and of u^2 - v^2, means over the draws."""
    pairs = [(c.groups_error, c.signed_error) for c in comparisons if c.n_samples == n_samples]
    groups, signed = np.mean(pairs, axis=0)
    return float(groups), float(signed)


def _notes(data: Figure4) -> list[str]:
    positive = data.rivals["positive"]
    return [
        "The paper's text compares with u^2 - v^2; the authors' code plots u^2 alone, whose error "
        f"is {positive.recipe_error:.3g} at {positive.recipe.n_epochs}, and "
        f"{positive.best_error:.3g} at epoch {positive.best_epoch} where it is smallest.",
        "The rivals' loss is the mean squared error, as in both codes; their step is that of u in "
        "the grouped network.",
        "For other numbers of samples both methods are stopped where the error is smallest, which "
        "requires w*: this compares the best errors in reach, not those of a user.",
    ]


# ------------------------------------------------------------ pictures


def plot_comparisons(data: Figure4, ax: Axes) -> list[Any]:
    """Smallest errors against the number of samples: mean over the draws, and range."""
    n_samples = np.array([c.n_samples for c in data.comparisons])
    curves = (
        ("groups", [c.groups_error for c in data.comparisons], "o-", COLOURS[0]),
        (r"$u^2 - v^2$", [c.signed_error for c in data.comparisons], "s-", COLOURS[1]),
        (plots.KNOWN_LABEL, [c.least_squares for c in data.comparisons], "^-", COLOURS[6]),
    )
    sizes = np.unique(n_samples)
    artists: list[Any] = []
    for label, errors, style, colour in curves:
        by_size = [np.array(errors)[n_samples == n] for n in sizes]
        low = [e.min() for e in by_size]
        high = [e.max() for e in by_size]
        middle = [e.mean() for e in by_size]
        artists.append(ax.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0))
        artists += ax.plot(sizes, middle, style, color=colour, label=label, markersize=4)
    ax.set(title="Smallest error along the path", xlabel="samples", yscale="log")
    ax.set_ylabel(plots.ERROR_LABEL)
    plots.legend_below(ax)
    return artists


FIGURES = {
    "l23-figure-4": [
        [
            plots.entries("Groups of four, code", "code"),
            plots.entries(r"$u^2 - v^2$", "signed"),
            plots.entries(r"$u^2$ alone", "positive"),
        ],
        [
            plots.entries("Groups of four, paper", "paper"),
            plots.errors(
                "Error",
                {
                    "paper": "groups, paper",
                    "code": "groups, code",
                    "signed": r"$u^2 - v^2$",
                    "positive": r"$u^2$ alone",
                },
            ),
            plot_comparisons,
        ],
    ]
}
