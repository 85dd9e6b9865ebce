"""The pages of the API reference: a page for every room of public names, and one for every module of statements and closed forms."""

import inspect
import pkgutil
import re
import sys
from importlib import import_module

import gsae_ref

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
    "gsae_ref.experiments.common.study",
    "gsae_ref.experiments.common.cache",
    "gsae_ref.experiments",
)
REQUESTS = "set_fit_request, set_partial_fit_request, set_score_request"  # scikit-learn's own, documented there
ROWS_ONLY = re.compile(
    r"gsae_ref\.papers\.\w+\.(\w+\.)?(statements|measurements|families)$"
)  # rows of the ledger: the pages of the statements show them


def _modules():
    """Names of the modules with a page of their own."""
    found = list(SINGLE)
    for package in PACKAGES:
        found.append(package)
        found += [
            info.name
            for info in pkgutil.walk_packages(import_module(package).__path__, f"{package}.")
        ]
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
    """Room -> the public names of ``gsae_ref`` that live in it."""
    rooms = {room: [] for room in ROOMS}
    for name in dir(gsae_ref):
        thing = getattr(gsae_ref, name)
        if name.startswith("_") or inspect.ismodule(thing):
            continue
        home = "gsae_ref.papers" if name == "LEDGER" else thing.__module__
        rooms.setdefault(home.split(".")[1], []).append(name)
    return {
        room: sorted(
            names, key=lambda name: (inspect.isclass(getattr(gsae_ref, name)), name.lower())
        )
        for room, names in rooms.items()
    }


def members(module):
    """The public names that a module itself defines, in its own order."""
    things = vars(import_module(module))
    return [
        name
        for name, thing in things.items()
        if not name.startswith("_") and _is_shown(thing) and _home(thing, module) == module
    ]


def _is_shown(thing):
    """Functions, classes, and hypotheses."""
    return callable(thing) or hasattr(thing, "margin")


def _home(thing, module):
    """The module that defines an object; of a hypothesis, which is an instance, the one where it stands."""
    return (
        module
        if hasattr(thing, "margin") and not inspect.isclass(thing)
        else getattr(thing, "__module__", None)
    )


def target(name):
    """Under which name the reference documents an object, or None."""
    *_, last = name.split(".")
    thing = resolve(name)
    if inspect.ismodule(thing):
        return name if name in MODULES else None
    if getattr(gsae_ref, last, None) is thing:
        return f"gsae_ref.{last}"
    home = _home(thing, name.rpartition(".")[0]) or name.rpartition(".")[0]
    return f"{home}.{last}" if home in MODULES and last in members(home) else None


def describe(thing):
    """The first sentence of a docstring, ready for reST."""
    first = re.split(r"\n\s*\n", inspect.cleandoc(thing.__doc__ or "").strip())[0].replace(
        "\n", " "
    )
    first = re.sub(r":\w+:`~?([\w.]+)`", r"``\1``", first)
    return escaped(re.match(r".*?[.:](?=\s|$)|.*", first)[0].rstrip(":"))


def escaped(line):
    """A line of a docstring in the house notation as reST: A*_g and ||x|| are no markup."""
    parts = re.split(
        r"(``.*?``|:[\w:]+:`.*?`|\*\*\w.*?\w\*\*|(?<![\w*])\*[a-z][a-z ]*\*(?![\w*]))", line
    )
    for k in range(0, len(parts), 2):
        parts[k] = re.sub(r"(?<=\w)_(?!\w)", r"\\_", re.sub(r"(?<!\\)([*|])", r"\\\1", parts[k]))
    line = "".join(parts)
    return re.sub(
        r"^(\s*)(\(?(?:\d+|[a-zA-Z#])[.)] |[-+] )", r"\1\\\2", line
    )  # no list begins in the middle of a paragraph


def write(folder):
    """Write the pages; return their names relative to the folder."""
    pages = {}
    for room, names in public_names().items():
        lines = [_title(ROOMS.get(room, room))]
        if f"gsae_ref.{room}" not in MODULES:
            lines += [f".. automodule:: gsae_ref.{room}", ""]
        lines += [".. currentmodule:: gsae_ref", ""]
        for name in names:
            thing = getattr(gsae_ref, name)
            if inspect.isclass(thing):
                lines += _class(f"gsae_ref.{name}", thing)
            elif callable(thing):
                lines += [f".. autofunction:: gsae_ref.{name}", ""]
            else:
                lines += [f".. autodata:: gsae_ref.{name}", "   :no-value:", ""]
        pages[room] = "\n".join(lines)
    for module in MODULES:
        lines = [_title(module.removeprefix("gsae_ref.")), f".. automodule:: {module}", ""]
        for name in members(module):
            thing = getattr(import_module(module), name)
            if inspect.isclass(thing):
                lines += _class(name, thing)
            elif callable(thing):
                lines += [f".. autofunction:: {name}", ""]
            elif hasattr(thing, "text"):  # a hypothesis
                lines += [f".. py:data:: {name}", "", f"   {escaped(thing.text)}", ""]
        lines += [
            line
            for name in ("VERDICTS",)
            if module == "gsae_ref.papers.row"
            for line in (f".. autodata:: {name}", "   :no-value:", "")
        ]
        pages[module] = "\n".join(lines)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")
    (folder / "index.rst").write_text(_index(), encoding="utf-8")
    return sorted(pages)


def _class(name, thing):
    """A class with its methods, without what others document: fields of a tuple, which its docstring lists, and scikit-learn's requests."""
    if issubclass(thing, Exception):
        return [f".. autoexception:: {name}", ""]
    fields = [
        field
        for field in getattr(thing, "_fields", ())
        if (getattr(thing, field).__doc__ or "").startswith("Alias for")
    ]
    return [
        f".. autoclass:: {name}",
        "   :members:",
        f"   :exclude-members: {', '.join([REQUESTS, *fields])}",
        "",
    ]


def _title(text):
    return f"{text}\n{'=' * len(text)}\n"


def _index():
    """Every public name with its first sentence, by room; then the modules."""
    lines = [
        _title("API reference"),
        "Public names are used as ``import gsae_ref as gs``; samples are rows.",
        "",
    ]
    for room, names in public_names().items():
        lines += [
            f":doc:`{ROOMS.get(room, room)} <{room}>`",
            "-" * 90,
            "",
            ".. list-table::",
            "   :class: names",
            "   :widths: 30 70",
            "",
        ]
        for name in names:
            thing = getattr(gsae_ref, name)
            words = (
                "Every numbered statement of the papers with its verdict: a dictionary of rows"
                if name == "LEDGER"
                else describe(thing)
            )
            lines += [f"   * - :py:obj:`gs.{name} <gsae_ref.{name}>`", f"     - {words}"]
        lines.append("")
    lines += [
        "Modules",
        "-" * 60,
        "",
        "Statements (``papers``), exact arithmetic (``claims.exact``), readable NumPy (``reference``; "
        "``kernels`` holds the same names, compiled), and what an experiment is made of.",
        "",
        ".. list-table::",
        "   :class: names",
        "   :widths: 30 70",
        "",
    ]
    for module in MODULES:
        lines += [
            f"   * - :doc:`{module.removeprefix('gsae_ref.')} <{module}>`",
            f"     - {describe(import_module(module))}",
        ]
    lines += [
        "",
        ".. toctree::",
        "   :hidden:",
        "",
        *(f"   {room}" for room in public_names()),
        *(f"   {module}" for module in MODULES),
        "",
    ]
    return "\n".join(lines)
