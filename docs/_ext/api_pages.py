"""The pages of the API reference.

A page for every room of public names, and one for every module of formulas and hypotheses.
"""

import inspect
import pkgutil
import re
import sys
from importlib import import_module

from prose import escaped, with_formulas

import gsae_ref
from gsae_ref import experiments
from gsae_ref.claims.hypothesis import Hypothesis

ROOMS = {  # room: its title
    "ops": "Networks: encode, decode, loss, gradient",
    "sampling": "Data: dictionaries, codes, samples, starts",
    "training": "Training",
    "estimators": "scikit-learn estimators",
    "metrics": "Metrics: closeness, recovery, clustering",
    "papers": "Statements: coherence, thresholds, the ledger",
    "verification": "Verification",
    "datasets": "Real data",
}
PACKAGES = ("gsae_ref.papers", "gsae_ref.claims", "gsae_ref.reference")
SINGLE = (
    "gsae_ref.groups",
    "gsae_ref.training.optimizers",
    "gsae_ref.experiments.common.study",
    "gsae_ref.experiments.common.cache",
    "gsae_ref.experiments",
)
# scikit-learn's own methods, documented there
REQUESTS = "set_fit_request, set_partial_fit_request, set_score_request"
# rows of the ledger: the pages of the statements show them
ROWS_ONLY = re.compile(r"gsae_ref\.papers\.\w+\.(\w+\.)?(statements|measurements|families)$")
DATA = {"gsae_ref.papers.row": ("KINDS", "TRUTHS", "VERDICTS")}  # constants that are documented
# modules and packages of figures and tables: their pages have the docstring only
EXPERIMENTS = tuple(
    f"gsae_ref.experiments.{file.removesuffix('.compute')}"
    for file in experiments.EXPERIMENTS.values()
)


def _modules():
    """Names of the modules with a page of their own."""
    found = [*SINGLE, *PACKAGES, *EXPERIMENTS]
    for package in PACKAGES:
        path = import_module(package).__path__
        found += [info.name for info in pkgutil.walk_packages(path, f"{package}.")]
    return sorted(name for name in found if not ROWS_ONLY.match(name))


MODULES = _modules()


def resolve(name):
    """The object of a dotted name."""
    first, *parts = name.split(".")
    thing = import_module(first)
    path = first
    for part in parts:
        if not hasattr(thing, part) and hasattr(sys.modules.get(path), part):
            thing = sys.modules[path]  # a module that shares its name with a function
        path = f"{path}.{part}"
        thing = getattr(thing, part) if hasattr(thing, part) else import_module(path)
    return thing


def public_names():
    """Room -> the public names of ``gsae_ref`` that live in it, functions first."""
    rooms = {room: [] for room in ROOMS}
    for name in dir(gsae_ref):
        thing = getattr(gsae_ref, name)
        if name.startswith("_") or inspect.ismodule(thing):
            continue
        home = "gsae_ref.papers" if name == "LEDGER" else thing.__module__
        rooms.setdefault(home.split(".")[1], []).append(name)
    for names in rooms.values():
        names.sort(key=lambda name: (inspect.isclass(getattr(gsae_ref, name)), name.lower()))
    return rooms


def members(module):
    """Names of the functions, classes and hypotheses that a module defines, in its own order."""
    if module in EXPERIMENTS:
        return []
    return [
        name
        for name, thing in vars(import_module(module)).items()
        if not name.startswith("_")
        and (callable(thing) or isinstance(thing, Hypothesis))
        and _home(thing, module) == module
    ]


def _home(thing, module):
    """The module that defines an object found in ``module``; of a hypothesis ``module`` itself."""
    return module if isinstance(thing, Hypothesis) else getattr(thing, "__module__", None)


def target(name):
    """The name under which the reference documents an object, or None."""
    parent, _, last = name.rpartition(".")
    thing = resolve(name)
    if inspect.ismodule(thing):
        return name if name in MODULES else None
    if getattr(gsae_ref, last, None) is thing:
        return f"gsae_ref.{last}"
    if inspect.isclass(resolve(parent)):
        holder = target(parent)
        return holder and f"{holder}.{last}"
    home = _home(thing, parent) or parent
    return f"{home}.{last}" if home in MODULES and last in members(home) else None


def describe(thing):
    """The first sentence of a docstring, ready for reST."""
    paragraph = re.split(r"\n\s*\n", inspect.cleandoc(thing.__doc__ or "").strip())[0]
    paragraph = re.sub(r":\w+:`~?([\w.]+)`", r"``\1``", paragraph.replace("\n", " "))
    return with_formulas(re.match(r".*?[.:](?=\s|$)|.*", paragraph)[0].rstrip(":"))


def write(folder):
    """Write the pages; return their names relative to the folder."""
    pages = {room: _room_page(room, names) for room, names in public_names().items()}
    pages |= {module: _module_page(module) for module in MODULES}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**pages, "index": _index()}.items():
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")
    return sorted(pages)


def _room_page(room, names):
    """The public names of a room."""
    lines = [_title(ROOMS.get(room, room))]
    if f"gsae_ref.{room}" not in MODULES:
        lines += [f".. automodule:: gsae_ref.{room}", ""]
    lines += [".. currentmodule:: gsae_ref", ""]
    for name in names:
        lines += _entry(f"gsae_ref.{name}", getattr(gsae_ref, name))
    return "\n".join(lines)


def _module_page(module):
    """The members of a module."""
    lines = [_title(module.removeprefix("gsae_ref.")), f".. automodule:: {module}", ""]
    for name in members(module):
        lines += _entry(name, getattr(import_module(module), name))
    for name in DATA.get(module, ()):
        lines += _entry(name, getattr(import_module(module), name))
    return "\n".join(lines)


def _entry(name, thing):
    """The directive that documents a class, a function, a hypothesis or a constant."""
    if inspect.isclass(thing):
        return _class(name, thing)
    if callable(thing):
        return [f".. autofunction:: {name}", ""]
    if isinstance(thing, Hypothesis):
        return [f".. py:data:: {name}", "", f"   {escaped(thing.text)}", ""]
    return [f".. autodata:: {name}", "   :no-value:", ""]


def _class(name, thing):
    """A class with its methods.

    Left out are the fields of a named tuple, which its docstring lists, and scikit-learn's methods.
    """
    if issubclass(thing, Exception):
        return [f".. autoexception:: {name}", ""]
    fields = [
        field
        for field in getattr(thing, "_fields", ())
        if (getattr(thing, field).__doc__ or "").startswith("Alias for")
    ]
    excluded = ", ".join([REQUESTS, *fields])
    return [f".. autoclass:: {name}", "   :members:", f"   :exclude-members: {excluded}", ""]


def _title(text):
    return f"{text}\n{'=' * len(text)}\n"


NAMES = [".. list-table::", "   :class: names", "   :widths: 30 70", ""]  # the head of a table
ABOUT_MODULES = """\
Statements (``papers``), claims and exact arithmetic (``claims``), readable NumPy (``reference``;
``kernels`` holds the same names, compiled), figures and tables (``experiments``).
"""


def _index():
    """Every public name with its first sentence, by room; then the modules."""
    rooms = public_names()
    lines = [
        _title("API reference"),
        "Public names are used as ``import gsae_ref as gs``; samples are rows.",
        "",
    ]
    for room, names in rooms.items():
        lines += [f":doc:`{ROOMS.get(room, room)} <{room}>`", "-" * 90, "", *NAMES]
        for name in names:
            lines += [f"   * - :py:obj:`gs.{name} <gsae_ref.{name}>`", f"     - {_summary(name)}"]
        lines.append("")
    lines += ["Modules", "-" * 60, "", ABOUT_MODULES, *NAMES]
    for module in MODULES:
        lines.append(f"   * - :doc:`{module.removeprefix('gsae_ref.')} <{module}>`")
        lines.append(f"     - {describe(import_module(module))}")
    pages = [f"   {page}" for page in (*rooms, *MODULES)]
    return "\n".join([*lines, "", ".. toctree::", "   :hidden:", "", *pages, ""])


def _summary(name):
    """The first sentence on a public name."""
    if name == "LEDGER":
        return "Every numbered statement of the papers with its verdict: a dictionary of rows"
    return describe(getattr(gsae_ref, name))
