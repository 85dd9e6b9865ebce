"""The hypotheses of L23's rows: each can refuse, and outside them conclusions do fail."""

import math
from dataclasses import replace

import numpy as np
import pytest
from test_l23_statements import Statement, evidence_of, instances

from gsae_ref.claims.hypothesis import in_a_claim
from gsae_ref.papers.l23 import instance, statements


def every_hypothesis():
    items = [item for row in statements.ROWS for item in (row, *row.evidence)]
    every = {h.text: h for item in items for h in getattr(item, "hypotheses", ())}
    return {text: h for text, h in every.items() if h.margin is not in_a_claim}


def good(family, *hypotheses, **changes):
    changed = (replace(i, **changes) for i in instances(family, (), 400))
    return next(i for i in changed if met(i, hypotheses))


def met(i, hypotheses):
    return all(h.holds(i) for h in hypotheses)


ORTHOGONAL = instance.Regression(
    (2, 1),
    np.eye(3),
    np.array([3.0, 4.0, 2.0]),
    np.zeros(3),
    np.sqrt([2.0, 8.0]),
    np.array([0.6, 0.8, 2.0]),
)
SIGNS = instance.Noise(np.array([[1, 1], [1, -1], [-1, 1], [-1, -1.0]]), np.full(4, 0.25), 1.0)
OUTSIDE = {  # an instance that meets it, and one change that breaks it
    instance.ORTHOGONAL.text: (ORTHOGONAL, lambda i: replace(i, gram=2 * i.gram)),
    instance.PROPORTIONAL.text: (ORTHOGONAL, lambda i: replace(i, v=-i.v)),
    instance.BALANCED.text: (ORTHOGONAL, lambda i: replace(i, u=2 * i.u)),
    instance.NORMALISED.text: (ORTHOGONAL, lambda i: replace(i, gram=2 * i.gram)),
    instance.NONZERO_U.text: (ORTHOGONAL, lambda i: replace(i, u=0 * i.u)),
    instance.LEVELS_LEMMA6.text: (good("dglnn_ode"), lambda i: replace(i, level=0.2)),
    instance.SECOND_STEP.text: (
        replace(good("dglnn_window"), u_max=1.0, u_min=1.0, gamma=0.05, eta=0.2),
        lambda i: replace(i, eta=0.01 * i.gamma),
    ),
    statements.gradient_flow.SMALL_THETA.text: (
        good("dglnn_ode"),
        lambda i: replace(i, tau=-i.tau),
    ),
    instance.BELOW_STAR.text: (
        good("dglnn_growth", instance.BELOW_STAR),
        lambda i: replace(i, u=2 * math.sqrt(i.star)),
    ),
    instance.STEP_THEOREM3.text: (good("dglnn_window"), lambda i: replace(i, gamma=1 / i.u_max)),
    instance.STEP_ALPHA.text: (
        good("dglnn_window"),
        lambda i: replace(i, alpha=1.1 * i.largest_alpha),
    ),
    instance.SUB_GAUSSIAN.text: (SIGNS, lambda law: replace(law, sigma=0.99)),
    instance.ZETA_AT_MOST_U_MAX.text: (good("dglnn_window"), lambda i: replace(i, noise=i.u_max)),
    instance.PERTURBED_LEMMA10.text: (
        good("dglnn_growth"),
        lambda i: replace(i, errors=i.errors + i.star),
    ),
    instance.PERTURBED_LEMMA11.text: (
        good("dglnn_refine"),
        lambda i: replace(i, cosines=-i.cosines),
    ),
    instance.LONG_LEMMA10.text: (
        good("dglnn_growth"),
        lambda i: replace(i, errors=i.errors[:-1], cosines=i.cosines[:-1]),
    ),
    instance.LONG_LEMMA11.text: (
        good("dglnn_refine"),
        lambda i: replace(i, errors=i.errors[:-1], cosines=i.cosines[:-1]),
    ),
    instance.STEP_LEMMA10.text: (good("dglnn_growth"), lambda i: replace(i, gamma=1 / i.star)),
    instance.STEP_LEMMA11.text: (good("dglnn_refine"), lambda i: replace(i, gamma=1 / i.star)),
    instance.SMALL_START.text: (
        good("dglnn_growth"),
        lambda i: replace(i, alpha=math.sqrt(i.star)),
    ),
    instance.NEAR_START.text: (good("dglnn_refine"), lambda i: replace(i, u=2 * math.sqrt(i.star))),
    instance.THETA_BELOW_1.text: (good("dglnn_ode"), lambda i: replace(i, alpha=1.1)),
    instance.SMALLER_THAN_LIMIT.text: (good("dglnn_ode"), lambda i: replace(i, alpha=3.0)),
    instance.THETA_SMALL.text: (
        good("dglnn_ode", instance.THETA_SMALL),
        lambda i: replace(i, alpha=math.sqrt(i.star)),
    ),
}


def test_every_hypothesis_of_the_rows_is_tried():
    assert set(OUTSIDE) == set(every_hypothesis())


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_hypothesis_accepts_an_instance_and_refuses_it_after_one_change(text):
    hypothesis = every_hypothesis()[text]
    inside, change = OUTSIDE[text]
    assert hypothesis.holds(inside)
    assert hypothesis.margin(change(inside)) < -1e-9
    assert hypothesis.holds(change(inside)) is False


@pytest.mark.parametrize(
    ("row", "label", "change"),
    [
        ("tub", "T_lb <= log(1/alpha^4)/(gamma Z)", lambda i: replace(i, alpha=0.9)),
    ],
)
def test_outside_a_hypothesis_the_conclusion_does_fail(row, label, change):
    evidence = evidence_of(Statement(row, label, None, 0))
    changed = [change(i) for i in instances(evidence.family, evidence.hypotheses, 150)]
    outside = [i for i in changed if not met(i, evidence.hypotheses)]
    assert any(left > right + 1e-6 for left, right in map(evidence.sides, outside))


def test_noise_with_a_mean_or_dependent_entries_is_not_what_the_rates_assume():
    assert not instance.SUB_GAUSSIAN.holds(replace(SIGNS, values=SIGNS.values + 0.01, sigma=2.0))
    assert not instance.SUB_GAUSSIAN.holds(replace(SIGNS, chances=np.array([0.4, 0.1, 0.1, 0.4])))
    assert instance.SUB_GAUSSIAN.holds(replace(SIGNS, sigma=2.0))
