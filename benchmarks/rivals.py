"""The kernels, and their rivals: the same numbers from NumPy, SciPy, torch, JAX and others.

A rival of the gradient is a function ``(A, Y, lam, group_size) -> (cost, gradient)``, or it returns
one where something is prepared once (a compilation, a copy of the data in the library's own form).
Only rivals whose library is installed are listed.
"""

import itertools

import numpy as np
from timing import OWN_PRODUCT, available

from gsae_ref.kernels import activations, unfolded
from gsae_ref.kernels import autoencoder as kernels
from gsae_ref.ops.engine import one_blas_thread
from gsae_ref.reference import activations as reference_activations
from gsae_ref.reference import autoencoder


def shallow_kernel(*problem, **options):
    """Loss and exact gradient of the kernel, with one BLAS thread, as the package calls it."""
    with one_blas_thread():
        return kernels.loss_and_grad(*problem, "exact", **options)


def unfolded_kernel(*problem, **options):
    """Loss and gradient of the unfolded kernel, with one BLAS thread, as the package calls it."""
    with one_blas_thread():
        return unfolded.unfolded_loss_and_grad(*problem, **options)


def own_products(A, Y):
    """The product Y A by every library that computes a gradient: name -> function."""
    products = {"NumPy": lambda: Y @ A}
    if available("torch"):
        import torch

        samples = torch.from_numpy(Y)
        dictionary = torch.from_numpy(A)
        products["torch"] = lambda: samples @ dictionary
    if available("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        arrays = jax.device_put((Y, A))
        multiply = jax.jit(lambda Y, A: Y @ A)
        products["JAX"] = lambda: multiply(*arrays).block_until_ready()
    return {OWN_PRODUCT + who: function for who, function in products.items()}


def gradients(A, Y, lam, group_size, compiling=True):
    """Rivals as functions of the dictionary alone, name -> (A -> (cost, gradient)).

    With ``compiling`` torch.compile is among them, which takes a while.
    """
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
            problem = samples, lam, group_size
            rivals["torch.compile"] = lambda A: torch_gradient(compiled, A, *problem)
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
    """Dense pre-activations; after the threshold SciPy's sparse rows, active groups only."""
    from scipy.sparse import csr_array

    Z = Y @ A
    norms = np.linalg.norm(Z.reshape(len(Y), -1, group_size), axis=2)
    rows, groups = np.nonzero(norms > lam)
    r = norms[rows, groups][:, None]
    tau = 1 - lam / r
    columns = groups[:, None] * group_size + np.arange(group_size)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(Y)) * group_size)])

    def sparse(values):
        return csr_array((values.astype(A.dtype).ravel(), columns.ravel(), ends), Z.shape)

    z = Z[rows[:, None], columns]
    X = sparse(tau * z)
    E = Y - X @ np.ascontiguousarray(A.T)
    if columns.size < Z.size / 10:
        blocks = A.T.reshape(-1, group_size, len(A)).transpose(0, 2, 1)
        back = np.einsum("knd,kn->kd", blocks[groups], E[rows])
    else:  # one block for every active group would not fit into memory
        back = (E @ A)[rows[:, None], columns]
    u = z / r
    B = sparse(tau * back + (1 - tau) * np.sum(u * back, axis=1, keepdims=True) * u)
    return float(np.sum(E * E, dtype=np.float64)) / (2 * len(Y)), -(X.T @ E + B.T @ Y).T / len(Y)


def torch_loss(A, Y, lam, group_size):
    """The loss as usually written in torch; the norm is clamped, as its derivative at 0 is 0/0."""
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
    """The loss as usually written in JAX, in float64 where the data are."""
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
    """jax.value_and_grad, compiled."""
    import jax
    import jax.numpy as jnp

    both = jax.jit(jax.value_and_grad(jax_loss(lam, group_size)))
    samples = jnp.asarray(Y)

    def gradient(A):
        cost, G = both(jnp.asarray(A), samples)
        return float(cost), np.asarray(G)

    return gradient


def jax_descent(A, Y, lam, group_size):
    """A function that takes one step of Adam and returns the cost before it.

    Loss, gradient and step are compiled together.
    """
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
    zeros = jnp.zeros_like(samples, shape=A.shape)
    state = [jnp.asarray(A), zeros, zeros]
    steps = itertools.count(1)

    def step():
        cost, *state[:] = advance(*state, jnp.asarray(next(steps), samples.dtype), samples)
        return float(cost)

    return step


def torch_adam(arrays):
    """One step of torch's Adam, default and fused, always with the same gradient."""
    import torch

    def stepper(**options):
        parameter = torch.nn.Parameter(torch.from_numpy(arrays[0].copy()))
        parameter.grad = torch.from_numpy(arrays[1].copy())
        return torch.optim.Adam([parameter], lr=1e-3, **options).step

    return {"torch.optim.Adam": stepper(), "torch.optim.Adam, fused": stepper(fused=True)}


def torch_descent(A, Y, lam, group_size):
    """As :func:`jax_descent`, by torch with its fused Adam."""
    import torch

    parameter = torch.tensor(A, requires_grad=True)
    samples = torch.from_numpy(Y)
    adam = torch.optim.Adam([parameter], lr=1e-3, fused=True)

    def step():
        adam.zero_grad()
        cost = torch_loss(parameter, samples, lam, group_size)
        cost.backward()
        adam.step()
        return cost.item()

    return step


def thresholds(Z, lam, group_size):
    """Rivals of the threshold alone: name -> (() -> codes, one row for every group)."""

    def rows(X):
        return X.reshape(-1, group_size)

    threads = (("kernel", 1), ("kernel, all threads", None))
    rivals = {
        name: lambda n=n: rows(activations.group_soft_threshold(Z, lam, group_size, n))
        for name, n in threads
    }
    rivals["reference"] = lambda: rows(
        reference_activations.group_soft_threshold(Z, lam, group_size)
    )
    rivals["NumPy einsum"] = lambda: rows(einsum_threshold(Z, lam, group_size))
    if available("torch"):
        rivals["torch"] = torch_threshold(Z, lam, group_size)
    # The block soft threshold of skglm does not compile for float32.
    if available("skglm") and Z.dtype == np.float64:
        rivals["skglm"] = skglm_threshold(Z, lam, group_size)
    if available("pyproximal"):
        rivals["pyproximal"] = pyproximal_threshold(Z, lam, group_size)
    if available("spams"):
        rivals["spams"] = spams_threshold(Z, lam, group_size)
    return rivals


def einsum_threshold(Z, lam, group_size):
    groups = Z.reshape(len(Z), -1, group_size)
    r = np.sqrt(np.einsum("ngd,ngd->ng", groups, groups))
    return (np.maximum(1 - lam / np.maximum(r, 1e-30), 0)[..., None] * groups).reshape(Z.shape)


def torch_threshold(Z, lam, group_size):
    import torch

    groups = torch.from_numpy(Z).reshape(-1, group_size)

    def threshold():
        norms = torch.linalg.vector_norm(groups, dim=1, keepdim=True).clamp_min(1e-30)
        return (torch.relu(1 - lam / norms) * groups).numpy()

    return threshold


def skglm_threshold(Z, lam, group_size):
    from numba import njit
    from skglm.utils.prox_funcs import BST

    groups = Z.reshape(-1, group_size)

    @njit
    def every_group(groups, out):
        for k in range(len(groups)):
            out[k] = BST(groups[k], lam)

    def threshold():
        out = np.empty_like(groups)
        every_group(groups, out)
        return out

    return threshold


def pyproximal_threshold(Z, lam, group_size):
    from pyproximal import L21

    columns = np.ascontiguousarray(Z.reshape(-1, group_size).T).ravel()  # a group is a column there
    operator = L21(group_size)
    return lambda: operator.prox(columns, lam).reshape(group_size, -1).T


def spams_threshold(Z, lam, group_size):
    import spams

    options = {"lambda1": lam, "regul": "group-lasso-l2", "size_group": group_size}
    return lambda: spams.proximalFlat(Z.T, **options).T.reshape(-1, group_size)
