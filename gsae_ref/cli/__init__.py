"""The command line: parse, call, print; no mathematics. May import report, experiments, verification, estimators, datasets, training, checks, files.

A file for each command: ``add(commands)`` adds it to the parser, ``run(arguments)`` does it and
returns the exit status.
"""

import argparse
import os
import sys

from .._version import __version__
from ..ops import DivergenceError
from . import checking, fitting, information, reporting, reproducing, verifying

__all__ = ["main"]

FIRST_STEPS = """\
Start with: gsae-ref verify --quick        every verdict with its evidence, in about a minute
then:
  gsae-ref verify --only T21-prop2 --explain    one statement in full, with its counterexample in fractions
  gsae-ref report --quick --out report          the same verdicts as a page: open report/report.html
  gsae-ref reproduce                            which figures and tables can be made again
  gsae-ref check --help                         what the theory says of a dictionary of your own

A command with --help says what it takes. Exit status: 0 good, 1 a checked claim fails, 2 usage or bad input.
Completion in bash: pip install shtab, then eval "$(shtab --shell=bash --prog=gsae-ref gsae_ref.cli._parser)"
"""


def main(argv: list[str] | None = None) -> int:
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
    except (ValueError, TypeError, ImportError, OSError, DivergenceError) as error:
        message = " ".join(str(error).split())
        print(f"gsae-ref {arguments.command}: {message}", file=sys.stderr)
        return 2
    except (MemoryError, OverflowError) as error:
        reason = " ".join(str(error).split()) or "not enough memory"
        print(
            f"gsae-ref {arguments.command}: {reason}; sizes must fit in memory; choose smaller ones",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("gsae-ref: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gsae-ref",
        description="Group-sparse autoencoders: every statement of the papers, checked.",
        epilog=FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gsae_ref {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands")

    for module in (verifying, reporting, checking, reproducing, fitting, information):
        module.add(commands)
    return parser
