"""``gsae-ref verify``: the verdict on every statement."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from .. import checks
from ..files import check_writable
from .printing import common, paint, processes, wrapped

if TYPE_CHECKING:
    from ..claims.finding import Finding
    from ..verification.report import RowResult


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "verify",
        help="run the evidence of every numbered statement and compare with the recorded verdicts",
        description="Every statement has a recorded verdict: holds, corrected, refuted, ... Run the evidence for it (random instances, a search for "
        "the worst case, exact counterexamples) and say whether the verdict is confirmed.",
        epilog="examples: gsae-ref verify --quick; gsae-ref verify --paper N19 --n-jobs -1; gsae-ref verify --only T21-prop2 --explain",
    )
    command.add_argument(
        "--paper",
        default="all",
        metavar="P",
        help='"all" (default), "T21", "N19", "L23", or "own" for this project\'s theorems',
    )
    command.add_argument(
        "--only",
        nargs="+",
        metavar="ID",
        help="only these statements, such as T21-prop2; --list has the ids",
    )
    command.add_argument(
        "--explain",
        action="store_true",
        help="print each statement in full: hypotheses, evidence, counterexample, derivation",
    )
    command.add_argument(
        "--list",
        action="store_true",
        help="list the ids with verdict and statement, and run nothing",
    )
    command.add_argument(
        "--quick",
        action="store_true",
        help="fewer instances and a shorter search: about a minute in place of several",
    )
    command.add_argument(
        "--n-jobs",
        type=int,
        default=1,
        metavar="N",
        help="processes (default 1); -1 for all cores; the numbers do not depend on it",
    )
    command.add_argument(
        "--backend",
        default="loky",
        metavar="B",
        help='how joblib runs them: "loky" (default), "threading", or "dask"',
    )
    command.add_argument(
        "--dask-scheduler",
        metavar="ADDRESS",
        help="with --backend dask: an existing cluster (default: a local one)",
    )
    common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every verdict as it becomes known; 0 when all are confirmed."""
    from ..verification import LEDGER, find_row, verify

    if arguments.dask_scheduler and arguments.backend != "dask":
        raise ValueError(
            f"--dask-scheduler with --backend {arguments.backend}; a scheduler belongs to Dask; add --backend dask or leave it out"
        )
    checks.option(
        "papers", arguments.paper, [*sorted({row.paper for row in LEDGER.values()}), "all"]
    )
    rows = [find_row(row_id) for row_id in arguments.only] if arguments.only else LEDGER.values()
    rows = [row for row in rows if arguments.only or arguments.paper in ("all", row.paper)]
    if arguments.list:
        for row in rows:
            print(f"{row.id:26} {row.verdict:11} {row.statement}")
        return 0
    if arguments.json:
        check_writable(arguments.json)  # told now, not after minutes of work
    shown = 0

    def show(result: RowResult) -> None:
        nonlocal shown
        shown += 1
        print(_row_text(result, f"[{shown}/{len(rows)}]", arguments.explain), flush=True)

    with _dask_client(arguments):
        report = verify(
            papers=arguments.paper,
            quick=arguments.quick,
            rng=arguments.seed,
            n_jobs=processes(arguments.n_jobs),
            backend=arguments.backend,
            only=arguments.only,
            progress=sys.stderr.isatty() and not sys.stdout.isatty(),
            callback=show,
        )
    if arguments.json:
        report.to_json(arguments.json)
    print("\n" + paint(report.summary(), "green" if report.ok else "red"))
    return 0 if report.ok else 1


def _dask_client(arguments: argparse.Namespace) -> Any:
    """The cluster that --backend dask runs on: the named one, or a local one."""
    if arguments.backend != "dask":
        return contextlib.nullcontext()
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise ImportError(
            "--backend dask needs Dask, which is not installed; pip install 'gsae_ref[dask]'"
        ) from error
    if arguments.dask_scheduler:
        return Client(arguments.dask_scheduler, timeout="10s")
    return Client(
        n_workers=arguments.n_jobs if arguments.n_jobs > 0 else os.cpu_count(),
        threads_per_worker=1,
        dashboard_address=":0",
    )


def _row_text(result: RowResult, place: str, explain: bool) -> str:
    """One statement as printed by verify: a heading, then a line for every item of evidence, or everything with --explain."""
    state = paint("confirmed", "green") if result.confirmed else paint("NOT CONFIRMED", "red")
    lines = [
        f"{place:>9} {paint(result.id, 'bold')}  {result.verdict}  {state}  {paint(result.number, 'dim')}"
    ]
    if explain:
        return "\n".join(lines + _explanation(result))
    if result.same_as:
        return "\n".join([*lines, wrapped(f"evidence of {result.same_as}", " " * 12)])
    lines.append(wrapped(result.statement, " " * 10))
    if result.corrected:
        lines.append(wrapped(f"=> {result.corrected}", " " * 10))
    return "\n".join(lines + [_evidence_line(finding) for finding in result.findings])


def _evidence_line(finding: Finding) -> str:
    line = wrapped(
        f"{'ok ' if finding.ok else 'FAILS'} {finding.label}: {finding.summary}", " " * 12
    )
    return line if finding.ok else paint(line, "red")


def _explanation(result: RowResult) -> list[str]:
    """The statement in full: as printed, hypotheses, verdict and its meaning, corrected form, evidence, derivation."""
    from ..verification import LEDGER, VERDICTS

    row = LEDGER[result.same_as or result.id]
    parts = [
        ("statement as printed", [result.statement]),
        ("hypotheses", [h.text for h in row.hypotheses]),
        ("verdict", [f"{result.verdict}: {VERDICTS[result.verdict]}"]),
        ("corrected form", [result.corrected] if result.corrected else []),
        (
            "evidence",
            [f"{'ok' if f.ok else 'FAILS'}  {f.label}: {f.summary}" for f in result.findings],
        ),
        ("evidence shared with", [result.same_as] if result.same_as else []),
        ("derivation", [f"{row.derivation} (its docstring)"] if row.derivation else []),
    ]
    lines = []
    for title, texts in parts:
        if texts:
            lines.append("    " + paint(title, "bold"))
            lines += [wrapped(text, " " * 8) for text in texts]
    for finding in result.findings:
        if finding.detail:
            lines += [
                "    " + paint("exact counterexample", "bold"),
                textwrap.indent(finding.detail, " " * 8),
            ]
    return lines
