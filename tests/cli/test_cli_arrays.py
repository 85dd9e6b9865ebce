"""The files of arrays that commands read, and the words for those that they refuse."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from gsae_ref.cli.arrays import load_array

Y = np.array([[1.5, -2.0, 3.0], [4.0, 5.0, 6.25]])
ROWS = ["1.5,-2,3", "4,5,6.25"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def text(name, *lines):
    return lambda: Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8") and name


def saved(name, **arrays):
    """Write an archive or a MATLAB file of one or several arrays."""

    def write():
        file = name.split(":")[0]
        if file.endswith(".mat"):
            scipy.io.savemat(file, arrays)
        else:
            np.savez(file, **arrays)
        return name

    return write


TAKEN = {
    "commas": text("Y.csv", *ROWS),
    "commas and a head": text("Y.csv", "height,width,depth", *ROWS),
    "a mark of the byte order": text("Y.csv", "\ufeff1.5,-2,3", ROWS[1]),
    "spaces": text("Y.txt", "1.5  -2 3", "4 5 6.25"),
    "semicolons": text("Y.csv", "a;b;c", "1.5;-2;3", "4;5;6.25"),
    "tabs": text("Y.tsv", "1.5\t-2\t3", "4\t5\t6.25"),
    "numpy.savetxt": text("Y.txt", "# a head", "1.5e+00 -2 3", "", "4 5 6.25"),
    "an archive of one": saved("Y.npz", Y=Y),
    "a name in an archive": saved("Y.npz:Z", Y=np.eye(2), Z=Y),
    "MATLAB": saved("Y.mat", D=Y),
    "a name in MATLAB": saved("Y.mat:D", D=Y, E=np.eye(2)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_array_of_a_file_is_read(name):
    np.testing.assert_array_equal(load_array(TAKEN[name]()), Y)


def raw(name, content):
    return lambda: Path(name).write_bytes(content) and name


def mat_5(value):
    return saved("Y.mat", D=value)


REFUSED = {
    "text in a .npy": (text("Y.npy", *ROWS), "Y.npy is text: if it is a table.*name it .csv"),
    "a web page": (text("Y.csv.html", "<!DOCTYPE html>"), "is text: a web page"),
    "a web page in a table": (text("Y.csv", "<html>", "<p>503</p>"), "is text, but not a table"),
    "words": (text("Y.csv", "a,b", "c,d"), "is text, but not a table of numbers.*'c'"),
    "a missing entry": (text("Y.csv", "a,b", "1,", "2,3"), "is text, but not a table of numbers"),
    "rows of several lengths": (text("Y.csv", "1,2", "1,2,3"), "is text, but not a table"),
    "a short last row": (text("Y.csv", "1,2", "3"), "is text, but not a table.*'1,2'"),
    "another separator in the first row": (text("Y.csv", "1 2", "3,4"), "not a table.*'1 2'"),
    "a first row of truth values": (text("Y.csv", "TRUE,FALSE", "1,0"), "not a table.*'TRUE'"),
    "a first row of complex numbers": (text("Y.csv", "1+2j,3j", "1,2"), "not a table.*'1.2j'"),
    "a first row of missing numbers": (text("Y.csv", "NA,NA", "1,2"), "not a table.*'NA'"),
    "decimal commas": (text("Y.csv", "1,5;2,5", "1,5;2,0"), "is text, but not a table"),
    "numbered rows": (text("Y.csv", ",a,b", "0,1,2"), "first column has no name.*index=False"),
    "numbered columns": (text("Y.csv", "0,1", "5,6"), "first line numbers the columns"),
    "counted rows": (text("Y.csv", "id,a", "1,2", "2,7", "3,5"), "first column numbers the rows"),
    "years": (text("Y.csv", "2019,2020,2021", "1.5,2,3"), "first line numbers the columns"),
    "UTF-16": (raw("Y.csv", "1,2".encode("utf-16")), "is text in UTF-16: convert it to UTF-8"),
    "a pipe": (lambda: os.mkfifo("Y.npy") or "Y.npy", "Y.npy is a pipe or a device; write what"),
    "a folder": (lambda: os.mkdir("Y.npy") or "Y.npy", "Y.npy cannot be read .Is a directory"),
    "an archive of objects": (
        saved("Y.npz", Y=np.array([None], object)),
        "Y.npz holds Python objects; pickled data are refused",
    ),
    "only a comment": (text("Y.txt", "# nothing"), "is text without a line of numbers"),
    "Latin-1": (raw("Y.csv", "größe,b\n1,2\n".encode("latin-1")), "is text that is not UTF-8"),
    "nothing": (lambda: Path("Y.npy").touch() or "Y.npy", "Y.npy is empty; it must be a .npy"),
    "a pickle": (raw("Y.pkl", b"\x80\x04\x95"), "is a Python pickle, which is never loaded"),
    "HDF5": (raw("Y.h5", b"\x89HDF\r\n\x1a\n"), "is HDF5: read it with h5py"),
    "MATLAB 7.3": (raw("Y.mat", b"MATLAB 7.3 MAT-file"), "of version 7.3: save it with.*-v7"),
    "a damaged MATLAB file": (raw("Y.mat", b"MATLAB 5.0 MAT-file, cut"), "damaged MATLAB file"),
    "gzip": (raw("Y.gz", b"\x1f\x8b\x08"), "is compressed by gzip: unpack it"),
    "a picture": (raw("Y.png", b"\x89PNG\r\n"), "is a PNG picture"),
    "bytes": (raw("Y.bin", b"\x00\x01\x02"), "is not a file of numbers"),
    "several arrays": (saved("Y.npz", Y=Y, Z=Y), r"several arrays \(Y, Z\).*name one: Y.npz:Y"),
    "several in MATLAB": (saved("Y.mat", D=Y, E=Y), r"several arrays \(D, E\).*Y.mat:D"),
    "an unknown name": (saved("Y.npz:W", Y=Y), "Y.npz has no array W; it has Y"),
    "an empty archive": (saved("Y.npz"), "is an archive without arrays|damaged"),
    "a cell": (mat_5(np.array([Y, "a"], dtype=object)), "such as a cell or a structure"),
    "a structure": (mat_5({"a": 1}), "such as a cell or a structure"),
    "sparse": (mat_5(scipy.sparse.eye(3).tocsc()), r"sparse matrix; write the full one"),
    "a spreadsheet": (raw("Y.xlsx", b"PK\x03\x04cut"), "damaged or no .npz|spreadsheet"),
}


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_array_is_named(name, mapped):
    write, message = REFUSED[name]
    with pytest.raises(ValueError, match=message) as refused:
        load_array(write(), mapped)
    assert "allow_pickle" not in str(refused.value)


def test_an_array_of_objects_is_refused_without_advice_on_pickles():
    np.save("Y.npy", np.array([1, None], dtype=object), allow_pickle=True)
    for mapped in (False, True):
        with pytest.raises(ValueError, match="is an array of Python objects; pickled data") as no:
            load_array("Y.npy", mapped)
        assert "allow_pickle" not in str(no.value)


def test_tables_and_archives_are_fitted_and_encoded(run):
    samples = np.random.default_rng(0).normal(size=(60, 4)).round(3)
    np.save("Y.npy", samples.astype(np.float16))
    np.savetxt("Y.csv", samples.astype(np.float16).astype(float), delimiter=",", header="a,b,c,d")
    np.savez("all.npz", Y=samples.astype(np.float16), other=samples)
    options = "--n-groups 2 --group-size 2 --lam .5 --epochs 2 --out".split()
    codes = {}
    for name in ("Y.npy", "Y.csv", "all.npz:Y"):
        assert run("fit", name, *options, "m.npz")[0] == 0
        assert run("encode", "m.npz", name, "--out", "X.npy")[0] == 0
        codes[name] = np.load("X.npy")
    np.testing.assert_allclose(codes["Y.csv"], codes["Y.npy"], atol=1e-3)
    np.testing.assert_array_equal(codes["all.npz:Y"], codes["Y.npy"])
    status, _, err = run("fit", "all.npz:Y", *options, "all.npz")
    assert status == 2
    assert "all.npz is both the data and --out" in err
