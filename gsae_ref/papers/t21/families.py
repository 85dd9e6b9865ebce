"""Families of instances of T21's model.

Scalars enter as sin^2, so that the ends of their ranges (A = A*, all norms equal, lam at an end
point) are ordinary points.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ... import groups
from ...arrays import Array
from ...claims.family import Family
from .gradients.formulas import expected_gradient, leading_term
from .identifiability import families as identifiability
from .instance import Instance
from .samples import families as samples
from .several import families as several
from .support.formulas import recovery_interval
from .threshold import families as threshold


class Shape(NamedTuple):
    """Sizes of an instance."""

    n_features: int
    n_groups: int
    group_size: int
    n_active: int

    @property
    def n_atoms(self) -> int:
        """Number of columns of A."""
        return self.n_groups * self.group_size

    @property
    def n_scalars(self) -> int:
        """Free numbers in [0, 1]: spread, error, b_max, lam, a code norm and a tau per group."""
        return 4 + 2 * self.n_groups

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: two dictionaries, a code, the scalars."""
        return (2 * self.n_features + 1) * self.n_atoms + self.n_scalars


class Draw(NamedTuple):
    """A parameter vector taken apart."""

    shape: Shape
    W: Array
    V: Array
    code: Array
    spread: float
    error: float
    width: float
    place: float
    norms: Array
    taus: Array


def take_apart(shape: Shape, theta: Array) -> Draw:
    """Read a parameter vector of length ``shape.n_parameters``."""
    n = shape.n_features
    m = shape.n_atoms
    G = shape.n_groups
    W, V, code, u = np.split(theta, [n * m, 2 * n * m, 2 * n * m + m])
    u = np.sin(u) ** 2
    return Draw(
        shape,
        W.reshape(n, m),
        V.reshape(n, m),
        code,
        u[0],
        u[1],
        u[2],
        u[3],
        u[4 : 4 + G],
        u[4 + G :],
    )


def _unit_groups(M: Array, d: int) -> Array:
    """Groups of M scaled to Frobenius norm 1, as directions in which to move."""
    B = groups.blocks(M, d)
    return groups.unblock(B / np.linalg.norm(B, axis=(1, 2), keepdims=True))


def _mixture(draw: Draw, spread: float) -> Array:
    """Between coordinate vectors (spread 0) and free columns (spread 1)."""
    n, m = draw.W.shape
    return (1 - spread) * np.eye(n)[:, np.arange(m) % n] + spread * draw.W


def _code(draw: Draw, first_active: bool) -> tuple[Array, float]:
    """Code with norms in [1, b_max]; the last n_active groups are active, or the first ones."""
    shape = draw.shape
    x = groups.split(draw.code, shape.group_size)
    b_max = 1 + 2 * draw.width
    x = x / np.linalg.norm(x, axis=1, keepdims=True) * (1 + (b_max - 1) * draw.norms)[:, None]
    active = np.arange(shape.n_groups) < shape.n_active
    return groups.merge(np.where((active if first_active else active[::-1])[:, None], x, 0)), b_max


def _instance(
    draw: Draw, A: Array, A_star: Array, first_active: bool = False, **fields: Any
) -> Instance:
    x, b_max = _code(draw, first_active)
    d = draw.shape.group_size
    errors = np.linalg.norm(groups.blocks(A - A_star, d), axis=(1, 2))
    fields.setdefault("delta", float(errors.max()))
    return Instance(A, A_star, d, draw.shape.n_active, x, 1.0, b_max, **fields)


def _close_pair(draw: Draw, spread: float = 1.0, error: float = 1.0) -> tuple[Array, Array]:
    """A*, A with orthonormal groups, A = polar(A* + t V), t up to ``error``."""
    d = draw.shape.group_size
    A_star = groups.polar(_mixture(draw, spread * draw.spread), d)
    return groups.polar(A_star + error * draw.error * _unit_groups(draw.V, d), d), A_star


def _support(shape: Shape, theta: Array) -> Instance:
    draw = take_apart(shape, theta)
    return _instance(draw, *_close_pair(draw))


def _free_star(shape: Shape, theta: Array) -> Instance:
    """A orthonormal, A* anything within reach."""
    draw = take_apart(shape, theta)
    A = groups.polar(_mixture(draw, draw.spread), shape.group_size)
    return _instance(draw, A, A + draw.error * _unit_groups(draw.V, shape.group_size))


def _unit(shape: Shape, theta: Array) -> Instance:
    """A = A* with unit atoms."""
    draw = take_apart(shape, theta)
    A = _mixture(draw, draw.spread)
    A = A / np.linalg.norm(A, axis=0)
    return _instance(draw, A, A)


def _with_gradient(draw: Draw, A: Array, A_star: Array, tau: Array, **fields: Any) -> Instance:
    """Attach the expected gradient and its residual after the leading term of (55)."""
    sizes = draw.shape.n_active, draw.shape.group_size
    G = expected_gradient(A, A_star, tau, *sizes)
    return _instance(
        draw, A, A_star, tau=tau, G=G, beta=G - leading_term(A, A_star, tau, *sizes), **fields
    )


def _descent(shape: Shape, theta: Array) -> Instance:
    """Frozen tau anywhere in (0, 1], and a step between 1/10 and 1 of 1 / c."""
    draw = take_apart(shape, theta)
    tau = 1 - 0.95 * draw.taus
    p = shape.n_active / shape.n_groups
    return _with_gradient(
        draw,
        *_close_pair(draw),
        tau,
        step_size=(0.1 + 0.9 * draw.place) / (tau[0] * (2 - tau[0]) * p),
    )


def _exclusion(shape: Shape, theta: Array) -> Instance:
    """lam in Lemma 1's interval as printed, tau of group 0 from the sample it is active at."""
    draw = take_apart(shape, theta)
    return _excluded(draw, *_close_pair(draw, 0.5, 0.5))


def _exclusion_free(shape: Shape, theta: Array) -> Instance:
    """As ``_exclusion``; A* is anything within reach."""
    draw = take_apart(shape, theta)
    A = groups.polar(_mixture(draw, 0.5 * draw.spread), shape.group_size)
    return _excluded(draw, A, A + 0.35 * draw.error * _unit_groups(draw.V, shape.group_size))


def _excluded(draw: Draw, A: Array, A_star: Array) -> Instance:
    shape = draw.shape
    i = _instance(draw, A, A_star, first_active=True)
    low, high = recovery_interval(i.n_active, i.b_min, i.b_max, i.mu_block, i.delta, i.d, "printed")
    lam = max(low + draw.place * (high - low), 0.0)
    tau = np.full(shape.n_groups, max(1 - lam / i.r[0], 1e-6))
    return _with_gradient(draw, A, A_star, tau, first_active=True, lam=lam)


def _exclusion_many(shape: Shape, theta: Array) -> Instance:
    """As ``_exclusion_free``, weakly coupled: two or three active groups."""
    draw = take_apart(shape, theta)
    scale = 0.2 / (shape.n_active * shape.group_size)
    A = groups.polar(_mixture(draw, 0.3 * scale * draw.spread), shape.group_size)
    return _excluded(draw, A, A + scale * draw.error * _unit_groups(draw.V, shape.group_size))


_MIXED = tuple(
    Shape(*s)
    for s in (
        (4, 2, 2, 1),
        (6, 3, 2, 2),
        (4, 3, 1, 2),
        (5, 3, 2, 1),
        (9, 3, 3, 2),
        (8, 3, 4, 1),
        (3, 4, 2, 2),
    )
)
_GROUP = tuple(
    Shape(*s)
    for s in ((3, 2, 1, 1), (4, 2, 2, 1), (5, 3, 2, 2), (6, 3, 3, 2), (8, 4, 2, 3), (5, 4, 2, 3))
)
_ONE = tuple(Shape(*s) for s in ((3, 2, 1, 1), (4, 2, 2, 1), (6, 3, 2, 1), (9, 3, 3, 1)))
_MANY = tuple(Shape(*s) for s in ((4, 4, 1, 2), (4, 4, 1, 3), (8, 4, 2, 2), (8, 4, 2, 3)))
FAMILIES = {
    "descent": Family(_descent, _GROUP),
    "exclusion": Family(_exclusion, _ONE),
    "exclusion_free_star": Family(_exclusion_free, _ONE),
}
MODEL = frozenset(FAMILIES)  # those whose instances are T21's model
FAMILIES |= threshold.FAMILIES | samples.FAMILIES | several.FAMILIES
# R16 is evaluated for a dictionary, not for every code of a user. Its instances are dear: few
# features where groups are large.
_WINDOW = (*_MIXED[:4], Shape(5, 3, 3, 2), Shape(6, 2, 4, 1), _MIXED[6])
FAMILIES |= {
    "window": Family(_support, _WINDOW),
    "window_free_star": Family(_free_star, _WINDOW),
    "window_unit": Family(_unit, _WINDOW),
}
FAMILIES |= identifiability.FAMILIES
FAMILIES["exclusion_many"] = Family(_exclusion_many, _MANY)
