"""Adam: the published recursion, and a kernel with the bits of the formula."""

import numpy as np
import pytest

from gsae_ref import ops


def moments(n, dtype, seed=0, steps=7):
    rng = np.random.default_rng(seed)
    value, gradient, first, second = rng.normal(size=(4, n, 5)).astype(dtype)
    return value, gradient, 0.1 * first, second**2, steps


def by_hand(value, gradients, step_size):
    """Kingma and Ba, Algorithm 1, one number at a time."""
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        value -= step_size * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8)
    return value


@pytest.mark.parametrize("engine", ["reference", "numba"])
def test_the_published_recursion(engine):
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
    *arrays, _ = moments(8000, dtype)
    results = [
        ops.adam_step(*arrays, steps, 1e-3, engine) for engine in ("reference", "numba", "auto")
    ]
    for result in results:
        assert all(
            r.dtype == dtype and np.array_equal(r, s)
            for r, s in zip(result, results[0], strict=True)
        )


def test_inputs_stay_as_they_are_and_any_strides_are_taken():
    value, gradient, first, second, steps = moments(50, np.float64)
    kept = value.copy()
    transposed = ops.adam_step(value.T, gradient.T, first.T, second.T, steps, 1e-3, "numba")
    straight = ops.adam_step(value, gradient, first, second, steps, 1e-3, "reference")
    assert all(np.array_equal(t.T, s) for t, s in zip(transposed, straight, strict=True))
    assert np.array_equal(value, kept)


def test_shapes_and_engines_are_checked():
    value, gradient, first, second, steps = moments(4, np.float64)
    with pytest.raises(ValueError, match="gradient has shape"):
        ops.adam_step(value, gradient[:2], first, second, steps, 1e-3)
    with pytest.raises(ValueError, match="engine = 'gpu' is unknown"):
        ops.adam_step(value, gradient, first, second, steps, 1e-3, "gpu")
