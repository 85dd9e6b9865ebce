"""The benchmarks: rivals that agree, counts that are right, and a report that says what the numbers say."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import bench_unfolded  # noqa: E402
import report  # noqa: E402
import rivals  # noqa: E402
import scaling  # noqa: E402
import timing  # noqa: E402
import writing  # noqa: E402
from repaired import Repaired  # noqa: E402

from gsae_ref.reference import autoencoder  # noqa: E402

both_dtypes = pytest.mark.parametrize("dtype", timing.TOLERANCE)


@pytest.fixture(scope="module")
def results():
    return json.loads((report.FOLDER / "report.json").read_text(encoding="utf-8"))


def made_up(**seconds):
    """The results of a benchmark that has measured one table."""
    key = f"{writing.SPARSE}, float64"
    return {
        "shallow": {
            "tables": [
                {
                    "key": key,
                    "title": "a table",
                    "base": "kernel",
                    "seconds": seconds,
                    "extra_MiB": {"kernel": 150.0},
                }
            ]
        }
    }


# ------------------------------------------------------------------------------------------- rivals


@both_dtypes
@pytest.mark.parametrize("size", [1, 2, 8])
def test_rivals_of_the_threshold_agree(size, dtype):
    Z = np.random.default_rng(0).normal(size=(5, 16)).astype(dtype)
    lam = float(np.sqrt(size))
    norms = np.linalg.norm(Z.reshape(-1, size), axis=1, keepdims=True)
    expected = np.maximum(1 - lam / norms, 0) * Z.reshape(-1, size)
    assert np.any(norms < lam) and np.any(norms > lam)
    for name, function in rivals.thresholds(Z, lam, size).items():
        timing.agree(name, [function()], [expected], dtype)


@both_dtypes
def test_rivals_of_the_gradient_agree(dtype):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(6, 8)).astype(dtype)
    Y = rng.normal(size=(9, 6)).astype(dtype)
    expected = autoencoder.loss_and_grad(A, Y, 2.0, 2)
    for name, function in rivals.gradients(A, Y, 2.0, 2, compiling=False).items():
        timing.agree(name, function(A), expected, dtype)


def test_what_is_wrong_is_not_timed():
    with pytest.raises(
        SystemExit, match="somebody differs from the reference by 1.0e-03 in float32"
    ):
        timing.agree("somebody", [np.array([1.001])], [np.array([1.0])], "float32")
    with pytest.raises(SystemExit, match="differs"):
        timing.agree("somebody", [np.array([np.nan])], [np.array([1.0])], "float64")


def test_repaired_rivals_compute_the_same():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3, 4))
    Y = rng.normal(size=(5, 3))
    with Repaired("products", A=A, Y=Y) as repaired:
        assert set(repaired.functions) <= {"Y A, repaired"}
        for name, function in repaired.functions.items():
            function()
            timing.agree(name, repaired.result(name), [Y @ A], "float64")


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None or importlib.util.find_spec("torch") is None,
    reason="needs torch and JAX",
)
def test_rivals_of_the_unfolded_gradient_agree():
    Y = bench_unfolded.made_up(40)[1]
    assert {"torch", "torch, Gram", "JAX jit", "JAX jit, Gram"} < set(
        bench_unfolded.rivals(bench_unfolded.start(Y), Y, 3)
    )  # checks them


# ------------------------------------------------------------------------------------ clock, counts


def test_everybody_takes_turns_and_the_first_round_is_not_counted(monkeypatch):
    order = []
    clock = iter(np.arange(100.0))
    monkeypatch.setattr(timing.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    assert timing.interleaved(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2
    ) == {"a": 1.0, "b": 1.0}
    assert order == ["a", "b"] * 3


def test_extra_memory_is_what_was_asked_for():
    assert timing.extra_memory(lambda: np.ones(2**17)) == pytest.approx(1.0, abs=0.1)


def test_exponents_are_those_of_powers():
    values = [1, 2, 4, 8]
    assert scaling.exponent(values, [3 * v**1.5 for v in values]) == pytest.approx(1.5)
    for name in ("n_samples", "n_features", "n_groups"):
        grown = {**scaling.BASE, name: 2 * scaling.BASE[name]}
        assert scaling.operations("reference", **grown) == 2 * scaling.operations(
            "reference", **scaling.BASE
        )
    more = {**scaling.BASE, "n_active": 30}
    assert scaling.operations("kernel", **more) > scaling.operations("kernel", **scaling.BASE)
    assert (
        scaling.traffic("kernel", **more)
        == scaling.traffic("kernel", **scaling.BASE)
        < scaling.traffic("reference", **scaling.BASE)
    )


# --------------------------------------------------------------------------------------- the report


def test_targets_are_judged_by_the_numbers():
    rows = writing.target_rows(
        made_up(**{"kernel": 1.0, "torch eager": 16.0, "JAX jit": 9.9, "Y A alone": 1.1})
    )
    assert [(asked, measured, reached) for _, asked, measured, reached, _ in rows] == [
        (">= 15 x", "16 x", True),
        (">= 10 x", "9.9 x", False),
        (">= 1 x", "1.1 x", True),
        ("< 150 MB", "157 MB", False),
    ]


def test_a_faster_rival_is_named_and_a_product_alone_is_none():
    seconds = {
        "kernel": 1.0,
        "kernel, repaired": 0.5,
        "torch eager": 0.5,
        "JAX jit": 2.0,
        "Y A alone": 0.1,
        "torch eager, repaired": 0.6,
    }
    assert writing.faster_rivals(made_up(**seconds)) == [("a table", "torch eager", 2.0)]
    assert writing.faster_text(made_up(kernel=1.0))[-2] == "Nowhere in what was measured."


def test_what_was_not_measured_is_said_to_be_missing():
    results = {name: {} for name in writing.PARTS if name != "scaling"}
    assert writing.missing_text(results) == ["Not measured yet: scaling.", ""]
    assert writing.missing_text({**results, "scaling": {"note": "Cut off."}}) == [
        "scaling: Cut off.",
        "",
    ]
    assert writing.missing_text({**results, "scaling": {}}) == []


def test_only_what_stands_between_the_marks_is_replaced():
    text = f"before\n{writing.BEGIN}\nold\n{writing.END}\nafter\n"
    assert writing.replaced(text, "new") == f"before\n{writing.BEGIN}\nnew\n{writing.END}\nafter\n"


def test_the_texts_are_those_of_the_numbers(results):
    assert set(results) <= set(report.PARTS) and "threshold" in results
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == writing.replaced(readme, writing.section(results))
    assert (report.FOLDER / "report.md").read_text(encoding="utf-8") == writing.markdown(results)


def test_pictures_and_text_are_written_again_from_the_numbers(results, tmp_path, monkeypatch):
    (tmp_path / "report.json").write_text(json.dumps(results), encoding="utf-8")
    monkeypatch.setattr(report, "versions", None)  # nothing is measured
    assert report.main(["--only", "--out", str(tmp_path)]) == 0
    pictures = {f"{name}.svg" for name in ("scaling", "roofline") if name in results}
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "report.md"} | pictures
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == writing.markdown(results)


def test_a_part_measured_anew_leaves_the_others(results, tmp_path, monkeypatch):
    (tmp_path / "report.json").write_text(json.dumps(results), encoding="utf-8")
    monkeypatch.setitem(report.PARTS, "others", lambda n_samples, runs: {"tables": []})
    report.main(["--only", "others", "--quick", "--out", str(tmp_path)])
    after = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert after.pop("others")["tables"] == []
    assert after == {name: part for name, part in results.items() if name != "others"} != {}


def test_pictures_are_drawn(tmp_path):
    points = {
        name: {"operations": 1e9, "bytes": 1e8, "seconds": 1e-2}
        for name in ("Y A in float64", "Y A in float32", "threshold")
    }
    points["copy"] = {"operations": 0, "bytes": 1e8, "seconds": 1e-2}
    one = {"values": [1, 2], "seconds": {"kernel": [1.0, 2.0], "reference": [2.0, 6.0]}}
    one |= {how: {"kernel": 1.0, "reference": 1.58} for how in ("fitted", "operations", "bytes")}
    part = {"about": {}, "minutes": 1.0, "peak_MiB": 100, "disturbed": 0.25}
    results = {
        "roofline": {**part, "points": points},
        "scaling": {**part, "growth": {name: one for name in scaling.SWEEPS}},
    }
    report.publish(results, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.md",
        "scaling.svg",
        "roofline.svg",
    }
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert (
        "25% of the processors' work was somebody else's" in text
        and "| n_samples | 1.00 | 1.00 | 1.00 | 1.58 | 1.58 | 1.58 |" in text
    )


@pytest.mark.parametrize(("ours", "share"), [(1.0, 0.75), (4.0, 0.0), (5.0, 0.0)])
def test_the_share_of_others_is_what_is_not_ours(ours, share):
    assert report.disturbed((10.0, 1.0), (14.0, 1.0 + ours)) == share
    assert report.disturbed(None, None) is None


@pytest.mark.parametrize("command", [["benchmarks/report.py"], ["-m", "benchmarks.report"]])
def test_both_spellings_of_the_command(command):
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "first-call" in done.stdout


def test_the_first_call_of_a_new_process_is_timed():
    imported, numba, first, second = report.first_times(report.CALLS["Adam"])
    assert min(imported, numba, first, second) > 0
