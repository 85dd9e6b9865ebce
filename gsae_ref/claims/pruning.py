"""Leaves out of a script the functions that it defines and never calls."""

from __future__ import annotations

import ast
import copy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .bundle import defined, joined_imports, names_read

TRACER = """
import runpy, sys
path, lines = sys.argv[1], set()
def called(frame, event, argument):
    if event == "call" and frame.f_code.co_filename == path:
        lines.add(frame.f_code.co_firstlineno)
sys.stdout = sys.stderr
sys.setprofile(called)
runpy.run_path(path, run_name="__main__")
sys.setprofile(None)
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


def called_lines(text: str) -> set[int]:
    """The lines at which functions begin that are called when a script runs."""
    return set(map(int, run_file(text, "-c", TRACER).split()))


def called_only(nodes: Sequence[ast.stmt], body: str) -> list[ast.stmt]:
    """The definitions of a script that are called when its ``body`` runs.

    Left out are functions, methods and lambdas of a class that are never called, and what only
    these read.
    """
    kernel = "\n".join(map(ast.unparse, nodes))
    called = called_lines(f"{kernel}\n{body}")
    placed = ast.parse(kernel).body  # the same statements, with their lines
    used = [node for node, place in zip(nodes, placed, strict=True) if _is_called(place, called)]
    needed = {name for node in used for name in _at_definition(node)}
    result: list[ast.stmt] = []
    for node, place in zip(nodes, placed, strict=True):
        if isinstance(node, ast.ClassDef) and isinstance(place, ast.ClassDef):
            pairs = zip(node.body, place.body, strict=True)
            result.append(_with_body(node, [a for a, b in pairs if _is_called(b, called)]))
        elif node in used or needed.intersection(defined(node)):
            result.append(node)
    return _only_read([_changed(node, _Short()) for node in result], body)


class _Short(ast.NodeTransformer):
    """Without ``strict=True``: shapes fit, the claim was evaluated before."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.keywords = [each for each in node.keywords if each.arg != "strict"]
        return node


def with_rational_roots(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The definitions for a script in which every root is rational; its ``sqrt`` asserts that."""
    result = [_changed(node, _RationalRoots()) for node in nodes if defined(node) != ["sqrt"]]
    for node in result:
        if isinstance(node, ast.FunctionDef) and node.name == RATIONAL_ROOT:
            node.name = "sqrt"
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
