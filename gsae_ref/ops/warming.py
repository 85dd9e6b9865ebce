"""Compile every kernel before it is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import Array
from .adam import adam_step
from .fixed import FixedSamples
from .grouped_paths import dglnn_path, signed_path
from .shallow import loss_and_grad
from .sparse import sparse_loss_and_grad
from .unfolding import unfolded_encode, unfolded_loss_and_grad

# Group sizes that some kernel is compiled for; the last stands for all larger ones.
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 16)


def warm_up(report: Callable[..., Any] | None = None) -> float:
    """Compile every kernel for float32 and float64, on disk, so that no later call compiles.

    Parameters
    ----------
    report : callable, optional
        Called with the name of each part and its seconds.

    Returns
    -------
    float
        Seconds of all parts.

    Examples
    --------
    >>> seconds = warm_up(print)  # doctest: +SKIP
    """
    parts = (
        ("shallow gradients", _shallow),
        ("unfolded encoder", _unfolded),
        ("sparse autoencoder", _sparse),
        ("Adam", _adam),
        ("diagonally grouped networks", _grouped),
    )
    total = 0.0
    for name, compile_part in parts:
        start = time.perf_counter()
        for dtype in (np.float64, np.float32):
            compile_part(dtype)
        seconds = time.perf_counter() - start
        total += seconds
        if report is not None:
            report(name, seconds)
    return total


def _problem(dtype: type[Any], size: int) -> tuple[Array, Array, tuple[float, float]]:
    """Twelve orthonormal groups, samples, and thresholds with one and with nearly all active."""
    A = np.eye(12 * size, dtype=dtype)
    Y = np.full((6, 12 * size), 0.01, dtype)
    Y[:, :size] = 1
    return A, Y, (0.5 * size**0.5, 0.005 * size**0.5)


def _shallow(dtype: type[Any]) -> None:
    for size in SIZES:
        A, Y, thresholds = _problem(dtype, size)
        for lam in thresholds:
            for gradient in ("exact", "appendix_b", "approximate"):
                loss_and_grad(A, Y, lam, size, gradient, "numba")
            FixedSamples(Y, size, engine="numba")(A, lam)


def _unfolded(dtype: type[Any]) -> None:
    for size in SIZES:
        A, Y, thresholds = _problem(dtype, size)
        for lam in thresholds:
            for nonnegative in (False, True):
                problem = A, Y, lam, size, 2, None, True, nonnegative, 1e-3, "numba"
                unfolded_loss_and_grad(*problem)
                unfolded_encode(*problem)


def _sparse(dtype: type[Any]) -> None:
    A, Y, thresholds = _problem(dtype, 1)
    for lam in thresholds:
        for activation in ("relu", "hard", "soft"):
            if activation == "relu":
                sparse_loss_and_grad(A, Y, -lam, activation, engine="numba")
            else:
                sparse_loss_and_grad(A, Y, 0.0, activation, lam, engine="numba")


def _adam(dtype: type[Any]) -> None:
    value, gradient, first, second = np.ones((4, 3), dtype)
    adam_step(value, gradient, first, second, 1, 1e-3, "numba")


def _grouped(dtype: type[Any]) -> None:
    X = np.eye(4, dtype=dtype)
    y = np.array([1, 1, 0, 0], dtype)
    for algorithm in ("algorithm_1", "algorithm_2", "gradient_descent"):
        eta = None if algorithm == "algorithm_1" else 0.1
        dglnn_path(X, y, [2, 2], algorithm, n_epochs=2, alpha=0.1, eta=eta, rng=0, engine="numba")
    signed_path(X, y, n_epochs=2, alpha=0.1, engine="numba")
