"""``gsae-ref encode``: write the codes of samples, block by block."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from .. import checks
from ..arrays import Array, IntArray
from ..checks.blockwise import rows
from ..files import atomically, write_json
from ..ops.unfolding import long_step, relative_step
from ..training.blocks import samples_that_fit
from ..training.models import Model, SparseModel, read_model
from .arrays import load_array
from .options import add_json, file_name
from .paths import require_different, require_suffix, require_writable
from .printing import paint


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "encode",
        help="write the codes of samples under a dictionary learned by gsae-ref fit",
        description="Encode the rows of an array, block by block, with a fitted model.",
        epilog="example: gsae-ref encode model.npz Y.npy --out codes.npy",
    )
    command.add_argument(
        "model", metavar="MODEL.npz", help="file written by gsae-ref fit, or by an estimator's save"
    )
    command.add_argument(
        "data", metavar="Y.npy", help="array (n_samples, n_features), as fit reads"
    )
    command.add_argument(
        "--out",
        required=True,
        type=file_name,
        metavar="CODES.npy",
        help="file for the codes (n_samples, n_atoms)",
    )
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the codes and print how many groups are active."""
    written = {"--out": arguments.out, "--json": arguments.json}
    require_different(written, {"the model": arguments.model, "the data": arguments.data})
    require_suffix(arguments.out, ".npy")
    require_writable(written.values())
    model = read_model(arguments.model)
    Y = samples_that_fit(load_array(arguments.data, memory_mapped=True), model.A)
    _report_long_step(model)
    active = write_codes(arguments.out, model, Y)
    share = active / len(Y)
    if arguments.json:
        result = {
            "n_samples": len(Y),
            "active_groups": active.sum() / len(Y),
            "share_of_samples": share,
        }
        write_json(result, arguments.json)
    print(
        f"{paint(arguments.out, 'bold')}: codes of "
        f"{checks.counted(len(Y), 'sample')}, {active.sum() / len(Y):.3g} of {model.n_groups} "
        f"{'atoms' if isinstance(model, SparseModel) else 'groups'} active per sample"
    )
    return 0


def _report_long_step(model: Model | SparseModel) -> None:
    """Print a warning if the steps of the model's unfolded network are too long."""
    if isinstance(model, SparseModel) or model.options["unfold_step"] is None:
        return
    step = model.options["unfold_step"]
    accelerated = model.options["accelerated"]
    message = long_step(relative_step(model.A, step), accelerated, "--unfold-step")
    if message:
        print(f"gsae-ref encode: warning: of the model, {message}", file=sys.stderr)


def write_codes(path: str, model: Model | SparseModel, Y: Array) -> IntArray:
    """Write the codes of samples (n_samples, n_features) as a .npy file.

    The file is written, not mapped: a full disk would end a process that maps it without a
    message.

    Returns
    -------
    active : ndarray of shape (n_groups,)
        In how many samples each group is active.
    """
    dtype = np.result_type(model.A, checks.array("Y", Y[:1]))
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": (len(Y), model.A.shape[1]),
    }
    active = np.zeros(model.n_groups, dtype=np.int64)
    with atomically(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for block in rows(Y):
            codes = np.ascontiguousarray(model.encode(block), dtype)
            file.write(codes.data)
            active += codes.reshape(len(codes), model.n_groups, -1).any(axis=2).sum(axis=0)
    return active
