"""The page: width, density and length of the code of a tree, and the rules for them.

``python tests/page.py gsae_ref [TREE ...]`` prints the figures of any tree, so that projects can be
compared; ``python tests/page.py --offences gsae_ref [PATH ...]`` prints what breaks a rule.
test_page.py holds this project to the rules.
"""

import ast
import sys
from pathlib import Path

WIDTH = 100
LONGEST = 50
HIGHEST = 20  # radon's grade C ends here
COMPREHENSIONS = ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef


def parallel_assignments(tree):
    """Statements that bind several values: ``a, b = 0, 1``, but not ``a, b = b, a + b``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                bound = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
                used = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
                if not bound & used:
                    yield node.lineno, "binds several values in one statement"


def nested_comprehensions(tree):
    """Lines with the ``for`` of a comprehension and that of another one around it."""

    def visit(node, lines):
        own = set()
        if isinstance(node, COMPREHENSIONS):
            own = {generator.target.lineno for generator in node.generators}
            if own & lines:
                yield min(own & lines), "has two levels of comprehension in one line"
        for child in ast.iter_child_nodes(node):
            inside = lines if isinstance(child, ast.Lambda) else lines | own
            yield from visit(child, inside)

    yield from visit(tree, set())


def length(function):
    """Lines of a function without its docstring."""
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def long_functions(tree):
    """Functions of more than LONGEST lines, docstring apart."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS) and length(node) > LONGEST:
            yield node.lineno, f"{node.name} has {length(node)} lines, above {LONGEST}"


def tangled_functions(source):
    """Functions of radon's grade D or worse; nothing where radon is not installed."""
    try:
        from radon.complexity import cc_visit
    except ImportError:
        return
    for block in cc_visit(source):
        if block.complexity > HIGHEST:
            yield block.lineno, f"{block.name} has complexity {block.complexity}, above {HIGHEST}"


def offences(source):
    """All that the page refuses, as (line, words)."""
    tree = ast.parse(source)
    found = [*parallel_assignments(tree), *nested_comprehensions(tree), *long_functions(tree)]
    found += tangled_functions(source)
    found += [
        (number, f"is {len(line)} columns wide, above {WIDTH}")
        for number, line in enumerate(source.splitlines(), 1)
        if len(line) > WIDTH
    ]
    return sorted(set(found))


def code_lines(source):
    """Lines that are neither blank, nor comments, nor docstrings."""
    tree = ast.parse(source)
    prose = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose |= set(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(source.splitlines(), 1)
    return [line for k, line in lines if k not in prose and line.strip() and line.strip()[0] != "#"]


def figures(folder):
    """One row of the table: what was measured over all .py files below a folder."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(Path(folder).rglob("*.py"))]
    code = [line for source in sources for line in code_lines(source)]
    functions = [
        length(node)
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, FUNCTIONS)
    ]
    widths = sorted(len(line) for line in code)
    parallel = sum(len(list(parallel_assignments(ast.parse(source)))) for source in sources)
    tangled = sum(len(list(tangled_functions(source))) for source in sources)
    return {
        "tree": Path(folder).name,
        "code lines": len(code),
        "wider than 100, %": f"{100 * sum(w > WIDTH for w in widths) / len(code):.1f}",
        "95 % within": widths[int(0.95 * len(code))],
        "parallel a 1000": f"{1000 * parallel / len(code):.1f}",
        "functions": len(functions),
        "above 50 lines": sum(n > LONGEST for n in functions),
        "radon D to F": tangled,
    }


def print_offences(names):
    """Print what breaks a rule in files and folders, a line each."""
    for path in map(Path, names):
        for each in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            for line, words in offences(each.read_text(encoding="utf-8")):
                print(f"{each}:{line} {words}")


def print_figures(folders):
    """Print the table, a row for each folder."""
    rows = [figures(folder) for folder in folders]
    lines = [list(rows[0]), *(list(map(str, row.values())) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.rjust, line, widths)))


def main(arguments):
    """Run the command."""
    if arguments[:1] == ["--offences"]:
        print_offences(arguments[1:])
    else:
        print_figures(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
