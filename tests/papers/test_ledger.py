"""The ledger: complete, consistent with itself, and every name in it leads somewhere."""

import dataclasses
import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

import gsae_ref
from gsae_ref.claims.evidence import (
    Counterexample,
    Identity,
    Inequality,
    Measurement,
    Reading,
    Reproduction,
    Stress,
    worst,
)
from gsae_ref.claims.exact import REFUTED_BY, counterexample
from gsae_ref.claims.finding import MEASUREMENTS
from gsae_ref.claims.hypothesis import Hypothesis
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import KINDS, TRUTHS, VERDICTS, Row
from gsae_ref.papers.t21.instance import CLOSE
from gsae_ref.verification.evidence import counterexamples_of

PACKAGE = Path(gsae_ref.__file__).parents[1]
ROWS = list(LEDGER.values())
EVIDENCE = [(row.id, item) for row in ROWS for item in row.evidence]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def of_kind(kind):
    return [(row_id, item) for row_id, item in EVIDENCE if isinstance(item, kind)]


# ---- complete


@pytest.mark.parametrize("number", range(1, 79))
def test_every_numbered_equation_of_the_paper_has_a_row_of_its_own(number):
    row = LEDGER[f"T21-eq{number}"]
    assert re.match(rf"Eq\. \({number}\)", row.number)
    assert row.paper == "T21"


@pytest.mark.parametrize(
    "row_id",
    [
        "T21-prop1",
        "T21-prop2",
        "T21-lemma1",
        "T21-theorem1",
        "T21-theorem2",
        "T21-assumption1",
        "T21-assumption2",
        "T21-assumption3",
        "T21-assumption4",
        "T21-remark-a",
        "T21-remark-b",
        "T21-prop2-v1",
        "T21-theorem2-v1",
        "R0",
        "R1",
        "R2",
        "R3",
        "R4",
        "R5",
        "R6",
    ],
)
def test_every_named_statement_has_a_row(row_id):
    assert LEDGER[row_id].printed


def test_ids_are_unique_in_any_letter_case_and_are_the_keys():
    ids = Counter(row.id.lower() for row in ROWS)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [key for key, row in LEDGER.items() if key != row.id] == []


def test_the_public_ledger_is_this_one():
    assert gsae_ref.LEDGER is LEDGER


def test_the_papers_come_before_our_own():
    papers = [row.paper for row in ROWS]
    assert papers == sorted(papers, key=["T21", "N19", "L23", "own"].index)


TOPICS = [
    importlib.import_module(path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."))
    for path in sorted((PACKAGE / "gsae_ref/papers").glob("*/*/statements.py"))
]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.__name__)
def test_the_equations_of_a_topic_stand_in_the_order_of_the_paper(topic):
    found = [re.fullmatch(r"Eq\. \((\d+)\)", row.number) for row in topic.ROWS]
    numbers = [int(match[1]) for match in found if match]
    assert numbers == sorted(numbers)


# ---- consistent


@every_row
def test_a_row_uses_the_vocabulary_of_the_ledger(row):
    assert row.verdict in VERDICTS
    assert row.kind in KINDS
    assert row.truth in TRUTHS
    assert row.paper in {"T21", "N19", "L23", "own"}
    assert row.printed.strip() == row.printed != ""
    assert all(isinstance(h, Hypothesis) for h in row.hypotheses)
    assert all(
        isinstance(
            e,
            (Inequality, Identity, Stress, Counterexample, Measurement, Reading, Reproduction),
        )
        for e in row.evidence
    )


@every_row
def test_what_is_corrected_says_how(row):
    if row.verdict in ("corrected", "refuted", "vacuous", "asymptotic"):
        assert row.repaired or row.remark


@every_row
def test_a_shared_row_names_a_row_with_evidence_that_bears_out_its_own_verdict(row):
    if row.same_as:
        source = LEDGER[row.same_as]
        assert source.same_as == ""
        assert row.truth == source.truth
        assert dataclasses.replace(row, evidence=source.evidence, same_as="").missing() == ""


@every_row
def test_the_verdict_is_one_that_the_kinds_of_evidence_can_bear_out(row):
    def speaks_against(e):
        return (
            isinstance(e, Counterexample)
            or getattr(e, "expect", "") == "fails"
            or getattr(e, "shows", "") == "against"
        )

    against = [speaks_against(e) for e in row.evidence]
    supporting = [
        not a and not isinstance(e, Reading) for a, e in zip(against, row.evidence, strict=True)
    ]
    if row.same_as:
        assert not row.evidence
    elif row.verdict in ("holds", "identity"):
        assert any(supporting) or row.kind in ("definition", "procedure", "remark")
        assert not any(against)
    elif row.verdict == "corrected":
        assert any(supporting) and any(against)
    elif row.verdict in ("refuted", "vacuous"):
        assert any(against)


@every_row
def test_our_own_theorems_are_claimed_to_hold(row):
    if row.paper == "own":
        assert row.verdict in ("holds", "identity")
        assert row.derivation


# ---- every name leads somewhere


def resolve(path):
    """The object that a dotted name means: the longest prefix that is a module, then attributes."""
    parts = path.split(".")
    for k in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        for name in parts[k:]:
            thing = getattr(thing, name)
        return thing
    raise ModuleNotFoundError(path)


@pytest.mark.parametrize("path", sorted({row.derivation for row in ROWS} - {""}))
def test_a_derivation_is_an_object_of_the_package_with_a_docstring(path):
    thing = resolve(path)
    assert path.startswith("gsae_ref.")
    assert (thing.text if isinstance(thing, Hypothesis) else thing.__doc__).strip()


def test_a_derivation_that_does_not_exist_would_be_found():
    with pytest.raises(AttributeError, match="no_such_bound"):
        resolve("gsae_ref.papers.t21.support.formulas.no_such_bound")


@pytest.mark.parametrize(
    "row_id",
    [
        row.id
        for row in ROWS
        if row.verdict in ("corrected", "refuted", "vacuous") and not row.same_as
    ],
)
def test_what_is_wrong_in_the_paper_has_a_derivation_of_what_is_right(row_id):
    assert LEDGER[row_id].derivation


def test_rows_that_cite_counterexamples_are_those_that_have_some():
    citing = {row_id for row_id, _ in of_kind(Counterexample)}
    assert citing == {row.id for row in ROWS if not row.same_as and counterexamples_of(row.id)}


@pytest.mark.parametrize("name", COUNTEREXAMPLES)
def test_a_counterexample_is_named_for_the_row_that_it_refutes(built, name):
    row = LEDGER[built[name].statement]
    assert row.verdict in ("corrected", "refuted", "vacuous", "typo")
    assert name == row.id or name.startswith(f"{row.id}-")
    assert name in counterexamples_of(row.same_as or row.id)


def test_every_registered_counterexample_refutes_a_row_of_the_ledger():
    assert set(REFUTED_BY) <= set(LEDGER)


def test_a_name_that_is_taken_is_refused():
    with pytest.raises(ValueError, match="T21-prop2 is the name of another counterexample"):
        counterexample("T21-prop2")(lambda: None)


def test_measurements_cited_and_measurements_registered_are_the_same_set():
    assert {item.name for _, item in of_kind(Measurement)} == set(MEASUREMENTS)


def test_every_measurement_says_what_it_measures():
    assert [
        name for name, function in MEASUREMENTS.items() if not (function.__doc__ or "").strip()
    ] == []
    assert {item.shows for _, item in of_kind(Measurement)} == {"support", "against"}


def test_families_used_and_families_defined_are_the_same_set():
    assert {item.family for _, item in of_kind((Inequality, Identity))} == set(FAMILIES)


@pytest.mark.parametrize(
    ("row_id", "item"),
    of_kind((Inequality, Identity)),
    ids=lambda value: getattr(value, "label", value),
)
def test_an_inequality_or_identity_is_expected_to_hold_or_to_fail(row_id, item):
    assert item.expect in ("holds", "fails")
    assert item.label
    assert all(isinstance(h, Hypothesis) for h in item.hypotheses)


# ---- what a row refuses

TRUE = Inequality("true", "window", lambda i: (0.0, 1.0))
FALSE = dataclasses.replace(TRUE, expect="fails")
AGAINST = Measurement("frozen_tau", "against")
FOR = Measurement("jacobian")


def row(truth, *evidence, kind="inequality", **fields):
    return Row("X1", "own", "X1", kind, truth, "A statement.", evidence=evidence, **fields)


@pytest.mark.parametrize(
    ("truth", "evidence", "missing"),
    [
        ("holds", (FALSE,), "being free of evidence against it"),
        ("holds", (TRUE, FALSE), "being free of evidence against it"),
        ("holds", (Counterexample(),), "being free of evidence against it"),
        ("holds", (Reading("it says so"),), "evidence for it"),
        ("false", (TRUE,), "evidence against it"),
        ("false", (FOR,), "evidence against it"),
        ("false", (Reading("it says so"),), "evidence against it"),
        ("vacuous", (TRUE, FOR), "evidence against it"),
        ("typo", (TRUE,), "a reading, or evidence both ways"),
    ],
)
def test_a_truth_that_the_evidence_cannot_bear_is_refused(truth, evidence, missing):
    with pytest.raises(ValueError, match=f"row X1 is '{truth}' without {missing}"):
        row(truth, *evidence)


@pytest.mark.parametrize("evidence", [(FALSE,), (Counterexample(),), (AGAINST,)])
def test_a_repaired_form_needs_evidence_of_its_own(evidence):
    with pytest.raises(ValueError, match="is 'false' without evidence for the repaired form"):
        row("false", *evidence, repaired="Twice the bound.")
    assert row("false", *evidence, FOR, repaired="Twice the bound.").verdict == "corrected"


@pytest.mark.parametrize(
    ("truth", "evidence", "kind", "verdict"),
    [
        ("holds", (TRUE,), "inequality", "holds"),
        ("holds", (FOR,), "identity", "identity"),
        ("holds", (TRUE,), "asymptotic claim", "asymptotic"),
        ("holds", (Reading("it says so"),), "definition", "definition"),
        ("holds", (FOR,), "procedure", "definition"),
        ("false", (Counterexample(),), "inequality", "refuted"),
        ("false", (AGAINST, TRUE), "identity", "refuted"),
        ("vacuous", (FALSE,), "inequality", "vacuous"),
        ("typo", (Reading("it says so"),), "identity", "typo"),
        ("typo", (AGAINST, FOR), "identity", "typo"),
    ],
)
def test_a_truth_that_the_evidence_can_bear_is_accepted(truth, evidence, kind, verdict):
    assert row(truth, *evidence, kind=kind, hypotheses=(CLOSE,)).verdict == verdict


def test_what_is_settled_neither_way_needs_no_more_than_a_reading():
    assert row("not settled", Reading("no bound is known")).truth == "not settled"


def test_an_unknown_truth_or_kind_is_refused_with_the_list():
    with pytest.raises(ValueError, match="truth 'true'; it must be one of holds, false"):
        row("true", TRUE)
    with pytest.raises(ValueError, match="kind 'lemma'; it must be one of definition, identity"):
        row("holds", TRUE, kind="lemma")


def test_what_holds_has_a_remark_and_no_repaired_form():
    with pytest.raises(ValueError, match="holds and is repaired; write a remark"):
        row("holds", TRUE, repaired="Twice the bound.")


def test_a_row_has_evidence_of_its_own_or_shares_it_never_both_or_neither():
    with pytest.raises(ValueError, match="0 items of evidence and same_as=''"):
        row("holds")
    with pytest.raises(ValueError, match="1 items of evidence and same_as='R0'"):
        row("holds", TRUE, same_as="R0")


def test_the_worst_pair_is_the_one_with_the_least_room():
    assert worst([1.0, 5.0, 2.0], [2.0, 6.5, 2.5]) == (2.0, 2.5)
    assert worst([1.0, 7.0], [2.0, 6.5]) == (7.0, 6.5)


# ---- what is called false

OF_ANOTHER_PAPER = {"T21-remark-b-sparse"}  # of N19's network: the evidence is a run of it


@every_row
def test_what_is_false_is_printed_and_has_an_exact_counterexample_or_is_of_a_figure(row):
    """A sentence is quoted, an equation has its number; a figure is computed again."""
    if row.truth == "false":
        assert "“" in row.printed or row.number.startswith(("Eq. (", "Appendix"))
        evidence = LEDGER[row.same_as or row.id].evidence
        exact = any(isinstance(item, Counterexample) for item in evidence)
        of_runs = all(isinstance(item, Reproduction) for item in evidence)
        assert exact or of_runs or row.id in OF_ANOTHER_PAPER


# ---- what is a sentence, and what is not

PAGE = PACKAGE / "docs" / "how_to" / "test_a_claim.md"


def test_the_page_on_claims_counts_the_sentences_and_lists_every_row_that_has_functions():
    section = PAGE.read_text().split("## What the ledger says in sentences")[1]
    text = section.split("\n## ")[0]
    numbers = re.findall(r"(\d+) (?:items of|inequalities|identities)", text)
    assert list(map(int, numbers)) == [
        len(of_kind(kind)) for kind in (Stress, Inequality, Identity)
    ]
    cells = re.findall(r"^\|.*?\|(.*?)\|.*\|$", text, re.MULTILINE)[2:]
    listed = {row_id.strip() for cell in cells for row_id in cell.split(",")}
    assert listed == {row_id for row_id, _ in of_kind((Inequality, Identity))}
