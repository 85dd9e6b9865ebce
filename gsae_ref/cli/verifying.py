"""``gsae-ref verify``: the verdict on every statement."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import textwrap
from functools import partial
from typing import TYPE_CHECKING, Any

from ..files import write_json
from ..verification import LEDGER, find_row, verify
from ..verification.coverage import absent_rows, as_dict, coverage
from ..verification.run import BACKENDS
from ..verification.teeth import TeethReport, teeth
from .options import add_json, add_seed, add_verification, n_jobs
from .paths import require_writable
from .printing import columns, paint, wrap

if TYPE_CHECKING:
    from ..claims.finding import Finding
    from ..papers.row import Row
    from ..verification.report import RowResult


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "verify",
        help="run the evidence of every numbered statement and compare with the recorded verdicts",
        description=(
            "Every statement has a recorded verdict: holds, corrected, refuted, ... "
            "Run its evidence (random instances, a search for the worst case, exact "
            "counterexamples) and report whether the verdict is confirmed."
        ),
        epilog=(
            "examples: gsae-ref verify --quick; gsae-ref verify --paper N19 --n-jobs -1; "
            "gsae-ref verify --only T21-prop2 --explain"
        ),
    )
    add_verification(command)
    command.add_argument(
        "--only",
        nargs="+",
        metavar="ID",
        help="only these statements, such as T21-prop2; --list prints the ids",
    )
    _add_views(command)
    command.add_argument(
        "--list",
        action="store_true",
        help="list the ids with verdict and statement, and run nothing",
    )
    _add_weighing(command)
    command.add_argument(
        "--backend",
        default="loky",
        choices=BACKENDS,
        help="joblib's backend for the processes (default loky)",
    )
    command.add_argument(
        "--dask-scheduler",
        metavar="ADDRESS",
        help="with --backend dask: an existing cluster (default: a local one)",
    )
    add_json(command)
    add_seed(command)
    command.set_defaults(run=run)


def _add_views(command: Any) -> None:
    """Add --explain and --table."""
    views = command.add_mutually_exclusive_group()
    views.add_argument(
        "--explain",
        action="store_true",
        help="print each statement in full: hypotheses, evidence, counterexample, derivation",
    )
    views.add_argument(
        "--table",
        action="store_true",
        help="print only a table: what each item of evidence predicts, and what is measured",
    )


def _add_weighing(command: argparse.ArgumentParser) -> None:
    """Add the options that ask of the ledger itself: --coverage, --teeth."""
    command.add_argument(
        "--coverage",
        action="store_true",
        help=(
            "run nothing; count the numbered items and checkable sentences of each paper, and "
            "list those without a statement here"
        ),
    )
    command.add_argument(
        "--teeth",
        nargs="*",
        metavar="ID",
        help=(
            "spoil the evidence of these statements (default: of all) and print what it does not "
            "notice: bounds lowered, hypotheses and terms dropped, compared results moved"
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Print every verdict as soon as its evidence has run; 0 when all are confirmed."""
    if arguments.dask_scheduler and arguments.backend != "dask":
        raise ValueError(
            f"--dask-scheduler with --backend {arguments.backend}; only Dask has a scheduler; "
            "add --backend dask or leave it out"
        )
    if arguments.coverage:
        return _run_coverage(arguments)
    ids = arguments.teeth or arguments.only
    rows = [find_row(row_id) for row_id in ids or LEDGER]
    if not ids:
        rows = [row for row in rows if arguments.paper in ("all", row.paper)]
    if arguments.list:
        for row in rows:
            print(f"{row.id:30} {row.verdict:11} {row.printed}")
        return 0
    require_writable([arguments.json])
    if arguments.teeth is not None:
        return _run_teeth(arguments, rows)
    shown = 0
    explain = arguments.explain
    if arguments.table:
        print(_table_line("", "evidence", "predicted", "measured"))

    def show(result: RowResult) -> None:
        nonlocal shown
        shown += 1
        place = f"[{shown}/{len(rows)}]"
        lines = _table_lines(result) if arguments.table else _row_text(result, place, explain)
        print(lines, flush=True)

    with _dask_client(arguments):
        report = verify(
            papers=arguments.paper,
            quick=arguments.quick,
            rng=arguments.seed,
            n_jobs=n_jobs(arguments),
            backend=arguments.backend,
            only=arguments.only,
            progress=sys.stderr.isatty() and not sys.stdout.isatty(),
            callback=show,
        )
    if arguments.json:
        report.to_json(arguments.json)
    print("\n" + paint(report.summary(), "green" if report.ok else "red"))
    return 0 if report.ok else 1


def _run_teeth(arguments: argparse.Namespace, rows: list[Row]) -> int:
    """Print every spoiled item of evidence; 0 when each is noticed or explained."""
    found = []
    for tooth in teeth(rows, arguments.quick):
        found.append(tooth)
        state = "noticed" if tooth.noticed else "not noticed" if tooth.ok else "UNNOTICED"
        line = f"{tooth.row:28} {state:11} {tooth.evidence}: {tooth.spoiled}"
        reason = "" if tooth.noticed or not tooth.reason else f" ({tooth.reason})"
        print(line + reason if tooth.ok else paint(line, "red"), flush=True)
    report = TeethReport(tuple(found))
    if arguments.json:
        write_json(report.to_dict(), arguments.json)
    print("\n" + paint(report.summary(), "green" if report.ok else "red"))
    return 0 if report.ok else 1


def _run_coverage(arguments: argparse.Namespace) -> int:
    """Print what of the papers has no row; 0 when nothing is without one."""
    for option in ("only", "explain", "table", "list", "teeth", "quick"):
        if getattr(arguments, option) not in (None, False):
            raise ValueError(
                f"--coverage with --{option}; --coverage runs no evidence and counts whole papers; "
                f"leave --{option} out"
            )
    papers = ("T21", "N19", "L23") if arguments.paper == "all" else (arguments.paper,)
    if papers == ("own",):
        raise ValueError(
            "--coverage with --paper own; it counts the items of T21, N19 or L23; "
            "name one of these or leave --paper out"
        )
    require_writable([arguments.json])
    found = coverage(papers)
    print("paper  numbered  sentences  covered  rows  without a row")
    for each in found:
        counts = f"{each.numbered:8}  {each.sentences:9}  {each.covered:7}  {each.rows:4}"
        print(f"{each.paper:5}  {counts}  {len(each.without):13}")
    without = [item for each in found for item in each.without]
    for item in without:
        print(paint(f"{item.paper} {item.name}: no row {', '.join(absent_rows(item))}", "red"))
    if arguments.json:
        write_json(as_dict(found), arguments.json)
    summary = f"items without a row: {len(without)}"
    print("\n" + paint(summary, "red" if without else "green"))
    return 1 if without else 0


def _dask_client(arguments: argparse.Namespace) -> Any:
    """The cluster of --backend dask: the one that is named, or a local one."""
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
    jobs = n_jobs(arguments)
    return Client(
        n_workers=jobs if jobs > 0 else os.cpu_count(),
        threads_per_worker=1,
        dashboard_address=":0",
    )


def _row_text(result: RowResult, place: str, explain: bool) -> str:
    """One statement: a heading, then a line for each item of evidence, or all with --explain."""
    state = paint("confirmed", "green") if result.confirmed else paint("NOT CONFIRMED", "red")
    name = paint(result.id, "bold")
    number = paint(result.number, "dim")
    lines = [f"{place:>9} {name}  {result.verdict}  {state}  {number}"]
    if explain:
        bold = partial(paint, colour="bold")
        return "\n".join([*lines, result.account().text(columns(), bold)])
    if result.same_as:
        return "\n".join([*lines, wrap(f"evidence of {result.same_as}", " " * 12)])
    lines.append(wrap(result.printed, " " * 10))
    if result.repaired:
        lines.append(wrap(f"=> {result.repaired}", " " * 10))
    if result.remark:
        lines.append(wrap(f"remark: {result.remark}", " " * 10))
    return "\n".join(lines + [_evidence_line(finding) for finding in result.findings])


def _table_lines(result: RowResult) -> str:
    """One statement: what is predicted beside what is measured, a line for each item."""
    findings = result.findings
    if result.same_as:
        return _table_line(result.id, f"evidence of {result.same_as}", "", "")
    return "\n".join(_table_line(result.id, f.label, *_predicted_and_measured(f)) for f in findings)


def _table_line(row: str, label: str, predicted: str, measured: str) -> str:
    """One line; a label that is too long is cut.

    >>> _table_line("R2", "rate", "<= 1", "0.9998")
    'R2                       rate                                     <= 1             0.9998'
    """
    kept = textwrap.shorten(label, 40, placeholder="...")
    return f"{row:24} {kept:40} {predicted:16} {measured}".rstrip()


def _predicted_and_measured(finding: Finding) -> tuple[str, str]:
    """What the statement predicts of an item of evidence, and the number that was found.

    >>> from gsae_ref.claims.finding import at_most
    >>> _predicted_and_measured(at_most("error", 3e-16, 1e-12))
    ('<= 1e-12', '3e-16')
    """
    numbers = finding.numbers
    asked = re.search(r"\(asked: (.*?)\)", finding.summary)
    if asked and "value" in numbers:
        return asked[1], f"{numbers['value']:.3g}"
    if "worst_search" in numbers:
        return "left/right <= 1", f"{numbers['worst_search']:.4f}"
    if "relative_error" in numbers:
        return "left = right", f"relative error {numbers['relative_error']:.2g}"
    if "violations" in numbers:
        return "left > right", f"in {numbers['violations']} of {numbers['instances']}"
    return "", finding.summary.partition(";")[0]


def _evidence_line(finding: Finding) -> str:
    state = "ok " if finding.ok else "FAILS"
    line = wrap(f"{state} {finding.label}: {finding.summary}", " " * 12)
    return line if finding.ok else paint(line, "red")
