"""L23 Figure 7: plain gradient descent, and what decides whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table
from . import plots
from .recovery import FIGURES as RECIPES
from .recovery import run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache
    from .recovery import Recipe

TITLE = "L23 Figure 7: gradient descent without weight normalisation, from four starts"
RECIPE = RECIPES["7"]
SMALL = 1e-3
STARTS = {
    "zero": "v(0) = 0",
    "along": "small, along v*",
    "random": "small, random",
    "against": "small, against v*",
}


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPE,
) -> Study:
    """Descend from every start on the authors' draw, and on ours.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Changes nothing: all of it takes seconds.
    seed, n_seeds : int
        Of our draws, and of the random starts.
    recipe : Recipe

    Returns
    -------
    Study
    """
    p = recipe.n_features
    size = recipe.group_size
    common = {"recipe": recipe._asdict(), "record_every": 5, "loss_scale": "mean"}

    def runs_of(key: str, k: int, **where: Any) -> dict[str, dict[str, Any]]:
        found = {"zero": cache.run(f"{key}-zero", run, **common, **where, v0="zeros")}
        directions = np.random.default_rng(k).standard_normal((p // size, size))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        constant = np.full(p, SMALL / size**0.5)  # all entries of w* are equal, so this is along v*
        for name, v0 in (
            ("along", constant),
            ("random", SMALL * directions.ravel()),
            ("against", -constant),
        ):
            found[name] = cache.run(f"{key}-{name}", run, **common, **where, v0=v0.tolist())
        return found

    runs = runs_of("authors", seed, seed=recipe.author_seed, source="authors")
    ours = [runs_of(f"seed{k}", k, seed=k) for k in range(seed, seed + n_seeds)]
    every = {name: [runs[name], *(found[name] for found in ours)] for name in STARTS}
    good = {
        name: [f["last"] < 2 * f["least_squares"] for f in found] for name, found in every.items()
    }
    count = {name: f"{sum(values)} of {len(values)} draws" for name, values in good.items()}
    rows = [
        (
            "authors'" if i == 0 else f"ours, seed {seed + i - 1}",
            STARTS[name],
            float(f["best"]),
            float(f["last"]),
            float(f["least_squares"]),
            int(np.sum(f["u"][-1] * _lengths(f, size) > 0.5 * _norms(recipe))),
            float(f["off"][-1]),
        )
        for name, found in every.items()
        for i, f in enumerate(found)
    ]
    claims = [
        Claim(
            "L23 Figure 7, left and middle",
            "from v(0) = 0 it converges: directions first, then magnitudes",
            f"error {runs['zero']['last']:.4g}, least squares on the true support {runs['zero']['least_squares']:.4g}; recovers in {count['zero']}",
            all(good["zero"]),
        ),
        Claim(
            "L23 Figure 7, right",
            "from small v(0), entries 1e-3, it fails: any small start that is not zero will do",
            f"recovers from along v* in {count['along']}, from random directions in {count['random']}, from the opposite of v* in "
            f"{count['against']}",
            not any(good["along"]) and not any(good["against"]),
        ),
        Claim(
            "the authors' code",
            "from -1e-3 / sqrt(p_l) in every entry, the exact opposite of v*, it fails",
            f"error {runs['against']['last']:.3g}, largest weight off the support {runs['against']['off'][-1]:.2g}",
            not any(good["against"]),
        ),
    ]
    notes = [
        f"alpha = {recipe.alpha:g} and both step sizes {recipe.gamma:g}, on the mean squared error; at the same numbers the loss 1/(2n) ||.||^2 "
        "needs twice the epochs.",
        "A group on the support whose v_l starts against v_l* first loses magnitude, as u_l' = 2 u_l v_l^T q_l is negative until v_l has turned; "
        "the smaller u_l, the slower v_l turns. The direction of the start decides, not its size.",
    ]
    columns = (
        "draw",
        "start",
        "smallest error",
        "last error",
        "least squares, support known",
        "groups of the support found",
        "largest weight off",
    )
    data = {"recipe": recipe._asdict(), "runs": runs}
    settings = {
        **recipe._asdict(),
        "size of the small starts": SMALL,
        "our seeds": list(range(seed, seed + n_seeds)),
    }
    return Study(
        "l23-figure-7",
        TITLE,
        settings,
        data,
        [Table("Gradient descent", columns, rows)],
        claims,
        notes,
    )


def _lengths(found: dict[str, Any], size: int) -> Array:
    """Norms of the directions at the end."""
    return np.linalg.norm(np.asarray(found["v"])[-1].reshape(-1, size), axis=1)


def _norms(recipe: Recipe) -> Array:
    """Norms of the groups of w* on the support."""
    return np.linalg.norm(np.array(recipe.coefficients).reshape(-1, recipe.group_size), axis=1)


def _starts(data: Any, ax: Axes) -> list[Any]:
    artists = []
    for i, (name, label) in enumerate(STARTS.items()):
        found = data["runs"][name]
        artists += ax.plot(
            found["epochs"],
            found["error"],
            ("-", "--", "-.", ":")[i],
            color=COLOURS[i],
            label=label,
        )
    ax.set(title="Error from four starts", xlabel="epoch", ylabel=r"$\|w - w^*\|^2$", yscale="log")
    ax.legend()
    return artists


FIGURES = {
    "l23-figure-7": [
        [
            plots.entries("Entries, v(0) = 0", "zero"),
            plots.cosines("Directions, v(0) = 0", "zero"),
            plots.entries("Entries, against v*", "against"),
        ],
        [
            plots.entries("Entries, along v*", "along"),
            plots.entries("Entries, random", "random"),
            _starts,
        ],
    ]
}
