"""Leaves out of a script what does not run: functions never called, branches never taken."""

from __future__ import annotations

import ast
import copy
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from .bundle import defined, joined_imports, names_read

TRACER = """
import runpy, sys
path, lines = sys.argv[1], set()
OPTIMIZED = 1  # the code of a function, not of a module or a class
def entered(frame, event, argument):
    if frame.f_code.co_filename == path and frame.f_code.co_flags & OPTIMIZED:
        lines.add(frame.f_code.co_firstlineno)
        return reached
def reached(frame, event, argument):
    lines.add(frame.f_lineno)
    return reached
sys.stdout = sys.stderr
sys.settrace(entered)
runpy.run_path(path, run_name="__main__")
sys.settrace(None)
print(*sorted(lines), file=sys.__stdout__)
"""
SECONDS = 600


def run_file(text: str, *options: str) -> str:
    """Run a script in a fresh Python without site packages; return what it prints.

    Raises
    ------
    RuntimeError
        If it ends with an error: a fault of this package.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counterexample.py"
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-I", "-S", *options, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"the script of the counterexample fails: {done.stderr.strip()}")
    return done.stdout


def lines_run(text: str) -> set[int]:
    """The lines that run when a script runs, and those at which called functions begin."""
    return set(map(int, run_file(text, "-c", TRACER).split()))


def called_only(nodes: Sequence[ast.stmt], body: str) -> list[ast.stmt]:
    """The definitions of a script that are called when its ``body`` runs.

    Left out are functions, methods and lambdas of a class that are never called, and what only
    these read.
    """
    kernel = "\n".join(map(ast.unparse, nodes))
    called = lines_run(f"{kernel}\n{body}")
    placed = ast.parse(kernel).body  # the same statements, with their lines
    used = [node for node, place in zip(nodes, placed, strict=True) if _is_called(place, called)]
    needed = {name for node in used for name in _at_definition(node)}
    result: list[ast.stmt] = []
    for node, place in zip(nodes, placed, strict=True):
        if isinstance(node, ast.ClassDef) and isinstance(place, ast.ClassDef):
            pairs = zip(node.body, place.body, strict=True)
            kept = [_with_branches(a, b, called) for a, b in pairs if _is_called(b, called)]
            result.append(_with_body(node, kept))
        elif node in used:
            result.append(_with_branches(node, place, called))
        elif needed.intersection(defined(node)):
            result.append(node)
    return _only_read([_changed(node, _Short()) for node in result], body)


def _with_branches(node: ast.stmt, place: ast.stmt, called: set[int]) -> ast.stmt:
    """A function with the branches that are taken; that the others are not is asserted."""
    if not isinstance(place, ast.FunctionDef) or place.lineno == place.body[0].lineno:
        return node
    result = copy.deepcopy(place)
    result.body = list(_statements_run(place.body, called))
    _drop_unread(result)
    result.summary = getattr(node, "summary", "")  # type: ignore[attr-defined]
    return ast.fix_missing_locations(result)


def _statements_run(body: Sequence[ast.stmt], called: set[int]) -> Iterator[ast.stmt]:
    """The statements of a body that run; ``assert`` in place of a branch that is not taken."""
    for node, following in zip_longest(body, body[1:]):
        if not _runs(node, called):
            continue
        if isinstance(node, ast.If) and not _runs(node.body[0], called):
            if not ast.unparse(node.test).startswith("isinstance("):  # of the text, not its numbers
                yield ast.Assert(_negated(node.test))
            yield from _statements_run(node.orelse, called)
        elif isinstance(node, ast.If) and not _goes_on(node, following, called):
            yield ast.Assert(node.test)
            yield from _statements_run(node.body, called)
        else:
            yield _with_inner(node, called)


def _negated(test: ast.expr) -> ast.expr:
    """The negation of a condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    opposite = OPPOSITE.get(type(test.ops[0])) if isinstance(test, ast.Compare) else None
    if isinstance(test, ast.Compare) and opposite and len(test.ops) == 1:
        return ast.Compare(test.left, [opposite()], test.comparators)
    return ast.UnaryOp(ast.Not(), test)


OPPOSITES = ((ast.Eq, ast.NotEq), (ast.Lt, ast.GtE), (ast.Gt, ast.LtE), (ast.Is, ast.IsNot))
OPPOSITE: dict[type, type[ast.cmpop]] = {a: b for pair in OPPOSITES for a, b in (pair, pair[::-1])}


def _goes_on(node: ast.If, following: ast.stmt | None, called: set[int]) -> bool:
    """Whether what follows the body of ``if`` may run: its ``else``, or the next statement."""
    if node.orelse:
        return _runs(node.orelse[0], called)
    ends = isinstance(node.body[-1], (ast.Return, ast.Continue))
    return not ends or following is None or _runs(following, called)


def _with_inner(node: ast.stmt, called: set[int]) -> ast.stmt:
    """A statement whose bodies have the branches that are taken."""
    for name in ("body", "orelse"):
        inner = getattr(node, name, [])
        if any(_runs(each, called) for each in inner):
            setattr(node, name, list(_statements_run(inner, called)))
    return node


def _runs(node: ast.stmt, called: set[int]) -> bool:
    """Whether a statement runs; one without a body may begin with any of its lines."""
    simple = not hasattr(node, "body")
    last = node.end_lineno if simple and node.end_lineno else node.lineno
    return not called.isdisjoint(range(node.lineno, last + 1))


def _drop_unread(function: ast.FunctionDef) -> None:
    """Leave out of a function what is bound to a name that it does not read."""
    while True:
        read = names_read(function)
        kept = [node for node in function.body if set(_bound(node)) & read or not _bound(node)]
        if len(kept) == len(function.body):
            return
        function.body = kept or [ast.Pass()]


def _bound(node: ast.stmt) -> list[str]:
    """The name that a plain assignment binds."""
    if not isinstance(node, ast.Assign):
        return []
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


class _Records(ast.NodeTransformer):
    """A counterexample as its hypotheses and its conclusion; data, repair and note are left out."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.func) != "Certificate":
            return node
        parts = {str(word.arg): word.value for word in node.keywords}
        hypotheses = parts["hypotheses"]
        items = hypotheses.elts if isinstance(hypotheses, ast.Tuple) else [_starred(hypotheses)]
        return ast.Tuple([*items, parts["printed"]], ast.Load())


def _starred(node: ast.expr) -> ast.expr:
    return ast.Starred(node, ast.Load())


def with_plain_records(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The definitions for a script in which a counterexample is a tuple of comparisons.

    They come with two imports and a constant, ``SIGNS``, that :mod:`.certificates` reads.
    """
    rest = [node for node in nodes if not {"Comparison", "Certificate"}.intersection(defined(node))]
    return [*ast.parse(PLAIN_RECORDS).body, *(_changed(node, _Records()) for node in rest)]


PLAIN_RECORDS = """
from collections import namedtuple
from operator import eq, ge, gt, le, lt, ne
SIGNS = {"<=": le, "<": lt, "==": eq, "!=": ne, ">=": ge, ">": gt}
Comparison = namedtuple("Comparison", "text left relation right")
"""


class _Short(ast.NodeTransformer):
    """Without ``strict=True``: shapes fit, the claim was evaluated before."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.keywords = [each for each in node.keywords if each.arg != "strict"]
        return node


def with_rational_roots(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The definitions for a script in which every root is rational; its ``sqrt`` asserts that."""
    return in_place_of("sqrt", RATIONAL_ROOT, [_changed(node, _RationalRoots()) for node in nodes])


def with_short_log(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The definitions for a script whose logarithms are of numbers above 1."""
    return in_place_of("log", SHORT_LOG, nodes)


def in_place_of(name: str, other: str, nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The definitions, with one function in place of another and under its name."""
    result = [copy.copy(node) for node in nodes if defined(node) != [name]]
    for node in result:
        if isinstance(node, ast.FunctionDef) and node.name == other:
            node.name = name
    return result


def without_enclosures(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The definitions for a script in which every number is rational."""
    result = []
    for node in with_rational_roots(nodes):
        (name,) = defined(node) or [""]
        if name in EXTREMES:
            result += ast.parse(f"{name} = {EXTREMES[name]}").body
        else:
            result.append(_changed(node, _Rational()))
    return result


RATIONAL_ROOT = "rational_root"
SHORT_LOG = "short_log"
EXTREMES = {"largest": "max", "least": "min"}


class _RationalRoots(ast.NodeTransformer):
    """A root has no precision."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.func) == "sqrt":
            node.args = node.args[:1]
        return node


class _Rational(ast.NodeTransformer):
    """``low(x)`` and ``high(x)`` are x; there is no precision."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.func) in {"low", "high"}:
            return node.args[0]
        node.args = [each for each in node.args if ast.unparse(each) != "precision"]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        arguments = node.args
        if arguments.args and arguments.args[-1].arg == "precision":
            arguments.args.pop()
            arguments.defaults = []
        return node


def _changed(node: ast.stmt, by: ast.NodeTransformer) -> ast.stmt:
    result: ast.stmt = by.visit(copy.deepcopy(node))
    return result


def _with_body(node: ast.ClassDef, body: list[ast.stmt]) -> ast.ClassDef:
    """A class with this body, less the aliases of methods that are not there."""
    names = {name for each in body for name in defined(each)}
    left = {name for each in node.body for name in defined(each)} - names
    result = copy.copy(node)
    aliases = [each for each in body if isinstance(each, ast.Assign) and names_read(each) & left]
    result.body = [each for each in body if each not in aliases] or [ast.Pass()]
    return result


def _at_definition(node: ast.stmt) -> set[str]:
    """The names that are read when a function is defined: in its defaults."""
    if not isinstance(node, ast.FunctionDef):
        return set()
    defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    return {name for each in defaults for name in names_read(each)}


def _only_read(nodes: list[ast.stmt], body: str) -> list[ast.stmt]:
    """The statements, without classes, constants and imports that nothing reads."""
    read = names_read(ast.parse(body)).union(*map(names_read, nodes))
    result = [node for node in nodes if set(defined(node)) <= read]
    return joined_imports(result, read) if len(result) == len(nodes) else _only_read(result, body)


def _is_called(node: ast.stmt, called: set[int]) -> bool:
    if isinstance(node, ast.FunctionDef):
        return min(node.lineno, *(each.lineno for each in node.decorator_list), 10**9) in called
    lambdas = [each for each in ast.walk(node) if isinstance(each, ast.Lambda)]
    if isinstance(node, ast.Assign) and lambdas:
        return any(each.lineno in called for each in lambdas)
    return True
