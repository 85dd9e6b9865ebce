"""A counterexample as a script that needs Python only: something to send to a paper's author."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

from . import exact, rational
from .bundle import WIDTH, Source, filled, names_read, packed, unparsed, written_all
from .fields import WORDS
from .problem import Problem
from .proof import Fact, Proof
from .pruning import (
    RATIONAL_ROOT,
    SHORT_LOG,
    called_only,
    run_file,
    with_rational_roots,
    with_short_log,
    without_enclosures,
)
from .rational import Interval, Matrix
from .sentences import Sentence, free_names, parsed

BUILT_IN = {"abs", "range", "len"}
SHORT = 100  # the precision at which powers of e are small
Simpler = Callable[[Sequence[ast.stmt]], list[ast.stmt]]
SIMPLER: tuple[Simpler, ...] = (without_enclosures, with_rational_roots, list)


@cache
def _source() -> Source:
    return Source([exact, rational])


def write_script(proof: Proof) -> str:
    """The script of a proof; it is run before it is returned.

    Raises
    ------
    RuntimeError
        If Python does not accept it: a fault of this package.
    """
    body = [*_instance(proof), *_definitions(proof), *_hypotheses(proof), *_end(proof)]
    return _assembled(_title(proof), body, proof.precision)


def _assembled(title: str, body: list[str], precision: int) -> str:
    """A script: title, imports, the functions that ``body`` calls, and ``body``; it runs."""
    text = "\n".join(body)
    names = names_read(ast.parse(text))
    nodes = _source().nodes({*names, RATIONAL_ROOT, SHORT_LOG}, precision)
    logs: tuple[Simpler, ...] = (list,)
    if precision == SHORT and "log" in names:
        logs = (with_short_log, list)
    for simpler, shorter in product(SIMPLER, logs):
        with suppress(RuntimeError):  # a number on the way is irrational, or not above 1
            return with_title(title, called_only(simpler(shorter(nodes)), text), text)
    raise AssertionError("the proof itself is a script")


def with_title(title: str, nodes: list[ast.stmt], body: str) -> str:
    """A script: title, definitions and ``body``; it is run before it is returned."""
    text = "\n".join([f'"""{title}"""', *written_all(nodes), body, ""])
    run_file(text)
    return text


def _title(proof: Proof) -> str:
    claim = proof.problem.claim
    name = f"{claim.name}: " if claim.name else ""
    return (
        f"{name}a counterexample to `{claim.text}`.\n"
        "Every hypothesis and the violation are asserted in exact arithmetic: run `python -I -S`."
    )


def _instance(proof: Proof) -> list[str]:
    """The sizes and the numbers of the instance."""
    problem = proof.problem
    shape = {name: value for name, value in problem.sizes.items() if name in problem.used}
    lines: list[str] = []
    known: list[tuple[str, Any]] = []
    for name, value in {**shape, **proof.data}.items():
        same = [other for other, number in known if number == value]
        if same and isinstance(value, list):
            lines.append(f"{script_name(name)} = {same[0]}")
        else:
            lines += assignment(script_name(name), value)
        known.append((script_name(name), value))
    return ["# the instance", *_packed(lines)]


def _packed(lines: list[str]) -> list[str]:
    """Statements with short ones in one line; those over several lines stay."""
    result: list[str] = []
    together: list[str] = []
    for line in lines:
        if line.startswith(" ") or line.endswith(","):
            result += [*packed(together), line]
            together = []
        else:
            together.append(line)
    return result + packed(together)


def assignment(name: str, value: Any) -> list[str]:
    """``name = value`` in fractions; a long list has as many matrices in a line as fit."""
    line = f"{name} = {literal(value)}"
    if not isinstance(value, list) or len(line) <= WIDTH:
        return [line]
    texts = [literal(each) for each in value]
    ends = [","] * (len(texts) - 1) + ["]"]
    head = f"{name} = ["
    blocks = [[text + end] for text, end in zip(texts, ends, strict=True)]
    first, *rest = filled(blocks, WIDTH - len(head))
    return [head + first, *(" " * len(head) + each for each in rest)]


def literal(value: Any) -> str:
    """A number, a matrix or a list of them as Python; a high matrix by its columns."""
    if isinstance(value, Matrix):
        if len(value) > len(value[0]):
            return f"{literal(value.T)}.T"
        return f"Matrix([{', '.join(map(_row, value))}])"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, Interval):
        return f"Interval({literal(value.lo)}, {literal(value.hi)})"
    q = Fraction(value)
    return str(q) if q.denominator == 1 else f"Q({q.numerator}, {q.denominator})"


def _row(row: Any) -> str:
    return f"({', '.join(map(literal, row))}{',' if len(row) == 1 else ''})"


def _definitions(proof: Proof) -> list[str]:
    """The quantities that are defined by others, and the values of those that are numbers."""
    problem = proof.problem
    texts = {**problem.model.definitions, **problem.claim.let}
    order = sorted(problem.defined, key=lambda name: not _is_range_of_sizes(texts[name], problem))
    lines = [f"{script_name(name)} = {exact_text(parsed(texts[name]), proof)}" for name in order]
    values = [f"assert {script_name(name)} == {literal(x)}" for name, x in proof.values.items()]
    return ["# what it defines", *packed(lines), *packed(values, any_order=True)]


def _is_range_of_sizes(text: str, problem: Problem) -> bool:
    return text.startswith("range(") and set(free_names(parsed(text))) <= set(problem.sizes)


def _hypotheses(proof: Proof) -> list[str]:
    """Every hypothesis; behind == are the two sides of the case that comes closest to failing."""
    lines: list[str] = []
    for sentence, facts in zip(proof.problem.hypotheses, proof.facts, strict=True):
        lines += _asserted(sentence, proof, facts)
    head = "# the hypotheses; the case that comes closest to failing has the sides behind =="
    return [head, *packed(lines, any_order=True)]


def _asserted(sentence: Sentence, proof: Proof, facts: tuple[Fact, ...]) -> list[str]:
    lines = []
    for (left, relation, right), fact in zip(sentence.links, facts, strict=True):
        a = exact_text(left, proof)
        b = exact_text(right, proof)
        if relation == "==":
            test = f"({a} == {b}{sentence.tail})" if sentence.tail else f"([{a} == {b}])"
            lines.append(f"assert all{test}")
            continue
        pairs = f"({a}, {b}){sentence.tail}" if sentence.tail else f"[({a}, {b})]"
        test = "below" if relation == "<" else "at_most"
        sides = f"({literal(fact.left)}, {literal(fact.right)})"
        lines.append(f"assert {test}({pairs}) == {sides}")
    return lines


def _end(proof: Proof) -> list[str]:
    sentence = proof.problem.conclusion
    assert sentence is not None
    left = exact_text(sentence.links[0][0], proof)
    right = exact_text(sentence.links[0][2], proof)
    pairs = f"({left}, {right}){sentence.tail}" if sentence.tail else f"[({left}, {right})]"
    test, verb = ("differ", "is not") if sentence.relation == "==" else ("exceeds", "exceeds")
    sides = f"({literal(proof.left)}, {literal(proof.right)})"
    result = f"left = {proof.left} {verb} right = {proof.right}"
    return [
        "# the conclusion is false",
        f"assert {test}({pairs}) == {sides}",
        f'print("Every hypothesis holds, and {result}.")',
    ]


class _Exactly(ast.NodeTransformer):
    """Python of a sentence without floats: Q(1) / 2 for 1 / 2, Q(2) ** -1, Q('0.1') for 0.1."""

    def __init__(self, rational: set[str]) -> None:
        self.rational = rational

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in WORDS:
            node.id = script_name(node.id)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        power = isinstance(node.op, ast.Pow) and not isinstance(node.right, ast.Constant)
        if (power or isinstance(node.op, ast.Div)) and self._may_be_integer(node.left):
            node.left = ast.Call(ast.Name("Q", ast.Load()), [node.left], [])
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, float):
            return ast.Call(ast.Name("Q", ast.Load()), [ast.Constant(repr(node.value))], [])
        return node

    def _may_be_integer(self, node: ast.AST) -> bool:
        if isinstance(node, ast.BinOp):
            return self._may_be_integer(node.left) and self._may_be_integer(node.right)
        if isinstance(node, ast.Call):
            return all(map(self._may_be_integer, node.args))
        if isinstance(node, ast.List):
            return all(map(self._may_be_integer, node.elts))
        if isinstance(node, ast.Subscript):
            return self._may_be_integer(node.value)
        if isinstance(node, ast.Name):
            return node.id in self.rational
        return isinstance(node, ast.Constant)


def script_name(name: str) -> str:
    """The name in a script: with an underscore where a function of the script has it already."""
    return f"{name}_" if name in _source().tables[rational.__name__] else name


def exact_text(tree: ast.expr, proof: Proof) -> str:
    """An expression as Python that computes in fractions."""
    copy = parsed(ast.unparse(tree))
    known = {**proof.problem.sizes, **proof.data, **proof.values}
    rational_names = {script_name(name) for name, value in known.items() if _is_rational(value)}
    exactly = _Exactly(rational_names | (set(WORDS) & BUILT_IN)).visit(copy)
    return unparsed(ast.fix_missing_locations(exactly))


def _is_rational(value: Any) -> bool:
    """Whether a value is a rational number, or a list of them; the script has integers of some."""
    if isinstance(value, list):
        return all(map(_is_rational, value))
    return isinstance(value, (int, Fraction))
