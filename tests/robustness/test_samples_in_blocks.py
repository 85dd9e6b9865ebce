"""Memory maps and Dask arrays: the results of the array in memory, a block or a chunk at a time."""

import functools
import tracemalloc

import numpy as np
import pytest
import scipy.sparse

import gsae_ref as gs
from gsae_ref.checks.blockwise import BLOCK
from gsae_ref.cli import main

pytest.importorskip("sklearn", minversion="1.6")

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::RuntimeWarning"
)


HELD = []  # the codes that a check holds against the bounds


@pytest.fixture(scope="module", autouse=True)
def codes_are_kept_in_place_of_being_held_against_the_bounds():
    """What a check does with the codes that it has read is no matter of this file, and slow."""

    def hold(model, codes, tolerance):
        HELD.append(codes)
        return ()

    def hold_sparse(model, codes, tolerance):
        HELD.append(codes.used)
        return (), {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gsae_ref.verification.dictionary.hold_bounds", hold)
        patch.setattr("gsae_ref.verification.sparse_dictionary.hold_sparse_bounds", hold_sparse)
        yield


N_SAMPLES = 9000  # two blocks and a part of one
N_FEATURES = 8
D = 2
A = gs.make_dictionary(N_FEATURES, 4, D, kind="orthonormal", rng=0)


@functools.cache
def samples():
    """Integers from -8 to 8, which every type holds; one active group in most of them."""
    rng = np.random.default_rng(0)
    Y = rng.integers(-2, 3, (N_SAMPLES, 4, D))
    Y[np.arange(N_SAMPLES), rng.integers(0, 4, N_SAMPLES)] *= 4
    return Y.reshape(N_SAMPLES, -1)


def mapped(folder, Y, name="Y"):
    np.save(folder / f"{name}.npy", Y)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def in_chunks(*chunks):
    def of(folder, Y):
        da = pytest.importorskip("dask.array")
        return da.from_array(mapped(folder, Y), chunks=chunks)

    return of


# How samples are stored, and the floats as which they are computed.
SOURCES = {
    "map of float16": (mapped, np.float16, np.float32),
    "map of float32": (mapped, np.float32, np.float32),
    "map of float64": (mapped, np.float64, np.float64),
    "map of int8": (mapped, np.int8, np.float64),
    "map of big-endian int16": (mapped, ">i2", np.float64),
    "map in Fortran order": (
        lambda folder, Y: mapped(folder, np.asfortranarray(Y)), np.int8, np.float64),
    "slice of a map": (lambda folder, Y: mapped(folder, np.repeat(Y, 2, 0))[::2], "f4", "f4"),
    "float16 in memory": (lambda folder, Y: Y, np.float16, np.float32),
    "Dask of float64": (in_chunks(700, 5), np.float64, np.float64),
    "Dask of float16": (in_chunks(BLOCK, 8), np.float16, np.float32),
    "Dask of int8, one chunk": (in_chunks(-1, -1), np.int8, np.float64),
}  # fmt: skip


def groups_of(lam=5.0, **more):
    return gs.GroupSparseAutoencoder(4, D, lam, n_epochs=1, random_state=0, **more)


def fitted(Y, kind="groups", method="fit", **more):
    if kind == "groups":
        model = groups_of(**more)
    else:
        model = gs.SparseAutoencoder(8, 3.0, kind, n_epochs=1, random_state=0, **more)
    getattr(model, method)(Y)
    return model.components_, model.lam_, getattr(model, "active_groups_", 0)


@functools.cache
def model():
    return groups_of().fit(samples().astype(np.float64)[:500])


def checked(**given):
    report = gs.check_dictionary(A, D, n_active=1, **given)
    return np.array([report.lam, *vars(report.measured).values()]), HELD.pop()


def threshold(Y):
    found = gs.data_threshold(A, Y, 1, D)
    return [found.low, found.high, found.n_samples]


def of_sparse(X):
    return np.array([*gs.check_sparse_dictionary(A, codes=X).sizes.values()]), HELD.pop()


# Bit for bit:
CONSUMERS = {
    "encode": lambda Y: gs.encode(A, Y, 5.0, D),
    "unfolded_encode": lambda Y: gs.unfolded_encode(A, Y, 5.0, D, 2),
    "sparse_encode": lambda Y: gs.sparse_encode(A, Y, -3.0),
    "train": lambda Y: gs.train(A, Y, 5.0, D, 2, batch_size=1000).x,
    "train, unfolded": lambda Y: gs.train(A, Y, 5.0, D, 1, n_unfold=2, batch_size=3000).x,
    "train, measured": lambda Y: gs.train(
        A, Y, 5.0, D, 1, batch_size=BLOCK, A_star=A).history["active_groups"],
    "train_sparse": lambda Y: gs.train_sparse(
        A, Y, 1, bias=-3.0, batch_size=2000, optimizer="adam").x,
    "full_batch_gradient": lambda Y: gs.full_batch_gradient(A, Y, 5.0, D)[1],
    "fit": fitted,
    "fit, principal": lambda Y: fitted(Y, init="principal"),
    "fit, lam auto": lambda Y: fitted(Y, lam="auto", n_active=1),
    "fit, atoms": lambda Y: fitted(Y, "soft"),
    "fit, bias": lambda Y: fitted(Y, "relu", batch_size=900),
    "fit_blocks": lambda Y: fitted([Y[:4000], Y[4000:]], method="fit_blocks", init="random"),
    "fit_predict": lambda Y: groups_of().fit_predict(Y),
    "transform": lambda Y: model().transform(Y),
    "transform, refitted": lambda Y: groups_of(debias=True).fit(Y).transform(Y),
    "predict": lambda Y: model().predict(Y),
    "score": lambda Y: [model().score(Y)],
    "data_threshold": threshold,
    "check_dictionary, data": lambda Y: checked(data=Y),
    "check_dictionary, codes": lambda Y: checked(codes=abs(Y) * (abs(Y) > 2)),
    "check_sparse_dictionary": lambda Y: of_sparse(abs(Y) * (Y > 2)),
}  # fmt: skip
# To rounding, as all samples are one sum, which is taken block by block:
ALL_AT_ONCE = {
    "loss": lambda Y: [gs.loss(A, Y, 5.0, D)],
    "loss_and_grad": lambda Y: gs.loss_and_grad(A, Y, 5.0, D)[1],
    "approximate": lambda Y: gs.loss_and_grad(A, Y, 5.0, D, "approximate")[1],
    "sparse_loss": lambda Y: [gs.sparse_loss(A, Y, -3.0)],
    "sparse_loss_and_grad": lambda Y: gs.sparse_loss_and_grad(A, Y, -3.0)[1],
    "unfolded_loss_and_grad": lambda Y: gs.unfolded_loss_and_grad(A, Y, 5.0, D, 2)[1],
    "train, one batch": lambda Y: gs.train(A, Y, 5.0, D, 2).x,
    "fit, one batch": lambda Y: fitted(Y, batch_size=None)[0],
    "partial_fit": lambda Y: fitted(Y, method="partial_fit")[0],
    "fit_blocks, one batch": lambda Y: fitted([Y], method="fit_blocks", batch_size=None)[0],
}
READ = CONSUMERS | ALL_AT_ONCE


@functools.cache
def expected(consumer, dtype):
    return READ[consumer](samples().astype(dtype))


@pytest.fixture(scope="module", params=SOURCES)
def source(request, tmp_path_factory):
    """Samples in a form, and the floats as which they are computed."""
    store, dtype, wide = SOURCES[request.param]
    return store(tmp_path_factory.mktemp("samples"), samples().astype(dtype)), wide


def flat(result):
    return [np.asarray(part) for part in (result if isinstance(result, tuple) else [result])]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_the_bits_of_the_array_in_memory(source, consumer):
    Y, wide = source
    for ours, theirs in zip(flat(READ[consumer](Y)), flat(expected(consumer, wide)), strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize("consumer", ALL_AT_ONCE)
def test_a_sum_over_all_samples_is_that_of_the_array_in_memory_to_rounding(source, consumer):
    Y, wide = source
    tolerance = 1e-4 if wide in (np.float32, "f4") else 1e-10
    for ours, theirs in zip(flat(READ[consumer](Y)), flat(expected(consumer, wide)), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, atol=tolerance * max(1, np.abs(theirs).max()))


# ---- memory

LARGE = (60_000, 64)  # 15 MB as float32, 31 MB as float64


def large(begin, end, dtype):
    """Codes with one active group, which are samples as well."""
    rng = np.random.default_rng(begin)
    Y = np.zeros((end - begin, LARGE[1] // D, D), dtype)
    Y[np.arange(len(Y)), rng.integers(0, LARGE[1] // D, len(Y))] = 8
    return Y.reshape(-1, LARGE[1])


def large_map(folder):
    return mapped(folder, large(0, LARGE[0], np.int8))


def large_chunks(folder):
    """Chunks that are computed when they are asked for, and do not exist before."""
    da = pytest.importorskip("dask.array")

    def chunk(block_info=None):
        return large(*block_info[None]["array-location"][0], np.float64)

    sizes = ((3000,) * 20, (LARGE[1],))
    return da.map_blocks(chunk, chunks=sizes, dtype=np.float64, meta=np.empty((0, 0)))


LARGE_A = gs.make_dictionary(LARGE[1], 4, D, kind="orthonormal", rng=0)
LARGE_USES = {
    "encode": lambda Y: gs.encode(LARGE_A, Y, 5.0, D),
    "train": lambda Y: gs.train(LARGE_A, Y, 5.0, D, 1, batch_size=3000),
    "train, one batch": lambda Y: gs.train(LARGE_A, Y, 5.0, D, 1),
    "fit": lambda Y: groups_of(batch_size=3000).fit(Y),
    "gradient": lambda Y: gs.loss_and_grad(LARGE_A, Y, 5.0, D),
    "data_threshold": lambda Y: gs.data_threshold(LARGE_A, Y, 1, D),
    "check, data": lambda Y: gs.check_dictionary(LARGE_A, D, n_active=1, data=Y),
    "check, codes": lambda Y: gs.check_dictionary(np.eye(LARGE[1]), D, codes=Y),
}  # fmt: skip


@pytest.mark.parametrize("use", LARGE_USES)
@pytest.mark.parametrize("form", [large_map, large_chunks])
def test_no_more_than_some_blocks_are_in_memory(tmp_path, form, use):
    """The codes of ``encode`` are 4 MB."""
    Y = form(tmp_path)
    LARGE_USES[use](Y[:100])  # what is imported at the first call
    tracemalloc.start()
    LARGE_USES[use](Y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    HELD.clear()
    assert peak < 16e6


def test_each_chunk_is_computed_once_in_a_pass():
    da = pytest.importorskip("dask.array")
    asked = []

    def seen(chunk, block_info=None):
        if block_info:
            asked.append(block_info[0]["chunk-location"][0])
        return chunk

    Y = da.from_array(samples().astype(np.float64), chunks=(1000, 8)).map_blocks(seen)
    gs.encode(A, Y, 5.0, D)
    assert asked == list(range(9))
    gs.data_threshold(A, Y, 1, D)
    assert asked == [*range(9), *range(9)]


# ---- what is refused, and the shell


def test_dask_arrays_that_cannot_be_read_are_named():
    da = pytest.importorskip("dask.array")
    Y = da.from_array(samples().astype(np.float64), chunks=(1000, 8))
    with_nan = da.where(da.arange(N_SAMPLES, chunks=1000)[:, None] == 5000, np.nan, Y)
    uses = {
        "encode": lambda Y: gs.encode(A, Y, 5.0, D),
        "train": lambda Y: gs.train(A, Y, 5.0, D, 1, batch_size=100),
        "threshold": threshold,
        "check": lambda Y: checked(data=Y),
    }
    for use in uses.values():
        with pytest.raises(ValueError, match=r"call \w+.compute_chunk_sizes\(\)"):
            use(Y[Y[:, 0] > 2])
        with pytest.raises(ValueError, match="9000, 7.*so 7 columns, but 8 are needed"):
            use(Y[:, 1:])
        with pytest.raises(ValueError, match=r"\[4096:8192\] has 8 non-finite entries.*\(904, 0\)"):
            use(with_nan)
        with pytest.raises((TypeError, ValueError), match="complex"):
            use(Y * 1j)
        with pytest.raises(TypeError, match="is a masked array"):
            use(da.ma.masked_greater(Y, 4))
        with pytest.raises(TypeError, match="is a sparse csr_matrix"):
            use(Y.map_blocks(scipy.sparse.csr_matrix))
    with pytest.raises(TypeError, match="is a masked array"):
        gs.decode(A, da.ma.masked_greater(Y, 4))
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        groups_of().fit(Y[Y[:, 0] > 2])
    with pytest.raises(ValueError, match="samples as rows"):
        groups_of().fit(da.stack([Y, Y]))


@pytest.mark.parametrize("dtype", ["f2", "i1"])
def test_the_shell_reads_the_bits_of_the_array_in_memory(tmp_path, dtype, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("A.npy", A)
    outcomes = []
    for name, kind in (("narrow", dtype), ("wide", "f4" if dtype == "f2" else "f8")):
        np.save(f"{name}.npy", samples().astype(kind))
        fit = f"fit {name}.npy --n-groups 4 --group-size 2 --lam 5 --epochs 1 --out {name}.npz"
        check = f"check A.npy --group-size 2 --n-active 1 --data {name}.npy --json {name}.json"
        for command in (fit, f"encode {name}.npz {name}.npy --out {name}-codes.npy", check):
            assert main(command.split()) == 0
        said = capsys.readouterr().out.replace(name, "Y")
        files = (f"{name}-codes.npy", f"{name}.json")
        outcomes.append([said, *((tmp_path / file).read_bytes() for file in files)])
    assert outcomes[0] == outcomes[1]
