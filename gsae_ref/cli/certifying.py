"""``gsae-ref certificate``: a counterexample of the ledger, to be sent or printed."""

from __future__ import annotations

import argparse
from typing import Any

from ..claims.certificates import certificate_latex, certificate_script, find_counterexample
from ..verification import find_row
from ..verification.evidence import counterexamples_of


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "certificate",
        help="print an exact counterexample of the ledger, as text, script or LaTeX",
        description=(
            "Print the counterexamples to a statement that is false as printed: every hypothesis "
            "and both sides of the conclusion, in fractions."
        ),
        epilog=(
            "example: gsae-ref certificate T21-prop2 --script > prop2.py; python -I -S prop2.py"
        ),
    )
    command.add_argument("id", help="a statement, such as T21-prop2, or one of its counterexamples")
    form = command.add_mutually_exclusive_group()
    form.add_argument(
        "--script", action="store_true", help="a script that needs Python only; of the first one"
    )
    form.add_argument("--latex", action="store_true", help="LaTeX, to be set with amsmath")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the counterexamples; a script holds one."""
    names = names_of(arguments.id)
    if arguments.script:
        print(certificate_script(names[0]), end="")
    elif arguments.latex:
        print("\n\n".join(map(certificate_latex, names)))
    else:
        print("\n\n".join(find_counterexample(name).explain() for name in names))
    return 0


def names_of(text: str) -> list[str]:
    """The counterexamples to a row of the ledger; or the one of this name.

    Raises
    ------
    ValueError
        For an unknown id, and for a row without a counterexample.
    """
    try:
        row = find_row(text)
    except ValueError:
        find_counterexample(text)
        return [text]
    names = counterexamples_of(row.same_as or row.id)
    if not names:
        raise ValueError(f"{row.id} has no counterexample; its verdict is in `gsae-ref verify`")
    return names
