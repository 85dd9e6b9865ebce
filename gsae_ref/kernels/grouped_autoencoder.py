"""The passes of a convolutional autoencoder in threads; patches are written once for both.

Twin of :mod:`gsae_ref.reference.grouped_autoencoder`, to rounding. A layer whose one window is the
whole image is a matrix product, split along the longer side of its result; every other layer is
computed slice by slice of the samples. The pieces do not depend on the number of threads, so no bit
of a result does.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from ._jit import Spread, contiguous, slices, spread_over_threads
from .convolution import add_patches, write_patches

N_PIECES = 4


class Passed(NamedTuple):
    """What the backward pass needs of the forward pass."""

    outputs: list[Array]  # X_0, X_1, ..., X_L
    patches: list[Any]  # of the input of every convolution; None for a transposed one


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
    def is_dense(self) -> bool:
        """Whether the only window is the whole image."""
        return self.n_windows == 1 and self.large[:2] == (self.k, self.k)


def loss_and_grad(
    layers: Sequence[Any], parameters: dict[str, Array], Y: Array, n_threads: int | None = None
) -> tuple[float, dict[str, Array]]:
    """Loss and its gradient in every kernel and bias."""
    with spread_over_threads(n_threads) as spread:
        passed = forward(layers, parameters, Y, spread)
        E = passed.outputs[-1] - Y
        gradient, _ = backward(layers, parameters, passed, E / len(Y), spread)
    return half_mean_square(E), gradient


def half_mean_square(E: Array) -> float:
    """Half the mean over the rows of E of their squared norms, summed in float64."""
    return float(np.square(E, dtype=np.float64).sum()) / (2 * len(E))


def forward(
    layers: Sequence[Any], parameters: dict[str, Array], X: Array, spread: Spread
) -> Passed:
    """Outputs of all layers, and the patches of the convolutions."""
    passed = Passed([contiguous(X)], [])
    for layer in layers:
        X = passed.outputs[-1]
        form = _form(layer, X)
        M = _matrices(parameters[f"{layer.name}.kernel"])
        bias = parameters[f"{layer.name}.bias"] if layer.bias else None
        pass_on = _dense_output if form.is_dense else _output
        output, patches = pass_on(layer, form, M, bias, X, spread)
        passed.outputs.append(output)
        passed.patches.append(patches)
    return passed


def backward(
    layers: Sequence[Any],
    parameters: dict[str, Array],
    passed: Passed,
    back: Array,
    spread: Spread,
) -> tuple[dict[str, Array], Array]:
    """The gradient in every kernel and bias, and dL/dX_0, from dL/dX_L = ``back``."""
    gradient = {}
    inputs = passed.outputs[:-1]
    for layer, X, output, patches in reversed(
        list(zip(layers, inputs, passed.outputs[1:], passed.patches, strict=True))
    ):
        kernel = parameters[f"{layer.name}.kernel"]
        form = _form(layer, X)
        take_back = _dense_gradients if form.is_dense else _gradients
        of_kernel, of_bias, back = take_back(
            layer, form, _matrices(kernel), X, output, patches, back, spread
        )
        gradient[f"{layer.name}.kernel"] = of_kernel.reshape(kernel.shape)
        if layer.bias:
            gradient[f"{layer.name}.bias"] = of_bias
    return gradient, back


def _output(
    layer: Any, form: Form, M: Array, bias: Array | None, X: Array, spread: Spread
) -> tuple[Array, Array | None]:
    """Output of a layer and patches of its input, by slices of the samples."""
    output = np.empty((len(X), *(form.large if layer.transposed else form.small)), X.dtype)
    patches = None if layer.transposed else _empty_patches(form, M, len(X))

    def compute(samples: slice) -> None:
        if patches is None:
            P: Array = _rows(X[samples], form) @ M.swapaxes(1, 2)
            add_patches(P, form.k, form.stride, form.padding, output[samples])
        else:
            P = patches[:, _windows(samples, form)]
            write_patches(X[samples], form.k, form.stride, form.padding, P)
            np.matmul(P, M, out=_rows(output[samples], form))
        _activate(layer, bias, output[samples])

    spread(compute, _pieces(len(X)))
    return output, patches


def _gradients(
    layer: Any,
    form: Form,
    M: Array,
    X: Array,
    output: Array,
    patches: Array | None,
    back: Array,
    spread: Spread,
) -> tuple[Array, Array, Array]:
    """dL/dK, dL/db and dL/dX of a layer, by slices of the samples."""
    before = np.empty(X.shape, X.dtype)

    def compute(samples: slice) -> tuple[Array, Array]:
        D = _times_derivative(layer, output[samples], back[samples])
        if patches is None:
            P = _empty_patches(form, M, len(D))
            write_patches(D, form.k, form.stride, form.padding, P)
            np.matmul(P, M, out=_rows(before[samples], form))
            U = _rows(X[samples], form)
        else:
            P = patches[:, _windows(samples, form)]
            U = _rows(D, form)
            sums = U @ M.swapaxes(1, 2)
            add_patches(sums, form.k, form.stride, form.padding, before[samples])
        return P.swapaxes(1, 2) @ U, _sum_of_pixels(D)

    of_kernels, of_biases = zip(*spread(compute, _pieces(len(X))), strict=True)
    return sum(of_kernels), sum(of_biases), before


def _dense_output(
    layer: Any, form: Form, M: Array, bias: Array | None, X: Array, spread: Spread
) -> tuple[Array, Array | None]:
    """Output and patches of a layer whose window is the whole image."""
    patches = None
    if layer.transposed:
        output = _as_images(_product(_rows(X, form), M.swapaxes(1, 2), spread), form)
    else:
        patches = _as_patches(X, form)
        output = _joined(_product(patches, M, spread), form)
    _activate(layer, bias, output)
    return output, patches


def _dense_gradients(
    layer: Any,
    form: Form,
    M: Array,
    X: Array,
    output: Array,
    patches: Array | None,
    back: Array,
    spread: Spread,
) -> tuple[Array, Array, Array]:
    """dL/dK, dL/db and dL/dX of a layer whose window is the whole image."""
    D = _times_derivative(layer, output, back)
    if patches is None:
        P = _as_patches(D, form)
        U = _rows(X, form)
        before = _joined(_product(P, M, spread), form)
    else:
        P = patches
        U = _rows(D, form)
        before = _as_images(_product(U, M.swapaxes(1, 2), spread), form)
    return _product(P.swapaxes(1, 2), U, spread), _sum_of_pixels(D), before


def _product(A: Array, B: Array, spread: Spread) -> Array:
    """A @ B, in pieces along the longer side of the result."""
    result = np.empty((len(A), A.shape[1], B.shape[2]), A.dtype)
    by_rows = result.shape[1] > result.shape[2]

    def compute(piece: slice) -> None:
        if by_rows:
            np.matmul(A[:, piece], B, out=result[:, piece])
        else:
            np.matmul(A, B[:, :, piece], out=result[:, :, piece])

    spread(compute, _pieces(max(result.shape[1:])))
    return result


def _pieces(size: int) -> list[slice]:
    """0, ..., size - 1 in at most N_PIECES pieces."""
    return slices(size, min(size, N_PIECES))


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


def _empty_patches(form: Form, M: Array, n_samples: int) -> Array:
    return np.empty((form.n_groups, n_samples * form.n_windows, M.shape[1]), M.dtype)


def _windows(samples: slice, form: Form) -> slice:
    """Rows of the patches of these samples."""
    return slice(samples.start * form.n_windows, samples.stop * form.n_windows)


def _rows(U: Array, form: Form) -> Array:
    """Pixels of small images group by group, a view (n_groups, n * rows * columns, channels)."""
    return U.reshape(-1, form.n_groups, U.shape[-1] // form.n_groups).swapaxes(0, 1)


def _joined(rows: Array, form: Form) -> Array:
    """The inverse of :func:`_rows` for images of one pixel."""
    return rows.swapaxes(0, 1).reshape(-1, *form.small)


def _as_patches(X: Array, form: Form) -> Array:
    """Whole images as their only window."""
    X = X.reshape(len(X), form.k**2, form.n_groups, -1)
    return X.transpose(2, 0, 1, 3).reshape(form.n_groups, len(X), -1)


def _as_images(P: Array, form: Form) -> Array:
    """The inverse of :func:`_as_patches`."""
    P = P.reshape(form.n_groups, P.shape[1], form.k**2, -1)
    return P.transpose(1, 2, 0, 3).reshape(-1, *form.large)


def _sum_of_pixels(D: Array) -> Array:
    """Sum over samples and pixels, as a product: ten times faster than the sum over axes."""
    pixels = D.reshape(-1, D.shape[-1])
    return np.ones(len(pixels), D.dtype) @ pixels


def _activate(layer: Any, bias: Array | None, Z: Array) -> None:
    """Write phi(Z + b) to Z."""
    if bias is not None:
        Z += bias
    if layer.activation == "relu":
        np.maximum(Z, 0, out=Z)
    elif layer.activation == "tanh":
        np.tanh(Z, out=Z)


def _times_derivative(layer: Any, output: Array, back: Array) -> Array:
    """phi'(Z) times ``back``, from the output of phi."""
    if layer.activation == "relu":
        return (output > 0) * back
    if layer.activation == "tanh":
        return (1 - output * output) * back
    return np.ascontiguousarray(back)
