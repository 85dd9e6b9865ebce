"""Others who compute the loss (13) and its exact gradient: the same numbers from NumPy, SciPy, torch and JAX.

Each is a function ``(A, Y, lam, group_size) -> (cost, gradient)``, or a maker of one where
something is prepared once (a compilation, a copy of the data in the library's own form).
:func:`gradients` lists those whose library is installed.
"""

import importlib.util

import numpy as np

from gsae_ref.kernels import activations
from gsae_ref.reference import autoencoder


def available(library):
    return importlib.util.find_spec(library) is not None


def gradients(A, Y, lam, group_size, compiling=True):
    """Rivals as functions of the dictionary alone: name -> (A -> (cost, gradient)); ``compiling``: with torch.compile, which takes a while."""
    rivals = {
        "reference": lambda A: autoencoder.loss_and_grad(A, Y, lam, group_size),
        "NumPy, Numba threshold": lambda A: dense_with_compiled_threshold(A, Y, lam, group_size),
        "SciPy CSR codes": lambda A: sparse_codes(A, Y, lam, group_size),
    }
    if available("torch"):
        import torch

        samples = torch.from_numpy(Y)
        rivals["torch eager"] = lambda A: torch_gradient(torch_loss, A, samples, lam, group_size)
        if compiling:
            compiled = torch.compile(torch_loss, dynamic=False)
            rivals["torch.compile"] = lambda A: torch_gradient(
                compiled, A, samples, lam, group_size
            )
    if available("jax"):
        rivals["JAX jit"] = jax_gradient(Y, lam, group_size)
    return rivals


def dense_with_compiled_threshold(A, Y, lam, group_size):
    """Five products by BLAS, the threshold and its Jacobian in one pass each."""
    Z = Y @ A
    X = activations.group_soft_threshold(Z, lam, group_size)
    E = Y - X @ A.T
    back = activations.group_soft_threshold_vjp(Z, E @ A, lam, group_size)
    return float(np.sum(E * E, dtype=np.float64)) / (2 * len(Y)), -(E.T @ X + Y.T @ back) / len(Y)


def sparse_codes(A, Y, lam, group_size):
    """Dense pre-activations; from there on SciPy's compressed rows, active groups only."""
    from scipy.sparse import csr_array

    Z = Y @ A
    r = np.linalg.norm(Z.reshape(len(Y), -1, group_size), axis=2)
    rows, groups = np.nonzero(r > lam)
    tau = 1 - lam / r[rows, groups][:, None]
    columns = groups[:, None] * group_size + np.arange(group_size)
    z = Z[rows[:, None], columns]
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(Y)) * group_size)])
    X = csr_array(((tau * z).ravel(), columns.ravel(), ends), shape=Z.shape)
    E = Y - X @ np.ascontiguousarray(A.T)
    if columns.size < Z.size / 10:
        back = np.einsum(
            "knd,kn->kd", A.T.reshape(-1, group_size, len(A)).transpose(0, 2, 1)[groups], E[rows]
        )
    else:  # the dictionary's groups, gathered for every active one, would not fit into memory
        back = (E @ A)[rows[:, None], columns]
    u = z / r[rows, groups][:, None]
    B = csr_array(
        (
            (tau * back + (1 - tau) * np.sum(u * back, axis=1, keepdims=True) * u)
            .astype(A.dtype)
            .ravel(),
            columns.ravel(),
            ends,
        ),
        Z.shape,
    )
    return float(np.sum(E * E, dtype=np.float64)) / (2 * len(Y)), -(X.T @ E + B.T @ Y).T / len(Y)


def torch_loss(A, Y, lam, group_size):
    """The loss as one would write it in torch. The norm is kept off zero, where its derivative is 0 / 0."""
    import torch

    Z = (Y @ A).reshape(len(Y), -1, group_size)
    tau = torch.relu(1 - lam / torch.linalg.vector_norm(Z, dim=2, keepdim=True).clamp_min(1e-30))
    return ((Y - (tau * Z).reshape(len(Y), -1) @ A.T) ** 2).sum() / (2 * len(Y))


def torch_gradient(loss, A, Y, lam, group_size):
    import torch

    A = torch.tensor(A, requires_grad=True)
    cost = loss(A, Y, lam, group_size)
    cost.backward()
    return cost.item(), A.grad.numpy()


def jax_loss(lam, group_size):
    """The loss as one would write it in JAX. float64 has to be switched on."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(A, Y):
        Z = (Y @ A).reshape(len(Y), -1, group_size)
        squares = jnp.sum(Z * Z, axis=2, keepdims=True)
        r = jnp.sqrt(jnp.where(squares > 0, squares, 1))
        X = (jnp.maximum(1 - lam / jnp.where(squares > 0, r, lam), 0) * Z).reshape(len(Y), -1)
        return jnp.sum((Y - X @ A.T) ** 2) / (2 * len(Y))

    return loss


def jax_gradient(Y, lam, group_size):
    """value_and_grad, compiled."""
    import jax
    import jax.numpy as jnp

    both = jax.jit(jax.value_and_grad(jax_loss(lam, group_size)))
    samples = jnp.asarray(Y)

    def gradient(A):
        cost, G = both(jnp.asarray(A), samples)
        return float(cost), np.asarray(G)

    return gradient


def jax_descent(A, Y, lam, group_size):
    """The function that takes one step of Adam and returns the cost before it: loss, gradient and step compiled together."""
    import jax
    import jax.numpy as jnp

    both = jax.value_and_grad(jax_loss(lam, group_size))

    @jax.jit
    def advance(A, first, second, steps, Y):
        cost, G = both(A, Y)
        first, second = 0.9 * first + 0.1 * G, 0.999 * second + 0.001 * G * G
        A = A - 1e-3 * (first / (1 - 0.9**steps)) / (jnp.sqrt(second / (1 - 0.999**steps)) + 1e-8)
        return cost, A, first, second

    samples = jnp.asarray(Y)
    state = [
        jnp.asarray(A),
        jnp.zeros_like(samples, shape=A.shape),
        jnp.zeros_like(samples, shape=A.shape),
        0,
    ]

    def step():
        state[3] += 1
        cost, *state[:3] = advance(*state[:3], jnp.asarray(state[3], samples.dtype), samples)
        return float(cost)

    return step


def torch_adam(arrays):
    """One step of torch's Adam, stock and fused, on a parameter and a gradient that stay."""
    import torch

    def stepper(**options):
        parameter = torch.nn.Parameter(torch.from_numpy(arrays[0].copy()))
        parameter.grad = torch.from_numpy(arrays[1].copy())
        return torch.optim.Adam([parameter], lr=1e-3, **options).step

    return {"torch.optim.Adam": stepper(), "torch.optim.Adam, fused": stepper(fused=True)}


def thresholds(Z, lam, group_size):
    """Rivals of the threshold alone: name -> (() -> codes, one row for every group)."""
    from gsae_ref.reference import activations as reference

    def rows(X):
        return X.reshape(-1, group_size)

    rivals = {
        "kernel": lambda: rows(activations.group_soft_threshold(Z, lam, group_size)),
        "kernel, all threads": lambda: rows(
            activations.group_soft_threshold(Z, lam, group_size, None)
        ),
        "reference": lambda: rows(reference.group_soft_threshold(Z, lam, group_size)),
        "NumPy einsum": lambda: rows(_einsum_threshold(Z, lam, group_size)),
    }
    if available("torch"):
        import torch

        z = torch.from_numpy(Z)

        def by_torch():
            groups = z.reshape(len(Z), -1, group_size)
            scale = torch.relu(
                1 - lam / torch.linalg.vector_norm(groups, dim=2, keepdim=True).clamp_min(1e-30)
            )
            return rows((scale * groups).numpy())

        rivals["torch"] = by_torch
    if (
        available("skglm") and Z.dtype == np.float64
    ):  # its block soft threshold does not compile for float32
        from numba import njit
        from skglm.utils.prox_funcs import BST

        @njit
        def every_group(groups, out):
            for k in range(len(groups)):
                out[k] = BST(groups[k], lam)

        def by_skglm():
            out = np.empty_like(Z)
            every_group(rows(Z), rows(out))
            return rows(out)

        rivals["skglm"] = by_skglm
    if available("pyproximal"):
        from pyproximal import L21

        columns = np.ascontiguousarray(rows(Z).T).ravel()
        operator = L21(group_size)  # its layout: a group is a column
        rivals["pyproximal"] = lambda: operator.prox(columns, lam).reshape(group_size, -1).T
    if available("spams"):
        import spams

        def by_spams():
            return rows(
                spams.proximalFlat(
                    Z.T, lambda1=lam, regul="group-lasso-l2", size_group=group_size
                ).T
            )

        rivals["spams"] = by_spams
    return rivals


def _einsum_threshold(Z, lam, group_size):
    groups = Z.reshape(len(Z), -1, group_size)
    r = np.sqrt(np.einsum("ngd,ngd->ng", groups, groups))
    return (np.maximum(1 - lam / np.maximum(r, 1e-30), 0)[..., None] * groups).reshape(Z.shape)
