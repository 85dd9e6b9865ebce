"""Every public name shows how it is used: an example in its docstring, run as a doctest, and what it raises if it refuses anything."""

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap

import pytest

import gsae_ref
from gsae_ref import metrics, ops, papers, reference, sampling, training

ROOMS = (
    reference,
    papers,
)  # every module of these is public, with every name that has no underscore
WITHOUT = re.compile(
    r"(\.|_)(statements|counterexamples|measurements|families|models|ledger|row|exact|descent)$"
)  # rows and counterexamples: `verify --explain` is their example


def modules(room):
    found = (module.name for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."))
    return [importlib.import_module(name) for name in found if not WITHOUT.search(name)]


def is_documented(thing):
    return (inspect.isfunction(thing) or inspect.isclass(thing)) and thing.__module__.startswith(
        "gsae_ref"
    )


def public():
    """(name, object) of every public function and class, each once."""
    named = {
        f"gsae_ref.{name}": getattr(gsae_ref, name)
        for name in dir(gsae_ref)
        if not name.startswith("_")
    }
    for module in (ops, sampling, metrics, training, *(m for room in ROOMS for m in modules(room))):
        named |= {
            f"{module.__name__}.{name}": thing
            for name, thing in vars(module).items()
            if not name.startswith("_")
        }
    seen = {}
    for name, thing in named.items():
        if is_documented(thing):
            seen.setdefault(id(thing), (name, thing))
    return sorted(seen.values())


PUBLIC = public()
each = pytest.mark.parametrize(
    "thing", [thing for _, thing in PUBLIC], ids=[name for name, _ in PUBLIC]
)


def has_example(docstring):
    return any(line.lstrip().startswith(">>> ") for line in (docstring or "").splitlines())


def says_nothing_of_errors(docstring, source):
    """Whether code that raises in its own body has a docstring with a Parameters section but without one on what it raises."""
    body = ast.parse(textwrap.dedent(source)).body[0]
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(body))
    return (
        raises
        and "\nParameters\n" in inspect.cleandoc(docstring)
        and "\nRaises\n" not in inspect.cleandoc(docstring)
    )


@each
def test_it_has_an_example(thing):
    assert has_example(thing.__doc__)


@each
def test_it_says_what_it_raises(thing):
    assert not inspect.isfunction(thing) or not says_nothing_of_errors(
        thing.__doc__, inspect.getsource(thing)
    )


@each
def test_its_first_line_is_a_sentence(thing):
    first = inspect.cleandoc(thing.__doc__).splitlines()[0]
    symbol = re.match(
        r"[a-z]+", first
    )  # a formula may begin with its left side, as in "lam_i = <W_i, A_i>"
    assert len(first) > 10 and (
        symbol is None or "=" in first or not first[symbol.end()].isspace() or len(symbol[0]) < 4
    )


def test_the_names_are_those_that_are_meant():
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
def test_an_example_that_is_missing_is_missed(docstring):
    assert not has_example(docstring)


def test_errors_that_are_not_mentioned_are_found():
    source = "def f(x):\n    if x:\n        raise ValueError\n"
    silent = "Do.\n\nParameters\n----------\nx : int\n"
    assert says_nothing_of_errors(silent, source) and not says_nothing_of_errors(
        silent + "\nRaises\n------\nValueError\n", source
    )
    assert not says_nothing_of_errors(silent, "def f(x):\n    return x\n")
