"""Docstrings: examples that run, errors that are documented, sources that the ledger has."""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from pathlib import Path

import pytest

import gsae_ref
from gsae_ref import metrics, ops, papers, reference, sampling, training
from gsae_ref.papers.ledger import LEDGER

sys.path.insert(0, str(Path(__file__).parent.parent / "docs" / "_ext"))
sources = importlib.import_module("equation_index").sources

PACKAGE = Path(gsae_ref.__file__).parent
ROOMS = (reference, papers)  # all of their modules are public
# Rows and counterexamples need no example: `verify --explain` shows them.
WITHOUT = re.compile(
    r"(\.|_)(statements|counterexamples|measurements|families|models|claims|teeth|ledger|row|exact"
    r"|descent)$"
)


# ---- public names


def modules(room):
    found = (module.name for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."))
    return [importlib.import_module(name) for name in found if not WITHOUT.search(name)]


def is_documented(thing):
    ours = inspect.isfunction(thing) or inspect.isclass(thing)
    return ours and thing.__module__.startswith("gsae_ref")


def public():
    """(name, object) of every public function and class, each once."""
    named = {f"gsae_ref.{name}": getattr(gsae_ref, name) for name in dir(gsae_ref)}
    for module in (ops, sampling, metrics, training, *modules(reference), *modules(papers)):
        named |= {f"{module.__name__}.{name}": thing for name, thing in vars(module).items()}
    first = {}
    for name, thing in named.items():
        if not name.rpartition(".")[2].startswith("_") and is_documented(thing):
            first.setdefault(id(thing), (name, thing))
    return sorted(first.values(), key=lambda pair: pair[0])


PUBLIC = public()
each = pytest.mark.parametrize(
    "thing", [thing for _, thing in PUBLIC], ids=[name for name, _ in PUBLIC]
)


def has_example(docstring):
    return any(line.lstrip().startswith(">>> ") for line in (docstring or "").splitlines())


def omits_errors(docstring, source):
    """Whether code raises in its own body, and its docstring has Parameters but no Raises."""
    body = ast.parse(textwrap.dedent(source)).body[0]
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(body))
    text = inspect.cleandoc(docstring)
    return raises and "\nParameters\n" in text and "\nRaises\n" not in text


@each
def test_it_has_an_example(thing):
    assert has_example(thing.__doc__)


@each
def test_it_documents_the_errors_it_raises(thing):
    if inspect.isfunction(thing):
        assert not omits_errors(thing.__doc__, inspect.getsource(thing))


@each
def test_its_first_line_is_a_sentence(thing):
    first = inspect.cleandoc(thing.__doc__).splitlines()[0]
    assert len(first) > 10
    # A formula may begin with its left side, as in "lam_i = <W_i, A_i>".
    symbol = re.match(r"[a-z]+", first)
    if symbol and "=" not in first:
        assert not first[symbol.end()].isspace() or len(symbol[0]) < 4


def test_the_public_names_are_found():
    names = [name for name, _ in PUBLIC]
    assert len(names) > 150
    for name in (
        "gsae_ref.train",
        "gsae_ref.GroupSparseAutoencoder",
        "gsae_ref.papers.t21.gradients.formulas.oja_gradient",
        "gsae_ref.reference.adam.adam_step",
    ):
        assert name in names


@pytest.mark.parametrize("docstring", [None, "Do.", "Do. Use >>> with care."])
def test_a_missing_example_is_found(docstring):
    assert not has_example(docstring)


def test_errors_that_are_not_documented_are_found():
    source = "def f(x):\n    if x:\n        raise ValueError\n"
    silent = "Do.\n\nParameters\n----------\nx : int\n"
    assert omits_errors(silent, source)
    assert not omits_errors(silent + "\nRaises\n------\nValueError\n", source)
    assert not omits_errors(silent, "def f(x):\n    return x\n")


# ---- sources


def docstrings(path):
    """Every docstring of a file: of the module, its classes and its functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield ast.get_docstring(node) or ""


def unknown_sources(docstring):
    """Numbers that a docstring cites and no row of the ledger has.

    "Theorem 4 (i)" is found in "Theorem 4 (i.1)", "Theorem 3" in "Theorem 3 (ii)".
    """
    return {
        (paper, number)
        for paper, number in sources(docstring)
        if not any(
            row.paper == paper and re.match(rf"{re.escape(number.rstrip(')'))}(?!\w)", row.number)
            for row in LEDGER.values()
        )
    }


def test_every_source_that_a_docstring_cites_is_in_the_ledger():
    cited = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        for docstring in docstrings(path):
            assert unknown_sources(docstring) == set(), path.relative_to(PACKAGE)
            cited += len(sources(docstring))
    assert cited > 140


@pytest.mark.parametrize(
    "docstring, unknown",
    [
        ("[T21] Eq. (7), Proposition 2 and Theorem 1.", set()),
        ("[N19] Theorem 4 (i). [L23] Lemma 14.", set()),
        ("[T21] Eq. (99).", {("T21", "Eq. (99)")}),
        ("[T21] Proposition 3 and Lemma 1.", {("T21", "Proposition 3")}),
        ("[N19] Theorem 4 (v).", {("N19", "Theorem 4 (v)")}),
        ("[L23] Eq. (1). [N19] Lemma 17.", {("N19", "Lemma 17")}),
    ],
)
def test_a_source_that_does_not_exist_is_found(docstring, unknown):
    assert unknown_sources(docstring) == unknown


def test_every_row_points_to_the_object_that_states_or_derives_it():
    for row in LEDGER.values():
        source = LEDGER.get(row.same_as, row)
        assert row.derivation or source.derivation, row.id
