"""The passes of a convolutional autoencoder in threads, over slices whose patches fit a cache.

Twin of :mod:`gsae_ref.reference.grouped_autoencoder`, to rounding. A layer whose windows are single
pixels or the whole image is a matrix product, split along the longer side of its result. Every
other layer is computed in pieces of the samples, slice by slice; the backward pass writes patches
anew, which takes less time than to read them from beyond the cache. Neither pieces nor slices
depend on the number of threads, so no bit of a result does.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from ._jit import Spread, contiguous, jit, slices, spread_over_threads
from .convolution import add_patches, write_patches

N_PIECES = 4
ENOUGH_WINDOWS = 64  # in a piece, for a fast product
ENOUGH_NUMBERS = 2**17  # read and written by a piece of a product that pays for a thread
ENOUGH_COLUMNS = 64  # or rows, of such a piece
CACHED = 2**18  # numbers in the patches of a slice: 1 MB in float32


class Form(NamedTuple):
    """The sizes of a layer, whose convolution takes images (n, *large) to (n, *small)."""

    k: int
    stride: int
    padding: int
    n_groups: int
    large: tuple[int, ...]
    small: tuple[int, ...]

    @property
    def n_windows(self) -> int:
        """Windows of one image."""
        return self.small[0] * self.small[1]

    @property
    def width(self) -> int:
        """Numbers in the window of a group."""
        return self.k**2 * self.large[2] // self.n_groups

    @property
    def is_product(self) -> bool:
        """Whether every window is a pixel, or the only one the whole image: no patches overlap."""
        return self[:3] == (1, 1, 0) or (self.n_windows == 1 and self.large[:2] == (self.k, self.k))


def loss_and_grad(
    layers: Sequence[Any], parameters: dict[str, Array], Y: Array, n_threads: int | None = None
) -> tuple[float, dict[str, Array]]:
    """Loss and its gradient in every kernel and bias."""
    with spread_over_threads(n_threads) as spread:
        outputs = forward(layers, parameters, Y, spread)
        E = outputs[-1] - Y
        gradient, _ = backward(layers, parameters, outputs, E / len(Y), spread, to_input=False)
    return half_mean_square(E), gradient


def half_mean_square(E: Array) -> float:
    """Half the mean over the rows of E of their squared norms, summed in float64."""
    return float(np.square(E, dtype=np.float64).sum()) / (2 * len(E))


def forward(
    layers: Sequence[Any], parameters: dict[str, Array], X: Array, spread: Spread
) -> list[Array]:
    """The input of the first layer and the output of every layer: X_0, X_1, ..., X_L."""
    outputs = [contiguous(X)]
    for layer in layers:
        form = _form(layer, outputs[-1])
        M = _matrices(parameters[f"{layer.name}.kernel"])
        bias = parameters[f"{layer.name}.bias"] if layer.bias else None
        pass_on = _product_output if form.is_product else _output
        outputs.append(pass_on(layer, form, M, bias, outputs[-1], spread))
    return outputs


def backward(
    layers: Sequence[Any],
    parameters: dict[str, Array],
    outputs: list[Array],
    back: Array,
    spread: Spread,
    to_input: bool = True,
) -> tuple[dict[str, Array], Any]:
    """The gradient in every kernel and bias, and dL/dX_0, from dL/dX_L = ``back``.

    Unless ``to_input``, dL/dX_0 is not computed. ``back``, in C order, is overwritten.
    """
    gradient = {}
    current: Any = back
    for layer, X, output in reversed(list(zip(layers, outputs[:-1], outputs[1:], strict=True))):
        kernel = parameters[f"{layer.name}.kernel"]
        form = _form(layer, X)
        take_back = _product_gradients if form.is_product else _gradients
        of_kernel, of_bias, current = take_back(
            layer,
            form,
            _matrices(kernel),
            X,
            output,
            current,
            spread,
            to_input or layer != layers[0],
        )
        gradient[f"{layer.name}.kernel"] = of_kernel.reshape(kernel.shape)
        if layer.bias:
            gradient[f"{layer.name}.bias"] = of_bias
    return gradient, current


def _output(
    layer: Any, form: Form, M: Array, bias: Array | None, X: Array, spread: Spread
) -> Array:
    """Output of a layer, by slices of the samples."""
    output = np.empty((len(X), *(form.large if layer.transposed else form.small)), X.dtype)
    M = np.ascontiguousarray(M.swapaxes(1, 2)) if layer.transposed else M

    def compute(piece: list[slice]) -> None:
        for samples in piece:
            P = _empty_patches(form, samples, M.dtype)
            if layer.transposed:
                np.matmul(_rows(X[samples], form), M, out=P)
                add_patches(P, *form[:3], output[samples])
            else:
                write_patches(X[samples], *form[:3], P)
                np.matmul(P, M, out=_rows(output[samples], form))
            _activate(layer, bias, output[samples])

    spread(compute, _pieces(form, len(X)))
    return output


def _gradients(
    layer: Any,
    form: Form,
    M: Array,
    X: Array,
    output: Array,
    back: Array,
    spread: Spread,
    to_input: bool,
) -> tuple[Array, Array, Any]:
    """dL/dK, dL/db and, if asked for, dL/dX of a layer, by slices of the samples."""
    before = np.empty(X.shape, X.dtype) if to_input else None

    def compute_slice(samples: slice) -> tuple[Array, Array]:
        D = _times_derivative(layer, output[samples], back[samples])
        large, small = (D, X[samples]) if layer.transposed else (X[samples], D)
        U = _rows(small, form)
        P = _empty_patches(form, samples, M.dtype)
        write_patches(large, *form[:3], P)
        of_kernel = P.swapaxes(1, 2) @ U
        if before is not None and layer.transposed:
            np.matmul(P, M, out=_rows(before[samples], form))
        elif before is not None:
            np.matmul(U, M.swapaxes(1, 2), out=P)
            add_patches(P, *form[:3], before[samples])
        return of_kernel, _sum_of_pixels(D)

    def compute(piece: list[slice]) -> tuple[Array, Array]:
        return reduce(_add, map(compute_slice, piece))

    of_kernel, of_bias = reduce(_add, spread(compute, _pieces(form, len(X))))
    return of_kernel, of_bias, before


def _add(total: tuple[Array, Array], more: tuple[Array, Array]) -> tuple[Array, Array]:
    """The gradients in kernel and bias of some samples and of more, written over the former."""
    for array, other in zip(total, more, strict=True):
        array += other
    return total


def _product_output(
    layer: Any, form: Form, M: Array, bias: Array | None, X: Array, spread: Spread
) -> Array:
    """Output of a layer that is a product."""
    if layer.transposed:
        output = _as_images(_product(_rows(X, form), M.swapaxes(1, 2), spread), form)
    else:
        output = _joined(_product(_as_patches(X, form), M, spread), form)
    _activate(layer, bias, output)
    return output


def _product_gradients(
    layer: Any,
    form: Form,
    M: Array,
    X: Array,
    output: Array,
    back: Array,
    spread: Spread,
    to_input: bool,
) -> tuple[Array, Array, Any]:
    """dL/dK, dL/db and, if asked for, dL/dX of a layer that is a product."""
    D = _times_derivative(layer, output, back)
    large, small = (D, X) if layer.transposed else (X, D)
    P = _as_patches(large, form)
    U = _rows(small, form)
    before = None
    if to_input and layer.transposed:
        before = _joined(_product(P, M, spread), form)
    elif to_input:
        before = _as_images(_product(U, M.swapaxes(1, 2), spread), form)
    return _product(P.swapaxes(1, 2), U, spread), _sum_of_pixels(D), before


def _product(A: Array, B: Array, spread: Spread) -> Array:
    """A @ B, in pieces along the longer side of the result.

    A piece of columns is computed as a transposed piece of rows: with few rows in A, and B the
    view of a transposed kernel, it takes half of the time.
    """
    n_groups, n_rows, n_terms = A.shape
    n_columns = B.shape[2]
    result = np.empty((n_groups, n_rows, n_columns), A.dtype)

    def compute_rows(piece: slice) -> None:
        if n_terms == 1:
            _outer(A[:, piece, 0], B[:, 0], result[:, piece])
        else:
            np.matmul(A[:, piece], B, out=result[:, piece])

    def compute_columns(piece: slice) -> None:
        of_piece = B[:, :, piece].swapaxes(1, 2) @ A.swapaxes(1, 2)
        result[:, :, piece] = of_piece.swapaxes(1, 2)

    longer = max(n_rows, n_columns)
    n_numbers = A.size + B.size + result.size
    n_pieces = min(N_PIECES, n_numbers // ENOUGH_NUMBERS, longer // ENOUGH_COLUMNS)
    pieces = slices(longer, max(n_pieces, 1))
    spread(compute_rows if n_rows > n_columns else compute_columns, pieces)
    return result


@jit
def _outer(A: Array, B: Array, result: Array) -> None:
    """Write the outer product of every row of A and the same row of B: BLAS takes 10 times this."""
    for g in range(len(A)):
        for s in range(A.shape[1]):
            row = result[g, s]
            for c in range(row.size):
                row[c] = A[g, s] * B[g, c]


def _pieces(form: Form, n: int) -> list[list[slice]]:
    """0, ..., n - 1 in at most N_PIECES pieces, each in slices whose patches fit a cache."""
    n_pieces = min(n, N_PIECES, max(n * form.n_windows // ENOUGH_WINDOWS, 1))
    size = max(CACHED // (form.n_windows * form.width * form.n_groups), 1)
    pieces = []
    for piece in slices(n, n_pieces):
        length = piece.stop - piece.start
        parts = slices(length, -(-length // size))
        pieces.append([slice(piece.start + s.start, piece.start + s.stop) for s in parts])
    return pieces


def _form(layer: Any, X: Array) -> Form:
    """Sizes of a layer that is applied to X."""
    n_groups, k, _, inputs, outputs = layer.kernel
    _, height, width, _ = X.shape
    sizes = (k, layer.stride, layer.padding, n_groups)
    outside = k - 2 * layer.padding
    if layer.transposed:
        large = [layer.stride * (side - 1) + outside for side in (height, width)]
        return Form(*sizes, (*large, n_groups * inputs), X.shape[1:])
    small = [(side - outside) // layer.stride + 1 for side in (height, width)]
    return Form(*sizes, X.shape[1:], (*small, n_groups * outputs))


def _matrices(K: Array) -> Array:
    """A kernel as one matrix per group, (n_groups, k * k * inputs, outputs)."""
    return K.reshape(len(K), -1, K.shape[-1])


def _empty_patches(form: Form, samples: slice, dtype: Any) -> Array:
    n_windows = (samples.stop - samples.start) * form.n_windows
    return np.empty((form.n_groups, n_windows, form.width), dtype)


def _rows(U: Array, form: Form) -> Array:
    """Pixels of small images group by group, a view (n_groups, n * rows * columns, channels)."""
    return U.reshape(-1, form.n_groups, U.shape[-1] // form.n_groups).swapaxes(0, 1)


def _joined(rows: Array, form: Form) -> Array:
    """The inverse of :func:`_rows`."""
    return np.ascontiguousarray(rows.swapaxes(0, 1)).reshape(-1, *form.small)


def _as_patches(X: Array, form: Form) -> Array:
    """The windows of images as rows, where no two overlap."""
    X = X.reshape(-1, form.k**2, form.n_groups, X.shape[-1] // form.n_groups)
    return X.transpose(2, 0, 1, 3).reshape(form.n_groups, len(X), -1)


def _as_images(P: Array, form: Form) -> Array:
    """The inverse of :func:`_as_patches`."""
    P = P.reshape(form.n_groups, P.shape[1], form.k**2, -1)
    return np.ascontiguousarray(P.transpose(1, 2, 0, 3)).reshape(-1, *form.large)


def _sum_of_pixels(D: Array) -> Array:
    """Sum over samples and pixels, as a product: ten times faster than the sum over axes."""
    pixels = D.reshape(-1, D.shape[-1])
    return np.ones(len(pixels), D.dtype) @ pixels


def _activate(layer: Any, bias: Array | None, Z: Array) -> None:
    """Write phi(Z + b) to Z."""
    if layer.activation == "relu" and bias is not None:
        _rectify(Z.reshape(-1, len(bias)), bias)
        return
    if bias is not None:
        Z += bias
    if layer.activation == "relu":
        np.maximum(Z, 0, out=Z)
    elif layer.activation == "tanh":
        np.tanh(Z, out=Z)


@jit
def _rectify(Z: Array, bias: Array) -> None:
    """Write relu(Z + b) to Z, (pixels, channels); a NaN stays one."""
    zero = Z.dtype.type(0)
    for s in range(len(Z)):
        row = Z[s]
        for c in range(bias.size):
            z = row[c] + bias[c]
            row[c] = zero if z <= 0 else z


def _times_derivative(layer: Any, output: Array, back: Array) -> Array:
    """phi'(Z) times ``back``, from the output of phi, written over ``back``."""
    if layer.activation == "relu":
        _select(output.reshape(-1), back.reshape(-1))
    elif layer.activation == "tanh":
        back *= 1 - output * output
    return back


@jit
def _select(output: Array, back: Array) -> None:
    """Multiply ``back`` by 1 where the output is positive, else by 0: a NaN stays one."""
    zero = back.dtype.type(0)
    one = back.dtype.type(1)
    for i in range(back.size):
        back[i] *= one if output[i] > 0 else zero
