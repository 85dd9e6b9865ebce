"""``gsae-ref reproduce``: a figure or table of the papers, made again and compared claim by claim."""

import argparse
import os
import sys
from typing import Any

from .. import checks, experiments
from ..experiments.common.cache import Cells
from ..experiments.common.publishing import publish
from ..files import check_writable, write_json
from .printing import common, file_name, paint, wrapped


class _Experiment(argparse.ArgumentParser):
    """The options of one experiment, which is imported when it is the one asked for: a command pays for no other."""

    experiment: str | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As every parser; the experiment's own options are added first."""
        if self.experiment is not None:
            getattr(experiments.load(self.experiment), "add_options", lambda parser: None)(self)
            self.experiment = None
        return super().parse_known_args(args, namespace)


def add(commands: Any) -> None:
    """Add the command to the parser, with one sub-command for every experiment."""
    command = commands.add_parser(
        "reproduce",
        help="make a figure or table of the papers again, and compare it claim by claim",
        description="Compute a figure or table of the papers and write pictures (PNG, SVG), numbers (JSON) and a report that goes through the "
        "paper's claims one by one. What is finished is kept: the same command given again continues.",
        epilog="gsae-ref reproduce, without a name, says what each of them is. Example: gsae-ref reproduce figure-4 --quick",
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
        one.add_argument(
            "--quick", action="store_true", help="a reduced size that takes under a minute"
        )
        one.add_argument(
            "--seeds",
            type=int,
            default=1,
            metavar="K",
            help="repeat for K seeds, from --seed on; mean and spread (default 1)",
        )
        one.add_argument(
            "--out",
            type=file_name,
            metavar="DIR",
            help="folder for pictures, numbers and report; what is finished there is not computed again "
            "(default reproduced/NAME, with --quick reproduced/NAME-quick)",
        )
        common(one)
        one.set_defaults(run=run)


def _list(arguments: argparse.Namespace) -> int:
    for name in experiments.EXPERIMENTS:
        print(f"{name:24} {experiments.load(name).TITLE}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Compute, publish, and print what became of every claim."""
    options = {
        key: value
        for key, value in vars(arguments).items()
        if key not in ("command", "experiment", "run", "json", "out", "seed", "seeds", "quick")
    }
    name = arguments.experiment
    module = experiments.load(arguments.experiment)
    folder = arguments.out or os.path.join(
        "reproduced", name + ("-quick" if arguments.quick else "")
    )
    checks.count("--seeds", arguments.seeds)
    checks.count("--seed", arguments.seed, 0)
    if arguments.json:
        check_writable(arguments.json)
    cells = Cells(os.path.join(folder, "cells"), progress=True)
    try:
        study = module.compute(
            cells, quick=arguments.quick, seed=arguments.seed, n_seeds=arguments.seeds, **options
        )
    except KeyboardInterrupt:
        print(
            f"gsae-ref reproduce {name}: interrupted; the same command continues from {folder}",
            file=sys.stderr,
        )
        return 130
    if arguments.json:
        write_json(study.to_dict(), arguments.json)
    written = publish(study, module.FIGURES, folder, cells.seconds)
    print(paint(study.title, "bold"))
    for claim in study.claims:
        mark = {
            True: paint("reproduces", "green"),
            False: paint("does not reproduce", "red"),
            None: "not settled",
        }[claim.holds]
        print(f"  {claim.source}: {mark}")
        print(wrapped(claim.text, "    "))
        print(wrapped(f"=> {claim.measured}", "    "))
    print(f"report: {written[0]}")
    return 0
