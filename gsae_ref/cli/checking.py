"""``gsae-ref check``: what the theory says of a dictionary."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from ..files import write_json
from .printing import common, load_array, paint

if TYPE_CHECKING:
    from ..verification.dictionary import DictionaryReport


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="report what the theory says of your own dictionary",
        description="Measure coherences, say which hypotheses of T21's statements hold for this dictionary and by how much, and give the thresholds "
        "that provably recover every support.",
        epilog="example: gsae-ref check A.npy --group-size 4 --n-active 1 --b-min 1 --b-max 2 --lam 0.8",
    )
    command.add_argument(
        "dictionary",
        metavar="A.npy",
        help="array (n_features, n_atoms), atoms of a group side by side",
    )
    command.add_argument(
        "--a-star",
        metavar="A_STAR.npy",
        help="the dictionary that generates the data (default: A itself)",
    )
    command.add_argument(
        "--group-size", type=int, required=True, metavar="d", help="atoms per group"
    )
    command.add_argument(
        "--n-active", type=int, required=True, metavar="k", help="active groups per sample"
    )
    command.add_argument(
        "--b-min",
        type=float,
        required=True,
        metavar="b",
        help="smallest norm of an active group's code",
    )
    command.add_argument(
        "--b-max",
        type=float,
        required=True,
        metavar="B",
        help="largest norm of an active group's code",
    )
    command.add_argument(
        "--lam", type=float, metavar="L", help="also say whether this threshold is certified"
    )
    common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report on the dictionary."""
    from ..verification import check_dictionary

    A = load_array(arguments.dictionary)
    A_star = None if arguments.a_star is None else load_array(arguments.a_star)
    lam = None if arguments.lam is None else checks.threshold(arguments.lam)
    report = check_dictionary(
        A, arguments.group_size, arguments.n_active, arguments.b_min, arguments.b_max, A_star
    )
    if arguments.json:
        write_json(report.to_dict(), arguments.json)
    _print_dictionary(report, lam)
    return 0


def _print_dictionary(report: DictionaryReport, lam: float | None) -> None:
    sizes = report.sizes
    angles = np.degrees(report.principal_angles)
    print(paint("dictionary", "bold"))
    print(
        f"  {sizes['n_features']} features, {sizes['n_groups']} groups of {sizes['group_size']} atoms, "
        f"{sizes['n_active']} active, code norms in [{sizes['b_min']:g}, {sizes['b_max']:g}]"
    )
    rows = (
        ("coherence mu", report.coherence, ""),
        ("block coherence mu_B", report.block_coherence, "with the paper's 1/d"),
        ("cross-block norm d mu_B", report.cross_block_norm, "without: what bounds interference"),
        (
            "orthonormality defect",
            report.orthonormality.max(),
            f"max_g ||A_g^T A_g - I||_2, at group {report.orthonormality.argmax()}",
        ),
        (
            "closeness delta",
            report.delta,
            f"max_g ||A_g - A*_g||_F, at group {report.closeness.argmax()}",
        ),
        (
            "largest principal angle",
            angles.max(),
            f"degrees, at group {angles.max(axis=1).argmax()}; mean {angles.mean():.3g}",
        ),
    )
    for name, value, note in rows:
        print(f"  {name:26} {value:<10.4g} {note}")
    print(paint("hypotheses", "bold"))
    for h in report.hypotheses:
        mark = paint("holds", "green") if h.holds else paint("fails", "red")
        print(f"  {mark}  margin {h.margin:<+10.3g} {h.text}   [{h.needed_by}]")
    print(paint("thresholds lam that recover every support", "bold"))
    for form, interval in report.intervals.items():
        span = (
            "none"
            if interval.empty
            else f"[{interval.low:.4g}, {interval.high:.4g}{']' if form == 'printed' else ')'}"
        )
        trust = "certified" if report.certified[form] else "NOT certified: its hypotheses fail here"
        if form == "printed" and not report.certified[form]:
            trust = "NOT certified (false in general: see `gsae-ref verify --only T21-lemma1 --explain`)"
        print(f"  {form:10} {span:24} {'' if interval.empty else trust}".rstrip())
    if lam is not None:
        sharp = report.intervals["sharp"]
        inside = sharp.low <= lam < sharp.high
        verdict = (
            paint("certified to recover every support", "green")
            if inside
            else paint("not certified", "red")
        )
        print(f"  lam = {lam:g}: {verdict}")
