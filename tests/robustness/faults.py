"""Faults, planted: a process that forks, ends its child at a random point, and looks at what the child left.

    python tests/robustness/faults.py FAULT JOB N SEED         prints {"tried": n, "survived": n, "failures": [...]}

Every job writes into a folder; what it must have written in the end is known from a run that nobody
disturbs. ``check`` looks at a folder as a fault left it, before anything repairs it; the job is
then done again, and must come to the same end.
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
    return gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=seed), gs.sample(
        A_star, n_samples, 1, 2, rng=seed
    ).Y


class Training:
    """A run with a checkpoint after every epoch."""

    def do(self, folder, heard=lambda number: None):
        A, Y = problem()
        options = {
            "batch_size": 32,
            "checkpoint": folder / "run.npz",
            "checkpoint_every": 1,
            "resume": True,
        }
        result = gs.train(
            A,
            Y,
            1.0,
            2,
            N_EPOCHS,
            callback=lambda intermediate_result: heard(intermediate_result.nit),
            **options,
        )
        if result.status:
            raise KeyboardInterrupt
        return result.x.tobytes(), result.history, result.fun

    def check(self, folder, last):
        """The newest checkpoint is whole, and not older than the last epoch that was heard of."""
        there = [
            path for path in (folder / "run.npz", folder / "run.npz.previous") if path.exists()
        ]
        epochs = [int(read_arrays(path)["epoch"]) for path in there]
        assert max(epochs, default=0) >= last, f"epoch {last} was done, {epochs} are kept"
        assert last == 0 or epochs

    names = {"run.npz", "run.npz.previous"}


class Cache:
    """The cache of a data set, filled from a source that is always there."""

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

    def do(self, folder, heard=lambda number: None):
        os.environ["GSAE_REF_CACHE"] = str(folder)
        return [sha256(content) for content in finding.contents(self.collection, None, True)]

    def check(self, folder, last):
        """The cache gives the files as they are, or says that one is missing; never that one is damaged."""
        with contextlib.suppress(FileNotFoundError):
            assert finding.from_folder(self.collection, folder / "fault") == self.contents

    names = set(NAMES)


class Report:
    """A result of ``gsae-ref verify --json`` size, and arrays, written over older ones."""

    old, new = (
        {"rows": [{"number": k, "value": k * step} for k in range(3000)]} for step in (1, 2)
    )

    def do(self, folder, heard=lambda number: None):
        for data in (self.old, self.new):
            write_json(data, folder / "report.json")
            write_arrays(
                folder / "arrays.npz",
                {"a": np.full(50_000, len(data["rows"]) * data["rows"][1]["value"])},
            )
            heard(1)
        return (folder / "report.json").read_text(), (folder / "arrays.npz").read_bytes()

    def check(self, folder, last):
        """Both files are one of the two, whole."""
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
    """``gsae-ref reproduce`` with a small experiment of its own, which trains with checkpoints."""

    def __init__(self):
        experiments.EXPERIMENTS = {"toy": "toy"}
        experiments.load = lambda name: SimpleNamespace(
            TITLE="Toy", compute=compute, FIGURES={"toy": [[plot]]}
        )

    def do(self, folder, heard=lambda number: None):
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()) as said,
        ):
            status = main(["reproduce", "toy", "--out", str(folder)])
        if status:
            raise KeyboardInterrupt if status == INTERRUPTED else ValueError(said.getvalue())
        numbers = json.loads((folder / "toy.json").read_text())
        return (
            numbers["data"],
            numbers["tables"],
            numbers["claims"],
            (folder / "toy.svg").read_bytes(),
        )

    def check(self, folder, last):
        """Whatever is there under its own name is whole."""
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
    """A run on compiled kernels; what it has learned when it is interrupted must be what it had learned at the end of an epoch."""

    def __init__(self):
        A_star = gs.make_dictionary(100, 200, 2, rng=0)
        self.Y = gs.sample(A_star, 2048, 2, 2, rng=0).Y
        self.A = gs.perturb_dictionary(A_star, delta=0.3, group_size=2, rng=0)
        self.states = [self.A.tobytes()]
        self.train(lambda intermediate_result: self.states.append(intermediate_result.x.tobytes()))
        self.expected, self.threads = self.gradient(), blas_threads()

    def gradient(self):
        return gs.loss_and_grad(self.A, self.Y, 1.0, 2, engine="numba")[1].tobytes()

    def train(self, callback):
        return gs.train(
            self.A,
            self.Y,
            1.0,
            2,
            6,
            batch_size=1024,
            engine="numba",
            measure=False,
            callback=callback,
        )

    def do(self, folder, heard=lambda number: None):
        try:
            result = self.train(None)
        finally:
            self.usual()
        assert self.states[result.nit] == result.x.tobytes(), (
            "the state is none of those of the run"
        )
        if result.status:
            assert (result.status, result.message) == (2, "interrupted")
            raise KeyboardInterrupt

    def usual(self):
        """Whatever was interrupted, BLAS has its threads again, and the next call is as every call."""
        assert blas_threads() == self.threads
        assert self.gradient() == self.expected, "a call after the interrupt gives other bits"

    def check(self, folder, last):
        """Nothing is kept."""

    names = set()


def blas_threads():
    from threadpoolctl import threadpool_info

    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


JOBS = {
    "training": Training,
    "reproduce": Reproduce,
    "cache": Cache,
    "report": Report,
    "kernel": Kernel,
}


def disturbed(job, folder, prepare=lambda: None, meanwhile=lambda child: None):
    """Do the job in a child; the last number heard of it, how it ended (-signal or status), and what it said.

    ``prepare`` is called in the child before the job, ``meanwhile`` in the parent.
    """
    receive, send = os.pipe()
    listen, say = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            prepare()
            job.do(folder, lambda number: os.write(send, bytes([number])))
            status = 0
        except KeyboardInterrupt:
            status = INTERRUPTED
        except Exception as error:
            os.write(say, f"{type(error).__name__}: {error}"[:4000].encode())
        finally:
            os._exit(status)  # the child never goes on as if it were the parent
    os.close(send)
    os.close(say)
    meanwhile(child)
    _, status = os.waitpid(child, 0)
    with open(receive, "rb") as file, open(listen, "rb") as words:
        heard = file.read()
        said = words.read().decode()
    return heard[-1] if heard else 0, os.waitstatus_to_exitcode(status), said


def at_call(number, after):
    """Let this process be killed before or after this one of its calls that change files; returns the count so far, a list of one."""
    count = [0]

    def counted(function):
        def call(*arguments, **options):
            count[0] += 1
            mine = count[0] == number
            if mine and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments, **options)
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    return count


def calls_of(job, folder):
    """How many calls that change files the job makes."""
    before = {name: getattr(os, name) for name in CALLS}
    try:
        count = at_call(0, after=False)
        job.do(folder)
    finally:
        for name, function in before.items():
            setattr(os, name, function)
    return count[0]


def killed(job, folder, draw, k, about):
    """SIGKILL at a random time, or by turns before or after a random call that changes a file."""
    if k % 2:
        number = draw.randint(1, about["calls"])
        after = draw.random() < 0.5
        return disturbed(job, folder, lambda: at_call(number, after))
    return sent(job, folder, draw, about, signal.SIGKILL)


def interrupted(job, folder, draw, k, about):
    """Ctrl-C at a random time; a shell starts what runs in the background deaf to it."""
    return sent(
        job,
        folder,
        draw,
        about,
        signal.SIGINT,
        lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def sent(job, folder, draw, about, ending, prepare=lambda: None):
    def wait(child):
        time.sleep(draw.uniform(0, about["seconds"]))
        os.kill(child, ending)

    return disturbed(job, folder, prepare, wait)


def no_room(job, folder, draw, k, about):
    """A disk of random size, too small for all that is to be written; afterwards there is room."""
    pages = draw.randint(1, max(about["bytes"] // PAGE, 2))
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={pages * PAGE}", "tmpfs", str(folder)], check=True
    )
    result = disturbed(job, folder)
    job.check(folder, result[0])
    subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
    return result


def file_size(job, folder, draw, k, about):
    """A limit on the size of a file, for systems where nothing can be mounted."""
    import resource

    limit = draw.randint(1, about["largest"])
    return disturbed(job, folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))


def unwritable(job, folder, draw, k, about):
    """A folder that the process may not write to; root, who may always, becomes somebody else."""
    folder.chmod(0o555)
    result = disturbed(job, folder, lambda: os.getuid() or os.setuid(65534))
    assert not os.listdir(folder)
    folder.chmod(0o755)
    return result


FAULTS = {
    "killed": killed,
    "interrupted": interrupted,
    "no room": no_room,
    "file size": file_size,
    "unwritable": unwritable,
}
TOLD = {
    "no room": "No space left on device.*make room",
    "file size": "File too large.*make room",
    "unwritable": "(Permission denied).*(choose another|check the path)",
}


def attempts(fault, kind, n, seed):
    """Try the fault ``n`` times at points drawn from the seed; what became of it."""
    draw = random.Random(seed)
    job = JOBS[kind]()
    failures = []
    cut_short = 0
    with tempfile.TemporaryDirectory() as folder:
        job.do(Path(folder))  # everything is imported and compiled
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        expected = job.do(Path(folder))
        sizes = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()] or [0]
        about = {"seconds": time.perf_counter() - begin, "bytes": sum(sizes), "largest": max(sizes)}
    with tempfile.TemporaryDirectory() as folder:
        about["calls"] = calls_of(job, Path(folder))
    for k in range(n):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            try:
                last, ended, said = FAULTS[fault](job, folder, draw, k, about)
                cut_short += ended != 0
                assert ended in {
                    "killed": (0, -signal.SIGKILL),
                    "interrupted": (0, INTERRUPTED),
                }.get(fault, (0, 1)), f"ended with {ended}: {said}"
                assert ended != 1 or re.match(r"ValueError: .*" + TOLD[fault], said, re.DOTALL), (
                    said
                )
                job.check(folder, last)
                assert job.do(folder) == expected, "the repeated job came to another end"
                there = set(os.listdir(folder / "fault" if kind == "cache" else folder))
                assert there == job.names, f"left behind: {sorted(there ^ job.names)}"
            except Exception as error:
                failures.append(f"{k}: {type(error).__name__}: {error}")
            finally:
                if os.path.ismount(folder):
                    subprocess.run(["umount", str(folder)], check=True)
    return {
        "tried": n,
        "survived": n - len(failures),
        "cut short": cut_short,
        "seconds": round(about["seconds"], 3),
        "failures": failures,
    }


if __name__ == "__main__":
    print(json.dumps(attempts(*sys.argv[1:3], *map(int, sys.argv[3:5]))))
