"""Report and site in a browser: filters, search, order, keyboard, phones, light and dark."""

from pathlib import Path

import pytest
from browser import Browser, find_browser
from report_data import made_up_result

from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import VERDICTS
from gsae_ref.report import write_report

PATH = find_browser()
pytestmark = pytest.mark.skipif(
    PATH is None,
    reason="GSAE_REF_BROWSER=chromium, or another name or path of one, runs them: two minutes",
)

SHOWN = """[...document.querySelectorAll('#table > tbody > tr')]
    .filter(row => row.checkVisibility()).map(row => row.id)"""
OPENED = """[...document.querySelectorAll('#table details')]
    .filter(details => details.open).map(details => details.closest('tr').id)"""
RATIOS = """[...document.querySelectorAll('#table > tbody > tr > .ratio')]
    .map(cell => cell.textContent)"""
CHOSEN = "[document.getElementById('paper').value, document.getElementById('verdict').value]"
HIDDEN_IN_PRINT = """[...document.querySelectorAll('nav, .controls, .skip')]
    .some(element => element.checkVisibility())"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g)"
FOCUS = "document.activeElement.id || document.activeElement.textContent.trim()"
SORTED = "[...document.querySelectorAll('#table > thead th')].map(head => head.ariaSort)"

# Contrast (WCAG 2) of every visible text with the colour behind it: the smallest ratio and where.
CONTRAST = """(() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (c) => c.slice(0, 3).map((v) => linear(v / 255))
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  let text = [99, ""], marks = [99, ""], count = 0;
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const words = (node) => node.nodeType === 3 && node.textContent.trim();
    const own = [...element.childNodes].some(words);
    const svg = element.ownerSVGElement;
    if (own) {
      const value = ratio(numbers(svg ? style.fill : style.color), behind(element));
      if (value < text[0]) text = [value, element.outerHTML.slice(0, 200)];
      count += 1;
    } else if (element.matches("svg.mark")) {
      const value = ratio(numbers(style.color), behind(element));
      if (value < marks[0]) marks = [value, element.outerHTML.slice(0, 200)];
    }
  }
  return { text, marks, count };
})()"""


# Not innerWidth: a phone's grows with the page.
SPILT = """[...document.querySelectorAll('main *')]
    .filter(e => e.checkVisibility() && !e.closest('svg, .unseen, math')
      && e.getBoundingClientRect().right > WIDTH + 1).length"""
TOUCHED = ".controls button, .controls input, .controls select, #table > thead button"
SMALL = f"""[...document.querySelectorAll('{TOUCHED}')]
    .filter(e => e.getBoundingClientRect().height < 40).length"""
OUTLINE = "getComputedStyle(document.activeElement).outlineStyle"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(made_up_result(), path, command="gsae-ref report --out here")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(PATH, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def page(browser, address):
    browser.look()
    browser.open("about:blank")
    browser.open(address)
    yield browser
    assert browser.events("Runtime.exceptionThrown", "Log.entryAdded") == []


def choose(page, name, value):
    page.run(f"document.getElementById({name!r}).value = {value!r}")
    page.run(f"document.getElementById({name!r}).dispatchEvent(new Event('input'))")


def rows(paper=None, verdict=None):
    """Ids of the rows of a paper, of a verdict, or of both."""
    return [
        row.id
        for row in LEDGER.values()
        if paper in (None, row.paper) and verdict in (None, row.verdict)
    ]


def test_the_page_loads_without_errors_and_requests_nothing(page, address):
    assert page.run(SHOWN) == list(LEDGER)
    requests = page.events("Network.requestWillBeSent")
    visited = {event["request"]["url"].split(",")[0] for event in requests}
    assert visited <= {address, "data:", "data:font/woff2;base64"}
    assert page.run("document.title").startswith("Every statement")


def test_the_table_is_filtered_by_paper_verdict_and_text(page):
    choose(page, "paper", "N19")
    assert page.run(SHOWN) == rows(paper="N19")
    choose(page, "verdict", "refuted")
    assert page.run(SHOWN) == rows(paper="N19", verdict="refuted")
    shown = f"{len(rows('N19', 'refuted'))} of {len(LEDGER)} statements shown"
    assert page.run("document.getElementById('shown').textContent") == shown
    page.run("document.getElementById('clear').click()")
    assert page.run(SHOWN) == list(LEDGER)
    assert page.run(FOCUS) == "search"
    page.type("Proposition 2")
    found = page.run(SHOWN)
    assert "T21-prop2" in found
    assert len(found) < 20
    page.run("document.getElementById('clear').click()")
    page.type("no such words")
    assert page.run(SHOWN) == []
    assert "nothing fits" in page.run("document.getElementById('shown').textContent")


def test_a_row_is_found_and_opened_to_its_fractions(page):
    page.run("document.getElementById('search').focus()")
    page.type("t21-prop2")
    assert page.run(SHOWN)[0] == "T21-prop2"
    page.run("document.querySelector('#T21-prop2 summary').focus()")
    page.press("Enter")
    assert page.run("document.querySelector('#T21-prop2 details').open")
    assert "6/5 ≤ 3/5" in page.run("document.getElementById('T21-prop2').innerText")


def test_a_count_of_the_overview_filters_the_table(page):
    page.run(
        "document.querySelector('.overview a[data-paper=L23][data-verdict=corrected]').click()"
    )
    assert page.run(SHOWN) == rows(paper="L23", verdict="corrected")
    assert page.run(CHOSEN) == ["L23", "corrected"]


def test_a_link_to_a_row_shows_it_even_where_the_filter_hides_it(page):
    choose(page, "paper", "L23")
    page.run("document.querySelector('.tightness a').click()")
    page.run("new Promise(done => setTimeout(done, 100))")
    assert page.run("location.hash") == "#T21-mu-order"
    assert page.run("document.querySelector('#T21-mu-order details').open") is True
    assert page.run("document.activeElement.closest('tr').id") == "T21-mu-order"
    assert page.run(SHOWN) == list(LEDGER)


def test_heads_sort_up_and_down_and_show_the_order(page):
    def sort(column):
        page.run(f"document.querySelectorAll('#table > thead button')[{column}].click()")

    sort(1)
    order = [list(VERDICTS).index(LEDGER[name].verdict) for name in page.run(SHOWN)]
    assert order == sorted(order)
    assert page.run(SORTED) == ["none", "ascending", "none", "none", "none"]
    sort(1)
    order = [list(VERDICTS).index(LEDGER[name].verdict) for name in page.run(SHOWN)]
    assert order == sorted(order, reverse=True)
    assert page.run(SORTED)[1] == "descending"
    sort(3)
    ratios = page.run(RATIOS)
    assert ratios == sorted(ratios, key=lambda text: text == "")
    assert ratios[0] == "0.750"
    sort(0)
    assert page.run(SHOWN) == list(LEDGER)
    sort(0)
    assert page.run(SHOWN) == list(LEDGER)[::-1]


def test_everything_can_be_done_from_the_keyboard(page):
    page.press("Tab")
    assert page.run(FOCUS) == "Skip to the statements"
    assert page.run("document.activeElement.getBoundingClientRect().left >= 0")
    page.press("Enter")
    page.press("Tab")
    seen = []
    for _ in range(12):
        seen.append(page.run(FOCUS))
        assert page.run(OUTLINE) == "solid"
        page.press("Tab")
    heads = ["Statement", "Verdict", "Evidence", "Left/right", "As printed"]
    assert seen[:11] == ["search", "paper", "verdict", "clear", "open", "close", *heads]
    page.press("Tab", shift=True)
    page.press("Tab", shift=True)
    assert page.run(FOCUS) == "As printed"
    page.press("Enter")
    assert page.run(SORTED)[4] == "ascending"
    page.press("Tab")
    page.press("Tab")
    assert page.run("document.activeElement.tagName") == "SUMMARY"
    page.press(" ")
    assert page.run("document.activeElement.parentElement.open")
    page.press(" ")
    assert not page.run("document.activeElement.parentElement.open")


def test_all_shown_rows_are_opened_and_all_are_closed(page):
    choose(page, "verdict", "vacuous")
    page.run("document.getElementById('open').click()")
    assert page.run(OPENED) == rows(verdict="vacuous")
    page.run("document.getElementById('close').click()")
    assert page.run(OPENED) == []


@pytest.mark.parametrize("width", [320, 390, 760, 1280, 1920])
def test_no_width_needs_scrolling_sideways(page, width):
    page.look(width, 800)
    page.run("document.getElementById('open').click()")
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(SPILT.replace("WIDTH", str(width))) == 0


def test_controls_are_large_enough_for_a_phone(page):
    page.look(390, 800)
    assert page.run(SMALL) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_contrast_is_that_of_wcag_aa(page, scheme, media):
    page.look(1280, 800, scheme, media)
    page.run("document.getElementById('open').click()")
    seen = page.run(CONTRAST)
    assert seen["count"] > 2000
    assert seen["text"][0] >= 4.5, seen["text"]
    assert seen["marks"][0] >= 3, seen["marks"]
    dark = sum(map(int, page.run(BACKGROUND))) < 300
    assert dark == (scheme == "dark" and media == "screen")


def test_print_leaves_out_the_controls(page):
    page.look(800, 1100, media="print")
    assert page.run(HIDDEN_IN_PRINT) is False
    position = "getComputedStyle(document.querySelector('#table > thead')).position"
    assert page.run(position) == "static"


def test_without_scripts_every_row_is_there_and_opens(page, address):
    page("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open("about:blank")
        page.open(address)
        assert page.run("document.documentElement.classList.contains('scripted')") is False
        assert page.run(SHOWN) == list(LEDGER)
        assert page.run("document.querySelector('.controls').checkVisibility()") is False
    finally:
        page("Emulation.setScriptExecutionDisabled", value=False)


# Rules of style that spoil the page, and the measurement above that must then fail.
PLANTED = [
    ("main p { color: #999 !important }", f"{CONTRAST}.text[0] >= 4.5"),
    ("svg.mark { color: #ddd !important }", f"{CONTRAST}.marks[0] >= 3"),
    ("#table { min-width: 900px }", "document.documentElement.scrollWidth <= 390"),
    ("h2 { position: absolute; left: 380px }", f"{SPILT.replace('WIDTH', '390')} === 0"),
    (
        "#clear { height: 20px !important; min-height: 0 !important; padding: 0 !important }",
        f"{SMALL} === 0",
    ),
    (
        ":focus { outline: none !important }",
        f"document.getElementById('search').focus() || {OUTLINE} === 'solid'",
    ),
]


@pytest.mark.parametrize(("rule", "measure"), PLANTED)
def test_a_planted_fault_is_found(page, rule, measure):
    page.look(390, 800)
    assert page.run(measure) is True
    sheet = "document.styleSheets[0]"
    page.run(f"{sheet}.insertRule({rule!r}, {sheet}.cssRules.length)")
    assert page.run(measure) is False


SITE = Path(__file__).parents[2] / "docs/_build"
VERDICTS_OUT_OF_VIEW = """[...document.querySelectorAll('table.rows .verdict')]
    .filter(e => { const box = e.getBoundingClientRect();
      return box.width === 0 || box.left < 0 || box.right > WIDTH; }).length"""
CUT = """[...document.querySelectorAll('table.rows, table.differing')]
    .filter(e => e.scrollWidth > e.parentElement.clientWidth + 1).length"""
LOADED = "document.fonts.ready.then(() => document.fonts.check('16px \"Statement Math\"'))"


built = pytest.mark.skipif(
    not (SITE / "index.html").exists(),
    reason="docs/_build is not there: python -m sphinx -W -b html docs docs/_build",
)


@built
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_every_verdict_of_the_site_is_in_view_and_no_statement_is_cut(browser, width):
    browser.look(width=width)
    count = 0
    for page in ("T21", "N19", "L23", "own"):
        browser.open((SITE / f"generated/statements/{page}.html").as_uri())
        assert browser.run(LOADED), page
        assert browser.run(VERDICTS_OUT_OF_VIEW.replace("WIDTH", str(width))) == 0, page
        assert browser.run(CUT) == 0, page
        count += browser.run("document.querySelectorAll('table.rows .verdict').length")
    assert count == len(LEDGER)
    browser.open((SITE / "generated/differences.html").as_uri())
    assert browser.run(CUT) == 0


KINDS_OF_PAGES = (
    "index",
    "generated/statements/T21",
    "generated/statements/T21-prop2",
    "generated/statements/N19-theorem4iii",
    "theorems/R7",
    "generated/api/ops",
    "generated/notebooks/09_fifteen_layers",
    "reproduction/t21-figure-3",
    "performance",
)
# Formulas beyond their cell or paragraph, and short ones in a box, which would lift them.
BEYOND = """[...document.querySelectorAll('article span.math')].filter(formula => {
    const holder = formula.closest('td, dd, p, li, figcaption, article');
    return formula.getBoundingClientRect().right > holder.getBoundingClientRect().right + 2;
  }).length"""
LIFTED = """[...document.querySelectorAll('article span.math:not(.wide)')]
    .filter(formula => getComputedStyle(formula).display !== 'inline').length"""
UNBOXED = """[...document.querySelectorAll('menclose')]
    .filter(formula => getComputedStyle(formula).borderTopWidth === '0px').length"""
COLOURED = "article :is(.verdict, .yes, .no, p, td, dt)"
PALE = CONTRAST.replace("document.body", "document").replace('"*"', f'"{COLOURED}"')


@built
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", KINDS_OF_PAGES)
def test_formulas_of_the_site_stay_in_their_column_and_on_their_line(browser, page, width):
    browser.look(width=width)
    browser.open((SITE / f"{page}.html").as_uri())
    assert browser.run(BEYOND) == 0
    assert browser.run(LIFTED) == 0
    assert browser.run(UNBOXED) == 0


@built
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", KINDS_OF_PAGES)
def test_the_words_of_the_site_stand_out_by_day_and_by_night(browser, page, scheme):
    browser.look(scheme=scheme)
    browser.open((SITE / f"{page}.html").as_uri())
    seen = browser.run(PALE)
    assert seen["text"][0] >= 4.5, seen["text"]


@built
@pytest.mark.parametrize("page", KINDS_OF_PAGES)
def test_the_site_is_printed_whole_and_without_what_is_clicked(browser, page):
    browser.look(width=720, media="print", scheme="dark")
    browser.open((SITE / f"{page}.html").as_uri())
    clicked = ".toc-drawer, .copybtn, .sidebar-drawer, .prev-next-area"
    assert browser.run(
        f"[...document.querySelectorAll('{clicked}')].every(e => !e.checkVisibility())"
    )
    assert browser.run(f"{BACKGROUND}.join()") == "255,255,255"
    cut = """[...document.querySelectorAll('article pre, article table, article span.math')]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > 722).length"""
    assert browser.run(cut) == 0
