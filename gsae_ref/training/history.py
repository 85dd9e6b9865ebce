"""What a run tells of itself: values measured at the start of every epoch, and the progress bar. May import metrics, checks, groups."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, metrics
from ..arrays import Array


def measures(
    A: Array,
    n_samples: int,
    group_size: int,
    masks: Callable[..., Any],
    A_star: ArrayLike | None = None,
    support: Any = None,
) -> Callable[..., Any]:
    """The function (A, lam) -> values of the history that are measured at the start of an epoch.

    ``masks(A, lam)`` yields the active groups of all samples in order, as masks (some samples,
    n_groups).
    """
    if A_star is not None:
        A_star = checks.dictionary("A_star", A_star, group_size)
        checks.same_shape("A", A, "A_star", A_star)
    if support is not None:
        support = checks.support("support", support, n_samples, A.shape[1] // group_size)

    def measure(A: Array, lam: float) -> dict[str, float]:
        count = 0
        found = []
        for active in masks(A, lam):
            count += int(active.sum())
            if support is not None:
                found.append(active)
        values = {"active_groups": count / n_samples}
        if A_star is not None:
            values["error"] = metrics.dictionary_error(A, A_star)
            values["rotation_free_error"] = _rotation_free_error(A, A_star, group_size)
        if support is not None:
            recovery = metrics.support_recovery(support, np.concatenate(found))
            values |= {
                "recall": recovery.recall,
                "precision": recovery.precision,
                "exact": recovery.exact,
            }
        return values

    return measure


def _rotation_free_error(A: Array, A_star: Array, group_size: int) -> float:
    """sum_g min_Q ||A_g - A*_g Q||_F^2 over rotations Q inside the groups, columns normalised: no matching of groups."""
    B, S = (groups.blocks(M / np.linalg.norm(M, axis=0), group_size) for M in (A, A_star))
    U, _, Vt = np.linalg.svd(np.swapaxes(S, 1, 2) @ B)
    return float(np.sum((B - S @ (U @ Vt)) ** 2))


@contextlib.contextmanager
def progress_bar(total: int, done: int, progress: bool) -> Iterator[Callable[..., Any]]:
    """A bar on standard error (tqdm); yields the function to call with the cost after every epoch."""
    try:
        from tqdm import tqdm
    except ImportError:
        progress = False
    if not progress:
        yield lambda cost: None
        return
    with tqdm(total=total, initial=done, unit="epoch", desc="train") as bar:

        def advance(cost: float) -> None:
            bar.set_postfix_str(f"loss {cost:.4g}")
            bar.update()

        yield advance
