"""L23 Figure 2: Algorithm 1 recovers three groups; how long the recovery lasts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...papers.l23.gradient_descent import formulas as gradient_descent
from ...papers.l23.gradient_flow.formulas import Window
from ...papers.l23.model import formulas as model
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from . import plots
from .recovery import (
    RECIPES,
    SUCCESS_FACTOR,
    SUCCESS_OFF_SUPPORT,
    VERSIONS,
    NetworkRun,
    draw_data,
    draw_names,
    follow_draws,
    follow_network,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ...arrays import IntArray
    from ..common.cache import ResultCache
    from .recovery import Recipe

TITLE = "L23 Figure 2: Algorithm 1 from a small start, and whether it must be stopped"
LONG_EPOCHS = 40_000  # epochs, enough for the recovery to end
CONVERGED_RATIO = 1.5  # largest error of a converged run, over that of least squares on the support
LOST_RATIO = 10  # least final error of a run that has lost its solution, over its smallest


@dataclass(frozen=True)
class Figure2:
    """Numbers of the figure.

    Attributes
    ----------
    runs : dict of str to NetworkRun
        On the authors' draw: "paper", "code" in float32 as the authors' code computes, "code,
        float64", and "long", the paper's version for more epochs.
    success : ndarray of int (2,)
        First and last successful epoch of the long run.
    printed, corrected : Window
        Stopping times of Theorem 3, with T_ub at its printed bound, and of R8.
    delta_in, delta_out : float
        Constants of Assumption 1 for the authors' draw.
    """

    runs: dict[str, NetworkRun]
    success: IntArray
    printed: Window
    corrected: Window
    delta_in: float
    delta_out: float


def compute(
    cache: ResultCache,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPES["2"],
    long: int = LONG_EPOCHS,
) -> Study:
    """Follow both versions on the authors' draw and on ``n_seeds`` draws of ours.

    Parameters
    ----------
    cache : ResultCache
    seed, n_seeds : int
        Seeds of our draws: seed, ..., seed + n_seeds - 1.
    recipe : Recipe
    long : int
        Epochs of the long run.

    Returns
    -------
    Study
        With a :class:`Figure2` as its data.
    """
    seeds = seed_range(seed, n_seeds)
    draws = {
        version: follow_draws(cache, version, recipe, seeds, **VERSIONS[version])
        for version in VERSIONS
    }
    data = _numbers(cache, recipe, draws, long)
    names = draw_names(seeds)
    settings = {
        **asdict(recipe),
        "versions": VERSIONS,
        "our seeds": list(seeds),
        "long run": long,
    }
    return Study(
        "l23-figure-2",
        TITLE,
        settings,
        data,
        [_table(data, draws, names)],
        [*_convergence_claims(data, draws), *_window_claims(data)],
        _notes(data),
    )


def _numbers(
    cache: ResultCache, recipe: Recipe, draws: dict[str, list[NetworkRun]], long: int
) -> Figure2:
    """The runs on the authors' draw, and the windows of stopping times."""
    authors: dict[str, Any] = {"seed": recipe.author_seed, "source": "authors"}
    single = {**authors, **VERSIONS["code"], "dtype": "float32"}
    every = max(long // 4000, 1)
    runs = {
        "paper": draws["paper"][0],
        "code": follow_network(cache, "code-authors-float32", recipe, **single),
        "code, float64": draws["code"][0],
        "long": follow_network(cache, "long", recipe, **authors, n_epochs=long, record_every=every),
    }
    X = draw_data(recipe, recipe.author_seed, "authors").X
    norms = recipe.true_norms
    zeta = gradient_descent.zeta(runs["long"].noise, 0.0)
    constants = float(norms.max()), float(norms.min()), zeta, recipe.gamma, recipe.alpha
    return Figure2(
        runs,
        runs["long"].success,
        gradient_descent.stopping_window(*constants, "printed"),
        gradient_descent.stopping_window(*constants),
        *model.deltas(X.T @ X / len(X), recipe.group_sizes),
    )


def _table(data: Figure2, draws: dict[str, list[NetworkRun]], names: list[str]) -> Table:
    columns = (
        "draw",
        "version",
        "smallest error",
        "at epoch",
        f"error at {data.runs['paper'].recipe.n_epochs}",
        "least squares, support known",
        "eigenvalue across",
    )
    runs = [(name, "paper", run) for name, run in zip(names, draws["paper"], strict=True)]
    runs.append(("authors'", "code, float32", data.runs["code"]))
    runs += [(name, "code, float64", run) for name, run in zip(names, draws["code"], strict=True)]
    rows = [
        (
            name,
            version,
            run.best_error,
            run.best_epoch,
            run.last_error,
            run.least_squares,
            run.eigenvalue,
        )
        for name, version, run in runs
    ]
    return Table("Algorithm 1", columns, rows)


# ------------------------------------------------------------ claims


def _convergence_claims(data: Figure2, draws: dict[str, list[NetworkRun]]) -> list[Claim]:
    paper = data.runs["paper"]
    code = data.runs["code"]
    double = data.runs["code, float64"]
    long = data.runs["long"]
    end = paper.recipe.n_epochs
    first, last = data.success
    converged = [run.last_error <= CONVERGED_RATIO * run.least_squares for run in draws["paper"]]
    lost = [run.last_error > LOST_RATIO * run.best_error for run in (code, *draws["code"][1:])]
    return [
        Claim(
            "L23 Figure 2, left",
            "Algorithm 1 converges to the true weights",
            f"paper's version: smallest error {paper.best_error:.4g} at epoch {paper.best_epoch}, "
            f"{paper.last_error:.5g} at {end}, where least squares on the true support has "
            f"{paper.least_squares:.5g}; at most {CONVERGED_RATIO} times that in "
            f"{sum(converged)} of {len(converged)} draws",
            all(converged),
        ),
        Claim(
            "L23 Figure 2, left",
            "early stopping is crucial for reaching the sparse solution: paper's version",
            f"successful at every epoch from {first} to {last}; "
            f"error {long.last_error:.3g} at {long.epochs[-1]}",
            bool(last < end),
        ),
        Claim(
            "L23 Figure 2, left",
            "early stopping is crucial for reaching the sparse solution: code's version",
            f"in float32 the smallest error is {code.best_error:.4g} at epoch {code.best_epoch}, "
            f"{code.last_error:.4g} at {end}; in float64 {double.best_error:.4g} at epoch "
            f"{double.best_epoch}, {double.last_error:.4g} at {end}; the last error is above "
            f"{LOST_RATIO} times the smallest in {sum(lost)} of {len(lost)} draws",
            all(lost),
        ),
    ]


def _window_claims(data: Figure2) -> list[Claim]:
    printed = data.printed
    corrected = data.corrected
    first, last = data.success
    recipe = data.runs["paper"].recipe
    limit = 1 / 120  # delta_in <= 1/120 where all groups have one norm, so that u_min = u_max
    n_support = len(recipe.true_norms)
    return [
        Claim(
            "L23 Theorem 3, with T_ub at the bound that it prints",
            "there is a window of stopping times, T_lb <= T_ub, at the measured noise",
            f"[{printed.lower:.0f}, {printed.upper:.0f}]" + ", empty" * printed.empty,
            not printed.empty,
        ),
        Claim(
            "R8",
            "the corrected window lies where the run succeeds, though its hypotheses do not hold",
            f"[{corrected.lower:.0f}, {corrected.upper:.0f}] in [{first}, {last}]; "
            f"delta_in {data.delta_in:.3f}, required at most {limit:.4f}; "
            f"delta_out {data.delta_out:.3f}, required at most {limit / n_support:.4f}",
            bool(first <= corrected.lower <= corrected.upper <= last),
        ),
    ]


def _notes(data: Figure2) -> list[str]:
    code = data.runs["code"]
    double = data.runs["code, float64"]
    return [
        f"Success: on the support no entry is off by more than {SUCCESS_FACTOR} times the largest "
        f"group of noise ||X_l^T xi / n||, and no weight off it exceeds {SUCCESS_OFF_SUPPORT}. "
        "All epochs between the first and the last success succeed: the error falls once and "
        "rises once.",
        "The authors' code computes in float32, and so does the panel of the code's version; all "
        "other runs are in float64. From about epoch 250 on, rounding decides the path of the "
        f"code's version: the smallest error is {code.best_error:.3g} here, "
        f"{double.best_error:.3g} in float64, and 1.81 in a run of the authors' own code.",
        "In the code's version the factor 2 of the mean squared error makes the step on v twice "
        "1/u^4. On the true support z_l is then nearly 2 w_l* - u_l^2 v_l, and the direction "
        "settles only if the largest eigenvalue of X_S^T X_S / n across the weights is below 1; "
        "the paper's version requires 2. See l23-figure-6.",
        "Theorem 3 says that T_ub is at least the printed bound. A bound below T_lb names no time "
        "to stop; R8 proves a T_ub that does.",
        "The picture of the paper shows the mean over the p entries; here it is the sum.",
    ]


# ------------------------------------------------------------ pictures


def plot_window(data: Figure2, ax: Axes) -> list[Any]:
    """Error of the long run, with the epochs of success and the window of R8 as bars."""
    run = data.runs["long"]
    level = run.least_squares
    artists = ax.plot(run.epochs, run.error, color=COLOURS[0], label="paper's version")
    artists.append(ax.axhline(level, color="0.4", linewidth=0.8, label=plots.KNOWN_LABEL))
    bars = {"success, measured": data.success, "window of R8": np.array(data.corrected)}
    for i, (label, (low, high)) in enumerate(bars.items()):
        height = 3.0 ** (-i - 1) * level
        colour = (COLOURS[4], COLOURS[6])[i]  # light and dark, for prints in grey
        artists += ax.plot([low, high], [height] * 2, color=colour, label=label)
        artists[-1].set(linewidth=4, solid_capstyle="butt")
    ax.set(title="When to stop", xlabel="epoch", ylabel=plots.ERROR_LABEL, yscale="log")
    ax.set_xscale("symlog", linthresh=100)
    ax.set_xlim(0, run.epochs[-1])
    plots.legend_below(ax, 2)
    return artists


FIGURES = {
    "l23-figure-2": [
        [
            plots.errors("Recovery error", {"paper": "paper", "code": "code (float32)"}),
            plots.magnitudes("Magnitudes, paper", "paper"),
            plots.magnitudes("Magnitudes, code (float32)", "code"),
        ]
    ],
    "l23-figure-2-window": [[plot_window]],
}
