"""Words that a row quotes stand in the paper: every run between “ and ”, where its text is at hand.

The papers' texts are not part of this repository. They are looked for in the folder that the
environment variable GSAE_REF_PAPERS names, and in ``shared/papers`` beside the repository.
"""

import os
import re
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from gsae_ref.papers.ledger import LEDGER

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "papers"
TEXTS = {
    "T21": ("gsae-arxiv-2102.07003-v2.txt", "gsae-arxiv-2102.07003-v1.txt"),
    "N19": ("nguyen-wong-hegde-2019-gradient-descent-autoencoders.txt",),
    "L23": ("li-nguyen-hegde-wong-2023-implicit-regularization-group-sparsity.txt",),
}
QUOTED = re.compile("“([^”]*)”")
ROWS = [row for row in LEDGER.values() if QUOTED.search(row.printed + row.reading + row.remark)]


def folder():
    """Where the papers' texts are, or None."""
    named = os.environ.get("GSAE_REF_PAPERS")
    candidates = ([Path(named)] if named else []) + [BESIDE]
    return next((path for path in candidates if path.is_dir()), None)


def words(text):
    """The text without emphasis, line breaks, hyphenation, ligatures and curly quotes."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(\w)-\n\s*(\w)", r"\1\2", text)
    text = re.sub(r"</?[a-z]+>|[*#]", "", text)
    text = re.sub("[‘’']", "'", re.sub('["“”]', '"', text))
    return re.sub(r"\s+", " ", text)


@cache
def paper(name):
    return words("\n".join((folder() / file).read_text(encoding="utf-8") for file in TEXTS[name]))


def missing(row, text):
    """The quoted runs of a row that the text does not contain."""
    quoted = QUOTED.findall(f"{row.printed} {row.reading} {row.remark}")
    return [run for run in quoted if words(run).strip() not in text]


@pytest.mark.skipif(folder() is None, reason="the papers' texts are not beside the repository")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_a_row_quotes_stands_in_the_paper(row):
    names = TEXTS if row.paper == "own" else [row.paper]
    assert missing(row, " ".join(map(paper, names))) == []


def test_a_quotation_that_is_not_in_the_text_is_found():
    (row, *_) = ROWS
    assert missing(row, "nothing of the kind") != []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Con-\nvergence of *gradient*  descent", "Convergence of gradient descent"),
        ("the ﬁnal\nerror", "the final error"),
        ("x<sub>i</sub> of “A”", 'xi of "A"'),
    ],
)
def test_line_breaks_ligatures_and_emphasis_do_not_matter(text, plain):
    assert words(text) == plain
