"""Group-sparse and sparse autoencoders as scikit-learn transformers.

May import training, ops, checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, ops
from ..arrays import Array
from ..training.networks import Network, build_network
from .learning import Autoencoder


class GroupSparseAutoencoder(Autoencoder):
    """Dictionary of groups of atoms, for codes with few active groups. [T21] Eqs. (11)-(14).

    Parameters
    ----------
    n_groups : int
        Number of groups, and of clusters in :meth:`predict`.
    group_size : int
        Atoms per group.
    lam : float
        Threshold of a group's norm in (11), for an unfolded network the penalty.
    n_unfold, unfold_step, accelerated, nonnegative, l1
        As in :func:`gsae_ref.train`: the unfolded network, for ``n_unfold`` above 1.
    n_epochs : int
        Passes over the data.
    batch_size : int or None
        Samples in a mini-batch; None: all samples.
    optimizer, step_size, gradient, constraint
        As in :func:`gsae_ref.train`; step_size is one number.
    tangent : bool
        Whether the gradient is projected on the tangent space of the constraint before the step.
        False: as published, and biased with Adam (see the notes of :func:`gsae_ref.train`).
    init : {"samples", "principal", "random"} or array_like of shape (n_components, n_features)
        The start: atoms drawn from the samples; leading principal directions, mixed for each group;
        Gaussian directions; or given.
    random_state : int, RandomState or None
        Seed of the start and of the mini-batches.
    verbose : bool or int
        Whether a bar is shown (tqdm).
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.train`.

    Attributes
    ----------
    components_ : ndarray of shape (n_groups * group_size, n_features)
        Atoms as rows, the transpose of the dictionary A; groups are blocks of ``group_size`` rows.
    loss_curve_ : list of float
        Mean cost of every epoch.
    n_iter_ : int
        Epochs done; for :meth:`partial_fit`, calls.
    n_features_in_ : int
    feature_names_in_ : ndarray, if the samples have names

    Notes
    -----
    Samples are not centred. To remove the mean, as T21 does for images, put
    ``StandardScaler(with_std=False)`` before this estimator in a pipeline.

    Examples
    --------
    Two samples in a plane, two on a line:

    >>> from gsae_ref import GroupSparseAutoencoder
    >>> X = np.array([[3.0, 4.0, 0.0], [4.0, -3.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, -6.0]])
    >>> start = np.array([[1.0, 0.0, 0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.1, 0.0, 1.0]])
    >>> options = {"lam": 1.0, "init": start, "constraint": "groups"}
    >>> model = GroupSparseAutoencoder(n_groups=2, group_size=2, **options).fit(X)
    >>> model.predict(X)
    array([0, 0, 1, 1])
    """

    def __init__(
        self,
        n_groups: int = 10,
        group_size: int = 2,
        lam: float = 0.1,
        *,
        n_unfold: int = 1,
        unfold_step: float | None = None,
        accelerated: bool = True,
        nonnegative: bool = False,
        l1: float = 0.0,
        n_epochs: int = 50,
        batch_size: int = 128,
        optimizer: str = "adam",
        step_size: float = 1e-3,
        gradient: str = "exact",
        constraint: str = "columns",
        tangent: bool = True,
        init: str | ArrayLike = "samples",
        random_state: Any = None,
        verbose: bool | int = False,
        engine: str = "auto",
    ) -> None:
        self.n_groups = n_groups
        self.group_size = group_size
        self.lam = lam
        self.n_unfold = n_unfold
        self.unfold_step = unfold_step
        self.accelerated = accelerated
        self.nonnegative = nonnegative
        self.l1 = l1
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.step_size = step_size
        self.gradient = gradient
        self.constraint = constraint
        self.tangent = tangent
        self.init = init
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine

    def _sizes(self) -> tuple[int, int]:
        return checks.count("n_groups", self.n_groups), checks.group_size(self.group_size)

    def _network(self) -> tuple[Network, float]:
        network = build_network(
            self.group_size,
            self.gradient,
            self.n_unfold,
            self.unfold_step,
            self.accelerated,
            self.nonnegative,
            self.l1,
            self.engine,
        )
        return network, checks.threshold(self.lam)

    def _start(self, A: Array) -> dict[str, Array]:
        return {"A": A}

    def _objective(self) -> Callable[..., Any]:
        network, lam = self._network()
        tangent = self._tangent()

        def objective(
            parameters: dict[str, Array], samples: Array, epoch: int
        ) -> tuple[float, dict[str, Array]]:
            A = parameters["A"]
            cost, G = network.loss_and_grad(A, samples, lam)
            return cost, {"A": tangent(A, G)}

        return objective

    def _set_attributes(self, parameters: dict[str, Array]) -> None:
        """Only components_ is learned."""

    def _encode(self, X: Array) -> Array:
        network, lam = self._network()
        return network.encode(self.components_.T, X, lam)

    def _loss(self, X: Array) -> float:
        network, lam = self._network()
        return network.loss(self.components_.T, X, lam)


class SparseAutoencoder(Autoencoder):
    """Dictionary of atoms, for codes with few non-zero entries. [N19] Eq. (2).

    It is also the sparse network with which T21 compares its group-sparse one.

    Parameters
    ----------
    n_components : int
        Atoms.
    lam : float
        Threshold of "soft" and "hard"; for "relu" the bias starts at -lam.
    activation : {"soft", "hard", "relu"}
        sign(z) (|z| - lam)_+; z 1{|z| > lam}; max(z, 0) with a bias b.
    fit_bias : bool
        For "relu": whether the bias is learned with the atoms, or stays at -lam.
    n_epochs, batch_size, optimizer, step_size, constraint, tangent, init, random_state, verbose
        As in :class:`GroupSparseAutoencoder`, for groups of one atom.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.sparse_loss_and_grad`.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Atoms as rows, the transpose of the weights W.
    bias_ : ndarray of shape (n_components,)
        The encoder's bias; zero for "soft" and "hard".
    loss_curve_ : list of float
        Mean cost of every epoch.
    n_iter_ : int
        Epochs done; for :meth:`partial_fit`, calls.
    n_features_in_ : int
    feature_names_in_ : ndarray, if the samples have names

    Notes
    -----
    The unfolded sparse network is ``GroupSparseAutoencoder(group_size=1, n_unfold=...)``.

    Examples
    --------
    The second entry of the code is below the threshold.

    >>> from gsae_ref import SparseAutoencoder
    >>> options = {"lam": 1.0, "activation": "hard", "init": np.eye(2)}
    >>> model = SparseAutoencoder(n_components=2, **options).fit([[3.0, 0.0], [0.0, 5.0]])
    >>> model.transform([[2.0, 0.5]])
    array([[2., 0.]])
    """

    def __init__(
        self,
        n_components: int = 20,
        lam: float = 0.1,
        activation: str = "soft",
        *,
        fit_bias: bool = True,
        n_epochs: int = 50,
        batch_size: int = 128,
        optimizer: str = "adam",
        step_size: float = 1e-3,
        constraint: str = "columns",
        tangent: bool = True,
        init: str | ArrayLike = "samples",
        random_state: Any = None,
        verbose: bool | int = False,
        engine: str = "auto",
    ) -> None:
        self.n_components = n_components
        self.lam = lam
        self.activation = activation
        self.fit_bias = fit_bias
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.step_size = step_size
        self.constraint = constraint
        self.tangent = tangent
        self.init = init
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine

    def _sizes(self) -> tuple[int, int]:
        return checks.count("n_components", self.n_components), 1

    def _threshold(self) -> float:
        """The threshold of the activation; 0 for ReLU, which has a bias instead."""
        checks.option("activation", self.activation, ("soft", "hard", "relu"))
        return 0.0 if self.activation == "relu" else checks.threshold(self.lam)

    def _start(self, A: Array) -> dict[str, Array]:
        bias = -checks.threshold(self.lam) if self.activation == "relu" else 0.0
        return {"A": A, "bias": np.full(A.shape[1], bias, A.dtype)}

    def _objective(self) -> Callable[..., Any]:
        activation = self.activation
        engine = self.engine
        lam = self._threshold()
        tangent = self._tangent()
        learns_bias = checks.flag("fit_bias", self.fit_bias) and activation == "relu"

        def objective(
            parameters: dict[str, Array], samples: Array, epoch: int
        ) -> tuple[float, dict[str, Array]]:
            W = parameters["A"]
            bias = parameters["bias"]
            cost, dW, db = ops.sparse_loss_and_grad(
                W, samples, bias, activation, lam, engine=engine
            )
            gradient = {"A": tangent(W, dW)}
            if learns_bias:
                gradient["bias"] = db
            return cost, gradient

        return objective

    def _set_attributes(self, parameters: dict[str, Array]) -> None:
        self.bias_ = parameters["bias"]

    def _encode(self, X: Array) -> Array:
        return ops.sparse_encode(
            self.components_.T, X, self.bias_, self.activation, self._threshold()
        )

    def _loss(self, X: Array) -> float:
        return ops.sparse_loss(
            self.components_.T, X, self.bias_, self.activation, self._threshold()
        )
