"""Exact gradients against torch autograd, on random networks and in limiting cases."""

import numpy as np
import oracle
import pytest
from gradient_checks import agreement
from hypothesis import given
from strategies import limiting_cases, networks

from gsae_ref import ops

pytest.importorskip("torch")
LIMITING = limiting_cases()


def check(net):
    net = net._replace(Y=np.atleast_2d(net.Y))
    cost, G = ops.loss_and_grad(*net)
    expected_cost, expected_G = oracle.autograd(*net)
    assert np.isfinite(expected_G).all()
    agreement(cost, expected_cost)
    agreement(G, expected_G)


@given(networks())
def test_random_networks_agree_with_autograd(net):
    check(net)


@given(networks())
def test_linear_networks_agree_with_autograd(net):
    check(net._replace(lam=0.0))


@pytest.mark.parametrize("name", LIMITING)
def test_limiting_cases_agree_with_autograd(name):
    check(LIMITING[name])


@pytest.mark.parametrize("lam", [0.0, 1.0])
def test_a_batch_of_zeros_agrees_with_autograd(lam):
    check(LIMITING["lam = 0"]._replace(Y=np.zeros((2, 6)), lam=lam))
