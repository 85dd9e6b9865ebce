"""Convolution, transposed convolution, kernel gradient: against loops, each other, SciPy, torch."""

import itertools
from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.signal
from gradient_checks import agreement, central_difference, taylor
from hypothesis import assume, given, settings

from gsae_ref.reference.convolution import convolve, kernel_gradient, transpose


class Form(NamedTuple):
    """The arguments of the trilinear form."""

    K: np.ndarray
    X: np.ndarray
    U: np.ndarray
    stride: int
    padding: int


def form(seed, n_groups=2, k=3, inputs=2, outputs=3, n=2, rows=2, columns=3, stride=2, padding=1):
    rng = np.random.default_rng(seed)
    h, w = (stride * (length - 1) + k - 2 * padding for length in (rows, columns))
    return Form(
        rng.normal(size=(n_groups, k, k, inputs, outputs)),
        rng.normal(size=(n, h, w, n_groups * inputs)),
        rng.normal(size=(n, rows, columns, n_groups * outputs)),
        stride,
        padding,
    )


@st.composite
def forms(draw):
    names = ("n_groups", "inputs", "outputs", "n", "rows", "columns", "stride")
    sizes = {name: draw(st.integers(1, 3)) for name in names}
    k = draw(st.integers(1, 4))
    padding = draw(st.integers(0, 2))
    for axis in ("rows", "columns"):
        assume(sizes["stride"] * (sizes[axis] - 1) + k - 2 * padding >= 1)
    return form(draw(st.integers(0, 2**32)), k=k, padding=padding, **sizes)


def convolve_by_loops(K, X, stride, padding):
    """The sum that defines the form, term by term; pixels outside the image are zero."""
    n_groups, k, _, inputs, outputs = K.shape
    n, h, w, _ = X.shape
    rows = (h + 2 * padding - k) // stride + 1
    columns = (w + 2 * padding - k) // stride + 1
    out = np.zeros((n, rows, columns, n_groups * outputs))
    lengths = (n, rows, columns, n_groups, k, k, inputs, outputs)
    for m, a, b, g, i, j, c, o in itertools.product(*map(range, lengths)):
        y = stride * a + i - padding
        x = stride * b + j - padding
        if 0 <= y < h and 0 <= x < w:
            out[m, a, b, g * outputs + o] += K[g, i, j, c, o] * X[m, y, x, g * inputs + c]
    return out


def matrix(function, shape):
    """The matrix of a linear map of arrays of this shape, column by column."""
    units = np.eye(int(np.prod(shape)))
    return np.stack([function(unit.reshape(shape)).ravel() for unit in units], axis=1)


def check_adjoint(f, forward=convolve, backward=transpose, kernel=kernel_gradient):
    """<C_K X, U> = <X, C_K^T U> = <K, G(X, U)>."""
    U_of_X = forward(f.K, f.X, f.stride, f.padding)
    X_of_U = backward(f.K, f.U, f.stride, f.padding)
    K_of_both = kernel(f.X, f.U, f.K.shape[1], f.stride, f.padding, len(f.K))
    scale = np.linalg.norm(f.K) * np.linalg.norm(f.X) * np.linalg.norm(f.U)
    value = np.sum(U_of_X * f.U)
    agreement(np.sum(f.X * X_of_U), value, scale=scale)
    agreement(np.sum(f.K * K_of_both), value, scale=scale)


# ---- the definition


@settings(max_examples=40)
@given(forms())
def test_convolution_is_the_sum_that_defines_it(f):
    expected = convolve_by_loops(f.K, f.X, f.stride, f.padding)
    agreement(convolve(f.K, f.X, f.stride, f.padding), expected)


@settings(max_examples=100)
@given(forms())
def test_the_three_are_adjoint_to_each_other(f):
    check_adjoint(f)


@settings(max_examples=20)
@given(forms())
def test_the_transposed_convolution_has_the_transposed_matrix(f):
    C = matrix(lambda X: convolve(f.K, X, f.stride, f.padding), f.X[:1].shape)
    agreement(matrix(lambda U: transpose(f.K, U, f.stride, f.padding), f.U[:1].shape), C.T)


@settings(max_examples=20)
@given(forms())
def test_the_kernel_gradient_has_the_transposed_matrix_of_the_map_from_the_kernel(f):
    C = matrix(lambda K: convolve(K, f.X, f.stride, f.padding), f.K.shape)
    gradient = kernel_gradient(f.X, f.U, f.K.shape[1], f.stride, f.padding, len(f.K))
    agreement(gradient.ravel(), C.T @ f.U.ravel(), scale=np.linalg.norm(C) * np.linalg.norm(f.U))


def test_the_gradients_of_half_the_squared_norm_pass_both_checks():
    """1/2 ||C_K X||^2 has gradient G(X, C_K X) in K and C_K^T C_K X in X."""
    f = form(0)
    U = convolve(f.K, f.X, f.stride, f.padding)
    of_K = lambda K: 0.5 * np.sum(convolve(K, f.X, f.stride, f.padding) ** 2)
    of_X = lambda X: 0.5 * np.sum(convolve(f.K, X, f.stride, f.padding) ** 2)
    in_K = kernel_gradient(f.X, U, 3, f.stride, f.padding, 2)
    in_X = transpose(f.K, U, f.stride, f.padding)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for check in (central_difference, taylor):
            check(of_K, in_K, f.K, rng.normal(size=f.K.shape))
            check(of_X, in_X, f.X, rng.normal(size=f.X.shape))


# ---- limiting cases


def test_a_kernel_of_one_pixel_is_a_matrix_applied_to_every_pixel():
    f = form(1, n_groups=1, k=1, stride=1, padding=0)
    agreement(convolve(f.K, f.X), f.X @ f.K[0, 0, 0])
    agreement(transpose(f.K, f.U), f.U @ f.K[0, 0, 0].T)


def test_a_kernel_as_large_as_the_image_is_a_dense_layer():
    f = form(2, n_groups=1, k=4, rows=1, columns=1, padding=0)
    agreement(convolve(f.K, f.X).reshape(2, -1), f.X.reshape(2, -1) @ f.K.reshape(-1, 3))


def test_groups_are_a_dense_kernel_with_zeros_between_groups():
    f = form(3, n_groups=3)
    dense = np.zeros((1, 3, 3, 6, 9))
    for g in range(3):
        dense[0, :, :, 2 * g : 2 * g + 2, 3 * g : 3 * g + 3] = f.K[g]
    agreement(convolve(f.K, f.X, 2, 1), convolve(dense, f.X, 2, 1))
    agreement(transpose(f.K, f.U, 2, 1), transpose(dense, f.U, 2, 1))


def test_a_kernel_with_a_single_one_shifts_the_image():
    X = np.arange(16.0).reshape(1, 4, 4, 1)
    pick = np.zeros((1, 3, 3, 1, 1))
    pick[0, 0, 2] = 1  # the pixel above, to the right
    np.testing.assert_array_equal(convolve(pick, X)[0, :, :, 0], X[0, 0:2, 2:4, 0])
    padded = convolve(pick, X, stride=1, padding=1)
    np.testing.assert_array_equal(padded[0, :, :, 0], np.pad(X[0, :, :, 0], 1)[0:4, 2:6])


def test_stride_2_takes_every_second_pixel():
    f = form(4, n_groups=1, stride=1, padding=0, rows=5, columns=5)
    agreement(convolve(f.K, f.X, 2), convolve(f.K, f.X, 1)[:, ::2, ::2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_preserved(dtype):
    f = Form(*(array.astype(dtype) for array in form(5)[:3]), 2, 1)
    results = (
        convolve(*f[:2], 2, 1),
        transpose(f.K, f.U, 2, 1),
        kernel_gradient(f.X, f.U, 3, 2, 1, 2),
    )
    assert [result.dtype for result in results] == [dtype] * 3


def test_inputs_are_not_modified():
    f = form(6)
    before = [array.copy() for array in f[:3]]
    check_adjoint(f)
    for array, copy in zip(f[:3], before, strict=True):
        np.testing.assert_array_equal(array, copy)


# ---- other implementations


@pytest.mark.parametrize("k", [1, 2, 3])
def test_scipy_agrees_on_one_channel(k):
    f = form(7, n_groups=1, k=k, inputs=1, outputs=1, n=1, rows=4, columns=5, stride=1, padding=0)
    K = f.K[0, :, :, 0, 0]
    correlated = scipy.signal.correlate2d(f.X[0, :, :, 0], K, mode="valid")
    agreement(convolve(f.K, f.X)[0, :, :, 0], correlated)
    convolved = scipy.signal.convolve2d(f.U[0, :, :, 0], K, mode="full")
    agreement(transpose(f.K, f.U)[0, :, :, 0], convolved)


@settings(max_examples=25)
@given(forms())
def test_torch_agrees(f):
    torch = pytest.importorskip("torch")
    images = lambda Y: torch.tensor(np.moveaxis(Y, 3, 1).copy())
    n_groups, k, _, inputs, outputs = f.K.shape
    kernels = f.K.transpose(0, 4, 3, 1, 2).reshape(n_groups * outputs, inputs, k, k)
    weight = torch.tensor(kernels.copy())
    options = {"stride": f.stride, "padding": f.padding, "groups": n_groups}
    forward = torch.nn.functional.conv2d(images(f.X), weight, **options)
    backward = torch.nn.functional.conv_transpose2d(images(f.U), weight, **options)
    agreement(np.moveaxis(convolve(f.K, f.X, f.stride, f.padding), 3, 1), forward.numpy())
    agreement(np.moveaxis(transpose(f.K, f.U, f.stride, f.padding), 3, 1), backward.numpy())


# ---- the tester tested

MUTANTS = {
    "flipped kernel": {"backward": lambda K, *rest: transpose(K[:, ::-1, ::-1], *rest)},
    "groups in another order": {"backward": lambda K, *rest: transpose(K[::-1], *rest)},
    "a factor 1.001": {"backward": lambda *rest: 1.001 * transpose(*rest)},
    "rows and columns exchanged": {"backward": lambda *rest: np.swapaxes(transpose(*rest), 1, 2)},
    "samples in another order": {"kernel": lambda X, U, *rest: kernel_gradient(X, U[::-1], *rest)},
    "a kernel gradient of the mean": {
        "kernel": lambda X, *rest: kernel_gradient(X, *rest) / len(X)
    },
    "wrong sign": {"kernel": lambda *rest: -kernel_gradient(*rest)},
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_adjoint_check_rejects(name):
    f = form(8, rows=3, columns=3)
    check_adjoint(f)
    with pytest.raises(AssertionError, match="error"):
        check_adjoint(f, **MUTANTS[name])
