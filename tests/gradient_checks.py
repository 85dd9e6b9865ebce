"""Checks of gradients: central difference, Taylor order, agreement with an oracle.

Each raises AssertionError with the numbers in its message. They detect different errors: the
central difference a gradient that is off by 1e-7 of its norm; the Taylor order needs no tolerance,
since |f(A + t D) - f(A) - t <G, D>| falls like t^2 if G is the gradient, like t if a term is
missing. Both are tested on planted mutants.
"""

import math

import numpy as np

EPS = np.finfo(float).eps
CENTRAL_STEP = EPS ** (1 / 3)  # balances the truncation error h^2 and the rounding error eps / h
TAYLOR_STEP = 1e-5  # small: at 1e-2 a gradient that is 0.1 % off still shows order 2


def _scaled(D, A):
    """The direction D with the length of A, so that a step h moves A by the relative amount h."""
    return D * (np.linalg.norm(A) / np.linalg.norm(D))


def central_difference(f, G, A, D, rtol=1e-7):
    """Check <G, D> against (f(A + h D) - f(A - h D)) / 2h.

    Allowed is ``rtol`` of ||G|| ||D|| plus the rounding error of the difference.
    """
    D = _scaled(D, A)
    h = CENTRAL_STEP
    plus = f(A + h * D)
    minus = f(A - h * D)
    numeric = (plus - minus) / (2 * h)
    analytic = float(np.sum(G * D))
    rounding = 8 * EPS * max(abs(plus), abs(minus)) / h
    allowed = rtol * np.linalg.norm(G) * np.linalg.norm(D) + rounding
    error = abs(numeric - analytic)
    assert error <= allowed, (
        f"central difference {numeric!r}, gradient {analytic!r}, "
        f"error {error:.3e}, allowed {allowed:.3e}"
    )


def taylor_order(f, G, A, D):
    """Order p of |f(A + t D) - f(A) - t <G, D>| ~ t^p at t ~ 1e-5; infinite within rounding."""
    D = _scaled(D, A)
    base = f(A)
    slope = float(np.sum(G * D))
    values = {t: f(A + t * D) for t in (TAYLOR_STEP, 4 * TAYLOR_STEP)}
    small, large = (abs(value - base - t * slope) for t, value in values.items())
    rounding = 32 * EPS * max(abs(base), *map(abs, values.values()))
    if large <= rounding:
        return math.inf
    return math.log(large / max(small, EPS * rounding), 4)


def taylor(f, G, A, D, at_least=1.9):
    """Check that the Taylor remainder has an order above ``at_least``.

    It is 2 for a right gradient, 1 when a term is missing.
    """
    order = taylor_order(f, G, A, D)
    assert order > at_least, (
        f"the Taylor remainder has order {order:.3f}, needed is more than {at_least}"
    )


def agreement(actual, expected, rtol=1e-12, scale=None):
    """Check two arrays or numbers for equal shape and ||actual - expected|| <= rtol * scale.

    The scale is by default the norm of ``expected``.
    """
    actual = np.asarray(actual)
    expected = np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    error = float(np.linalg.norm((actual - expected).ravel()))
    scale = float(np.linalg.norm(expected.ravel())) if scale is None else scale
    close = math.isfinite(error) and error <= rtol * scale
    assert close, (
        f"error {error:.3e} above {rtol:.0e} x {scale:.3e};\nactual\n{actual}\nexpected\n{expected}"
    )
