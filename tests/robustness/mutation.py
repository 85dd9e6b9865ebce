"""The tests' own tests: a machine plants errors in the package, and the tests must notice.

    python -m pip install mutmut
    python tests/robustness/mutation.py reference              every mutant of the reference: some 25 minutes
    python tests/robustness/mutation.py papers --every 5       one of five; also: kernels; certificates, of which one of 30 is enough for a start
    python tests/robustness/mutation.py --show FOLDER          what is known of a run that was interrupted (its folder is printed at the start)

mutmut changes one operator, number, name or argument at a time, in a copy of the project, and runs
the tests that reach it. Survivors are printed, with the reason for those that EQUIVALENT knows to
compute the same; exit status 1 if fewer than 95 % of the others are killed.

It leaves decorated functions alone, and every kernel is one. With Numba's compiler disabled the
decorator does nothing, so the copy of the kernels is made without it and runs as plain Python.
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

PROJECT = Path(__file__).resolve().parents[2]
ENOUGH = 0.95
ROOMS = {  # what is changed, what is left alone, the tests that are to notice
    "reference": (
        "gsae_ref/reference/*",
        "",
        "activations adam autoencoder gradients expected convolution grouped_autoencoder sparse_autoencoder sparse_expected dglnn "
        "dglnn_algorithms unfolded unfolded_gradient mutants extremes reference_details",
    ),
    "papers": (
        "gsae_ref/papers/*",
        "gsae_ref/papers/*counterexamples.py",
        "t21_support t21_convergence l23_formulas n19_formulas t21_statements l23_statements n19_statements l23_hypotheses ledger closeness "
        "dictionary_report rows",
    ),
    "certificates": (
        "gsae_ref/papers/*counterexamples.py",
        "",
        "counterexamples_text exact t21_counterexamples t21_counterexamples_in_floats n19_counterexamples l23_counterexamples",
    ),
    "kernels": (
        "gsae_ref/kernels/*",
        "gsae_ref/kernels/_jit.py",
        "kernels lazy_kernels sparse_kernels dglnn_kernels unfolded_kernels adam engine",
    ),
}
CHOSEN = {
    1: [],
    2: ["*[02468]"],
    5: ["*[27]"],
    10: ["*7"],
    30: ["*_7", "*[05]7"],
}  # how the names of those end that are tried
NEEDED = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs",
    "benchmarks",
    "notebooks",
)  # by some of the tests
APART = (
    "wrong_",
    "unchanged_passes",
    "floats_and_the_standard",
    "planted",
)  # these read the source, which is no longer the one
SLOW = (  # without the compiler, or about it
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
    "most_pairs",
    "dense_supports_fall",
    "that_forgets",
)
ROWS = """import pytest

from gsae_ref.papers.ledger import LEDGER
from gsae_ref.verification import verify


@pytest.mark.parametrize("row", LEDGER)
def test_a_row_is_confirmed(row):
    assert verify(only=[row], quick=True).ok
"""  # one test for each row, so that mutmut sees which of them reach a function
TIMEOUT = 24, -24, 36, 152, 255

# Where (in the name of a file or function), what may stand in place of what, once in a line, so
# that both compute the same; and why.
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
    (
        "",
        r"optimize=True",
        ("optimize=None", "optimize=False", ""),
        "the order in which einsum multiplies",
    ),
    ("", r"copy=False", ("copy=None", "copy=True", ""), "a copy of a new array"),
    ("", r"astype\(np\.float64\)", ("astype(None)",), "NumPy's default"),
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
        "what stands in for a zero divisor is not used",
    ),
    (
        "",
        r'"[^"]* [^"]*"',
        (lambda of: f'"XX{of[0][1:-1]}XX"', lambda of: of[0].lower(), lambda of: of[0].upper()),
        "words for a reader",
    ),
    ("kernels", r"n_threads\)", ("None)",), "the number of threads changes no bit"),
    (
        "x__direction",
        r"where\(active, r, 1\)",
        ("where(active, r, 2)",),
        "what stands in for a zero divisor is not used",
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
        "one group is a group too; it is only faster so",
    ),
    ("x_convolve", r"K\.shape\[1\]", ("K.shape[2]",), "kernels are square"),
    ("x_backward", r"layer\.kernel\[1\]", ("layer.kernel[2]",), "kernels are square"),
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
    ("kernels/fused", r"2 \* n(?=[,\]])", ("3 * n",), "more room than is needed"),
    (
        "kernels/lazy",
        r"AWAKE \* wakes",
        ("AWAKE / wakes",),
        "which way is taken, and that changes the time only",
    ),
    (
        "x__over_chunks",
        r"half >= SMALLEST_HALF and",
        ("half >= SMALLEST_HALF or",),
        "which way is taken, and that changes the time only",
    ),
    (
        "kernels/unfolded",
        r"group_size >= LARGE",
        ("(group_size >= LARGE) or True",),
        "which way is taken, and that changes the time only",
    ),
    (
        "few_active",
        r"self\.few >= 1",
        ("self.few >= 2",),
        "which way is taken, and that changes the time only",
    ),
    (
        "x_screening_margin",
        r"n_features \* 2\.0\*\*-120",
        ("n_features * 3.0**-120",),
        "lost in the sum, and written down for the derivation",
    ),
    (
        "xǁ_Problemǁ__init__",
        r"memory if few > 0 else None",
        ("memory if (few > 0) or True else None",),
        "a memory that is not asked",
    ),
    (
        "recalled",
        r"np\.empty\(0\), np\.empty\(0\)",
        ("np.empty(1), np.empty(0)",),
        "stands for what is not kept",
    ),
    ("forward", r"k > 0, beta", ("k >= 0, beta",), "beta is 0 after the first step"),
    (
        "x__encode_one",
        r"zero if lam > 0 else one",
        ("zero if lam >= 0 else one",),
        "without a threshold only zero is not above it",
    ),
    ("for_block", r"self\.block = None", ('self.block = ""',), "overwritten in the next line"),
]


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Plant errors in a room of the package, one at a time, and see whether its tests notice."
    )
    parser.add_argument("room", choices=ROOMS, nargs="?", default="reference")
    parser.add_argument(
        "--every",
        type=int,
        choices=CHOSEN,
        default=1,
        help="try one mutant of about so many (default: all)",
    )
    parser.add_argument(
        "--show", metavar="FOLDER", type=Path, help="print what is known of a run and leave"
    )
    arguments = parser.parse_args(argv)
    folder = arguments.show
    if folder is None:
        folder = prepared(arguments.room, Path(tempfile.mkdtemp(prefix="mutants-")))
        print(folder, flush=True)
        environment = {
            **os.environ,
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
        }
        if arguments.room == "kernels":
            environment["NUMBA_DISABLE_JIT"] = "1"
        subprocess.run(
            [sys.executable, "-m", "mutmut", "run", *CHOSEN[arguments.every]],
            cwd=folder,
            env=environment,
            check=False,
        )
    return told(*outcome(folder))


def prepared(room, folder):
    """A copy of the project in this folder, with mutmut's settings."""
    changed, left, tests = ROOMS[room]
    shutil.copytree(
        PROJECT,
        folder,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "_build"),
    )
    if room == "kernels":
        for path in (folder / "gsae_ref" / "kernels").glob("[a-z]*.py"):
            path.write_text(
                re.sub(r"^ *@jit.*\n", "", path.read_text(encoding="utf-8"), flags=re.M),
                encoding="utf-8",
            )
    (folder / "tests" / "test_rows.py").write_text(ROWS, encoding="utf-8")
    (folder / "examples").mkdir()
    for path in sorted(folder.glob(changed.replace("/*", "/**/*.py"))):
        examples(path, folder / "examples")
    setup = configparser.ConfigParser()
    setup.read(folder / "setup.cfg")
    setup["mutmut"] = {
        "source_paths": "gsae_ref",
        "only_mutate": changed,
        "do_not_mutate": left,
        "also_copy": lines((*NEEDED, "examples")),
        "pytest_add_cli_args_test_selection": lines(
            ["examples", *(f"tests/test_{name}.py" for name in tests.split())]
        ),
        "pytest_add_cli_args": lines(
            [
                "-p",
                "no:cacheprovider",
                "--doctest-glob=*.txt",
                "-W",
                "default",
                "-k",
                " and ".join(
                    f"not {name}" for name in (*APART, *(SLOW if room == "kernels" else ()))
                ),
            ]
        ),
        "use_git_change_detection": "false",
        "track_dependencies": "false",
    }
    with open(folder / "setup.cfg", "w", encoding="utf-8") as file:
        setup.write(file)
    return folder


def examples(path, folder):
    """The examples of a module as a text that pytest runs: its own docstrings would be found once for every mutant."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [
        ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)
    ]
    if any(">>>" in text for text in texts):
        module = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        first = f">>> import importlib\n>>> globals().update(vars(importlib.import_module({module!r})))\n"
        (folder / f"{module}.txt").write_text("\n\n".join([first, *texts]), encoding="utf-8")


def lines(items):
    return "\n" + "\n".join(items)


def outcome(folder):
    """Numbers of mutants by fate, and the survivors as (file and function, (what was, what is))."""
    counts = {"killed": 0, "timeout": 0, "survived": 0, "not reached": 0}
    survivors = []
    for meta in sorted(Path(folder, "mutants").rglob("*.py.meta")):
        found = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        source = meta.with_suffix("").read_text(encoding="utf-8")
        functions = {
            node.name: node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef)
        }
        for name, code in found.items():
            fate = {0: "survived", 33: "not reached", None: None}.get(
                code, "timeout" if code in TIMEOUT else "killed"
            )
            if fate is None:
                continue
            counts[fate] += 1
            if fate in ("survived", "not reached"):
                short = name.rpartition(".")[2]
                before = functions.get(re.sub(r"__mutmut_\d+$", "__mutmut_orig", short))
                place = f"{str(meta.relative_to(Path(folder, 'mutants')))[:-8]} {short}"
                survivors.append((place, change(source, before, functions.get(short))))
    return counts, survivors


def change(source, before, after):
    """The first line in which two functions differ, as it was and as it is."""
    if before is None or after is None:
        return "?", "?"
    texts = [
        ast.get_source_segment(source, node).replace(node.name, "f").splitlines()
        for node in (before, after)
    ]
    return next(
        ((a.strip(), b.strip()) for a, b in zip(*texts, strict=False) if a != b), ("?", "?")
    )


def reason(place, before, after):
    """Why a change computes the same, or None."""
    for where, pattern, substitutes, why in EQUIVALENT:
        for found in re.finditer(pattern, before) if where in place else ():
            for new in substitutes:
                if (
                    before[: found.start()]
                    + (new(found) if callable(new) else found.expand(new))
                    + before[found.end() :]
                    == after
                ):
                    return why
    return None


def told(counts, survivors):
    """Print it; 0 if enough mutants that are not equivalent are killed."""
    known = [(reason(place, *pair), place, pair) for place, pair in survivors]
    for why, place, pair in sorted(known, key=lambda each: (each[0] is None, each[1])):
        print(
            f"{'same  ' if why else 'ALIVE '} {place}: {' -> '.join(pair)}{f'   ({why})' if why else ''}"
        )
    tried = sum(counts.values())
    same = sum(why is not None for why, *_ in known)
    share = (counts["killed"] + counts["timeout"]) / max(tried - same, 1)
    fates = ", ".join(f"{count:,} {fate}" for fate, count in counts.items())
    print(f"{tried:,} mutants: {fates}; {same} compute the same; {share:.1%} of the others killed")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
