"""``gsae-ref claim`` and ``gsae-ref certificate``: what they print, write and refuse."""

import json
import subprocess
import sys

import pytest

from gsae_ref.claims.pruning import run_file
from gsae_ref.cli import main

CLAIM = """
import gsae_ref as gs

claim = gs.Claim(
    "norm(A[v].T @ y) <= {factor} * B_max * (d * mu + delta) for v in inactive",
    name="leak",
    sizes=dict(n=4, d=2, Gamma=3, gamma=2),
    given=("orthonormal A", "orthonormal S", "norms bounded"),
    where=("{where}",),
)
"""
QUICK = ["--budget", "6000"]


@pytest.fixture
def run(capsys):
    """Run the command; return its status, standard output and standard error."""

    def command(*arguments):
        status = main([str(a) for a in arguments])
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def file(tmp_path):
    """Write a claim file and return its path."""

    def write(factor="sqrt(gamma)", where="delta <= 1", text=None):
        path = tmp_path / "leak.py"
        path.write_text(text if text is not None else CLAIM.format(factor=factor, where=where))
        return path

    return write


INTERRUPTED = """
import gsae_ref as gs

calls = []

def conclusion(instance):
    calls.append(1)
    if len(calls) == 1000:
        raise KeyboardInterrupt
    return 0.5, 1.0

sizes = dict(n=2, d=1, Gamma=2, gamma=1)
claims = [gs.Claim(conclusion, sizes=sizes), gs.Claim("mu <= 2", sizes=sizes)]
"""


def test_ctrl_c_prints_what_was_found_and_tries_no_other_claim(run, file):
    status, text, err = run("claim", file(text=INTERRUPTED), *QUICK, "--tightness", "--teeth")
    assert (status, err) == (130, "gsae-ref claim: interrupted; 1 of 2 claims not tried\n")
    assert "interrupted after " in text and "largest left/right 0.5" in text
    assert "not refuted" not in text and "mu <= 2" not in text


def test_a_false_claim_is_refuted_and_written_down(run, file, tmp_path):
    out = {name: tmp_path / name for name in ("ce.py", "ce.tex", "ce.json")}
    options = ["--script", out["ce.py"], "--latex", out["ce.tex"], "--json", out["ce.json"]]
    status, text, err = run("claim", file(), *QUICK, *options)
    assert (status, err) == (1, "")
    assert "leak: norm(A[v].T @ y)" in text and "refuted" not in err
    assert "false: an exact counterexample meets every hypothesis" in text
    assert "left = 2 exceeds right" in run_file(out["ce.py"].read_text())
    assert r"\begin{align*}" in out["ce.tex"].read_text()
    assert json.loads(out["ce.json"].read_text())["claims"][0]["verdict"] == "refuted"


def test_a_true_claim_is_not_refuted(run, file, tmp_path):
    script = tmp_path / "ce.py"
    options = ["--teeth", "--tightness", "--script", script, "--json", tmp_path / "out.json"]
    status, text, err = run("claim", file("gamma"), "--budget", 1500, *options)
    assert (status, err) == (0, "")
    assert "unknown: not refuted" in text and "noticed    bound x 0.9" in text
    assert "largest left/right where delta >=" in text
    assert "not written, there is no exact counterexample" in text and not script.exists()
    written = json.loads((tmp_path / "out.json").read_text())["claims"][0]
    assert written["teeth"][1]["noticed"] and len(written["tightness"]) == 5


def test_progress_is_shown_on_a_terminal_only(run, file, monkeypatch):
    options = ["--teeth", "--tightness"]
    assert run("claim", file("gamma"), "--budget", 1500, *options)[2] == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    _, out, err = run("claim", file("gamma"), "--budget", 1500, *options)
    for what in ("search:", "distance 2 of 5:", "spoilt claim 1 of "):
        assert what in err and what not in out
    assert "/1.50k" in err


def test_a_violation_without_a_proof_says_unproved(run, file):
    text = CLAIM.format(factor="sqrt(gamma)", where="delta <= 1").replace(
        '"norm(A[v].T @ y) <= sqrt(gamma) * B_max * (d * mu + delta) for v in inactive"',
        "lambda i: (float(i.y[0, 0]), 0.5)",
    )
    status, out, _ = run("claim", file(text=text), "--budget", 600)
    assert status == 1 and "unproved" in out


def test_a_claim_that_no_instance_meets_has_status_2(run, file):
    status, out, _ = run("claim", file(where="mu >= 2"), "--budget", 600)
    assert status == 2 and "no instance met the hypotheses: vacuous?" in out


def test_claims_of_a_list_are_tried_and_teeth_of_a_refuted_one_are_not(run, file):
    sizes = "sizes=dict(n=2, d=1, Gamma=2, gamma=1)"
    text = f"import gsae_ref as gs\nclaims = [gs.Claim('mu <= {{}}', {sizes}) for k in (0, 9)]"
    text = text.replace("'mu <= {}'", "f'delta <= {k}'")
    status, out, _ = run("claim", file(text=text), "--budget", 300, "--teeth")
    assert status == 1 and "delta <= 0" in out and "delta <= 9" in out
    assert "teeth: not tried, the claim is refuted" in out


def test_sizes_can_be_changed(run, file):
    sizes = ["--sizes", "n=3,d=1", "--sizes", "n=5,Gamma=4"]
    status, out, _ = run("claim", file(), *QUICK, *sizes)
    assert status == 1 and ("n = 3, d = 1, Gamma = 3" in out or "n = 5, d = 2, Gamma = 4" in out)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (None, ["--sizes", "n=1"], "no instance has them, d <= n"),
        (None, ["--sizes", "n=x"], "is not read; write n=6,d=3"),
        (None, ["--sizes", ""], "--sizes '' is not read"),
        (None, ["--sizes", "n=4,n=5"], "has a size twice"),
        (None, ["--searches", "0"], "--searches = 0; it must be"),
        ("import sys\nsys.exit(3)", [], "line 2: SystemExit: 3"),
        (None, ["--sizes", "k=1"], "has the sizes n (dimension of the data)"),
        (None, ["--budget", "0"], "--budget = 0; it must be"),
        ("x = 1 / 0", [], "line 1: division by zero"),
        ("x = (", [], "line 1: '(' was never closed"),
        ("x = '\0'", [], "which is no Python file: source code string cannot contain null bytes"),
        ("", [], "defines no claim"),
        ("import gsae_ref as gs\nc = gs.Claim('norm(z) <= 1')", [], "line 2: 'norm(z) <= 1': z is"),
        (
            "import gsae_ref as gs\nc = gs.Claim('mu <= 1', sizes=dict(n=1,d=2,Gamma=1,gamma=1))",
            [],
            "line 2: sizes = {'n': 1",
        ),
        (
            CLAIM.format(factor=1, where="delta <= 1") + "b = claim.but()",
            ["--script", "a.py"],
            "2 claims",
        ),
    ],
)
def test_bad_input_is_refused_in_one_line(run, file, monkeypatch, tmp_path, text, options, words):
    monkeypatch.chdir(tmp_path)
    status, _out, err = run("claim", file(text=text), *options)
    assert status == 2 and words in err and err.count("\n") == 1


def test_files_are_written_where_the_command_was_given(run, file, tmp_path, monkeypatch):
    """A claim file that changes the folder does not take them along."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    text = "import os\nos.chdir('elsewhere')\n" + CLAIM.format(factor=1, where="delta <= 1")
    assert run("claim", file(text=text), *QUICK, "--script", "ce.py", "--json", "ce.json")[0] == 1
    assert {path.name for path in tmp_path.iterdir()} >= {"ce.py", "ce.json"}
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_that_cannot_be_written_is_refused_before_the_claims_are_read(run, file, tmp_path):
    path = file(text="raise SystemExit('read')")
    status, _, err = run("claim", path, "--json", tmp_path / "no_folder" / "out.json")
    assert status == 2 and "cannot be written" in err


def test_a_fault_of_a_model_is_one_line(run, file):
    """It is found in the search, on batches; the words are tested with the models."""
    text = """
import gsae_ref as gs
from gsae_ref.claims import Block, Model

def quantity(instance):
    number = instance.number("a")
    if getattr(number, "size", 1) > 1:
        raise OSError("the disk is gone")
    return number

model = Model("mine", {"n": "size"}, lambda sizes: {"a": Block(1)}, {"a": quantity})
claim = gs.Claim("a <= 1", model, dict(n=2))
"""
    status, out, err = run("claim", file(text=text), *QUICK)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "the model 'mine': the quantity a fails with OSError: the disk is gone" in err


def test_missing_files_are_refused(run, tmp_path, file):
    assert "cannot be read" in run("claim", tmp_path / "none.py")[2]
    assert "is a directory; name a Python file" in run("claim", tmp_path)[2]
    assert "FILE.py is missing" in run("claim")[2]
    path = file()
    assert "is both" in run("claim", path, "--script", path)[2]


@pytest.mark.parametrize("model", ["groups", "columns", "t21", "n19"])
def test_the_names_of_a_model_are_listed(run, model):
    status, out, _ = run("claim", "--names", model)
    assert status == 0 and "delta        upper bound of" in out and "inner(M, N)" in out


def test_a_certificate_is_printed_as_text_script_and_latex(run):
    status, text, _ = run("certificate", "T21-prop2")
    assert status == 0 and "6/5 <= 3/5 is false" in text
    status, script, _ = run("certificate", "t21-prop2", "--script")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-"], input=script, capture_output=True, text=True
    )
    assert status == 0 and "left = 6/5 exceeds right = 3/5" in done.stdout
    status, latex, _ = run("certificate", "T21-eq21", "--latex")
    assert status == 0 and r"\tfrac{60}{43} > \tfrac{7}{6}" in latex


@pytest.mark.parametrize(
    ("row", "words"),
    [("T21-prop1", "has no counterexample"), ("T21-prop99", "no counterexample")],
)
def test_a_certificate_that_is_not_there_is_refused(run, row, words):
    status, out, err = run("certificate", row)
    assert (status, out) == (2, "") and words in err
