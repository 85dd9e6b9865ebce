"""The documentation, in one command (Python 3.11 or newer; warnings are errors):

    python -m pip install ".[docs]" && python -m sphinx -W -b html docs docs/_build

Pages made from the package itself are first written to docs/generated. ``-b linkcheck`` visits
every address outside the site.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import api_pages  # noqa: E402
import equation_index  # noqa: E402
import ledger_pages  # noqa: E402
import lessons  # noqa: E402
import prose  # noqa: E402

import gsae_ref  # noqa: E402
from benchmarks import report  # noqa: E402

project = "gsae_ref"
author = "The gsae_ref developers"
copyright = "The gsae_ref developers"
release = version = importlib.metadata.version("gsae_ref")
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "numpydoc",
    "sphinx_copybutton",
    "mathml",
    "docstrings",
]
# jupyter_execute: myst-nb's; benchmarks.md and lessons.md are parts of pages
exclude_patterns = ["_build", "figures", "_ext", "jupyter_execute"]
exclude_patterns += ["generated/benchmarks.md", "generated/lessons.md"]
nitpicky = True
# types and functions of other libraries: no inventory of theirs is fetched
nitpick_ignore_regex = [
    ("py:class", r"(?!gsae_ref).*"),
    ("py:.*", r"(dask|numpy|scipy|sklearn)\..*"),
]
suppress_warnings = ["config.cache"]

myst_enable_extensions = [
    "dollarmath",
    "amsmath",
    "colon_fence",
    "attrs_inline",
    "attrs_block",
    "deflist",
]
myst_heading_anchors = 3
nb_execution_mode = "off"  # tests compare the stored outputs with those of a fresh run
nb_merge_streams = True
nb_execution_cache_path = str(HERE / "generated" / "jupyter_cache")
autosummary_generate = False
html_math_renderer = "mathml"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
doctest_global_setup = "import numpy as np\nimport gsae_ref as gs"

html_theme = "furo"
html_title = "gsae_ref"
html_static_path = ["_static", "../gsae_ref/notation/mathematics.woff2"]
html_css_files = ["style.css"]
html_copy_source = html_show_sourcelink = False
html_show_copyright = html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00588c", "color-brand-content": "#00588c"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f0", "color-brand-content": "#7cc4f0"},
}

QUICK = "gsae-ref verify --quick"
# the rooms that a verdict depends on
EVIDENCE = "papers claims verification reference kernels ops sampling metrics".split()
GENERATED = HERE / "generated"


def evidence():
    """The report of a quick run of the whole ledger, stored until its code changes."""
    package = Path(gsae_ref.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for room in EVIDENCE for path in (package / room).rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    stored = GENERATED / "verify.json"
    if stored.exists():
        saved = json.loads(stored.read_text(encoding="utf-8"))
        if saved["code"] == digest.hexdigest():
            return saved["report"]
    report = gsae_ref.verify(quick=True, rng=0, n_jobs=os.cpu_count()).to_dict()
    stored.write_text(json.dumps({"code": digest.hexdigest(), "report": report}), encoding="utf-8")
    return json.loads(stored.read_text(encoding="utf-8"))["report"]


def generate(app):
    """Write every page that is made from the package."""
    from sphinx.util import logging

    GENERATED.mkdir(exist_ok=True)
    for name in ("api", "statements", "notebooks", "lessons"):
        shutil.rmtree(GENERATED / name, ignore_errors=True)
    for page in GENERATED.glob("*.md"):
        page.unlink()
    pages = api_pages.write(GENERATED / "api")
    writer = ledger_pages.Writer(evidence(), QUICK, api_pages.target)
    written = {f"statements/{name}.md": text for name, text in writer.pages().items()}
    written |= {
        "differences.md": writer.differences(),
        "equations.md": equation_index.index(),
        "benchmarks.md": benchmarks(HERE.parent / "benchmarks" / "results"),
    }
    for name, text in written.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    notebooks(HERE.parent / "notebooks")
    logging.getLogger(__name__).info(
        "%d statements, %d pages of reference",
        len(gsae_ref.LEDGER),
        len(pages),
    )


def notebooks(folder):
    """Copy the lessons, and write the list of them."""
    for name in ("notebooks", "lessons"):
        (GENERATED / name).mkdir()
    for path in (HERE.parent / "notebooks").iterdir():
        if path.suffix in (".ipynb", ".png"):
            shutil.copy(path, GENERATED / "notebooks")
    text = lessons.pages(folder, GENERATED / "lessons")
    (GENERATED / "lessons.md").write_text(text, encoding="utf-8")


def benchmarks(folder):
    """The report on the kept numbers of the benchmarks, for the page on performance."""
    others = shutil.ignore_patterns("rounds", "*.md")
    shutil.copytree(folder, GENERATED, dirs_exist_ok=True, ignore=others)
    kept = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report.markdown(kept, [path.stem for path in folder.glob("*.svg")])


def set_tables(app, name, source):
    """Set the formulas in the tables of the pages on figures and tables."""
    if name.startswith("reproduction/"):
        lines = source[0].split("\n")
        source[0] = "\n".join(prose.table_row(x) if x.startswith("|") else x for x in lines)


def setup(app):
    """Write the pages before Sphinx reads the folder."""
    app.connect("builder-inited", generate)
    app.connect("source-read", set_tables)
