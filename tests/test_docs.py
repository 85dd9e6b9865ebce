"""The documentation: formulas keep every symbol of the ledger, pages are complete, examples run.

The last part checks the site in docs/_build, if there is one: ``python -m sphinx -W -b html docs
docs/_build``.
"""

import doctest
import html
import importlib
import itertools
import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

import gsae_ref as gs
from gsae_ref import experiments
from gsae_ref.claims.evidence import Stress
from gsae_ref.claims.hypothesis import Hypothesis
from gsae_ref.experiments.common.publishing import PANEL, publish
from gsae_ref.experiments.common.study import Study
from gsae_ref.papers.ledger import LEDGER

DESCRIPTION = 270  # the tag of a picture's description
DOCS = Path(__file__).parent.parent / "docs"
SITE = DOCS / "_build"
MACHINE_PATH = re.compile(r"(?<![\w./])/(home|Users|tmp|root|work|mnt)/\w")
sys.path[:0] = [str(DOCS), str(DOCS / "_ext")]

pytest.importorskip("sklearn")  # the reference documents the estimators
api_pages = importlib.import_module("api_pages")
docstrings = importlib.import_module("docstrings")
equation_index = importlib.import_module("equation_index")
collect_reports = importlib.import_module("collect_reports")
ledger_pages = importlib.import_module("ledger_pages")
sentence_latex = importlib.import_module("sentence_latex")
lessons = importlib.import_module("lessons")
prose = importlib.import_module("prose")


# ---- pages made from the package
SHOWN = ("T21-prop2", "T21-eq7", "T21-eq21", "N19-lemma1", "L23-lemma3", "R7")


@pytest.fixture(scope="module")
def report():
    return gs.verify(only=SHOWN, quick=True).to_dict()


@pytest.fixture
def writer(report):
    return ledger_pages.Writer(report, "gsae-ref verify --quick", api_pages.target)


@pytest.mark.parametrize("row_id", SHOWN)
def test_a_page_has_every_field_of_its_row(writer, row_id):
    row = LEDGER[row_id]
    source = LEDGER[row.same_as] if row.same_as else row
    page = writer.page(row, None, LEDGER["R0"])
    assert f"gsae-ref verify --only {row_id} --explain" in page
    assert row.verdict in page
    assert html.escape(row.printed) in page
    hypotheses = [hypothesis.text for hypothesis in source.hypotheses]
    for text in filter(None, (row.printed, row.reading, row.repaired, row.remark, *hypotheses)):
        assert html.escape(text) in page
    assert not row.same_as or f'href="{row.same_as}.html"' in page
    assert not source.derivation or f"<{api_pages.target(source.derivation)}>" in page
    assert "](R0.md) →" in page


def test_a_row_that_is_mentioned_is_a_link_and_the_page_itself_is_not(writer):
    page = writer.page(LEDGER["T21-eq21"], None, None)
    assert re.search(r'<a href="T21-prop2.html">T21-prop2</a>', page)
    assert 'href="T21-eq21.html"' not in page


CLAIMS = {
    item.conclusion: item
    for row in LEDGER.values()
    for item in row.evidence
    if isinstance(item, Stress)
}


@pytest.mark.parametrize("conclusion", CLAIMS)
def test_a_claim_is_set_from_its_syntax_tree(conclusion):
    latex2mathml = pytest.importorskip("docutils.utils.math.latex2mathml")
    text = sentence_latex.claim(CLAIMS[conclusion])
    formulas = re.findall(r"\$([^$]+)\$", text)
    assert len(formulas) > 0 and "texttt" not in text
    for formula in formulas:
        latex2mathml.tex2mathml(formula.replace(r"\dots", r"\ldots"))


def test_a_claim_says_what_it_defines_and_assumes(writer):
    page = writer.page(LEDGER["T21-prop2"], None, None)
    bound = r"\gamma \, B_{\max} \, \left(d \, \mu_B + \delta\right)"
    assert rf"*corrected bound*: $\|A_{{v}}^\top \, y\| \le {bound}" in page
    assert r"; under $\|A^*_{g}\|_2 = 1" in page
    item = next(item for label, item in CLAIMS.items() if "lam <= norm" in label)
    assert r"$, where $\lambda \in \left[" in sentence_latex.claim(item)


def test_an_unconfirmed_verdict_is_reported(writer):
    assert "does not confirm" not in writer.page(LEDGER["T21-eq7"], None, None)
    writer.results["T21-eq7"] = writer.results["T21-eq7"] | {"confirmed": False}
    assert "does not confirm" in writer.page(LEDGER["T21-eq7"], None, None)


def test_how_we_differ_lists_what_is_not_true_as_printed(writer):
    page = writer.differences()
    different = ("refuted", "vacuous", "corrected", "typo")
    rows = [row for row in LEDGER.values() if not row.same_as]
    wrong = {row.id for row in rows if row.verdict in different}
    listed = set(re.findall(r'href="statements/([\w-]+)\.html"', page))
    assert listed == wrong
    assert len(wrong) > 100


@pytest.mark.parametrize("paper, last", [("T21", 78), ("N19", 16), ("L23", 10)])
def test_the_equation_index_has_every_number(paper, last):
    section = equation_index.index().split(f"\n## {paper}")[1].split("\n## ")[0]
    assert all(f"| Eq. ({k})" in section for k in range(1, last + 1))
    assert section.count("](statements/") == sum(row.paper == paper for row in LEDGER.values())


def test_functions_are_found_by_the_numbers_in_their_docstrings():
    table = equation_index.functions_by_source()
    assert "gsae_ref.group_soft_threshold" in table["T21", "Eq. (7)"]
    assert "gsae_ref.papers.t21.support.formulas.cross_term_bound" in table["T21", "Proposition 2"]
    assert "gsae_ref.reference.expected.printed_31" in table["T21", "Eq. (31)"]
    assert len(table) > 70
    assert [source for source in table if source[1] == "Eq. (0)"] == []


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Name of a page of the API reference -> its text."""
    folder = tmp_path_factory.mktemp("api")
    return {page: (folder / f"{page}.rst").read_text() for page in api_pages.write(folder)}


def test_every_derivation_and_every_public_name_is_in_the_reference(reference):
    derivations = {row.id: row.derivation for row in LEDGER.values() if row.derivation}
    assert [row_id for row_id, name in derivations.items() if not api_pages.target(name)] == []
    text = "\n".join(reference.values())
    named = list(itertools.chain.from_iterable(api_pages.public_names().values()))
    assert len(named) > 60
    for name in named:
        assert re.search(rf"auto\w+:: gsae_ref\.{name}$", text, re.M), name


@pytest.mark.parametrize("paper, least", [("t21", 11), ("n19", 21), ("l23", 17)])
def test_every_hypothesis_of_a_paper_is_in_the_reference(reference, paper, least):
    """A hypothesis is an instance, so it does not name the module that defines it."""
    module = f"gsae_ref.papers.{paper}.instance"
    things = vars(importlib.import_module(module)).items()
    hypotheses = [name for name, thing in things if isinstance(thing, Hypothesis)]
    shown = re.findall(r"^\.\. py:data:: (\w+)\n\n   \S", reference[module], re.M)
    assert shown == hypotheses
    assert len(shown) >= least


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_has_a_page(name):
    text = (DOCS / f"reproduction/{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {experiments.load(name).TITLE}")
    assert f"$ gsae-ref reproduce {name}" in text
    pictures = re.findall(r"!\[.*?\]\(\.\./figures/(.*?)\.webp\)", text)
    assert pictures == list(experiments.load(name).FIGURES)
    assert [stem for stem in pictures if not (DOCS / f"figures/{stem}.webp").exists()] == []
    assert collect_reports.OUTCOME.search(text)


def test_the_list_of_pages_is_up_to_date():
    assert (DOCS / "reproduction/index.md").read_text(encoding="utf-8") == collect_reports.index()


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_a_thumbnail_has_the_panels_of_todays_figure(name):
    """Its sides and number of panels; tests/experiments compare titles, labels and legends."""
    images = pytest.importorskip("PIL.Image")
    for stem, grid in experiments.load(name).FIGURES.items():
        with images.open(DOCS / f"figures/{stem}.webp") as picture:
            width, height = picture.size
            panels = json.loads(picture.getexif()[DESCRIPTION])
        sides = PANEL[0] * max(map(len, grid)) / (PANEL[1] * len(grid))
        assert width / height == pytest.approx(sides, rel=0.01), stem
        assert len(panels) == sum(plot is not None for row in grid for plot in row), stem


def test_a_thumbnail_keeps_what_its_figure_says_of_the_panels(tmp_path):
    images = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")

    def plot(data, ax):
        ax.plot([1, 2], label="B")
        ax.set(title=r"$\lambda$", xlabel="epoch")
        ax.legend()

    study = Study("toy", "Toy", {}, {}, [], [], [])
    publish(study, {"toy": [[plot, None]]}, tmp_path)
    collect_reports.shrink(tmp_path / "toy.png", tmp_path / "toy.webp")
    with images.open(tmp_path / "toy.webp") as picture:
        kept = json.loads(picture.getexif()[DESCRIPTION])
    assert kept == [[r"$\lambda$", "epoch", "", "B"]]


def test_every_page_of_the_gallery_says_what_is_seen():
    assert list(collect_reports.SEEN) == list(experiments.EXPERIMENTS)


def test_thumbnails_are_small():
    sizes = [path.stat().st_size for path in (DOCS / "figures").iterdir()]
    assert max(sizes) < 150_000
    assert sum(sizes) < 1_500_000


def test_a_formula_of_a_docstring_is_set_and_rules_of_import_are_left_out():
    pytest.importorskip("docutils")
    lines = docstrings.readable(
        ["The loss is", "", "    1/(2N) sum_i ||y_i - A x_i||^2", "", "here."]
    )
    assert lines[2] == ".. raw:: html"
    assert "<mo>∑</mo>" in lines[4]
    inline = docstrings.readable(["Along A = s I the loss is (1 - s^2)^2 here."])
    assert re.findall(r":formula:`(.*?)`", inline[0]) and "s^2" not in inline[0]
    assert docstrings.without_rules(["A. May import b.", "", "C."]) == ["A.", "", "C.", ""]


def test_docstrings_are_made_ready_for_rest():
    pytest.importorskip("docutils")
    readable = docstrings.readable
    assert readable(["|x| of A*_g, x_ and ``A*_g``"]) == [r"\|x\| of A\*_g, x\_ and ``A*_g``"]
    assert readable(["So", "(3) holds:", "", '    "a*_g"', "", "as", "- b is"]) == [
        "So",
        r"\(3) holds:",
        "",
        "::",
        "",
        '    "a*_g"',
        "",
        "as",
        r"\- b is",
    ]
    assert readable(["", "- ``a*``: one;", "- two"]) == ["", "- ``a*``: one;", "- two"]
    assert readable(["Parameters", "----------", "x : array", "    A*"]) == [
        "Parameters",
        "----------",
        "x : array",
        r"    A\*",
    ]
    assert readable([">>> a * b_", "2"]) == [">>> a * b_", "2"]
    listed = ["Parameters", "----------", "form : str", "    - one", "      more;", "    - two"]
    assert readable(listed) == listed


# ---- examples
PAGES = [
    path
    for path in sorted(DOCS.rglob("*.md"))
    if "_build" not in path.parts and "generated" not in path.parts and ">>>" in path.read_text()
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_examples_of_a_page_run(path):
    failed, attempted = doctest.testfile(
        str(path), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert failed == 0
    assert attempted > 1


@pytest.mark.parametrize(
    "module",
    [equation_index, docstrings, lessons, prose],
    ids=lambda module: module.__name__,
)
def test_the_examples_of_an_extension_run(module):
    failed, attempted = doctest.testmod(module)
    assert failed == 0
    assert attempted > 0


def test_the_commands_on_the_pages_exist(capsys):
    from gsae_ref.cli import main

    pages = [path.read_text() for path in DOCS.rglob("*.md") if "_build" not in path.parts]
    commands = set(re.findall(r"^\$ gsae-ref (\S+)", "\n".join(pages), re.M))
    assert {"verify", "check", "reproduce", "fit", "encode"} <= commands
    for command in commands:
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert command in capsys.readouterr().out


# ---- the built site
built = pytest.mark.skipif(
    not (SITE / "index.html").exists(),
    reason="docs/_build is not there: python -m sphinx -W -b html docs docs/_build",
)
TOOLS = {"genindex", "search", "py-modindex"}


def links(page):
    """(page, anchor) of each link of a page to a page of the site."""
    for target in re.findall(r'<a[^>]* href="([^"]+)"', page.read_text(encoding="utf-8")):
        if not re.match(r"\w+:", target):
            file, _, part = unquote(html.unescape(target)).partition("#")
            yield (page.parent / file).resolve() if file else page.resolve(), part


@pytest.fixture(scope="module")
def site():
    """Page of the site -> its links."""
    pages = [page for page in SITE.rglob("*.html") if "_static" not in page.parts]
    return {page.resolve(): set(links(page)) for page in pages}


@built
def test_no_link_is_dead(site):
    ids = {
        page: set(re.findall(r'id="([^"]+)"', page.read_text(encoding="utf-8"))) for page in site
    }
    for page, targets in site.items():
        for target, anchor in targets:
            assert target.exists(), (page.name, target.name)
            assert not anchor or anchor in ids.get(target, {anchor}), (page.name, anchor)


@built
def test_no_picture_is_missing(site):
    count = 0
    for page in site:
        for source in re.findall(r'<img[^>]* src="([^":]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / unquote(source)).exists(), (page.name, source)
            count += 1
    assert count > 10


@built
def test_every_page_is_two_clicks_from_the_front_page(site):
    front = (SITE / "index.html").resolve()
    first = {target for target, _ in site[front]}
    links_of_first = itertools.chain.from_iterable(site[page] for page in first & set(site))
    second = {target for target, _ in links_of_first}
    far = set(site) - first - second - {front}
    assert {page.name for page in far if page.stem not in TOOLS} == set()
    assert len(site) > len(LEDGER) + 80


@built
def test_the_site_needs_no_network_and_names_no_machine(site):
    for page in site:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'<(script|link|img)[^>]* (src|href)="https?:', text), page.name
        assert not MACHINE_PATH.search(re.sub(r"<[^>]*>", "", text)), page.name
