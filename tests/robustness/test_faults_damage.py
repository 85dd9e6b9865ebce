"""Checkpoints, caches and results that are cut, flipped or swapped are reported and not used."""

import logging
import os
import random
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from tiny_images import FILES, NAMES, collection

import gsae_ref as gs
from gsae_ref import files
from gsae_ref.datasets import finding
from gsae_ref.experiments.common.cache import ResultCache
from gsae_ref.files import read_arrays, write_arrays

MANY = int(os.environ.get("GSAE_REF_FAULTS", "0"))
RECIPE = {"batch_size": 16, "step_size": 0.01, "checkpoint_every": 2}


def problem():
    A_star = gs.make_dictionary(8, 3, 2, rng=0)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
    return A, gs.sample(A_star, 48, 1, 2, rng=0).Y


def train(n_epochs, path=None):
    A, Y = problem()
    resume = path is not None
    return gs.train(A, Y, 1.0, 2, n_epochs, **RECIPE, checkpoint=path, resume=resume)


def with_warnings(function):
    """The result of the function, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return function(), [str(warning.message) for warning in caught]


def count(capsys, what, tried, survived):
    if MANY:
        with capsys.disabled():
            print(f"\n{what}: faults tried: {tried}, survived: {survived}")
    assert tried == survived > 0


def damage(whole, draw):
    """A cut, a flipped bit, or zeros at the end, as an unfinished write leaves them."""
    kind = draw.choice(["cut", "flip", "zeros"])
    place = draw.randrange(len(whole))
    if kind == "cut":
        return whole[:place]
    if kind == "zeros":
        return whole[:place] + bytes(len(whole) - place)
    return whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :]


# ---- archives of arrays


def test_flipped_bits_and_cuts_of_an_archive_are_refused_or_harmless(tmp_path, capsys):
    path = tmp_path / "a.npz"
    arrays = {"run": np.array("ab"), "steps": np.array(3), "A": np.arange(6.0).reshape(2, 3)}
    write_arrays(path, arrays)
    whole = path.read_bytes()
    cuts = [whole[:place] for place in range(len(whole))]
    flips = [
        whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
        for place in range(len(whole))
        for bit in range(8)
    ]
    tried = cuts + flips if MANY else random.Random(0).sample(cuts + flips, 700)
    survived = 0
    for content in tried:
        path.write_bytes(content)
        try:
            back = read_arrays(path)
        except ValueError as error:
            assert "is damaged or no .npz archive" in str(error)
        else:
            assert list(back) == list(arrays)
            for name, array in arrays.items():
                assert back[name].dtype == array.dtype and back[name].tolist() == array.tolist()
        survived += 1
    count(capsys, "archive, every bit flipped, every cut", len(tried), survived)


# ---- checkpoints


def test_damaged_checkpoints_at_random(tmp_path, capsys):
    path = tmp_path / "run.npz"
    previous = tmp_path / "run.npz.previous"
    draw = random.Random(0)
    expected = train(8)
    train(6, path)
    whole = path.read_bytes()
    older = previous.read_bytes()
    n = 3 * MANY if MANY else 20
    for k in range(n):
        both = k % 4 == 3
        path.write_bytes(damage(whole, draw))
        previous.write_bytes(damage(older, draw) if both else older)
        result, warned = with_warnings(lambda: train(8, path))
        assert result.x.tobytes() == expected.x.tobytes() and result.history == expected.history
        assert len(warned) <= 1 + both
        assert all("is damaged" in text and "put aside as" in text for text in warned)
    count(capsys, "checkpoint, cut, flipped or zeroed", n, n)


def test_the_warning_says_where_the_run_starts(tmp_path):
    path = tmp_path / "run.npz"
    train(6, path)
    path.write_bytes(b"half")
    assert "trying the one before it" in with_warnings(lambda: train(6, path))[1][0]
    for name in ("run.npz", "run.npz.previous"):
        (tmp_path / name).write_bytes(b"half")
    first, second = with_warnings(lambda: train(6, path))[1]
    assert "trying the one before it" in first
    assert "none is left, so the run starts from its beginning" in second
    for name in ("run.npz.damaged", "run.npz.previous.damaged"):
        assert (tmp_path / name).read_bytes() == b"half"


def test_a_damaged_checkpoint_never_replaces_a_whole_one(tmp_path, monkeypatch):
    """The process ends while the first new checkpoint is renamed: the previous one is whole."""
    path = tmp_path / "run.npz"
    replace = os.replace
    train(6, path)
    path.write_bytes(path.read_bytes()[:-30])

    def power_cut(source, target):
        if Path(target) == path:
            raise SystemExit
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", power_cut)
    with pytest.raises(SystemExit), pytest.warns(RuntimeWarning, match="trying the one before it"):
        train(8, path)
    monkeypatch.undo()
    assert read_arrays(f"{path}.previous")["epoch"] >= 4
    result, warned = with_warnings(lambda: train(8, path))
    assert result.x.tobytes() == train(8).x.tobytes()
    assert not warned


def test_swapped_checkpoints_lose_some_epochs_and_nothing_else(tmp_path):
    path = tmp_path / "run.npz"
    previous = tmp_path / "run.npz.previous"
    train(6, path)
    newer = path.read_bytes()
    older = previous.read_bytes()
    path.write_bytes(older)
    previous.write_bytes(newer)
    assert train(8, path).x.tobytes() == train(8).x.tobytes()


def test_a_clock_that_goes_back_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    now = [2e9]

    def back():
        now[0] -= 3600.0
        return now[0]

    monkeypatch.setattr(time, "time", back)
    train(4, path)
    for name in os.listdir(tmp_path):
        os.utime(tmp_path / name, (4e9, 4e9))  # in the future
    now[0] = -1e6  # before 1970, which a zip archive cannot store
    assert train(8, path).x.tobytes() == train(8).x.tobytes()
    found = [ResultCache(tmp_path / "cache").run("square", square, n=3) for _ in range(2)]
    assert [each["square"].tolist() for each in found] == [[0, 1, 4]] * 2


# ---- stored results


def square(n):
    return {"square": np.arange(n) ** 2}


def test_damaged_results_are_reported_and_computed_again(tmp_path, capsys):
    draw = random.Random(1)
    ResultCache(tmp_path).run("square", square, n=50)
    whole = (tmp_path / "square.npz").read_bytes()
    n = MANY or 20
    for _ in range(n):
        (tmp_path / "square.npz").write_bytes(damage(whole, draw))
        found, warned = with_warnings(lambda: ResultCache(tmp_path).run("square", square, n=50))
        assert found["square"].tolist() == [k * k for k in range(50)]
        assert len(warned) <= 1 and all("computing it again" in text for text in warned)
    count(capsys, "stored result, cut, flipped or zeroed", n, n)


def test_swapped_results_are_not_confused(tmp_path):
    for n in (3, 4):
        ResultCache(tmp_path).run(f"square-{n}", square, n=n)
    three = tmp_path / "square-3.npz"
    four = tmp_path / "square-4.npz"
    contents = three.read_bytes(), four.read_bytes()
    three.write_bytes(contents[1])
    four.write_bytes(contents[0])
    for n, expected in ((3, [0, 1, 4]), (4, [0, 1, 4, 9])):
        found = ResultCache(tmp_path).run(f"square-{n}", square, n=n)
        assert found["square"].tolist() == expected


# ---- the cache of data sets


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GSAE_REF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(finding, "FETCH", {"here": lambda collection: FILES})
    assert finding.contents(collection(), None, True) == FILES
    return tmp_path / "cache" / "tiny"


def test_a_damaged_cache_is_reported_and_filled_again(cache, capsys, caplog):
    draw = random.Random(2)
    n = 2 * MANY if MANY else 20
    for _ in range(n):
        k = draw.randrange(len(FILES))
        caplog.clear()
        (cache / NAMES[k]).write_bytes(damage(FILES[k], draw))
        same = (cache / NAMES[k]).read_bytes() == FILES[k]
        with caplog.at_level(logging.WARNING, "gsae_ref"):
            assert finding.contents(collection(), None, True) == FILES
        assert same or f"{NAMES[k]} from" in caplog.text and "looking elsewhere" in caplog.text
        assert [(cache / name).read_bytes() for name in NAMES] == FILES
    count(capsys, "cache, cut, flipped or zeroed", n, n)


def test_swapped_files_of_the_cache_are_reported_and_filled_again(cache, caplog):
    for first, second in ((0, 2), (1, 3), (0, 1)):
        (cache / NAMES[first]).write_bytes(FILES[second])
        (cache / NAMES[second]).write_bytes(FILES[first])
        with caplog.at_level(logging.WARNING, "gsae_ref"):
            assert finding.contents(collection(), None, True) == FILES
        assert "looking elsewhere" in caplog.text
        assert [(cache / name).read_bytes() for name in NAMES] == FILES


FILL_TOGETHER = """
import os
import sys
import tempfile
from pathlib import Path

from tiny_images import FILES, NAMES, collection

from gsae_ref.datasets import finding


def child(start):
    os.read(start, 1)  # all begin when the parent closes its end
    status = 1
    try:
        found = [finding.contents(collection(), None, True) for _ in range(3)]
        status = int(found != [FILES] * 3)
    finally:
        os._exit(status)


rounds, together = map(int, sys.argv[1:])
finding.FETCH.clear()
finding.FETCH["here"] = lambda collection: FILES
survived = 0
for _ in range(rounds):
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GSAE_REF_CACHE"] = folder
        start, end = os.pipe()
        children = []
        for _ in range(together):
            children.append(os.fork())
            if children[-1] == 0:
                os.close(end)
                child(start)
        os.close(start)
        os.close(end)
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        cache = Path(folder) / "tiny"
        whole = finding.from_folder(collection(), cache) == FILES
        survived += not any(ends) and whole and sorted(os.listdir(cache)) == sorted(NAMES)
print(survived)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_processes_may_fill_the_same_cache_at_the_same_time(tmp_path, capsys):
    rounds = MANY or 5
    together = 4
    folders = [Path(__file__).parents[1], Path(gs.__file__).parents[1]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    command = [sys.executable, "-c", FILL_TOGETHER, str(rounds), str(together)]
    options = {"env": environment, "capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run(command, **options, check=True)
    count(capsys, f"cache, filled by {together} processes at once", rounds, int(done.stdout))
