"""``gsae-ref info``: versions of Python and of the libraries, processors, threads."""

import argparse
from typing import Any

from .. import ops
from ..files import write_json
from ..versions import show_versions, versions
from .options import add_json


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "info", help="print versions, what is installed, and the BLAS in use"
    )
    command.add_argument(
        "--warm-up",
        action="store_true",
        help="compile all kernels now and store them on disk, so that no later call waits",
    )
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for every library; with --warm-up also one for every kernel."""
    if arguments.json:
        write_json(versions(), arguments.json)
    show_versions()
    if arguments.warm_up:
        print("compiling the kernels, which are stored on disk", flush=True)
        total = ops.warm_up(_print_seconds)
        _print_seconds("all", total)
    return 0


def _print_seconds(name: str, seconds: float) -> None:
    print(f"  {name:28} {seconds:6.1f} s", flush=True)
