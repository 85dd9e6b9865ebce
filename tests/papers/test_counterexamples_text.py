"""Every counterexample as a reader sees it, kept in certificates.txt: no digit of a published instance changes unnoticed.

python tests/papers/test_counterexamples_text.py      writes the file again, after a change that is meant
"""

from pathlib import Path

import pytest

from gsae_ref.papers.counterexamples import CERTIFICATES

KEPT = Path(__file__).with_name("counterexamples.txt")
RULE = "\n\n" + "-" * 100 + "\n\n"


@pytest.fixture(scope="module")
def kept():
    return dict(
        zip(CERTIFICATES, KEPT.read_text(encoding="utf-8").rstrip("\n").split(RULE), strict=True)
    )


@pytest.mark.parametrize("name", CERTIFICATES)
def test_it_reads_as_it_was_published(name, built, kept):
    assert built[name].explain() == kept[name]


if __name__ == "__main__":
    KEPT.write_text(
        RULE.join(make().explain() for make in CERTIFICATES.values()) + "\n", encoding="utf-8"
    )
