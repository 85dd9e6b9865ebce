"""Kept results that rows cite: command, claim, outcome and numbers are those of the reports."""

import re
from pathlib import Path

import pytest

from gsae_ref.claims.evidence import Counterexample, Reading, Reproduction
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import Row
from gsae_ref.verification import verify

PAGES = Path(__file__).parents[2] / "docs/reproduction"
KEPT = [
    (row.id, item)
    for row in LEDGER.values()
    for item in row.evidence
    if isinstance(item, Reproduction)
]


def results():
    """(command, claim, outcome, measured) of every line of every kept report."""
    for page in sorted(PAGES.glob("*.md")):
        command = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith("$ "):
                command = line[2:]
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) == 4 and cells[2].startswith("**"):
                yield command, cells[0], cells[2].strip("*"), cells[3]


RESULTS = list(results())


@pytest.mark.parametrize(("row_id", "item"), KEPT)
def test_a_kept_result_stands_in_its_report(row_id, item):
    found = [
        (outcome, measured)
        for command, claim, outcome, measured in RESULTS
        if command == item.command and claim.startswith(item.claim) and item.measured in measured
    ]
    assert {outcome for outcome, _ in found} == {item.outcome}


def test_a_changed_number_would_be_found():
    _, item = KEPT[0]
    assert not any(item.measured.replace("0", "9") in measured for *_, measured in RESULTS)


def test_the_shares_in_the_remark_on_figure_3d_are_kept_results():
    remark = LEDGER["T21-figure-3d"].remark
    claim = "the group-sparse encoder has recovered the correct support"
    full = "gsae-ref reproduce t21-figure-3 --seeds 2"
    (measured,) = {m for command, c, _, m in RESULTS if command == full and c == claim}
    shares = re.findall(r"(\d+) %", measured)[:3]
    assert f"{shares[0]}, {shares[1]} and {shares[2]} % at 1, 5 and 10 dB" in remark
    page = (PAGES / "t21-figure-3.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| sparse, .* \| activity nearest the data's \|.*$", page, re.MULTILINE)
    table = [row.split(" | ") for row in rows if row.count("|") == 10]
    found = [f"{100 * float(cells[7]):g}" for cells in table]
    assert f"{found[0]}, {found[1]} and {found[2]} %" in remark


@pytest.mark.parametrize("row", [row for row in LEDGER.values() if "igure" in row.number])
def test_a_row_of_a_figure_cites_a_kept_result_or_runs(row):
    items = LEDGER[row.same_as].evidence if row.same_as else row.evidence
    by_reading = {"T21-figure-3b"}  # no claim; a suggestion without a bound
    assert row.id in by_reading or not all(isinstance(item, Reading) for item in items)


def test_verify_reports_a_kept_result_and_its_command():
    (row,) = verify(only=["N19-figure-3"], quick=True).rows
    finding = row.findings[0]
    assert (finding.kind, finding.ok) == ("reproduction", True)
    assert finding.summary.startswith("does not reproduce: ")
    assert "gsae-ref reproduce n19-figure-3" in finding.summary


@pytest.mark.parametrize(
    ("outcome", "truth", "missing"),
    [
        ("does not reproduce", "holds", "being free of evidence against it"),
        ("not settled", "holds", "evidence for it"),
        ("reproduces", "false", "evidence against it"),
        ("not settled", "false", "evidence against it"),
    ],
)
def test_a_kept_result_bears_out_no_other_truth(outcome, truth, missing):
    item = Reproduction("gsae-ref reproduce x", "a claim", outcome, "1")
    with pytest.raises(ValueError, match=missing):
        Row("X1", "own", "X1", "remark", truth, "A statement.", evidence=(item,))


INSTEAD = {  # of an exact counterexample, where a row is false
    "T21-remark-b-sparse": "a run",
    "T21-figure-3a": "a kept result",
    "N19-figure-3": "a kept result",
    "L23-figure2-stopping": "a kept result",
    "L23-figure4-rival": "a kept result",
    "L23-figure6": "a kept result",
}


def test_what_is_false_has_an_exact_counterexample_or_speaks_of_a_run():
    without = set()
    for row in LEDGER.values():
        items = LEDGER[row.same_as].evidence if row.same_as else row.evidence
        if row.truth == "false" and not any(isinstance(item, Counterexample) for item in items):
            without.add(row.id)
    assert without == set(INSTEAD)
    for row_id, kind in INSTEAD.items():
        kept = [item for item in LEDGER[row_id].evidence if isinstance(item, Reproduction)]
        assert bool(kept) == (kind == "a kept result")
