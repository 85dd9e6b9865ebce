"""verify --coverage: every numbered item and checkable sentence of the papers has its rows."""

import json
import re
import sys

import pytest
from test_printed import TEXTS, folder, paper, words

from gsae_ref.cli import main
from gsae_ref.papers.items import ITEMS, SENTENCES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.verification.coverage import absent_rows, coverage

MODULE = sys.modules["gsae_ref.verification.coverage"]
PAPERS = tuple(SENTENCES)
NUMBER = re.compile(r"\\tag\{(\d+)|(?<!\w)\((\d{1,2})\)[\s$]*$", re.MULTILINE)
NAME = re.compile(
    r"((?:Proposition|Lemma|Theorem|Corollary|Claim|Definition|Algorithm|Figure|Table) \d+)"
    r"(?![.\d])"  # not Corollary 4.13, of another work
)
CITED = {"Theorem 6", "Lemma 8", "Lemma 24", "Lemma 32"}  # N19 cites them, of other works
DIAGRAMS = {("T21", 1), ("T21", 2), ("N19", 1), ("L23", 1), ("L23", 8), ("L23", 9)}
every_paper = pytest.mark.parametrize("name", PAPERS)
texts_are_here = pytest.mark.skipif(
    folder() is None, reason="the papers' texts are not beside the repository"
)


def items(name, numbered):
    return [item for item in ITEMS if item.paper == name and item.numbered == numbered]


def numbers(text):
    """Numbers at the end of a line, as an equation has them."""
    return {f"Eq. ({tagged or plain})" for tagged, plain in NUMBER.findall(text)}


def follow(runs, text):
    """Whether the runs of words stand in the text, in their order."""
    return re.search(".*?".join(map(re.escape, runs)), text) is not None


@every_paper
def test_every_item_has_its_rows(name):
    (found,) = coverage([name])
    assert found.without == ()
    assert found.covered == len(items(name, True)) + len(items(name, False)) > 60


def test_an_item_is_listed_once():
    assert len({(item.paper, item.name) for item in ITEMS}) == len(ITEMS)


def test_every_row_of_a_paper_belongs_to_an_item():
    named = {row_id for item in ITEMS for row_id in item.rows}
    assert [row.id for row in LEDGER.values() if row.paper in PAPERS and row.id not in named] == []


@every_paper
def test_the_first_row_of_an_item_is_about_it(name):
    for item in items(name, True):
        kind, _, number = item.name.rpartition(" ")
        if kind != "Figure" or (name, int(number)) not in DIAGRAMS:
            assert item.name in LEDGER[item.rows[0]].number
    for item in items(name, False):
        printed = re.sub("[“”]", "", LEDGER[item.rows[0]].printed)
        assert follow(item.name.split(" ... "), printed), item


def without(row_id):
    """The ledger without a row: a copy, for the order of the ledger itself must not change."""
    return {name: row for name, row in LEDGER.items() if name != row_id}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: f"{item.paper} {item.name}"[:40])
def test_a_row_that_is_missing_is_noticed(item, monkeypatch):
    for row_id in item.rows:
        with monkeypatch.context() as patch:
            patch.setattr(MODULE, "LEDGER", without(row_id))
            assert absent_rows(item) == [row_id]


@texts_are_here
@every_paper
def test_every_number_of_the_text_is_in_the_list(name):
    listed = {item.name for item in items(name, True)}
    raw = (folder() / TEXTS[name][0]).read_text(encoding="utf-8")
    assert len(numbers(raw)) >= 10
    assert numbers(raw) - listed == set()
    cited = CITED if name == "N19" else set()
    assert set(NAME.findall(paper(name))) - cited - listed == set()


@texts_are_here
@every_paper
def test_the_sentences_stand_in_the_text(name):
    for item in items(name, False):
        assert follow(map(words, item.name.split(" ... ")), paper(name)), item


def test_numbers_and_names_are_found_and_references_within_a_line_are_not():
    assert numbers("a = b (7)\nas in (8) above\n$$c \\tag{9}$$\nf(2)\n") == {"Eq. (7)", "Eq. (9)"}
    assert NAME.findall("Lemma 3 and Corollary 4.13") == ["Lemma 3"]


def test_the_command_prints_and_writes_the_counts(tmp_path, capsys):
    path = tmp_path / "coverage.json"
    assert main(["verify", "--coverage", "--json", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "paper  numbered  sentences  covered  rows  without a row" in printed
    assert "items without a row: 0" in printed
    written = json.loads(path.read_text())
    assert written["ok"] is True
    assert [each["paper"] for each in written["papers"]] == list(PAPERS)
    assert written["papers"][0]["numbered"] == 93


def test_the_command_fails_and_names_what_has_no_row(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(MODULE, "LEDGER", without("N19-claim2"))
    path = tmp_path / "coverage.json"
    assert main(["verify", "--coverage", "--paper", "N19", "--json", str(path)]) == 1
    assert "N19 Claim 2: no row N19-claim2" in capsys.readouterr().out
    (written,) = json.loads(path.read_text())["papers"]
    assert written["without_a_row"] == [{"item": "Claim 2", "absent": ["N19-claim2"]}]


@pytest.mark.parametrize(
    "option", ["--only R0", "--explain", "--table", "--list", "--teeth", "--quick", "--paper own"]
)
def test_options_of_a_run_are_refused(option, capsys):
    assert main(["verify", "--coverage", *option.split()]) == 2
    assert f"--coverage with {option.removesuffix(' R0')}; " in capsys.readouterr().err
