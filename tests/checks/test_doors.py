"""Public functions accept any layout, byte order and precision, and modify no input."""

import inspect
import warnings

import numpy as np
import pytest
from gradient_checks import agreement

from gsae_ref import ops

RNG = np.random.default_rng(0)
ARRAYS = {
    "A": RNG.normal(size=(5, 6)),
    "A_star": RNG.normal(size=(5, 6)),
    "Y": RNG.normal(size=(4, 5)),
    "Z": RNG.normal(size=(4, 6)),
    "V": RNG.normal(size=(4, 6)),
    "tau": RNG.uniform(size=3),
    "covariance": np.stack([np.eye(2), 2 * np.eye(2), 3 * np.eye(2)]),
    "support": RNG.uniform(size=(4, 3)) < 0.5,
}
DOORS = {
    "group_soft_threshold": lambda a: ops.group_soft_threshold(a["Z"], 1.0, 2),
    "group_soft_threshold_vjp": lambda a: ops.group_soft_threshold_vjp(a["Z"], a["V"], 1.0, 2),
    "encode": lambda a: ops.encode(a["A"], a["Y"], 1.0, 2),
    "decode": lambda a: ops.decode(a["A"], a["Z"]),
    "loss": lambda a: ops.loss(a["A"], a["Y"], 1.0, 2),
    "loss_and_grad": lambda a: ops.loss_and_grad(a["A"], a["Y"], 1.0, 2)[1],
    "loss_and_grad, appendix_b": lambda a: ops.loss_and_grad(a["A"], a["Y"], 1.0, 2, "appendix_b")[
        1
    ],
    "loss_and_grad, approximate": lambda a: ops.loss_and_grad(
        a["A"], a["Y"], 1.0, 2, "approximate"
    )[1],
    "loss_and_grad, support": lambda a: ops.loss_and_grad(
        a["A"], a["Y"], 1.0, 2, "approximate", support=a["support"]
    )[1],
    "dglnn_weights": lambda a: ops.dglnn_weights(a["tau"], a["Z"][0], 2),
    "dglnn_loss_and_grad": lambda a: np.concatenate(
        ops.dglnn_loss_and_grad(a["tau"], a["Z"][0], a["A"], a["Y"][0], [2, 1, 3])[1:]
    ),
    "dglnn_path": lambda a: (
        ops.dglnn_path(a["A"], a["Y"][0], [1, 0, 1, 0, 2, 2], n_epochs=3, alpha=0.5, gamma=0.01).v
    ),
    "dglnn_flow": lambda a: ops.dglnn_flow(a["A"], a["Y"][0], 2, [0, 0.1], alpha=0.5).w,
    "signed_path": lambda a: (
        ops.signed_path(a["A"], a["Y"][0], n_epochs=3, alpha=0.5, step_size=0.01).x
    ),
    "early_stop": lambda a: (
        ops.early_stop(
            ops.dglnn_path(a["A"], a["Y"][0], 2, n_epochs=3, alpha=0.5, gamma=0.01),
            "oracle",
            w_star=a["Z"][0],
        ).w
    ),
    "sparse_encode": lambda a: ops.sparse_encode(a["A"], a["Y"], -0.1),
    "sparse_loss": lambda a: ops.sparse_loss(a["A"], a["Y"], activation="hard", lam=0.5),
    "sparse_loss_and_grad": lambda a: ops.sparse_loss_and_grad(
        a["A"], a["Y"], activation="soft", lam=0.5
    )[1],
    "sparse_expected_gradient": lambda a: ops.sparse_expected_gradient(
        a["A"], a["A_star"], np.eye(6) > 0, None, 0.1
    )[0],
    "unfolded_encode": lambda a: ops.unfolded_encode(a["A"], a["Y"], 1.0, 2, 3),
    "unfolded_loss_and_grad": lambda a: ops.unfolded_loss_and_grad(a["A"], a["Y"], 1.0, 2, 3)[1],
    "compare_gradients": lambda a: (
        ops.compare_gradients(a["A"], a["Y"], 1.0, 2)["approximate"].tangential
    ),
    "expected_gradient": lambda a: ops.expected_gradient(
        a["A"], a["A_star"], a["tau"], 2, 2, a["covariance"]
    ),
    "expected_gradient, printed": lambda a: ops.expected_gradient(
        a["A"], a["A_star"], a["tau"], 2, 2, a["covariance"], "printed"
    ),
    "expected_gradient, printed_31": lambda a: ops.expected_gradient(
        a["A"], a["A_star"], a["tau"], 2, 2, a["covariance"], "printed_31"
    ),
}


def frozen(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def strided(X):
    """Every second entry of an array that is twice as long along every axis."""
    wide = np.zeros(tuple(2 * n for n in X.shape), X.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in X.shape)]
    view[...] = X
    return view


def reversed_strides(X):
    return np.flip(np.flip(X).copy())


LAYOUTS = {
    "read-only": frozen,
    "Fortran order": np.asfortranarray,
    "a transposed view": lambda X: X.T.copy().T,
    "strided": strided,
    "negative strides": reversed_strides,
    "big-endian": lambda X: X.astype(X.dtype.newbyteorder(">")),
    "nested lists": lambda X: X.tolist(),
}


def test_every_function_of_ops_is_called():
    # Without data, or called by trainings only.
    others = {"adam_step", "get_num_threads", "set_num_threads", "warm_up"}
    functions = {name for name in ops.__all__ if inspect.isfunction(getattr(ops, name))}
    assert {name.split(",")[0] for name in DOORS} == functions - others


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_the_input_does_not_change_the_result(layout, door):
    agreement(
        DOORS[door]({name: LAYOUTS[layout](X) for name, X in ARRAYS.items()}), DOORS[door](ARRAYS)
    )


@pytest.mark.parametrize("door", DOORS)
def test_memory_mapped_input_does_not_change_the_result(door, tmp_path):
    mapped = {}
    for name, X in ARRAYS.items():
        np.save(tmp_path / f"{name}.npy", X)
        mapped[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    result = DOORS[door](mapped)
    assert not isinstance(result, np.memmap)
    agreement(result, DOORS[door](ARRAYS))


@pytest.mark.parametrize("door", DOORS)
def test_inputs_are_never_modified_nor_returned(door):
    before = {name: X.copy() for name, X in ARRAYS.items()}
    result = DOORS[door](ARRAYS)
    for name, X in ARRAYS.items():
        np.testing.assert_array_equal(X, before[name])
        assert not np.shares_memory(result, X)


def test_without_threshold_the_codes_are_a_copy_of_the_input():
    Z = np.ones((2, 2))
    assert not np.shares_memory(ops.group_soft_threshold(Z, 0, 2), Z)


NUMBERS = ("loss", "sparse_loss", "compare_gradients")  # these return Python floats


@pytest.mark.parametrize("door", DOORS)
def test_float32_in_gives_float32_out(door):
    result = DOORS[door](
        {name: X.astype(np.float32) if X.dtype == float else X for name, X in ARRAYS.items()}
    )
    assert door in NUMBERS or result.dtype == np.float32
    agreement(result, DOORS[door](ARRAYS), rtol=1e-5)


@pytest.mark.parametrize(
    "door", [door for door in DOORS if door not in (*NUMBERS, "group_soft_threshold")]
)
@pytest.mark.parametrize("single", [("A",), ("A_star", "Y", "V")])
def test_a_mixture_of_precisions_is_promoted(single, door):
    mixed = {name: X.astype(np.float32) if name in single else X for name, X in ARRAYS.items()}
    result = DOORS[door](mixed)
    assert result.dtype == np.float64
    agreement(result, DOORS[door](ARRAYS), rtol=1e-5)


@pytest.mark.parametrize("door", DOORS)
def test_integers_count_as_float64(door):
    integers = dict(ARRAYS)
    floats = dict(ARRAYS)
    for name, X in ARRAYS.items():
        if X.dtype == float:
            integers[name] = np.rint(3 * X).astype(int)
            floats[name] = np.rint(3 * X)
    result = np.asarray(DOORS[door](integers))
    assert result.dtype == np.float64
    agreement(result, DOORS[door](floats))


@pytest.mark.parametrize("door", DOORS)
def test_the_result_is_the_same_to_the_last_bit_on_a_second_call(door):
    np.testing.assert_array_equal(DOORS[door](ARRAYS), DOORS[door](ARRAYS))


@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_zero_input_gives_no_warning(lam):
    zero = {name: 0 * X if X.dtype == float else X for name, X in ARRAYS.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for door in DOORS.values():
            assert np.isfinite(door(zero)).all()
        assert not ops.loss_and_grad(zero["A"], zero["Y"], lam, 2)[1].any()
