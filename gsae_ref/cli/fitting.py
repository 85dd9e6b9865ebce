"""``gsae-ref fit`` and ``gsae-ref encode``: learn a dictionary from a file of samples, and write codes with it. Neither holds the file."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks, training
from ..files import atomically, check_writable, read_arrays, write_arrays, write_json
from ..training.blocks import rows, samples_that_fit
from ..training.dictionary import network
from ..training.starts import STARTS, starting_dictionary
from .printing import common, different_files, file_name, load_array, paint

if TYPE_CHECKING:
    from ..training.dictionary import Network

NETWORK = {
    "group_size": int,
    "n_unfold": int,
    "unfold_step": float,
    "accelerated": bool,
    "nonnegative": bool,
    "l1": float,
}


def add(commands: Any) -> None:
    """Add both commands to the parser."""
    command = commands.add_parser(
        "fit",
        help="learn a dictionary of groups from your own samples",
        description="Train a group-sparse autoencoder on the rows of an array, and write its dictionary.",
        epilog="example: gsae-ref fit Y.npy --n-groups 10 --group-size 4 --lam 1 --out model.npz",
    )
    command.add_argument(
        "data",
        metavar="DATA.npy",
        help="array (n_samples, n_features); read batch by batch, so it may exceed memory",
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
        help="a group is active where its norm exceeds this threshold (with --n-unfold: the penalty of gs.unfolded_encode)",
    )
    command.add_argument(
        "--out",
        required=True,
        type=file_name,
        metavar="MODEL.npz",
        help="file for the dictionary, read by gsae-ref encode",
    )
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
        "--optimizer", default="adam", metavar="O", help='"adam" (default) or "gradient_descent"'
    )
    command.add_argument(
        "--constraint",
        default="columns",
        metavar="C",
        help='after every step: "columns" of norm 1 (default), orthonormal "groups", "none"',
    )
    command.add_argument(
        "--published",
        dest="tangent",
        action="store_false",
        help="do not remove the part of the gradient that only breaks "
        "the constraint: as published, and biased with Adam (see help(gsae_ref.train))",
    )
    command.add_argument(
        "--init",
        default="samples",
        metavar="WHERE",
        help=f"where training starts: {', '.join(STARTS)} (default samples), or a file A.npy (n_features, n_atoms)",
    )
    command.add_argument(
        "--n-unfold",
        type=int,
        default=1,
        metavar="K",
        help="steps of the encoder (default 1: the shallow network; "
        "the options below to --no-acceleration need more)",
    )
    command.add_argument(
        "--unfold-step", type=float, metavar="a", help="size of these steps (default 1 / ||A||_2^2)"
    )
    command.add_argument(
        "--nonnegative", action="store_true", help="codes of the unfolded encoder are >= 0"
    )
    command.add_argument(
        "--l1",
        type=float,
        default=0.0,
        metavar="p",
        help="penalty of the unfolded encoder on single entries",
    )
    command.add_argument(
        "--no-acceleration", dest="accelerated", action="store_false", help="ISTA in place of FISTA"
    )
    command.add_argument(
        "--checkpoint",
        type=file_name,
        metavar="FILE",
        help="keep the state of the run here, every --checkpoint-every epochs",
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
    common(command)
    command.set_defaults(run=fit)

    command = commands.add_parser(
        "encode",
        help="write the codes of samples under a dictionary learned by gsae-ref fit",
        description="Encode the rows of an array, block by block, with the dictionary and the settings of a fitted model.",
        epilog="example: gsae-ref encode model.npz Y.npy --out codes.npy",
    )
    command.add_argument("model", metavar="MODEL.npz", help="what gsae-ref fit has written")
    command.add_argument("data", metavar="DATA.npy", help="array (n_samples, n_features)")
    command.add_argument(
        "--out",
        required=True,
        type=file_name,
        metavar="CODES.npy",
        help="file for the codes (n_samples, n_atoms)",
    )
    common(command)
    command.set_defaults(run=encode)


def fit(arguments: argparse.Namespace) -> int:
    """Train, write the model, and say how it went."""
    if arguments.resume and not arguments.checkpoint:
        raise ValueError(
            "--resume without --checkpoint; the state to continue from is in a checkpoint; name its file"
        )
    written = {
        "--out": arguments.out,
        "--checkpoint": arguments.checkpoint,
        "--json": arguments.json,
    }
    different_files(
        written,
        {
            "the data": arguments.data,
            "--init": None if arguments.init in STARTS else arguments.init,
        },
    )
    for path in filter(None, written.values()):
        check_writable(path)  # told now, not after the run
    Y = load_array(arguments.data, memory_mapped=True)
    options = {name: getattr(arguments, name) for name in NETWORK}
    if arguments.init in STARTS:
        A = starting_dictionary(
            Y,
            arguments.n_groups,
            arguments.group_size,
            arguments.init,
            checks.count("--seed", arguments.seed, 0),
        )
    else:
        A = load_array(arguments.init)
        if A.ndim == 2 and A.shape[1] != arguments.n_groups * arguments.group_size:
            raise ValueError(
                f"{arguments.init} has {A.shape[1]} atoms; --n-groups times --group-size must be as many; change one of them"
            )
    try:
        with _warnings_in_a_line():
            result = training.train(
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
                **options,
            )
    except training.DivergenceError as error:
        raise ValueError(str(error)) from error
    stored = {name: np.nan if value is None else value for name, value in options.items()}
    write_arrays(arguments.out, {"A": result.x, "lam": arguments.lam, **stored})
    model = {"A": result.x, "lam": arguments.lam, **options}
    active = sum(
        int(_network(model).active(result.x, block, arguments.lam).sum()) for block in rows(Y)
    ) / len(Y)
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
        f"{paint(arguments.out, 'bold')}: loss {result.fun:.6g} after {result.nit} epochs, "
        f"{active:.3g} of {arguments.n_groups} groups active per sample"
    )
    if not active:
        print(
            paint(
                "no group is active for any sample, so nothing was learned; lower --lam",
                "red",
                sys.stderr,
            ),
            file=sys.stderr,
        )
    if result.status == 2:
        more = (
            "the same command with --resume continues"
            if arguments.checkpoint
            else "with --checkpoint FILE it could be continued"
        )
        print(f"gsae-ref fit: interrupted; {more}", file=sys.stderr)
        return 130
    return 0


def encode(arguments: argparse.Namespace) -> int:
    """Write the codes block by block."""
    different_files(
        {"--out": arguments.out, "--json": arguments.json},
        {"the model": arguments.model, "the data": arguments.data},
    )
    check_writable(arguments.out)
    if arguments.json:
        check_writable(arguments.json)
    model = _load_model(arguments.model)
    A = model["A"]
    n_groups = model["A"].shape[1] // model["group_size"]
    Y = samples_that_fit(load_array(arguments.data, memory_mapped=True), A)
    net = _network(model)
    active = np.zeros(n_groups, dtype=np.int64)
    dtype = np.result_type(A, checks.array("Y", Y[:1]))
    with (
        atomically(arguments.out) as temporary,
        open(temporary, "wb") as file,
    ):  # not mapped: a full disk would end the process without a word
        shape = (len(Y), A.shape[1])
        np.lib.format.write_array_header_1_0(
            file,
            {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape},
        )
        for block in rows(Y):
            codes = np.ascontiguousarray(net.encode(A, block, model["lam"]), dtype)
            file.write(codes.data)
            active += codes.reshape(len(codes), n_groups, -1).any(axis=2).sum(axis=0)
    if arguments.json:
        write_json(
            {
                "n_samples": len(Y),
                "active_groups": active.sum() / len(Y),
                "share_of_samples": active / len(Y),
            },
            arguments.json,
        )
    print(
        f"{paint(arguments.out, 'bold')}: codes of {len(Y)} samples, {active.sum() / len(Y):.3g} of {n_groups} groups active per sample"
    )
    return 0


@contextlib.contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print a warning as one line, without the line of code it is from."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", RuntimeWarning)
        warnings.showwarning = lambda message, *_, **__: print(
            f"gsae-ref fit: warning: {message}", file=sys.stderr
        )
        yield


def _network(model: dict[str, Any]) -> Network:
    return network(**{name: model[name] for name in NETWORK})


def _load_model(path: str) -> dict[str, Any]:
    """What fit has written, each number of its own type again."""
    if not os.path.exists(path):
        raise ValueError(
            f"{path} does not exist; the first argument is a model; write one with gsae-ref fit"
        )
    held = read_arrays(path)
    missing = {"A", "lam", *NETWORK} - set(held)
    if missing:
        raise ValueError(
            f"{path} has no {min(missing)}, so it is not a model; write one with gsae-ref fit"
        )
    try:
        model = {name: kind(held[name]) for name, kind in NETWORK.items()}
        lam = float(held["lam"])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} holds something other than numbers ({error}), so it is not a model; write one with gsae-ref fit"
        ) from error
    if np.isnan(model["unfold_step"]):
        model["unfold_step"] = None
    return {"A": checks.dictionary("A", held["A"], model["group_size"]), "lam": lam, **model}
