"""The exact counterexamples refute, with known numbers; spoiled instances do not refute."""

import ast
import json
import re
from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path

import pytest

import gsae_ref
from gsae_ref.claims.exact import Certificate, Comparison
from gsae_ref.claims.refutation import REFUTATIONS
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.t21.exact import Setting, spikes, standard_groups
from gsae_ref.papers.t21.exact_descent import descent, descent_rotated

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


def test_every_function_that_returns_a_certificate_is_registered():
    public = set()
    for path in sorted(PAPERS.glob("*/*/counterexamples.py")):
        room = str(path.parent.relative_to(PAPERS))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns) == "Certificate":
                public |= set() if node.name.startswith("_") else {(room, node.name)}
    registered = {
        ("/".join(make.__module__.split(".")[2:4]), make.__name__)
        for name, make in COUNTEREXAMPLES.items()
        if name not in REFUTATIONS
    }
    assert registered == public


OF_NO_LAW = {  # statements that speak of no law of supports, and of what they speak
    "T21-relu": "a function of one number",
    "T21-uniqueness": "the product A*_g x*_g",
    "T21-eq41": "the gradient at one sample",
    "T21-eq41-ones": "the gradient at one sample",
    "T21-eq42": "the gradient at one sample",
    "T21-eq24": "the derivative of (7)",
    "T21-eq69-simulation": "sizes of the simulation",
    "T21-rho-v1": "a formula for all its arguments",
}
OF_T21 = [name for name in NAMES if name.startswith("T21")]


@pytest.mark.parametrize("name", OF_T21)
def test_the_probability_of_two_groups_is_positive_as_assumption_2_asks(built, name):
    """So at least two groups are active: gamma >= 2."""
    listed = [h for h in built[name].hypotheses if h.text.startswith(("p_gh > 0", "0 < p_gh"))]
    assert bool(listed) == (name not in OF_NO_LAW)
    assert all(h.holds for h in listed)
    assert built[name].data.get("gamma", 2) >= 2


KNOWN = {
    "T21-prop2": (F(6, 5), F(3, 5)),
    "T21-prop2-delta": (F(60, 43), F(7, 6)),
    "T21-eq39": (F(3, 5), F(3, 10)),
    "T21-lemma1": (F(8, 9), F(4, 9)),
    "T21-lemma1-empty": (F(1, 2), F(1, 4)),
    "T21-lemma1-empty-delta": (F(68, 145), F(43, 145)),
    "T21-lemma1-closed-end": (0, 0),
    "T21-activations": (F(1, 5), 0),
    "T21-eq22": (F(14, 41), F(5, 41)),
    "T21-relu": (-1, 0),
    "T21-uniqueness": (F(8, 5), 0),
    "T21-eq67-short-atom": (F(3, 2), 1),
    "T21-eq41": (F(-5337, 625), -9),
    "T21-eq41-ones": (F(-144, 25), 0),
    "T21-eq42": (F(627, 125), F(27, 5)),
    "T21-eq24": (-8, -9),
    "T21-eq30": (F(-20, 49), F(-7, 50)),
    "T21-eq30-constant": (F(17, 20), F(23, 25) ** 2),
    "T21-covariance-given-support": (F(-2, 25), 0),
    "T21-eq77": (F(36, 25), F(32, 25)),
    "T21-eq31": (F(2, 25) ** 2, 0),
    "T21-eq67": (8, 2),
    "T21-eq66": (F(8, 25), F(224, 25)),
    "T21-theorem1": (0, F(2, 75)),
    "T21-gradient-points": (F(-21, 10025), 0),
    "T21-theorem2-at-truth": (F(1, 9), 0),
    "T21-theorem2-v1": (F(1, 9), 0),
    "T21-remark-b": (F(1, 2), F(25, 72)),
    "T21-theorem2-mended": (F(3200, 159201), None),
    "T21-theorem2": (F(550858400, 1198765841), None),
    "T21-theorem2-rate": (F(550858400, 1198765841), None),
    "T21-closer": (F(30097557001, 1498457301250), F(8, 401)),
    "T21-assumption4": (F(550858400, 1198765841), F(1, 49)),
    "T21-rho-v1": (-1, 0),
    "T21-delta-squared": (F(18, 41) ** 2, F(18, 41) * F(22, 61)),
    "T21-eq73": (F(163, 200), F(18, 25)),
    "T21-eq73-lemma1": (F(13, 75), F(98, 625)),
    "T21-eq73-second-line": (F(197, 200), F(3, 5)),
    "T21-eq68": (F(16, 25), F(-1021, 800)),
    "T21-eq69": (F(16, 25), F(3, 640)),
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
    apart = {"T21-eq70", "T21-eq74", "T21-cross-terms", "T21-second-term"}  # tests of their own
    assert set(KNOWN) | apart == set(OF_T21)


def test_known_numbers_inside_the_instances(built):
    assert F(8, 401) in {h.left for h in built["T21-theorem2"].hypotheses}
    assert 0.45 < built["T21-theorem2"].data["rho (rounded down)"] < 0.4591
    assert built["T21-theorem1"].data["||v_1||_2^2"] == F(2, 25) ** 2
    assert built["T21-eq41"].note.endswith("gives -8 here.")
    assert built["T21-eq67-short-atom"].data["A*_1"][1][1] == 0
    assert built["T21-eq69-simulation"].note.endswith(
        "With d for n the bound is 0, still below the least possible ||A_g^T A*_g||_F^2 of "
        "(d - delta^2/2)^2/d = 9/8."
    )


def test_known_numbers_of_a_rotation(built):
    """G_1 = -2 tau (1 - tau) p A_1, and <a_1, a_1 - a*_1> = 1 - alpha = ||a_1 - a*_1||^2/2."""
    alpha = F(399, 401)
    omega = F(40, 401)
    delta = F(1, 7)
    p = F(1, 2)
    slope = omega * F(9, 4) + delta  # sqrt(5) rounded up
    tau = F(399, 400)
    c = tau * (2 - tau) * p
    stretch = 2 * tau * (1 - tau) * p
    v = stretch**2 + 2 * stretch * c * alpha * (1 - alpha) + 2 * (c * alpha) ** 2 * (1 - alpha)
    eq70 = built["T21-eq70"].printed
    assert eq70.left == v == pytest.approx(0.0025, abs=2e-5)
    assert eq70.right == (c * slope) ** 2 * 4 * (1 - alpha) == pytest.approx(0.00067, abs=1e-5)
    log_16 = F(28, 10)  # rounded up
    contracted = 4 * (slope / alpha) ** 2 * 4 * (1 - alpha)
    assert built["T21-theorem2-rate"].printed.right == contracted + 2 * (log_16 / 8) ** 2


# A spoiled instance must not refute: either a hypothesis fails, or the printed claim becomes true
# while every hypothesis holds.
SPOILED = [
    ("T21-prop2", {"slack": ("2",)}, "hypothesis"),
    ("T21-prop2", {"size": ("0", "0")}, "printed"),
    ("T21-prop2-delta", {"slack": ("1",)}, "hypothesis"),
    ("T21-prop2-delta", {"slack": ("1/2",)}, "printed"),
    ("T21-eq39", {"S_tilt": ("0",) * 8}, "printed"),
    ("T21-lemma1", {"slack": ("1/2",)}, "hypothesis"),
    ("T21-lemma1", {"S_tilt": ("0",) * 36}, "printed"),
    ("T21-lemma1-empty", {"slack": ("1",)}, "hypothesis"),
    ("T21-lemma1-empty", {"slack": ("3/10",)}, "printed"),
    ("T21-lemma1-empty-delta", {"slack": ("1/2",)}, "hypothesis"),
    ("T21-lemma1-closed-end", {"lam": F(101, 100)}, "hypothesis"),
    ("T21-lemma1-closed-end", {"lam": F(99, 100)}, "printed"),
    ("T21-activations", {"lam": F(0)}, "hypothesis"),
    ("T21-activations", {"n": 7}, "hypothesis"),
    ("T21-eq22", {"flip": ("0", "0", "0")}, "printed"),
    ("T21-eq41", {"lam": F(0)}, "hypothesis"),
    ("T21-eq41", {"y": (5, 0)}, "printed"),
    ("T21-eq41-ones", {"A": ((1, 0), (0, 1)), "y": (3, 4)}, "printed"),
    ("T21-eq41-ones", {"rotation": ((2, 0), (0, 2))}, "hypothesis"),
    ("T21-eq42", {"y": (5, 0)}, "printed"),
    ("T21-eq24", {"lam": F(5)}, "hypothesis"),
    ("T21-uniqueness", {"rotation": ((1, 0), (0, 1))}, "printed"),
    ("T21-uniqueness", {"rotation": ((2, 0), (0, 1))}, "hypothesis"),
    ("T21-eq66", {"tau": ("1/3",) * 4}, "hypothesis"),
    ("T21-eq67", {"slack": ("1",)}, "hypothesis"),
    ("T21-eq67-short-atom", {"S_shrink": ("0", "0")}, "printed"),
    ("T21-eq67-short-atom", {"slack": ("1",)}, "hypothesis"),
    ("T21-eq68", {"slack": ("1/2",)}, "hypothesis"),
    ("T21-theorem1", {"lam": F(0)}, "printed"),
    ("T21-theorem1", {"lam": F(1, 2)}, "hypothesis"),
    ("T21-theorem1", {"n": 7}, "hypothesis"),
    ("T21-gradient-points", {"lam": F(1, 10)}, "hypothesis"),
    ("T21-delta-squared", {"slack": ("1",)}, "hypothesis"),
    ("T21-delta-squared", {"A_tilt": ("9/40", *("0",) * 27)}, "printed"),
    ("T21-theorem2", {"lam": F(1, 10)}, "hypothesis"),
    ("T21-theorem2", {"delta": F(1, 8)}, "hypothesis"),
    ("T21-theorem2", {"constant": F(100)}, "printed"),
    ("T21-theorem2-rate", {"constant": F(100)}, "printed"),
    ("T21-theorem2-v1", {"lam": F(0)}, "printed"),
    ("T21-theorem2-v1", {"lam": F(1, 2)}, "hypothesis"),
    ("T21-closer", {"share": F(0)}, "hypothesis"),
    ("T21-closer", {"share": F(2)}, "hypothesis"),
    ("T21-assumption4", {"delta": F(1, 8)}, "hypothesis"),
    ("T21-remark-b", {"constant": F(2)}, "printed"),
    ("T21-eq77", {"size": 4, "n": 8, "length": 2, "lam": F(1, 2)}, "printed"),
    ("T21-eq73", {"slack": ("1",)}, "hypothesis"),
    ("T21-eq73", {"chart": ("0",) * 4}, "printed"),
    ("T21-eq73-lemma1", {"slack": ("1/2",)}, "hypothesis"),
    ("T21-eq73-second-line", {"chart": ("0",) * 3}, "printed"),
    ("T21-eq30", {"sizes": spikes(1, {1: 1})}, "printed"),
    ("T21-eq30", {"lam": F(1, 5)}, "hypothesis"),
    ("T21-covariance-given-support", {"size": F(0)}, "printed"),
    ("T21-covariance-given-support", {"n": 20}, "hypothesis"),
    ("T21-eq72", {"delta": F(1, 4)}, "hypothesis"),
    ("T21-eq74", {"tau": F(1)}, "hypothesis"),
    ("T21-eq69", {"slack": ("1/2",)}, "hypothesis"),
    ("T21-relu", {"x": F(2)}, "printed"),
]


@pytest.mark.parametrize(("name", "changes", "fault"), SPOILED)
def test_a_spoiled_instance_does_not_refute(name, changes, fault):
    certificate = COUNTEREXAMPLES[name](**changes)
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


@pytest.mark.parametrize("t", ["1/5", "1/8", "1/20", "1/100", "1/9999"])
def test_lemma1_fails_for_every_small_coherence(t):
    tilts = ("0",) * 28 + (t, "0", "0", t) * 2
    assert COUNTEREXAMPLES["T21-lemma1"](S_tilt=tilts).refutes


@pytest.mark.parametrize(("constant", "n_groups"), [(1, 4), (10, 5), (30, 8)])
def test_theorem2_fails_for_every_constant(constant, n_groups):
    certificate = COUNTEREXAMPLES["T21-theorem2"](n_groups, F(constant))
    assert certificate.refutes
    assert certificate.printed.left == F(550858400, 1198765841)


def test_the_additive_terms_of_theorem2_tend_to_0_as_the_number_of_groups_grows():
    """eta d C (mu_B + delta)^2 gamma^5/Gamma^3 = O(1/Gamma^2): four times smaller at 2 Gamma."""
    small, large = (COUNTEREXAMPLES["T21-theorem2"](n_groups).printed.right for n_groups in (5, 10))
    contracted = F(4, 3) * large - F(1, 3) * small
    assert 0 < contracted < F(8, 401)
    assert COUNTEREXAMPLES["T21-theorem2"](6).printed.right == contracted + (
        small - contracted
    ) * F(25, 36)


@pytest.mark.parametrize("n", [8, 9, 12])
def test_theorem1_fails_for_every_n(n):
    assert COUNTEREXAMPLES["T21-theorem1"](n).refutes
    assert COUNTEREXAMPLES["T21-theorem2-at-truth"](n).printed.left == F(1, 9)


@pytest.mark.parametrize("name", ["T21-eq74", "T21-cross-terms", "T21-second-term"])
def test_the_orders_of_the_cross_terms_fail_for_every_constant(name):
    """The squared ratio to the printed order grows like Gamma^2."""
    smaller = COUNTEREXAMPLES[name](F(1, 8))
    larger = COUNTEREXAMPLES[name](F(1, 4))
    assert smaller.refutes
    assert larger.refutes
    ratios = [F(part.split(": ")[1]) for part in larger.data["squared ratio by Gamma"].split(", ")]
    assert all(2 < after / before < 25 for before, after in pairwise(ratios[1:]))


@pytest.mark.parametrize(
    ("cosine", "sine", "delta"),
    [(F(399, 401), F(40, 401), F(1, 7)), (F(9999, 10001), F(200, 10001), F(29, 1000))],
)
def test_no_delta_is_preserved(cosine, sine, delta):
    """From a rotation at a distance just below delta the next iterate is outside."""
    step = descent_rotated(delta=delta, cosine=cosine, sine=sine)
    assert 0.9 * delta**2 < step.error <= delta**2 < step.next_error


@pytest.mark.parametrize("largest", range(1, 17))
def test_the_rate_of_version_1_is_negative_for_every_group_size(largest):
    certificate = COUNTEREXAMPLES["T21-rho-v1"](largest)
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
        "operator",
        "collections.abc",
        "typing",
        "__future__",
    }
    exact = [PAPERS.parent / "claims/exact.py", *PAPERS.glob("*/exact*.py")]
    for path in [*exact, *PAPERS.glob("*/*/counterexamples.py")]:
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
