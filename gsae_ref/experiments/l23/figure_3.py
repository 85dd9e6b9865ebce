"""L23 Figure 3: Algorithm 2 recovers entries, magnitudes and directions, the larger groups first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .convergence import figures, study_of

if TYPE_CHECKING:
    from ..common.cache import ResultCache
    from ..common.study import Study
    from .recovery import Recipe

TITLE = "L23 Figure 3: convergence of Algorithm 2 and incremental learning"
FIGURES = figures("l23-figure-3")


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe | None = None,
) -> Study:
    """Follow both versions on the authors' draw and on ``n_seeds`` of ours.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Changes nothing: all of it takes seconds.
    seed, n_seeds : int
        Of our draws.
    recipe : Recipe, optional
        Other settings than the figure's.

    Returns
    -------
    Study
    """
    return study_of(cache, "l23-figure-3", TITLE, "3", seed, n_seeds, recipe)
