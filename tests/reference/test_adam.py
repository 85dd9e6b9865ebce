"""Adam: the published recursion, and a kernel with the bits of the formula."""

import numpy as np
import pytest

from gsae_ref import ops


def state(n, dtype):
    """A parameter, its gradient and two moments of shape (n, 5)."""
    rng = np.random.default_rng(0)
    value, gradient, first, second = rng.normal(size=(4, n, 5)).astype(dtype)
    return value, gradient, 0.1 * first, second**2


def by_hand(value, gradients, step_size):
    """Kingma and Ba, Algorithm 1, one number at a time."""
    m = 0.0
    v = 0.0
    for t, g in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        value -= step_size * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
    return value


@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_the_steps_are_those_of_the_published_recursion(engine):
    gradients = [3.0, -1.0, 0.5, 0.0, 1e-12]
    value = np.array([2.0])
    first = np.zeros(1)
    second = np.zeros(1)
    for t, g in enumerate(gradients, 1):
        value, first, second = ops.adam_step(value, np.array([g]), first, second, t, 0.1, engine)
    assert value[0] == pytest.approx(by_hand(2.0, gradients, 0.1), rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("steps", [1, 2, 1000])
def test_the_kernel_has_the_bits_of_the_formula(dtype, steps):
    arrays = state(8000, dtype)
    expected = ops.adam_step(*arrays, steps, 1e-3, "reference")
    assert all(array.dtype == dtype for array in expected)
    for engine in ("numba", "auto"):
        result = ops.adam_step(*arrays, steps, 1e-3, engine)
        for array, same in zip(result, expected, strict=True):
            assert array.dtype == dtype
            assert np.array_equal(array, same)


def test_inputs_are_not_modified_and_any_strides_are_taken():
    arrays = state(50, np.float64)
    value = arrays[0].copy()
    expected = ops.adam_step(*arrays, 7, 1e-3, "reference")
    transposed = ops.adam_step(*(array.T for array in arrays), 7, 1e-3, "numba")
    for result, same in zip(transposed, expected, strict=True):
        assert np.array_equal(result.T, same)
    assert np.array_equal(arrays[0], value)


def test_the_kernel_overwrites_what_it_may():
    arrays = state(50, np.float64)
    expected = ops.adam_step(*arrays, 7, 1e-3, "reference")
    for given in (arrays, [array.T for array in state(50, np.float64)]):
        result = ops.adam_step(*given, 7, 1e-3, "numba", overwrite=True)
        assert (result[0] is given[0]) == given[0].flags.c_contiguous
        for array, same in zip(result, expected, strict=True):
            assert np.array_equal(array if array.shape == same.shape else array.T, same)


def test_shapes_and_engines_are_checked():
    value, gradient, first, second = state(4, np.float64)
    with pytest.raises(ValueError, match="gradient has shape"):
        ops.adam_step(value, gradient[:2], first, second, 7, 1e-3)
    with pytest.raises(ValueError, match="engine = 'gpu' is unknown"):
        ops.adam_step(value, gradient, first, second, 7, 1e-3, "gpu")
