"""``gsae-ref claim``: put the claims of a file to the test."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import checks
from ..claims import WORDS, Claim, stress
from ..files import atomically, write_json
from ..papers.models import MODELS
from .options import FaultInFile, add_json, add_seed, file_name, n_jobs
from .paths import require_different, require_writable
from .printing import paint, wrap

if TYPE_CHECKING:
    from ..claims import Result

STATUS = {"not refuted": 0, "refuted": 1, "unproved": 1, "no instance": 2}
INTERRUPTED = 130


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "claim",
        help="search the worst instance of a claim of your own, and prove violations exactly",
        description=(
            "Run FILE.py, which defines one or more gsae_ref.Claim, and put each to the test: "
            "print the largest left/right, and an exact counterexample where there is one. A claim "
            "file is code: run only files that you trust."
        ),
        epilog=(
            "example: gsae-ref claim leak.py --sizes n=6,d=3,Gamma=3,gamma=2 --script leak_ce.py. "
            "Exit status: 0 not refuted, 1 refuted exactly or violated in floating point and "
            "unproved, 2 bad input or no instance met the hypotheses, 130 interrupted: what was "
            "found until then is printed."
        ),
    )
    command.add_argument("file", nargs="?", metavar="FILE.py", help="file that defines the claims")
    command.add_argument(
        "--names",
        choices=sorted(MODELS),
        metavar="MODEL",
        help="list what sentences on a model can say, and run nothing: "
        + ", ".join(sorted(MODELS)),
    )
    _add_search(command)
    _add_output(command)
    add_json(command)
    add_seed(command)
    command.set_defaults(run=run)


def _add_search(command: argparse.ArgumentParser) -> None:
    """Add the options of the search."""
    command.add_argument(
        "--sizes",
        action="append",
        metavar="n=6,d=3,...",
        help="sizes in place of those of the claim; what is not named stays; may be repeated",
    )
    command.add_argument(
        "--budget",
        type=int,
        default=40_000,
        metavar="N",
        help="instances to evaluate at each of the sizes (default 40000)",
    )
    command.add_argument(
        "--searches", type=int, default=3, metavar="N", help="searches that share the budget"
    )
    command.add_argument(
        "--n-jobs", type=int, metavar="N", help="processes (default 1); -1 for all cores"
    )


def _add_output(command: argparse.ArgumentParser) -> None:
    """Add the options that ask for more than the verdict."""
    command.add_argument(
        "--tightness",
        action="store_true",
        help="also the largest left/right at growing distances from degenerate instances",
    )
    command.add_argument(
        "--teeth",
        action="store_true",
        help="also search spoilt versions of the claim, which should be refuted",
    )
    for option, letter, meaning in (
        ("--script", "OUT.py", "write the counterexample as a script that needs Python only"),
        ("--latex", "OUT.tex", "write the counterexample as LaTeX"),
    ):
        command.add_argument(option, type=file_name, metavar=letter, help=meaning)


def run(arguments: argparse.Namespace) -> int:
    """Print what each claim came out as; return the largest exit status."""
    if arguments.names:
        _print_names(arguments.names)
        return 0
    if not arguments.file:
        raise ValueError("FILE.py is missing; name the file that defines the claim")
    checks.count("--searches", arguments.searches)
    written = {"--script": arguments.script, "--latex": arguments.latex, "--json": arguments.json}
    require_different(written, {"the claim file": arguments.file})
    require_writable(written.values())
    claims = [_resized(claim, arguments.sizes) for claim in read_claims(arguments.file)]
    if len(claims) > 1 and (arguments.script or arguments.latex):
        raise ValueError(
            f"{arguments.file} defines {len(claims)} claims; --script and --latex write one "
            "counterexample; put the claim into a file of its own"
        )
    results: list[Result] = []
    for claim in claims:
        results.append(_tried(claim, arguments))
        if results[-1].interrupted:
            break
    if arguments.json:
        write_json({"claims": [_to_dict(each, arguments) for each in results]}, arguments.json)
    if results[-1].interrupted:
        n_left = len(claims) - len(results)
        left = f"; {n_left} of {len(claims)} claims not tried" if n_left else ""
        print(f"gsae-ref claim: interrupted{left}", file=sys.stderr)
        return INTERRUPTED
    return max(STATUS[result.verdict] for result in results)


def read_claims(path: str) -> list[Claim]:
    """Run a file and return the claims that it defines, in their order.

    Raises
    ------
    ValueError
        If there is no such file, it fails, or it defines no claim.
    """
    if Path(path).is_dir():
        raise ValueError(f"{path} is a directory; name a Python file")
    folder = os.getcwd()
    try:
        names = runpy.run_path(path)
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read ({error.strerror or error}); name a Python file"
        ) from error
    except (Exception, SystemExit) as error:
        name = type(error).__name__
        reason = f"{name}: {error}" if isinstance(error, SystemExit) else str(error) or name
        if isinstance(error, SyntaxError):
            reason = error.msg
        raise FaultInFile(f"{path}{_place(error, path)}: {reason}") from error
    finally:
        os.chdir(folder)  # the files of --script and --json lie where the command was given
    claims = {id(claim): claim for value in names.values() for claim in _claims_in(value)}
    if not claims:
        raise ValueError(f"{path} defines no claim; write `claim = gsae_ref.Claim(...)` in it")
    return list(claims.values())


def _claims_in(value: Any) -> list[Claim]:
    """A claim, or the claims of a list, a tuple or a dict."""
    values = value.values() if isinstance(value, dict) else value
    several = isinstance(value, (list, tuple, dict))
    return [each for each in (values if several else [value]) if isinstance(each, Claim)]


def _place(error: BaseException, path: str) -> str:
    """The line of a file at which an error occurred."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}" if error.lineno else ", which is no Python file"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == path
    ]
    return f", line {lines[-1]}" if lines else ""


def _resized(claim: Claim, texts: list[str] | None) -> Claim:
    """The claim at the sizes of --sizes."""
    if not texts:
        return claim
    return claim.but(sizes=[{**claim.all_sizes[0], **_read_sizes(text)} for text in texts])


def _read_sizes(text: str) -> dict[str, int]:
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        sizes = {name.strip(): int(value) for name, _, value in pairs}
    except ValueError as error:
        raise ValueError(f"--sizes {text!r} is not read; write n=6,d=3,Gamma=3,gamma=2") from error
    if len(sizes) < len(pairs):
        raise ValueError(f"--sizes {text!r} has a size twice; to try several, repeat --sizes")
    return sizes


def _tried(claim: Claim, arguments: argparse.Namespace) -> Result:
    """Put a claim to the test, print the result, and write what was asked for."""
    result = stress(
        claim,
        arguments.budget,
        seeds=arguments.searches,
        rng=arguments.seed,
        n_jobs=n_jobs(arguments),
        progress=sys.stderr.isatty(),
    )
    head, *rest = str(result).splitlines()
    print(paint(head, "green" if result.verdict == "not refuted" else "red"))
    print("\n".join(rest), flush=True)
    if arguments.tightness and not result.interrupted:
        print("\n".join(f"  {line}" for line in str(result.tightness).splitlines()), flush=True)
    if arguments.teeth and result.verdict == "not refuted":
        print("  teeth")
        for tooth in result.teeth:
            print(f"    {tooth}", flush=True)
    elif arguments.teeth:
        print(f"  teeth: not tried, the claim is {result.verdict}")
    for path, text in ((arguments.script, result.script), (arguments.latex, result.latex)):
        if path and result.proof:
            write_text(text(), path)
            print(f"  {path}: the counterexample")
        elif path:
            print(f"  {path}: not written, there is no exact counterexample")
    return result


def write_text(text: str, path: str) -> None:
    """Write a text file; an existing one is replaced at the end."""
    with atomically(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def _to_dict(result: Result, arguments: argparse.Namespace) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if arguments.tightness and not result.interrupted:
        rows = result.tightness.rows
        more["tightness"] = [{"distance": str(d), "ratio": ratio} for d, ratio in rows]
    if arguments.teeth and result.verdict == "not refuted":
        more["teeth"] = [
            {"text": tooth.text, "ratio": tooth.ratio, "noticed": tooth.noticed}
            for tooth in result.teeth
        ]
    return result.to_dict() | more


def _print_names(name: str) -> None:
    """Every name and every word that a sentence may use, with its meaning."""
    model = MODELS[name]
    print(paint("names", "bold"))
    for each, meaning in model.meanings.items():
        kind = " (size)" if each in model.sizes else ""
        print(f"  {each:12} {meaning}{kind}")
    print(paint("hypotheses that can be built in", "bold"))
    for each, sentences in model.given.items():
        print(f"  {each!r:24} {'; '.join(sentences)}")
    print(paint("words", "bold"))
    for text in WORDS.values():
        print(wrap(text, "  "))
