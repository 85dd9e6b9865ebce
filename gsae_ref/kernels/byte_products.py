"""The screen in bytes, for processors with an instruction for products of bytes (AVX-512 VNNI).

The instruction multiplies and adds four pairs of bytes in each of 16 lanes: four times the work of
one on float32. Rows y of norm 1 and atoms are rounded to multiples of a 127th of their largest
entry. The rounding errors are computed, not only bounded: with y = y' + e and A_g = A'_g + E_g

    ||A_g^T y - A'_g^T y'|| <= ||A_g||_F ||e|| + ||E_g||_F (1 + ||e||),

and ||A_g||_F <= 1. Products of integers are exact, in any order. One factor of the instruction has
no sign: 128 is added to the bytes of the atoms, and 128 times the sum of a row taken off its
products.
"""

from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from ..arrays import Array, IntArray
from ._jit import jit

QUAD = 4  # bytes of a lane
LANES = 16
# A tile of the product: its sums fill half of the registers, its atoms the first-level cache.
ROWS = 8
VECTORS = 2
ATOMS = VECTORS * LANES
MOST_FEATURES = 2**17  # up to here a sum fits 32 bits
FINE = 2.0**20  # the largest entry of a vector is rounded up to multiples of 1 / FINE


@cache  # the features of the processor take .1 ms to read
def are_fast() -> bool:
    """Whether the code that Numba compiles may use the instruction."""
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]  # Numba sets it at run time
        return False
    return "+avx512vnni" in cpu_target.target_context.codegen().magic_tuple()[2]


class Atoms:
    """A dictionary AT (n_atoms, n_features), times a factor, in bytes.

    Attributes
    ----------
    packed : ndarray of uint8 (n_panels, n_quads, 4 ATOMS)
        Of each panel of ATOMS atoms four features side by side; 128 is added.
    factors : ndarray of float32 (n_atoms,)
        What a byte stands for.
    error : float
        max_g ||E_g||_F.
    """

    def __init__(self, AT: Array, factor: float, group_size: int) -> None:
        n_atoms, n_features = AT.shape
        shape = -(-n_atoms // ATOMS), -(-n_features // QUAD), QUAD * ATOMS
        self.packed = np.full(shape, 128, np.uint8)
        self.factors = np.empty(n_atoms, np.float32)
        self.error = round_atoms(AT, factor, group_size, self.packed, self.factors)

    def multiply(self, rows: "Rows", Z: Array) -> None:
        """Write the products of the first rows, as many as Z (n_samples, n_atoms) has."""
        multiply(rows.bytes, rows.sums, rows.factors, self.packed, self.factors, Z)


class Rows:
    """Room for up to ``n_samples`` rows in bytes, with their sums and what a byte stands for."""

    def __init__(self, n_samples: int, n_features: int) -> None:
        n_samples = -(-n_samples // ROWS) * ROWS
        self.bytes = np.zeros((n_samples, -(-n_features // QUAD) * QUAD), np.int8)
        self.sums = np.zeros(n_samples, np.int32)
        self.factors = np.zeros(n_samples, np.float32)

    def fill(
        self, Y: Array, lam: float, margin: float, atoms: Atoms, margins: Array, least: Array
    ) -> None:
        """Take these samples; write their margins, and ``least`` as :func:`.passes.normalise`."""
        rows = self.bytes, self.sums, self.factors
        round_rows(Y, lam, margin, atoms.error, *rows, margins, least)


@jit
def round_entries(x: Array, scale: float, out: IntArray) -> tuple[np.float32, float]:
    """Write scale * x, of entries at most 1, as bytes; return what these stand for, and the error.

    The error is that of the vector, squared. The largest entry is found among integers: a maximum
    of floats is not vectorised.
    """
    top = np.int32(0)
    for p in range(x.size):
        top = max(top, np.int32(abs(np.float64(x[p]) * (scale * FINE))))
    factor = np.float32((top + 2) / (127 * FINE))
    inverse = scale / np.float64(factor)
    square = 0.0
    for p in range(x.size):
        byte = np.rint(np.float64(x[p]) * inverse)
        out[p] = np.int8(byte)
        error = np.float64(x[p]) * scale - byte * np.float64(factor)
        square += error * error
    return factor, square


@jit
def round_atoms(AT: Array, scale: float, group_size: int, packed: Array, factors: Array) -> float:
    """Write what :class:`Atoms` holds; return the error."""
    atom = np.zeros(packed.shape[1] * QUAD, np.int8)
    largest = 0.0
    square = 0.0
    for j in range(AT.shape[0]):
        factors[j], error = round_entries(AT[j], scale, atom)
        square = error + (square if j % group_size else 0.0)
        largest = max(largest, square)
        panel = packed[j // ATOMS]
        lane = QUAD * (j % ATOMS)
        for q in range(packed.shape[1]):
            for r in range(QUAD):
                panel[q, lane + r] = np.uint8(128 + np.int32(atom[QUAD * q + r]))
    return np.sqrt(largest)


@jit
def round_rows(
    Y: Array,
    lam: float,
    margin: float,
    error_of_atoms: float,
    rows: Array,
    sums: Array,
    factors: Array,
    margins: Array,
    least: Array,
) -> None:
    """As :meth:`Rows.fill`."""
    for i in range(Y.shape[0]):
        s = 0.0
        for p in range(Y.shape[1]):
            s += np.float64(Y[i, p]) * np.float64(Y[i, p])
        r = np.sqrt(s)
        factors[i], square = round_entries(Y[i], 1 / r if r > 0 else 0.0, rows[i])
        error = np.sqrt(square)
        margins[i] = 1.01 * (error + error_of_atoms * (1 + error)) + 2 * margin
        root = lam / r - margins[i] if r > 0 else np.inf
        least[i] = np.float32(root * root if root > 0 else -1.0)
        total = np.int32(0)
        for p in range(Y.shape[1]):
            total += np.int32(rows[i, p])
        sums[i] = total


@intrinsic
def _add_products(
    typing_context: Any, rows: Any, stride: Any, atoms: Any, n_quads: Any, tile: Any
) -> Any:
    """Add products of ROWS rows and a panel of atoms to a tile (ROWS, ATOMS) of int32.

    Arguments are addresses, the distance of two rows, and the number of quads.
    """
    return types.void(*[types.intp] * 5), _generate_tile


def _generate_tile(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Code of :func:`_add_products`: all sums of the tile stay in registers."""
    rows, stride, atoms, n_quads, tile = arguments
    size = rows.type
    integer = ir.IntType(32)
    lanes = ir.VectorType(integer, LANES)
    kind = ir.FunctionType(lanes, [lanes] * 3)
    name = "llvm.x86.avx512.vpdpbusd.512"
    multiply_add = cgutils.get_or_insert_function(builder.module, kind, name)
    first_lane = ir.Constant(lanes, [0] * LANES)

    def at(address: Any, offset: Any, type_: Any) -> Any:
        return builder.inttoptr(builder.add(address, offset), type_.as_pointer())

    places = [(r, c) for r in range(ROWS) for c in range(VECTORS)]
    ends = {(r, c): at(tile, size(4 * (r * ATOMS + c * LANES)), lanes) for r, c in places}
    sums = {place: cgutils.alloca_once(builder, lanes) for place in places}
    for place in places:
        builder.store(builder.load(ends[place], align=4), sums[place])
    with cgutils.for_range(builder, n_quads) as loop:
        quads = []
        for c in range(VECTORS):
            offset = builder.mul(loop.index, size(QUAD * ATOMS))
            offset = builder.add(offset, size(QUAD * LANES * c))
            quads.append(builder.load(at(atoms, offset, lanes), align=1))
        for r in range(ROWS):
            offset = builder.mul(loop.index, size(QUAD))
            offset = builder.add(offset, builder.mul(stride, size(r)))
            quad = builder.load(at(rows, offset, integer), align=1)
            everywhere = builder.insert_element(lanes(ir.Undefined), quad, integer(0))
            everywhere = builder.shuffle_vector(everywhere, lanes(ir.Undefined), first_lane)
            for c in range(VECTORS):
                before = builder.load(sums[r, c])
                after = builder.call(multiply_add, [before, quads[c], everywhere])
                builder.store(after, sums[r, c])
    for place in places:
        builder.store(builder.load(sums[place]), ends[place], align=4)
    return context.get_dummy_value()


@jit
def multiply(
    rows: IntArray, sums: IntArray, factors: Array, packed: IntArray, of_atoms: Array, Z: Array
) -> None:
    """As :meth:`Atoms.multiply`."""
    tile = np.empty((ROWS, ATOMS), np.int32)
    for panel in range(packed.shape[0]):
        first = panel * ATOMS
        n_atoms = min(ATOMS, Z.shape[1] - first)
        atoms = packed[panel].ctypes.data
        for i in range(0, Z.shape[0], ROWS):
            for r in range(ROWS):
                tile[r] = -128 * sums[i + r]
            _add_products(  # type: ignore[call-arg]  # Numba passes the first argument
                rows[i:].ctypes.data, rows.shape[1], atoms, packed.shape[1], tile.ctypes.data
            )
            for r in range(min(ROWS, Z.shape[0] - i)):
                for j in range(n_atoms):
                    factor = factors[i + r] * of_atoms[first + j]
                    Z[i + r, first + j] = np.float32(tile[r, j]) * factor
