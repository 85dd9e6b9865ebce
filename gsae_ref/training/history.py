"""The history of a run: values measured at the start of every epoch, and the progress bar.

May import metrics, checks, groups.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, metrics
from ..arrays import Array, BoolArray


class Measures:
    """Active groups of a dictionary, and its distance to the truth as far as that is given."""

    def __init__(
        self,
        A: Array,
        n_samples: int,
        group_size: int,
        A_star: ArrayLike | None = None,
        support: Any = None,
    ) -> None:
        self.n_samples = n_samples
        self.group_size = group_size
        self.A_star: Array | None = None
        if A_star is not None:
            self.A_star = checks.dictionary("A_star", A_star, group_size)
            checks.same_shape("A", A, "A_star", self.A_star)
        self.support = support
        if support is not None:
            n_groups = A.shape[1] // group_size
            self.support = checks.support("support", support, n_samples, n_groups)

    def of(self, A: Array, masks: Iterable[BoolArray]) -> dict[str, float]:
        """Values for the history.

        ``masks`` are the active groups of all samples in order, in blocks (rows, n_groups).
        """
        n_active = 0
        found = []
        for active in masks:
            n_active += int(active.sum())
            if self.support is not None:
                found.append(active)
        values = {"active_groups": n_active / self.n_samples}
        if self.A_star is not None:
            values["error"] = metrics.dictionary_error(A, self.A_star)
            values["rotation_free_error"] = _rotation_free_error(A, self.A_star, self.group_size)
        if self.support is not None:
            values |= recovery(self.support, np.concatenate(found))
        return values


def recovery(support: Any, active: BoolArray) -> dict[str, float]:
    """How the active groups or atoms compare with the true support."""
    found = metrics.support_recovery(support, active)
    return {"recall": found.recall, "precision": found.precision, "exact": found.exact}


def _rotation_free_error(A: Array, A_star: Array, group_size: int) -> float:
    """sum_g min_Q ||A_g - A*_g Q||_F^2 over rotations Q in the groups, for columns of norm 1."""
    B = groups.blocks(A / np.linalg.norm(A, axis=0), group_size)
    S = groups.blocks(A_star / np.linalg.norm(A_star, axis=0), group_size)
    U, _, Vt = np.linalg.svd(np.swapaxes(S, 1, 2) @ B)
    return float(np.sum((B - S @ (U @ Vt)) ** 2))


@contextlib.contextmanager
def progress_bar(total: int, done: int, progress: bool) -> Iterator[Callable[[float], None]]:
    """A bar on standard error (tqdm); yields a function of the cost, to call after every epoch."""
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
