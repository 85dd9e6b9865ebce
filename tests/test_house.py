"""The house rules: which room may import which, what docstrings list, what tests must not do.

A rule is a function from source text to a list of offences. Each is tried on a small planted
offence before it is trusted.
"""

import ast
import functools
import inspect
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest
from public_names import PUBLIC

import gsae_ref

PACKAGE = Path(gsae_ref.__file__).parent
TESTS = Path(__file__).parent
PACKAGE_FILES = sorted(PACKAGE.rglob("*.py"))
TEST_FILES = sorted(TESTS.rglob("*.py"))

# The arrows between rooms. Arrows inside a room are free, but in papers/. ``arrays`` (types for
# annotations) and ``_version`` are open to every room, but for counterexamples, which know the
# standard library only. ``measurements`` are the files papers/**/measurements.py.
ROOMS = """
arrays       ->
_version     ->
groups       ->
checks       ->
files        ->
notation     ->
reference    -> groups
kernels      ->
ops          -> checks groups reference kernels
sampling     -> checks groups
datasets     -> checks groups files
metrics      -> checks groups
claims       -> checks groups notation
papers       -> claims checks groups notation
measurements -> papers claims ops sampling metrics checks groups files
verification -> papers measurements claims ops sampling metrics checks groups files
verification -> notation
training     -> ops metrics checks groups files
estimators   -> training ops metrics checks groups files
experiments  -> training verification estimators ops sampling datasets metrics papers claims
experiments  -> checks groups files versions
report       -> experiments verification papers claims files versions notation
cli          -> report experiments verification estimators datasets training ops papers claims
cli          -> checks files versions
versions     -> ops
__main__     -> cli
"""
OPEN_TO_ALL = {"arrays", "_version"}


@functools.cache
def nodes(source):
    """All nodes of a file, which many rules read and which is parsed once."""
    return tuple(ast.walk(ast.parse(source)))


def table(text):
    """What each room may import."""
    known = {}
    for line in text.strip().splitlines():
        room, _, names = line.partition("->")
        known.setdefault(room.strip(), set()).update(names.split())
    return known


ARROWS = table(ROOMS)
ONLY_THESE_LIBRARIES = table("""
arrays    -> numpy
groups    -> numpy
checks    -> numpy
files     -> numpy
reference -> numpy
kernels   -> numpy numba llvmlite
""")
NEVER_AT_IMPORT = {"matplotlib", "sklearn", "joblib", "tqdm", "torch", "jax", "dask"}
ONLY_IN_KERNELS_AT_IMPORT = {"numba", "scipy.optimize"}
COMPARISONS = {"allclose", "isclose", "array_equal", "array_equiv"}


def within(path):
    """Path of a file as its test id and in messages: relative to the repository."""
    return str(path.relative_to(PACKAGE.parent))


def dotted(path, root):
    """Dotted name of a file below a folder; of an __init__.py, that of its package."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_of(path):
    """Dotted name of a file of the package."""
    return dotted(path, PACKAGE.parent)


def room_of(module):
    """First name below the package: papers for gsae_ref.papers.ledger, "" for gsae_ref."""
    parts = module.split(".") + [""]
    return "measurements" if parts[1] == "papers" and "measurements" in parts else parts[1]


# ---- what is imported


def at_import_time(tree):
    """Nodes that run at import: all but bodies of functions and of ``if TYPE_CHECKING``."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))


def imports(nodes, module="", is_package=False):
    """Dotted names that the nodes import: ``from ..a import b`` gives gsae_ref.a.b."""
    package = module if is_package else module.rpartition(".")[0]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{source}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "__import__")
        ):
            yield from (
                resolve_name(arg.value, package)
                for arg in node.args[:1]
                if isinstance(arg, ast.Constant)
            )


def is_below(name, library):
    return name == library or name.startswith(library + ".")


def wrong_arrows(source, module, is_package=False):
    """Imports, wherever they stand, of a room or library that this room may not import."""
    room = room_of(module)
    offences = []
    if room in ("papers", "measurements"):
        offences += wrong_arrows_of_papers(source, module, is_package)
    if room and room not in ARROWS:
        return [f"{room} is no room"]
    for name in imports(nodes(source), module, is_package):
        if is_below(name, "gsae_ref"):
            target = room_of(name)
            known = room and target in ARROWS[room] | {room, *OPEN_TO_ALL}
            if room and not known:
                offences.append(
                    f"{module} imports {name}; {room} may import "
                    f"{sorted(ARROWS[room]) or 'no room'}"
                )
        elif room in ONLY_THESE_LIBRARIES:
            top = name.split(".")[0]
            if top not in ONLY_THESE_LIBRARIES[room] | sys.stdlib_module_names:
                offences.append(
                    f"{module} imports {name}; {room} may import "
                    f"{sorted(ONLY_THESE_LIBRARIES[room])}"
                )
    return offences


KINDS = {  # file of papers/: the kinds of file there that it may know, and the other rooms
    "row": (set(), {"claims", "notation"}),
    "ledger": ({"statements", "row"}, {"notation"}),
    "items": (set(), set()),
    "exact": ({"exact"}, {"claims"}),
    "counterexamples": ({"exact", "counterexamples", "claims"}, {"claims"}),
    "formulas": ({"formulas"}, {"checks", "groups"}),
    "instance": ({"formulas"}, {"claims", "checks", "groups"}),
    "models": ({"models"}, {"claims"}),
    "claims": ({"claims", "models"}, {"claims"}),
    "families": ({"families", "instance", "formulas"}, {"claims", "checks", "groups"}),
    "statements": (
        {"statements", "instance", "formulas", "row", "claims"},
        {"claims", "checks", "groups"},
    ),
    "teeth": (
        {"teeth", "statements", "families", "instance", "formulas"},
        {"claims", "checks", "groups"},
    ),
    "measurements": (
        {"measurements", "families", "instance", "formulas", "exact", "counterexamples"},
        {"claims", "ops", "sampling", "metrics", "checks", "groups", "files"},
    ),
}


def kind_of(module):
    """Kind of a file of papers/: "formulas", "exact" (also for exact_descent), ..."""
    return module.rpartition(".")[2].partition("_")[0]


def wrong_arrows_of_papers(source, module, is_package=False):
    """Inside papers/ arrows go by the name of the file, and never from one paper to another."""
    kind = kind_of(module)
    parts = module.split(".")
    offences = []
    if is_package:
        return [f"{module} imports {name}" for name in imports(nodes(source), module, True)]
    if kind not in KINDS:
        return [f"{module}: {kind} is no kind of file in papers/"]
    inside, rooms = KINDS[kind]
    for name in imports(nodes(source), module):
        if not is_below(name, "gsae_ref"):
            continue
        target = name.split(".")
        if target[1] != "papers":
            wrong = target[1] not in rooms | {"arrays"}
        else:
            named = next(
                (kind_of(part) for part in reversed(target) if kind_of(part) in KINDS), None
            )
            wrong = (
                named not in inside
                or len(parts) > 3
                and target[2] != parts[2]
                and target[2] != "row"
            )
        if wrong:
            offences.append(f"{module} imports {name}; {kind} may import {sorted(inside | rooms)}")
    return offences


def graph_of(files, root):
    """Module -> the modules that it imports, lazy and type-only imports included."""
    paths = {dotted(path, root): path for path in files}
    arrows = {}
    for module, path in paths.items():
        names = imports(nodes(path.read_text()), module, path.name == "__init__.py")
        known = {longest_prefix(name, paths) for name in names}
        arrows[module] = known - {module, ""}
    return arrows


def graph_of_scripts(files):
    """As :func:`graph_of` for files that import each other by bare names or from their folder."""
    paths = {path.stem: path for path in files}
    arrows = {}
    for module, path in paths.items():
        found = imports(nodes(path.read_text()), f"here.{module}")
        names = {name.removeprefix("here.").split(".")[0] for name in found}
        arrows[module] = (names & set(paths)) - {module}
    return arrows


def longest_prefix(name, modules):
    """The module of a dotted name: gsae_ref.ops for gsae_ref.ops.loss; "" for none."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def circle(arrows):
    """One circle of a graph, as a list; empty where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def topics_of(arrows, paper):
    """The graph of a paper's topics: its modules, one folder to a node."""
    home = f"gsae_ref.papers.{paper}."
    found = {}
    for module, known in arrows.items():
        if module.startswith(home) and module.count(".") == 4:
            topic = module.split(".")[3]
            others = {m.split(".")[3] for m in known if m.startswith(home) and m.count(".") == 4}
            found.setdefault(topic, set()).update(others - {topic})
    return found


def heavy_imports(source, module, is_package=False):
    """Libraries that cost time or may be absent, imported at import time."""
    banned = NEVER_AT_IMPORT | (
        set() if room_of(module) == "kernels" else ONLY_IN_KERNELS_AT_IMPORT
    )
    if (
        room_of(module) == "estimators" and module != "gsae_ref.estimators"
    ):  # imported when an estimator is first asked for
        banned = banned - {"sklearn"}
    names = imports(at_import_time(nodes(source)[0]), module, is_package)
    return [
        f"{module} imports {name} at import time"
        for name in names
        if any(is_below(name, library) for library in banned)
    ]


def imports_of_the_package(source):
    return [name for name in imports(nodes(source)) if is_below(name, "gsae_ref")]


# ---- what the docstrings say


def documented(docstring):
    """Names in the numpydoc section "Parameters", in order; None without the section."""
    found = re.search(
        r"^Parameters\n-{4,}\n(.*?)(?=^\S[^\n]*\n-{3,}\s*$|\Z)",
        inspect.cleandoc(docstring or ""),
        re.M | re.S,
    )
    if not found:
        return None
    body = found.group(1).split("\n>>>")[0]  # a doctest may follow without a heading
    heads = [line.split(" : ")[0] for line in body.splitlines() if line and not line[0].isspace()]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def arguments(function):
    """Names of the arguments of a function definition, in order, without self and cls."""
    a = function.args
    every = (*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg)
    return [arg.arg for arg in every if arg and arg.arg not in ("self", "cls")]


def fields(cls):
    """What a class is made from: the arguments of its __init__, or its annotated fields."""
    for node in cls.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return arguments(node)
    return [node.target.id for node in cls.body if isinstance(node, ast.AnnAssign)]


def wrong_docstrings(source, module):
    """Public functions, methods and classes whose section "Parameters" is not their signature."""
    offences = []
    for node in nodes(source):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            names = documented(ast.get_docstring(node))
            signature = arguments(node) if isinstance(node, ast.FunctionDef) else fields(node)
            if names is not None and names != signature:
                offences.append(
                    f"{module}.{node.name} documents {names}, its signature is {signature}"
                )
    return offences


def exported():
    """Public names of the package: __all__, and whatever its __init__ imports by name."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    named = [
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    ]
    return sorted(
        {name for name in (*named, *getattr(gsae_ref, "__all__", [])) if not name.startswith("_")}
    )


def undocumented(name, thing):
    """A public function of one or more arguments without a section "Parameters" that lists them."""
    if not inspect.isfunction(thing):
        return []
    names = documented(thing.__doc__)
    signature = list(inspect.signature(thing).parameters)
    return (
        []
        if (names or []) == signature
        else [f"{name} documents {names}, its signature is {signature}"]
    )


def untyped(name, thing):
    """Arguments of a public function, or its result, without a type."""
    if not inspect.isfunction(thing):
        return []
    return [
        f"{name}: {each} has no type"
        for each in (*inspect.signature(thing).parameters, "return")
        if each not in thing.__annotations__
    ]


# ---- what must not be written


def swallowed_exceptions(source):
    """Handlers that name no exception, or do nothing with it."""
    offences = []
    for node in nodes(source):
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                offences.append(f"line {node.lineno}: bare except")
            if all(
                isinstance(s, ast.Pass)
                or isinstance(s, ast.Expr)
                and isinstance(s.value, ast.Constant)
                for s in node.body
            ):
                offences.append(f"line {node.lineno}: the exception is swallowed")
    return offences


def idle_comparisons(source):
    """Statements that compare and forget: ``np.allclose(a, b)`` or ``a == b`` without assert."""
    offences = []
    for node in nodes(source):
        if isinstance(node, ast.Expr):
            value = node.value.operand if isinstance(node.value, ast.UnaryOp) else node.value
            called = ast.unparse(value.func).split(".")[-1] if isinstance(value, ast.Call) else None
            if called in COMPARISONS or isinstance(value, (ast.Compare, ast.BoolOp)):
                offences.append(f"line {node.lineno}: {ast.unparse(node)} is not asserted")
    return offences


def defined_twice(source):
    """Functions defined twice in one body: the first never runs."""
    offences = []
    for body in (
        node.body for node in nodes(source) if isinstance(node, (ast.Module, ast.ClassDef))
    ):
        names = [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        offences += [
            f"{name} is defined twice" for name in sorted(set(names)) if names.count(name) > 1
        ]
    return offences


def idle_strings(source):
    """Strings that stand alone after the docstring: half of a text whose brackets are missing."""
    offences = []
    for node in nodes(source):
        body = getattr(node, "body", [])
        for statement in body[1:] if isinstance(body, list) else []:
            value = getattr(statement, "value", None)
            if isinstance(statement, ast.Expr) and isinstance(value, (ast.Constant, ast.JoinedStr)):
                if not (isinstance(value, ast.Constant) and value.value is ...):
                    offences.append(f"line {statement.lineno}: {ast.unparse(value)} stands alone")
    return offences


# ---- the house as it stands


package_file = pytest.mark.parametrize("path", PACKAGE_FILES, ids=within)
any_file = pytest.mark.parametrize("path", [*PACKAGE_FILES, *TEST_FILES], ids=within)


@package_file
def test_a_room_imports_only_the_rooms_it_may_know(path):
    offences = wrong_arrows(path.read_text(), module_of(path), path.name == "__init__.py")
    assert not offences


GRAPH = graph_of(PACKAGE_FILES, PACKAGE.parent)


def test_no_import_circle():
    assert circle(GRAPH) == []


def test_arrows_of_scripts_are_found(tmp_path):
    (tmp_path / "a.py").write_text("from .b import f\nfrom . import c\n")
    (tmp_path / "b.py").write_text("import a.x\n")
    (tmp_path / "c.py").write_text("from os import path\n")
    arrows = graph_of_scripts(sorted(tmp_path.glob("*.py")))
    assert arrows == {"a": {"b", "c"}, "b": {"a"}, "c": set()}
    assert set(circle(arrows)) == {"a", "b"}


@pytest.mark.parametrize("folder", ["benchmarks", "tests"])
def test_no_import_circle_beside_the_package(folder):
    root = PACKAGE.parent / folder
    files = sorted(root.rglob("*.py"))
    assert len(files) > 5
    assert circle(graph_of_scripts(files)) == []


@pytest.mark.parametrize("paper", ["t21", "n19", "l23"])
def test_topics_of_a_paper_form_a_chain(paper):
    topics = topics_of(GRAPH, paper)
    assert len(topics) >= 5
    assert circle(topics) == []


@package_file
def test_only_the_package_and_its_rooms_list_their_names(path):
    listing = ast.parse(path.read_text()).body
    names = {ast.unparse(t) for n in listing if isinstance(n, ast.Assign) for t in n.targets}
    assert "__all__" not in names or path.name == "__init__.py"


@package_file
def test_nothing_heavy_is_imported_at_import_time(path):
    offences = heavy_imports(path.read_text(), module_of(path), path.name == "__init__.py")
    assert not offences


@package_file
def test_documented_parameters_are_the_signature(path):
    offences = wrong_docstrings(path.read_text(), module_of(path))
    assert not offences


@any_file
@pytest.mark.parametrize(
    "rule",
    [swallowed_exceptions, idle_comparisons, idle_strings, defined_twice],
    ids=lambda rule: rule.__name__,
)
def test_a_file_of_package_or_tests_has_none_of(rule, path):
    offences = rule(path.read_text())
    assert not offences


def test_the_oracle_knows_nothing_of_the_package():
    offences = imports_of_the_package((TESTS / "oracle.py").read_text())
    assert not offences


def signature(thing):
    """Arguments without their types; of a constant its type, of an exception its base."""
    if isinstance(thing, type) and issubclass(thing, Exception):
        return thing.__base__.__name__
    if not callable(thing):
        return type(thing).__name__
    bare = inspect.signature(thing)
    return str(
        bare.replace(
            parameters=[p.replace(annotation=p.empty) for p in bare.parameters.values()],
            return_annotation=bare.empty,
        )
    )


def test_the_public_names_and_their_arguments_are_frozen():
    """Others rely on these: add, do not rename."""
    names = {*exported(), *gsae_ref.estimators.__all__}
    assert {name: signature(getattr(gsae_ref, name)) for name in names} == PUBLIC


@pytest.mark.parametrize("name", exported())
def test_a_public_function_says_its_types(name):
    offences = untyped(name, getattr(gsae_ref, name))
    assert not offences and (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize("name", exported())
def test_a_public_function_documents_its_parameters(name):
    offences = undocumented(name, getattr(gsae_ref, name))
    assert not offences


def modules_after(program):
    """Names of the modules that a new process has after a program."""
    result = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        check=True,
    )
    return set(result.stdout.split())


def test_importing_the_package_loads_no_room():
    new = modules_after("import gsae_ref") - modules_after("import importlib, typing")
    assert new == {"gsae_ref", "gsae_ref._version"}


def test_no_public_name_but_the_estimators_loads_anything_heavy():
    named = [name for name in exported() if name not in gsae_ref.estimators.__all__]
    new = modules_after(f"from gsae_ref import {', '.join(named)}")
    assert "gsae_ref.papers.ledger" in new
    assert not new & (NEVER_AT_IMPORT | ONLY_IN_KERNELS_AT_IMPORT)


def test_an_encoder_needs_neither_workbench_nor_ledger():
    new = modules_after("from gsae_ref import encode, train, make_dictionary, support_recovery")
    assert not new & {"gsae_ref.claims", "gsae_ref.papers", "gsae_ref.verification"}


def test_the_package_finds_every_name_that_it_types():
    """What type checkers read is what is imported at the first use."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    typed = next(node for node in tree.body if isinstance(node, ast.If)).body
    homes = {alias.name: node.module for node in typed for alias in node.names}
    estimators = dict.fromkeys(gsae_ref.estimators.__all__, "estimators")
    assert homes | estimators == gsae_ref._HOMES
    assert {*homes, *gsae_ref.__all__} <= set(dir(gsae_ref))


def test_every_room_is_an_attribute_of_the_package():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__main__", "_version", "__pycache__"} == {*gsae_ref._ROOMS.split()}
    assert all(inspect.ismodule(getattr(gsae_ref, room)) for room in gsae_ref._ROOMS.split())


# ---- the tester tested

OFFENCES = {
    "a bound may not call the implementation": lambda: wrong_arrows(
        "from ....ops import loss", "gsae_ref.papers.t21.direction.formulas"
    ),
    "a bound may not call the reference, absolutely": lambda: wrong_arrows(
        "import gsae_ref.reference.expected", "gsae_ref.papers.t21.direction.formulas"
    ),
    "a bound may not call the reference from a function": lambda: wrong_arrows(
        "def bound():\n    from gsae_ref import reference", "gsae_ref.papers.t21.support.formulas"
    ),
    "a statement may not call the implementation": lambda: wrong_arrows(
        "from ....ops import loss", "gsae_ref.papers.t21.model.statements"
    ),
    "a counterexample may not know floats": lambda: wrong_arrows(
        "from .... import groups", "gsae_ref.papers.t21.model.counterexamples"
    ),
    "a formula may not know hypotheses": lambda: wrong_arrows(
        "from ..instance import Instance", "gsae_ref.papers.t21.model.formulas"
    ),
    "a paper may not know another": lambda: wrong_arrows(
        "from ...n19.model import formulas", "gsae_ref.papers.t21.model.formulas"
    ),
    "a claim knows no paper": lambda: wrong_arrows(
        "from ..papers.row import Row", "gsae_ref.claims.worst"
    ),
    "reference may not know the kernels": lambda: wrong_arrows(
        "from ..kernels.activations import relu", "gsae_ref.reference.activations"
    ),
    "reference may not check": lambda: wrong_arrows(
        "from .. import groups, checks", "gsae_ref.reference.activations"
    ),
    "kernels may not know the reference": lambda: wrong_arrows(
        "from .. import reference", "gsae_ref.kernels.activations"
    ),
    "a package counts as its room": lambda: wrong_arrows(
        "from .. import ops", "gsae_ref.claims", is_package=True
    ),
    "an import by name counts": lambda: wrong_arrows(
        "importlib.import_module('gsae_ref.ops')", "gsae_ref.claims.exact"
    ),
    "a relative import by name counts": lambda: wrong_arrows(
        "importlib.import_module('..ops', __package__)", "gsae_ref.claims.exact"
    ),
    "the public package is no way around": lambda: wrong_arrows(
        "import gsae_ref", "gsae_ref.claims.exact"
    ),
    "sampling may not compute": lambda: wrong_arrows("from . import ops", "gsae_ref.sampling"),
    "there is no room of utilities": lambda: wrong_arrows("import numpy", "gsae_ref.utils"),
    "checks may import numpy only": lambda: wrong_arrows("import scipy.linalg", "gsae_ref.checks"),
    "reference may import numpy only": lambda: wrong_arrows(
        "def f():\n    import numba", "gsae_ref.reference.gradients"
    ),
    "a circle of two": lambda: circle({"a": {"b"}, "b": {"a"}}),
    "a circle of three": lambda: circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}),
    "two topics that know each other": lambda: circle(
        topics_of(
            {
                "gsae_ref.papers.t21.model.formulas": {"gsae_ref.papers.t21.support.instance"},
                "gsae_ref.papers.t21.support.statements": {"gsae_ref.papers.t21.model.formulas"},
            },
            "t21",
        )
    ),
    "matplotlib at the top": lambda: heavy_imports(
        "import matplotlib.pyplot as plt", "gsae_ref.experiments.t21.figure_3.plots"
    ),
    "scikit-learn in a try": lambda: heavy_imports(
        "try:\n    from sklearn.base import BaseEstimator\n"
        "except ImportError:\n    BaseEstimator = object",
        "gsae_ref.estimators",
    ),
    "scikit-learn at the top of another room": lambda: heavy_imports(
        "import sklearn", "gsae_ref.metrics.clustering"
    ),
    "another heavy library at the top of an estimator": lambda: heavy_imports(
        "import sklearn, joblib", "gsae_ref.estimators.autoencoders"
    ),
    "scipy.optimize by its parent": lambda: heavy_imports(
        "from scipy import optimize", "gsae_ref.metrics"
    ),
    "numba outside the kernels": lambda: heavy_imports("from numba import njit", "gsae_ref.ops"),
    "a heavy import in a class body": lambda: heavy_imports(
        "class A:\n    import tqdm", "gsae_ref.training"
    ),
    "an oracle that knows the package": lambda: imports_of_the_package(
        "from gsae_ref.groups import norms"
    ),
    "an oracle that knows the package, in a function": lambda: imports_of_the_package(
        "def f():\n    import gsae_ref"
    ),
    "a signature that has changed": lambda: (
        [] if signature(lambda a, b=1: a) == "(a, b=2)" else ["changed"]
    ),
    "a parameter not documented": lambda: wrong_docstrings(
        'def f(a, b):\n    """Do.\n\n    Parameters\n    ----------\n'
        '    a : int\n        One.\n    """',
        "m",
    ),
    "a parameter renamed": lambda: wrong_docstrings(
        'def f(lam):\n    """Do.\n\n    Parameters\n    ----------\n    lambda_ : float\n\n'
        '    Returns\n    -------\n    x : int"""',
        "m",
    ),
    "parameters in another order": lambda: wrong_docstrings(
        'def f(a, b):\n    """Do.\n\n    Parameters\n    ----------\n    b, a : int\n    """', "m"
    ),
    "a field of a class not documented": lambda: wrong_docstrings(
        'class C:\n    """Hold.\n\n    Parameters\n    ----------\n    a : int\n    """\n'
        "    def __init__(self, a, b): ...",
        "m",
    ),
    "a public function without parameters": lambda: undocumented("f", lambda x: x),
    "an argument without a type": lambda: untyped("f", lambda x: x),
    "a bare except": lambda: swallowed_exceptions("try:\n    f()\nexcept:\n    raise"),
    "an exception passed over": lambda: swallowed_exceptions(
        "try:\n    f()\nexcept ValueError:\n    pass"
    ),
    "an exception passed over with dots": lambda: swallowed_exceptions(
        "try:\n    f()\nexcept (ValueError, KeyError):\n    ..."
    ),
    "allclose without assert": lambda: idle_comparisons("def test():\n    np.allclose(a, b)"),
    "isclose without assert": lambda: idle_comparisons("math.isclose(a, b)"),
    "array_equal without assert": lambda: idle_comparisons("not array_equal(a, b)"),
    "a bare comparison": lambda: idle_comparisons("result == expected"),
    "half of a text": lambda: idle_strings("TEXT = 'a '\n'b'"),
    "half of a text with fields": lambda: idle_strings("def f():\n    x = 'a '\n    f'{x}'"),
    "a test that shadows another": lambda: defined_twice(
        "def test_a(): ...\ndef test_b(): ...\ndef test_a(): ..."
    ),
}
ALLOWED = {
    "arrows that exist": lambda: wrong_arrows(
        "from . import checks, groups\nfrom .reference import expected", "gsae_ref.ops"
    ),
    "a chain": lambda: circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}),
    "arrows inside a room": lambda: wrong_arrows(
        "from ..model.formulas import coherence\nfrom ..model import formulas",
        "gsae_ref.papers.t21.support.formulas",
    ),
    "arrows inside a room, from its __init__": lambda: wrong_arrows(
        "from .exact import root", "gsae_ref.claims", is_package=True
    ),
    "the table of contents": lambda: wrong_arrows(
        "from .ops import loss\nfrom .papers.ledger import LEDGER", "gsae_ref", is_package=True
    ),
    "the version": lambda: wrong_arrows(
        "from .._version import __version__", "gsae_ref.cli.fitting"
    ),
    "the standard library in a bare room": lambda: wrong_arrows(
        "import numbers, numpy.linalg", "gsae_ref.checks"
    ),
    "numba in the kernels": lambda: heavy_imports(
        "from numba import njit", "gsae_ref.kernels._jit"
    ),
    "scipy.linalg": lambda: heavy_imports("from scipy import linalg", "gsae_ref.claims.exact"),
    "scikit-learn at the top of an estimator": lambda: heavy_imports(
        "import sklearn.base", "gsae_ref.estimators.autoencoders"
    ),
    "a heavy import where it is used": lambda: heavy_imports(
        "def plot():\n    import matplotlib.pyplot", "gsae_ref.experiments.t21.figure_3.plots"
    ),
    "a heavy import for types": lambda: heavy_imports(
        "if TYPE_CHECKING:\n    import matplotlib.axes", "gsae_ref.experiments.t21.figure_3.plots"
    ),
    "a docstring without the section": lambda: wrong_docstrings('def f(a):\n    """Do."""', "m"),
    "a docstring in order": lambda: wrong_docstrings(
        'def f(a, b, *c, d=1):\n    """Do.\n\n    Parameters\n    ----------\n'
        "    a, b : int\n        Text: with colons.\n\n"
        '        More.\n    *c : float\n    d : str\n\n    >>> f(1, 2)\n    """',
        "m",
    ),
    "an exception dealt with": lambda: swallowed_exceptions(
        "try:\n    f()\nexcept ValueError as error:\n    raise TypeError from error"
    ),
    "comparisons that count": lambda: idle_comparisons(
        "assert np.allclose(a, b)\nx = a == b\nnp.testing.assert_allclose(a, b)"
    ),
}


@pytest.mark.parametrize("name", OFFENCES)
def test_a_planted_offence_is_found(name):
    assert OFFENCES[name]()


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_not_flagged(name):
    assert ALLOWED[name]() == []
