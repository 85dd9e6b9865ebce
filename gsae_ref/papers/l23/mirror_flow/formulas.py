"""L23, Section 3.1: gradients, Hessians and brackets of G(u, v)_i = u_{g(i)}^2 v_i; no mirror flow.

A point is x = [u, v] in R^(L+p); g(i) is the group of entry i; ``groups`` is the tuple of group
sizes (contiguous groups). Entries count from 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....arrays import Array, IntArray

Field = Callable[[Array], Array]


def owner(groups: tuple[int, ...]) -> IntArray:
    """The group g(i) of every entry i.

    >>> owner((2, 1))
    array([0, 0, 1])
    """
    return np.repeat(np.arange(len(groups)), groups)


def gradient(i: int, u: Array, v: Array, groups: tuple[int, ...]) -> Array:
    """grad G_i = 2 u_g v_i e_g + u_g^2 e_{L+i}, g = g(i).

    >>> gradient(1, np.array([3.0]), np.array([1.0, 2.0]), (2,))
    array([12.,  0.,  9.])
    """
    g = owner(groups)[i]
    result = np.zeros(len(u) + len(v))
    result[g], result[len(u) + i] = 2 * u[g] * v[i], u[g] ** 2
    return result


def hessian(i: int, u: Array, v: Array, groups: tuple[int, int]) -> Array:
    """grad^2 G_i = 2 v_i E_{g,g} + 2 u_g (E_{g,L+i} + E_{L+i,g}).

    >>> hessian(0, np.array([3.0]), np.array([5.0]), (1,))  # of u^2 v
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    g = owner(groups)[i]
    result = np.zeros((len(u) + len(v),) * 2)
    result[g, g] = 2 * v[i]
    result[g, len(u) + i] = result[len(u) + i, g] = 2 * u[g]
    return result


def bracket(i: int, j: int, u: Array, v: Array, groups: tuple[int, ...]) -> Array:
    """[grad G_i, grad G_j] = 4 u_g^2 (v_i e_{L+j} - v_j e_{L+i}) in a group, 0 between groups.

    By Definition 1, [X, Y] = (DY) X - (DX) Y, so it is grad^2 G_j grad G_i - grad^2 G_i grad G_j.
    The e_g parts, 4 u v_i v_j each, cancel; what is left of the first product is 2 u_g 2 u_g v_i
    e_{L+j}. The paper's Appendix A has the opposite sign. Since grad G_j has the part 2 u v_j e_g,
    the bracket is 4 (v_i grad G_j - v_j grad G_i), four times what Appendix A gives, again with the
    opposite sign. It vanishes only where v_i = v_j = 0 (u > 0): also v_i = v_j = 1 gives a bracket.

    >>> bracket(0, 1, np.array([1.0]), np.array([1.0, 1.0]), (2,))
    array([ 0., -4.,  4.])
    """
    label = owner(groups)
    result = np.zeros(len(u) + len(v))
    if label[i] == label[j] and i != j:
        factor = 4 * u[label[i]] ** 2
        result[len(u) + i], result[len(u) + j] = -factor * v[j], factor * v[i]
    return result


def double_bracket(i: int, j: int, u: Array, v: Array, groups: tuple[int, ...]) -> Array:
    """[grad G_i, [grad G_i, grad G_j]] inside a group; 0 between groups.

        8 u^3 v_j e_g - 16 u^2 v_i v_j e_{L+i} + (16 u^2 v_i^2 + 4 u^4) e_{L+j}

    With B = [grad G_i, grad G_j] it is (DB) grad G_i - grad^2 G_i B, and DB = 8 u v_i E_{L+j,g} + 4
    u^2 E_{L+j,L+i} - 8 u v_j E_{L+i,g} - 4 u^2 E_{L+i,L+j}. So (DB) grad G_i = (16 u^2 v_i^2 + 4
    u^4) e_{L+j} - 16 u^2 v_i v_j e_{L+i}, and grad^2 G_i B = -8 u^3 v_j e_g. Its inner product with
    grad G_j is 16 u^4 (v_i^2 + v_j^2) + 4 u^6 > 0; the paper has its negative.

    >>> point = np.array([1.5]), np.array([2.0, -1 / 3]), (2,)
    >>> float(gradient(1, *point) @ double_bracket(0, 1, *point)), 6057 / 16
    (378.5625, 378.5625)
    """
    label = owner(groups)
    result = np.zeros(len(u) + len(v))
    if label[i] == label[j] and i != j:
        g = label[i]
        L = len(u)
        r = u[label[i]]
        result[g], result[L + i] = 8 * r**3 * v[j], -16 * r**2 * v[i] * v[j]
        result[L + j] = 16 * r**2 * v[i] ** 2 + 4 * r**4
    return result


def lie_bracket(X: Field, Y: Field, x: Array, step: float = 1e-4) -> Array:
    """[X, Y](x) of Definition 1 for any vector fields X, Y, functions of x, by central differences.

    >>> turn, shift = (lambda x: np.array([-x[1], x[0]])), (lambda x: np.array([1.0, 0.0]))
    >>> (lie_bracket(turn, shift, np.zeros(2)) + 0).round(9)  # - (derivative of turn along (1, 0))
    array([ 0., -1.])
    """

    def along(field: Field, direction: Array) -> Array:
        return (field(x + step * direction) - field(x - step * direction)) / (2 * step)

    return along(Y, X(x)) - along(X, Y(x))


def steepest(
    i: int, sign: int, u: Array, v: Array, groups: tuple[int, ...], time: float, steps: int = 64
) -> tuple[Array, Array]:
    """Follow x' = sign grad G_i(x), the gradient flow of -sign w_i, for a time; return u, v.

    The steps are Runge-Kutta of order 4.

    >>> u, v = steepest(0, 1, np.array([1.0]), np.array([0.0]), (1,), 1e-6)  # u' = 2 u v, v' = u^2
    >>> round(float(v[0]) * 1e6, 6)
    1.0
    """
    x = np.concatenate([u, v])
    L = len(u)
    h = sign * time / steps

    def field(x: Array) -> Array:
        return gradient(i, x[:L], x[L:], groups)

    for _ in range(steps):
        k1 = field(x)
        k2 = field(x + h / 2 * k1)
        k3 = field(x + h / 2 * k2)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + field(x + h * k3))
    return x[:L], x[L:]


def loop_displacement(
    i: int, j: int, u: Array, v: Array, groups: tuple[int, ...], time: float
) -> Array:
    """How far w moves under the losses -w_i, -w_j, +w_i, +w_j in turn: Theorem 1, proved.

    Each acts for ``time``.
    Under a mirror flow with a Legendre function R, grad R(w)' = -grad L_t(w), and grad R is
    one-to-one. The four linear losses have gradients -e_i, -e_j, e_i, e_j, which integrate to 0
    over the loop, so w would come back to where it began. Gradient flow follows grad G_i, grad G_j,
    -grad G_i, -grad G_j, and ends at x + s^2 [grad G_i, grad G_j] + O(s^3) with s = ``time``; w_j
    has then moved by

        s^2 <grad G_j, [grad G_i, grad G_j]> + O(s^3) = 4 s^2 u^4 v_i + O(s^3),

    not 0 for i, j in one group with v_i != 0. So no Legendre function describes this flow, from any
    [u, v] with u_g > 0 and v_i != 0. The first bracket suffices; the second one, which the paper
    uses, and the theorem it is fed to, are not needed.

    >>> moved = loop_displacement(0, 1, np.array([1.0]), np.array([0.5, 0.2]), (2,), 1e-3)
    >>> round(float(moved[1]) / 1e-6, 1)  # 4 u^4 v_i = 2
    2.0
    """
    at = u, v
    for k, sign in ((i, 1), (j, 1), (i, -1), (j, -1)):
        at = steepest(k, sign, *at, groups, time)
    label = owner(groups)
    return at[0][label] ** 2 * at[1] - u[label] ** 2 * v
