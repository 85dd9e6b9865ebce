"""The unfolded encoder by other routes: loops, autograd, optimisers, duality; and instances."""

import math

import numpy as np
import oracle
import pytest
import scipy.optimize
from gradient_checks import agreement, central_difference, taylor

from gsae_ref.reference import unfolded

DEPTHS = (1, 2, 3, 15)
PENALTIES = [
    {"nonnegative": positive, "l1": l1} for positive in (False, True) for l1 in (0.0, 0.15)
]
FLAGS = [
    {"accelerated": accelerated, **penalty}
    for accelerated in (True, False)
    for penalty in PENALTIES
]
penalties = pytest.mark.parametrize("penalty", PENALTIES, ids=str)
flags = pytest.mark.parametrize("flag", FLAGS, ids=str)

# ---- other routes


def slow_prox(z, lam, group_size, nonnegative, l1):
    """One vector, one entry at a time; and the distance of the nearest norm or entry to a kink."""
    w = np.zeros(len(z))
    kinks = []
    for j, z_j in enumerate(z.tolist()):
        above = (z_j if nonnegative else abs(z_j)) - l1
        w[j] = math.copysign(max(above, 0.0), z_j)
        if l1 or nonnegative:
            kinks.append(abs(above))
    for group in oracle.group_indices(len(z), group_size):
        if lam:
            kinks.append(abs(oracle.norm(w[group]) - lam))
    return oracle.shrink(w, lam, group_size), min(kinks, default=np.inf)


def slow_encode(
    A, Y, lam, group_size, n_unfold, step_size=None, accelerated=True, nonnegative=False, l1=0.0
):
    """Beck and Teboulle as they print it: x_k = p(y_k), then t_{k+1}, then y_{k+1}.

    Returns the codes and the smallest distance to a kink, relative to the largest pre-activation.
    """
    a = 1 / np.linalg.eigvalsh(A.T @ A)[-1] if step_size is None else step_size
    codes = []
    nearest = np.inf
    largest = 0.0
    for y in Y:
        x = point = np.zeros(A.shape[1])
        t = 1.0
        for _ in range(n_unfold):
            z = point - a * (A.T @ (A @ point - y))
            old = x
            x, distance = slow_prox(z, a * lam, group_size, nonnegative, a * l1)
            nearest = min(nearest, distance)
            largest = max(largest, np.abs(z).max())
            t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
            point = x + (t - 1) / t_next * (x - old) if accelerated else x
            t = t_next
        codes.append(x)
    return np.array(codes), nearest / max(largest, 1e-300)


def autograd(
    A, Y, lam, group_size, n_unfold, step_size=None, accelerated=True, nonnegative=False, l1=0.0
):
    """Loss (13) of the K-th codes and its gradient by torch; no 0 / 0 enters the tape."""
    torch = pytest.importorskip("torch")
    A = torch.tensor(A, dtype=torch.float64, requires_grad=True)
    Y = torch.tensor(Y, dtype=torch.float64)
    if step_size is None:
        a = torch.linalg.matrix_norm(A, 2) ** -2
    else:
        a = torch.tensor(step_size, dtype=torch.float64)
    x = point = torch.zeros(len(Y), A.shape[1], dtype=torch.float64)
    t = 1.0
    for _ in range(n_unfold):
        z = point - a * (point @ A.T - Y) @ A
        if l1:
            passes = z > a * l1 if nonnegative else z.abs() > a * l1
            z = torch.where(passes, z - a * l1 * torch.sign(z), 0.0)
        elif nonnegative:
            z = torch.where(z > 0, z, 0.0)
        old = x
        x = z
        if lam:
            G = z.reshape(len(Y), -1, group_size)
            squares = (G**2).sum(-1, keepdim=True)
            active = squares > (a * lam) ** 2
            r = torch.where(active, squares, 1.0).sqrt()
            x = (torch.where(active, 1 - a * lam / r, 0.0) * G).reshape(z.shape)
        t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
        point = x + (t - 1) / t_next * (x - old) if accelerated else x
        t = t_next
    cost = ((Y - x @ A.T) ** 2).sum() / (2 * len(Y))
    cost.backward()
    return cost.item(), A.grad.numpy()


def violation(r, x, lam, group_size, nonnegative=False, l1=0.0):
    """Distance of r to the subdifferential of lam sum ||x_g|| + l1 ||x||_1 (+ x >= 0) at x.

    Zero for r = A^T (y - A x): x is optimal.
    """
    worst = -x.min() if nonnegative else 0.0
    for group in oracle.group_indices(len(x), group_size):
        size = oracle.norm(x[group])
        gaps = []
        for j in group:
            rest = r[j] - (lam * x[j] / size if size else 0.0)  # left for l1 and the constraint
            if x[j]:
                gaps.append(abs(rest - l1 * np.sign(x[j])))
            else:
                gaps.append(max((rest if nonnegative else abs(rest)) - l1, 0.0))
        worst = max(worst, oracle.norm(gaps) - (0.0 if size else lam))
    return worst


def objective(A, y, x, lam, group_size, nonnegative=False, l1=0.0):
    norms = [oracle.norm(x[group]) for group in oracle.group_indices(len(x), group_size)]
    return 0.5 * np.sum((y - A @ x) ** 2) + lam * sum(norms) + l1 * np.abs(x).sum()


def prox_by_optimisation(z, lam, nonnegative, l1):
    """One group by L-BFGS-B over x = p - q, p, q >= 0, compared with x = 0.

    q = 0 if nonnegative.
    """
    size = len(z)

    def cost(pq):
        x = pq[:size] - pq[size:]
        r = np.linalg.norm(x)
        slope = x - z + (lam * x / r if r > 0 else 0 * x)
        value = 0.5 * np.sum((x - z) ** 2) + lam * r + l1 * pq.sum()
        return value, np.concatenate([slope, -slope]) + l1

    start = np.concatenate([np.maximum(z, 0.1), 0 * z if nonnegative else np.maximum(-z, 0.1)])
    bounds = [(0, None)] * size + [(0, 0) if nonnegative else (0, None)] * size
    options = {"ftol": 1e-16, "gtol": 1e-13, "maxiter": 5000, "maxfun": 50000}
    result = scipy.optimize.minimize(
        cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    best = min((np.zeros(2 * size), result.x), key=lambda pq: cost(pq)[0])
    return best[:size] - best[size:]


def residual_by_duality(A, y, lam, group_size, nonnegative, l1):
    """y - A x* without x*: the point nearest to y with ||S(A_g^T theta)|| <= lam for every group.

    This smooth problem is solved by SLSQP.
    """

    def excess(theta):
        z = A.T @ theta
        w = np.maximum((z if nonnegative else np.abs(z)) - l1, 0.0)
        return w * (1.0 if nonnegative else np.sign(z)), (w**2).reshape(-1, group_size).sum(1)

    def room(theta):
        return lam**2 - excess(theta)[1]

    def room_slope(theta):
        return -2 * (A * excess(theta)[0]).reshape(len(A), -1, group_size).sum(2).T

    start = y * min(1.0, lam / max(np.linalg.norm((A.T @ y).reshape(-1, group_size), axis=1)))
    result = scipy.optimize.minimize(
        lambda theta: 0.5 * np.sum((theta - y) ** 2),
        start,
        jac=lambda theta: theta - y,
        method="SLSQP",
        constraints={"type": "ineq", "fun": room, "jac": room_slope},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return result.x


# ---- instances


def instance(
    seed,
    n_unfold=15,
    group_size=2,
    n_groups=3,
    n_features=5,
    n_samples=2,
    step=None,
    margin=2e-4,
    lam=0.4,
    **flag,
):
    """Arguments (A, Y, lam, group_size, n_unfold) and options without a kink within ``margin``.

    ``step`` is a multiple of 1 / ||A||_2^2, or None. The two largest singular values of A differ by
    at least 5 %.
    """
    for attempt in range(1000):
        rng = np.random.default_rng([seed, attempt])
        scale = np.repeat(np.exp(0.3 * rng.normal(size=n_groups)), group_size)
        A = scale * rng.normal(size=(n_features, n_groups * group_size)) / np.sqrt(n_features)
        sigma = np.linalg.svd(A, compute_uv=False)
        size = 1.5 * np.exp(0.3 * rng.normal(size=(n_samples, 1)))
        Y = size * rng.normal(size=(n_samples, n_features))
        options = {**flag, "step_size": step and float(step / sigma[0] ** 2)}
        args = (A, Y, lam, group_size, n_unfold)
        if len(sigma) > 1 and sigma[0] < 1.05 * sigma[1]:
            continue
        if slow_encode(*args, **options)[1] >= margin:
            return args, options
    raise AssertionError(f"no instance with margin {margin} in 1000 draws, seed {seed}")


def cost(args, options):
    """The loss as a function of the dictionary alone, by the encoder, without a reverse pass."""

    def of(A):
        E = args[1] - unfolded.unfolded_encode(A, *args[1:], **options) @ A.T
        return float(np.sum(E * E)) / (2 * len(E))

    return of


def check_gradient(subject, args, options, seed=0):
    """Both difference checks along one direction; ``subject`` replaces unfolded_loss_and_grad."""
    value, G = subject(*args, **options)
    agreement(value, cost(args, options)(args[0]))
    D = np.random.default_rng(seed).normal(size=args[0].shape)
    central_difference(cost(args, options), G, args[0], D)
    taylor(cost(args, options), G, args[0], D)
