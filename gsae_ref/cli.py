"""The command line: parse, call, print; no mathematics. May import verification and checks."""

import argparse
import contextlib
import os
import shutil
import sys
import textwrap
import zipfile

import numpy as np

from . import __version__, checks

__all__ = ["main"]

COLOURS = {"red": "31", "green": "32", "bold": "1", "dim": "2"}


def main(argv=None):
    """Run the command line and return its exit status: 0 good, 1 a checked claim fails, 2 usage or bad input.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; None: those of the process.

    Returns
    -------
    status : int
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        if arguments.command is None:
            parser.print_help()
        status = 2 if arguments.command is None else arguments.run(arguments)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader (head, less) has gone: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, TypeError, ImportError, OSError) as error:
        message = " ".join(str(error).split())
        print(f"gsae-ref {arguments.command}: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gsae-ref: interrupted", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(
        prog="gsae-ref", description="Group-sparse autoencoders: every statement of the papers, checked.",
        epilog="Start with: gsae-ref verify --quick",
    )
    parser.add_argument("--version", action="version", version=f"gsae_ref {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands")

    verify = commands.add_parser("verify", help="run the evidence of every numbered statement and compare with the recorded verdicts")
    verify.add_argument("--paper", default="all", help='"all", "T21", or "own" for this project\'s theorems')
    verify.add_argument("--only", nargs="+", metavar="ID", help="only these statements, such as T21-prop2")
    verify.add_argument("--explain", action="store_true", help="print each statement in full: hypotheses, evidence, counterexample, derivation")
    verify.add_argument("--list", action="store_true", help="list the ids with their statements and stop")
    verify.add_argument("--quick", action="store_true", help="fewer instances and a shorter search")
    verify.add_argument("--n-jobs", type=int, default=1, metavar="N", help="processes; -1 for all cores (the numbers do not depend on it)")
    verify.add_argument("--backend", default="loky", help='joblib backend: "loky", "threading", or "dask"')
    verify.add_argument("--dask-scheduler", metavar="ADDRESS", help="with --backend dask: an existing cluster; default: a local one")
    _common(verify)
    verify.set_defaults(run=_verify)

    check = commands.add_parser("check", help="report what the theory says of your own dictionary")
    check.add_argument("dictionary", metavar="A.npy", help="array (n_features, n_atoms), atoms of a group side by side")
    check.add_argument("--a-star", metavar="A_STAR.npy", help="the dictionary that generates the data (default: A itself)")
    check.add_argument("--group-size", type=int, required=True, metavar="d", help="atoms per group")
    check.add_argument("--n-active", type=int, required=True, metavar="k", help="active groups per sample")
    check.add_argument("--b-min", type=float, required=True, help="smallest norm of an active group's code")
    check.add_argument("--b-max", type=float, required=True, help="largest norm of an active group's code")
    check.add_argument("--lam", type=float, help="also say whether this threshold is certified")
    _common(check)
    check.set_defaults(run=_check)

    info = commands.add_parser("info", help="print versions and what is installed")
    _common(info)
    info.set_defaults(run=_info)
    return parser


def _common(command):
    command.add_argument("--json", metavar="FILE", help="write the full result to a file")
    command.add_argument("--seed", type=int, default=0, help="seed of everything random (default 0)")


def _paint(text, colour, stream=None):
    """Colour for people at a terminal; plain text for files, pipes and NO_COLOR."""
    stream = stream or sys.stdout
    plain = not stream.isatty() or os.environ.get("NO_COLOR")
    return text if plain else f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def _wrapped(text, indent):
    width = min(shutil.get_terminal_size((110, 24)).columns, 120)
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _verify(arguments):
    from .verification import LEDGER, check_writable, find_row, verify

    rows = [find_row(row_id) for row_id in arguments.only] if arguments.only else LEDGER.values()
    rows = [row for row in rows if arguments.only or arguments.paper in ("all", row.paper)]
    if arguments.list:
        for row in rows:
            print(f"{row.id:26} {row.verdict:11} {row.statement}")
        return 0
    if arguments.json:
        check_writable(arguments.json)  # told now, not after minutes of work
    shown = 0

    def show(result):
        nonlocal shown
        shown += 1
        print(_row_text(result, f"[{shown}/{len(rows)}]", arguments.explain), flush=True)

    with _dask_client(arguments):
        report = verify(
            papers=arguments.paper, quick=arguments.quick, rng=arguments.seed, n_jobs=arguments.n_jobs, backend=arguments.backend,
            only=arguments.only, progress=sys.stderr.isatty() and not sys.stdout.isatty(), callback=show,
        )
    if arguments.json:
        report.to_json(arguments.json)
    print("\n" + _paint(report.summary(), "green" if report.ok else "red"))
    return 0 if report.ok else 1


def _dask_client(arguments):
    """The cluster that --backend dask runs on: the named one, or a local one."""
    if arguments.backend != "dask":
        return contextlib.nullcontext()
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise ImportError("--backend dask needs Dask, which is not installed; pip install 'gsae_ref[dask]'") from error
    if arguments.dask_scheduler:
        return Client(arguments.dask_scheduler, timeout="10s")
    return Client(n_workers=arguments.n_jobs if arguments.n_jobs > 0 else os.cpu_count(), threads_per_worker=1, dashboard_address=":0")


def _row_text(result, place, explain):
    """One statement as printed by verify: a heading, then a line for every item of evidence, or everything with --explain."""
    state = _paint("confirmed", "green") if result.confirmed else _paint("NOT CONFIRMED", "red")
    lines = [f"{place:>9} {_paint(result.id, 'bold')}  {result.verdict}  {state}  {_paint(result.number, 'dim')}"]
    if explain:
        return "\n".join(lines + _explanation(result))
    if result.same_as:
        return "\n".join([*lines, _wrapped(f"evidence of {result.same_as}", " " * 12)])
    lines.append(_wrapped(result.statement, " " * 10))
    if result.corrected:
        lines.append(_wrapped(f"=> {result.corrected}", " " * 10))
    return "\n".join(lines + [_evidence_line(finding) for finding in result.findings])


def _evidence_line(finding):
    line = _wrapped(f"{'ok ' if finding.ok else 'FAILS'} {finding.label}: {finding.summary}", " " * 12)
    return line if finding.ok else _paint(line, "red")


def _explanation(result):
    """The statement in full: as printed, hypotheses, verdict and its meaning, corrected form, evidence, derivation."""
    from .verification import LEDGER, VERDICTS

    row = LEDGER[result.same_as or result.id]
    parts = [
        ("statement as printed", [result.statement]),
        ("hypotheses", [h.text for h in row.hypotheses]),
        ("verdict", [f"{result.verdict}: {VERDICTS[result.verdict]}"]),
        ("corrected form", [result.corrected] if result.corrected else []),
        ("evidence", [f"{'ok' if f.ok else 'FAILS'}  {f.label}: {f.summary}" for f in result.findings]),
        ("evidence shared with", [result.same_as] if result.same_as else []),
        ("derivation", [f"{row.derivation} (its docstring)"] if row.derivation else []),
    ]
    lines = []
    for title, texts in parts:
        if texts:
            lines.append("    " + _paint(title, "bold"))
            lines += [_wrapped(text, " " * 8) for text in texts]
    for finding in result.findings:
        if finding.detail:
            lines += ["    " + _paint("exact counterexample", "bold"), textwrap.indent(finding.detail, " " * 8)]
    return lines


def _check(arguments):
    from .verification import check_dictionary, write_json

    A = _load(arguments.dictionary)
    A_star = None if arguments.a_star is None else _load(arguments.a_star)
    lam = None if arguments.lam is None else checks.threshold(arguments.lam)
    report = check_dictionary(A, arguments.group_size, arguments.n_active, arguments.b_min, arguments.b_max, A_star)
    if arguments.json:
        write_json(report.to_dict(), arguments.json)
    _print_dictionary(report, lam)
    return 0


def _load(path):
    """Read one .npy array; never unpickles."""
    try:
        with open(path, "rb") as file:
            A = np.load(file, allow_pickle=False)
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist; the argument is a .npy file; write one with numpy.save") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}); it must be a readable .npy file") from error
    except (ValueError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        raise ValueError(f"{path} is not a .npy file of numbers ({error}); pickled data are refused; write it with numpy.save") from error
    if not isinstance(A, np.ndarray):
        raise ValueError(f"{path} is an archive of several arrays; one array is asked for; save it alone with numpy.save")
    return A


def _print_dictionary(report, lam):
    sizes, angles = report.sizes, np.degrees(report.principal_angles)
    print(_paint("dictionary", "bold"))
    print(f"  {sizes['n_features']} features, {sizes['n_groups']} groups of {sizes['group_size']} atoms, "
          f"{sizes['n_active']} active, code norms in [{sizes['b_min']:g}, {sizes['b_max']:g}]")
    rows = (
        ("coherence mu", report.coherence, ""),
        ("block coherence mu_B", report.block_coherence, "with the paper's 1/d"),
        ("cross-block norm d mu_B", report.cross_block_norm, "without: what bounds interference"),
        ("orthonormality defect", report.orthonormality.max(), f"max_g ||A_g^T A_g - I||_2, at group {report.orthonormality.argmax()}"),
        ("closeness delta", report.delta, f"max_g ||A_g - A*_g||_F, at group {report.closeness.argmax()}"),
        ("largest principal angle", angles.max(), f"degrees, at group {angles.max(axis=1).argmax()}; mean {angles.mean():.3g}"),
    )
    for name, value, note in rows:
        print(f"  {name:26} {value:<10.4g} {note}")
    print(_paint("hypotheses", "bold"))
    for h in report.hypotheses:
        mark = _paint("holds", "green") if h.holds else _paint("fails", "red")
        print(f"  {mark}  margin {h.margin:<+10.3g} {h.text}   [{h.needed_by}]")
    print(_paint("thresholds lam that recover every support", "bold"))
    for form, interval in report.intervals.items():
        span = "none" if interval.empty else f"[{interval.low:.4g}, {interval.high:.4g}{']' if form == 'printed' else ')'}"
        trust = "certified" if report.certified[form] else "NOT certified: its hypotheses fail here"
        if form == "printed" and not report.certified[form]:
            trust = "NOT certified (false in general: see `gsae-ref verify --only T21-lemma1 --explain`)"
        print(f"  {form:10} {span:24} {'' if interval.empty else trust}".rstrip())
    if lam is not None:
        sharp = report.intervals["sharp"]
        inside = sharp.low <= lam < sharp.high
        verdict = _paint("certified to recover every support", "green") if inside else _paint("not certified", "red")
        print(f"  lam = {lam:g}: {verdict}")


def _info(arguments):
    import importlib.metadata
    import platform

    from .verification import write_json

    versions = {"gsae_ref": __version__, "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    for name in ("numpy", "scipy", "numba", "matplotlib", "scikit-learn", "joblib", "threadpoolctl", "tqdm", "dask"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    if arguments.json:
        write_json(versions, arguments.json)
    for name, version in versions.items():
        print(f"{name:14} {version}")
    return 0
