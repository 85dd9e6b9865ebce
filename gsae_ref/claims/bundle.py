"""Source text of functions and all that they call, as a script can hold it: without annotations.

Functions come from modules that import the standard library and one another only.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import inspect
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

WIDTH = 100
MOST_JOINED = 6  # statements in one line


class Piece(NamedTuple):
    """A definition at the top of a module, or an import from the standard library."""

    place: tuple[int, int]  # module, line; imports come first
    node: ast.stmt
    names: frozenset[str]  # what it reads


class Source:
    """The definitions of some modules, and the imports that they need.

    Parameters
    ----------
    modules : sequence of module
        Each after those that it imports; a name is looked up in the module that reads it.
    """

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self.tables: dict[str, dict[str, Piece | str]] = {}  # a str: the module it comes from
        for k, module in enumerate(modules):
            table = self.tables[module.__name__] = {}
            for node in ast.parse(inspect.getsource(module)).body:
                self._read(node, k, module, table)
        self.last = module.__name__

    def _read(
        self, node: ast.stmt, k: int, module: ModuleType, table: dict[str, Piece | str]
    ) -> None:
        if isinstance(node, ast.ImportFrom) and node.level:
            origin = absolute(node, module)
            table.update((alias.asname or alias.name, origin) for alias in node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                single = copy.copy(node)
                single.names = [alias]
                table[alias.asname or alias.name] = Piece((-1, 0), single, frozenset())
        for name in defined(node):
            bare = without_annotations(node)
            table[name] = Piece((k, node.lineno), bare, frozenset(names_read(bare)))

    def needed(self, names: Iterable[str]) -> list[Piece]:
        """All definitions that these names of the last module need, in the order of the source."""
        waiting = [(self.last, name) for name in names]
        seen: set[tuple[str, str]] = set()
        found: dict[str, Piece] = {}
        while waiting:
            module, name = waiting.pop()
            piece = self.tables[module].get(name)
            if piece is None or (module, name) in seen:
                continue
            seen.add((module, name))
            if isinstance(piece, str):
                waiting.append((piece, name))
                continue
            if ast.dump(found.setdefault(name, piece).node) != ast.dump(piece.node):
                raise ValueError(f"{name} is defined twice; a script has one name for one thing")
            waiting += [(module, needed) for needed in piece.names]
        return sorted(found.values(), key=lambda piece: (piece.place, ast.unparse(piece.node)))

    def nodes(self, names: Iterable[str], precision: int = 100) -> list[ast.stmt]:
        """Imports and definitions that the names need, in an order in which they can run."""
        found = {(piece.place, ast.unparse(piece.node)): piece.node for piece in self.needed(names)}
        return [with_precision(node, precision) for node in found.values()]


def absolute(node: ast.ImportFrom, module: ModuleType) -> str:
    """The dotted name of the module that a relative import names."""
    name = "." * node.level + (node.module or "")
    return importlib.util.resolve_name(name, module.__package__)


def modules_behind(name: str) -> list[ModuleType]:
    """The module of this name, behind those that it imports relative to itself."""
    found: list[ModuleType] = []

    def visit(module: ModuleType) -> None:
        if module in found:
            return
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ImportFrom) and node.level:
                visit(importlib.import_module(absolute(node, module)))
        found.append(module)

    visit(importlib.import_module(name))
    return found


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement defines, imports not counted."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [name.id for target in node.targets for name in _names(target)]
    return [name.id for name in _names(node.target)] if isinstance(node, ast.AnnAssign) else []


def _names(tree: ast.AST) -> Iterator[ast.Name]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name))


def names_read(tree: ast.AST) -> set[str]:
    """The names that a tree reads."""
    return {name.id for name in _names(tree) if isinstance(name.ctx, ast.Load)}


class _Bare(ast.NodeTransformer):
    """Drops annotations, but for the fields of a class, and docstrings."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.bases = [
            base.value if isinstance(base, ast.Subscript) else base for base in node.bases
        ]
        node.body = _without_docstring(node.body) or [ast.Pass()]
        for k, statement in enumerate(node.body):
            if isinstance(statement, ast.AnnAssign):
                statement.annotation = ast.Name("object", ast.Load())
            else:
                node.body[k] = self.visit(statement)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.decorator_list = [each for each in node.decorator_list if not _is_needless(each)]
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        for starred in (node.args.vararg, node.args.kwarg):
            if starred:
                starred.annotation = None
        node.body = _without_docstring(node.body) or [ast.Pass()]
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def _is_needless(decorator: ast.expr) -> bool:
    """Whether a decorator registers a counterexample or keeps values: no need of a script."""
    needless = ("counterexample", "functools.lru_cache")
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in needless


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_text else body


def without_annotations(node: ast.stmt) -> ast.stmt:
    """A definition without annotations and docstrings; its summary line is remembered."""
    bare = copy.deepcopy(node)
    summary = ""
    if isinstance(bare, (ast.FunctionDef, ast.ClassDef)):
        summary = (ast.get_docstring(bare) or "").split("\n")[0]
    result: ast.stmt = ast.fix_missing_locations(_Bare().visit(bare))
    result.summary = summary  # type: ignore[attr-defined]
    return result


def with_precision(node: ast.stmt, precision: int) -> ast.stmt:
    """A function whose argument ``precision`` has this default."""
    if not isinstance(node, ast.FunctionDef):
        return node
    result = copy.deepcopy(node)
    arguments = result.args.args
    for k in range(len(result.args.defaults)):
        if arguments[k - len(result.args.defaults)].arg == "precision":
            result.args.defaults[k] = ast.Constant(precision)
    return result


def joined_imports(nodes: Iterable[ast.stmt], read: Collection[str]) -> list[ast.stmt]:
    """The statements, with one import for each module, of the names that are read."""
    imports: dict[str, ast.ImportFrom] = {}
    rest: list[ast.stmt] = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names = [alias for alias in node.names if (alias.asname or alias.name) in read]
            known = imports.setdefault(str(node.module), ast.ImportFrom(node.module, [], 0))
            known.names += names
        else:
            rest.append(node)
    return [*(node for node in imports.values() if node.names), *rest]


def written(node: ast.stmt, indent: str = "") -> list[str]:
    """A statement in few lines: short simple statements of a body stand in one line."""
    node = _short_property(_short_closure(node))
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return [indent + line for line in _simple(node, len(indent))]
    head = copy.copy(node)
    head.body = [ast.Pass()]  # type: ignore[attr-defined]
    if hasattr(head, "orelse"):
        head.orelse = []
    *lines, header, _ = unparsed(ast.fix_missing_locations(head)).splitlines()
    lines = [indent + line for line in [*lines, header]]
    inner = _body(body, indent + "    ")
    if len(inner) == 1 and all(map(_is_simple, body)):
        joined = f"{lines[-1]} {inner[0].strip()}"
        lines, inner = ([*lines[:-1], joined], []) if len(joined) <= WIDTH else (lines, inner)
    beside = f"{lines[-1]}  # {getattr(node, 'summary', '')}"
    if not beside.endswith("# ") and len(beside) <= WIDTH:
        lines[-1] = beside
    rest = _body(getattr(node, "orelse", []), indent + "    ")
    return lines + inner + ([indent + "else:", *rest] if rest else [])


def _short_closure(node: ast.stmt) -> ast.stmt:
    """``return lambda ...: value`` for a function whose body returns a function of one line."""
    if not isinstance(node, ast.FunctionDef) or len(node.body) != 2:
        return node
    inner, end = node.body
    if not isinstance(inner, ast.FunctionDef) or not isinstance(end, ast.Return):
        return node
    value = inner.body[0].value if isinstance(inner.body[0], ast.Return) else None
    if value is None or ast.unparse(end) != f"return {inner.name}":
        return node
    result = copy.copy(node)
    result.body = [ast.Return(ast.Lambda(inner.args, value))]
    line = f"def {node.name}({unparsed(node.args)}): {unparsed(result.body[0])}"
    return ast.fix_missing_locations(result) if len(line) <= WIDTH else node


def _short_property(node: ast.stmt) -> ast.stmt:
    """``name = property(lambda self: value)`` for a property that only returns a value."""
    if not isinstance(node, ast.FunctionDef) or not isinstance(node.body[0], ast.Return):
        return node
    if [unparsed(each) for each in node.decorator_list] != ["property"]:
        return node
    value = ast.Lambda(node.args, node.body[0].value or ast.Constant(None))
    call = ast.Call(ast.Name("property", ast.Load()), [value], [])
    short = ast.fix_missing_locations(ast.Assign([ast.Name(node.name, ast.Store())], call))
    return short if len(unparsed(short)) <= WIDTH - 4 else node


def written_all(statements: Sequence[ast.stmt]) -> list[str]:
    """Statements in few lines: those of the top of a script."""
    return _body(statements, "")


def _body(statements: Sequence[ast.stmt], indent: str) -> list[str]:
    """The statements of a body; short simple ones that follow one another in one line."""
    result: list[str] = []
    together: list[str] = []
    for node in statements:
        lines = written(node, indent)
        if len(lines) == 1 and _is_simple(node):
            together += lines
        else:
            result += [*packed(together, indent), *lines]
            together = []
    return result + packed(together, indent)


def packed(lines: Iterable[str], indent: str = "", any_order: bool = False) -> list[str]:
    """Simple statements, several in a line where they are short.

    In any order, a statement stands in the first line that has room for it.
    """
    result: list[list[str]] = []
    for text in map(str.strip, lines):
        lines_open = result if any_order else result[-1:]
        room = (some for some in lines_open if _fit([*some, text], indent))
        beside = next(room, None)
        if beside is None:
            result.append([text])
        else:
            beside.append(text)
    return [indent + "; ".join(some) for some in result]


def _fit(statements: Sequence[str], indent: str) -> bool:
    return len(statements) <= MOST_JOINED and len(indent + "; ".join(statements)) <= WIDTH


def unparsed(node: ast.AST) -> str:
    """A tree as text; a generator that is the only argument of a call without its own brackets."""
    text = ast.unparse(node)
    for each in ast.walk(node):
        if isinstance(each, ast.GeneratorExp):
            inner = ast.unparse(each)
            text = text.replace(f"({inner})", inner)
    return text


def wrapped(text: str) -> list[str]:
    """A statement with brackets around its spaces, over as many lines as it needs."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _simple(node: ast.stmt, column: int) -> list[str]:
    """A statement without a body; where it is too long, the items of its value on own lines."""
    text = unparsed(node)
    value = getattr(node, "value", None)
    if column + len(text) <= WIDTH or not isinstance(node, (ast.Assign, ast.Return)) or not value:
        return text.splitlines()
    head = text[: len(text) - len(unparsed(value))]
    first, *rest = _broken(value, column)
    return [head + first, *rest]


def _broken(node: ast.expr, column: int) -> list[str]:
    """An expression over several lines: a call or a collection, with its items in full lines."""
    text = unparsed(node)
    opened, items, closed = _items(node)
    if column + len(text) <= WIDTH or not items:
        return text.splitlines()
    blocks = []
    for k, (head, item) in enumerate(items):
        end = "," if k < len(items) - 1 or unparsed(node).endswith(",)") else ""
        first, *rest = _broken(item, column + 4)
        block = [head + first, *rest]
        blocks.append([*block[:-1], block[-1] + end])
    blocks[0][0] = opened + blocks[0][0]
    blocks[-1][-1] += closed
    first, *rest = filled(blocks, WIDTH - column - 4)
    return [first, *(f"    {line}" for line in rest)]


def filled(blocks: Iterable[list[str]], width: int) -> list[str]:
    """The lines of blocks; those of one line follow one another in a line."""
    result: list[str] = []
    is_open = False
    for block in blocks:
        is_short = len(block) == 1
        if is_short and is_open and len(result[-1]) + len(block[0]) < width:
            result[-1] += f" {block[0]}"
        else:
            result += block
        is_open = is_short
    return result


def _items(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    """What opens an expression, its items with what stands before each, and what closes it."""
    if isinstance(node, ast.Call):
        words = [(f"{each.arg}=" if each.arg else "**", each.value) for each in node.keywords]
        return f"{unparsed(node.func)}(", [*(("", arg) for arg in node.args), *words], ")"
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        entries = [(f"{unparsed(key)}: " if key else "**", value) for key, value in pairs]
        return "{", entries, "}"
    brackets = {ast.Tuple: "()", ast.List: "[]", ast.Set: "{}"}.get(type(node))
    if brackets:
        return brackets[0], [("", item) for item in getattr(node, "elts", [])], brackets[1]
    return "", [], ""


def _is_simple(node: ast.stmt) -> bool:
    return not hasattr(node, "body")
