"""Group-sparse and sparse autoencoders as scikit-learn transformers. May import training, ops, checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, ops
from ..arrays import Array
from ..training.dictionary import network
from .learning import Autoencoder

if TYPE_CHECKING:
    from ..training.dictionary import Network


class GroupSparseAutoencoder(Autoencoder):
    """Dictionary of groups of atoms, with codes in which few groups are active. [T21] Eqs. (11)-(14), Sections 4.1, 4.2.

    Parameters
    ----------
    n_groups : int
        Groups; the clusters of :meth:`predict`.
    group_size : int
        Atoms in each.
    lam : float
        Threshold (11) of a group's norm; for an unfolded network the penalty, and each step
        thresholds at unfold_step * lam.
    n_unfold : int
        1: the shallow network. Above 1: so many steps of :func:`gsae_ref.unfolded_encode`, trained
        through all of them.
    unfold_step : float, optional
        Step of the unfolded encoder; None: 1 / ||A||_2^2.
    accelerated : bool
        Whether the unfolded encoder is FISTA.
    nonnegative : bool
        Whether the codes of the unfolded encoder are >= 0.
    l1 : float
        Penalty of the unfolded encoder on single entries.
    n_epochs : int
        Passes over the data.
    batch_size : int or None
        Samples in a mini-batch; None: all.
    optimizer : {"adam", "gradient_descent"}
        As in :func:`gsae_ref.train`.
    step_size : float
        Learning rate.
    gradient : {"exact", "appendix_b", "approximate"}
        As in :func:`gsae_ref.loss_and_grad`; "exact" for an unfolded network.
    constraint : {"none", "columns", "groups"}
        After every step: nothing (as T21), atoms of norm 1, or orthonormal groups.
    tangent : bool
        Whether the part of the gradient that only breaks the constraint is removed before the step.
        False: as published, and biased with Adam (notes of :func:`gsae_ref.train`).
    init : {"samples", "principal", "random"} or array_like of shape (n_components, n_features)
        Where to start: atoms drawn from the samples; leading principal directions, mixed for each
        group; Gaussian directions; or given.
    random_state : int, RandomState or None
        Seed of the start and of the mini-batches.
    verbose : bool or int
        Whether to show a bar (tqdm).
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.loss_and_grad`.

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
    Nothing is centred: put ``StandardScaler(with_std=False)`` before it where a mean is to be
    removed, as T21 does for images.

    Examples
    --------
    >>> from gsae_ref import GroupSparseAutoencoder
    >>> X = np.array([[3.0, 4.0, 0.0], [4.0, -3.0, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, -6.0]])  # a plane and a line
    >>> start = np.array([[1.0, 0.0, 0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.1, 0.0, 1.0]])
    >>> model = GroupSparseAutoencoder(n_groups=2, group_size=2, lam=1.0, init=start, constraint="groups").fit(X)
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
        options = self.n_unfold, self.unfold_step, self.accelerated, self.nonnegative, self.l1
        return network(self.group_size, self.gradient, *options, self.engine), checks.threshold(
            self.lam
        )

    def _start(self, A: Array) -> dict[str, Array]:
        return {"A": A}

    def _objective(self) -> Callable[..., Any]:
        net, lam = self._network()
        project = self._projection()

        def objective(
            parameters: dict[str, Array], samples: Array, epoch: int
        ) -> tuple[float, dict[str, Array]]:
            cost, G = net.loss_and_grad(parameters["A"], samples, lam)
            return cost, {"A": project(parameters["A"], G)}

        return objective

    def _keep(self, parameters: dict[str, Array]) -> None:
        """Nothing beside components_ is learned."""

    def _encode(self, X: Array) -> Array:
        net, lam = self._network()
        return net.encode(self.components_.T, X, lam)

    def _loss(self, X: Array) -> float:
        net, lam = self._network()
        return net.loss(self.components_.T, X, lam)


class SparseAutoencoder(Autoencoder):
    """Dictionary of single atoms, with codes in which few are active: the sparse network that T21 compares with, and that of N19.

    Parameters
    ----------
    n_components : int
        Atoms.
    lam : float
        Threshold of "soft" and "hard"; for "relu" the bias starts at -lam.
    activation : {"soft", "hard", "relu"}
        sign(z) (|z| - lam)_+; z 1{|z| > lam}; max(z, 0) with a bias b. [N19] Eq. (2).
    fit_bias : bool
        For "relu": whether the bias is learned with the atoms, or stays at -lam.
    n_epochs : int
        Passes over the data.
    batch_size : int or None
        Samples in a mini-batch; None: all.
    optimizer : {"adam", "gradient_descent"}
        As in :func:`gsae_ref.train`.
    step_size : float
        Learning rate.
    constraint : {"none", "columns"}
        After every step: nothing, or atoms of norm 1.
    tangent : bool
        Whether the part of the gradient that only breaks the constraint is removed before the step,
        as in :class:`GroupSparseAutoencoder`.
    init : {"samples", "principal", "random"} or array_like of shape (n_components, n_features)
        Where to start: atoms drawn from the samples; leading principal directions; Gaussian
        directions; or given.
    random_state : int, RandomState or None
        Seed of the start and of the mini-batches.
    verbose : bool or int
        Whether to show a bar (tqdm).
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
    >>> from gsae_ref import SparseAutoencoder
    >>> model = SparseAutoencoder(n_components=2, lam=1.0, activation="hard", init=np.eye(2)).fit([[3.0, 0.0], [0.0, 5.0]])
    >>> model.transform([[2.0, 0.5]])  # the second entry is below the threshold
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
        """The threshold of the activation: ReLU has its bias instead."""
        checks.option("activation", self.activation, ("soft", "hard", "relu"))
        return 0.0 if self.activation == "relu" else checks.threshold(self.lam)

    def _start(self, A: Array) -> dict[str, Array]:
        bias = -checks.threshold(self.lam) if self.activation == "relu" else 0.0
        return {"A": A, "bias": np.full(A.shape[1], bias, A.dtype)}

    def _objective(self) -> Callable[..., Any]:
        activation = self.activation
        lam = self._threshold()
        engine = self.engine
        project = self._projection()
        learns_bias = checks.flag("fit_bias", self.fit_bias) and activation == "relu"

        def objective(
            parameters: dict[str, Array], samples: Array, epoch: int
        ) -> tuple[float, dict[str, Array]]:
            W = parameters["A"]
            bias = parameters["bias"]
            cost, dW, db = ops.sparse_loss_and_grad(
                W, samples, bias, activation, lam, engine=engine
            )
            return cost, {"A": project(W, dW)} | ({"bias": db} if learns_bias else {})

        return objective

    def _keep(self, parameters: dict[str, Array]) -> None:
        self.bias_ = parameters["bias"]

    def _encode(self, X: Array) -> Array:
        return ops.sparse_encode(
            self.components_.T, X, self.bias_, self.activation, self._threshold()
        )

    def _loss(self, X: Array) -> float:
        return ops.sparse_loss(
            self.components_.T, X, self.bias_, self.activation, self._threshold()
        )
