"""The command line: parse, call, print; no mathematics.

A file for each command: ``add(commands)`` adds it to the parser, ``run(arguments)`` runs it and
returns the exit status. May import report, experiments, verification, estimators, datasets,
training, claims, checks, files.
"""

import argparse
import difflib
import os
import re
import sys
from typing import NoReturn

from .._version import __version__
from ..ops import DivergenceError
from . import (
    certifying,
    checking,
    claiming,
    encoding,
    fitting,
    information,
    reporting,
    reproducing,
    verifying,
)
from .options import FaultInFile, with_option_names

__all__ = ["main"]

FIRST_STEPS = """\
Start with: gsae-ref verify --quick        every verdict with its evidence, in about a minute
then:
  gsae-ref verify --only T21-prop2 --explain
                                   one statement in full, its counterexample in fractions
  gsae-ref report --quick --out report
                                   the same verdicts as a page: open report/report.html
  gsae-ref reproduce               list the figures and tables that can be computed again
  gsae-ref claim --help            a claim of your own: its worst instance, an exact counterexample
  gsae-ref check --help            which theorems apply to a dictionary of your own

Run a command with --help for its options.
Exit status: 0 good, 1 a checked claim fails, 2 usage or bad input.
Completion in bash: pip install shtab, then
  eval "$(shtab --shell=bash --prog=gsae-ref gsae_ref.cli._parser)"
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; None: those of the process.

    Returns
    -------
    status : int
        0 good, 1 a checked claim fails, 2 usage or bad input, 130 interrupted.
    """
    _prepare_streams()
    words = sys.argv[1:] if argv is None else argv
    parser = _parser(reproducing.named_experiment(words))
    arguments = parser.parse_args(words)
    try:
        if arguments.command is None:
            parser.print_help()
        status = 2 if arguments.command is None else int(arguments.run(arguments))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader (head, less) has gone: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except FaultInFile as error:
        return _refuse(arguments, str(error))
    except (ValueError, TypeError, ImportError, OSError, DivergenceError) as error:
        return _refuse(arguments, with_option_names(str(error), arguments))
    except (MemoryError, OverflowError) as error:
        reason = str(error) or "not enough memory"
        return _refuse(arguments, f"{reason}; sizes must fit in memory; choose smaller ones")
    except KeyboardInterrupt:
        print("gsae-ref: interrupted", file=sys.stderr)
        return 130


def _prepare_streams() -> None:
    """Discard what is printed to a closed stream (``>&-``); print ? for what its encoding lacks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif getattr(stream, "errors", "") == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _refuse(arguments: argparse.Namespace, reason: str) -> int:
    """Print why a command cannot run, in one line, and return its exit status."""
    print(f"gsae-ref {arguments.command}: {' '.join(reason.split())}", file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    """Names the nearest choice where one is misspelt."""

    def error(self, message: str) -> NoReturn:
        found = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        choices = re.findall(r"[\w-]+", found[2]) if found else []
        near = difflib.get_close_matches(found[1], choices, 1) if found else []
        super().error(f"{message}; did you mean {near[0]}?" if near else message)


def _parser(experiment: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of one experiment."""
    parser = _Parser(
        prog="gsae-ref",
        description="Group-sparse autoencoders: every statement of the papers, checked.",
        epilog=FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gsae_ref {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands")
    verifying.add(commands)
    reporting.add(commands)
    claiming.add(commands)
    certifying.add(commands)
    checking.add(commands)
    reproducing.add(commands, experiment)
    fitting.add(commands)
    encoding.add(commands)
    information.add(commands)
    return parser
