"""Certify gradient descent on samples at hand, and run it beside the certificate."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, ops
from ..arrays import Array
from ..papers.t21.samples.formulas import tangent_matrix
from ..papers.t21.samples.formulas_certificate import SamplesCertificate, certificate

FAR = 1e100  # thresholds and steps beyond it, in units of the samples, act as this one


def certify_samples(
    A: ArrayLike,
    Y: ArrayLike,
    lam: float,
    group_size: int,
    step_size: float,
    n_steps: int = 100,
) -> SamplesCertificate:
    """Certify where gradient descent from A goes on these samples, and run it beside. (R9, R13)

    A step is one of gradient descent with the exact gradient of all samples and ``step_size``, then
    a retraction of every group to orthonormal columns. At A every sample must have exactly one
    active group. A group whose samples have rank ``group_size`` goes to their span (R9); one whose
    samples have noise goes to the span of their leading principal components (R13). Certified or
    not, ``n_steps`` steps are run, and the angles at the end are returned as ``measured``.

    Parameters
    ----------
    A : array_like (n_features, n_atoms)
        Start. Every group has orthonormal columns.
    Y : array_like (n_samples, n_features) or (n_features,)
    lam : float
    group_size : int
    step_size : float
        Of the loss 1/(2 N) sum ||y - A x||^2.
    n_steps : int

    Returns
    -------
    certificate : SamplesCertificate
        ``certified``, and if not the ``reasons``; bounds for every group. ``print`` shows the
        guaranteed beside the measured angles.

    Raises
    ------
    TypeError, ValueError
        For entries that are not finite reals, shapes that do not fit, groups of A that are not
        orthonormal.

    See Also
    --------
    data_threshold : a lam with exactly one active group at every sample.

    Examples
    --------
    Two lines in the plane; the start is turned by 0.1. In the second call one sample lies between
    the lines, and two groups are active at it.

    >>> A = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    >>> print(certify_samples(A, [[4.0, 0.0], [0.0, 5.0]], 1.0, 1, step_size=0.1, n_steps=9))
    2 of 2 groups have samples that determine their span.
    Certified: the active group of every sample stays the same at every step.
    group  samples  theorem  rate   late   tan(angle) after 9 steps
        0        1  R9       0.413  0.407  <= 3.16e-05, measured 3.13e-05
        1        1  R9       0.146  0.138  <= 1.92e-09, measured 1.89e-09
    >>> print(certify_samples(A, [[4.0, 0.0], [3.0, 3.0]], 1.0, 1, step_size=0.1))
    1 of 2 groups have samples that determine their span.
    Nothing is certified:
    - 1 sample has not exactly one active group
    """
    A = groups.polar(checks.orthonormal_groups("A", A, group_size), group_size)
    Y = np.atleast_2d(checks.batch("Y", Y, A.shape[0], f"A of shape {A.shape}")).astype(np.float64)
    lam = checks.threshold(lam)
    step_size = checks.step(step_size)
    n_steps = checks.count("n_steps", n_steps, minimum=0)
    # In units of the longest sample, so that no square overflows or vanishes.
    unit = math.ldexp(1.0, math.frexp(float(np.abs(Y).max()))[1] - 1) if Y.any() else 1.0
    scaled = Y / unit, min(lam / unit, FAR), group_size, min(step_size * unit * unit, FAR)
    found = certificate(A, *scaled, n_steps)
    return dataclasses.replace(found, measured=_measured(A, found, *scaled))


def _measured(A: Array, found: SamplesCertificate, *run: Any) -> Array:
    """Tangents of the largest angles between A and the targets after ``found.n_steps`` steps."""
    Y, lam, d, step_size = run
    for _ in range(found.n_steps):
        A = groups.polar(A - step_size * ops.loss_and_grad(A, Y, lam, d)[1], d)
    pairs = zip(groups.blocks(A, d), groups.blocks(found.targets, d), strict=True)
    return np.array([_tangent(B, V) for B, V in pairs])


def _tangent(A_g: Array, V: Array) -> float:
    """tan of the largest angle; inf at 90 degrees."""
    if np.linalg.svd(V.T @ A_g, compute_uv=False).min() < 1e-12:
        return math.inf
    return float(np.linalg.norm(tangent_matrix(A_g, V), ord=2))
