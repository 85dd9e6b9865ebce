"""The benchmarks: wrong results are not timed; the report follows from pytest-benchmark's JSON."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import harness, report  # noqa: E402

KEPT = ROOT / "benchmarks" / "results"


class Timer:
    """Stands for pytest-benchmark's fixture: counts what would be timed."""

    def __init__(self):
        self.enabled = False
        self.group = "sum"
        self.extra_info = {}
        self.timed = 0

    def __call__(self, call):
        call()
        self.timed += 1

    def pedantic(self, call, rounds, warmup_rounds):
        self(call)


def implementation(factor, **options):
    return harness.Implementation("rival", lambda x: lambda: factor * x.sum(), "a sum", **options)


# ---- what precedes a timing


@pytest.mark.parametrize("dtype", harness.DTYPES)
def test_a_wrong_implementation_is_not_timed(dtype):
    timer = Timer()
    x = np.ones(3, dtype)
    with pytest.raises(AssertionError, match=f"rival is off by 1.0e-03 in {dtype}"):
        harness.compare(timer, implementation(1.001), (x,), lambda: 3.0, "three")
    assert timer.timed == 0
    harness.compare(timer, implementation(1.0), (x,), lambda: 3.0, "three", active=0.5)
    assert timer.timed == 1


@pytest.mark.parametrize("wrong", [np.nan, (1.0, np.ones(3)), (1.0, np.ones(2), 0.0), (1.0, None)])
def test_nan_shapes_and_missing_results_are_found(wrong):
    with pytest.raises((AssertionError, ValueError, TypeError)):
        harness.agree("a rival", wrong, (1.0, np.ones(2)), "float64")
    harness.agree("a rival", (1.0, np.ones(2)), (1.0, np.ones(2)), "float64")


def test_a_limit_is_compared_with_what_it_computes():
    timer = Timer()
    limit = implementation(1.0, bounds=lambda x: 2 * x.sum())
    with pytest.raises(AssertionError, match="off by 5.0e-01"):
        harness.compare(timer, limit, (np.ones(3),), lambda: 3.0, "three")
    harness.compare(timer, limit._replace(bounds=np.sum), (np.ones(3),), None, "three")
    assert timer.extra_info["is_limit"]


def test_a_row_is_described(monkeypatch):
    timer = Timer()
    timer.enabled = True
    monkeypatch.setattr(harness, "PAUSE", 0.0)
    x = np.ones((200, 300))
    facts = {"product": (x, x.T), "active": 0.5}
    harness.compare(timer, implementation(1.0), (x,), lambda: 6e4, "six", **facts)
    about = harness.machine()
    assert timer.group == f"sum: six; {about['BLAS']}" and timer.name == "rival"
    assert timer.extra_info.pop("own_product") > 0
    assert timer.extra_info.pop("extra_MiB") < 0.1
    assert timer.extra_info == {
        "implementation": "rival",
        "legend": "a sum",
        "is_limit": False,
        "shapes": [[200, 300]],
        "dtype": "float64",
        "threads": about["threads"],
        "BLAS": about["BLAS"],
        "active": 0.5,
    }


def test_extra_memory_is_the_peak_of_allocations():
    assert harness.extra_memory(lambda: np.ones(2**17)) == pytest.approx(1.0, abs=0.1)


def test_rows_without_their_library_are_left_out():
    missing = implementation(1.0, library="a_library_that_is_not_there")
    there = implementation(1.0)
    (row,) = harness.over([missing, there]).args[1]
    assert row.values == (there,)


# ---- the report

MACHINE = {"processor": "slide rule", "BLAS": "abacus", "threads": 1, "full_size": False}


def run_of(part="test_sum", machine=MACHINE, **seconds):
    """What pytest-benchmark writes, as far as it is read: medians of the rows of one table."""
    facts = {"is_limit": False, "legend": "a row", "dtype": "float64"}
    return {
        "machine_info": {"gsae_ref": machine},
        "datetime": "2026-01-02T03:04:05",
        "benchmarks": [
            {
                "group": f"{part}: three; abacus",
                "name": name.replace("_", " "),
                "extra_info": facts | {"is_limit": name == "copy"},
                "stats": {"median": value},
            }
            for name, value in seconds.items()
        ],
    }


def test_ratios_are_paired_within_a_round():
    """The machine slows down threefold: every round has the ratio 2, unlike the medians of all."""
    speeds = [1.0, 3.0, 9.0]
    runs = [run_of(numba=speed, rival=2 * speed, copy=speed / 2) for speed in speeds]
    (table,) = report.gather(list(enumerate(runs)))["tables"].values()
    assert table["rival"]["seconds"] == [2.0, 6.0, 18.0]
    assert report.paired_ratios(table) == {
        "numba": [1.0] * 3,
        "rival": [2.0] * 3,
        "copy": [0.5] * 3,
    }
    assert "| rival | 6 | 2.00 | 2.00 | 2.00 |" in "\n".join(
        report.table_text("sum: three; abacus", ms(table))
    )


def ms(table):
    """The table in milliseconds, so that they print as seconds do."""
    scaled = {}
    for name, row in table.items():
        scaled[name] = {**row, "seconds": [x / 1000 for x in row["seconds"]]}
    return scaled


def test_a_round_that_a_row_missed_does_not_shift_the_next_ones():
    runs = [run_of(numba=1.0, rival=2.0), run_of(numba=3.0), run_of(numba=9.0, rival=18.0)]
    (table,) = report.gather(list(enumerate(runs)))["tables"].values()
    assert table["rival"]["seconds"] == [2.0, None, 18.0]
    assert report.paired_ratios(table)["rival"] == [2.0, 2.0]
    assert report.seconds(table["rival"]) == 10.0


def test_a_faster_rival_is_listed_and_a_limit_is_none():
    run = run_of(numba=1.0, numba__one_thread=0.5, rival=0.8, copy=0.1)
    tables = report.gather([(1, run)])["tables"]
    assert report.faster_rivals(tables) == [("test_sum: three; abacus", "rival", 1.25)]
    alone = report.gather([(1, run_of(numba=1.0))])["tables"]
    assert report.faster_text(alone)[-2] == "None was measured."


def test_a_faster_rival_has_its_reason():
    assert "two threads" in report.reason("Adam: 950 x 1000, float64; BLAS", "torch, fused")
    assert report.reason("Adam: 950 x 1000, float64; BLAS", "reference") == ""
    group = "shallow gradient: N = 1000, near the truth; BLAS"
    assert report.reason(group, "NumPy, numba threshold") == ""
    for kernel in ("support window", "screening", "threshold"):
        assert "it uses two threads" in report.reason(f"{kernel}: N = 1000; BLAS", "torch")


def test_rounds_of_different_machines_are_refused():
    runs = [run_of(numba=1.0), run_of(numba=1.0, machine={**MACHINE, "BLAS": "fingers"})]
    with pytest.raises(SystemExit, match="different machines or with different settings"):
        report.gather(list(enumerate(runs)))


def test_exponents_are_those_of_powers():
    points = [(v, 3 * v**1.5, v, v**2) for v in (1, 2, 4, 8)]
    assert [report.exponent(points, k) for k in (1, 2, 3)] == pytest.approx([1.5, 1.0, 2.0])


def kept_report():
    return json.loads((KEPT / "report.json").read_text(encoding="utf-8"))


def test_the_report_in_the_repository_is_that_of_its_numbers(tmp_path):
    report.publish(kept_report(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in KEPT.glob("*.*")}
    for name in ("report.json", "report.md"):
        assert (tmp_path / name).read_bytes() == (KEPT / name).read_bytes()
    text = (KEPT / "report.md").read_text(encoding="utf-8")
    assert text.count("BLAS: openblas") == text.count("\n### ") > 30
    assert "|  |\n" not in text.split("## Faster rivals")[1].split("## Distance")[0]


# ---- the command


@pytest.fixture
def parts(monkeypatch):
    """Parts that are measured by writing a file at once; the list of those that were."""
    ran = []

    def run_part(part, path, options):
        ran.append(path.stem)
        path.write_text(json.dumps(run_of(part, numba=1.0, rival=2.0)), encoding="utf-8")
        return True

    monkeypatch.setattr(report, "run_part", run_part)
    return ran


def test_a_stopped_report_keeps_its_parts_and_continues(parts, tmp_path, monkeypatch, capsys):
    measure = report.run_part

    def stop_at_the_third(part, path, options):
        if len(parts) == 2:
            raise KeyboardInterrupt
        return measure(part, path, options)

    command = ["--out", str(tmp_path), "--rounds", "2", "--only", "test_adam", "test_door"]
    monkeypatch.setattr(report, "run_part", stop_at_the_third)
    assert report.main(command) == 0
    assert "stopped; the parts that ran are reported" in capsys.readouterr().out
    assert parts == ["01-test_adam", "01-test_door"]
    assert "## Test_door" in (tmp_path / "report.md").read_text(encoding="utf-8")
    monkeypatch.setattr(report, "run_part", measure)
    assert report.main(command) == 0
    assert parts[2:] == ["02-test_adam", "02-test_door"]
    both = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert all(len(table["rival"]["seconds"]) == 2 for table in both["tables"].values())


def test_nothing_is_written_outside_the_folder(parts, tmp_path, monkeypatch):
    def state():
        pages = [ROOT / name for name in ("README.md", "docs/performance.md")]
        return {path: path.stat().st_mtime_ns for path in [*pages, KEPT, *KEPT.rglob("*")]}

    working = tmp_path / "here"
    working.mkdir()
    monkeypatch.chdir(working)
    before = state()
    assert report.main(["--out", "there", "--rounds", "1"]) == 0
    assert state() == before
    assert [path.name for path in working.iterdir()] == ["there"]
    names = {path.name for path in (working / "there").iterdir()}
    assert names == {"rounds", "report.json", "report.md"}


def test_the_folder_must_be_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        report.main([])
    assert "--out" in capsys.readouterr().err


def test_kept_results_are_taken_without_a_forced_kernel(parts, monkeypatch, capsys):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    with pytest.raises(SystemExit, match="2"):
        report.main(["--out", str(KEPT), "--rounds", "1"])
    assert "run env -u OPENBLAS_CORETYPE python -m" in capsys.readouterr().err
    assert not parts and not (KEPT / "rounds").exists()


@pytest.mark.parametrize("status", [0, 1, 2, 5])
def test_a_part_is_kept_only_whole(status, tmp_path, monkeypatch):
    path = tmp_path / "01-test_adam.json"

    def run(command, **options):
        option = next(word for word in command if word.startswith("--benchmark-json="))
        Path(option.partition("=")[2]).write_text("{}", encoding="utf-8")
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(subprocess, "run", run)
    if status == 2:
        with pytest.raises(KeyboardInterrupt):
            report.run_part("test_adam", path, [])
    else:
        assert report.run_part("test_adam", path, []) is (status != 1)
    assert [each.name for each in tmp_path.iterdir()] == [path.name] * (status in (0, 1))


def test_a_part_is_measured_by_pytest_benchmark(tmp_path, monkeypatch):
    pytest.importorskip("pytest_benchmark")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # pytest-benchmark stops where it is
    options = ["--benchmark-min-rounds=1", "--benchmark-max-time=0.01", "-k", "float32 and not cop"]
    command = ["--out", str(tmp_path), "--rounds", "1", "--only", "test_adam", *options]
    assert report.main(command) == 0
    result = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    ((group, table),) = result["tables"].items()
    assert group.startswith("Adam: 950 x 1000, float32; ")
    assert {"numba", "reference"} <= set(table)
    assert all(row["seconds"][0] > 0 and row["shapes"] for row in table.values())
