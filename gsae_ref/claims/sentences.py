"""Sentences: one line of Python, evaluated on float batches and exactly, mutated and printed.

``"norm(A[v].T @ y) <= lam for v in inactive"`` is a sentence. Its syntax tree is compiled to
closures that evaluate it in a :class:`Scope`, which holds the names and the field. Nothing is
passed to ``eval``: a sentence has numbers, names, the words of :mod:`.fields`, arithmetic, ``.T``,
``[...]`` and ``for ... in ... if ...``; anything else is refused.
"""

from __future__ import annotations

import ast
import difflib
import operator
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, singledispatch
from typing import Any

from .fields import WORDS, Exact, Floats

Formula = Callable[["Scope"], Any]
LONGEST_SHOWN = 300  # of a sentence that cannot be read
KEPT = 10_000  # sentences and expressions that are not parsed again
MEANT = {"max": "largest", "min": "least", "sum": "total", "dot": "inner"}  # words elsewhere
INFINITE = (float("inf"),)  # 1e400 is read as such
FLIPPED = {"<=": "<=", "<": "<", "==": "==", ">=": "<=", ">": "<"}
SIGNS = {ast.LtE: "<=", ast.Lt: "<", ast.Eq: "==", ast.GtE: ">=", ast.Gt: ">"}
ONE_PARSER = threading.Lock()  # Python 3.11 may raise SystemError where two threads parse at once
ALLOWED = "numbers, names, + - * / ** @, .T, [...], words such as norm, and `for ... in ...`"


class Scope(dict[str, Any]):
    """The names of one instance (or of a batch): each value is computed when it is first read.

    The variables of ``for`` are in ``local``; a formula does not see them.
    """

    def __init__(self, field: Exact | Floats, formulas: Mapping[str, Formula]) -> None:
        super().__init__()
        self.field = field
        self.formulas = formulas
        self.local: dict[str, Any] = {}

    def __missing__(self, name: str) -> Any:
        local, self.local = self.local, {}
        value = self[name] = self.formulas[name](self)
        self.local = local
        return value


class Items(Sequence[Any]):
    """A list of a definition, ``[... for g in groups]``: each item is computed when it is read."""

    def __init__(self, scope: Scope, name: str, values: Sequence[Any], item: Formula) -> None:
        self.scope = scope
        self.name = name
        self.values = values
        self.item = item
        self.known: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, k: Any) -> Any:
        if k not in self.known:
            local = self.scope.local
            self.scope.local = {self.name: self.values[k]}
            self.known[k] = self.item(self.scope)
            self.scope.local = local
        return self.known[k]

    def __add__(self, other: Iterable[Any]) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Iterable[Any]) -> list[Any]:
        return [*other, *self]


class Expression:
    """An expression: its tree, the names it needs, and its value in a scope.

    >>> Expression.parse("gamma * B_max * (d * mu + delta)").names
    ('B_max', 'd', 'delta', 'gamma', 'mu')
    """

    def __init__(self, tree: ast.expr) -> None:
        self.tree = tree
        self.text = ast.unparse(tree)
        self._value = _items(tree) or compiled(tree)

    @classmethod
    @lru_cache(maxsize=KEPT)
    def parse(cls, text: str) -> Expression:
        """Read an expression; one that was read before is returned again."""
        return cls(parsed(text))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names it needs, without the words and the variables of ``for``."""
        return free_names(self.tree)

    @cached_property
    def variables(self) -> set[str]:
        """The variables of ``for``."""
        return bound_names(self.tree)

    def __call__(self, scope: Scope) -> Any:
        return self._value(scope)


class Sentence:
    """A comparison, or several in a chain, for all values of the variables of ``for``.

    >>> s = Sentence("mu >= delta - 1")
    >>> s.left, s.relation, s.right
    ('delta - 1', '<=', 'mu')
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        tree = parsed(self.text)
        self.generators = tree.generators if isinstance(tree, ast.GeneratorExp) else []
        comparison = tree.elt if isinstance(tree, ast.GeneratorExp) else tree
        if not isinstance(comparison, ast.Compare):
            raise ValueError(
                f"{self.text!r} is no comparison; write `left <= right` or `left <= right for ...`"
            )
        self.links = tuple(_links(comparison, self.text))
        left, self.relation, right = self.links[0]
        self.left = ast.unparse(left)
        self.right = ast.unparse(right)
        bodies = [ast.Tuple([a, b], ast.Load()) for a, _, b in self.links]
        self._pairs = [compiled(ast.ListComp(body, self.generators)) for body in bodies]
        everything = ast.ListComp(ast.Tuple(list(bodies), ast.Load()), self.generators)
        self.names = free_names(everything)
        self.variables = bound_names(everything)

    @classmethod
    @lru_cache(maxsize=KEPT)
    def parse(cls, text: str) -> Sentence:
        """Read a sentence; one that was read before is returned again."""
        return cls(text)

    @property
    def tail(self) -> str:
        """The part `` for ... in ...``, empty where there is none."""
        return "".join(f" {ast.unparse(generator).strip()}" for generator in self.generators)

    def pairs(self, scope: Scope) -> Iterator[tuple[Any, str, Any]]:
        """(left, relation, right) for every value of the variables."""
        for (_, relation, _), values in zip(self.links, self._pairs, strict=True):
            yield from ((left, relation, right) for left, right in values(scope))


def parsed(text: str) -> ast.expr:
    """The syntax tree of one expression."""
    try:
        with ONE_PARSER:
            tree = ast.parse(f"({text.strip()})", mode="eval").body
            ast.unparse(tree)  # fails where the tree is too deep to be walked
            return tree
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else error
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."
        raise ValueError(f"{shown!r} is not a sentence of Python: {reason}") from error


def _links(comparison: ast.Compare, text: str) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """(left, relation, right) of every comparison of a chain, with the smaller side first."""
    sides = [comparison.left, *comparison.comparators]
    for left, operation, right in zip(sides, comparison.ops, sides[1:], strict=False):
        sign = SIGNS.get(type(operation))
        if sign is None:
            raise ValueError(f"{text!r} compares by something else than <=, <, >=, > or ==")
        yield (left, sign, right) if sign == FLIPPED[sign] else (right, FLIPPED[sign], left)


def bound_names(tree: ast.AST) -> set[str]:
    """The variables of ``for`` in a tree."""
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def free_names(tree: ast.AST) -> tuple[str, ...]:
    """The names that a tree reads and does not bind, without the words."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return tuple(sorted(names - bound_names(tree) - set(WORDS)))


def check_names(
    sentence: Sentence | Expression, text: str, known: Collection[str], reserved: Collection[str]
) -> None:
    """Refuse a name that is not known, with near matches, and a variable with a reserved name."""
    for name in sentence.names:
        if name not in known:
            names = sorted(known)
            near = difflib.get_close_matches(name, [*names, *WORDS], 3)
            hint = f" (did you mean {' or '.join(near)}?)" if near else ""
            raise ValueError(f"{text!r}: {name} is unknown{hint}; the names are {', '.join(names)}")
    for variable in sentence.variables:
        if variable in reserved or variable in WORDS:
            raise ValueError(
                f"{text!r}: the variable {variable} of `for` hides a name; choose another"
            )


# ------------------------------------------------------------------------------ tree to closures


@singledispatch
def compiled(node: ast.AST) -> Formula:
    """A function of a scope that computes the value of a tree."""
    raise ValueError(f"{ast.unparse(node)!r} has no place in a sentence, which has {ALLOWED}")


@compiled.register
def _constant(node: ast.Constant) -> Formula:
    number = node.value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number in INFINITE:
        raise ValueError(f"{number!r} is no number; a sentence has {ALLOWED}")
    return lambda scope: scope.field.constant(number)


@compiled.register
def _name(node: ast.Name) -> Formula:
    name = node.id
    if name in WORDS:
        raise ValueError(f"{name} without its argument; write {WORDS[name].split(':')[0]}")
    return lambda scope: scope.local[name] if name in scope.local else scope[name]


ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.MatMult: operator.matmul,
}


@compiled.register
def _operation(node: ast.BinOp) -> Formula:
    left = compiled(node.left)
    right = compiled(node.right)
    if isinstance(node.op, ast.Div):
        return lambda scope: scope.field.divide(left(scope), right(scope))
    if isinstance(node.op, ast.Pow):
        return lambda scope: scope.field.power(left(scope), right(scope))
    operation = ARITHMETIC.get(type(node.op))
    if operation is None:
        raise ValueError(f"{ast.unparse(node)!r} has no place in a sentence, which has {ALLOWED}")
    return lambda scope: operation(left(scope), right(scope))


@compiled.register
def _negative(node: ast.UnaryOp) -> Formula:
    if not isinstance(node.op, ast.USub):
        raise ValueError(f"{ast.unparse(node)!r} has no place in a sentence, which has {ALLOWED}")
    operand = compiled(node.operand)
    return lambda scope: -operand(scope)


@compiled.register
def _attribute(node: ast.Attribute) -> Formula:
    if node.attr != "T":
        raise ValueError(f".{node.attr} has no place in a sentence; the only attribute is .T")
    matrix = compiled(node.value)
    return lambda scope: scope.field.transpose(matrix(scope))


@compiled.register
def _subscript(node: ast.Subscript) -> Formula:
    sequence = compiled(node.value)
    index = compiled(node.slice)
    return lambda scope: sequence(scope)[index(scope)]


@compiled.register
def _call(node: ast.Call) -> Formula:
    if not (isinstance(node.func, ast.Name) and node.func.id in WORDS) or node.keywords:
        known = ", ".join(WORDS)
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]  # np.sqrt is meant as sqrt
        near = [MEANT[last]] if last in MEANT else difflib.get_close_matches(last, WORDS, 2)
        hint = f" (did you mean {' or '.join(near)}?)" if near else ""
        raise ValueError(f"{name}(...) is no word of a sentence{hint}; the words are {known}")
    word = node.func.id
    arguments = [compiled(argument) for argument in node.args]
    return lambda scope: scope.field.words[word](*(value(scope) for value in arguments))


@compiled.register(ast.List)
@compiled.register(ast.Tuple)
def _list(node: ast.List | ast.Tuple) -> Formula:
    items = [compiled(item) for item in node.elts]
    return lambda scope: [item(scope) for item in items]


@compiled.register
def _condition(node: ast.Compare) -> Formula:
    """A condition behind ``if``: of integers."""
    tests = {ast.NotEq: operator.ne, ast.Eq: operator.eq, ast.Lt: operator.lt, ast.Gt: operator.gt}
    test = tests.get(type(node.ops[0]))
    if test is None or len(node.ops) > 1:
        raise ValueError(f"{ast.unparse(node)!r}: a condition has one of ==, !=, <, >")
    left = compiled(node.left)
    right = compiled(node.comparators[0])
    return lambda scope: test(left(scope), right(scope))


@compiled.register(ast.ListComp)
@compiled.register(ast.GeneratorExp)
def _comprehension(node: ast.ListComp | ast.GeneratorExp) -> Formula:
    item = compiled(node.elt)
    loops = [_loop(generator) for generator in node.generators]

    def values(scope: Scope) -> list[Any]:
        result: list[Any] = []
        _repeat(scope, loops, lambda: result.append(item(scope)))
        return result

    return values


def _items(tree: ast.expr) -> Formula | None:
    """The formula of a list over one variable, which need not be computed as a whole."""
    if not isinstance(tree, ast.ListComp) or len(tree.generators) > 1 or tree.generators[0].ifs:
        return None
    name, values, _ = _loop(tree.generators[0])
    item = compiled(tree.elt)
    return lambda scope: Items(scope, name, values(scope), item)


Loop = tuple[str, Formula, list[Formula]]


def _loop(generator: ast.comprehension) -> Loop:
    """The variable, the range and the conditions of ``for ... in ... if ...``."""
    if not isinstance(generator.target, ast.Name):
        raise ValueError(f"{ast.unparse(generator.target)!r}: `for` takes one variable")
    conditions = [compiled(condition) for condition in generator.ifs]
    return generator.target.id, compiled(generator.iter), conditions


def _repeat(scope: Scope, loops: list[Loop], act: Callable[[], None]) -> None:
    """Call ``act`` for every value of the variables, which are local meanwhile."""
    if not loops:
        act()
        return
    (name, values, conditions), *inner = loops
    before = scope.local
    for value in values(scope):
        scope.local = {**before, name: value}
        if all(condition(scope) for condition in conditions):
            _repeat(scope, inner, act)
    scope.local = before
