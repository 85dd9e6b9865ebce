"""The page: every file keeps to its rules, and planted offences are found."""

from pathlib import Path

import page
import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = "gsae_ref", "tests", "benchmarks", "docs", "notebooks"
FILES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "_build" not in path.parts
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_to_the_page(path):
    assert page.offences(path.read_text(encoding="utf-8")) == []


OFFENCES = {
    "two things in one assignment": "cost, active = 0.0, 0",
    "two attributes in one assignment": "x.a, y.b = 0.0, 0",
    "two levels of comprehension in a line": "rows = [[f(x) for x in row] for row in A]",
    "a comprehension in the source of another": "rows = [x for x in [y for y in A]]",
    "a line too wide": "x = " + "1 + " * 30 + "1",
    "a docstring too wide": f'"""{"word " * 25}"""',
    "a long function": "def f():\n" + "    g()\n" * 50,
    "a long method": "class A:\n    def f(self):\n" + "        g()\n" * 50,
}
ALLOWED = {
    "an exchange": "a, b = b, a + b",
    "one thing of two names": "low, high = interval(A)",
    "one comprehension of two loops": "pairs = [(x, y) for x in A for y in B]",
    "a level a line": "rows = [\n    [f(x) for x in row]\n    for row in A\n]",
    "a docstring apart": 'def f():\n    """Do.\n' + "\n" * 60 + '    """\n' + "    g()\n" * 49,
    "a line of 100 columns": "x" * 100,
}


@pytest.mark.parametrize("name", OFFENCES)
def test_a_planted_offence_is_found(name):
    assert page.offences(OFFENCES[name])


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_not_flagged(name):
    assert page.offences(ALLOWED[name]) == []


def test_a_tangled_function_is_found():
    pytest.importorskip("radon")
    tangled = "def f(x):\n" + "".join(f"    if x == {k}:\n        return {k}\n" for k in range(21))
    assert [words for _, words in page.tangled_functions(tangled)] == [
        "f has complexity 22, above 20"
    ]


def test_the_figures_are_those_of_a_tree_counted_by_hand(tmp_path):
    (tmp_path / "one.py").write_text(
        '"""Words."""\n\na, b = 0, 1\n# why\nc = "' + "x" * 100 + '"\n'
    )
    (tmp_path / "two.py").write_text("def f():\n    return 1\n")
    figures = page.figures(tmp_path)
    assert (figures["code lines"], figures["wider than 100, %"]) == (4, "25.0")
    assert (figures["parallel a 1000"], figures["functions"]) == ("250.0", 1)
