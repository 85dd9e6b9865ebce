"""The NumPy calls of a batch, recorded once and repeated without the sentences behind them.

A climb evaluates the same sentences at hundreds of small batches of one size, and reading the
sentences takes longer than the arithmetic. What they call depends on the sizes alone, so that it
can be recorded: with a :class:`Recorded` value in place of the parameters, and what is computed
twice, once. The numbers are the same to the last bit. A model or a sentence that looks at the
numbers, or at anything else than NumPy's functions can give, is not recorded.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from ..arrays import Array
from .fields import WORDS, Floats

OF_LISTS = {"beside", "largest", "least", "total", "prod", "len", "range", "subsets", "tuples"}


class Unrecordable(Exception):
    """A value is needed that is known only when the calls are made."""


class Tape:
    """The calls, each with the places of its arguments and of its value.

    Parameters
    ----------
    theta : ndarray
        An example of the parameters, in place 0, that the other values are computed from.
    """

    def __init__(self, theta: Array) -> None:
        self.values: list[Any] = [theta]
        self.calls: list[tuple[Callable[..., Any], itemgetter[Any], int]] = []
        self.places: dict[Any, int] = {}
        self.theta = Recorded(self, 0)
        self.wanted: Any = ()

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Recorded:
        """Make a call and record it; one that was made before has its value already."""
        if "out" in options or not all(isinstance(x, (int, str, tuple)) for x in options.values()):
            raise Unrecordable
        where = tuple(map(self._place, arguments))
        key = function, where, repr(sorted(options.items()))
        if key not in self.places:
            bound = partial(function, **options) if options else function
            self.places[key] = len(self.values)
            # of one place itemgetter gives no tuple
            places = where if len(where) > 1 else (slice(where[0], where[0] + 1),)
            fetch = itemgetter(*places)
            self.calls.append((bound, fetch, len(self.values)))
            self.values.append(bound(*fetch(self.values)))
        return Recorded(self, self.places[key])

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
        """Make the calls for other parameters; return the values wanted, in lists."""
        values = self.values
        values[0] = theta
        for function, arguments, place in self.calls:
            values[place] = function(*arguments(values))
        return _filled(self.wanted, values)


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
        words |= {name: partial(self.apply, words[name]) for name in set(WORDS) - OF_LISTS}
        self.words = words

    def apply(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if any(isinstance(x, Recorded) for x in arguments):
            return self.tape.call(function, *arguments)
        return function(*arguments)


def _filled(wanted: Any, values: Sequence[Any]) -> Any:
    """A value of a tape, or lists of lists of them."""
    if isinstance(wanted, (list, tuple)):
        return [_filled(each, values) for each in wanted]
    return values[wanted.place] if isinstance(wanted, Recorded) else wanted


def are_same(a: Any, b: Any) -> bool:
    """Whether two lists of lists hold the same numbers and texts; NaN equals NaN."""
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(are_same, a, b))
    return a == b if isinstance(a, str) else np.array_equal(a, b, equal_nan=True)


def _key(constant: Any) -> Any:
    """Equal for constants that are the same; an object that is no plain one is only itself."""
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
