"""Sentences: a text gives the same in floats and exactly; anything else is refused."""

import ast
import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction as Q

import numpy as np
import pytest
from claims_to_try import BUILT_IN, EXAMPLE, groups

import gsae_ref as gs
from gsae_ref.claims import Block, Model
from gsae_ref.claims.problem import Problem
from gsae_ref.claims.proof import numbers
from gsae_ref.claims.rational import high, low
from gsae_ref.claims.sentences import Expression, Sentence, parsed

EXPRESSIONS = [
    "norm(A[0] - S[0])",
    "spectral(S[0].T @ S[1])",
    "least_singular(A[0].T @ S[0] + 3 * eye(d))",
    "nuclear(A[0].T @ S[0])",
    "norm2(y) - inner(y, S[0] @ x[0])",
    "trace(A[1] @ S[1].T)",
    "det(A[0].T @ S[0])",
    "entry(A[0], 1, 0) + norm(col(S[1], 0))",
    "norm(inv(eye(d) * 2 + A[0].T @ A[0]))",
    "norm(beside([A[0], S[0]]))",
    "sqrt(gamma) * log(n) / 3",
    "largest([0.1, mu, delta]) - least([abs(entry(y, 0, 0)), 1])",
    "total(norm(x[h]) ** 3 for h in active if h != 1)",
    "(gamma - 1) / 2 + B_max / B_min - tau[0]",
    "p[1] + 10 * p[2] + 100 * p[3] + len(groups)",
    "largest([spectral(A[g].T @ S[h]) for g in groups for h in range(g)])",
]
SHAPES = [groups(4, 2, 3, 2), groups(3, 3, 2, 1), groups(2, 1, 3, 3), groups(5, 3, 2, 2)]


@pytest.mark.parametrize("given", [(), BUILT_IN, ("unit norm S", "A = S")], ids=str)
@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_floats_and_exact_numbers_agree(sizes, given):
    """At random rational instances, for every word and for free and frozen blocks."""
    let = {f"q{k}": text for k, text in enumerate(EXPRESSIONS)} | {"free": "between(mu, 2)"}
    sides = " + ".join([*let, *(f"norm({name}[0])" for name in ("A", "S", "x"))])
    claim = gs.Claim(f"{sides} <= 1", sizes=sizes, given=given, let=let)
    problem = claim.problems[0]
    theta = problem.layout.draw(np.random.default_rng(1), 4)
    for row in theta:
        rational = [Q(round(6 * x), 6) for x in row]
        exact = problem.exact_instance(rational, 10**10)
        float_instance = problem.float_instance(np.array(rational, dtype=float))
        for name in let:
            value = float(float_instance[name].ravel()[0])
            slack = 1e-7 * (1 + abs(value))
            assert low(exact[name]) - slack <= value <= high(exact[name]) + slack, name
        for name in ("A", "S", "x", "y", "delta", "tau"):
            one = [float(x) for x in numbers(exact[name])]
            assert np.allclose(one, np.array(float_instance[name]).ravel(), atol=1e-7), name


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
def test_what_is_built_in_holds(sizes):
    """A hypothesis that is built in is true by construction, exactly."""
    claim = gs.Claim("norm(y) + norm(A[0]) + norm(S[0]) <= B_max + delta", sizes=sizes)
    for given in (BUILT_IN, ("unit norm S", "orthonormal A"), ("A = S", "orthonormal S")):
        problem = claim.but(given=given).problems[0]
        for row in problem.layout.draw(np.random.default_rng(2), 5):
            scope = problem.exact_instance([Q(round(4 * x), 4) for x in row])
            for sentence in problem.hypotheses:
                for left, relation, right in sentence.pairs(scope):
                    good = left == right if relation == "==" else high(left) <= low(right)
                    assert good or high(left) - low(right) <= Q(1, 10), sentence.text


@pytest.mark.parametrize("given", BUILT_IN)
def test_a_hypothesis_that_is_not_built_in_is_broken_both_ways(given):
    """Its block is free, and instances on both sides of it are drawn."""
    claim = gs.Claim("norm(y) + norm(A[0]) <= B_max", sizes=groups(4, 2, 2, 1))
    broken = claim.but(given=tuple(name for name in BUILT_IN if name != given)).problems[0]
    theta = broken.layout.draw(np.random.default_rng(0), 500)
    instance = broken.float_instance(theta)
    measured = {
        "orthonormal A": lambda: np.linalg.norm(instance["A"][0], 2, axis=(1, 2)) - 1,
        "orthonormal S": lambda: np.linalg.norm(instance["S"][0], 2, axis=(1, 2)) - 1,
        "norms bounded": lambda: np.linalg.norm(instance["x"][0], axis=(1, 2)) - 1,
    }[given]()
    assert measured.min() < -0.1 and measured.max() > 0.1


def test_the_smaller_side_stands_first():
    sentence = Sentence("mu >= delta for g in groups if g != 0")
    assert (sentence.left, sentence.relation, sentence.right) == ("delta", "<=", "mu")
    assert sentence.tail == " for g in groups if g != 0" and sentence.names == (
        "delta",
        "groups",
        "mu",
    )
    assert [link[1] for link in Sentence("0 < mu <= 1").links] == ["<", "<="]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("norm(y)", "is no comparison"),
        ("norm(y) <= ", "is not a sentence of Python"),
        ("norm(y) != 1", "compares by something else"),
        ("0 <= norm(y) <= 1", "is a chain"),
        ("norm(y) <= deltas", "deltas is unknown (did you mean delta"),
        ("nrm(y) <= 1", "did you mean norm"),
        ("np.linalg.norm(y) <= 1", "did you mean norm or norm2"),
        ("max([mu, delta]) <= 1", "did you mean largest"),
        ("norm(z) <= 1", "the names are A, B_max"),
        ("y <= 1", "compares a matrix"),
        ("norm(A[0] + S[0] @ x[0]) <= 1", "shapes do not fit"),
        ("norm(A[0] * S[0]) <= 1", "shapes do not fit"),
        ("norm(A[7]) <= 1", "an index is out of range"),
        ("det(A[0]) <= 1", "det is of a matrix that is not square"),
        ("A[0] <= S[0]", "compares two matrices by <=; only == compares matrices"),
        ("norm(x[d]) <= 1 for d in active", "hides a name"),
        ("norm(x[g]) <= 1 for g, h in active", "takes one variable"),
        ("norm(A[v]) <= 1 for v in range(0)", "speaks of nothing"),
        ("__import__('os').getcwd() <= 1", "is no word"),
        ("A.__class__ <= 1", "the only attribute is .T"),
        ("(lambda: 1)() <= 1", "is no word"),
        ("{1} <= 1", "has no place"),
        ("'a' <= 1", "is no number"),
        ("norm(y) // 2 <= 1", "has no place"),
        ("mu <= True", "is no number"),
        ("norm(M=y) <= 1", "is no word"),
        ("tau <= 1", "compares a list"),
        ("[mu, delta] <= 1", "compares a list"),
        ("groups <= 1", "compares a list"),
        ("tau == tau", "compares a list"),
        ("mu ** 0.5 <= 1", "a root is sqrt(x)"),
        ("2 ** mu <= 1", "it must be an integer"),
        ("9**9**9**9 <= mu", "an exponent above 1000"),
        ("mu <= 1 for i in range(10**9)", "a range of more than 10,000 integers"),
        ("mu <= 1e400", "inf is no number"),
        ("mu <= largest([norm(x[h]) for h in active if h > 9])", "largest of an empty list"),
        ("least_singular(A[0].T) <= 1", "more columns than rows"),
        ("mu <= " + "+".join(["mu"] * 3000), "recursion"),
        ("norm(A[mu]) <= 1", "shapes do not fit"),
        ("norm(mu) <= 1", "a number stands where a matrix"),
        ("mu[0] <= 1", "a number stands where a matrix"),
    ],
)
def test_what_is_no_sentence_is_refused_in_words(text, words):
    with pytest.raises(ValueError) as caught:
        EXAMPLE.but(conclusion=text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sizes": groups(4, 2, 2, 3)}, "gamma <= Gamma"),
        ({"sizes": groups(1, 2, 2, 1)}, "d <= n"),
        ({"sizes": groups(10**8, 2, 2, 1)}, "at most 10,000 are searched; choose smaller sizes"),
        ({"sizes": groups(4, 2, 2, 2)}, "speaks of nothing at these sizes"),
        ({"sizes": groups(4, 2, 2, 0)}, "gamma = 0; it must be an integer of at least 1"),
        ({"sizes": {"n": 4}}, "has the sizes n (dimension of the data)"),
        ({"sizes": ()}, "sizes is empty"),
        ({"given": "orthonormal B"}, "is unknown to the model 'groups'"),
        ({"model": "grups"}, "choose one of columns, groups"),
        ({"where": ("a b",)}, "is not a sentence of Python"),
        ({"let": {"mu": "1"}}, "mu is a name already"),
        ({"let": {"a": "b"}}, "b is unknown"),
        ({"let": {"a": "between(1)"}}, "write between(low, high)"),
        ({"away": ("delta",)}, "is no comparison"),
        ({"let": {"for": "1"}}, "is no name"),
        ({"let": {"norm": "1"}}, "norm is a name already"),
        ({"let": {"a": "a + 1"}}, "a is unknown"),
        ({"distance": "deltas"}, "deltas is unknown"),
        ({"floor": -1}, "floor = -1"),
        ({"floor": float("nan")}, "floor = nan"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused_in_words(changes, words):
    with pytest.raises(ValueError) as caught:
        EXAMPLE.but(**changes)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"where": (1,)}, "where has 1; it must hold strings"),
        ({"given": None}, "given = None; it must be a sequence of strings"),
        ({"let": {"a": 1}}, "it must be a string"),
        ({"let": None}, "let = None; it must be a dict"),
        ({"conclusion": None}, "conclusion = None; it must be a sentence"),
        ({"sizes": "n=4"}, "it must be a dict such as"),
        ({"sizes": [4]}, "sizes has 4; it must hold dicts"),
    ],
)
def test_a_field_of_another_type_is_refused(changes, words):
    with pytest.raises(TypeError) as caught:
        EXAMPLE.but(**changes)
    assert words in str(caught.value)


BROKEN = {
    "fails with ZeroDivisionError": {"basics": {"a": lambda i: 1 / 0}},
    "fails with KeyError: 'b'": {"basics": {"a": lambda i: i["b"]}},
    "defined by itself": {"basics": {"a": lambda i: i.number("a")}, "definitions": {"b": "b + a"}},
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_model_that_fails_is_named(words):
    blocks = {"a": Block(1)}
    model = Model("broken", {"n": "size"}, lambda sizes: blocks, **BROKEN[words])
    with pytest.raises(ValueError, match=words):
        gs.Claim(f"{'b' if 'itself' in words else 'a'} <= 1", model, {"n": 1})


def made_of(quantity, **fields):
    blocks = {"a": Block(1)}
    fields = {"sizes": {"n": "size"}, "blocks": lambda sizes: blocks} | fields
    return Model("broken", basics={"a": quantity}, **fields)


def on_floats(change):
    """A quantity that is right in exact arithmetic."""

    def quantity(instance):
        number = instance.number("a")
        return number if isinstance(number, Q) else change(number)

    return quantity


WRONG = {
    "is None; on a batch": on_floats(lambda x: None),
    "is of type str": on_floats(lambda x: "x"),
    "is of type complex": on_floats(lambda x: [1j]),
    "is an array of dtype complex128": on_floats(lambda x: x * 1j),
    "is an array of shape (7,) for a batch of 1": on_floats(lambda x: np.zeros(7)),
    "is an array of shape (3, 1, 1) for a batch of 1": on_floats(lambda x: np.zeros((3, 1, 1))),
    "OverflowError: int too large to convert to float": on_floats(lambda x: x + 10**400),
    "fails with SystemExit: 3, on a batch": on_floats(lambda x: sys.exit(3)),
    "is of type float; in exact arithmetic": lambda i: 0.5,
    "is None; in exact arithmetic": lambda i: None,
    "fails with TypeError: 'int' object is not callable": 3,
}


@pytest.mark.parametrize("words", WRONG)
def test_a_quantity_that_is_no_number_is_refused(words):
    with pytest.raises(ValueError, match=r"^the model 'broken': the quantity a ") as caught:
        gs.Claim("a <= 1", made_of(WRONG[words]), {"n": 1})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"blocks": lambda sizes: {"a": Block(sizes["m"])}}, "fails with KeyError: 'm'"),
        ({"blocks": lambda sizes: [Block(1)]}, "must be a dict with a Block for every name"),
        ({"blocks": lambda sizes: {"a": Block(-1)}}, "has count = -1"),
        ({"blocks": lambda sizes: {"a": Block(0.5)}}, "has count = 0.5"),
        ({"refuse": lambda sizes: sizes["m"]}, "refuse({'n': 1}) fails with KeyError: 'm'"),
        ({"definitions": {"b": "z + a"}}, "speaks of z, which is unknown; the names are a, b, n"),
        ({"given": {"h": ("a >= z",)}}, "speaks of z, which is unknown"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(fields, words):
    model = made_of(lambda i: i.number("a"), **fields)
    with pytest.raises(ValueError, match=r"^the model 'broken': ") as caught:
        gs.Claim(f"{'b' if 'definitions' in fields else 'a'} <= 1", model, {"n": 1}, model.given)
    assert words in str(caught.value)


def test_a_quantity_that_fails_on_large_batches_only_is_named():
    model = made_of(on_floats(lambda x: x if len(x) < 5 else 1 / 0))
    claim = gs.Claim("a <= 1", model, {"n": 1})
    with pytest.raises(ValueError, match=r"quantity a fails with ZeroDivisionError: .*on a batch"):
        gs.stress(claim, 600)


def test_negative_powers_are_exact():
    problem = EXAMPLE.but(conclusion="3 ** -1 <= sqrt(2) ** -2 * mu ** 0").problems[0]
    scope = problem.exact_instance([Q(0)] * problem.layout.size)
    ((left, _, right),) = problem.conclusion.pairs(scope)
    assert left == Q(1, 3) and low(right) <= Q(1, 2) <= high(right)


def test_names_of_definitions_are_found():
    problem = Problem(EXAMPLE, EXAMPLE.sizes)
    assert problem.basics == ("S", "A", "x", "B_max", "delta")
    assert Expression.parse("[g for g in groups]").names == ("groups",)


def test_threads_that_read_sentences_at_once_do_not_disturb_one_another():
    """Without a lock Python 3.11 raises SystemError here: the depth of its trees is shared."""
    sentence = " + ".join(f"norm(A[{k}].T @ y, x[{k}])" for k in range(40))
    interval = sys.getswitchinterval()
    often = gc.get_threshold()
    python_code = lambda phase, info: sum(range(50))
    gc.callbacks.append(python_code)  # a collection may then pass the interpreter on
    try:
        sys.setswitchinterval(1e-6)
        gc.set_threshold(1, 1, 1)
        with ThreadPoolExecutor(4) as pool:
            trees = list(pool.map(parsed, [sentence] * 40))
    finally:
        gc.callbacks.remove(python_code)
        gc.set_threshold(*often)
        sys.setswitchinterval(interval)
    assert len({ast.dump(tree) for tree in trees}) == 1
