"""A bar on standard error for work that takes long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator


def no_progress(n_done: int) -> None:
    """Show nothing."""


@contextlib.contextmanager
def progress_bar(what: str, total: int, unit: str) -> Iterator[Callable[[int], object]]:
    """A bar that is gone at the end (tqdm); yields a function of how much more is done.

    Nothing is shown where ``what``, the text before the bar, is empty, or without tqdm.
    """
    try:
        from tqdm import tqdm
    except ImportError:
        what = ""
    if not what:
        yield no_progress
        return
    with tqdm(total=total, unit=f" {unit}", unit_scale=True, desc=what, leave=False) as bar:
        yield bar.update
