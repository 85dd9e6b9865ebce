"""The report: one file with every row, all text escaped, nothing loaded from elsewhere."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_data import made_up_result

import gsae_ref
from gsae_ref.notation.markup import Markup, class_name, element, joined
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import VERDICTS
from gsae_ref.report import find_studies, read_result, render, write_report
from gsae_ref.report.tightness import ratio_text, ratios

ROOT = Path(__file__).parents[2]
DATE = "2026-01-02 03:04 UTC"
VOID = {"meta", "link", "input", "img"}
PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><script>alert(1)</script></svg>'
)


class Page(HTMLParser):
    """The elements of a page with attributes and ancestors; asserts that they close in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.elements = []
        self.words = []
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attributes), [t for t, _ in self.open]))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), [t for t, _ in self.open]))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if not {"style", "script"} & {tag for tag, _ in self.open}:
            self.words.append(data)

    def all(self, tag, **attributes):
        """Attributes of all elements with a tag and these attributes."""
        wanted = attributes.items()
        return [a for t, a, _ in self.elements if t == tag and wanted <= a.items()]

    def attributes(self):
        """(tag, attribute, value) of every attribute of the page."""
        for tag, attributes, _ in self.elements:
            for name, value in attributes.items():
                yield tag, name, value


@pytest.fixture(scope="module")
def result():
    return made_up_result()


@pytest.fixture(scope="module")
def text(result):
    return render(result, {"command": "gsae-ref report --out <here>"}, [], DATE)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


@pytest.fixture
def study(tmp_path):
    """A result of gsae-ref reproduce: a folder of a picture in two formats, numbers, a report."""
    place = tmp_path / "figures" / "toy"
    (place / "cache").mkdir(parents=True)
    (place / "toy.svg").write_bytes(PICTURE)
    (place / "toy.png").write_bytes(b"\x89PNG" + 500 * b"0")
    (place / "report.md").write_text("# Toy")
    claims = [
        {"source": "T21 Figure 9", "text": "a < b", "measured": "3 & 4", "holds": holds}
        for holds in (True, False, None)
    ]
    numbers = {
        "name": "toy",
        "title": "Toy <title>",
        "claims": claims,
        "notes": ["a note"],
        "versions": {"numpy": "1"},
        "seconds": {"a": 2.0},
    }
    (place / "toy.json").write_text(json.dumps(numbers))
    (place / "other.json").write_text("[1]")
    (place / "cache" / "report.md").write_text("no study")
    return place


# ---- the page


def test_the_page_is_well_formed_and_its_ids_are_its_own(page):
    ids = [a["id"] for _, a, _ in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert page.all("html", lang="en")
    assert page.all("meta", charset="utf-8")
    assert [
        name for name in ("h1", "header", "main", "nav", "footer") if len(page.all(name)) != 1
    ] == []
    links = [a.get("href", "") for a in (*page.all("a"), *page.all("use"))]
    targets = [link[1:] for link in links if link.startswith("#")]
    assert len(targets) > 500
    assert set(targets) <= set(ids)
    labels = {a["aria-labelledby"] for a in page.all("section")}
    assert len(labels) == 5
    assert labels <= set(ids)


def test_every_row_of_the_ledger_is_there_with_its_verdict_statement_and_repaired_form(page):
    rows = {a["id"]: a for a in page.all("tr", role="row") if "id" in a}
    assert list(rows) == list(LEDGER)
    shown = [(a["data-paper"], a["data-verdict"]) for a in rows.values()]
    assert shown == [(row.paper, row.verdict) for row in LEDGER.values()]
    for row in LEDGER.values():
        texts = (row.number, row.printed, row.reading, row.repaired, row.remark)
        for text in (*texts, *(hypothesis.text for hypothesis in row.hypotheses)):
            assert " ".join(text.split()) in page.text, row.id
    assert len(page.all("details")) == 2 * len(LEDGER)  # the statement, and its plain text


def test_formulas_are_set_in_the_font_that_the_page_brings(text, page):
    assert len(page.all("math")) > 4000
    assert text.count("@font-face") == 1
    assert text.count("data:font/woff2;base64,") == 1
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert "font-src data:;" in policy["content"]


def test_counterexamples_stand_as_fractions(page):
    for part in (
        "6/5 ≤ 3/5",
        "Exact counterexample T21-prop2",
        "There is no local repair.",
    ):
        assert part in page.text


LOADING = {"src", "href", "srcset", "data", "action", "poster"}
REQUESTS = re.compile(
    r"url\((?!\"data:)|@import|https?:|fetch\(|XMLHttpRequest|"
    r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\("
)


def test_nothing_is_loaded_from_elsewhere(text, page):
    loaded = [value for _, name, value in page.attributes() if name in LOADING]
    assert len(loaded) > 500
    assert [value for value in loaded if not value.startswith(("#", "data:"))] == []
    assert not REQUESTS.search(text)
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy["content"]
    names = {name for _, name, _ in page.attributes()}
    assert not [name for name in names if name == "style" or name.startswith("on")]


def test_the_table_heads_are_buttons_with_the_order_as_attribute(page):
    heads = page.all("th", role="columnheader")
    assert [a["aria-sort"] for a in heads] == ["ascending", "none", "none", "none", "none"]
    buttons = [ancestors for tag, _, ancestors in page.elements if tag == "button"]
    assert sum("th" in ancestors for ancestors in buttons) == len(heads)
    assert page.all("p", role="status")
    assert page.all("a", href="#statements")
    inputs = [ancestors for tag, _, ancestors in page.elements if tag in ("input", "select")]
    assert len(inputs) == 3
    assert all("label" in ancestors for ancestors in inputs)


def test_every_verdict_has_a_shape_of_its_own_beside_the_word(page, text):
    names = [class_name(verdict) for verdict in VERDICTS]
    shapes = [re.search(f'<symbol id="mark-{name}"(.*?)</symbol>', text)[1] for name in names]
    assert len(set(shapes)) == len(VERDICTS)
    used = {a["href"] for a in page.all("use")}
    assert {f"#mark-{name}" for name in names} <= used
    classes = {a.get("class") for a in page.all("span")}
    assert {f"marked {name}" for name in names} <= classes


def test_every_count_of_the_overview_is_that_of_the_ledger(page):
    links = [a for a in page.all("a") if "data-verdict" in a]
    counts = {(a["data-paper"], a["data-verdict"]): int(a["aria-label"].split()[0]) for a in links}
    expected = Counter((row.paper, row.verdict) for row in LEDGER.values())
    expected.update(("", row.verdict) for row in LEDGER.values())
    assert counts == expected


def test_all_text_is_escaped(result):
    hostile = copy.deepcopy(result)
    bad = "</code><script>alert('1')</script><img src=x onerror=alert(1)> & \" ' <b>"
    for row in hostile["rows"]:
        row.update(printed=bad, reading=bad, repaired=bad, remark=bad)
        for finding in row["findings"]:
            finding.update(label=bad, summary=bad, numbers={**finding["numbers"], bad: bad})
    study = {
        "name": bad,
        "title": bad,
        "claims": [{"source": bad, "text": bad, "measured": bad, "holds": None}],
        "notes": [bad],
        "versions": {bad: bad},
        "seconds": {},
        "pictures": [],
    }
    text = render(hostile, {bad: bad}, [study], bad)
    page = Page(text)
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert page.all("b") == []
    assert page.text.count("alert('1')") > 5 * len(LEDGER)


def test_the_page_depends_on_its_arguments_only(result, text):
    facts = {"command": "gsae-ref report --out <here>"}
    assert render(copy.deepcopy(result), facts, [], DATE) == text
    other = text.replace(DATE, "another day")
    assert render(result, facts, [], "another day") == other


def test_an_unconfirmed_verdict_is_reported_at_the_top_and_in_its_row(result):
    wrong = copy.deepcopy(result)
    wrong["rows"][5]["confirmed"] = wrong["rows"][5]["findings"][0]["ok"] = False
    page = Page(render(wrong, {}, [], DATE))
    assert f"{len(LEDGER) - 1} of {len(LEDGER)} recorded verdicts confirmed" in page.text
    assert page.text.count("NOT confirmed") == 1
    assert page.text.count("NOT as expected") >= 1


# ---- tightness


def inequality(**numbers):
    return {
        "kind": "inequality",
        "label": "a",
        "ok": True,
        "summary": "",
        "detail": "",
        "numbers": numbers,
    }


def test_the_ratios_of_a_row_are_its_largest():
    held = [inequality(worst_random=0.9, worst_search=w) for w in (0.25, 0.5)]
    failed = [inequality(worst_random=w) for w in (3.0, 2.0)]
    other = [{"kind": "identity", "numbers": {"worst_search": 7.0}}]
    without = [inequality(worst_random=0.9, worst_search=None)]
    assert ratios({"findings": held + failed + other}) == (0.5, 3.0)
    assert ratios({"findings": other}) == (None, None)
    assert ratios({"findings": without}) == (None, None)


@pytest.mark.parametrize(
    ("held", "failed", "drawn", "shown"),
    [
        (0.1, 100.0, {"held": "3.00%", "failed": "97.00%"}, ("0.100", "100.0")),
        (1.0, 10.0, {"held": "34.33%", "failed": "65.67%"}, ("1.000", "10.0")),
        (0.001, 1e6, {"below": "3.00%", "beyond": "97.00%"}, ("0.001", "1,000,000")),
        (0.5, 0.0, {"held": "24.90%"}, ("0.500", "\N{EM DASH}")),
    ],
)
def test_a_ratio_is_drawn_at_its_logarithm(result, held, failed, drawn, shown):
    findings = [inequality(worst_random=held, worst_search=held), inequality(worst_random=failed)]
    row = {**next(r for r in result["rows"] if r["id"] == "T21-prop2"), "findings": findings}
    page = Page(render({**result, "rows": [row]}, {}, [], DATE))
    assert markers(page) == drawn
    assert ratio_text(held) == shown[0]
    assert all(number in page.text for number in shown)


def markers(page):
    """Shape -> place of the markers drawn: svg elements whose first child uses a shape."""
    children = [attributes.get("href", "") for _, attributes, _ in page.elements[1:]]
    return {
        child.removeprefix("#dot-"): attributes["x"]
        for (tag, attributes, _), child in zip(page.elements, children, strict=False)
        if tag == "svg" and "x" in attributes and child.startswith("#dot-")
    }


# ---- elements


def test_text_is_escaped_and_markup_is_not():
    paragraph = element("p", "<", Markup("<b>"), None, 3, title='"', hidden=True, lang=None)
    assert paragraph == '<p title="&quot;" hidden>&lt;<b>3</p>'
    assert joined("&", element("input", type="search")) == '&amp;<input type="search">'


# ---- figures


def test_figures_are_found_and_stand_inside_the_page(study, result):
    (found,) = find_studies(study.parents[0])
    assert found["pictures"] == [study / "toy.svg"]
    page = Page(render(result, {}, [found], DATE))
    (image,) = page.all("img")
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert image["alt"] == "toy: Toy <title>"
    for part in (
        "Toy <title>",
        "a < b",
        "3 & 4",
        "reproduces",
        "does not reproduce",
        "not settled",
        "2 s of computation with numpy 1",
    ):
        assert part in page.text


def test_a_picture_too_large_for_a_page_is_named_instead(study, result):
    for name in ("toy.svg", "toy.png"):
        (study / name).write_bytes(bytes(2_000_000))
    page = Page(render(result, {}, find_studies(study), DATE))
    assert page.all("img") == []
    assert "toy.svg is left out: with its 2,000,000 bytes" in page.text


# ---- files and the command


def test_the_command_verifies_and_writes_one_small_file(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    original = gsae_ref.verification.verify
    two = {"only": ["T21-prop2", "T21-eq4"]}
    monkeypatch.setattr(
        "gsae_ref.cli.reporting.verify", lambda **given: original(**{**given, **two})
    )
    status, out, err = run("report", "--quick", "--seed", "3", "--out", "a/b", "--json", "r.json")
    assert (status, err) == (0, "")
    assert out.startswith("2 of 2 recorded verdicts confirmed\nreport: a/b/report.html (")
    assert sorted(os.listdir("a/b")) == ["report.html"]
    page = Page(Path("a/b/report.html").read_text(encoding="utf-8"))
    for part in (
        "gsae-ref report --quick --seed 3 --out a/b",
        "By a reduced run (--quick) with seed 3.",
        "2 were asked for",
        "numpy",
        "duration",
    ):
        assert part in page.text
    status, out, _ = run("report", "--from", "r.json", "--out", "c")
    size = os.path.getsize("c/report.html")
    assert status == 0
    assert out.endswith(f"report: c/report.html ({size / 1e3:.0f} kB, opens in any browser)\n")
    assert "numbers from r.json" in Page(Path("c/report.html").read_text(encoding="utf-8")).text


def test_a_full_report_is_below_five_megabytes(tmp_path, result, study):
    for k in range(8):
        (study / f"large{k}.png").write_bytes(bytes(400_000))
    size = write_report(result, tmp_path / "report.html", studies=find_studies(study))
    assert 1_500_000 < size < 5_000_000


def test_a_claim_that_fails_gives_status_1_and_a_report(run, tmp_path, result):
    wrong = copy.deepcopy(result)
    wrong["rows"][0]["confirmed"] = False
    (tmp_path / "r.json").write_text(json.dumps(wrong))
    status, out, _ = run("report", "--from", tmp_path / "r.json", "--out", tmp_path)
    assert status == 1
    assert f"{len(LEDGER) - 1} of {len(LEDGER)} recorded verdicts confirmed" in out
    assert (tmp_path / "report.html").exists()


def changed(**change):
    """A saved result with its first row changed."""

    def make(result):
        rows = copy.deepcopy(result["rows"])
        rows[0].update(change)
        return {**result, "rows": rows}

    return make


DAMAGED = {
    "a list": (lambda r: [1], "has no rows and settings"),
    "no rows": (lambda r: {**r, "rows": []}, "has no rows"),
    "no settings": (lambda r: {"rows": r["rows"]}, "has no rows and settings"),
    "settings without a seed": (
        lambda r: {**r, "settings": {"papers": [], "quick": True}},
        "has no rows and settings",
    ),
    "a row that is none": (lambda r: {**r, "rows": [3]}, "has a damaged row 3"),
    "a row without findings": (changed(findings=None), "has a damaged row T21-eq1"),
    "a finding without a label": (
        changed(findings=[{"kind": "reading"}]),
        "has a damaged row T21-eq1",
    ),
    "a counterexample without an instance": (
        changed(findings=[{**inequality(), "kind": "counterexample"}]),
        "has a damaged row",
    ),
    "a ratio that is text": (
        changed(findings=[inequality(worst_search="x")]),
        "has a damaged row",
    ),
    "a row without its remark": (changed(remark=None), "has a damaged row T21-eq1"),
    "an unknown statement": (
        changed(id="T21-eq999"),
        "gives T21-eq999 the verdict definition, which this ledger does not",
    ),
    "another verdict": (
        changed(verdict="refuted"),
        "gives T21-eq1 the verdict refuted, which this ledger does not",
    ),
    "a row twice": (lambda r: {**r, "rows": [*r["rows"], r["rows"][0]]}, "has T21-eq1 twice"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_no_result_is_refused(run, tmp_path, result, name):
    make, message = DAMAGED[name]
    path = tmp_path / "r.json"
    path.write_text(json.dumps(make(result)))
    with pytest.raises(ValueError, match=re.escape(message)):
        read_result(path)
    status, out, err = run("report", "--from", path, "--out", tmp_path / "new")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert "write one with gsae-ref verify --json FILE" in err
    assert not (tmp_path / "new").exists()


MISTAKES = {
    "a folder below a file": (["--out", "file/folder"], "file/folder cannot be created"),
    "a file in place of the folder": (["--out", "file"], "file cannot be created"),
    "a folder in place of the page": (["--out", "taken"], "taken/report.html is a folder"),
    "a missing result": (["--from", "no.json", "--out", "o"], "no.json cannot be read"),
    "a result that is no JSON": (["--from", "file", "--out", "o"], "file is not JSON"),
    "a result of bytes": (["--from", "bytes", "--out", "o"], "bytes is not JSON"),
    "a result that is a folder": (["--from", ".", "--out", "o"], ". cannot be read"),
    "a saved result and a size": (
        ["--from", "file", "--quick", "--out", "o"],
        "--quick with --from",
    ),
    "a saved result and a seed": (
        ["--from", "file", "--seed", "4", "--out", "o"],
        "--seed with --from",
    ),
    "a saved result and processes": (
        ["--from", "file", "--n-jobs", "2", "--out", "o"],
        "--n-jobs with --from",
    ),
    "a saved result and a paper": (
        ["--from", "file", "--paper", "T21", "--out", "o"],
        "--paper with --from",
    ),
    "no folder of figures": (["--figures", "none", "--out", "o"], "none is not a folder"),
    "a folder without figures": (
        ["--figures", "taken", "--out", "o"],
        "taken holds no result of gsae-ref reproduce",
    ),
    "a damaged figure": (["--figures", "damaged", "--out", "o"], "damaged/toy.json cannot be read"),
    "a figure without claims": (["--figures", "half", "--out", "o"], "half/toy.json is damaged"),
    "a negative seed": (["--seed", "-1", "--out", "o"], "it must be at least 0"),
    "no processes": (["--n-jobs", "0", "--out", "o"], "--n-jobs = 0"),
    "a result in no folder": (
        ["--json", "no/r.json", "--out", "o"],
        "its folder must exist and be writable",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gives_status_2_one_line_and_no_page(run, tmp_path, monkeypatch, name):
    arguments, message = MISTAKES[name]
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("text")
    Path("bytes").write_bytes(b"\xff\xfe\x00")
    Path("taken/report.html").mkdir(parents=True)
    half = {"name": "toy", "title": "", "claims": [1], "notes": [], "versions": {}, "seconds": {}}
    for folder, content in (("damaged", "{"), ("half", json.dumps(half))):
        os.mkdir(folder)
        Path(folder, "report.md").write_text("")
        Path(folder, "toy.json").write_text(content)
    status, out, err = run("report", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("gsae-ref report: ")
    assert message in err
    assert not [path for path in Path().rglob("report.html") if path.is_file()]


def test_the_files_of_the_page_are_installed(tmp_path):
    """They are in what setuptools builds, not only in the source tree."""
    pytest.importorskip("setuptools")
    shutil.copytree(
        ROOT / "gsae_ref", tmp_path / "gsae_ref", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("setup.cfg", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    arguments = ["-q", "build_py", "--build-lib", "built"]
    program = f"from setuptools import setup; setup(script_args={arguments})"
    subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, timeout=120
    )
    built = set(os.listdir(tmp_path / "built/gsae_ref/report"))
    assert {"page.html", "style.css", "script.js", "page.py"} <= built
