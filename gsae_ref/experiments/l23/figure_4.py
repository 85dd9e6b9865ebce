"""L23 Figure 4: groups against single entries, where samples are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table
from . import plots
from .recovery import FIGURES as RECIPES
from .recovery import VARIANTS, run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache
    from .recovery import Recipe

TITLE = "L23 Figure 4: Algorithm 2 against u^2 - v^2, which knows no groups"
RECIPE = RECIPES["4"]
PATIENCE = 10  # the rivals may run so many times longer than the picture
SIZES = (60, 80, 100, 120, 150, 200)
RIVALS = {"signed": "u^2 - v^2", "positive": "u^2 alone"}


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPE,
    sizes: tuple[int, ...] | None = None,
) -> Study:
    """Grouped network and rivals on the authors' draw, then on ours for other numbers of samples, stopped by an oracle.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Two sizes in place of six.
    seed, n_seeds : int
        Of the draws of the sweep; the paper has one draw and no sweep.
    recipe : Recipe
    sizes : sequence of int, optional
        Numbers of samples, others than those of ``quick``.

    Returns
    -------
    Study
    """
    sizes = sizes if sizes is not None else SIZES[::3] if quick else SIZES
    theirs = {"recipe": recipe._asdict(), "seed": recipe.author_seed, "source": "authors"}
    longer = {
        "n_epochs": PATIENCE * recipe.n_epochs,
        "step_size": recipe.gamma,
        "loss_scale": "mean",
    }
    runs = {
        version: cache.run(
            version, run, **theirs, **VARIANTS[version], n_epochs=length * recipe.n_epochs
        )
        for version, length in (("paper", 2), ("code", 1))
    }
    runs |= {rival: cache.run(rival, run, **theirs, baseline=rival, **longer) for rival in RIVALS}
    swept = []
    for n in sizes:
        for k in range(seed, seed + n_seeds):
            where = {"recipe": recipe._replace(n_samples=n)._asdict(), "seed": k}
            group = cache.run(
                f"n{n}-group-{k}",
                run,
                **where,
                n_epochs=PATIENCE * recipe.n_epochs,
                loss_scale="mean",
                jacobi=True,
            )
            rival = cache.run(f"n{n}-signed-{k}", run, **where, baseline="signed", **longer)
            swept.append(
                (n, k, float(group["best"]), float(rival["best"]), float(group["least_squares"]))
            )
    code, signed, positive = (runs[name] for name in ("code", "signed", "positive"))
    stop = recipe.n_epochs
    at_stop = {rival: float(runs[rival]["at_length"]) for rival in RIVALS}
    split = float(np.min(np.abs(signed["w"][-1]))) > float(signed["off"][-1])
    by_size = {n: np.array([row[2:] for row in swept if row[0] == n]).mean(axis=0) for n in sizes}
    few = [by_size[n] for n in sizes if n <= 100]
    many = [by_size[n] for n in sizes if n >= 200]
    total = float(np.sum(np.square(recipe.coefficients)))
    claims = [
        Claim(
            "L23 Figure 4, left",
            "Algorithm 2 with groups of four recovers the weights",
            f"paper's version {runs['paper']['last']:.4g} after {2 * stop} epochs (switch at {runs['paper']['switch_epoch']}), code's "
            f"{code['last']:.4g} after {stop} (switch at {code['switch_epoch']}); least squares on the true support {code['least_squares']:.4g}",
            bool(max(runs["paper"]["last"], code["last"]) < 2 * code["least_squares"]),
        ),
        Claim(
            "L23 Figure 4, right",
            f"u^2 - v^2 fails to converge: at {stop} epochs it is far off",
            f"error {at_stop['signed']:.3g} of {total:g} at {stop}",
            at_stop["signed"] > 0.2 * total,
        ),
        Claim(
            "L23 Figure 4, right",
            "it fails for lack of samples, not of epochs",
            f"smallest error {signed['best']:.3g} at epoch {signed['best_epoch']}, {signed['best'] / code['best']:.0f} times the grouped network's; "
            f"after {PATIENCE * stop} epochs every weight on the support is {'larger' if split else 'not larger'} than every one off it",
            not split,
        ),
        Claim(
            "L23 Figure 4, right",
            "the rival plotted is u^2 - v^2 (the authors' code plots u^2 alone)",
            f"u^2 alone: {at_stop['positive']:.3g} at {stop}, smallest {positive['best']:.3g} at {positive['best_epoch']}",
            None,
        ),
        Claim(
            "L23 Section 5",
            "fewer samples suffice with groups: for n <= 100, stopped at best",
            "; ".join(f"n = {n}: {a:.2g} against {b:.2g}" for n, (a, b, _) in by_size.items()),
            all(a < 0.5 * b for a, b, _ in few) if few else None,
        ),
        Claim(
            "ours",
            "the advantage is gone for n >= 200",
            "; ".join(f"{a:.2g} against {b:.2g}" for a, b, _ in many) or "not run",
            all(a > 0.5 * b for a, b, _ in many) if many else None,
        ),
    ]
    notes = [
        "The rival's loss is the mean squared error, as in both codes; its step is that of u in the grouped network.",
        "In the sweep both are stopped where the error is smallest (an oracle), so it compares what can be had, not what a user gets.",
    ]
    columns = (
        "n",
        "seed",
        "groups, best error",
        "u^2 - v^2, best error",
        "least squares, support known",
    )
    first = ("method", "epochs", "smallest error", "at epoch", f"error at {stop}", "last error")
    rows = [
        (
            RIVALS.get(name, f"groups, {name}'s version"),
            int(found["epochs"][-1]),
            float(found["best"]),
            int(found["best_epoch"]),
            float(found["at_length"]),
            float(found["last"]),
        )
        for name, found in runs.items()
    ]
    data = {"recipe": recipe._asdict(), "runs": runs, "sweep": np.array(swept)}
    settings = {
        **recipe._asdict(),
        "sizes": list(sizes),
        "seeds": list(range(seed, seed + n_seeds)),
        "rivals": RIVALS,
        "versions": VARIANTS,
    }
    return Study(
        "l23-figure-4",
        TITLE,
        settings,
        data,
        [Table("The authors' draw", first, rows), Table("Other n", columns, swept)],
        claims,
        notes,
    )


def _sweep(data: Any, ax: Axes) -> list[Any]:
    rows = np.asarray(data["sweep"])
    artists = list[Any]()
    sizes = np.unique(rows[:, 0])
    for column, label, i in (
        (2, "groups", 0),
        (3, r"$u^2 - v^2$", 1),
        (4, "least squares, support known", 6),
    ):
        several = [rows[rows[:, 0] == n, column] for n in sizes]
        middle, low, high = ([f(values) for values in several] for f in (np.mean, np.min, np.max))
        artists.append(ax.fill_between(sizes, low, high, color=COLOURS[i], alpha=0.15, linewidth=0))
        artists += ax.plot(
            sizes, middle, "os^"[column - 2] + "-", color=COLOURS[i], label=label, markersize=4
        )
    ax.set(
        title="Best error along the path", xlabel="samples", ylabel=r"$\|w - w^*\|^2$", yscale="log"
    )
    ax.legend()
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
            _sweep,
        ],
    ]
}
