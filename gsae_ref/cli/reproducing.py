"""``gsae-ref reproduce``: compute a figure or table of the papers, compare it claim by claim."""

import argparse
import inspect
import os
import sys
from collections.abc import Sequence
from typing import Any

from .. import checks, experiments
from ..experiments.common.cache import ResultCache
from ..experiments.common.publishing import publish
from ..experiments.common.study import Study
from ..files import write_json
from .options import add_json, add_seed, file_name
from .paths import require_writable
from .printing import paint, wrap

COLOURS = {True: "green", False: "red", None: "bold"}


def named_experiment(words: Sequence[str]) -> str | None:
    """The experiment that a command line names, or None.

    >>> named_experiment(["reproduce", "t21-figure-4", "--quick"])
    't21-figure-4'
    >>> named_experiment(["verify", "--quick"])
    """
    named = [word for word in words[1:] if word in experiments.EXPERIMENTS]
    return named[0] if named and words[0] == "reproduce" else None


def add(commands: Any, experiment: str | None = None) -> None:
    """Add the command to the parser, with a sub-command for every experiment.

    Only the experiment that is named is imported, for its own options.
    """
    command = commands.add_parser(
        "reproduce",
        help="compute a figure or table of the papers, and compare it claim by claim",
        description=(
            "Compute a figure or table of the papers and write pictures (PNG, SVG), numbers "
            "(JSON) and a report that compares them with the paper's claims. Finished results "
            "are stored: an interrupted command, given again, resumes."
        ),
        epilog=(
            "Without a name, list the figures and tables. "
            "Example: gsae-ref reproduce t21-figure-4 --quick"
        ),
    )
    command.set_defaults(run=_list)
    names = command.add_subparsers(
        dest="experiment",
        metavar="NAME",
        title="figures and tables",
        help=", ".join(experiments.EXPERIMENTS),
    )
    for name in experiments.EXPERIMENTS:
        own = [_own_options(name)] if name == experiment else []
        _add_files(names.add_parser(name, parents=own))


def _own_options(name: str) -> argparse.ArgumentParser:
    """A parser with the options that one experiment's ``compute`` takes."""
    parser = argparse.ArgumentParser(add_help=False)
    module = experiments.load(name)
    parameters = inspect.signature(module.compute).parameters
    if "quick" in parameters:
        parser.add_argument(
            "--quick", action="store_true", help="a reduced size that takes under a minute"
        )
    if "seed" in parameters:
        add_seed(parser)
    if "n_seeds" in parameters:
        parser.add_argument(
            "--seeds",
            type=int,
            default=1,
            dest="n_seeds",
            metavar="K",
            help="repeat for K seeds, from --seed on; report mean and spread (default 1)",
        )
    if hasattr(module, "add_options"):
        module.add_options(parser)
    return parser


def _add_files(command: argparse.ArgumentParser) -> None:
    """Add the options that every experiment has: where files go."""
    command.add_argument(
        "--out",
        type=file_name,
        metavar="DIR",
        help=(
            "folder for pictures, numbers and report; results found there are not computed again "
            "(default reproduced/NAME, with --quick reproduced/NAME-quick)"
        ),
    )
    add_json(command)
    command.set_defaults(run=run)


def _list(arguments: argparse.Namespace) -> int:
    for name in experiments.EXPERIMENTS:
        print(f"{name:26} {experiments.load(name).TITLE}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Compute, write pictures and report, and print the outcome of every claim."""
    name = arguments.experiment
    module = experiments.load(name)
    own = vars(_own_options(name).parse_args([]))
    options = {option: getattr(arguments, option) for option in own}
    checks.count("--seeds", options.get("n_seeds", 1))
    checks.count("--seed", options.get("seed", 0), 0)
    require_writable([arguments.json])
    suffix = "-quick" if options.get("quick") else ""
    folder = arguments.out or os.path.join("reproduced", name + suffix)
    cache = ResultCache(os.path.join(folder, "cache"), progress=True)
    try:
        study = module.compute(cache, **options)
    except KeyboardInterrupt:
        message = f"interrupted; the same command continues from {folder}"
        print(f"gsae-ref reproduce {name}: {message}", file=sys.stderr)
        return 130
    if arguments.json:
        write_json(study.to_dict(), arguments.json)
    command = _command(name, {k: v for k, v in options.items() if v != own[k]})
    report = publish(study, module.FIGURES, folder, cache.seconds, command)[0]
    _print_claims(study)
    print(f"report: {report}")
    return 0


def _command(name: str, options: dict[str, Any]) -> str:
    """The command line with these options.

    >>> _command("t21-figure-3", {"quick": True, "n_seeds": 2, "start": ["a", "b"]})
    'gsae-ref reproduce t21-figure-3 --quick --seeds 2 --start a b'
    """
    words = ["gsae-ref", "reproduce", name]
    for option, value in options.items():
        words.append("--seeds" if option == "n_seeds" else f"--{option.replace('_', '-')}")
        values = value if isinstance(value, list) else [value]
        words += [] if value is True else map(str, values)
    return " ".join(words)


def _print_claims(study: Study) -> None:
    """Print every claim with its outcome and its measurement."""
    print(paint(study.title, "bold"))
    for claim in study.claims:
        print(f"  {claim.source}: {paint(claim.outcome, COLOURS[claim.holds])}")
        print(wrap(claim.text, "    "))
        print(wrap(f"=> {claim.measured}", "    "))
