"""``gsae-ref report``: the verdicts as one HTML file."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from typing import Any

from ..files import write_json
from ..verification import verify
from .options import add_json, add_seed, add_verification, file_name, n_jobs
from .paths import require_different, require_writable
from .printing import paint


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "report",
        help="write the verdicts, with their evidence, as one HTML page that needs no network",
        description=(
            "Run the verification, or read a saved one, and write DIR/report.html: the verdicts "
            "(to sort and to filter), exact counterexamples, how tight the bounds are, figures, "
            "environment. Exit status 0 when every recorded verdict is confirmed, 1 if not."
        ),
        epilog="example: gsae-ref report --quick --out report",
    )
    command.add_argument(
        "--out",
        required=True,
        type=file_name,
        metavar="DIR",
        help="folder for report.html; created if missing",
    )
    add_verification(command)
    command.add_argument(
        "--from",
        dest="source",
        type=file_name,
        metavar="FILE",
        help="run nothing: read a file written by gsae-ref verify --json FILE",
    )
    command.add_argument(
        "--figures",
        type=file_name,
        metavar="DIR",
        help="show the figures that gsae-ref reproduce wrote in this folder or below it",
    )
    add_json(command)
    add_seed(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify or read, write the page, and print where it is; 0 when all verdicts are confirmed."""
    from ..report import find_studies, read_result, write_report

    _refuse_contradictions(arguments)
    path = os.path.join(arguments.out, "report.html")
    require_different({"the report": path, "--json": arguments.json}, {"--from": arguments.source})
    result = read_result(arguments.source) if arguments.source else None
    studies = find_studies(arguments.figures) if arguments.figures else []
    _make_folder(arguments.out)
    require_writable([path, arguments.json])
    seconds = None
    if result is None:
        start = time.perf_counter()
        result = _verify(arguments)
        seconds = time.perf_counter() - start
    if arguments.json:
        write_json(result, arguments.json)
    size = write_report(result, path, _command(arguments), arguments.source or "", seconds, studies)
    confirmed = sum(row["confirmed"] for row in result["rows"])
    good = confirmed == len(result["rows"])
    outcome = f"{confirmed} of {len(result['rows'])} recorded verdicts confirmed"
    print(paint(outcome, "green" if good else "red"))
    weight = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    print(f"report: {path} ({weight}, opens in any browser)")
    return 0 if good else 1


def _verify(arguments: argparse.Namespace) -> dict[str, Any]:
    return verify(
        papers=arguments.paper,
        quick=arguments.quick,
        rng=arguments.seed,
        n_jobs=n_jobs(arguments),
        progress=sys.stderr.isatty(),
    ).to_dict()


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    """Refuse options of a run beside --from: a saved run has its papers, size and seed."""
    if not arguments.source:
        return
    given = {
        "--quick": arguments.quick,
        "--n-jobs": arguments.n_jobs is not None,
        "--paper": arguments.paper != "all",
        "--seed": arguments.seed != 0,
    }
    for option in [option for option, is_given in given.items() if is_given]:
        raise ValueError(
            f"{option} with --from; a saved verification has its papers, size and seed already; "
            "leave one of the two out"
        )


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be created ({error.strerror}); --out must be a writable folder; "
            "choose another"
        ) from error


def _command(arguments: argparse.Namespace) -> str:
    """The command as it can be typed again."""
    given = {
        "--paper": arguments.paper if arguments.paper != "all" else None,
        "--n-jobs": arguments.n_jobs,
        "--from": arguments.source,
        "--figures": arguments.figures,
        "--seed": arguments.seed or None,
        "--out": arguments.out,
    }
    words = ["gsae-ref", "report"]
    if arguments.quick:
        words.append("--quick")
    for option, value in given.items():
        if value is not None:
            words += [option, str(value)]
    return shlex.join(words)
