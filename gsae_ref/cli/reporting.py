"""``gsae-ref report``: the verdicts as one HTML file."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from typing import Any

from ..files import check_writable, write_json
from .printing import common, different_files, file_name, paint, processes


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "report",
        help="write the verdicts, with their evidence, as one HTML page that needs no network",
        description="Run the verification, or read a saved one, and write DIR/report.html: the verdict table (sortable, filterable), exact "
        "counterexamples, how tight the bounds are, figures, environment. Exit status 0 when every recorded verdict is confirmed, 1 if not.",
        epilog="example: gsae-ref report --quick --out report",
    )
    command.add_argument(
        "--out",
        required=True,
        type=file_name,
        metavar="DIR",
        help="folder for report.html; made if it is not there",
    )
    command.add_argument(
        "--paper",
        default="all",
        metavar="P",
        help='"all" (default), "T21", "N19", "L23", or "own" for this project\'s theorems',
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
    command.add_argument(
        "--from",
        dest="source",
        type=file_name,
        metavar="FILE",
        help="run nothing: read what gsae-ref verify --json FILE has written",
    )
    command.add_argument(
        "--figures",
        type=file_name,
        metavar="DIR",
        help="show the figures that gsae-ref reproduce has left in this folder or below it",
    )
    common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify or read, write the page, and say where it is; 0 when all verdicts are confirmed."""
    from ..report import find_studies, read_result, write_report

    _refuse_contradictions(arguments)
    path = os.path.join(arguments.out, "report.html")
    different_files({"the report": path, "--json": arguments.json}, {"--from": arguments.source})
    result = read_result(arguments.source) if arguments.source else None
    studies = find_studies(arguments.figures) if arguments.figures else []
    _make_folder(arguments.out)
    for file in filter(None, (path, arguments.json)):
        check_writable(file)  # told now, not after minutes of work
    start = time.perf_counter()
    if result is None:
        result = _verify(arguments)
    seconds = None if arguments.source else time.perf_counter() - start
    if arguments.json:
        write_json(result, arguments.json)
    size = write_report(result, path, _command(arguments), arguments.source or "", seconds, studies)
    confirmed = sum(row["confirmed"] for row in result["rows"])
    good = confirmed == len(result["rows"])
    print(
        paint(
            f"{confirmed} of {len(result['rows'])} recorded verdicts confirmed",
            "green" if good else "red",
        )
    )
    print(
        f"report: {path} ({f'{size / 1e6:.1f} MB' if size >= 1e6 else f'{size / 1e3:.0f} kB'}, opens in any browser)"
    )
    return 0 if good else 1


def _verify(arguments: argparse.Namespace) -> dict[str, Any]:
    from ..verification import verify

    jobs = processes(1 if arguments.n_jobs is None else arguments.n_jobs)
    progress = sys.stderr.isatty()
    return verify(
        papers=arguments.paper,
        quick=arguments.quick,
        rng=arguments.seed,
        n_jobs=jobs,
        progress=progress,
    ).to_dict()


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    """A saved verification has its papers, size and seed already."""
    if not arguments.source:
        return
    asked = {
        "--quick": arguments.quick,
        "--n-jobs": arguments.n_jobs is not None,
        "--paper": arguments.paper != "all",
        "--seed": arguments.seed != 0,
    }
    for option, given in asked.items():
        if given:
            raise ValueError(
                f"{option} with --from; a saved verification has its papers, size and seed already; leave one of the two out"
            )


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be made ({error.strerror}); --out is a folder that can be written to; choose another"
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
    words = ["gsae-ref", "report", *(["--quick"] if arguments.quick else [])]
    return shlex.join(
        [
            *words,
            *(
                str(word)
                for option, value in given.items()
                if value is not None
                for word in (option, value)
            ),
        ]
    )
