"""verify --teeth: spoiled evidence fails or is explained, and what is too weak is reported."""

import functools
import json
from dataclasses import replace

import numpy as np
import pytest

from gsae_ref.claims.evidence import Identity, Inequality, Measurement, Stress
from gsae_ref.cli import main
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.t21.instance import DELTA_AT_MOST_1
from gsae_ref.papers.teeth import (
    MOVED_BY,
    NOT_ATTAINED,
    NOT_NEEDED,
    REACHED,
    SHOWN,
    TERMS,
    VARIED,
)
from gsae_ref.verification import teeth as module
from gsae_ref.verification.teeth import TeethReport, Tooth, label, teeth, variants

REDUCED = (  # the whole ledger takes minutes
    "T21-prop2",
    "T21-theorem2-implication",
    "N19-claim1i",
    "N19-eq4",
    "N19-projection",
    "L23-lemma9",
    "L23-lemma11",
    "L23-eq6",
)


def item_of(row_id, name):
    return next(item for item in LEDGER[row_id].evidence if label(item) == name)


@functools.cache
def spoiled(where):
    """Every spoiled version of an item by its text."""
    row_id, name = where
    return {v.text: v for v in variants(LEDGER[row_id], item_of(row_id, name))}


@pytest.mark.parametrize("row_id", REDUCED)
def test_spoiled_evidence_is_noticed_or_explained(row_id):
    found = list(teeth([LEDGER[row_id]], quick=True))
    assert [tooth for tooth in found if not tooth.ok] == []


def recorded():
    return sorted({*NOT_ATTAINED, *NOT_NEEDED, *TERMS, *MOVED_BY, *SHOWN, *REACHED})


@pytest.mark.parametrize("where", recorded(), ids=" ".join)
def test_what_is_recorded_is_of_an_item_that_holds(where):
    row_id, name = where
    item = item_of(row_id, name)
    assert getattr(item, "expect", "holds") == "holds"
    assert getattr(item, "shows", "support") == "support"
    known = {hypothesis.text for hypothesis in getattr(item, "hypotheses", ())}
    known |= {""} if isinstance(item, Measurement) else set()
    if isinstance(item, Stress):
        known |= set(spoiled(where))
    assert set(NOT_NEEDED.get(where, {})) | set(SHOWN.get(where, {})) <= known
    assert all(reason.strip() for reason in NOT_NEEDED.get(where, {}).values())
    if where in NOT_ATTAINED:
        used, reason = NOT_ATTAINED[where]
        assert 0 < used < module.USED
        assert reason
        assert "search" not in reason


@pytest.mark.parametrize("where", sorted(SHOWN), ids=" ".join)
def test_a_point_that_is_stored_refutes_the_claim_without_its_hypothesis(where):
    assert all(spoiled(where)[text].notices(True) for text in SHOWN[where])


@pytest.mark.parametrize("where", sorted(REACHED), ids=" ".join)
def test_an_instance_that_is_stored_uses_the_recorded_share_of_the_bound(where):
    row_id, name = where
    item = item_of(row_id, name)
    i = REACHED[where]()
    used, _ = NOT_ATTAINED.get(where, (module.USED, ""))
    if isinstance(item, Stress):
        left, right, met = module.claim_at(item, *i)
        assert met
    else:
        left, right = item.sides(i)
        assert all(hypothesis.holds(i) for hypothesis in item.hypotheses)
    assert used * right < left <= right * (1 + 1e-12)
    assert next(variants(LEDGER[row_id], item)).notices(True)


def test_an_instance_outside_the_hypotheses_does_not_count(monkeypatch):
    where = "L23-lemma12", "abs(<v, b>), abs(e) <= tau u*^2/10"
    sizes, values = REACHED[where]()
    outside = sizes, values | {"tau": 0.8 * values["tau"]}
    monkeypatch.setitem(REACHED, where, lambda: outside)
    assert not next(variants(LEDGER[where[0]], item_of(*where))).notices(True)


@pytest.mark.parametrize("gamma", [2, 3, 10, 1000])
def test_on_the_support_lemma_1_does_not_need_stars_of_norm_1(gamma):
    """The excess over (22)'s bound, over N: linear in m, so positive between its ends."""
    delta = np.linspace(1e-3, 1, 200)[:, None] / (2 * gamma)
    t = delta * np.linspace(0, 1, 201)
    e = np.sqrt(delta**2 - t**2)
    for m in (0, (1 - delta) / (2 * gamma - 1) - delta):
        B = (2 * gamma - 1) / (gamma - 1) * (m + delta) / (1 - delta)
        excess = (delta - t) * B + m + delta - (m + e * (1 + delta)) / (1 - t)
        assert np.all(excess > 0.8 * delta**2)


@pytest.mark.parametrize("row_id", sorted({row_id for row_id, _ in NOT_NEEDED}))
def test_what_is_not_needed_fails_on_some_instance(row_id):
    """The reason is of instances that exist: some miss this hypothesis and meet the others."""
    for name in {name for each, name in NOT_NEEDED if each == row_id}:
        item = item_of(row_id, name)
        for text in () if isinstance(item, Stress) else NOT_NEEDED[row_id, name]:
            if text and "beside it" not in NOT_NEEDED[row_id, name][text]:
                hypothesis = next(h for h in item.hypotheses if h.text == text)
                with np.errstate(all="ignore"):
                    assert next(module.outside(item, hypothesis), None) is not None, (name, text)


def items_with_hypotheses():
    for row in LEDGER.values():
        for item in row.evidence:
            if getattr(item, "hypotheses", ()) and item.expect == "holds":
                yield row.id, item


def test_instances_of_every_item_can_be_varied():
    """So that verify --teeth drops every hypothesis of every row."""
    rng = np.random.default_rng(0)
    for row_id, item in items_with_hypotheses():
        family = FAMILIES[item.family]
        shape = family.shapes[0]
        i = family.build(shape, family.draw(shape, rng))
        assert type(i) in VARIED, (row_id, item.label)
        assert next(iter(VARIED[type(i)](i))) is not None


def test_every_tooth_of_an_item_is_listed():
    where = "R3", "one retracted step"
    item = item_of(*where)
    texts = [variant.text for variant in variants(LEDGER[where[0]], item)]
    assert texts[0].startswith("bound x ")
    assert {texts.pop(), texts.pop()} == set(TERMS[where])
    assert texts[1:] == [f"without “{h.text}”" for h in item.hypotheses]


def test_every_tooth_of_a_claim_is_listed():
    item = item_of("T21-prop2", "corrected bound")
    texts = [variant.text for variant in variants(LEDGER["T21-prop2"], item)]
    assert texts[0] == "right side x 0.98"
    assert "without delta in d * mu + delta" in texts
    assert {f'without "{name}"' for name in item.given} <= set(texts)


def test_evidence_against_the_printed_form_is_not_spoiled():
    row = LEDGER["T21-prop2"]
    assert [v for item in row.evidence[:2] for v in variants(row, item)] == []


def weak(kind):
    """A statement that anything would confirm."""
    if kind is Inequality:
        sides = lambda i: (1.0, 5.0)
    else:
        sides = lambda i: (0.0, 0.0)
    item = kind("weak", "window", sides)
    return replace(LEDGER["T21-eq22"], evidence=(item,), truth="holds", repaired="")


@pytest.mark.parametrize("kind", [Inequality, Identity])
def test_weak_evidence_is_reported(kind):
    (tooth,) = teeth([weak(kind)], quick=True)
    assert not tooth.noticed
    assert not tooth.ok


def test_a_hypothesis_that_is_not_used_is_reported():
    exact = item_of("R3", "one retracted step")
    idle = DELTA_AT_MOST_1
    longer = replace(exact, hypotheses=(*exact.hypotheses, idle))
    row = replace(LEDGER["R3"], evidence=(longer,))
    found = {tooth.spoiled: tooth.ok for tooth in teeth([row], quick=True)}
    assert found[f"without “{idle.text}”"] is False


def test_shared_evidence_is_spoiled_once():
    rows = [LEDGER["L23-eq6"], LEDGER["L23-eq6"]]
    assert len(list(teeth(rows, quick=True))) == len(list(teeth(rows[:1], quick=True)))


def test_the_report_counts_what_is_noticed_and_explained():
    found = (
        Tooth("X", "e", "s", True),
        Tooth("X", "e", "s", False, "r"),
        Tooth("X", "e", "s", False),
    )
    report = TeethReport(found)
    assert not report.ok
    assert TeethReport(found[:2]).ok
    assert report.summary().startswith("3 spoiled items of evidence: 1 noticed, 1 not noticed")
    assert report.to_dict()["teeth"][1]["reason"] == "r"


def test_the_command_prints_and_writes_them(tmp_path, capsys):
    path = tmp_path / "teeth.json"
    assert main(["verify", "--teeth", "L23-lemma9", "--quick", "--json", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "L23-lemma9                   noticed     u^2(t+1) <= u*^2 + B: right side" in printed
    assert "100.0 % noticed or explained" in printed
    assert json.loads(path.read_text())["ok"] is True


def test_the_command_fails_when_something_is_unnoticed(monkeypatch, capsys):
    monkeypatch.setitem(LEDGER, "T21-eq22", weak(Inequality))
    assert main(["verify", "--teeth", "T21-eq22", "--quick"]) == 1
    assert "UNNOTICED" in capsys.readouterr().out


def test_claims_that_differ_in_a_hypothesis_are_two():
    strong, weak = (
        Stress("a", "mu <= 1", "groups", ({"n": 2, "d": 1, "Gamma": 2, "gamma": 1},), where=where)
        for where in (("delta <= 1",), ())
    )
    assert module._key(strong) != module._key(weak) == module._key(replace(weak))
