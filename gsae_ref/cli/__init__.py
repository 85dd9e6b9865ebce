"""The command line: parse, call, print; no mathematics. May import experiments, verification, estimators, datasets, training, checks, files.

A file for each command: ``add(commands)`` adds it to the parser, ``run(arguments)`` does it and returns the exit status.
"""

import argparse
import os
import sys

from .. import __version__
from . import checking, fitting, information, reproducing, verifying

__all__ = ["main"]


def main(argv=None):
    """Run the command line and return its exit status: 0 good, 1 a checked claim fails, 2 usage or bad input.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; None: those of the process.

    Returns
    -------
    status : int
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        if arguments.command is None:
            parser.print_help()
        status = 2 if arguments.command is None else arguments.run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader (head, less) has gone: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, TypeError, ImportError, OSError) as error:
        message = " ".join(str(error).split())
        print(f"gsae-ref {arguments.command}: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gsae-ref: interrupted", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="gsae-ref", description="Group-sparse autoencoders: every statement of the papers, checked.",
        epilog="Start with: gsae-ref verify --quick",
    )
    parser.add_argument("--version", action="version", version=f"gsae_ref {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands")

    for module in (verifying, checking, reproducing, fitting, information):
        module.add(commands)
    return parser
