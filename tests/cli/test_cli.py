"""``gsae-ref`` as a process, ``verify`` and ``info``: output, files, exit status.

0 good, 1 a checked claim fails, 2 usage or bad input.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import gsae_ref
from gsae_ref.cli import main
from gsae_ref.cli.options import PAPERS
from gsae_ref.papers.ledger import LEDGER


def in_a_process(*arguments, **options):
    environment = {name: v for name, v in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-m", "gsae_ref", *arguments],
        env=environment,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


# ---- as a process


def test_without_arguments_the_help_is_printed_and_the_status_is_2():
    done = in_a_process(capture_output=True)
    assert done.returncode == 2
    for word in ("usage: gsae-ref", "check", "info", "Start with: gsae-ref verify --quick"):
        assert word in done.stdout
    assert done.stderr == ""


def test_a_reader_that_goes_away_is_not_an_error():
    read, write = os.pipe()
    os.close(read)
    command = "verify --only T21-prop2 T21-eq39 --quick".split()
    try:
        done = in_a_process(*command, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_streams_that_the_caller_has_closed_are_no_error(monkeypatch):
    for arguments, status in ((["certificate", "T21-prop2"], 0), (["certificate", "none"], 2)):
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, None)
        assert main(arguments) == status
        sys.stdout.close()
        sys.stderr.close()


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"gsae_ref {gsae_ref.__version__}\n"


# ---- verify


def test_the_table_has_what_is_predicted_beside_what_is_measured(run):
    ids = ("T21-prop2", "R1", "T21-eq12")
    status, out, err = run("verify", "--only", *ids, "--table", "--quick")
    assert (status, err) == (0, "")
    head, *lines = out.splitlines()
    assert head.split() == ["evidence", "predicted", "measured"]
    text = " ".join(" ".join(lines).split())
    assert "T21-prop2 corrected bound left/right <= 1" in text
    assert "R1 relative difference <= 1e-12" in text
    assert lines[-1].startswith("3 of 3")
    assert max(map(len, lines)) < 120


def test_the_table_and_the_explanation_are_not_both_printed(run):
    with pytest.raises(SystemExit, match="2"):
        run("verify", "--only", "R1", "--table", "--explain")


def test_explain_prints_a_statement_in_full(run):
    status, out, err = run("verify", "--only", "T21-prop2", "--explain", "--quick")
    row = LEDGER["T21-prop2"]
    text = " ".join(out.split())
    assert (status, err) == (0, "")
    assert "[1/1] T21-prop2 corrected confirmed Proposition 2" in text
    for part in (row.printed, *(h.text for h in row.hypotheses), row.repaired, row.derivation):
        assert " ".join(part.split()) in text
    assert "verdict corrected: false as printed; the corrected form holds" in text
    assert "6/5 <= 3/5 is false" in text
    assert "A*_3 = [3/10 e1 + 3/10 e3 + -1/10 e5 + 9/10 e7, 3/10 e2 + " in text
    assert "T21-prop2 refutes T21-prop2" in text
    assert out.endswith("1 of 1 recorded verdicts confirmed (1 corrected)\n")


def test_verify_prints_statement_correction_and_a_line_for_every_item_of_evidence(run):
    status, out, _ = run("verify", "--only", "t21-eq39", "T21-eq21", "--quick")
    text = " ".join(out.split())
    assert status == 0
    assert "[1/2] T21-eq39" in text and "[2/2] T21-eq21" in text
    assert f"=> {LEDGER['T21-eq39'].repaired}" in text
    assert "evidence of T21-prop2" in text
    assert text.count("ok ") == len(LEDGER["T21-eq39"].evidence)
    assert "FAILS" not in text


@pytest.mark.parametrize("explain", [True, False])
def test_a_remark_on_a_true_statement_is_no_correction(run, monkeypatch, explain):
    row = replace(LEDGER["T21-prop1"], remark="A SHARPER FORM.")
    monkeypatch.setitem(LEDGER, row.id, row)
    _, out, _ = run("verify", "--only", row.id, "--quick", *["--explain"] * explain)
    text = " ".join(out.split())
    assert f"remark{':' * (not explain)} A SHARPER FORM." in text
    assert "=>" not in text
    assert "corrected" not in text and "form that holds" not in text


@pytest.mark.parametrize("explain", [True, False])
def test_a_correction_is_printed_as_the_form_that_holds(run, monkeypatch, explain):
    row = replace(LEDGER["T21-prop2"], repaired="ANOTHER FORM.", remark="", reading="AS I READ IT.")
    monkeypatch.setitem(LEDGER, row.id, row)
    _, out, _ = run("verify", "--only", row.id, "--quick", *["--explain"] * explain)
    text = " ".join(out.split())
    assert f"{'form that holds' if explain else '=>'} ANOTHER FORM." in text
    assert "remark" not in text
    assert ("reading AS I READ IT." in text) == explain
    assert (f"kind {row.kind}: " in text) == explain


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
        "text": "||A_v^T y|| <= gamma B_max (mu_B + delta) for v not in S",
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
    rows = [f"{row.id:30} {row.verdict:11} {row.printed}" for row in LEDGER.values()]
    assert out.splitlines() == rows


def test_a_false_claim_gives_status_1_and_is_printed(run, monkeypatch):
    row = LEDGER["T21-prop2"]
    *rest, corrected = row.evidence
    wrong = replace(corrected, conclusion=corrected.conclusion.replace("<= ", "<= 0.9 * "))
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
        (
            ["--only", "T21-prop3"],
            f"ledger id 'T21-prop3' is unknown; the ledger has {len(LEDGER)} ids; "
            "near matches: T21-prop2, T21-prop1",
        ),
        (["--only", "R0", "--n-jobs", "0", "--quick"], "--n-jobs = 0"),
        (["--only", "R0", "--n-jobs", "0", "--quick"], "use --n-jobs=1"),
        (["--only", "R0", "--seed", "-1"], "--seed = -1; it must be at least 0"),
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
    ("line", "message"),
    [
        ("verify --n-jobs two", "argument --n-jobs: invalid int value: 'two'"),
        ("verify --paper X99", "argument --paper: invalid choice: 'X99'"),
        ("verify --only R0 --backend mpi", "argument --backend: invalid choice: 'mpi'"),
        ("report --out o --paper X99", "argument --paper: invalid choice: 'X99'"),
        ("check", "the following arguments are required: FILE"),
        ("check A --b-min x", "argument --b-min: invalid float value: 'x'"),
        ("prove", "invalid choice: 'prove'"),
        ("verfy", "did you mean verify?"),
        ("reproduce figure-99", "invalid choice: 'figure-99'"),
        (
            "check A.npy --group-size 1 --n-active 1 --b-min 1 --b-max 1 --seed 1",
            "unrecognized arguments: --seed 1",
        ),
        ("info --seed 1", "unrecognized arguments: --seed 1"),
        ("encode m.npz Y.npy --out c.npy --seed 1", "unrecognized arguments: --seed 1"),
    ],
)
def test_a_mistake_in_usage_gives_status_2_with_the_usage(refuse, line, message):
    last = refuse(*line.split())
    assert "error: " in last
    assert message in last


def test_the_papers_that_can_be_chosen_are_those_of_the_ledger():
    assert set(PAPERS) == {"all", *(row.paper for row in LEDGER.values())}


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

    monkeypatch.setattr("gsae_ref.cli.verifying.verify", interrupted)
    assert run("verify", "--only", "R0") == (130, "", "gsae-ref: interrupted\n")


# ---- info, colour


def test_info_prints_versions_and_writes_them(run, tmp_path, monkeypatch):
    status, out, err = run("info", "--json", tmp_path / "info.json")
    versions = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (status, err) == (0, "")
    assert (versions["gsae_ref"], versions["numpy"]) == (gsae_ref.__version__, np.__version__)
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"scipy", "numba", "cores", "machine", "joblib", "dask"} <= set(versions)
    written = json.loads((tmp_path / "info.json").read_text())
    assert {name: str(version) for name, version in written.items()} == versions


def test_info_reports_what_is_not_installed(run, monkeypatch):
    import importlib.metadata

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    status, out, _ = run("info")
    assert status == 0
    assert [line.split(maxsplit=1)[1] for line in out.splitlines()].count("not installed") == 10


def test_info_compiles_the_kernels_on_request(run, monkeypatch):
    monkeypatch.setattr(gsae_ref.ops, "warm_up", lambda report: report("toy kernels", 1.5) or 1.5)
    status, out, _ = run("info", "--warm-up")
    assert status == 0
    assert "toy kernels                     1.5 s" in out


COLOUR = [(True, None, True), (True, "", True), (True, "1", False), (False, None, False)]


@pytest.mark.parametrize(("terminal", "no_color", "coloured"), COLOUR)
def test_colour_is_for_terminals(capsys, monkeypatch, tmp_path, terminal, no_color, coloured):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    np.save(tmp_path / "A.npy", np.eye(4))
    verify = "verify --only T21-eq42 --quick".split()
    check = "--group-size 2 --n-active 1 --b-min 1 --b-max 2".split()
    for arguments in (verify, [*verify, "--explain"], ["check", str(tmp_path / "A.npy"), *check]):
        assert main(arguments) == 0
        assert ("\x1b[" in capsys.readouterr().out) == coloured
