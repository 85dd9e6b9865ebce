"""The documentation, in one command (Python 3.11 or newer; warnings are errors):

    python -m pip install ".[docs]" && python -m sphinx -W -b html docs docs/_build

Pages that the package itself dictates are written to docs/generated first. ``-b linkcheck`` asks
every address outside the site.
"""

import hashlib
import importlib.metadata
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import api_pages  # noqa: E402
import equation_index  # noqa: E402
import gallery  # noqa: E402
import ledger_pages  # noqa: E402

import gsae_ref  # noqa: E402

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
exclude_patterns = [
    "_build",
    "figures",
    "_ext",
    "jupyter_execute",
]  # the last is made by myst-nb beside _build
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
nb_execution_mode = (
    "off"  # the outputs kept in the notebooks, which the tests compare with a fresh run
)
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
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_copy_source = html_show_sourcelink = False
html_show_copyright = html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00588c", "color-brand-content": "#00588c"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f0", "color-brand-content": "#7cc4f0"},
}

QUICK = "gsae-ref verify --quick"
EVIDENCE = (
    "papers",
    "claims",
    "verification",
    "reference",
    "kernels",
    "ops",
    "sampling",
    "metrics",
)  # the rooms that a verdict depends on
GENERATED = HERE / "generated"


def evidence():
    """The report of a quick run of the whole ledger, kept until the code that makes it changes."""
    package = Path(gsae_ref.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for room in EVIDENCE for path in (package / room).rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    kept = GENERATED / "verify.json"
    if kept.exists():
        saved = json.loads(kept.read_text(encoding="utf-8"))
        if saved["code"] == digest.hexdigest():
            return saved["report"]
    report = gsae_ref.verify(quick=True, rng=0).to_dict()
    kept.write_text(json.dumps({"code": digest.hexdigest(), "report": report}), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))["report"]


def generate(app):
    """Write every page that the package itself dictates."""
    from sphinx.util import logging

    GENERATED.mkdir(exist_ok=True)
    for name in ("api", "statements", "notebooks"):
        shutil.rmtree(GENERATED / name, ignore_errors=True)
    pages = api_pages.write(GENERATED / "api")
    writer = ledger_pages.Writer(evidence(), QUICK, api_pages.target)
    written = {f"statements/{name}.md": text for name, text in writer.pages().items()}
    written |= {
        "differences.md": writer.differences(),
        "equations.md": equation_index.index(),
        "gallery.md": gallery.gallery(HERE / "figures"),
    }
    written["benchmarks.md"] = benchmarks(HERE.parent / "benchmarks" / "results")
    for name, text in written.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (GENERATED / "notebooks").mkdir()
    for path in (HERE.parent / "notebooks").iterdir():
        if path.suffix in (".ipynb", ".png"):
            shutil.copy(path, GENERATED / "notebooks")
    logging.getLogger(__name__).info(
        "%d statements (%d not set as mathematics), %d pages of reference",
        len(gsae_ref.LEDGER),
        len(writer.fallbacks),
        len(pages),
    )


def benchmarks(folder):
    """The benchmark's own reports, if some are kept."""
    lines = ["---\norphan: true\n---\n", "# Benchmark reports\n"]
    reports = sorted(path.stem for path in folder.glob("*.md"))
    if not reports:
        return "\n".join(
            [*lines, "None is kept in this copy; `python -m benchmarks.report` writes one.\n"]
        )
    shutil.copytree(folder, GENERATED / "results", dirs_exist_ok=True)
    return "\n".join([*lines, "```{toctree}", *(f"results/{name}" for name in reports), "```\n"])


def setup(app):
    """Pages first; the rest are extensions of their own."""
    app.connect("builder-inited", generate)
