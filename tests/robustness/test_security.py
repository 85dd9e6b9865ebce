"""No pickles, no shell, no archives that fill the memory, no links; temporary files are private.

Archives of data sets are tested in test_datasets.py. The processes of joblib and Dask exchange
pickles of functions and results; none comes from a file or from outside.
"""

import ast
import io
import os
import stat
import struct
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

import gsae_ref
from gsae_ref import files
from gsae_ref.cli import main
from gsae_ref.files import atomically, read_arrays, write_arrays, write_json

PACKAGE = Path(gsae_ref.__file__).parent
FORBIDDEN_MODULES = {
    "pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "shelve",
    "marshal",
    "yaml",
    "ctypes",
    "pty",
}
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "extractall",
    "unpack_archive",
    "popen",
    "mktemp",
    "os.system",
    "joblib.load",
    "joblib.dump",
}


def dangers(source):
    """Lines that unpickle, run text as a program or in a shell, or unpack an archive."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += dangerous_imports(node, [alias.name for alias in node.names])
        elif isinstance(node, ast.ImportFrom):
            found += dangerous_imports(node, [node.module or ""])
        elif isinstance(node, ast.Call):
            found += dangerous_call(node)
    return found


def dangerous_imports(node, names):
    return [
        f"line {node.lineno} imports {name}"
        for name in names
        if name.split(".")[0] in FORBIDDEN_MODULES
    ]


def dangerous_call(node):
    name = ast.unparse(node.func)
    options = {word.arg: ast.unparse(word.value) for word in node.keywords}
    method = node.func.attr if isinstance(node.func, ast.Attribute) else None
    if name != "re.compile" and {name, method} & FORBIDDEN_CALLS:
        yield f"line {node.lineno} calls {name}"
    loads = name.endswith(("np.load", "numpy.load", "NpzFile", "read_array"))
    if loads and options.get("allow_pickle") != "False":
        yield f"line {node.lineno} calls {name} without allow_pickle=False"
    if options.get("allow_pickle", "False") != "False":
        yield f"line {node.lineno} allows pickles"
    if options.get("shell", "False") != "False":
        yield f"line {node.lineno} uses a shell"
    if name.startswith("subprocess.") and node.args:
        if not isinstance(node.args[0], (ast.List, ast.Name)):
            yield f"line {node.lineno} runs a command that is no list"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_line_of_the_package_is_dangerous(path):
    assert not dangers(path.read_text())


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import yaml",
        "eval(text)",
        "os.system(text)",
        "os.popen(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "f(allow_pickle=flag)",
        "np.lib.format.read_array(file)",
        "np.lib.npyio.NpzFile(file)",
        "subprocess.run(text, shell=True)",
        "subprocess.run('npm pack')",
        "subprocess.run(f'npm {name}')",
        "archive.extractall(folder)",
        "shutil.unpack_archive(path)",
        "tempfile.mktemp()",
        "joblib.load(path)",
        "import ctypes",
    ],
)
def test_the_search_finds_a_planted_danger(source):
    assert dangers(source)


def test_only_two_known_programs_are_run():
    """npm with constant arguments, and this Python without site packages, each as a list."""
    using = [path for path in PACKAGE.rglob("*.py") if "subprocess" in path.read_text()]
    assert sorted(path.name for path in using) == ["fetching.py", "pruning.py"]
    assert all(path.read_text().count("subprocess.run(") == 1 for path in using)
    pruning = next(path for path in using if path.name == "pruning.py")
    assert 'command = [sys.executable, "-I", "-S", *options, str(path)]' in pruning.read_text()


def test_a_download_is_not_parsed_before_its_hash_is_verified(tmp_path, monkeypatch):
    from tiny_images import FILES, collection

    from gsae_ref import datasets
    from gsae_ref.datasets import finding

    def never(content):
        raise AssertionError("parsed before it was verified")

    monkeypatch.setenv("GSAE_REF_CACHE", str(tmp_path))
    wrong = [FILES[0][:-1] + b"\0", *FILES[1:]]
    monkeypatch.setattr(finding, "FETCH", {"here": lambda collection: wrong})
    monkeypatch.setattr(datasets, "MNIST", collection())
    monkeypatch.setattr(datasets, "parse", never)
    with pytest.raises(ValueError, match="from here has the SHA-256"):
        gsae_ref.load_mnist()
    assert os.listdir(tmp_path) == []


# ---- archives of arrays


def npz(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def header(shape, descr="<f8"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def many_names_for_one_content(path, content, n):
    """An archive whose table of contents has many entries for the same bytes."""
    npz(path, [("a.npy", content)])
    whole = path.read_bytes()
    end = whole.rindex(b"PK\5\6")
    start = struct.unpack("<I", whole[end + 16 : end + 20])[0]
    table = b"".join(whole[start:end].replace(b"a.npy", f"{k:05d}".encode()) for k in range(n))
    path.write_bytes(
        whole[:start] + table + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, n, n, len(table), start, 0)
    )
    return path


CRAFTED = {
    "a bomb": lambda path: npz(path, [("a.npy", npy(np.zeros(2**21)))], zipfile.ZIP_DEFLATED),
    "a bomb of another kind": lambda path: npz(
        path, [("a.npy", npy(np.zeros(2**21)))], zipfile.ZIP_LZMA
    ),
    "one content under many names": lambda path: many_names_for_one_content(
        path, npy(np.zeros(2**14)), 200
    ),
    "more entries than there are": lambda path: npz(path, [("a.npy", header((2**50,)))]),
    "a pickle": lambda path: npz(
        path, [("a.npy", header((1,), "|O") + b"cos\nsystem\n(S'exit 1'\ntR.")]
    ),
}


@pytest.mark.parametrize("kind", CRAFTED)
def test_a_crafted_archive_is_refused_before_it_fills_the_memory(kind, tmp_path):
    import tracemalloc

    path = CRAFTED[kind](tmp_path / "crafted.npz")
    tracemalloc.start()
    try:
        with pytest.raises(
            ValueError, match="is damaged or no .npz archive of arrays|holds Python objects"
        ):
            read_arrays(path)
        if kind != "more entries than there are":  # this much memory cannot be allocated
            assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_compressed_measurements_are_accepted(tmp_path):
    counts = np.random.default_rng(0).integers(0, 100, 5000)
    np.savez_compressed(tmp_path / "counts.npz", counts=counts)
    assert (tmp_path / "counts.npz").stat().st_size < counts.nbytes / 4
    np.testing.assert_array_equal(read_arrays(tmp_path / "counts.npz")["counts"], counts)


def test_members_with_paths_outside_are_only_names_of_arrays(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    path = npz(
        tmp_path / "deep" / "a.npz",
        [("../evil.npy", npy(np.arange(3))), ("/evil.npy", npy(np.arange(3)))],
    )
    assert {name: array.tolist() for name, array in read_arrays(path).items()} == {
        "../evil": [0, 1, 2],
        "/evil": [0, 1, 2],
    }
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.npz", "deep"]


def test_a_model_that_is_a_bomb_is_refused_in_one_line(tmp_path, capsys):
    np.save(tmp_path / "Y.npy", np.ones((3, 4)))
    model = CRAFTED["a bomb"](tmp_path / "model.npz")
    arguments = [model, tmp_path / "Y.npy", "--out", tmp_path / "X.npy"]
    assert main(["encode", *map(str, arguments)]) == 2
    assert "write it with numpy.savez" in capsys.readouterr().err


# ---- temporary files


def test_a_link_with_the_temporary_name_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    names = iter(["0" * 16, "1" * 16])
    victim.write_text("mine")
    os.symlink(victim, tmp_path / f".out.json.{'0' * 16}.tmp")
    monkeypatch.setattr(files.secrets, "token_hex", lambda n: next(names))
    with pytest.raises(ValueError, match="cannot be written .File exists"):
        write_json({"a": 1}, tmp_path / "out.json")
    assert victim.read_text() == "mine"


def test_a_temporary_name_cannot_be_guessed(tmp_path):
    seen = set()
    for _ in range(20):
        with atomically(tmp_path / "out.txt") as temporary:
            seen.add(Path(temporary).name)
            Path(temporary).write_text("x")
    assert len(seen) == 20 and all(len(name) == len(".out.txt..tmp") + 16 for name in seen)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(
    ("before", "umask", "after"),
    [(None, 0o077, 0o600), (None, 0o022, 0o644), (0o600, 0o022, 0o600), (0o640, 0o077, 0o640)],
)
def test_a_file_is_as_private_as_it_was_from_its_first_byte(before, umask, after, tmp_path):
    path = tmp_path / "out.json"
    old = os.umask(umask)
    try:
        if before is not None:
            path.write_text("{}")
            path.chmod(before)
        with atomically(path) as temporary:
            assert stat.S_IMODE(os.stat(temporary).st_mode) == after
            Path(temporary).write_text("{}")
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(path).st_mode) == after


def test_threads_that_write_the_same_file_use_different_temporary_files(tmp_path):
    path = tmp_path / "a.npz"
    failed = []

    def write(k):
        try:
            for _ in range(20):
                write_arrays(path, {"a": np.full(2000, k)})
        except ValueError as error:
            failed.append(str(error))

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(set(read_arrays(path)["a"].tolist())) == 1
    assert os.listdir(tmp_path) == ["a.npz"]


def test_leftovers_of_a_killed_process_are_removed_and_nothing_else(tmp_path):
    ours = tmp_path / f".a.json.{'0' * 16}.tmp"
    other = tmp_path / f".b.json.{'0' * 16}.tmp"
    user = tmp_path / ".a.json.mine.tmp"
    for path in (ours, other, user):
        path.write_text("half")
    with atomically(tmp_path / "a.json") as first:  # being written
        Path(first).write_text("1")
        write_json({"a": 2}, tmp_path / "a.json")
        assert os.path.exists(first)
    assert sorted(os.listdir(tmp_path)) == sorted([other.name, user.name, "a.json"])
    assert (tmp_path / "a.json").read_text() == "1"
