"""``gsae-ref check``: which theorems apply to a dictionary, and which thresholds they certify."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files import write_json
from ..verification import check_dictionary
from .options import add_json, file_name
from .paths import load_array, require_different
from .printing import paint, wrap

if TYPE_CHECKING:
    from ..papers.t21.threshold.formulas import DataThreshold
    from ..verification.bounds import BoundCheck, CodeMeasures
    from ..verification.dictionary import DictionaryReport, HypothesisCheck

FALSE_AS_PRINTED = (
    "NOT certified (false in general: see `gsae-ref verify --only T21-lemma1 --explain`)"
)
TITLES = {
    ("promised", False): "PROMISED AND BROKEN: please report this",
    ("false", False): "false as printed, and false on these codes",
    ("false", True): "false as printed, though not on these codes",
    ("promised", True): "promised, and hold",
    ("not promised", True): "not promised here: a hypothesis fails",
}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="report which theorems apply to your own dictionary",
        description=(
            "Measure coherences, check the hypotheses of T21's statements with their margins, "
            "and print the thresholds that provably recover every support. With --codes or --data, "
            "hold every inequality of the ledger against them."
        ),
        epilog=(
            "examples: gsae-ref check A.npy --group-size 4 --n-active 1 --b-min 1 --b-max 2 "
            "--lam 0.8; gsae-ref check A.npy --group-size 4 --codes X.npy. "
            "Exit status: 1 if that threshold is not certified."
        ),
    )
    _add_arguments(command)
    add_json(command)
    command.set_defaults(run=run)


def _add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what is checked, and its constants."""
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
    command.add_argument(
        "--codes",
        type=file_name,
        metavar="X.npy",
        help="codes (n_samples, n_atoms): measure what is not given, hold the bounds against them",
    )
    command.add_argument(
        "--data",
        type=file_name,
        metavar="Y.npy",
        help="samples (n_samples, n_features), whose codes are found by least squares on the "
        "--n-active groups seen most, or on those above --lam",
    )
    command.add_argument(
        "--group-size", type=int, required=True, metavar="d", help="atoms per group"
    )
    for option, kind, letter, meaning in (
        ("--n-active", int, "k", "active groups per sample"),
        ("--b-min", float, "b", "smallest norm of an active group's code"),
        ("--b-max", float, "B", "largest norm of an active group's code"),
    ):
        command.add_argument(option, type=kind, metavar=letter, help=meaning)
    command.add_argument(
        "--lam", type=float, metavar="L", help="also report whether this threshold is certified"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report on the dictionary; 1 when a threshold is given and is not certified."""
    paths = {name: getattr(arguments, name) for name in ("a_star", "codes", "data")}
    read = {"the dictionary": arguments.dictionary, **paths}
    require_different({"--json": arguments.json}, read)
    A = load_array(arguments.dictionary)
    others = {name: path and load_array(path) for name, path in paths.items()}
    lam = arguments.lam
    report = check_dictionary(
        A,
        arguments.group_size,
        arguments.n_active,
        arguments.b_min,
        arguments.b_max,
        A_star=others["a_star"],
        codes=others["codes"],
        data=others["data"],
        lam=lam,
    )
    certified = None if lam is None else report.certifies(lam)
    if arguments.json:
        threshold = None if lam is None else {"lam": lam, "certified": certified}
        write_json({**report.to_dict(), "threshold": threshold}, arguments.json)
    _print_measures(report)
    _print_hypotheses(report)
    _print_intervals(report)
    _print_bounds(report)
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
    if report.measured:
        _print_measured(report.measured)
    for name, value, note in (
        ("coherence mu", report.coherence, ""),
        ("block coherence mu_B", report.block_coherence, "with the paper's 1/d"),
        ("cross-block norm d mu_B", report.cross_block_norm, "without: what bounds interference"),
        ("orthonormality defect", defect, defect_note),
        ("closeness delta", report.delta, delta_note),
        ("largest principal angle", angles.max(), angle_note),
    ):
        print(wrap(f"{name:26} {value:<10.4g} {note}", "  ", " " * 40))


def _print_measured(measured: CodeMeasures) -> None:
    """What the user's codes say."""
    left_out = (
        (measured.n_empty, "without an active group"),
        (measured.n_full, "with all groups active"),
    )
    notes = [f"{number} {what}" for number, what in left_out if number]
    if measured.unexplained:
        notes.append(f"{100 * measured.unexplained:.3g} % of the data's ||Y||^2 is left over")
    print(
        wrap(
            f"{measured.n_samples} codes, {measured.n_used} held against the bounds: at most "
            f"{measured.n_active} active, norms in [{measured.b_min:.4g}, {measured.b_max:.4g}]"
            + "".join(f"; {note}" for note in notes),
            "  ",
        )
    )


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
        if hypothesis.remedy:
            print(wrap(f"would help: {hypothesis.remedy}", hanging))


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
    if report.observed:
        _print_observed(report.observed)


def _print_observed(observed: DataThreshold) -> None:
    """The thresholds that the samples themselves allow."""
    span = "none"
    if observed.lam is not None:
        span = f"[{observed.low:.4g}, {observed.high:.4g})"
    note = f"exactly {observed.n_active} active at each of these {observed.n_samples} samples (R17)"
    print(wrap(f"{'observed':10} {span:24} {note}", "  ", " " * 13))


def _print_bounds(report: DictionaryReport) -> None:
    """Every inequality on the user's codes: first what fails, last what is not promised."""
    if not report.bounds:
        return
    print(paint(f"inequalities of the ledger on these codes, at lam = {report.lam:.4g}", "bold"))
    heading = f"    {'':5} {'left/right':>10} {'left':>10} {'right':>10}  form      statement"
    for title in TITLES.values():
        bounds = [bound for bound in report.bounds if TITLES[_outcome(bound)] == title]
        if bounds:
            print(f"  {title}")
            print(heading)
        for bound in bounds:
            _print_bound(bound)


def _outcome(bound: BoundCheck) -> tuple[str, bool]:
    """Whether an inequality is false in general, promised here, or not; and whether it holds."""
    if not bound.expected:
        return "false", bound.holds
    return ("promised", bound.holds) if not bound.unmet else ("not promised", True)


def _print_bound(bound: BoundCheck) -> None:
    """One inequality in a line, with its hypotheses that fail below it."""
    word = "holds" if bound.holds else "fails"
    ratio = "-" if bound.ratio is None else f"{bound.ratio:.4g}"
    head = f"    {word} {ratio:>10} {bound.left:>10.4g} {bound.right:>10.4g}  {bound.form:8}  "
    hanging = " " * len(head)
    count = "" if bound.holds else f" ({bound.n_violations} of {bound.n_instances})"
    coloured = paint(word, "green" if bound.holds else "red")
    print(wrap(f"{bound.row}: {bound.label}{count}", head, hanging).replace(word, coloured, 1))
    for hypothesis in bound.unmet:
        print(wrap(f"fails: {hypothesis}", hanging))
