"""Sets to which a dictionary may be restricted. May import groups.

Each set has ``retract(A)``, the map of a dictionary back to the set, which follows a step, and
``tangent(A, G)``, the part of a gradient G along the set at A: a step along it stays on the set to
first order.
"""

from __future__ import annotations

import numpy as np

from .. import groups
from ..arrays import Array


class AllDictionaries:
    """No constraint.

    >>> AllDictionaries().retract(np.array([[2.0]]))
    array([[2.]])
    """

    def retract(self, A: Array) -> Array:
        return A

    def tangent(self, A: Array, G: Array) -> Array:
        return G


class UnitColumns:
    """Atoms of norm 1: retraction a / ||a||, tangent part g - a (a^T g) / ||a||^2.

    An atom that is zero stays zero.

    >>> UnitColumns().retract(np.array([[3.0, 0.0], [4.0, 0.0]]))
    array([[0.6, 0. ],
           [0.8, 0. ]])
    >>> UnitColumns().tangent(np.array([[1.0], [0.0]]), np.array([[2.0], [3.0]]))
    array([[0.],
           [3.]])
    """

    def retract(self, A: Array) -> Array:
        norms = np.linalg.norm(A, axis=0)
        return A / np.where(norms > 0, norms, 1)

    def tangent(self, A: Array, G: Array) -> Array:
        square = np.sum(A * A, axis=0)
        return G - A * (np.sum(A * G, axis=0) / np.where(square > 0, square, 1))


class OrthonormalGroups:
    """A_g^T A_g = I: retraction the polar factor (R2, R3), tangent part G_g - A_g sym(A_g^T G_g).

    >>> OrthonormalGroups(group_size=1).retract(np.array([[3.0], [4.0]]))
    array([[0.6],
           [0.8]])
    """

    def __init__(self, group_size: int) -> None:
        self.group_size = group_size

    def retract(self, A: Array) -> Array:
        return groups.polar(A, self.group_size)

    def tangent(self, A: Array, G: Array) -> Array:
        B = groups.blocks(A, self.group_size)
        H = groups.blocks(G, self.group_size)
        inner = np.swapaxes(B, 1, 2) @ H
        return groups.unblock(H - B @ (inner + np.swapaxes(inner, 1, 2)) / 2)


Constraint = AllDictionaries | UnitColumns | OrthonormalGroups
CONSTRAINTS = ("none", "columns", "groups")


def constraint_set(constraint: str, group_size: int) -> Constraint:
    """The set of one of CONSTRAINTS.

    >>> type(constraint_set("columns", 2)).__name__
    'UnitColumns'
    """
    if constraint == "columns":
        return UnitColumns()
    if constraint == "groups":
        return OrthonormalGroups(group_size)
    return AllDictionaries()
