"""The benchmarks: rivals agree, counts are right, and the report follows from the numbers."""

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

from gsae_ref.reference import autoencoder  # noqa: E402

both_dtypes = pytest.mark.parametrize("dtype", timing.TOLERANCE)


@pytest.fixture
def results():
    return json.loads((report.FOLDER / "report.json").read_text(encoding="utf-8"))


def one_table(**seconds):
    """The results of a benchmark with one table."""
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


# ---- rivals


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


def test_wrong_results_are_not_timed():
    with pytest.raises(
        SystemExit, match="a rival differs from the reference by 1.0e-03 in float32"
    ):
        timing.agree("a rival", [np.array([1.001])], [np.array([1.0])], "float32")
    with pytest.raises(SystemExit, match="differs"):
        timing.agree("a rival", [np.array([np.nan])], [np.array([1.0])], "float64")


@both_dtypes
def test_own_products_are_products(dtype):
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3, 4)).astype(dtype)
    Y = rng.normal(size=(5, 3)).astype(dtype)
    products = rivals.own_products(A, Y)
    assert "own product: NumPy" in products
    for name, function in products.items():
        result = np.asarray(function())
        assert result.dtype == dtype
        timing.agree(name, [result], [Y @ A], dtype)


def test_a_table_prints_its_own_products_on_one_line(capsys):
    seconds = {"kernel": 1.0, "torch": 2.0, "own product: NumPy": 0.5, "own product: torch": 0.004}
    table = timing.table("key", "title", seconds, "kernel")
    assert table["seconds"] == {"kernel": 1.0, "torch": 2.0}
    assert table["own_products"] == {"NumPy": 0.5, "torch": 0.004}
    line = "own product: NumPy 500 ms, torch 4 ms"
    assert f"\n  {line}\n" in capsys.readouterr().out
    assert f"{line[0].upper()}{line[1:]}." in writing.tables_text({"tables": [table]})
    assert "own_products" not in timing.table("key", "title", {"kernel": 1.0}, "kernel")


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None or importlib.util.find_spec("torch") is None,
    reason="needs torch and JAX",
)
def test_rivals_of_the_unfolded_gradient_agree():
    Y = bench_unfolded.synthetic(40)
    checked = bench_unfolded.gradients(bench_unfolded.initial_dictionary(Y), Y, 3)
    assert {"torch", "torch, Gram", "JAX jit", "JAX jit, Gram"} < set(checked)


# ---- clock, counts


def test_functions_run_in_turn_and_the_first_round_is_not_timed(monkeypatch):
    order = []
    clock = iter(np.arange(100.0))
    monkeypatch.setattr(timing.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    functions = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    assert timing.interleaved(functions, 2) == {"a": 1.0, "b": 1.0}
    assert order == ["a", "b"] * 3


def test_extra_memory_is_the_peak_of_allocations():
    assert timing.extra_memory(lambda: np.ones(2**17)) == pytest.approx(1.0, abs=0.1)


def test_exponents_are_those_of_powers():
    values = [1, 2, 4, 8]
    assert scaling.exponent(values, [3 * v**1.5 for v in values]) == pytest.approx(1.5)
    base = scaling.BASE
    for name in ("n_samples", "n_features", "n_groups"):
        doubled = scaling.operations("reference", **{**base, name: 2 * base[name]})
        assert doubled == 2 * scaling.operations("reference", **base)
    more = {**base, "n_active": 30}
    assert scaling.operations("kernel", **more) > scaling.operations("kernel", **base)
    assert scaling.traffic("kernel", **more) == scaling.traffic("kernel", **base)
    assert scaling.traffic("kernel", **base) < scaling.traffic("reference", **base)


# ---- the report


def test_targets_are_compared_with_the_numbers():
    seconds = {"kernel": 1.0, "torch eager": 16.0, "JAX jit": 9.9, "Y A alone": 1.1}
    assert [tuple(target)[1:] for target in writing.targets(one_table(**seconds))] == [
        (">= 15 x", "16 x", True),
        (">= 10 x", "9.9 x", False),
        (">= 1 x", "1.1 x", True),
        ("< 150 MB", "157 MB", False),
    ]


def test_a_faster_rival_is_listed_and_a_single_product_is_no_rival():
    seconds = {"kernel": 1.0, "torch eager": 0.5, "JAX jit": 2.0, "Y A alone": 0.1}
    assert writing.faster_rivals(one_table(**seconds)) == [("a table", "torch eager", 2.0)]
    assert writing.faster_text(one_table(kernel=1.0))[-2] == "None was measured."


def test_missing_parts_and_notes_are_reported():
    results = {name: {} for name in writing.PARTS if name != "scaling"}
    assert writing.notes_text(results) == ["Not measured yet: scaling.", ""]
    noted = {**results, "scaling": {"note": "Cut off."}}
    assert writing.notes_text(noted) == ["scaling: Cut off.", ""]
    assert writing.notes_text({**results, "scaling": {}}) == []


def test_the_report_in_the_repository_is_that_of_its_numbers(results):
    assert set(results) <= set(report.PARTS) and "threshold" in results
    assert (report.FOLDER / "report.md").read_text(encoding="utf-8") == writing.markdown(results)


def test_the_report_can_be_written_again_without_measuring(results, tmp_path, monkeypatch):
    (tmp_path / "report.json").write_text(json.dumps(results), encoding="utf-8")
    monkeypatch.setattr(report, "versions", None)  # nothing is measured
    assert report.main(["--only", "--out", str(tmp_path)]) == 0
    written = {"report.json", "report.md", "scaling.svg", "roofline.svg"}
    assert {path.name for path in tmp_path.iterdir()} == written
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == writing.markdown(results)


def test_a_part_measured_anew_leaves_the_others(results, tmp_path, monkeypatch):
    (tmp_path / "report.json").write_text(json.dumps(results), encoding="utf-8")
    monkeypatch.setitem(report.PARTS, "others", lambda n_samples, runs: {"tables": []})
    report.main(["--only", "others", "--quick", "--out", str(tmp_path)])
    after = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert after.pop("others")["tables"] == []
    del results["others"]
    assert after == results


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
        "scaling": {**part, "growth": dict.fromkeys(scaling.SWEEPS, one)},
    }
    report.publish(results, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.md",
        "scaling.svg",
        "roofline.svg",
    }
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "25% of the processor time was used by other processes" in text
    assert "| n_samples | 1.00 | 1.00 | 1.00 | 1.58 | 1.58 | 1.58 |" in text


@pytest.mark.parametrize(("ours", "share"), [(1.0, 0.75), (4.0, 0.0), (5.0, 0.0)])
def test_the_disturbance_is_the_share_of_other_processes(ours, share):
    assert report.disturbance((10.0, 1.0), (14.0, 1.0 + ours)) == share
    assert report.disturbance(None, None) is None


@pytest.mark.parametrize("command", [["benchmarks/report.py"], ["-m", "benchmarks.report"]])
def test_the_report_runs_as_a_script_and_as_a_module(command):
    done = subprocess.run(
        [sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "first-call" in done.stdout


def test_the_first_call_of_a_new_process_is_timed():
    imported, numba, first, second = report.first_times(report.CALLS["Adam"])
    assert min(imported, numba, first, second) > 0
