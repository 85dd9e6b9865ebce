"""Every counterexample as a reader sees it is kept in counterexamples.txt.

No digit of a published instance changes unnoticed. After a change that is meant,
``python tests/papers/test_counterexamples_text.py`` writes the file again.
"""

from pathlib import Path

import pytest

from gsae_ref.papers.counterexamples import COUNTEREXAMPLES

KEPT = Path(__file__).with_name("counterexamples.txt")
RULE = "\n\n" + "-" * 100 + "\n\n"


@pytest.fixture(scope="module")
def kept():
    texts = KEPT.read_text(encoding="utf-8").rstrip("\n").split(RULE)
    return {text.split(" ", 1)[0]: text for text in texts}


def test_they_are_all_there(kept):
    assert sorted(kept) == sorted(COUNTEREXAMPLES)


@pytest.mark.parametrize("name", COUNTEREXAMPLES)
def test_it_reads_as_it_was_published(name, built, kept):
    assert built[name].explain() == kept[name]


if __name__ == "__main__":
    KEPT.write_text(
        RULE.join(COUNTEREXAMPLES[name]().explain() for name in sorted(COUNTEREXAMPLES)) + "\n",
        encoding="utf-8",
    )
