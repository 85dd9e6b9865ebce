"""Mutation tests: errors are planted in a room of the package, one at a time, and tests must fail.

    python -m pip install mutmut
    python tests/robustness/mutation.py reference          every mutant, some 25 minutes
    python tests/robustness/mutation.py papers --every 5   one of five; certificates --every 30
    python tests/robustness/mutation.py --show FOLDER      results of an interrupted run

mutmut changes one operator, number, name or argument at a time, in a copy of the project, and runs
the tests that reach it. Survivors are printed, with the reason for those that compute the same by
EQUIVALENT; the exit status is 1 if fewer than 95 % of the others are killed.

mutmut leaves decorated functions alone. The copy of the kernels has no decorators, and runs as
plain Python, as with Numba's compiler disabled; that of the counterexamples registers them by
calls at the end of the file.
"""

import argparse
import ast
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
REQUIRED = 0.95  # share of killed mutants


class Room(NamedTuple):
    """What is mutated, what is not, and the tests that must fail."""

    mutated: str
    excluded: str
    tests: str


ROOMS = {
    "reference": Room(
        "gsae_ref/reference/*",
        "",
        "activations adam autoencoder gradients expected convolution grouped_autoencoder "
        "sparse_autoencoder sparse_expected dglnn dglnn_algorithms unfolded unfolded_gradient "
        "mutants extremes reference_details",
    ),
    "papers": Room(
        "gsae_ref/papers/*",
        "gsae_ref/papers/*counterexamples.py",
        "t21_support t21_convergence l23_formulas n19_formulas t21_statements l23_statements "
        "n19_statements l23_hypotheses ledger closeness dictionary_report rows",
    ),
    "certificates": Room(
        "gsae_ref/papers/*counterexamples.py",
        "",
        "counterexamples_text exact t21_counterexamples t21_counterexamples_in_floats "
        "n19_counterexamples l23_counterexamples",
    ),
    "kernels": Room(
        "gsae_ref/kernels/*",
        "gsae_ref/kernels/_jit.py",
        "kernels lazy_kernels sparse_kernels dglnn_kernels unfolded_kernels adam engine",
    ),
}
# --every: how the names of the mutants that are tried end.
CHOSEN = {1: [], 2: ["*[02468]"], 5: ["*[27]"], 10: ["*7"], 30: ["*_7", "*[05]7"]}
# Files outside the package that some tests need.
NEEDED = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "benchmarks", "notebooks")
# Tests that read the source, which is changed in the copy.
SOURCE_TESTS = ("wrong_", "unchanged_passes", "floats_and_the_standard", "planted")
# Tests that are slow without the compiler, or test the compiler.
SLOW_TESTS = (
    "number_of_threads",
    "no_sample_out",
    "extra_memory",
    "bounds_checked",
    "compil",
    "no_folder",
    "blocks_that_change",
    "changes_no_bit",
    "auto_takes",
    "run_with_memory",
    "ever_missed",
    "examine_few_pairs",
    "dense_supports_fall",
    "does_not_grow",
    "outlive_a_lower",
)
# One test for each row, so that mutmut sees which rows reach a function.
ROWS = """import pytest

from gsae_ref.papers.ledger import LEDGER
from gsae_ref.verification import verify


@pytest.mark.parametrize("row", LEDGER)
def test_a_row_is_confirmed(row):
    assert verify(only=[row], quick=True).ok
"""
TIMEOUT_CODES = 24, -24, 36, 152, 255
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")

# Mutants that compute the same: part of the name of a file or function, pattern of what is
# replaced, what replaces it, and why.
EQUIVALENT = [
    (
        "",
        r"strict=True",
        ("strict=None", "strict=False", ""),
        "lengths are equal by construction; strict= only guards that",
    ),
    (
        "",
        r'(?<=einsum\(")[a-z.,\->]+',
        (lambda letters: letters[0].upper(),),
        "other letters for the same indices",
    ),
    ("", r"copy=False", ("copy=None", "copy=True", ""), "a copy of a new array"),
    ("", r"rcond=None", ("",), "NumPy's default"),
    (
        "",
        r"(reshape\(.*?)(?<=[(, ])-1(?=[,)])",
        (r"\1-2",),
        "NumPy infers the length from any negative number",
    ),
    ("", r"// group_size", ("/ group_size",), "n_atoms is a multiple of group_size"),
    (
        "",
        r"(\w+) > 0, \1, 1\)",
        (r"\1 >= 0, \1, 1)", r"\1 > 0, \1, 2)"),
        "the replacement of a zero divisor is not used",
    ),
    (
        "",
        r'"[^"]* [^"]*"',
        (lambda of: f'"XX{of[0][1:-1]}XX"', lambda of: of[0].lower(), lambda of: of[0].upper()),
        "text",
    ),
    ("kernels", r"n_threads\)", ("None)",), "the number of threads changes no bit"),
    (
        "x_shrinkage",
        r"where\(active, r, 1\)",
        ("where(active, r, 2)",),
        "the replacement of a zero divisor is not used",
    ),
    (
        "x_shrinkage",
        r"active = r > lam",
        ("active = r >= lam",),
        "at a tie the factor 1 - lam / r is 0 anyway",
    ),
    (
        "jacobian",
        r"eye\(group_size, dtype=Z\.dtype\)",
        ("eye(group_size, dtype=None)", "eye(group_size, )"),
        "written into an array of that dtype",
    ),
    (
        "x_derivative",
        r"dtype=bool",
        ("dtype=None", ""),
        "a mask of 1.0 instead of True is only multiplied by",
    ),
    (
        "x_support_probabilities",
        r"range\(3\)",
        ("range(4)",),
        "the fourth probability is not returned",
    ),
    (
        "x_printed_16",
        r"full_like\(W, np\.nan",
        ("full_like(W, None",),
        "None is NaN in an array of numbers",
    ),
    (
        "x_patches",
        r"n_groups > 1",
        ("(n_groups > 1) or True", "n_groups >= 1"),
        "one group is computed the same, only slower",
    ),
    ("x_convolve", r"K\.shape\[1\]", ("K.shape[2]",), "kernels are square"),
    (
        "x_spectral_step",
        r"full_matrices=False",
        ("full_matrices=None", "full_matrices=True", ""),
        "only the leading pair is used",
    ),
    (
        "x__entrywise",
        r"if l1 else",
        ("if (l1) or True else",),
        "a threshold of 0 leaves everything as it is",
    ),
    (
        "x_balanced_start",
        r"X\.T @ y / len\(y\)$",
        ("X.T @ y * len(y)",),
        "a vector that is divided by its norm next",
    ),
    (
        "x_balanced_start",
        r"where\(norms > 0, a ",
        ("where(norms >= 0, a ",),
        "a is zero where its norm is",
    ),
    ("advance", r"tolerance > 0", ("tolerance >= 0",), "nothing is less than a tolerance of 0"),
    ("kernels/autoencoder", r"2 \* n_samples(?=,)", ("3 * n_samples",), "larger than needed"),
    (
        "kernels/lazy",
        r"SCREENED \* until",
        ("SCREENED / until",),
        "the choice of method changes the time only",
    ),
    (
        "map_chunks",
        r"half >= SMALLEST_HALF and",
        ("half >= SMALLEST_HALF or",),
        "the choice of method changes the time only",
    ),
    (
        "kernels/unfolded",
        r"group_size >= LARGE",
        ("(group_size >= LARGE) or True",),
        "the choice of method changes the time only",
    ),
    (
        "few_active",
        r"self\.few >= 1",
        ("self.few >= 2",),
        "the choice of method changes the time only",
    ),
    (
        "x_screening_margin",
        r"n_features \* 2\.0\*\*-120",
        ("n_features * 3.0**-120",),
        "lost in the sum; kept for the derivation",
    ),
    (
        "x__encode",
        r"zero if lam > 0 else one",
        ("zero if lam >= 0 else one",),
        "without a threshold only zero is not above it",
    ),
    ("for_block", r"self\.block = None", ('self.block = ""',), "overwritten in the next line"),
]


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Plant errors in a room of the package, and count those that no test notices."
    )
    parser.add_argument("room", choices=ROOMS, nargs="?", default="reference")
    parser.add_argument(
        "--every",
        type=int,
        choices=CHOSEN,
        default=1,
        help="try about one of so many mutants (default: all)",
    )
    parser.add_argument(
        "--show", metavar="FOLDER", type=Path, help="print the results of a run and stop"
    )
    arguments = parser.parse_args(argv)
    folder = arguments.show
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="mutants-"))
        prepare(arguments.room, folder)
        print(folder, flush=True)
        environment = {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), "GSAE_REF_MUTATION": "1"}
        if arguments.room == "kernels":
            environment["NUMBA_DISABLE_JIT"] = "1"
        command = [sys.executable, "-m", "mutmut", "run", *CHOSEN[arguments.every]]
        subprocess.run(command, cwd=folder, env=environment, check=False)
    return summarise(*outcomes(folder))


def prepare(name, folder):
    """Copy the project into the folder, with the settings of mutmut."""
    room = ROOMS[name]
    skipped = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "_build")
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True, ignore=skipped)
    pattern = room.mutated.replace("/*", "/**/*").removesuffix(".py") + ".py"
    paths = sorted(folder.glob(pattern))
    for path in paths if name in UNDECORATED else ():
        text = UNDECORATED[name](path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
    (folder / "tests" / "test_rows.py").write_text(ROWS, encoding="utf-8")
    (folder / "examples").mkdir()
    for path in paths:
        write_examples(path, folder / "examples")
    deselected = [*SOURCE_TESTS, *(SLOW_TESTS if name == "kernels" else ())]
    options = ["-p", "no:cacheprovider", "--doctest-glob=*.txt", "-W", "default"]
    options += ["-k", " and ".join(f"not {test}" for test in deselected)]
    setup = configparser.ConfigParser()
    setup.read(folder / "setup.cfg")
    setup["mutmut"] = {
        "source_paths": "gsae_ref",
        "only_mutate": room.mutated,
        "do_not_mutate": room.excluded,
        "also_copy": lines([*NEEDED, "examples"]),
        "pytest_add_cli_args_test_selection": lines(["examples", *test_files(room, folder)]),
        "pytest_add_cli_args": lines(options),
        "use_git_change_detection": "false",
        "track_dependencies": "false",
    }
    with open(folder / "setup.cfg", "w", encoding="utf-8") as file:
        setup.write(file)


def without_jit(text):
    """The text of a module without the decorators @jit."""
    return re.sub(r"^ *@jit.*\n", "", text, flags=re.M)


def with_calls(text):
    """The text of a module whose functions are decorated by calls at its end."""
    lines = text.splitlines()
    calls = []
    for node in ast.parse(text).body:
        for decorator in getattr(node, "decorator_list", ()):
            calls.append(f"{ast.unparse(decorator)}({node.name})")
            for number in range(decorator.lineno, decorator.end_lineno + 1):
                lines[number - 1] = ""
    return "\n".join([*lines, *calls]) + "\n"


UNDECORATED = {"kernels": without_jit, "certificates": with_calls}


def test_files(room, folder):
    """The tests of a room, wherever they lie below tests/."""
    paths = {path.stem: path for path in (folder / "tests").rglob("test_*.py")}
    return [str(paths[f"test_{name}"].relative_to(folder)) for name in room.tests.split()]


def write_examples(path, folder):
    """Write the doctests of a module as text; in the module pytest would find them per mutant."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [
        ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)
    ]
    if any(">>>" in text for text in texts):
        module = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        names = f"globals().update(vars(importlib.import_module({module!r})))"
        text = "\n\n".join([f">>> import importlib\n>>> {names}\n", *texts])
        (folder / f"{module}.txt").write_text(text, encoding="utf-8")


def lines(items):
    return "\n" + "\n".join(items)


def outcomes(folder):
    """Numbers of mutants by outcome, and the survivors: (file and function, (before, after))."""
    counts = {"killed": 0, "timeout": 0, "survived": 0, "not reached": 0}
    survivors = []
    root = Path(folder, "mutants")
    for meta in sorted(root.rglob("*.py.meta")):
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        source = meta.with_suffix("").read_text(encoding="utf-8")
        functions = {
            node.name: node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef)
        }
        file = str(meta.relative_to(root)).removesuffix(".py.meta")
        for name, code in codes.items():
            if code is None:  # not tried
                continue
            outcome = outcome_of(code)
            counts[outcome] += 1
            if outcome in ("survived", "not reached"):
                mutant = name.rpartition(".")[2]
                original = functions.get(re.sub(r"__mutmut_\d+$", "__mutmut_orig", mutant))
                changed = change(source, original, functions.get(mutant))
                survivors.append((f"{file} {mutant}", changed))
    return counts, survivors


def outcome_of(code):
    """The outcome of an exit code of mutmut."""
    if code in TIMEOUT_CODES:
        return "timeout"
    return {0: "survived", 33: "not reached"}.get(code, "killed")


def change(source, before, after):
    """The first line in which two functions differ, before and after."""
    if before is None or after is None:
        return "?", "?"
    texts = []
    for node in (before, after):
        text = ast.get_source_segment(source, node).replace(node.name, "f")
        texts.append([line.strip() for line in text.splitlines()])
    pairs = zip(*texts, strict=False)
    return next((pair for pair in pairs if pair[0] != pair[1]), ("?", "?"))


def reason(place, before, after):
    """Why a change computes the same, or None."""
    for where, pattern, substitutes, why in EQUIVALENT:
        if where in place:
            for found in re.finditer(pattern, before):
                for new in substitutes:
                    text = new(found) if callable(new) else found.expand(new)
                    if before[: found.start()] + text + before[found.end() :] == after:
                        return why
    return None


def summarise(counts, survivors):
    """Print the survivors and the numbers; 0 if enough of the other mutants are killed, else 1."""
    known = [(reason(place, *pair), place, pair) for place, pair in survivors]
    for why, place, pair in sorted(known, key=lambda each: (each[0] is None, each[1])):
        mark = "same  " if why else "ALIVE "
        print(f"{mark} {place}: {' -> '.join(pair)}{f'   ({why})' if why else ''}")
    tried = sum(counts.values())
    same = sum(why is not None for why, *_ in known)
    share = (counts["killed"] + counts["timeout"]) / max(tried - same, 1)
    print(f"{tried:,} mutants: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")
    print(f"{same} compute the same; {share:.1%} of the others are killed")
    return 0 if share >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
