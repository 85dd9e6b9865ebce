"""Tapes: the numbers of the sentences to the last bit, or no tape."""

from itertools import count

import numpy as np
import pytest
from claims_to_try import BUILT_IN, EXAMPLE, groups

import gsae_ref as gs
from gsae_ref.claims import Block, Model
from gsae_ref.claims import problem as problems
from gsae_ref.claims.fields import Floats
from gsae_ref.claims.problem import Problem

RESIDUAL = gs.Claim(
    "spectral(beta[0]) + least_singular(A[0]) / 9 - det(K)**2 <= p[2] * nuclear(K) - own",
    model="t21",
    sizes=groups(4, 2, 3, 2),
    given=BUILT_IN[:2],
    where=("delta <= 1", "norm(total(S[g] for g in groups if g > 0)) <= 3"),
    let={"own": "between(-tau[0], 2**-1)"},
    away=("delta >= 1/20",),
)
COLUMNS = gs.Claim(
    "abs(total(inner(W[i], A[j]) * x[j] for j in active if j != i)) <= k * delta for i in atoms",
    model="columns",
    sizes={"n": 3, "m": 4, "k": 2},
)
DESIGN = gs.Claim(
    "prod(norm2(X[g]) + 1 for g in groups) <= largest([spectral(inv(X[0].T @ X[0])), 1])",
    model="l23",
    sizes={"n": 4, "d": 2, "L": 2, "s": 1},
)


def batches(problem, n_batches=8, n_instances=7):
    rng = np.random.default_rng(0)
    return [problem.layout.draw(rng, n_instances) for _ in range(n_batches)]


def played_and_read(claim, monkeypatch):
    """Both sides and margins of some batches with tapes, and without; and the tape."""
    taped = claim.problems[0]
    played = [taped.sides(theta) for theta in batches(taped)]
    monkeypatch.setattr(problems, "LARGEST_RECORDED", 0)
    plain = claim.problems[0]
    read = [plain.sides(theta) for theta in batches(plain)]
    assert not plain._tapes
    return played, read, taped._tapes[7]


@pytest.mark.parametrize("claim", [EXAMPLE, RESIDUAL, COLUMNS, DESIGN], ids=lambda c: c.model)
def test_a_tape_gives_the_numbers_of_the_sentences(claim, monkeypatch):
    played, read, tape = played_and_read(claim, monkeypatch)
    assert tape is not None
    for ours, theirs in zip(played, read, strict=True):
        for a, b in zip(ours[:3], theirs[:3], strict=True):
            np.testing.assert_array_equal(a, b)
    assert len({sides.left[0] for sides in read}) > 4


def test_what_is_computed_twice_is_recorded_once():
    once = EXAMPLE.but(conclusion="norm(A[0].T @ y) <= 9")
    twice = EXAMPLE.but(conclusion="norm(A[0].T @ y) * norm(A[0].T @ y) <= 9")
    n_calls = []
    for claim in (once, twice):
        problem = claim.problems[0]
        for theta in batches(problem):
            problem.sides(theta)
        n_calls.append(len(problem._tapes[7].calls))
    assert n_calls[1] == n_calls[0] + 1


def own(number):
    """A model of one number, in floats a function of the free one."""

    def basic(i):
        t = i.number("t")
        return number(t) if isinstance(i.field, Floats) else t

    return Model(
        name="own",
        sizes={"n": "dimension"},
        blocks=lambda sizes: {"t": Block(1)},
        basics={"t": basic},
        tried=({"n": 1},),
    )


numbers = count()
UNRECORDABLE = {
    "looks at the numbers": lambda t: -t if np.all(t < 0) else t * 1,
    "needs an array": lambda t: np.asarray(t) ** 2,
    "writes into an array": lambda t: np.fmax(t, 0, out=np.zeros(t.shape)),
    "differs from call to call": lambda t: t + next(numbers),
}


@pytest.mark.parametrize("number", UNRECORDABLE.values(), ids=UNRECORDABLE)
def test_what_cannot_be_recorded_is_read(number, monkeypatch):
    claim = gs.Claim("t <= 1", model=own(number))
    played, read, tape = played_and_read(claim, monkeypatch)
    assert tape is None
    if number is not UNRECORDABLE["differs from call to call"]:
        for ours, theirs in zip(played, read, strict=True):
            np.testing.assert_array_equal(ours.left, theirs.left)


def test_the_instances_of_a_user_are_read(monkeypatch):
    problem = Problem(EXAMPLE, EXAMPLE.all_sizes[0])
    theta = batches(problem, 1)[0]
    for _ in range(6):
        problem.sides(theta, full=True)
    assert not problem._tapes
