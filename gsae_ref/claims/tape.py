"""The NumPy calls of a batch, recorded once and repeated without the sentences behind them.

A climb evaluates the same sentences at hundreds of small batches of one size, and reading the
sentences takes longer than the arithmetic. What they call depends on the sizes alone, so that it
can be recorded: with a :class:`Recorded` value in place of the parameters, and what is computed
twice, once. The numbers are the same to the last bit. A model or a sentence that looks at the
numbers, or at anything else than NumPy's functions can give, is not recorded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from .fields import WORDS, Floats

COSTLY = ("spectral", "nuclear", "least_singular", "det", "inv")  # little more for two batches
PRODUCTS = (operator.mul, np.multiply)
ARITHMETIC = (*PRODUCTS, operator.add, operator.sub, operator.truediv, np.add, np.true_divide)
OF_LISTS = {"beside", "largest", "least", "total", "prod", "len", "range", "subsets", "tuples"}


class Unrecordable(Exception):
    """A value is needed that is known only when the calls are made."""


class Call(NamedTuple):
    """A function and the places of its arguments and of its value."""

    function: Callable[..., Any]
    arguments: tuple[int, ...]
    place: int


class Tape:
    """The calls, each with the places of its arguments and of its value.

    Parameters
    ----------
    theta : ndarray
        An example of the parameters, in place 0, that the other values are computed from.
    """

    def __init__(self, theta: Array) -> None:
        self.values: list[Any] = [theta]
        self.calls: list[Call] = []
        self.steps: list[tuple[Callable[..., Any], itemgetter[Any], int]] = []
        self.places: dict[Any, int] = {}
        self.theta = Recorded(self, 0)
        self.wanted: list[Any] = []
        self.holes: list[tuple[list[Any], int, int]] = []

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Recorded:
        """Make a call and record it; one that was made before has its value already."""
        if "out" in options or not all(isinstance(x, (int, str, tuple)) for x in options.values()):
            raise Unrecordable
        if function in ARITHMETIC:
            if function in PRODUCTS and _is_one(arguments[0]):
                return arguments[1]
            arguments = tuple(map(_as_array, arguments))
        where = tuple(map(self._place, arguments))
        key = function, where, repr(sorted(options.items()))
        if key not in self.places:
            bound = partial(function, **options) if options else function
            self.places[key] = self._made(bound, where, bound(*(self.values[k] for k in where)))
        return Recorded(self, self.places[key])

    def _made(self, function: Callable[..., Any], where: tuple[int, ...], value: Any) -> int:
        """The place of the value of a call that was made."""
        self.calls.append(Call(function, where, len(self.values)))
        self.values.append(value)
        return len(self.values) - 1

    def finish(self, wanted: Any, costly: Collection[Callable[..., Any]]) -> None:
        """Make the calls ready to be repeated, with one in place of several costly ones.

        ``wanted`` are the values that :meth:`play` returns, in lists of lists; ``costly`` are
        functions of one batch. The level of a value is the largest number of costly calls that it
        needs one after the other; calls of one level do not need each other.
        """
        levels: dict[int, int] = {}
        alike: dict[Any, list[Call]] = {}
        plain: dict[int, list[Call]] = {}
        for each in self.calls:
            level = max(levels.get(k, 0) for k in each.arguments)
            if each.function in costly:
                level += 1
                shape = self.values[each.arguments[0]].shape
                alike.setdefault((level, each.function, shape), []).append(each)
            else:
                plain.setdefault(level, []).append(each)
            levels[each.place] = level
        for (level, *_), calls in alike.items():
            plain[level] = [*self._united(calls), *plain.get(level, [])]
        ordered = [each for level in sorted(plain) for each in plain[level]]
        self.steps = [(each.function, _fetch(each.arguments), each.place) for each in ordered]
        self.wanted = self._with_holes(wanted)

    def _with_holes(self, wanted: Any) -> list[Any]:
        """Lists of lists in which the values of calls are still to be filled in."""
        result = list(wanted)
        for k, each in enumerate(result):
            if isinstance(each, (list, tuple)):
                result[k] = self._with_holes(each)
            elif isinstance(each, Recorded):
                self.holes.append((result, k, each.place))
        return result

    def _united(self, calls: list[Call]) -> list[Call]:
        """Calls of one function as one, followed by the parts of its value."""
        if len(calls) == 1:
            return calls
        whole = len(self.values)
        self.values.append(None)
        function = partial(_together, calls[0].function)
        parts = [
            Call(operator.getitem, (whole, self._place(k)), each.place)
            for k, each in enumerate(calls)
        ]
        return [Call(function, tuple(each.arguments[0] for each in calls), whole), *parts]

    def _place(self, argument: Any) -> int:
        if isinstance(argument, (list, tuple)) and any(isinstance(x, Recorded) for x in argument):
            argument = self.call(_listed, *argument)
        if isinstance(argument, Recorded):
            return argument.place
        key = _key(argument)
        if key not in self.places:
            self.places[key] = len(self.values)
            self.values.append(argument)
        return self.places[key]

    def play(self, theta: Array) -> Any:
        """Make the calls for other parameters; return the values wanted, in the same lists."""
        values = self.values
        values[0] = theta
        for function, arguments, place in self.steps:
            values[place] = function(*arguments(values))
        for inside, k, place in self.holes:
            inside[k] = values[place]
        return self.wanted


class Recorded:
    """A value of a tape; what is done to it is recorded."""

    def __init__(self, tape: Tape, place: int) -> None:
        self.tape = tape
        self.place = place

    @property
    def value(self) -> Any:
        return self.tape.values[self.place]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        raise Unrecordable

    __iter__ = __array__ = __float__ = __index__ = None

    def __getitem__(self, key: Any) -> Recorded:
        return self.tape.call(operator.getitem, self, key)

    def reshape(self, *shape: int) -> Recorded:
        return self.tape.call(_reshaped, self, *shape)

    def swapaxes(self, *axes: int) -> Recorded:
        return self.tape.call(_swapped, self, *axes)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Recorded:
        return self.tape.call(
            ufunc if method == "__call__" else getattr(ufunc, method), *inputs, **options
        )

    def __array_function__(
        self, function: Any, types: Any, arguments: Any, options: Any
    ) -> Recorded:
        return self.tape.call(function, *arguments, **options)


class Recording(Floats):
    """The field in which a sentence is recorded: a word is one call."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self.tape = tape
        words = dict(self.words)
        self.costly = [words[name] for name in COSTLY]
        words |= {name: partial(self.apply, words[name]) for name in set(WORDS) - OF_LISTS}
        self.words = words

    def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if any(isinstance(x, Recorded) for x in arguments):
            return self.tape.call(function, *arguments)
        return function(*arguments)


def _fetch(places: tuple[int, ...]) -> itemgetter[Any]:
    """What gets the values of several places; of one place itemgetter would give no tuple."""
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))


def _together(function: Callable[..., Any], *batches: Array) -> Array:
    """The values of a function of a batch at several batches of one shape."""
    values = function(np.concatenate(batches))
    return values.reshape(len(batches), -1, *values.shape[1:])


def are_same(a: Any, b: Any) -> bool:
    """Whether two lists of lists hold the same numbers and texts; NaN equals NaN."""
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(are_same, a, b))
    return a == b if isinstance(a, str) else np.array_equal(a, b, equal_nan=True)


def _is_one(argument: Any) -> bool:
    """Whether a factor changes nothing."""
    return isinstance(argument, (int, float)) and argument == 1


def _as_array(argument: Any) -> Any:
    """A number as NumPy would convert it in every call."""
    return np.array(argument, dtype=float) if isinstance(argument, (int, float)) else argument


def _key(constant: Any) -> Any:
    """Equal for constants that are the same; an object that is no plain one is only itself."""
    if isinstance(constant, np.ndarray) and constant.ndim == 0:
        constant = float(constant)
    if isinstance(constant, tuple):
        return tuple(map(_key, constant))
    plain = isinstance(constant, (int, float, str, slice, type(None)))
    return (type(constant), repr(constant)) if plain else id(constant)


def _reshaped(M: Array, *shape: Any) -> Array:
    return M.reshape(*shape)


def _swapped(M: Array, i: int, j: int) -> Array:
    return M.swapaxes(i, j)


def _listed(*items: Any) -> list[Any]:
    return list(items)


def _recorded(function: Callable[..., Any], reflected: bool) -> Callable[..., Recorded]:
    def apply(self: Recorded, *others: Any) -> Recorded:
        arguments = (*others, self) if reflected else (self, *others)
        return self.tape.call(function, *arguments)

    return apply


for _name in ("add", "sub", "mul", "truediv", "matmul", "pow"):
    _function = getattr(operator, _name)
    setattr(Recorded, f"__{_name}__", _recorded(_function, reflected=False))
    setattr(Recorded, f"__r{_name}__", _recorded(_function, reflected=True))
for _name in ("neg", "abs", "lt", "le", "gt", "ge"):
    setattr(Recorded, f"__{_name}__", _recorded(getattr(operator, _name), reflected=False))
