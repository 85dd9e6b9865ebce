"""``gsae-ref reproduce``: compute a figure or table of the papers, and compare it claim by claim."""

import argparse
import inspect
import os
import sys
from typing import Any

from .. import checks, experiments
from ..experiments.common.cache import ResultCache
from ..experiments.common.publishing import publish
from ..experiments.common.study import Study
from ..files import check_writable, write_json
from .printing import file_name, paint, wrapped

COLOURS = {True: "green", False: "red", None: "bold"}
NOT_OF_COMPUTE = ("command", "experiment", "run", "json", "out")


class _Experiment(argparse.ArgumentParser):
    """The options of one experiment, which is imported only when it is asked for."""

    experiment: str | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As every parser; the experiment's own options are added first."""
        if self.experiment is not None:
            module = experiments.load(self.experiment)
            _add_common_options(module.compute, self)
            getattr(module, "add_options", lambda parser: None)(self)
            self.experiment = None
        return super().parse_known_args(args, namespace)


def add(commands: Any) -> None:
    """Add the command to the parser, with one sub-command for every experiment."""
    command = commands.add_parser(
        "reproduce",
        help="compute a figure or table of the papers, and compare it claim by claim",
        description="Compute a figure or table of the papers and write pictures (PNG, SVG), "
        "numbers (JSON) and a report that compares them with the paper's claims. Finished results "
        "are stored: an interrupted command, given again, resumes.",
        epilog="Without a name, list the figures and tables. "
        "Example: gsae-ref reproduce t21-figure-4 --quick",
    )
    names = command.add_subparsers(
        dest="experiment",
        metavar="NAME",
        title="figures and tables",
        parser_class=_Experiment,
        help=", ".join(experiments.EXPERIMENTS),
    )
    command.set_defaults(run=_list)
    for name in experiments.EXPERIMENTS:
        one = names.add_parser(name)
        one.experiment = name
        one.set_defaults(run=run)


def _add_common_options(compute: Any, parser: argparse.ArgumentParser) -> None:
    """Where files go; and those of --quick, --seed and --seeds that the experiment has."""
    parameters = inspect.signature(compute).parameters
    if "quick" in parameters:
        parser.add_argument(
            "--quick", action="store_true", help="a reduced size that takes under a minute"
        )
    if "seed" in parameters:
        parser.add_argument(
            "--seed", type=int, default=0, metavar="S", help="the first seed (default 0)"
        )
    if "n_seeds" in parameters:
        parser.add_argument(
            "--seeds",
            type=int,
            default=1,
            dest="n_seeds",
            metavar="K",
            help="repeat for K seeds, from --seed on; report mean and spread (default 1)",
        )
    parser.add_argument(
        "--out",
        type=file_name,
        metavar="DIR",
        help="folder for pictures, numbers and report; results found there are not computed again "
        "(default reproduced/NAME, with --quick reproduced/NAME-quick)",
    )
    parser.add_argument(
        "--json",
        type=file_name,
        metavar="FILE",
        help="also write the full result to a file, as JSON",
    )


def _list(arguments: argparse.Namespace) -> int:
    for name in experiments.EXPERIMENTS:
        print(f"{name:26} {experiments.load(name).TITLE}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Compute, publish, and print the outcome of every claim."""
    options = {key: v for key, v in vars(arguments).items() if key not in NOT_OF_COMPUTE}
    name = arguments.experiment
    module = experiments.load(name)
    default = name + ("-quick" if options.get("quick") else "")
    folder = arguments.out or os.path.join("reproduced", default)
    checks.count("--seeds", options.get("n_seeds", 1))
    checks.count("--seed", options.get("seed", 0), 0)
    if arguments.json:
        check_writable(arguments.json)
    cache = ResultCache(os.path.join(folder, "cache"), progress=True)
    try:
        study = module.compute(cache, **options)
    except KeyboardInterrupt:
        print(
            f"gsae-ref reproduce {name}: interrupted; the same command continues from {folder}",
            file=sys.stderr,
        )
        return 130
    if arguments.json:
        write_json(study.to_dict(), arguments.json)
    report = publish(study, module.FIGURES, folder, cache.seconds)[0]
    _print(study)
    print(f"report: {report}")
    return 0


def _print(study: Study) -> None:
    """Every claim with its outcome and with what was measured."""
    print(paint(study.title, "bold"))
    for claim in study.claims:
        print(f"  {claim.source}: {paint(claim.outcome, COLOURS[claim.holds])}")
        print(wrapped(claim.text, "    "))
        print(wrapped(f"=> {claim.measured}", "    "))
