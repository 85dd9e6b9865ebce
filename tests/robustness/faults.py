"""Faults in a child process: the job is ended at a random point, and its files are checked.

    python tests/robustness/faults.py FAULT JOB N SEED

prints {"tried": n, "survived": n, "failures": [...]}. Every job writes into a folder; its expected
files are those of an undisturbed run. ``check`` looks at a folder as the fault left it. The job is
then run again and must give the expected files.
"""

import contextlib
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from tiny_images import NAMES, sha256

import gsae_ref as gs
from gsae_ref import experiments
from gsae_ref.cli import main
from gsae_ref.datasets import finding, idx
from gsae_ref.datasets.known import Collection, Part
from gsae_ref.experiments.common.study import Claim, Study, Table
from gsae_ref.files import read_arrays, write_arrays, write_json

N_EPOCHS = 40
CALLS = "open", "replace", "fsync", "unlink"
INTERRUPTED = 130
PAGE = 4096


def problem(n_samples=256, seed=0):
    A_star = gs.make_dictionary(16, 4, 2, rng=seed)
    A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=seed)
    return A, gs.sample(A_star, n_samples, 1, 2, rng=seed).Y


class Training:
    """A run with a checkpoint after every epoch."""

    def do(self, folder, report=lambda number: None):
        A, Y = problem()
        options = {
            "batch_size": 32,
            "checkpoint": folder / "run.npz",
            "checkpoint_every": 1,
            "resume": True,
            "callback": lambda intermediate_result: report(intermediate_result.nit),
        }
        result = gs.train(A, Y, 1.0, 2, N_EPOCHS, **options)
        if result.status:
            raise KeyboardInterrupt
        return result.x.tobytes(), result.history, result.fun

    def check(self, folder, last):
        """The newest checkpoint is whole, and not older than the last reported epoch."""
        paths = [folder / "run.npz", folder / "run.npz.previous"]
        epochs = [int(read_arrays(path)["epoch"]) for path in paths if path.exists()]
        assert max(epochs, default=0) >= last, f"epoch {last} was done; checkpoints are of {epochs}"
        assert last == 0 or epochs

    names = {"run.npz", "run.npz.previous"}


class Cache:
    """The cache of a data set, filled from a source in this process."""

    def __init__(self):
        shapes = (600, 28, 28), (600,), (400, 28, 28), (400,)
        arrays = [
            np.random.default_rng(k).integers(0, 256, shape).astype(np.uint8)
            for k, shape in enumerate(shapes)
        ]
        self.contents = [idx.pack(array) for array in arrays]
        parts = tuple(
            Part(name, shape, sha256(content))
            for name, shape, content in zip(NAMES, shapes, self.contents, strict=True)
        )
        self.collection = Collection("Fault", "fault", parts, "fault")
        finding.FETCH.clear()
        finding.FETCH["here"] = lambda collection: self.contents

    def do(self, folder, report=lambda number: None):
        os.environ["GSAE_REF_CACHE"] = str(folder)
        return [sha256(content) for content in finding.contents(self.collection, None, True)]

    def check(self, folder, last):
        """A file of the cache may be missing but not damaged."""
        with contextlib.suppress(FileNotFoundError):
            assert finding.from_folder(self.collection, folder / "fault") == self.contents

    names = set(NAMES)


class Report:
    """Results of the size of ``gsae-ref verify --json``, and arrays, written over older ones."""

    def __init__(self):
        self.old, self.new = (self.result(step) for step in (1, 2))

    def result(self, step):
        return {"rows": [{"number": k, "value": k * step} for k in range(3000)]}

    def do(self, folder, report=lambda number: None):
        for data in (self.old, self.new):
            write_json(data, folder / "report.json")
            array = np.full(50_000, len(data["rows"]) * data["rows"][1]["value"])
            write_arrays(folder / "arrays.npz", {"a": array})
            report(1)
        return (folder / "report.json").read_text(), (folder / "arrays.npz").read_bytes()

    def check(self, folder, last):
        """Both files are whole, the old or the new ones."""
        if last or (folder / "report.json").exists():
            assert json.loads((folder / "report.json").read_text()) in (self.old, self.new)
        if last or (folder / "arrays.npz").exists():
            a = read_arrays(folder / "arrays.npz")["a"]
            assert len(a) == 50_000 and len(set(a.tolist())) == 1

    names = {"report.json", "arrays.npz"}


def trained(seed, checkpoint, progress):
    A, Y = problem(seed=seed)
    result = gs.train(
        A, Y, 1.0, 2, 30, batch_size=32, checkpoint=checkpoint, checkpoint_every=3, resume=True
    )
    return {"loss": np.array(result.history["loss"]), "fun": result.fun}


def compute(cache, quick=False, seed=0, n_seeds=1):
    losses = [cache.train(f"run-{k}", trained, seed=k)["loss"] for k in range(3)]
    claim = Claim(
        "toy", "the loss falls", f"{losses[0][-1]:.3g}", bool(losses[0][-1] < losses[0][0])
    )
    rows = [(k, float(loss[-1])) for k, loss in enumerate(losses)]
    return Study(
        "toy",
        "Toy: losses",
        {"seed": seed},
        {"losses": losses},
        [Table("Losses", ("seed", "loss"), rows)],
        [claim],
    )


def plot(data, ax):
    for loss in data["losses"]:
        ax.plot(loss)
    ax.set(xlabel="epoch", ylabel="loss")
    return ax.lines


class Reproduce:
    """``gsae-ref reproduce`` with a small experiment that trains with checkpoints."""

    def __init__(self):
        experiments.EXPERIMENTS = {"toy": "toy"}
        experiments.load = lambda name: SimpleNamespace(
            TITLE="Toy", compute=compute, FIGURES={"toy": [[plot]]}
        )

    def do(self, folder, report=lambda number: None):
        errors = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            status = main(["reproduce", "toy", "--out", str(folder)])
        if status:
            raise KeyboardInterrupt if status == INTERRUPTED else ValueError(errors.getvalue())
        numbers = json.loads((folder / "toy.json").read_text())
        parts = [numbers[name] for name in ("data", "tables", "claims")]
        return *parts, (folder / "toy.svg").read_bytes()

    def check(self, folder, last):
        """Every file is whole."""
        ends = {
            "toy.png": b"IEND\xaeB`\x82",
            "toy.svg": b"</svg>\n",
            "toy.json": b"}",
            "report.md": b".\n",
        }
        for name, end in ends.items():
            if (folder / name).exists():
                assert (folder / name).read_bytes().endswith(end), name
        for path in (folder / "cache").glob("[!.]*.npz*"):
            assert read_arrays(path), path

    names = {"toy.png", "toy.svg", "toy.json", "report.md", "cache"}


class Kernel:
    """A run on compiled kernels; an interrupted one must return the state after some epoch."""

    def __init__(self):
        A_star = gs.make_dictionary(100, 200, 2, rng=0)
        self.Y = gs.sample(A_star, 2048, 2, 2, rng=0).Y
        self.A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
        self.states = [self.A.tobytes()]
        self.train(lambda intermediate_result: self.states.append(intermediate_result.x.tobytes()))
        self.expected = self.gradient()
        self.threads = blas_threads()

    def gradient(self):
        return gs.loss_and_grad(self.A, self.Y, 1.0, 2, engine="numba")[1].tobytes()

    def train(self, callback):
        options = {"batch_size": 1024, "engine": "numba", "measure": False, "callback": callback}
        return gs.train(self.A, self.Y, 1.0, 2, 6, **options)

    def do(self, folder, report=lambda number: None):
        result = None
        with contextlib.suppress(KeyboardInterrupt):  # before the first epoch or after the last
            result = self.train(lambda intermediate_result: report(intermediate_result.nit))
        self.check_next_call()
        if result is None:
            raise KeyboardInterrupt
        assert self.states[result.nit] == result.x.tobytes(), "the state is not that of the epoch"
        if result.status:
            assert (result.status, result.message) == (2, "interrupted")
            raise KeyboardInterrupt

    def check_next_call(self):
        """BLAS has its threads again, and the next call gives the same bits."""
        assert blas_threads() == self.threads
        assert self.gradient() == self.expected, "a call after the interrupt gives other bits"

    def check(self, folder, last):
        """No file is written."""

    names = set()


def blas_threads():
    from threadpoolctl import threadpool_info

    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


JOBS = {
    "training": Training,
    "reproduce": Reproduce,
    "cache": Cache,
    "report": Report,
    "kernel": Kernel,
}


def run_in_child(
    job, folder, prepare=lambda: None, meanwhile=lambda child: None, follow=lambda number: None
):
    """Run the job in a child; its last reported number, its end (-signal or status), its error.

    ``prepare`` is called in the child before the job, ``follow`` after each report, ``meanwhile``
    in the parent.
    """
    numbers, send_number = os.pipe()
    errors, send_error = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1

        def report(number):
            os.write(send_number, bytes([number]))
            follow(number)

        try:
            prepare()
            job.do(folder, report)
            status = 0
        except KeyboardInterrupt:
            status = INTERRUPTED
        except Exception as error:
            os.write(send_error, f"{type(error).__name__}: {error}"[:4000].encode())
        finally:
            os._exit(status)  # the child never continues as the parent
    os.close(send_number)
    os.close(send_error)
    meanwhile(child)
    _, status = os.waitpid(child, 0)
    with open(numbers, "rb") as file:
        reported = file.read()
    with open(errors, "rb") as file:
        error = file.read().decode()
    return reported[-1] if reported else 0, os.waitstatus_to_exitcode(status), error


def kill_at_call(number, after):
    """Kill this process before or after its call ``number`` that changes files.

    Returns the count of such calls so far, a list of one.
    """
    count = [0]

    def counted(function):
        def call(*arguments, **options):
            count[0] += 1
            last = count[0] == number
            if last and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **options)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    return count


def calls_of(job, folder):
    """Number of calls of the job that change files."""
    before = {name: getattr(os, name) for name in CALLS}
    try:
        count = kill_at_call(0, after=False)
        job.do(folder)
    finally:
        for name, function in before.items():
            setattr(os, name, function)
    return count[0]


def kill(job, folder, draw, k, facts):
    """SIGKILL at a random time or, for odd k, before or after a random call that changes a file."""
    if k % 2:
        number = draw.randint(1, facts["calls"])
        after = draw.random() < 0.5
        return run_in_child(job, folder, lambda: kill_at_call(number, after))
    return send_signal(job, folder, draw, facts, signal.SIGKILL)


def interrupt(job, folder, draw, k, facts):
    """Ctrl-C at a random time or, for odd k, after a random report before the last."""

    def listen():  # processes that a shell starts in the background ignore SIGINT
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if k % 2:
        last = draw.randint(1, facts["reports"] - 1)

        def follow(number):
            if number == last:
                signal.raise_signal(signal.SIGINT)

        return run_in_child(job, folder, listen, follow=follow)
    return send_signal(job, folder, draw, facts, signal.SIGINT, listen)


def send_signal(job, folder, draw, facts, number, prepare=lambda: None):
    def wait_and_send(child):
        time.sleep(draw.uniform(0, facts["seconds"]))
        os.kill(child, number)

    return run_in_child(job, folder, prepare, wait_and_send)


def fill_disk(job, folder, draw, k, facts):
    """A disk of random size, too small for all files; it is enlarged after the fault."""
    pages = draw.randint(1, max(facts["bytes"] // PAGE, 2))
    size = f"size={pages * PAGE}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    result = run_in_child(job, folder)
    job.check(folder, result[0])
    subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
    return result


def limit_file_size(job, folder, draw, k, facts):
    """A limit on the size of a file, for systems where nothing can be mounted."""
    import resource

    limit = draw.randint(1, facts["largest"])
    set_limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit))
    return run_in_child(job, folder, set_limit)


def forbid_writing(job, folder, draw, k, facts):
    """A folder without write permission; root, who may always write, becomes another user."""
    folder.chmod(0o555)
    result = run_in_child(job, folder, lambda: os.getuid() or os.setuid(65534))
    assert not os.listdir(folder)
    folder.chmod(0o755)
    return result


FAULTS = {
    "killed": kill,
    "interrupted": interrupt,
    "no room": fill_disk,
    "file size": limit_file_size,
    "unwritable": forbid_writing,
}
ENDS = {"killed": (0, -signal.SIGKILL), "interrupted": (0, INTERRUPTED)}  # of others (0, 1)
MESSAGES = {
    "no room": "No space left on device.*make room",
    "file size": "File too large.*make room",
    "unwritable": "(Permission denied).*(choose another|check the path)",
}


def attempts(fault, kind, n, seed):
    """Try the fault ``n`` times at points drawn from the seed; count the survivals."""
    draw = random.Random(seed)
    job = JOBS[kind]()
    with tempfile.TemporaryDirectory() as folder:
        job.do(Path(folder))  # imports and compiles
    expected, facts = measure(job)
    failures = []
    cut_short = 0
    for k in range(n):
        with tempfile.TemporaryDirectory() as folder:
            try:
                cut_short += attempt(fault, job, Path(folder), draw, k, facts, expected)
            except Exception as error:
                failures.append(f"{k}: {type(error).__name__}: {error}")
            finally:
                if os.path.ismount(folder):
                    subprocess.run(["umount", folder], check=True)
    return {
        "tried": n,
        "survived": n - len(failures),
        "cut short": cut_short,
        "seconds": round(facts["seconds"], 3),
        "failures": failures,
    }


def measure(job):
    """The result of the undisturbed job, and its time, sizes of files, counts of calls, reports."""
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        expected = job.do(Path(folder), reports.append)
        sizes = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()] or [0]
        seconds = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        calls = calls_of(job, Path(folder))
    facts = {"seconds": seconds, "bytes": sum(sizes), "largest": max(sizes)}
    facts |= {"calls": calls, "reports": len(reports)}
    return expected, facts


def attempt(fault, job, folder, draw, k, facts, expected):
    """One fault, the check of its folder, and the repeated job; whether the job was cut short."""
    last, end, error = FAULTS[fault](job, folder, draw, k, facts)
    assert end in ENDS.get(fault, (0, 1)), f"ended with {end}: {error}"
    if end == 1:
        assert re.match(r"ValueError: .*" + MESSAGES[fault], error, re.DOTALL), error
    job.check(folder, last)
    assert job.do(folder) == expected, "the repeated job gave another result"
    files = set(os.listdir(folder / "fault" if isinstance(job, Cache) else folder))
    assert files == job.names, f"left behind: {sorted(files ^ job.names)}"
    return end != 0


if __name__ == "__main__":
    print(json.dumps(attempts(*sys.argv[1:3], *map(int, sys.argv[3:5]))))
