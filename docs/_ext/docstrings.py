"""Docstrings as reST: written for a terminal in the house notation, they must not be read as markup.

``A*_g`` is no emphasis, ``|x|`` no substitution, ``x_`` no link; an indented formula is a literal
block; only real lists are lists.
"""

import re

from api_pages import escaped, resolve
from docutils import nodes

BULLET = re.compile(r"\s*[-+] ")
PROSE = {"", "Notes", "Examples", "References"}


def readable(lines):
    """The lines of a docstring, ready for numpydoc.

    >>> readable(["Let A*_g be:", "", "    x_ = A*_g y", "", "the code."])
    ['Let A\\\\*_g be:', '', '::', '', '    x_ = A*_g y', '', 'the code.']
    """
    out = []
    section = ""
    in_list = False
    k = 0
    while k < len(lines):
        line = lines[k]
        bare = lines[k].strip()
        following = lines[k + 1] if k + 1 < len(lines) else ""
        starts = not out or not out[-1].strip()
        if bare and len(following.strip()) >= 3 and set(following.strip()) <= set("-"):
            section = bare
            in_list = False
            out += [line, following]
            k += 2
        elif bare.startswith(">>>"):
            while k < len(lines) and lines[k].strip():
                out.append(lines[k])
                k += 1
        elif section in PROSE and starts and line.startswith("    ") and not in_list:
            block = []
            while k < len(lines) and (lines[k].startswith("    ") or not lines[k].strip()):
                block.append(lines[k])
                k += 1
            while not block[-1].strip():
                block.pop()
            before = next((words for words in reversed(out) if words.strip()), "")
            out += [*block, ""] if before.endswith("::") else ["::", "", *block, ""]
        else:
            item = bool(BULLET.match(line)) and (starts or in_list)
            if bare:
                in_list = item or in_list and (not starts or line[0] == " ")
            out.append(_item(line) if item else escaped(line))
            k += 1
    return out


def _item(line):
    marker = BULLET.match(line)[0]
    return marker + escaped(line[len(marker) :])


def plain_reference(app, env, node, contnode):
    """A reference to something that exists but has no entry of its own: a link to its public name, or plain words."""
    name = node.get("reftarget", "")
    module = node.get("py:module")
    holder = node.get("py:class")
    if node.get("refdomain") != "py":
        return None
    domain = env.domains.python_domain
    for full in (
        f"gsae_ref.{name.split('.')[-1]}",
        *(f"{home}.{name}" for home in _homes(module, holder)),
    ):
        if full in domain.objects:
            return domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", full, node, contnode
            )
    for full in (name, *(f"{home}.{name}" for home in _homes(module, holder))):
        if full.startswith("gsae_ref.") and _exists(full):
            return nodes.inline("", "", contnode)
    return None


def _homes(module, holder):
    """Where a short name may live: the class, and the modules that define what is documented under the public name."""
    homes = [f"{module}.{holder}"] if module and holder else []
    if module == "gsae_ref" and holder:
        thing = resolve(f"{module}.{holder.split('.')[-1]}")
        homes += [thing.__module__, f"{thing.__module__}.{thing.__qualname__}"]
    return [
        *homes,
        *([module] if module else []),
        "gsae_ref.papers.t21.model.formulas",
        "gsae_ref.metrics.closeness",
        "gsae_ref.metrics.dictionaries",
    ]


def _exists(name):
    try:
        resolve(name)
    except (ImportError, AttributeError):
        return False
    return True


def _rewrite(app, what, name, obj, options, lines):
    lines[:] = readable(lines)


def setup(app):
    """Before numpydoc, which reads docstrings at the default priority."""
    app.connect("autodoc-process-docstring", _rewrite, priority=100)
    app.connect("missing-reference", plain_reference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
