"""Options that several commands share, and their names in messages."""

from __future__ import annotations

import argparse
import re

MOST_PROCESSES = 4096
PAPERS = ("all", "T21", "N19", "L23", "own")
RENAMED = {  # arguments of functions whose option has another name
    "A_star": "--a-star",
    "a_1": "--b-min",
    "a_2": "--b-max",
    "accelerated": "--no-acceleration",
    "n_epochs": "--epochs",
    "n_seeds": "--seeds",
    "papers": "--paper",
    "rng": "--seed",
    "tangent": "--published",
}
NEGATED = ("accelerated", "tangent")  # their options say the opposite


def add_json(command: argparse.ArgumentParser) -> None:
    """Add --json."""
    command.add_argument(
        "--json",
        type=file_name,
        metavar="FILE",
        help="also write the full result to a file, as JSON",
    )


def add_seed(command: argparse.ArgumentParser) -> None:
    """Add --seed, for commands that draw random numbers."""
    command.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of all random numbers (default 0)"
    )


def add_verification(command: argparse.ArgumentParser) -> None:
    """Add the options of a run of the ledger: --paper, --quick, --n-jobs."""
    command.add_argument(
        "--paper",
        default="all",
        choices=PAPERS,
        help='statements of one paper, or of "own", this project\'s theorems (default all)',
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="fewer instances and a shorter search: about a minute in place of several",
    )
    command.add_argument(
        "--n-jobs",
        type=int,
        metavar="N",
        help="processes (default 1); -1 for all cores; the numbers do not depend on it",
    )


def n_jobs(arguments: argparse.Namespace) -> int:
    """Return the number of processes; refuse one that no machine has."""
    number = 1 if arguments.n_jobs is None else int(arguments.n_jobs)
    if number > MOST_PROCESSES:
        raise ValueError(
            f"--n-jobs {number} asks for too many processes; at most {MOST_PROCESSES} are started; "
            "use -1 for all cores"
        )
    return number


def file_name(text: str) -> str:
    """Return the name of a file or folder; an empty one would pass for an option left out."""
    if not text:
        raise argparse.ArgumentTypeError(
            "the name is empty; a file or folder needs one; give a name or drop the option"
        )
    return text


class FaultInFile(ValueError):
    """A fault of a file that the user wrote; the names in its message are those of the file."""


def with_option_names(message: str, arguments: argparse.Namespace) -> str:
    """Replace the arguments of functions in a message by the options of the command.

    A name that is also an English word is replaced only where a value follows it. A part of a path
    is left as it is.

    >>> given = argparse.Namespace(n_active=5, only=["x"])
    >>> with_option_names("n_active = 5 in only; see a/n_active; lower n_active", given)
    '--n-active = 5 in only; see a/n_active; lower --n-active'
    >>> with_option_names("tangent = False here, True there; or resume=False", given)
    '--published = True here, False there; or leave out --resume'
    """
    message = message.replace("resume=False", "leave out --resume")
    for name in NEGATED:
        message = re.sub(
            rf"\b{name} = (\w+) here, (\w+) there", rf"{name} = \2 here, \1 there", message
        )
    options = {name: f"--{name.replace('_', '-')}" for name in vars(arguments)} | RENAMED
    for name, option in options.items():
        follows = "" if re.search(r"[_\d]", name) else r"(?=\s?=)"
        message = re.sub(rf"(?<![\w./\\'\"-]){name}(?![\w./\\'\"-]){follows}", option, message)
    return message
