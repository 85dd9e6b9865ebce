"""``gsae-ref check``: which theorems apply to a dictionary, and which thresholds they certify."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from ..files import write_json
from ..verification import check_dictionary
from .options import add_json, file_name
from .paths import load_array, require_different
from .printing import paint, wrap

if TYPE_CHECKING:
    from ..verification.dictionary import DictionaryReport, HypothesisCheck

FALSE_AS_PRINTED = (
    "NOT certified (false in general: see `gsae-ref verify --only T21-lemma1 --explain`)"
)


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="report which theorems apply to your own dictionary",
        description=(
            "Measure coherences, check the hypotheses of T21's statements with their margins, "
            "and print the thresholds that provably recover every support."
        ),
        epilog=(
            "example: gsae-ref check A.npy --group-size 4 --n-active 1 --b-min 1 --b-max 2 "
            "--lam 0.8. Exit status: 1 if that threshold is not certified."
        ),
    )
    command.add_argument(
        "dictionary",
        metavar="A.npy",
        help="array (n_features, n_atoms), atoms of a group side by side",
    )
    command.add_argument(
        "--a-star",
        type=file_name,
        metavar="A_STAR.npy",
        help="the dictionary that generates the data (default: A itself)",
    )
    for option, kind, letter, meaning in (
        ("--group-size", int, "d", "atoms per group"),
        ("--n-active", int, "k", "active groups per sample"),
        ("--b-min", float, "b", "smallest norm of an active group's code"),
        ("--b-max", float, "B", "largest norm of an active group's code"),
    ):
        command.add_argument(option, type=kind, required=True, metavar=letter, help=meaning)
    command.add_argument(
        "--lam", type=float, metavar="L", help="also report whether this threshold is certified"
    )
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report on the dictionary; 1 when a threshold is given and is not certified."""
    read = {"the dictionary": arguments.dictionary, "--a-star": arguments.a_star}
    require_different({"--json": arguments.json}, read)
    A = load_array(arguments.dictionary)
    A_star = None if arguments.a_star is None else load_array(arguments.a_star)
    lam = None if arguments.lam is None else checks.threshold(arguments.lam)
    report = check_dictionary(
        A, arguments.group_size, arguments.n_active, arguments.b_min, arguments.b_max, A_star
    )
    certified = None if lam is None else report.certifies(lam)
    if arguments.json:
        threshold = None if lam is None else {"lam": lam, "certified": certified}
        write_json({**report.to_dict(), "threshold": threshold}, arguments.json)
    _print_measures(report)
    _print_hypotheses(report)
    _print_intervals(report)
    if certified is None:
        return 0
    verdict = "certified to recover every support" if certified else "not certified"
    print(f"  lam = {lam:g}: {paint(verdict, 'green' if certified else 'red')}")
    return 0 if certified else 1


def _print_measures(report: DictionaryReport) -> None:
    """Sizes, coherences and distances."""
    sizes = report.sizes
    angles = np.degrees(report.principal_angles)
    print(paint("dictionary", "bold"))
    print(
        wrap(
            f"{sizes['n_features']} features, "
            f"{sizes['n_groups']} groups of {sizes['group_size']} atoms, "
            f"{sizes['n_active']} active, "
            f"code norms in [{sizes['b_min']:g}, {sizes['b_max']:g}]",
            "  ",
        )
    )
    defect = report.orthonormality.max()
    defect_note = f"max_g ||A_g^T A_g - I||_2, at group {report.orthonormality.argmax()}"
    delta_note = f"max_g ||A_g - A*_g||_F, at group {report.closeness.argmax()}"
    angle_note = f"degrees, at group {angles.max(axis=1).argmax()}; mean {angles.mean():.3g}"
    for name, value, note in (
        ("coherence mu", report.coherence, ""),
        ("block coherence mu_B", report.block_coherence, "with the paper's 1/d"),
        ("cross-block norm d mu_B", report.cross_block_norm, "without: what bounds interference"),
        ("orthonormality defect", defect, defect_note),
        ("closeness delta", report.delta, delta_note),
        ("largest principal angle", angles.max(), angle_note),
    ):
        print(wrap(f"{name:26} {value:<10.4g} {note}", "  ", " " * 40))


def _print_hypotheses(report: DictionaryReport) -> None:
    """Each hypothesis with its margin or defect, and the statements that need it."""
    print(paint("hypotheses", "bold"))
    for hypothesis in report.hypotheses:
        word = "holds" if hypothesis.holds else "fails"
        head = f"  {word}  {_margin(hypothesis):18}"
        hanging = " " * len(head)
        coloured = paint(word, "green" if hypothesis.holds else "red")
        print(wrap(hypothesis.text, head, hanging).replace(word, coloured, 1))
        print(wrap(f"needed by {hypothesis.needed_by}", hanging))


def _margin(hypothesis: HypothesisCheck) -> str:
    """The margin of an inequality, the defect of an equality.

    >>> from gsae_ref.verification.dictionary import HypothesisCheck
    >>> _margin(HypothesisCheck("a <= b", "R1", True, 0.25))
    'margin +0.25'
    >>> _margin(HypothesisCheck("a = b", "R1", True, -1e-16, tolerance=1e-9))
    'defect 1e-16'
    """
    if hypothesis.tolerance:
        return f"defect {abs(hypothesis.margin):.3g}"
    return f"margin {hypothesis.margin:+.3g}"


def _print_intervals(report: DictionaryReport) -> None:
    """The thresholds that recover every support, as printed, corrected, and sharp."""
    print(paint("thresholds lam that recover every support", "bold"))
    for form, interval in report.intervals.items():
        if interval.empty:
            print(f"  {form:10} none")
            continue
        end = "]" if form == "printed" else ")"
        span = f"[{interval.low:.4g}, {interval.high:.4g}{end}"
        trust = "certified"
        if not report.certified[form]:
            trust = "NOT certified: its hypotheses fail here"
            trust = FALSE_AS_PRINTED if form == "printed" else trust
        print(wrap(f"{form:10} {span:24} {trust}", "  ", " " * 13))
