"""``gsae-ref check``: which theorems apply to a user's dictionary, weights or design."""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from ..files import write_json
from ..verification import check_design, check_dictionary, check_sparse_dictionary
from .arrays import load_array
from .options import add_json, file_name
from .paths import require_different
from .printing import paint, wrap

if TYPE_CHECKING:
    from ..arrays import Array
    from ..papers.t21.threshold.formulas import DataThreshold
    from ..verification.bounds import BoundCheck, CodeMeasures
    from ..verification.design import DesignReport
    from ..verification.dictionary import DictionaryReport
    from ..verification.hypotheses import HypothesisCheck
    from ..verification.sparse_dictionary import SparseDictionaryReport

OTHER_PAPERS = (
    "the inequalities of the other two papers speak of other models; --paper N19 holds its own "
    "against weights and codes, --paper L23 against a design and targets"
)
FALSE_AS_PRINTED = (
    "NOT certified (false in general: see `gsae-ref verify --only T21-lemma1 --explain`)"
)
TITLES = {
    ("promised", False): "PROMISED AND BROKEN: please report this",
    ("false", False): "false as printed, and false on {on}",
    ("false", True): "false as printed, though not on {on}",
    ("promised", True): "promised, and hold",
    ("not promised", True): "not promised here: a hypothesis fails",
}


OF_PAPER = {  # the options that each paper's check reads
    "T21": ("a_star", "codes", "data", "n_active", "group_size", "b_min", "b_max", "lam"),
    "N19": ("a_star", "codes", "n_active", "b_min", "b_max", "noise", "bias", "step_size"),
    "L23": ("w_star", "n_active", "groups", "epsilon", "gamma", "alpha", "n_iter"),
}
FILES = {"T21": ("A.npy",), "N19": ("W.npy",), "L23": ("X.npy", "y.npy")}
NUMBERS = (
    ("--group-size", int, "d", "T21: atoms per group"),
    ("--n-active", int, "k", "active groups (T21, L23) or atoms (N19) per sample"),
    ("--b-min", float, "b", "smallest norm of an active group's code; N19's a_1"),
    ("--b-max", float, "B", "largest norm of an active group's code; N19's a_2"),
    ("--lam", float, "L", "T21: a threshold to judge"),
    ("--bias", float, "b", "N19: a bias to judge"),
    ("--step-size", float, "z", "N19: a step size zeta to judge"),
    ("--noise", float, "N", "N19: max |<W_i, eta>| (default 0)"),
    ("--epsilon", float, "e", "L23: eps of Theorem 3 (default: the noise)"),
    ("--gamma", float, "g", "L23: a step size to judge"),
    ("--alpha", float, "a", "L23: a start to judge"),
    ("--n-iter", int, "t", "L23: a number of iterations to judge"),
)


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "check",
        help="report which theorems apply to your own dictionary, weights or design",
        description=(
            "T21: measure a dictionary's coherences, check the hypotheses with their margins, and "
            "print the thresholds that provably recover every support; with --codes or --data, "
            "hold every inequality of T21 and of R0, R1, ... against them. N19: the hypotheses for "
            "weights, with the biases and step sizes that are certified; with --codes, every "
            "inequality of N19 and of R7 on them. L23: for a design matrix and targets, with the "
            "step limits, the stopping window, and every inequality of L23 and R8."
        ),
        epilog=(
            "examples: gsae-ref check A.npy --group-size 4 --n-active 1 --b-min 1 --b-max 2 "
            "--lam 0.8; gsae-ref check A.npy --group-size 4 --codes X.npy; gsae-ref check --paper "
            "N19 W.npy --n-active 1 --b-min 1 --bias -0.5; gsae-ref check --paper L23 X.npy y.npy "
            "--groups 2,3,5. Exit status: 1 if a number to judge is not certified."
        ),
    )
    command.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="T21, N19: the dictionary (n_features, n_atoms), atoms of a group side by side; "
        "L23: the design (n_samples, n_predictors) and the targets (n_samples,); .npy, .npz, "
        ".mat, .csv, .txt, or file.npz:name",
    )
    command.add_argument("--paper", choices=tuple(FILES), default="T21", help="default T21")
    _add_arguments(command)
    add_json(command)
    command.set_defaults(run=run)


def _add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what the files are held against, and the constants."""
    for option, name, meaning in (
        ("--a-star", "A_STAR.npy", "the dictionary that generates the data (default: A itself)"),
        ("--codes", "X.npy", "codes (n_samples, n_atoms), to measure what is not given"),
        (
            "--data",
            "Y.npy",
            "T21: samples (n_samples, n_features), whose codes are found by least squares on the "
            "--n-active groups seen most, or on those above --lam",
        ),
        ("--w-star", "W.npy", "L23: the true weights (default: least squares)"),
    ):
        command.add_argument(option, type=file_name, metavar=name, help=meaning)
    command.add_argument(
        "--groups",
        metavar="SIZES",
        help="L23: one size, sizes such as 2,3,5, or a file of one label per predictor",
    )
    for option, kind, letter, meaning in NUMBERS:
        command.add_argument(option, type=kind, metavar=letter, help=meaning)


def run(arguments: argparse.Namespace) -> int:
    """Print the report of one paper; 1 when a number to judge is not certified."""
    _refuse_other_options(arguments)
    names = FILES[arguments.paper]
    if len(arguments.files) != len(names):
        found = checks.counted(len(arguments.files), "file")
        raise ValueError(
            f"{found} given; --paper {arguments.paper} reads {len(names)}: {' '.join(names)}"
        )
    options = ("a_star", "codes", "data", "w_star")
    paths = {f"--{name.replace('_', '-')}": getattr(arguments, name) for name in options}
    read = {"the dictionary" if len(names) == 1 else name: path
            for name, path in zip(names, arguments.files, strict=True)}  # fmt: skip
    require_different({"--json": arguments.json}, read | paths)
    given = [load_array(path) for path in arguments.files]
    others = {
        name: path and load_array(path, memory_mapped=name in ("--codes", "--data"))
        for name, path in paths.items()
    }
    return {"T21": _t21, "N19": _n19, "L23": _l23}[arguments.paper](arguments, given, others)


def _refuse_other_options(arguments: argparse.Namespace) -> None:
    """Refuse options of another paper: they would change nothing."""
    allowed = OF_PAPER[arguments.paper]
    every = {name for names in OF_PAPER.values() for name in names}
    other = [
        name for name in sorted(every.difference(allowed)) if getattr(arguments, name) is not None
    ]
    if other:
        raise ValueError(
            f"{', '.join('--' + name.replace('_', '-') for name in other)} is not read by "
            f"--paper {arguments.paper}; it reads "
            + ", ".join("--" + name.replace("_", "-") for name in allowed)
        )


def _t21(arguments: argparse.Namespace, given: list[Array], others: dict[str, Any]) -> int:
    """Check a dictionary, and codes or data, against T21."""
    if arguments.group_size is None:
        raise ValueError("--group-size is not given; T21's dictionary has groups of equal size")
    lam = arguments.lam
    report = check_dictionary(
        given[0],
        arguments.group_size,
        arguments.n_active,
        arguments.b_min,
        arguments.b_max,
        A_star=others["--a-star"],
        codes=others["--codes"],
        data=others["--data"],
        lam=lam,
    )
    certified = None if lam is None else report.certifies(lam)
    if arguments.json:
        threshold = None if lam is None else {"lam": lam, "certified": certified}
        write_json({**report.to_dict(), "threshold": threshold}, arguments.json)
    _print_measures(report)
    _print_hypotheses(report.hypotheses)
    _print_intervals(report)
    _print_bounds(report, "these codes", f", at lam = {report.lam or 0:.4g}")
    if report.bounds:
        print(wrap(OTHER_PAPERS, "  "))
    if lam is None:
        return 0
    verdict = "certified to recover every support" if certified else "not certified"
    if report.refutes(lam):
        verdict = "not certified: some code has its support wrong"
    print(f"  lam = {lam:g}: {paint(verdict, 'green' if certified else 'red')}")
    return 0 if certified else 1


def _n19(arguments: argparse.Namespace, given: list[Array], others: dict[str, Any]) -> int:
    """Check weights against N19."""
    report = check_sparse_dictionary(
        given[0],
        arguments.n_active,
        arguments.b_min,
        arguments.b_max,
        others["--a-star"],
        codes=others["--codes"],
        noise=arguments.noise or 0.0,
        bias=arguments.bias,
        step_size=arguments.step_size,
    )
    return _print_choices(arguments, "weights", report)


def _l23(arguments: argparse.Namespace, given: list[Array], others: dict[str, Any]) -> int:
    """Check a design matrix and targets against L23."""
    if arguments.groups is None:
        raise ValueError("--groups is not given; give one size, sizes such as 2,3,5, or labels")
    report = check_design(
        given[0],
        _vector(given[1]),
        _groups(arguments.groups, given[0].shape[-1]),
        n_active=arguments.n_active,
        w_star=_vector(others["--w-star"]),
        epsilon=arguments.epsilon,
        gamma=arguments.gamma,
        alpha=arguments.alpha,
        n_iter=arguments.n_iter,
    )
    return _print_choices(arguments, "regression", report)


def _groups(text: str, n_predictors: int) -> Any:
    """Read --groups: one size, sizes, or a file of labels, which becomes lists of predictors.

    >>> _groups("2", 4), _groups("1, 3", 4), _groups("1,1", 2)
    (2, [1, 3], 1)
    """
    if re.fullmatch(r"\d+", text):
        return int(text)
    if re.fullmatch(r"[-+.\d]+(\s*,\s*[-+.\d]+)*", text) and not os.path.exists(text):
        if not re.fullmatch(r"[\d,\s]+", text):
            raise ValueError(f"--groups = {text}; sizes are positive integers, such as 2,3,5")
        sizes = [int(size) for size in text.split(",")]
        return 1 if sizes == [1] * n_predictors else sizes
    labels = _vector(load_array(text))
    if labels.dtype.kind == "f" and not (labels % 1).any():
        labels = labels.astype(np.int64)  # a table or a MATLAB file holds numbers only
    if labels.shape != (n_predictors,) or labels.dtype.kind == "f":
        raise ValueError(
            f"{text} has shape {labels.shape} and dtype {labels.dtype}; it must hold one label, an "
            f"integer or a string, for each of the {n_predictors} predictors; sizes are given as "
            f"--groups 2,3,5"
        )
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _vector(value: Any) -> Any:
    """The numbers of a table or a MATLAB file of one column or one row, with one axis.

    >>> _vector(np.eye(2)[:1]), _vector(None)
    (array([1., 0.]), None)
    """
    if getattr(value, "ndim", 1) == 2 and 1 in value.shape:
        return value.ravel()
    return value


def _print_choices(
    arguments: argparse.Namespace, title: str, report: SparseDictionaryReport | DesignReport
) -> int:
    """Print what is measured, hypotheses and ranges; 1 when a number is not certified."""
    if arguments.json:
        write_json(report.to_dict(), arguments.json)
    print(paint(title, "bold"))
    for name, value in {**report.sizes, **report.measures}.items():
        print(f"  {name:26} {value:.4g}")
    _print_hypotheses(report.hypotheses)
    print(paint("ranges that the theory gives", "bold"))
    for each in report.ranges:
        head = f"{each.of:10} {each.interval:26} {each.form}: "
        trust = "certified" if each.certified else "NOT certified"
        print(wrap(f"{head}{trust}; {each.promise}", "  ", " " * 40))
    _print_bounds(report, {"weights": "these codes"}.get(title, "this design"))
    for name, certified in report.verdicts.items():
        verdict = "certified" if certified else "not certified"
        value = getattr(arguments, name)
        print(f"  {name} = {value:g}: {paint(verdict, 'green' if certified else 'red')}")
    return 0 if all(report.verdicts.values()) else 1


def _print_measures(report: DictionaryReport) -> None:
    """Sizes, coherences and distances."""
    sizes = report.sizes
    angles = np.degrees(report.principal_angles)
    print(paint("dictionary", "bold"))
    print(
        wrap(
            f"{sizes['n_features']} features, "
            f"{checks.counted(sizes['n_groups'], 'group')} of "
            f"{checks.counted(sizes['group_size'], 'atom')}, "
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
            f"{checks.counted(measured.n_samples, 'code')}, {measured.n_used} held against the "
            f"bounds: at most {measured.n_active} active, norms in "
            f"[{measured.b_min:.4g}, {measured.b_max:.4g}]"
            + "".join(f"; {note}" for note in notes),
            "  ",
        )
    )


def _print_hypotheses(hypotheses: tuple[HypothesisCheck, ...]) -> None:
    """Each hypothesis with its margin or defect, and the statements that need it."""
    print(paint("hypotheses", "bold"))
    for hypothesis in hypotheses:
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

    >>> from gsae_ref.verification.hypotheses import HypothesisCheck
    >>> _margin(HypothesisCheck("a <= b", "R1", True, 0.25))
    'margin +0.25'
    >>> _margin(HypothesisCheck("a = b", "R1", True, -1e-16, tolerance=1e-9))
    'defect 1e-16'
    """
    if hypothesis.tolerance:
        return f"defect {abs(hypothesis.margin):.3g}"
    return f"margin {hypothesis.margin:+.3g}"


def _print_intervals(report: DictionaryReport) -> None:
    """The thresholds that recover every support, form by form, and those that cannot."""
    print(paint("thresholds lam that recover every support", "bold"))
    for form, interval in report.intervals.items():
        if interval.empty:
            print(f"  {form:10} none" + ": every lam fails for some code" * (form == "necessary"))
            continue
        end = "]" if form == "printed" else ")"
        span = f"[{interval.low:.4g}, {interval.high:.4g}{end}"
        trust = "certified"
        if form == "necessary":
            trust = "outside it every lam fails for some code"
        elif not report.certified[form]:
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
    samples = checks.counted(observed.n_samples, "sample")
    note = f"exactly {observed.n_active} active at each of these {samples} (R17)"
    print(wrap(f"{'observed':10} {span:24} {note}", "  ", " " * 13))


def _print_bounds(
    report: DictionaryReport | SparseDictionaryReport | DesignReport, on: str, at: str = ""
) -> None:
    """Every inequality on the user's data: first what fails, last what cannot be held."""
    if not report.bounds:
        return
    print(paint(f"inequalities of the ledger on {on}{at}", "bold"))
    heading = f"    {'':5} {'left/right':>10} {'left':>10} {'right':>10}  form      statement"
    for title in TITLES.values():
        bounds = [bound for bound in report.bounds if TITLES[_outcome(bound)] == title]
        if bounds:
            print(f"  {title.format(on=on)}")
            print(heading)
        for bound in bounds:
            _print_bound(bound)
    reasons: dict[str, list[str]] = {}
    for name, reason in report.not_held.items():
        reasons.setdefault(reason, []).append(name.split(":")[0])
    if reasons:
        print("  not held here")
    for reason, rows in reasons.items():
        print(wrap(f"{', '.join(dict.fromkeys(rows))}: {reason}", "    "))


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
