"""``gsae-ref check``: the report, the exit status of a threshold, and bad input."""

import json
import os

import numpy as np
import pytest
import scipy.io

import gsae_ref as gs

FRAME = np.array(
    [[1, 0, 0.28, 0], [0, 1, 0, 0.28], [0, 0, 0.96, 0], [0, 0, 0, 0.96]]
)  # mu_B = 7/50, d mu_B = 7/25
SIZES = "--group-size 2 --n-active 1 --b-min 1 --b-max 2".split()


@pytest.fixture
def frame(tmp_path):
    np.save(tmp_path / "A.npy", FRAME)
    return str(tmp_path / "A.npy")


def test_coherences_hypotheses_and_the_three_intervals_are_printed(run, frame):
    status, out, err = run("check", frame, *SIZES)
    text = " ".join(out.split())
    assert (status, err) == (0, "")
    for part in (
        "4 features, 2 groups of 2 atoms, 1 active, code norms in [1, 2]",
        "coherence mu 0.28",
        "block coherence mu_B 0.14 with the paper's 1/d",
        "cross-block norm d mu_B 0.28 without",
        "orthonormality defect",
        "closeness delta 0 ",
        "largest principal angle",
        "holds margin +1 delta",
        "needed by Lemma 1 corrected (R5): its interval is not empty",
        "printed [0.28, 0.72] NOT certified",
        "corrected [0.56, 1) certified",
        "sharp [0.56, 1) certified",
        "exact [0.56, 1) certified",
        "necessary [0.56, 1) outside it every lam fails for some code",
    ):
        assert part in text


def test_equalities_have_a_defect_and_inequalities_a_margin(run, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "A.npy", np.linalg.qr(rng.normal(size=(6, 4)))[0])  # orthonormal to rounding
    _, out, _ = run("check", tmp_path / "A.npy", *SIZES)
    checked = [line.split()[:3] for line in out.splitlines() if line[2:7] in ("holds", "fails")]
    assert [kind for _, kind, _ in checked] == ["defect"] * 4 + ["margin"] * 9
    defects = [float(value) for _, kind, value in checked if kind == "defect"]
    assert 0 < max(defects) < 1e-14 and min(defects) >= 0
    assert all(float(value) >= 0 for _, kind, value in checked if kind == "margin")
    np.save(tmp_path / "B.npy", np.linalg.qr(rng.normal(size=(6, 4)))[0] + 0.2)
    _, out, _ = run("check", tmp_path / "B.npy", *SIZES)
    checked = [line.split()[:3] for line in out.splitlines() if line[2:7] in ("holds", "fails")]
    negative = {state for state, kind, value in checked if kind == "margin" and float(value) < 0}
    assert negative == {"fails"}


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_lines_are_wrapped_to_the_terminal_and_have_no_trailing_blanks(
    run, frame, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out, _ = run("check", frame, *SIZES, "--lam", "0.6")
    lines = out.splitlines()
    assert max(len(line) for line in lines) <= min(columns, 120)
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("lam", "verdict", "expected"),
    [
        (0.5, "not certified: some code has its support wrong", 1),
        (0.6, "certified to recover every support", 0),
        (1.0, "not certified: some code has its support wrong", 1),
    ],
)
def test_a_threshold_that_is_not_certified_gives_status_1(
    run, frame, tmp_path, lam, verdict, expected
):
    status, out, _ = run("check", frame, *SIZES, "--lam", lam, "--json", tmp_path / "out.json")
    assert status == expected
    assert out.splitlines()[-1] == f"  lam = {lam:g}: {verdict}"
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["threshold"] == {"lam": lam, "certified": expected == 0}


def test_an_empty_interval_is_printed_as_none(run, tmp_path):
    np.save(tmp_path / "A.npy", np.ones((2, 4)) + np.eye(2, 4))
    options = "--group-size 1 --n-active 2 --b-min 1 --b-max 2".split()
    status, out, _ = run("check", tmp_path / "A.npy", *options)
    assert status == 0
    assert ["sharp", "none"] in [line.split() for line in out.splitlines()]


def test_the_dictionary_is_compared_with_the_one_that_generates_the_data(run, frame, tmp_path):
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


def test_the_whole_report_is_written(run, frame, tmp_path):
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
    assert result["certified"] == {
        "printed": False,
        "corrected": True,
        "sharp": True,
        "exact": True,
    }
    assert result["intervals"]["corrected"] == {
        "low": pytest.approx(0.56),
        "high": pytest.approx(1.0),
        "empty": False,
    }
    fields = {"text", "needed_by", "holds", "margin", "tolerance", "remedy"}
    assert fields == set(result["hypotheses"][0])
    assert result["threshold"] is None


BAD = {  # case: (content of A.npy, arguments, part of the message)
    "a missing file": (None, SIZES, "does not exist"),
    "a folder": ("folder", SIZES, "cannot be read"),
    "a text file": (b"1 2 3\n4 5 6\n", SIZES, "is text: if it is a table"),
    "an empty file": (b"", SIZES, "A.npy is empty"),
    "an archive": ("archive", SIZES, "is an archive of several arrays"),
    "pickled data": (np.array([1, None], dtype=object), SIZES, "pickled data are refused"),
    "a truncated file": ("truncated", SIZES, "is a damaged .npy file"),
    "a truncated archive": ("truncated archive", SIZES, "is damaged or no .npz"),
    "a truncated header": ("header", SIZES, "is a damaged .npy file"),
    "NaN": (
        np.where(np.eye(4) > 0, np.nan, 1),
        SIZES,
        "A has 4 non-finite entries, the first at index (0, 0)",
    ),
    "infinity": (np.full((4, 4), np.inf), SIZES, "A has 16 non-finite entries"),
    "one axis": (np.ones(4), SIZES, "has shape (4,); it must be 2-D"),
    "three axes": (np.ones((2, 4, 4)), SIZES, "it must be 2-D"),
    "no entries": (np.ones((0, 4)), SIZES, "is empty"),
    "complex numbers": (np.eye(4) * 1j, SIZES, "complex128"),
    "text": (
        np.array([["a", "b"]]),
        SIZES,
        "it must be float32, float64, float16 or an integer type",
    ),
    "groups that do not divide the atoms": (
        np.eye(4),
        ["--group-size", "3", *SIZES[2:]],
        "--group-size = 3 does not divide the 4 atoms",
    ),
    "no group size": (
        np.eye(4),
        ["--group-size", "0", *SIZES[2:]],
        "--group-size = 0; it must be at least 1",
    ),
    "more active groups than there are": (
        np.eye(4),
        [*SIZES, "--n-active", "3"],
        "--n-active = 3, but there are only 2 groups",
    ),
    "a negative threshold": (np.eye(4), [*SIZES, "--lam=-0.5"], "--lam = -0.5 is negative"),
    "a threshold that is not a number": (
        np.eye(4),
        [*SIZES, "--lam", "nan"],
        "--lam = nan; it must be finite",
    ),
    "bounds out of order": (np.eye(4), [*SIZES, "--b-min", "3"], "0 < --b-min <= --b-max"),
    "a lower bound of zero": (np.eye(4), [*SIZES, "--b-min", "0"], "0 < --b-min <= --b-max"),
    "a group without a span": (np.zeros((4, 4)), SIZES, "has rank 0"),
    "another shape of A*": (
        np.eye(4),
        [*SIZES, "--a-star", "S.npy"],
        "--a-star has shape (6, 4), A has shape (4, 4)",
    ),
    "an A* that is not there": (np.eye(4), [*SIZES, "--a-star", "T.npy"], "T.npy does not exist"),
    "a folder for the result that is not there": (
        np.eye(4),
        [*SIZES, "--json", "no/out.json"],
        "its folder must exist",
    ),
    "a folder in place of the result": (np.eye(4), [*SIZES, "--json", "."], "folder"),
    "the result in place of the dictionary": (
        np.eye(4),
        [*SIZES, "--json", "./A.npy"],
        "./A.npy is both the dictionary and --json",
    ),
}


def put(content):
    """Write the content of a bad case as A.npy."""
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
        np.savez("archive.npz", A=np.eye(4), B=np.eye(4))
        os.rename("archive.npz", "A.npy")
    else:
        np.save("A.npy", np.eye(4))
        os.truncate("A.npy", 60 if content == "header" else 200)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_status_2_one_line_and_no_output(run, tmp_path, monkeypatch, name):
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


def test_the_inequalities_are_held_against_codes(run, frame, tmp_path):
    np.save(tmp_path / "X.npy", np.array([[5.0, 0, 0, 0], [0, 0, 3, 4]]))
    status, out, err = run(
        "check", frame, "--group-size", "2", "--codes", tmp_path / "X.npy", "--json",
        tmp_path / "out.json",
    )  # fmt: skip
    text = " ".join(out.split())
    assert (status, err) == (0, "")
    assert "2 codes, 2 held against the bounds: at most 1 active, norms in [5, 5]" in text
    assert "fails 2 1.4 0.7 printed T21-prop2: printed bound (2 of 2)" in text
    assert "holds 1 1.4 1.4 repaired T21-prop2: corrected bound" in text
    assert "PROMISED AND BROKEN" not in text
    assert "R11, R12, R14: it speaks of an expectation over a law of codes" in text
    assert "--paper N19 holds its own against weights and codes" in text
    bounds = json.loads((tmp_path / "out.json").read_text())["bounds"]
    assert [b["holds"] for b in bounds if b["row"] == "T21-prop2"] == [False, True]


def test_constants_that_nothing_measures_are_asked_for_by_their_options(run, frame):
    status, _, err = run("check", frame, "--group-size", "2", "--b-min", "1")
    assert status == 2
    assert "--n-active, --b-max must be given" in err


def test_weights_are_checked_against_n19(run, tmp_path):
    np.save(tmp_path / "W.npy", np.array([[1.0, 0.6], [0.0, 0.8]]))
    given = ("check", "--paper", "N19", tmp_path / "W.npy", "--n-active", 1, "--b-min", 1)
    status, out, err = run(*given, "--bias", -0.5, "--json", tmp_path / "out.json")
    text = " ".join(out.split())
    assert (status, err) == (1, "")
    assert "bias (-1, -0.6] R7 (d), mixtures: certified" in text
    assert out.splitlines()[-1] == "  bias = -0.5: not certified"
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["verdicts"] == {"bias": False}
    assert run(*given, "--bias", -0.7)[0] == 0


def test_a_design_is_checked_against_l23(run, tmp_path):
    np.save(tmp_path / "X.npy", 2 * np.eye(4))
    np.save(tmp_path / "y.npy", np.array([2.0, 2.0, 0.0, 0.0]))
    np.save(tmp_path / "w.npy", np.array([1.0, 1.0, 0.0, 0.0]))
    np.save(tmp_path / "labels.npy", np.array([3, 3, 1, 1]))
    given = ("check", "--paper", "L23", tmp_path / "X.npy", tmp_path / "y.npy")
    for groups in ("2", "2,2", tmp_path / "labels.npy"):
        status, out, err = run(*given, "--groups", groups, "--w-star", tmp_path / "w.npy")
        assert (status, err) == (0, "")
        assert "delta_in                   0" in out
        assert "R8: certified" in out
    assert "on this design" in out and "on these codes" not in out
    status, out, _ = run(*given, "--groups", 2, "--w-star", tmp_path / "w.npy", "--gamma", 1)
    assert (status, out.splitlines()[-1]) == (1, "  gamma = 1: not certified")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("A.npy",), "--group-size is not given"),
        (("A.npy", "A.npy", "--group-size", "2"), "2 files given"),
        (("A.npy", "--group-size", "2", "--gamma", "1"), "--gamma is not read by --paper T21"),
        (("--paper", "N19", "A.npy"), "--n-active and --b-min must be given"),
        (("--paper", "L23", "A.npy", "A.npy"), "--groups is not given"),
        (("--paper", "L23", "A.npy", "A.npy", "--groups", "x"), "x does not exist"),
    ],
)
def test_options_that_do_not_fit_the_paper_are_refused(run, frame, monkeypatch, words, message):
    monkeypatch.chdir(os.path.dirname(frame))
    status, out, err = run("check", *words)
    assert (status, out) == (2, "")
    assert message in err


def test_targets_weights_and_labels_of_a_table_are_those_of_an_array(run, monkeypatch, tmp_path):
    """A table and a MATLAB file have two axes, and hold numbers only."""
    monkeypatch.chdir(tmp_path)
    np.save("X.npy", 2 * np.eye(4))
    y = np.array([2.5, 1.0, 0.0, 3.0])
    labels = np.array([7, 3, 7, 3])
    np.save("y.npy", y)
    np.save("l.npy", labels)
    for name, value in (("y", y), ("l", labels)):
        np.savetxt(f"{name}.csv", value)
        np.savetxt(f"{name}_row.csv", value[None], delimiter=",")
        scipy.io.savemat(f"{name}.mat", {name: value})
        np.savez(f"{name}.npz", value=value, other=np.eye(2))
    np.save("names.npy", np.array(["b", "a", "b", "a"]))
    given = ("check", "--paper", "L23", "X.npy")
    status, expected, _ = run(*given, "y.npy", "--groups", "l.npy", "--w-star", "y.npy")
    assert status == 0
    for suffix in (".csv", "_row.csv", ".mat", ".npz:value"):
        groups = "names.npy" if suffix == ".csv" else f"l{suffix}"
        more = ("--groups", groups, "--w-star", f"y{suffix}")
        assert run(*given, f"y{suffix}", *more) == (0, expected, "")
    more = ("--w-star", "y.npy", "--groups")
    ones = run(*given, "y.npy", *more, "1, 1,1 ,1")
    assert ones == run(*given, "y.npy", *more, "1") and ones[0] == 0
    for groups, message in (
        ("y.npy", "has shape (4,) and dtype float64; it must hold one label"),
        ("X.npy", "has shape (4, 4)"),
        ("2.5", "--groups = 2.5; sizes are positive integers"),
        ("-2", "--groups = -2; sizes are positive integers"),
        ("1,1", "groups has 2 entries of sum 2, but there are 4 predictors"),
    ):
        status, out, err = run(*given, "y.npy", *more[:2], f"--groups={groups}")
        assert (status, out) == (2, "") and message in err


def test_what_is_transposed_is_said(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    A = np.zeros((6, 4))  # groups of two in six dimensions
    A[[0, 1, 2, 3], [0, 1, 2, 3]] = 1
    A[:, 1] = np.array([0, 3, 0, 0, 4, 0]) / 5
    np.save("A.npy", A)
    np.save("AT.npy", np.ascontiguousarray(A.T))
    np.save("X.npy", np.eye(5, 4))
    np.save("Y.npy", np.ones((5, 6)))
    np.save("y.npy", np.ones(6))
    sizes = ["--group-size", "2", "--n-active", "1", "--b-min", "1", "--b-max", "2"]
    for words, message in (
        (["AT.npy", *sizes], "the rows of A have norm 1: is it transposed? atoms are columns"),
        (["AT.npy", *sizes[:4], "--data", "Y.npy"], "atoms are columns: is A transposed?"),
        (["AT.npy", *sizes[:2], "--codes", "X.npy"], "atoms are columns: is A transposed?"),
        (["A.npy", *sizes, "--a-star", "AT.npy"], "--a-star has shape (4, 6), A has shape (6, 4)"),
        (["--paper", "N19", "AT.npy", *sizes[2:]], "the rows of W have norm 1: is it transposed?"),
        (["--paper", "N19", "AT.npy", "--codes", "X.npy"], "is it transposed?"),
        (["--paper", "L23", "AT.npy", "y.npy", "--groups", "2"], "samples are rows: is it trans"),
    ):
        status, out, err = run("check", *words)
        assert (status, out) == (2, "") and message in err, words
    assert run("check", "A.npy", *sizes)[0] == 0


def test_an_orthonormal_dictionary_fails_nothing_by_rounding(run, tmp_path):
    np.save(tmp_path / "A.npy", gs.make_dictionary(8, 3, 2, kind="orthonormal", rng=0))
    words = ["--group-size", "2", "--n-active", "1", "--b-min", "1", "--b-max", "2"]
    status, out, _ = run("check", tmp_path / "A.npy", *words)
    assert status == 0
    assert "  fails  " not in out
