"""A model: the instances that claims speak of, as functions of free parameters.

A :class:`Model` names its sizes, its blocks of free parameters, and its quantities. Basic
quantities are functions of the parameters, written with the operations of a field, so that one
function builds batches of floats and exact instances. Derived quantities are sentences. A block
that belongs to a hypothesis is frozen at 0 where a claim assumes that hypothesis, and free where it
does not: only so can a claim be refuted that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from ..arrays import Array, BoolArray, IntArray
from .fields import Exact, Floats, Value
from .rational import Matrix
from .sentences import Formula, Scope

Sizes = Mapping[str, int]

SKEW: Array = np.array([[0.0, -1.0], [1.0, 0.0]])


@dataclass(frozen=True)
class Block:
    """Free parameters with one purpose.

    Attributes
    ----------
    count : int
        How many.
    scale : float
        Standard deviation of a random draw.
    frozen_by : tuple of str
        Hypotheses, any of which freezes the block at 0.
    signs : bool
        Whether only the signs matter: no derivative is taken.
    """

    count: int
    scale: float = 1.0
    frozen_by: tuple[str, ...] = ()
    signs: bool = False


def any_sizes(sizes: Sizes) -> str:
    """No reason to refuse sizes."""
    return ""


def nothing(given: Collection[str]) -> tuple[str, ...]:
    """Nothing that holds of every instance."""
    return ()


@dataclass(frozen=True)
class Model:
    """The instances that a claim speaks of.

    Attributes
    ----------
    name : str
        As in ``Claim(model=name)``.
    sizes : dict
        What every size means.
    blocks : callable
        Of sizes, the blocks by name.
    basics : dict
        Basic quantities: functions of an :class:`Instance`.
    definitions : dict
        Derived quantities: sentences.
    given : dict
        Hypotheses that can be built in, each with the sentences that state it.
    always : callable
        Of the hypotheses that are built in, what holds of every instance, as sentences.
    refuse : callable
        Of sizes, why no instance has them; empty where one has.
    tried : tuple of dict
        Sizes of a claim that names none.
    meanings : dict
        What every name means.
    distance : str
        An expression that is 0 at degenerate instances; tightness is reported away from them.
    symbols : dict
        LaTeX of names, where it is not the name.
    """

    name: str
    sizes: Mapping[str, str]
    blocks: Callable[[Sizes], Mapping[str, Block]]
    basics: Mapping[str, Formula]
    definitions: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    always: Callable[[Collection[str]], tuple[str, ...]] = nothing
    refuse: Callable[[Sizes], str] = any_sizes
    tried: tuple[Sizes, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    distance: str = ""
    symbols: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a sentence may use."""
        return tuple(sorted({*self.sizes, *self.basics, *self.definitions}))

    def check_sizes(self, sizes: Sizes) -> None:
        """Refuse sizes that no instance can have."""
        wanted = ", ".join(f"{name} ({meaning})" for name, meaning in self.sizes.items())
        if set(sizes) != set(self.sizes):
            raise ValueError(
                f"sizes = {dict(sizes)}; the model {self.name!r} has the sizes {wanted}"
            )
        for name, value in sizes.items():
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"sizes: {name} = {value!r}; it must be an integer of at least 1")
        try:
            reason = self.refuse(sizes)
        except Exception as error:
            raise ValueError(
                f"the model {self.name!r}: refuse({dict(sizes)}) fails with "
                f"{type(error).__name__}: {error}; it must return a reason, or an empty string"
            ) from error
        if reason:
            raise ValueError(f"sizes = {dict(sizes)}: no instance has them, {reason}")

    def check_given(self, given: Sequence[str]) -> None:
        """Refuse a hypothesis that is not among those that can be built in."""
        for text in given:
            if text not in self.given:
                known = ", ".join(map(repr, self.given))
                raise ValueError(
                    f"given: {text!r} is unknown to the model {self.name!r}, which has {known}; "
                    "state any other hypothesis in `where`"
                )


MODELS: dict[str, Model] = {}


def register(model: Model) -> Model:
    """Make a model known by its name."""
    MODELS[model.name] = model
    return model


def find_model(model: str | Model) -> Model:
    """The model of this name."""
    if isinstance(model, Model):
        return model
    if model not in MODELS:
        raise ValueError(f"model = {model!r} is unknown; choose one of {', '.join(MODELS)}")
    return MODELS[model]


class Layout:
    """Where the blocks lie in a parameter vector; frozen and unused ones are left out.

    Parameters
    ----------
    blocks : dict
        The blocks by name.
    given : iterable of str
        Hypotheses that a claim assumes.
    used : collection of str, optional
        The blocks that matter; None: all.
    """

    def __init__(
        self, blocks: Mapping[str, Block], given: Iterable[str], used: set[str] | None = None
    ) -> None:
        assumed = set(given)
        self.blocks: dict[str, tuple[int, int]] = {}
        scales: list[float] = []
        smooth: list[bool] = []
        for name, block in blocks.items():
            frozen = assumed & set(block.frozen_by) or (used is not None and name not in used)
            count = 0 if frozen else block.count
            self.blocks[name] = len(scales), count
            scales += [block.scale] * count
            smooth += [not block.signs] * count
        self.size = len(scales)
        self.scales: Array = np.array(scales)
        self.smooth: BoolArray = np.array(smooth, dtype=bool)

    def parts(self) -> list[slice]:
        """The place of every block that is not empty."""
        return [slice(start, start + count) for start, count in self.blocks.values() if count]

    def draw(self, rng: np.random.Generator, n_draws: int) -> Array:
        """Random parameters (n_draws, size).

        Whole blocks and single entries are often 0, and some draws are rounded to halves.
        """
        shape = n_draws, self.size
        spread = np.exp(rng.uniform(-2, 0.7, (n_draws, 1)))
        theta = rng.standard_normal(shape) * self.scales * spread
        for part in self.parts():
            theta[:, part] *= rng.random((n_draws, 1)) < 0.75
        theta *= rng.random(shape) < rng.choice([1.0, 0.8, 0.4], (n_draws, 1))
        nice = rng.random(n_draws) < 0.25
        theta[nice] = np.round(2 * theta[nice]) / 2
        return theta


class Instance(Scope):
    """The names of an instance, or of a batch of instances, with the parameters that make it.

    Parameters
    ----------
    field : Exact or Floats
    formulas : dict
        A formula for every name.
    layout : Layout
    theta : sequence
        Parameters: (K, size) floats for a batch, Fractions for an exact instance.
    given : collection of str
        Hypotheses that are built in.
    """

    def __init__(
        self,
        field: Exact | Floats,
        formulas: Mapping[str, Formula],
        layout: Layout,
        theta: Any,
        given: Iterable[str] = (),
    ) -> None:
        super().__init__(field, formulas)
        self.layout = layout
        self.theta = theta
        self.given = set(given)
        self.read: set[str] = set()

    def each(self, count: int, build: Callable[[Parts], Value]) -> list[Value]:
        """``build`` of the k-th part of every block, k = 0, ..., count - 1.

        In floats it is called once, on a batch that holds all parts of all instances.
        """
        if isinstance(self.field, Exact):
            return [build(ExactPart(self, count, k)) for k in range(count)]
        values = build(FloatParts(self, count))
        if count == 1:
            return [values]
        values = values.reshape(-1, count, *values.shape[1:])
        return [values[:, k] for k in range(count)]

    def one(self, build: Callable[[Parts], Value]) -> Value:
        """``build`` of the whole of every block."""
        return self.each(1, build)[0]

    def number(self, block: str) -> Value:
        """The only number of a block; 0 where it is frozen."""
        return self.one(lambda part: part.number(block))


class Parts:
    """Free parameters of one of several equal parts of an instance, such as a group.

    Parameters
    ----------
    instance : Instance
    count : int
        How many parts there are.
    """

    def __init__(self, instance: Instance, count: int) -> None:
        self.instance = instance
        self.field = instance.field
        self.count = count

    def take(self, block: str) -> tuple[int, int]:
        """Start and length of a block; the block counts as used."""
        self.instance.read.add(block)
        return self.instance.layout.blocks[block]

    def matrix(self, block: str, rows: int, columns: int) -> Value:
        """The next rows x columns parameters of a block; zeros where it is frozen."""
        raise NotImplementedError

    def same(self, value: Value) -> Value:
        """A quantity of the instance, for use beside those of a part."""
        raise NotImplementedError

    def rolled(self, M: Value, shifts: Sequence[int]) -> Value:
        """The rows of M moved down by shifts[k] in part k."""
        raise NotImplementedError

    def number(self, block: str) -> Value:
        """The next number of a block."""
        return self.field.words["entry"](self.matrix(block, 1, 1), 0, 0)

    def skew(self, block: str, size: int) -> Value:
        """A skew-symmetric matrix from size (size - 1) / 2 numbers of a block."""
        entry = self.field.words["entry"]
        numbers = self.matrix(block, 1, size * (size - 1) // 2)
        zero = 0 * entry(self.matrix(block, 1, 1), 0, 0)
        rows = [[zero] * size for _ in range(size)]
        for i in range(size):
            for j in range(i):
                rows[i][j] = entry(numbers, 0, i * (i - 1) // 2 + j)
                rows[j][i] = -rows[i][j]
        return self.field.matrix(rows)

    def share(self, block: str) -> Value:
        """A number in [0, 1], the rational sin^2: both ends are ordinary points, 0 at 0, 1 at 1."""
        return share(self.number(block))

    def frame(self, skew: Value, tilt: Value) -> Value:
        """Orthonormal columns: the first of the Cayley transform of [[skew, tilt.T], [-tilt, 0]].

        At 0 they are e_1, ..., e_d; one d x d inverse is all it takes.
        """
        field = self.field
        eye = field.words["eye"](field.shape(skew)[1])
        if not field.shape(tilt)[0]:
            return 2 * field.words["inv"](eye + skew) - eye
        P = field.words["inv"](eye + skew + field.transpose(tilt) @ tilt)
        return field.stack([2 * P - eye, 2 * (tilt @ P)])

    def sphere(self, t: Value) -> Value:
        """A unit vector with one entry more than t: stereographic, e_1 at 0."""
        square = self.field.words["norm2"](t)
        first = self.field.matrix([[(1 - square) / (1 + square)]])
        return self.field.stack([first, t * (2 / (1 + square))])


class ExactPart(Parts):
    """Part k of an exact instance."""

    def __init__(self, instance: Instance, count: int, k: int) -> None:
        super().__init__(instance, count)
        self.k = k

    def matrix(self, block: str, rows: int, columns: int) -> Matrix:
        start, count = self.take(block)
        if not count or not rows * columns:
            return Matrix([(Fraction(0),) * columns] * rows)
        first = start + self.k * rows * columns
        entries = tuple(self.instance.theta[first : first + rows * columns])
        return Matrix(entries[r * columns : (r + 1) * columns] for r in range(rows))

    def same(self, value: Value) -> Value:
        return value

    def rolled(self, M: Matrix, shifts: Sequence[int]) -> Matrix:
        shift = shifts[self.k]
        return Matrix(M[(i - shift) % len(M)] for i in range(len(M)))


class FloatParts(Parts):
    """All parts of all instances of a batch, as one batch: instance 0 part 0, part 1, ..."""

    field: Floats

    def matrix(self, block: str, rows: int, columns: int) -> Array:
        start, count = self.take(block)
        theta = self.instance.theta
        if not count or not rows * columns:
            return np.zeros((len(theta) * self.count, rows, columns))
        stop = start + self.count * rows * columns
        result: Array = self.field.apply(_taken, theta, start, stop, rows, columns)
        return result

    def skew(self, block: str, size: int) -> Array:
        numbers = self.matrix(block, 1, size * (size - 1) // 2)
        return self.field.apply(_skew, numbers, size)

    def same(self, value: Array) -> Array:
        return np.repeat(value, self.count, axis=0)

    def rolled(self, M: Array, shifts: Sequence[int]) -> Array:
        n_rows, n_columns = M.shape[-2:]
        rows = M.reshape(-1, self.count * n_rows, n_columns)
        places = _rolled_places(n_rows, tuple(shifts))
        result: Array = np.take(rows, places, axis=1).reshape(M.shape)
        return result


def _taken(theta: Array, start: int, stop: int, rows: int, columns: int) -> Array:
    """Parameters from start to stop as matrices (-1, rows, columns)."""
    return theta[:, start:stop].reshape(-1, rows, columns)


def _skew(numbers: Array, size: int) -> Array:
    """Skew-symmetric matrices (K, size, size) from the numbers (K, 1, -1) below the diagonal."""
    if size == 2:
        return numbers * SKEW
    rows, columns = _below_diagonal(size)
    result = np.zeros((len(numbers), size, size))
    result[:, rows, columns] = numbers[:, 0]
    result[:, columns, rows] = -numbers[:, 0]
    return result


@cache
def _below_diagonal(size: int) -> tuple[IntArray, ...]:
    """Rows and columns of the entries below the diagonal."""
    return np.tril_indices(size, -1)


@cache
def _rolled_places(n_rows: int, shifts: tuple[int, ...]) -> IntArray:
    """The row that comes to stand in each place, of all parts above one another."""
    down: IntArray = np.array(shifts)[:, None]
    first: IntArray = n_rows * np.arange(len(shifts))[:, None]
    return (first + (np.arange(n_rows) - down) % n_rows).ravel()


def share(t: Value) -> Value:
    """(2 t / (1 + t^2))^2: a number in [0, 1], 0 at 0 and 1 at 1."""
    return (2 * t / (1 + t * t)) ** 2
