"""Families of instances of L23's model. Scalars enter as sin^2, as in the families of T21."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...arrays import Array
from ...claims.family import Family
from .instance import OneGroup, Setup

N_VECTORS = 3


class Shape(NamedTuple):
    """Entries of the group."""

    size: int

    @property
    def n_scalars(self) -> int:
        """Free numbers in [0, 1]."""
        return 10

    @property
    def n_parameters(self) -> int:
        """Length of the parameter vector: three vectors, the scalars."""
        return N_VECTORS * self.size + self.n_scalars


class Draw(NamedTuple):
    """A parameter vector taken apart."""

    vectors: Array
    common: Array


def take_apart(shape: Shape, theta: Array) -> Draw:
    """Read a parameter vector of length ``shape.n_parameters``."""
    vectors, scalars = np.split(theta, [N_VECTORS * shape.size])
    return Draw(vectors.reshape(N_VECTORS, shape.size), np.sin(scalars) ** 2)


def _vectors(draw: Draw) -> tuple[Array, Array, Array]:
    """v*, v and a unit vector for b, which tends to be normal to v*, the worst direction for v."""
    star, v, b = (x / np.linalg.norm(x) for x in draw.vectors)
    normal = b - draw.common[9] * (b @ star) * star
    length = np.linalg.norm(normal)
    return star, v, normal / length if length > 1e-9 else star


def _run(
    draw: Draw, star: float, start: float, level: float, gamma: float, steps: int, **fields: float
) -> OneGroup:
    """A run of (5) and (6) with ||b_t||, abs(e_t) <= level u*^2 that turn and change sign."""
    c = draw.common
    v_star, v, b = _vectors(draw)
    t = np.arange(steps)
    along = (level * c[5] * np.cos(c[6] * t))[:, None] * b + v_star
    errors = level * star * (2 * c[7] - 1) * np.cos(3 * c[8] * t)
    cosines = along @ v_star / np.linalg.norm(along, axis=1)
    return OneGroup(
        star,
        v_star,
        v,
        level * c[5] * star * b,
        u=start,
        gamma=gamma,
        level=level,
        cosines=cosines,
        errors=errors,
        **fields,
    )


def _growth(shape: Shape, theta: Array) -> OneGroup:
    """Lemma 10 from u(0) = alpha."""
    draw = take_apart(shape, theta)
    c = draw.common
    star = 0.5 + 2 * c[0]
    gamma = (0.2 + 0.8 * c[1]) / (4.2 * star)
    alpha = np.sqrt(star) * (0.01 + 0.19 * c[2])
    steps = int(np.ceil(np.log(star / (2 * alpha**2)) / (2 * np.log1p(gamma * star / 2))))
    return _run(draw, star, alpha, 1 / 20, gamma, steps, alpha=alpha, bound=star / 20)


def _refine(shape: Shape, theta: Array) -> OneGroup:
    """Lemma 11 from abs(u(0)^2 - u*^2) <= tau u*^2."""
    draw = take_apart(shape, theta)
    c = draw.common
    star = 0.5 + 2 * c[0]
    tau = 0.02 + 0.48 * c[3]
    gamma = (0.2 + 0.8 * c[1]) / (6 * star)
    start = np.sqrt(star * (1 + tau * (2 * c[2] - 1)))
    return _run(
        draw,
        star,
        start,
        tau / 10,
        gamma,
        int(np.ceil(5 / (2 * gamma * star))),
        tau=tau,
        bound=tau * star / 10,
    )


def _ode(shape: Shape, theta: Array) -> OneGroup:
    """The ODEs of Lemmas 5 and 6, and Theorem 2's proof: theta = u(0), u*^2, B, tau."""
    draw = take_apart(shape, theta)
    c = draw.common
    v_star, v, b = _vectors(draw)
    star = 0.2 + 4 * c[0]
    return OneGroup(
        star,
        v_star,
        v,
        b,
        alpha=0.02 + 0.93 * c[1],
        bound=0.1 + 50 * c[2],
        level=0.001 + 0.098 * c[3],
        tau=0.01 + 0.48 * c[4],
    )


def _window(shape: Shape, theta: Array) -> Setup:
    """Constants inside Theorem 3 over many orders of magnitude."""
    c = take_apart(shape, theta).common
    u_max = 10 ** (4 * c[0] - 2)
    noise, epsilon = u_max / 80 * 10 ** (-3 * c[2:4])
    setup = Setup(
        u_max,
        u_max * 10 ** (-2 * c[1]),
        noise,
        epsilon,
        1 + int(50 * c[4]),
        (0.01 + 0.99 * c[5]) / (20 * u_max),
        1.0,
    )
    return replace(setup, alpha=0.999 * setup.largest_alpha * 10 ** (-6 * c[6]))


_ONE = (Shape(2), Shape(3), Shape(1))
_SCALAR = (Shape(1),)

FAMILIES = {
    "dglnn_growth": Family(_growth, _ONE),
    "dglnn_refine": Family(_refine, _ONE),
    "dglnn_ode": Family(_ode, _SCALAR),
    "dglnn_window": Family(_window, _SCALAR),
}
