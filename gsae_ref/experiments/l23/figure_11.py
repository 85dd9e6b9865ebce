"""L23 Figure 11: the same as Figure 3, for Gaussian predictors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .convergence import figures, study_convergence
from .recovery import RECIPES

if TYPE_CHECKING:
    from ..common.cache import ResultCache
    from ..common.study import Study
    from .recovery import Recipe

TITLE = "L23 Figure 11: convergence of Algorithm 2 and incremental learning, Gaussian predictors"
FIGURES = figures("l23-figure-11")


def compute(
    cache: ResultCache,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPES["11"],
) -> Study:
    """Follow both versions of Algorithm 2; see :func:`.convergence.study_convergence`.

    Parameters
    ----------
    cache : ResultCache
    seed, n_seeds : int
        Seeds of our draws: seed, ..., seed + n_seeds - 1.
    recipe : Recipe

    Returns
    -------
    Study
    """
    return study_convergence(cache, "11", TITLE, recipe, seed, n_seeds)
