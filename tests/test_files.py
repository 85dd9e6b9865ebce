"""Files are written as a whole or not at all, and nothing is unpickled."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from gsae_ref.files import atomically, check_writable, read_arrays, write_arrays, write_json


def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out.json"
    write_json({"a": [1, 2.5, "6/5", None, True]}, path)
    before = path.read_text()
    assert json.loads(before) == {"a": [1, 2.5, "6/5", None, True]}
    with pytest.raises(TypeError):
        write_json({"a": 1, "b": object()}, path)
    assert path.read_text() == before
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_file_appears_by_a_rename_of_a_finished_one(tmp_path, monkeypatch):
    sizes = []
    rename = os.replace

    def watched(source, target):
        sizes.append(json.loads(Path(source).read_text()))
        assert not os.path.exists(target)
        rename(source, target)

    monkeypatch.setattr(os, "replace", watched)
    write_json({"rows": list(range(50))}, tmp_path / "out.json")
    assert sizes == [{"rows": list(range(50))}]


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cannot be written .*its folder must exist"):
        write_json({}, tmp_path / "missing" / "out.json")


def test_an_object_that_json_cannot_store_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "out.json"
    write_json({"a": 1}, path)
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json({"a": object()}, path)
    assert json.loads(path.read_text()) == {"a": 1}
    assert os.listdir(tmp_path) == ["out.json"]


def test_a_number_that_is_not_finite_is_written_as_null(tmp_path):
    write_json({"a": [np.inf, float("nan"), 1.5], "b": (np.float64("nan"),)}, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == {"a": [None, None, 1.5], "b": [None]}


def test_numpy_numbers_and_arrays_are_plain_in_json(tmp_path):
    write_json(
        {"a": np.arange(3), "b": np.float32(0.5), "c": np.array([np.nan, 1.0])},
        tmp_path / "out.json",
    )
    assert json.loads((tmp_path / "out.json").read_text()) == {
        "a": [0, 1, 2],
        "b": 0.5,
        "c": [None, 1.0],
    }


def test_an_interrupt_while_writing_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), atomically(path) as temporary:
        Path(temporary).write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is a folder; add a file name"):
        check_writable(tmp_path)


def test_checking_a_path_leaves_no_file(tmp_path):
    check_writable(tmp_path / "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_reported(tmp_path, monkeypatch):
    os.symlink("/dev/full", tmp_path / "full")
    monkeypatch.setattr(
        "gsae_ref.files._temporary", lambda path: (tmp_path / "full", open(os.devnull, "wb"))
    )
    with pytest.raises(
        ValueError,
        match="cannot be written .No space left on device.; make room or choose another path",
    ):
        write_json({"a": 1}, tmp_path / "out.json")
    assert os.listdir(tmp_path) == []


def test_arrays_are_read_as_they_were_written(tmp_path):
    arrays = {"A": np.float32([[1, 2], [3, 4]]), "n": np.array(3), "name": np.array("x")}
    write_arrays(tmp_path / "a.npz", arrays)
    back = read_arrays(tmp_path / "a.npz")
    assert {k: (v.dtype, v.tolist()) for k, v in back.items()} == {
        k: (v.dtype, v.tolist()) for k, v in arrays.items()
    }


def test_arrays_that_would_be_pickled_are_refused(tmp_path):
    with pytest.raises(ValueError, match="a holds Python objects; .* convert it"):
        write_arrays(tmp_path / "a.npz", {"a": np.array([{}])})
    np.savez(tmp_path / "b.npz", a=np.array([{}]))
    with pytest.raises(ValueError, match="b.npz holds Python objects; pickled data are refused"):
        read_arrays(tmp_path / "b.npz")
    assert os.listdir(tmp_path) == ["b.npz"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "one array"])
def test_a_damaged_archive_is_refused(tmp_path, damage):
    path = tmp_path / "a.npz"
    write_arrays(path, {"A": np.arange(1000.0)})
    whole = bytearray(path.read_bytes())
    if damage == "flipped":
        whole[4000] ^= 1
    if damage == "one array":
        np.save(tmp_path / "one.npy", np.arange(3))
        whole = (tmp_path / "one.npy").read_bytes()
    path.write_bytes({"cut": whole[:3000], "text": b"text"}.get(damage, whole))
    with pytest.raises(ValueError, match="is damaged or no .npz archive"):
        read_arrays(path)


def test_a_missing_archive_is_distinguished_from_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "a.npz")
