"""Hostile arguments: data in other forms, at the ends of the floating range, and no data at all.

A mutation takes an accepted value and a generator, and returns the hostile value. ``SAME``: only
the form differs, and the result must be that of the plain value. ``OTHER``: the result must have no
NaN, or the value must be refused with a message. Imports no gsae_ref.
"""

import decimal
import fractions
import tempfile
import warnings

import numpy as np
import scipy.sparse

SAME = "same"
OTHER = "other"


class Subclass(np.ndarray):
    """A subclass of ndarray."""


class Pretender:
    """An object with a method __array__."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


def memory_mapped(x, rng):
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, dtype=x.dtype, shape=x.shape, mode="w+")
    mapped[...] = x
    return mapped


def read_only(x, rng):
    x = x.copy()
    x.flags.writeable = False
    return x


def strided(x, rng):
    wide = np.empty((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[...] = 7
    wide[..., ::2] = x
    return wide[..., ::2]


def reversed_twice(x, rng):
    return np.ascontiguousarray(x[..., ::-1])[..., ::-1]


def unaligned(x, rng):
    buffer = np.zeros(x.nbytes + 1, np.uint8)
    view = buffer[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    return view


def planted(value):
    """Replace a random entry by a value."""

    def plant(x, rng):
        dtype = np.result_type(x, value) if isinstance(value, complex) else x.dtype
        x = np.array(x, dtype=dtype)
        x.reshape(-1)[rng.integers(x.size)] = value
        return x

    return plant


def times(factor):
    return lambda x, rng: x * factor


def emptied(x, rng):
    axis = rng.integers(x.ndim)
    return np.take(x, [], axis=axis)


def first_only(x, rng):
    axis = rng.integers(x.ndim)
    return np.take(x, [0], axis=axis)


def first_repeated(x, rng):
    axis = rng.integers(x.ndim)
    return np.concatenate([x, np.take(x, [0], axis=axis)], axis=axis)


def ragged(x, rng):
    rows = x.tolist()
    return [*rows, rows[:1]] if x.ndim == 1 else [*rows[:-1], rows[-1][:-1]]


def mixed_ends(x, rng):
    return x * 10.0 ** rng.choice([-300, -160, -20, 0, 20, 160, 300], size=x.shape)


DISGUISES = {
    "Fortran order": lambda x, rng: np.asfortranarray(x),
    "strided": strided,
    "negative strides": reversed_twice,
    "read-only": read_only,
    "memory-mapped": memory_mapped,
    "other byte order": lambda x, rng: x.astype(x.dtype.newbyteorder()),
    "unaligned": unaligned,
    "subclass": lambda x, rng: x.view(Subclass),
    "nested list": lambda x, rng: x.tolist(),
    "tuple": lambda x, rng: tuple(map(tuple, x.tolist())) if x.ndim == 2 else tuple(x.tolist()),
    "list of arrays": lambda x, rng: list(x),
    "__array__": lambda x, rng: Pretender(x),
    "broadcast": lambda x, rng: np.broadcast_to(x[None], (2, *x.shape))[1],
}

FACTORS = (1e-320, 1e-300, 1e-200, 1e-160, 1e-150, 1e-20, 1e20, 1e150, 1e160, 1e200, 1e300)

# Large or small in all entries or some.
ENDS = {
    **{f"times {factor:.0e}": times(factor) for factor in FACTORS},
    "mixed magnitudes": mixed_ends,
    "one huge": planted(1.7e308),
    "one denormal": planted(5e-324),
    "minus zero": times(-0.0),
    "zeros": times(0.0),
    "constant": lambda x, rng: np.full_like(x, x.reshape(-1)[0]),
    "negated": times(-1.0),
    "float32 at its end": lambda x, rng: (x / max(np.abs(x).max(), 1e-300) * 3e38).astype(
        np.float32
    ),
    "float32 near zero": lambda x, rng: (x * 1e-30).astype(np.float32),
    "float32": lambda x, rng: x.astype(np.float32),
}

WRONG = {
    "NaN": planted(np.nan),
    "inf": planted(np.inf),
    "-inf": planted(-np.inf),
    "complex": planted(1j),
    "longdouble": lambda x, rng: x.astype(np.longdouble),
    "float16": lambda x, rng: x.astype(np.float16),
    "object": lambda x, rng: x.astype(object),
    "text": lambda x, rng: x.astype(str),
    "bool": lambda x, rng: x > 0,
    "bytes": lambda x, rng: x.tobytes(),
    "dates": lambda x, rng: x.astype("timedelta64[s]"),
    "masked": lambda x, rng: np.ma.masked_array(x, mask=rng.random(x.shape) < 0.5),
    "masked nowhere": lambda x, rng: np.ma.masked_array(x),
    "matrix": lambda x, rng: np.asmatrix(x),
    "sparse matrix": lambda x, rng: scipy.sparse.csr_matrix(np.atleast_2d(x)),
    "sparse array": lambda x, rng: scipy.sparse.coo_array(np.atleast_2d(x)),
    "structured": lambda x, rng: x.astype([("value", float)]),
    "integers": lambda x, rng: np.round(x).astype(int),
    "int8": lambda x, rng: np.round(x).astype(np.int8),
    "huge integers": lambda x, rng: np.full(x.shape, 2**64 - 1, np.uint64),
    "larger integers": lambda x, rng: [[10**30] * x.shape[-1]],
    "empty": emptied,
    "first only": first_only,
    "first repeated": first_repeated,
    "ragged": ragged,
    "axis more": lambda x, rng: x[None],
    "axis fewer": lambda x, rng: x[0],
    "transposed": lambda x, rng: x.T,
    "number": lambda x, rng: 1.0,
    "0-D": lambda x, rng: np.array(1.0),
    "None": lambda x, rng: None,
    "str": lambda x, rng: "Y",
    "empty list": lambda x, rng: [],
    "dict": lambda x, rng: {"Y": x},
    "set": lambda x, rng: {1.0},
    "generator": lambda x, rng: iter([1.0]),
    "list of None": lambda x, rng: [None],
    "list of texts": lambda x, rng: ["a", "b"],
    "self-nested": lambda x, rng: [[[[[x]]]]],
    "class": lambda x, rng: np.ndarray,
    "slice": lambda x, rng: slice(None),
    "fractions": lambda x, rng: [fractions.Fraction(1, 2)] * len(x),
}

NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    2**31,
    2**32,
    2**63 - 1,
    2**63,
    2**64,
    -(2**63),
    10**30,
    10**400,
    0.0,
    -0.0,
    0.5,
    1.0,
    2.0,
    1e-320,
    5e-324,
    1e-300,
    1e-150,
    1e-30,
    1e30,
    3.5e38,
    1e150,
    1e300,
    1.7e308,
    np.nan,
    np.inf,
    -np.inf,
    True,
    False,
    None,
    "1",
    "",
    b"1",
    [],
    [1],
    [1.0, 2.0],
    (),
    {},
    {1},
    1j,
    object(),
    np.int8(2),
    np.uint64(2),
    np.float16(0.5),
    np.float32(0.5),
    np.float64(0.5),
    np.longdouble(0.5),
    np.longdouble("1e4000"),
    np.bool_(True),
    np.array(2),
    np.array([2]),
    np.array([[2.0]]),
    np.array("a"),
    np.ma.masked,
    np.datetime64("2020"),
    fractions.Fraction(1, 2),
    decimal.Decimal("0.5"),
    np.random.RandomState(0),
    np.random.default_rng(0),
    int,
    print,
    "x" * 1000,
    "\0",
    "é",
)
MAX_WORK = 64  # the largest count tried where work grows with the count


def hostile_number(value, rng, work):
    """A number or another object; with ``work`` no count that would be accepted and take long."""

    def takes_long(n):
        return work and isinstance(n, int | np.integer) and MAX_WORK < n < 2**62

    choices = [n for n in NUMBERS if not takes_long(n)]
    return choices[rng.integers(len(choices))]


def hostile_array(x, rng, ends=True):
    """A mutation of an array, (name, SAME or OTHER, new value); None if it does not apply."""
    kinds = [(DISGUISES, SAME), (WRONG, OTHER)]
    if ends and x.dtype.kind == "f":
        kinds.append((ENDS, OTHER))
    table, kind = kinds[rng.integers(len(kinds))]
    name = list(table)[rng.integers(len(table))]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's own, about np.matrix and about casts
        try:
            return name, kind, table[name](x, rng)
        except (ValueError, TypeError, IndexError, OverflowError):  # for example dates from labels
            return None


def contents(value):
    """The bytes of an array, to see whether it was modified; None for other values."""
    if value is np.ma.masked or not isinstance(value, np.ndarray) or value.dtype == object:
        return None
    return np.asarray(value).tobytes()
