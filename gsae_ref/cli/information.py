"""``gsae-ref info``: versions, and what is installed."""

import argparse
from typing import Any

from .. import ops
from ..files import write_json
from ..versions import show_versions, versions
from .printing import common


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "info", help="print versions, what is installed, and how arrays are multiplied"
    )
    command.add_argument(
        "--warm-up",
        action="store_true",
        help="compile every kernel now, so that no later call waits for it",
    )
    common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for every library."""
    if arguments.json:
        write_json(versions(), arguments.json)
    show_versions()
    if arguments.warm_up:
        print("compiling kernels; the results are kept on disk", flush=True)
        total = ops.warm_up(
            lambda name, seconds: print(f"  {name:28} {seconds:6.1f} s", flush=True)
        )
        print(f"  {'all':28} {total:6.1f} s")
    return 0
