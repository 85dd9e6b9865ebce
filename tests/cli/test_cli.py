"""The command line in process: what it prints, what it writes, how it fails. Exit 0 good, 1 a claim fails, 2 usage or bad input."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import gsae_ref
from gsae_ref.cli import main
from gsae_ref.papers.ledger import LEDGER

FRAME = np.array(
    [[1, 0, 0.28, 0], [0, 1, 0, 0.28], [0, 0, 0.96, 0], [0, 0, 0, 0.96]]
)  # mu_B = 7/50, d mu_B = 7/25
SIZES = ["--group-size", "2", "--n-active", "1", "--b-min", "1", "--b-max", "2"]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "110")


@pytest.fixture
def frame(tmp_path):
    np.save(tmp_path / "A.npy", FRAME)
    return str(tmp_path / "A.npy")


@pytest.fixture
def run(capsys):
    """Run the command; return its status, standard output and standard error."""

    def command(*arguments):
        status = main([str(a) for a in arguments])
        return status, *capsys.readouterr()

    return command


def in_a_process(*arguments, **options):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-m", "gsae_ref", *arguments],
        env=environment,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


# ------------------------------------------------------------------------------------------------ as a process


def test_without_arguments_the_help_is_printed_and_the_status_is_2():
    done = in_a_process(capture_output=True)
    assert done.returncode == 2
    assert all(
        word in done.stdout
        for word in (
            "usage: gsae-ref",
            "verify",
            "check",
            "info",
            "Start with: gsae-ref verify --quick",
        )
    )
    assert done.stderr == ""


def test_a_reader_that_goes_away_is_not_an_error():
    read, write = os.pipe()
    os.close(read)
    try:
        done = in_a_process(
            "verify",
            "--only",
            "T21-prop2",
            "T21-eq39",
            "--quick",
            stdout=write,
            stderr=subprocess.PIPE,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"gsae_ref {gsae_ref.__version__}\n"


# ------------------------------------------------------------------------------------------------ verify


def test_explain_prints_a_statement_in_full(run):
    status, out, err = run("verify", "--only", "T21-prop2", "--explain", "--quick")
    row = LEDGER["T21-prop2"]
    text = " ".join(out.split())
    assert (status, err) == (0, "")
    assert "[1/1] T21-prop2 corrected confirmed Proposition 2" in text
    for part in (row.statement, *(h.text for h in row.hypotheses), row.corrected, row.derivation):
        assert " ".join(part.split()) in text
    assert "verdict corrected: false as printed; the corrected form holds" in text
    assert "6/5 <= 3/5 is false" in text
    assert "A*_2 = [3/5 e1 + 4/5 e3, 3/5 e2 + 4/5 e4]" in text
    assert "T21-prop2 refutes T21-prop2" in text
    assert out.endswith("1 of 1 recorded verdicts confirmed (1 corrected)\n")


def test_verify_prints_statement_correction_and_a_line_for_every_item_of_evidence(run):
    status, out, _ = run("verify", "--only", "t21-eq39", "T21-eq21", "--quick")
    text = " ".join(out.split())
    assert status == 0
    assert "[1/2] T21-eq39" in text and "[2/2] T21-eq21" in text
    assert f"=> {LEDGER['T21-eq39'].corrected}" in text
    assert "evidence of T21-prop2" in text
    assert text.count("ok ") == len(LEDGER["T21-eq39"].evidence)
    assert "FAILS" not in text


def test_lines_are_wrapped_to_the_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = run("verify", "--only", "T21-eq39", "T21-theorem2", "--quick")
    assert max(len(line) for line in out.splitlines()[:-1]) <= 60


def test_verify_writes_the_whole_result(run, tmp_path):
    status, _, _ = run(
        "verify", "--only", "T21-prop2", "--quick", "--seed", "3", "--json", tmp_path / "out.json"
    )
    result = json.loads((tmp_path / "out.json").read_text())
    assert status == 0
    assert result["ok"] is True
    assert result["settings"] == {
        "papers": sorted({row.paper for row in LEDGER.values()}),
        "quick": True,
        "rng": 3,
    }
    assert result["counts"] == {"rows": 1, "confirmed": 1, "corrected": 1}
    (row,) = result["rows"]
    assert (row["id"], row["verdict"], row["confirmed"]) == ("T21-prop2", "corrected", True)
    assert row["findings"][0]["numbers"]["printed"] == {
        "text": "||A_1^T A*_2 x_2||_2 <= gamma B_max (mu_B + delta)",
        "left": "6/5",
        "relation": "<=",
        "right": "3/5",
        "holds": False,
    }
    assert row["findings"][3]["numbers"]["instances"] > 200
    assert os.listdir(tmp_path) == ["out.json"]


def test_list_prints_every_id_with_its_verdict_and_statement(run):
    status, out, err = run("verify", "--list")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [row.id, row.verdict] for row in LEDGER.values()
    ]
    assert lines[0].endswith(LEDGER["T21-eq1"].statement)


def test_a_false_claim_gives_status_1_and_is_printed(run, monkeypatch):
    row = LEDGER["T21-prop2"]
    *rest, corrected = row.evidence
    wrong = replace(corrected, sides=lambda i: (corrected.sides(i)[0], 0.9 * corrected.sides(i)[1]))
    monkeypatch.setitem(LEDGER, row.id, replace(row, evidence=(*rest, wrong)))
    status, out, err = run("verify", "--only", "T21-prop1", "T21-prop2", "--quick")
    text = " ".join(out.split())
    assert (status, err) == (1, "")
    assert "[1/2] T21-prop1 holds confirmed" in text
    assert "[2/2] T21-prop2 corrected NOT CONFIRMED" in text
    assert "FAILS corrected bound:" in text
    assert text.endswith("1 of 2 recorded verdicts confirmed (1 holds, 1 corrected)")
    status, out, _ = run("verify", "--only", "T21-prop2", "--quick", "--explain")
    assert status == 1
    assert "FAILS corrected bound:" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "T21-prop3"], "ledger id 'T21-prop3' is unknown"),
        (["--only", "T21-prop3"], "near matches: T21-prop2, T21-prop1"),
        (["--paper", "X99"], "papers = 'X99' is unknown; choose one of"),
        (
            ["--only", "R0", "--backend", "mpi"],
            "backend = 'mpi' is unknown; choose one of 'loky', 'threading', 'dask'",
        ),
        (["--only", "R0", "--n-jobs", "0", "--quick"], "n_jobs"),
        (["--only", "R0", "--seed", "-1"], "it must be at least 0"),
        (
            ["--only", "R0", "--json", "/no/such/folder/x.json"],
            "its folder must exist and be writable",
        ),
        (["--only", "R0", "--json", os.path.dirname(__file__)], "cli"),
    ],
    ids=str,
)
def test_a_mistake_in_verify_gives_status_2_and_one_line(run, arguments, message):
    status, out, err = run("verify", *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("gsae-ref verify: ")
    assert message in err


@pytest.mark.parametrize(
    "arguments",
    [["verify", "--n-jobs", "two"], ["check"], ["prove"], ["check", "A", "--b-min", "x"]],
    ids=str,
)
def test_a_mistake_in_usage_gives_status_2_with_the_usage(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    captured = capsys.readouterr()
    assert (end.value.code, captured.out) == (2, "")
    assert captured.err.startswith("usage: gsae-ref")
    assert "error: " in captured.err.splitlines()[-1]


def test_a_missing_extra_gives_status_2_and_the_remedy(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    status, _, err = run("verify", "--only", "R0", "--quick", "--n-jobs", "2")
    assert (status, err.count("\n")) == (2, 1)
    assert "pip install 'gsae_ref[parallel]'" in err
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    status, _, err = run("verify", "--only", "R0", "--quick", "--backend", "dask")
    assert (status, err.count("\n")) == (2, 1)
    assert "pip install 'gsae_ref[dask]'" in err


def test_an_interruption_gives_status_130_and_no_traceback(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gsae_ref.verification.verify", interrupted)
    assert run("verify", "--only", "R0") == (130, "", "gsae-ref: interrupted\n")


# ------------------------------------------------------------------------------------------------ check


def test_check_prints_coherences_hypotheses_and_the_three_intervals(run, frame):
    status, out, err = run("check", frame, *SIZES)
    words = [line.split() for line in out.splitlines()]
    text = " ".join(out.split())
    assert (status, err) == (0, "")
    assert "4 features, 2 groups of 2 atoms, 1 active, code norms in [1, 2]" in text
    for part in (
        "coherence mu 0.28",
        "block coherence mu_B 0.14 with the paper's 1/d",
        "cross-block norm d mu_B 0.28 without",
        "orthonormality defect",
        "closeness delta 0 ",
        "largest principal angle",
    ):
        assert part in text
    assert ["holds", "margin", "+1", "delta"] in [line[:4] for line in words]
    assert sum(line[:1] in (["holds"], ["fails"]) and line[1] == "margin" for line in words) == 13
    assert "[Lemma 1 corrected (R5): its interval is not empty]" in text
    assert "printed [0.28, 0.72] NOT certified" in text
    assert "corrected [0.56, 1) certified" in text
    assert "sharp [0.56, 1) certified" in text


@pytest.mark.parametrize(
    ("lam", "verdict"),
    [(0.5, "not certified"), (0.6, "certified to recover every support"), (1.0, "not certified")],
)
def test_check_says_whether_a_threshold_is_certified(run, frame, lam, verdict):
    status, out, _ = run("check", frame, *SIZES, "--lam", lam)
    assert status == 0
    assert out.splitlines()[-1] == f"  lam = {lam:g}: {verdict}"


def test_check_tells_when_nothing_is_certified(run, tmp_path):
    np.save(tmp_path / "A.npy", np.ones((2, 4)) + np.eye(2, 4))
    status, out, _ = run(
        "check",
        tmp_path / "A.npy",
        "--group-size",
        "1",
        "--n-active",
        "2",
        "--b-min",
        "1",
        "--b-max",
        "2",
    )
    assert status == 0
    assert ["sharp", "none"] in [line.split() for line in out.splitlines()]


def test_check_compares_with_the_dictionary_that_generates_the_data(run, frame, tmp_path):
    np.save(tmp_path / "S.npy", np.eye(4))
    status, out, _ = run(
        "check", frame, *SIZES, "--a-star", tmp_path / "S.npy", "--json", tmp_path / "out.json"
    )
    result = json.loads((tmp_path / "out.json").read_text())
    delta = float(np.linalg.norm(FRAME[:, 2:] - np.eye(4)[:, 2:]))
    assert status == 0
    assert result["delta"] == pytest.approx(delta, rel=1e-12)
    assert result["coherence"] == 0
    assert result["closeness"] == pytest.approx([0, delta])
    assert np.cos(result["principal_angles"]) == pytest.approx(np.array([[1, 1], [0.96, 0.96]]))
    assert "0.4" in next(line for line in out.splitlines() if "closeness" in line)


def test_check_writes_the_whole_report(run, frame, tmp_path):
    assert run("check", frame, *SIZES, "--json", tmp_path / "out.json")[0] == 0
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["sizes"] == {
        "n_features": 4,
        "n_atoms": 4,
        "n_groups": 2,
        "group_size": 2,
        "n_active": 1,
        "b_min": 1,
        "b_max": 2,
    }
    assert (result["block_coherence"], result["cross_block_norm"]) == pytest.approx((0.14, 0.28))
    assert result["certified"] == {"printed": False, "corrected": True, "sharp": True}
    assert result["intervals"]["corrected"] == {
        "low": pytest.approx(0.56),
        "high": pytest.approx(1.0),
        "empty": False,
    }
    assert {"text", "needed_by", "holds", "margin"} == set(result["hypotheses"][0])


BAD = {  # what stands in A.npy, or the arguments, and what the one line says
    "a missing file": (None, SIZES, "does not exist"),
    "a folder": ("folder", SIZES, "cannot be read"),
    "a text file": (b"1 2 3\n4 5 6\n", SIZES, "is not a .npy file of numbers"),
    "an empty file": (b"", SIZES, "is not a .npy file of numbers"),
    "an archive": ("archive", SIZES, "is an archive of several arrays"),
    "pickled data": (np.array([1, None], dtype=object), SIZES, "pickled data are refused"),
    "a truncated file": ("truncated", SIZES, "is not a .npy file of numbers"),
    "a truncated archive": ("truncated archive", SIZES, "is not a .npy file of numbers"),
    "a truncated header": ("header", SIZES, "is not a .npy file of numbers"),
    "NaN": (
        np.where(np.eye(4) > 0, np.nan, 1),
        SIZES,
        "4 non-finite entries, the first at index (0, 0)",
    ),
    "infinity": (np.full((4, 4), np.inf), SIZES, "non-finite"),
    "one axis": (np.ones(4), SIZES, "has shape (4,); it must be 2-D"),
    "three axes": (np.ones((2, 4, 4)), SIZES, "it must be 2-D"),
    "no entries": (np.ones((0, 4)), SIZES, "is empty"),
    "complex numbers": (np.eye(4) * 1j, SIZES, "complex128"),
    "text": (np.array([["a", "b"]]), SIZES, "it must be float32, float64 or an integer type"),
    "groups that do not divide the atoms": (
        np.eye(4),
        ["--group-size", "3", *SIZES[2:]],
        "does not divide the 4 atoms",
    ),
    "no group size": (np.eye(4), ["--group-size", "0", *SIZES[2:]], "it must be at least 1"),
    "more active groups than there are": (
        np.eye(4),
        [*SIZES, "--n-active", "3"],
        "n_active = 3, but there are only 2 groups",
    ),
    "a negative threshold": (np.eye(4), [*SIZES, "--lam=-0.5"], "lam = -0.5 is negative"),
    "a threshold that is not a number": (np.eye(4), [*SIZES, "--lam", "nan"], "must be finite"),
    "bounds out of order": (np.eye(4), [*SIZES, "--b-min", "3"], "0 < b_min <= b_max"),
    "a lower bound of zero": (np.eye(4), [*SIZES, "--b-min", "0"], "0 < b_min <= b_max"),
    "a group without a span": (np.zeros((4, 4)), SIZES, "has rank 0"),
    "another shape of A*": (
        np.eye(4),
        [*SIZES, "--a-star", "S.npy"],
        "A_star has shape (6, 4), A has shape (4, 4)",
    ),
    "an A* that is not there": (np.eye(4), [*SIZES, "--a-star", "T.npy"], "T.npy does not exist"),
    "a folder for the result that is not there": (
        np.eye(4),
        [*SIZES, "--json", "no/out.json"],
        "its folder must exist",
    ),
    "a folder in place of the result": (np.eye(4), [*SIZES, "--json", "."], "folder"),
}


def put(content):
    """Write what a bad case asks for as A.npy."""
    if content is None:
        return
    if isinstance(content, np.ndarray):
        np.save("A.npy", content, allow_pickle=True)
    elif isinstance(content, bytes):
        with open("A.npy", "wb") as file:
            file.write(content)
    elif content == "folder":
        os.mkdir("A.npy")
    elif content == "truncated archive":
        np.savez("archive.npz", A=np.eye(4))
        os.rename("archive.npz", "A.npy")
        os.truncate("A.npy", 60)
    elif content == "archive":
        np.savez("archive.npz", A=np.eye(4))
        os.rename("archive.npz", "A.npy")
    else:
        np.save("A.npy", np.eye(4))
        os.truncate("A.npy", 60 if content == "header" else 200)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_to_check_gives_status_2_one_line_and_no_output(run, tmp_path, monkeypatch, name):
    content, arguments, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    put(content)
    np.save("S.npy", np.eye(6, 4))
    before = sorted(os.listdir())
    status, out, err = run("check", "A.npy", *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("gsae-ref check: ")
    assert message in err
    assert "Traceback" not in err
    assert sorted(os.listdir()) == before


# ------------------------------------------------------------------------------------------------ info, colour


def test_info_prints_versions_and_writes_them(run, tmp_path, monkeypatch):
    status, out, err = run("info", "--json", tmp_path / "info.json")
    versions = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (status, err) == (0, "")
    assert (versions["gsae_ref"], versions["numpy"]) == (gsae_ref.__version__, np.__version__)
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"scipy", "numba", "cores", "machine", "joblib", "dask"} <= set(versions)
    assert {
        k: str(v) for k, v in json.loads((tmp_path / "info.json").read_text()).items()
    } == versions


def test_info_says_what_is_not_installed(run, monkeypatch):
    import importlib.metadata

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    status, out, _ = run("info")
    assert status == 0
    assert [line.split(maxsplit=1)[1] for line in out.splitlines()].count("not installed") == 10


def test_info_compiles_what_it_is_asked_to(run, monkeypatch):
    monkeypatch.setattr(gsae_ref.ops, "warm_up", lambda report: report("toy kernels", 1.5) or 1.5)
    status, out, _ = run("info", "--warm-up")
    assert status == 0
    assert "toy kernels                     1.5 s" in out


COLOUR = [(True, None, True), (True, "", True), (True, "1", False), (False, None, False)]


@pytest.mark.parametrize(("terminal", "no_color", "coloured"), COLOUR)
def test_colour_is_for_people_at_a_terminal(
    capsys, monkeypatch, frame, terminal, no_color, coloured
):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    verify = ["verify", "--only", "T21-eq42", "--quick"]
    for arguments in (verify, [*verify, "--explain"], ["check", frame, *SIZES]):
        assert main(arguments) == 0
        assert ("\x1b[" in capsys.readouterr().out) == coloured
