"""Hostile arguments: the same data in disguise, data at the ends of the floating range, and things that are no data. Imports no gsae_ref.

A mutation takes a value that a function accepts and the generator, and returns the hostile one.
``SAME`` says that nothing but the form has changed: the result must be that of the plain value. Of
the others only this is asked: an answer without NaN, or a refusal in words.
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
    """An array type of somebody else."""


class Pretender:
    """Converts itself to an array when asked."""

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
    """Put a value somewhere."""

    def plant(x, rng):
        x = np.array(x, dtype=np.result_type(x, value) if isinstance(value, complex) else x.dtype)
        x.reshape(-1)[rng.integers(x.size)] = value
        return x

    return plant


def times(factor):
    return lambda x, rng: x * factor


def emptied(x, rng):
    axis = rng.integers(x.ndim)
    return np.take(x, [], axis=axis)


def one_kept(x, rng):
    axis = rng.integers(x.ndim)
    return np.take(x, [0], axis=axis)


def one_more(x, rng):
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
    "converts itself": lambda x, rng: Pretender(x),
    "broadcast": lambda x, rng: np.broadcast_to(x[None], (2, *x.shape))[1],
}

# Big or small in all entries or some.
ENDS = {
    **{
        f"times {f:.0e}": times(f)
        for f in (1e-320, 1e-300, 1e-200, 1e-160, 1e-150, 1e-20, 1e20, 1e150, 1e160, 1e200, 1e300)
    },
    "all ends at once": mixed_ends,
    "one huge": planted(1.7e308),
    "one denormal": planted(5e-324),
    "minus zero": times(-0.0),
    "zeros": times(0.0),
    "all alike": lambda x, rng: np.full_like(x, x.reshape(-1)[0]),
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
    "one kept": one_kept,
    "one more": one_more,
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
WORK = 64  # the largest count that is tried where a count is so much work


def hostile_number(value, rng, work):
    """A number, or anything else in the place of one; as a count of work only what is small, or beyond any machine."""

    def is_bearable(n):
        return not work or not (isinstance(n, int | np.integer) and WORK < n < 2**62)

    choices = [n for n in NUMBERS if is_bearable(n)]
    return choices[rng.integers(len(choices))]


def hostile_array(x, rng, ends=True):
    """A mutation of an array: its name, what is asked of the result, and the new value; None where the mutation does not apply."""
    kinds = [
        (DISGUISES, SAME),
        (WRONG, OTHER),
        *([(ENDS, OTHER)] if ends and x.dtype.kind == "f" else []),
    ]
    table, asked = kinds[rng.integers(len(kinds))]
    name = list(table)[rng.integers(len(table))]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's own, about np.matrix and about casts
        try:
            return name, asked, table[name](x, rng)
        except (
            ValueError,
            TypeError,
            IndexError,
            OverflowError,
        ):  # say, dates out of labels: nothing to try
            return None


def copied(value):
    """What can be compared with the value afterwards: bytes of arrays, the value itself else."""
    if value is np.ma.masked or not isinstance(value, np.ndarray) or value.dtype == object:
        return None
    return np.asarray(value).tobytes()
