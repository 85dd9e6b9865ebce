"""``gsae-ref fit``: learn a dictionary from a file of samples, which is never read whole."""

from __future__ import annotations

import argparse
import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from .. import checks, training
from ..arrays import Array
from ..checks.blockwise import rows
from ..files import write_json
from ..training.constraints import CONSTRAINTS
from ..training.models import NETWORK, Model, write_model
from ..training.optimizers import OPTIMIZERS
from ..training.starts import STARTS, starting_dictionary
from .arrays import load_array
from .options import add_json, add_seed, file_name, with_option_names
from .paths import require_different, require_suffix, require_writable
from .printing import paint


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "fit",
        help="learn a dictionary of groups from your own samples",
        description=(
            "Train a group-sparse autoencoder on the rows of an array and write its dictionary."
        ),
        epilog="example: gsae-ref fit Y.npy --n-groups 10 --group-size 4 --lam 1 --out model.npz",
    )
    _add_problem(command)
    _add_training(command)
    _add_unfolding(command)
    _add_checkpoints(command)
    add_json(command)
    add_seed(command)
    command.set_defaults(run=run)


def _add_problem(command: argparse.ArgumentParser) -> None:
    """Add the samples, the sizes and the model's file."""
    command.add_argument(
        "data",
        metavar="Y.npy",
        help=(
            "array (n_samples, n_features): .npy, read batch by batch, so it may exceed memory; or "
            ".npz, .mat (FILE:NAME if it has several arrays), .csv, .txt"
        ),
    )
    command.add_argument("--n-groups", type=int, required=True, metavar="G", help="groups of atoms")
    command.add_argument(
        "--group-size", type=int, required=True, metavar="d", help="atoms in each group"
    )
    command.add_argument(
        "--lam",
        type=float,
        required=True,
        metavar="L",
        help=(
            "threshold: a group is active where its norm exceeds it "
            "(with --n-unfold above 1: the penalty of gs.unfolded_encode)"
        ),
    )
    command.add_argument(
        "--out",
        required=True,
        type=file_name,
        metavar="MODEL.npz",
        help="file for the dictionary, read by gsae-ref encode",
    )


def _add_training(command: argparse.ArgumentParser) -> None:
    """Add the options of the optimisation."""
    command.add_argument(
        "--epochs", type=int, default=50, metavar="E", help="passes over the data (default 50)"
    )
    command.add_argument(
        "--batch-size",
        type=int,
        default=128,
        metavar="B",
        help="samples in a mini-batch (default 128)",
    )
    command.add_argument(
        "--step-size", type=float, default=1e-3, metavar="s", help="learning rate (default 0.001)"
    )
    command.add_argument(
        "--optimizer", default="adam", choices=OPTIMIZERS, help="update rule (default adam)"
    )
    command.add_argument(
        "--constraint",
        default="columns",
        choices=CONSTRAINTS,
        help="after every step: columns of norm 1 (default), orthonormal groups, or none",
    )
    command.add_argument(
        "--published",
        dest="tangent",
        action="store_false",
        help="use the unprojected gradient, as published (biased when combined with Adam)",
    )
    command.add_argument(
        "--init",
        default="samples",
        metavar="WHERE",
        help=(
            f"where training starts: {', '.join(STARTS)} (default samples), "
            "or a file A.npy (n_features, n_atoms)"
        ),
    )


def _add_unfolding(command: argparse.ArgumentParser) -> None:
    """Add the options of an unfolded network."""
    unfolded = command.add_argument_group(
        "unfolded network",
        "--unfold-step, --nonnegative, --l1 and --no-acceleration require --n-unfold above 1.",
    )
    unfolded.add_argument(
        "--n-unfold",
        type=int,
        default=1,
        metavar="K",
        help="iterations of the encoder (default 1: the shallow network)",
    )
    unfolded.add_argument(
        "--unfold-step",
        type=float,
        metavar="a",
        help="step size of the iterations (default 1 / ||A||_2^2)",
    )
    unfolded.add_argument("--nonnegative", action="store_true", help="codes are >= 0")
    unfolded.add_argument(
        "--l1",
        type=float,
        default=0.0,
        metavar="p",
        help="penalty on single entries (default 0)",
    )
    unfolded.add_argument(
        "--no-acceleration", dest="accelerated", action="store_false", help="ISTA in place of FISTA"
    )


def _add_checkpoints(command: argparse.ArgumentParser) -> None:
    """Add the options that save and continue a run."""
    command.add_argument(
        "--checkpoint",
        type=file_name,
        metavar="FILE",
        help="save the state of the run here, every --checkpoint-every epochs",
    )
    command.add_argument(
        "--checkpoint-every",
        type=int,
        default=1,
        metavar="E",
        help="epochs between two saved states (default 1)",
    )
    command.add_argument(
        "--resume",
        action="store_true",
        help="continue from the checkpoint if there is one, bit for bit",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, write the model, and print its loss; 130 if interrupted."""
    _refuse_contradictions(arguments)
    Y = load_array(arguments.data, memory_mapped=True)
    result = _train(arguments, _start(arguments, Y), Y)
    model = Model(result.x, arguments.lam, _network_options(arguments))
    write_model(arguments.out, model)
    active = _active_groups(model, Y)
    if arguments.json:
        report = {
            "epochs": result.nit,
            "loss": result.fun,
            "active_groups": active,
            "message": result.message,
            "history": result.history,
        }
        write_json(report, arguments.json)
    print(
        f"{paint(arguments.out, 'bold')}: loss {result.fun:.6g} after "
        f"{checks.counted(result.nit, 'epoch')}, "
        f"{active:.3g} of {arguments.n_groups} groups active per sample"
    )
    if result.status != 2:
        return 0
    remedy = "use --checkpoint FILE to be able to continue"
    if arguments.checkpoint:
        remedy = "the same command with --resume continues"
    print(f"gsae-ref fit: interrupted; {remedy}", file=sys.stderr)
    return 130


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    """Refuse options that exclude each other, and files that cannot be written."""
    if arguments.resume and not arguments.checkpoint:
        raise ValueError(
            "--resume without --checkpoint; a run continues from a checkpoint; "
            "add --checkpoint FILE"
        )
    if arguments.n_unfold == 1 and not arguments.accelerated:
        raise ValueError(
            "--no-acceleration with --n-unfold 1; a single iteration has no acceleration; "
            "drop it or raise --n-unfold"
        )
    written = {
        "--out": arguments.out,
        "--checkpoint": arguments.checkpoint,
        "--json": arguments.json,
    }
    start = None if arguments.init in STARTS else arguments.init
    require_different(written, {"the data": arguments.data, "--init": start})
    require_suffix(arguments.out, ".npz")
    require_writable(written.values())


def _start(arguments: argparse.Namespace, Y: Array) -> Array:
    """The dictionary that training starts from."""
    n_groups = arguments.n_groups
    if arguments.init in STARTS:
        seed = checks.count("--seed", arguments.seed, 0)
        return starting_dictionary(Y, n_groups, arguments.group_size, arguments.init, seed)
    A = load_array(arguments.init)
    transposed = len(A.shape) == 2 and A.shape[0] == n_groups * arguments.group_size
    if A.ndim == 2 and A.shape[1] != n_groups * arguments.group_size:
        raise ValueError(
            f"{arguments.init} has {A.shape[1]} atoms; "
            f"--n-groups times --group-size is {n_groups * arguments.group_size}; "
            "the two must agree" + ("; atoms are columns: is it transposed?" if transposed else "")
        )
    return A


def _network_options(arguments: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in NETWORK}


def _train(arguments: argparse.Namespace, A: Array, Y: Array) -> Any:
    """Train and return the result; each warning is printed as one line."""
    with _one_line_warnings(arguments):
        return training.train(
            A,
            Y,
            arguments.lam,
            n_epochs=arguments.epochs,
            batch_size=arguments.batch_size,
            step_size=arguments.step_size,
            optimizer=arguments.optimizer,
            constraint=arguments.constraint,
            tangent=arguments.tangent,
            measure=False,
            rng=arguments.seed,
            progress=sys.stderr.isatty(),
            checkpoint=arguments.checkpoint,
            checkpoint_every=arguments.checkpoint_every,
            resume=arguments.resume,
            **_network_options(arguments),
        )


def _active_groups(model: Model, Y: Array) -> float:
    """Mean number of active groups of a sample."""
    network = model.network
    counts = (int(network.active(model.A, block, model.lam).sum()) for block in rows(Y))
    return sum(counts) / len(Y)


@contextlib.contextmanager
def _one_line_warnings(arguments: argparse.Namespace) -> Iterator[None]:
    """Print a warning as one line, in the names of the options."""

    def show(message: Any, *_: Any, **__: Any) -> None:
        text = with_option_names(str(message), arguments)
        print(f"gsae-ref fit: warning: {text}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", RuntimeWarning)
        warnings.showwarning = show
        yield
