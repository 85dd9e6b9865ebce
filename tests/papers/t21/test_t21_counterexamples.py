"""The exact counterexamples: they refute, their numbers are the known ones, spoiled instances do not refute. Floats agree next door."""

import ast
import json
import re
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest

import gsae_ref
from gsae_ref.claims.exact import Certificate, Comparison
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.t21.exact import Setting, spikes, standard_groups
from gsae_ref.papers.t21.exact_descent import descent

PAPERS = Path(gsae_ref.__file__).parent / "papers"

NAMES = list(COUNTEREXAMPLES)


@pytest.mark.parametrize("name", NAMES)
def test_the_certificate_refutes_its_statement(built, name):
    certificate = built[name]
    assert certificate.name == name
    assert certificate.statement.split("-")[0] in {"T21", "N19", "L23"}
    assert [str(h) for h in certificate.hypotheses if not h.holds] == []
    assert not certificate.printed.holds
    assert certificate.corrected is None or certificate.corrected.holds
    assert certificate.refutes is True


@pytest.mark.parametrize("name", NAMES)
def test_the_record_survives_json_and_reads_as_text(built, name):
    certificate = built[name]
    record = certificate.to_dict()
    assert json.loads(json.dumps(record)) == record
    assert F(record["printed"]["left"]) == certificate.printed.left
    text = certificate.explain()
    assert all(str(h) in text for h in certificate.hypotheses)
    assert str(certificate.printed) in text
    assert certificate.note in text
    assert all(len(line) > 0 for line in text.splitlines())


def test_every_function_of_the_room_is_registered(built):
    files = sorted(PAPERS.glob("*/*/counterexamples.py"))
    public = {
        (str(path.parent.relative_to(PAPERS)), node.name)
        for path in files
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("ce")
    }
    registered = {
        ("/".join(make.__module__.split(".")[2:4]), make.__name__)
        for make in COUNTEREXAMPLES.values()
    }
    assert registered == public
    refuted = {built[name].statement.removeprefix("T21-") for name in COUNTEREXAMPLES}
    assert {"prop2", "lemma1", "eq22", "eq39", "relu", "assumption3", "unit-norm"} <= refuted
    assert {
        "eq41",
        "eq42",
        "eq24",
        "eq30",
        "eq31",
        "eq77",
        "eq66",
        "eq67",
        "eq69",
        "eq70",
    } <= refuted
    assert {"theorem1", "theorem2", "theorem2-v1", "remark-b", "eq72", "eq73", "eq74"} <= refuted


KNOWN = {
    "T21-prop2": (F(6, 5), F(3, 5)),
    "T21-prop2-delta": (F(506, 325), F(131, 100)),
    "T21-eq39": (F(3, 5), F(3, 10)),
    "T21-lemma1": (F(14, 25), F(1, 2)),
    "T21-lemma1-empty": (F(1, 2), F(1, 4)),
    "T21-lemma1-empty-delta": (F(18, 41), F(5, 41)),
    "T21-lemma1-closed-end": (0, 0),
    "T21-eq22": (F(5, 41), F(14, 41)),
    "T21-relu": (-1, 0),
    "T21-assumption3": (F(61, 3), 2),
    "T21-unit-norm": (F(3, 2), F(15, 8)),
    "T21-unit-norm-alpha": (0, 0),
    "T21-eq41": (F(-5337, 625), -9),
    "T21-eq41-ones": (F(-144, 25), 0),
    "T21-eq42": (F(627, 125), F(27, 5)),
    "T21-eq24": (-8, -9),
    "T21-eq30": (F(-20, 49), F(-7, 50)),
    "T21-eq30-constant": (F(17, 20), F(23, 25) ** 2),
    "T21-eq77": (F(64, 25), F(128, 75)),
    "T21-eq31": (F(2, 25) ** 2, 0),
    "T21-eq67": (2, 4),
    "T21-eq66": (F(8, 25), F(16, 5)),
    "T21-theorem1": (0, F(2, 75)),
    "T21-theorem2-at-truth": (F(1, 9), 0),
    "T21-remark-b": (F(81, 400), 0),
    "T21-theorem2-mended": (F(3200, 159201), None),
    "T21-theorem2": (F(144264850, 574556409), None),
    "T21-theorem2-v1": (-1, 0),
    "T21-eq73": (F(10449, 15625), F(324, 625)),
    "T21-eq73-lemma1": (F(7414288, 244140625), F(9604, 390625)),
    "T21-eq73-second-line": (F(612, 625), F(9, 25)),
    "T21-eq68": (F(16, 25), F(-776, 625)),
    "T21-eq69": (F(16, 25), F(6, 125)),
    "T21-eq69-simulation": (0, F(-2212, 3)),
    "T21-eq72": (
        F(16, 25) * (F(147, 3125) ** 2 + F(3528, 3125) ** 2),
        F(16, 25) * (F(147, 625) ** 2 + F(504, 625) ** 2),
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_numbers(built, name):
    left, right = KNOWN[name]
    assert built[name].printed.left == left
    assert right is None or built[name].printed.right == right


def test_every_certificate_has_known_numbers():
    apart = {"T21-theorem2-rate", "T21-eq70", "T21-eq74"}  # in tests of their own
    assert set(KNOWN) | apart == {name for name in NAMES if not name.startswith(("N19", "L23"))}


def test_known_numbers_inside_the_instances(built):
    assert built["T21-lemma1"].data["interval"] == "[7/25, 18/25]"
    assert built["T21-assumption3"].corrected.right == F(61, 3)
    assert F(1767, 392) in {h.right for h in built["T21-theorem2"].hypotheses}
    assert F(8, 401) in {h.left for h in built["T21-theorem2"].hypotheses}
    assert 0.45 < built["T21-theorem2"].data["rho (rounded down)"] < 0.4591
    assert built["T21-theorem1"].data["||v_1||_2^2"] == F(2, 25) ** 2
    assert built["T21-remark-b"].data["||s A*_g - A*_g||_F^2"] == F(1, 8)
    assert built["T21-eq41"].note.endswith("gives -8 here.")
    assert built["T21-eq69-simulation"].note.endswith(
        "With d for n the bound is 0, still below the least possible ||A_g^T A*_g||_F^2 of "
        "(d - delta^2/2)^2/d = 9/8."
    )


def test_known_numbers_of_a_rotation(built):
    """G_1 = -2 tau (1 - tau) p A_1, and <a_1, a_1 - a*_1> = 1 - alpha = ||a_1 - a*_1||^2/2, where ||A_1 - A*_1||_F^2 = 4 (1 - alpha)."""
    alpha = F(399, 401)
    omega = F(40, 401)
    delta = F(1, 7)
    p = F(1, 3)
    slope = omega * F(9, 4) + delta  # sqrt(5) rounded up
    tau = F(399, 400)
    c = tau * (2 - tau) * p
    stretch = 2 * tau * (1 - tau) * p
    v = stretch**2 + 2 * stretch * c * alpha * (1 - alpha) + 2 * (c * alpha) ** 2 * (1 - alpha)
    assert built["T21-eq70"].printed.left == v == pytest.approx(0.0011, abs=1e-5)
    assert (
        built["T21-eq70"].printed.right
        == (c * slope) ** 2 * 4 * (1 - alpha)
        == pytest.approx(0.0003, abs=1e-5)
    )
    assert built["T21-theorem2-rate"].printed.left == built["T21-theorem2"].printed.left
    log_24 = F(32, 10)  # rounded up
    assert (
        built["T21-theorem2-rate"].printed.right
        == 4 * (slope / alpha) ** 2 * 4 * (1 - alpha) + 2 * (log_24 / 12) ** 2
    )


# A spoiled instance must not refute: either a hypothesis fails, or the printed claim becomes true
# while every hypothesis holds.
SPOILED = [
    (COUNTEREXAMPLES["T21-prop2"], {"sine": F(3, 5)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-prop2"], {"x": (3, 0)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-prop2"], {"x": (1, 0)}, "printed"),
    (COUNTEREXAMPLES["T21-prop2-delta"], {"delta": F(1, 3)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-lemma1"], {"lam": F(1, 5)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-lemma1"], {"lam": F(14, 25)}, "printed"),
    (COUNTEREXAMPLES["T21-lemma1-empty"], {"n": 7}, "hypothesis"),
    (COUNTEREXAMPLES["T21-lemma1-empty"], {"delta": F(1, 10)}, "printed"),
    (COUNTEREXAMPLES["T21-lemma1-empty-delta"], {"delta": F(17, 41)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-lemma1-closed-end"], {"lam": F(101, 100)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-lemma1-closed-end"], {"lam": F(99, 100)}, "printed"),
    (COUNTEREXAMPLES["T21-eq22"], {"others": (2, 0)}, "printed"),
    (COUNTEREXAMPLES["T21-eq41"], {"lam": F(0)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-eq41"], {"y": (5, 0)}, "printed"),
    (COUNTEREXAMPLES["T21-eq41-ones"], {"A": ((1, 0), (0, 1)), "y": (3, 4)}, "printed"),
    (COUNTEREXAMPLES["T21-eq41-ones"], {"rotation": ((2, 0), (0, 2))}, "hypothesis"),
    (COUNTEREXAMPLES["T21-eq42"], {"y": (5, 0)}, "printed"),
    (COUNTEREXAMPLES["T21-eq24"], {"lam": F(5)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-unit-norm"], {"second": F(1)}, "printed"),
    (COUNTEREXAMPLES["T21-unit-norm-alpha"], {"second": F(1, 2)}, "printed"),
    (COUNTEREXAMPLES["T21-unit-norm"], {"delta": F(1, 3)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-theorem1"], {"lam": F(0)}, "printed"),
    (COUNTEREXAMPLES["T21-theorem1"], {"lam": F(1, 2)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-theorem2"], {"lam": F(1, 10)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-theorem2"], {"delta": F(1, 8)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-theorem2"], {"constant": F(100)}, "printed"),
    (COUNTEREXAMPLES["T21-eq73"], {"n": 7}, "hypothesis"),
    (
        COUNTEREXAMPLES["T21-eq73"],
        {"cosine": F(7, 25), "sine": F(24, 25), "n": 21, "n_active": 3},
        "printed",
    ),
    (COUNTEREXAMPLES["T21-eq73-second-line"], {"n_active": 1}, "hypothesis"),
    (COUNTEREXAMPLES["T21-eq30"], {"sizes": spikes(1, {1: 1})}, "printed"),
    (COUNTEREXAMPLES["T21-eq30"], {"lam": F(1, 5)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-eq72"], {"delta": F(1, 4)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-eq74"], {"tau": F(1)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-eq69"], {"delta": F(3, 10)}, "hypothesis"),
    (COUNTEREXAMPLES["T21-relu"], {"x": F(2)}, "printed"),
    (COUNTEREXAMPLES["T21-assumption3"], {"low": F(0)}, "hypothesis"),
]


@pytest.mark.parametrize(("make", "changes", "fault"), SPOILED)
def test_a_spoiled_instance_does_not_refute(make, changes, fault):
    certificate = make(**changes)
    held = all(h.holds for h in certificate.hypotheses)
    assert (held, certificate.printed.holds) == (True, True) if fault == "printed" else not held
    assert certificate.refutes is False


def test_refutes_needs_all_three_parts():
    true = Comparison("one", 1, "==", 1)
    false = Comparison("two", 1, "==", 2)
    assert Certificate({}, (true,), false, None, "").refutes
    assert Certificate({}, (true,), false, true, "").refutes
    assert not Certificate({}, (true,), false, false, "").refutes
    assert not Certificate({}, (true,), true, true, "").refutes
    assert not Certificate({}, (true, false), false, true, "").refutes


MADE_UP = Certificate(
    {"n": 2, "A": ((F(1, 2), F(1)), (F(0), F(0))), "codes": "few"},
    (Comparison("one", 1, "<", F(3, 2)),),
    Comparison("two", 1, "==", 2),
    Comparison("three", 2, ">=", 2),
    "why.",
    "x",
    "s",
)


def test_a_record_in_full():
    assert MADE_UP.to_dict() == {
        "name": "x",
        "statement": "s",
        "data": {"n": 2, "A": [["1/2", "1"], ["0", "0"]], "codes": "few"},
        "hypotheses": [
            {"text": "one", "left": "1", "relation": "<", "right": "3/2", "holds": True}
        ],
        "printed": {"text": "two", "left": "1", "relation": "==", "right": "2", "holds": False},
        "corrected": {"text": "three", "left": "2", "relation": ">=", "right": "2", "holds": True},
        "note": "why.",
        "refutes": True,
    }
    assert replace(MADE_UP, corrected=None).to_dict()["corrected"] is None


def test_an_explanation_in_full():
    given = [
        "instance:",
        "  n = 2",
        "  A = [1/2 e1, e1]",
        "  codes = few",
        "hypotheses:",
        "  one: 1 < 3/2 is true",
    ]
    assert MADE_UP.explain().splitlines() == [
        "x refutes s",
        *given,
        "printed:   two: 1 == 2 is false",
        "corrected: three: 2 >= 2 is true",
        "note: why.",
    ]
    true = replace(MADE_UP, printed=Comparison("two", 2, "==", 2), corrected=None)
    assert true.explain().splitlines() == [
        "x does not refute s",
        *given,
        "printed:   two: 2 == 2 is true",
        "corrected: there is no local repair",
        "note: why.",
    ]


RELATIONS = [
    ("<=", (1, 1, 0)),
    ("<", (1, 0, 0)),
    ("==", (0, 1, 0)),
    ("!=", (1, 0, 1)),
    (">=", (0, 1, 1)),
    (">", (0, 0, 1)),
]


@pytest.mark.parametrize(("relation", "truth"), RELATIONS)
def test_relations(relation, truth):
    assert tuple(
        Comparison("x", left, relation, F(1, 2)).holds for left in (0, F(1, 2), 1)
    ) == tuple(map(bool, truth))


def test_comparisons_are_exact_or_refused():
    with pytest.raises(TypeError, match=r"0\.5 is not exact"):
        Comparison("x", 0.5, "<=", 1)
    with pytest.raises(ValueError, match="'=<' is unknown"):
        Comparison("x", 1, "=<", 1)


# Families: the failures are not accidents of one instance.


@pytest.mark.parametrize(
    "triple", [(11, 60, 61), (9, 40, 41), (20, 99, 101), (40, 399, 401), (200, 9999, 10001)]
)
def test_lemma1_fails_for_every_small_coherence(triple):
    a, b, c = triple
    assert COUNTEREXAMPLES["T21-lemma1"](F(a, c), F(b, c), lam=F(3, 2) * F(a, c)).refutes


@pytest.mark.parametrize(("constant", "n_groups"), [(1, 3), (10, 3), (100, 5), (1000, 14)])
def test_theorem2_fails_for_every_constant(constant, n_groups):
    certificate = COUNTEREXAMPLES["T21-theorem2"](n_groups, F(constant))
    assert certificate.refutes
    assert certificate.printed.left == F(144264850, 574556409)


@pytest.mark.parametrize("n", [4, 5, 9])
def test_theorem1_fails_for_every_n(n):
    assert COUNTEREXAMPLES["T21-theorem1"](n).refutes
    assert COUNTEREXAMPLES["T21-theorem2-at-truth"](n).printed.left == F(1, 9)


@pytest.mark.parametrize("constant", [1, 2, 6])
def test_the_order_of_74_fails_for_every_constant(constant):
    assert COUNTEREXAMPLES["T21-eq74"](F(constant)).refutes


@pytest.mark.parametrize("largest", range(1, 17))
def test_version_1_is_vacuous_for_every_group_size(largest):
    certificate = COUNTEREXAMPLES["T21-theorem2-v1"](largest)
    assert certificate.refutes
    assert certificate.data["rho by d"].split(", ")[-1] == str(1 - largest * (largest**2 + 1))


def test_a_random_tau_is_refused():
    groups = standard_groups(2, 2, 1)
    law = spikes(1, {1: F(1, 2), 2: F(1, 2)})
    with pytest.raises(ValueError, match="tau_1 takes the values"):
        descent(Setting(groups, groups, law, 1, F(1), F(2), lam=F(1, 2)))


def test_the_room_uses_no_floats_and_the_standard_library_only():
    allowed = {
        "fractions",
        "functools",
        "dataclasses",
        "itertools",
        "math",
        "collections.abc",
        "typing",
        "__future__",
    }
    exact = [PAPERS.parent / "claims/exact.py", *PAPERS.glob("*/exact*.py")]
    for path in [*exact, *PAPERS.rglob("counterexamples.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id in {"float", "sqrt", "log"}), path
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= allowed, path
            if isinstance(node, ast.ImportFrom):
                names = {node.module, *(alias.name for alias in node.names)}
                inside = node.level and any(
                    re.search(r"(^|\.)(exact\w*|counterexamples)$", name or "") for name in names
                )
                assert inside or node.module in allowed, path
