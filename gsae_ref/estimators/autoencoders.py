"""Group-sparse and sparse autoencoders as scikit-learn transformers.

May import training, ops, checks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import checks, groups, ops
from ..arrays import Array
from ..training.decay import decayed
from ..training.decay import weight_decay as checked_decay
from ..training.models import Model, SparseModel
from ..training.networks import Network, build_network
from ..training.outcomes import ADVICE, StepWatch, advice_on
from ..training.thresholds import tuned
from .learning import Autoencoder

Parameters = dict[str, Array]


class GroupSparseAutoencoder(Autoencoder):
    """Dictionary of groups of atoms, for codes with few active groups. [T21] Eqs. (11)-(14).

    Parameters
    ----------
    n_groups : int
        Number of groups, and of clusters in :meth:`predict`.
    group_size : int
        Atoms per group, the same for all; groups of any sizes are those of
        :class:`DiagonallyGroupedLinearRegressor`.
    lam : float or "auto"
        Threshold of a group's norm in (11), for an unfolded network the penalty. Against noise of
        standard deviation sigma per feature, sigma sqrt(group_size) to 1.75 times that is a good
        choice. "auto": such that ``n_active`` groups of a sample are active on average, measured on
        at most 512 of the samples before every epoch and after the last.
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
    weight_decay : float
        Adds weight_decay / 2 ||A||_F^2 to the cost, for ``constraint="none"``; as in
        :func:`gsae_ref.train`.
    init : {"samples", "principal", "random"} or array_like of shape (n_components, n_features)
        The start: atoms drawn from the samples; leading principal directions, mixed for each group;
        Gaussian directions; or given. All groups of "principal" start in one span: under gradient
        descent they stay rotations of one another with the constraints "groups" and "none" (for
        ``l1=0``), which the steps of Adam do not.
    random_state : int, RandomState or None
        Seed of the start and of the mini-batches.
    verbose : bool or int
        Whether a bar is shown (tqdm).
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.train`.
    n_active : float, optional
        Mean number of active groups of a sample: what ``lam="auto"`` aims at, and the number of
        groups at which :meth:`score` compares with ``debias``.
    debias : bool
        Whether :meth:`transform` and :meth:`score` replace codes by the least-squares ones on the
        supports that the encoder finds: the threshold shrinks them.
    tol : float
        Training ends when the mean cost of an epoch has not fallen by this share in three epochs; 0
        runs all epochs.

    Attributes
    ----------
    lam_ : float
        The threshold in use.
    components_ : ndarray of shape (n_groups * group_size, n_features)
        Atoms as rows, the transpose of the dictionary A; groups are blocks of ``group_size`` rows.
    loss_curve_ : list of float
        Mean cost of every epoch.
    active_groups_ : float
        Mean number of active groups of a sample, after :meth:`fit` of the samples it was given,
        after :meth:`fit_blocks` in the last epoch.
    dead_groups_ : ndarray of int
        Numbers of the groups that were active in none of these samples.
    empty_codes_ : float
        Share of these samples without an active group.
    n_iter_ : int
        Epochs done; for :meth:`partial_fit`, calls.
    n_features_in_ : int
    feature_names_in_ : ndarray, if the samples have names

    Notes
    -----
    With more atoms than features, or atoms that are correlated, the one step of the shallow encoder
    (``n_unfold=1``, the network of the theory) is too long; ``n_unfold=15`` learns there.

    The fitted attributes are the state: after ``components_`` is changed, :meth:`transform` uses
    and :meth:`partial_fit` continues from what it holds. A parameter that is changed by
    ``set_params`` takes effect at the next fit.

    There is no ``sample_weight``: the network is not linear in a sample, so that a weight cannot be
    moved into it. For integer weights repeat samples, ``numpy.repeat(X, weights, axis=0)``.

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
        lam: float | str = 0.1,
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
        weight_decay: float = 0.0,
        init: str | ArrayLike = "samples",
        random_state: Any = None,
        verbose: bool | int = False,
        engine: str = "auto",
        n_active: float | None = None,
        debias: bool = False,
        tol: float = 0.0,
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
        self.weight_decay = weight_decay
        self.init = init
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine
        self.n_active = n_active
        self.debias = debias
        self.tol = tol

    def _sizes(self) -> tuple[int, int]:
        return checks.count("n_groups", self.n_groups), checks.group_size(self.group_size)

    def _build_network(self) -> _GroupNetwork:
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
        weight = checked_decay(self.weight_decay, self.constraint)
        return _GroupNetwork(network, *self._threshold(), weight)

    @classmethod
    def _of_stored(cls, path: str | Path, stored: Model | SparseModel) -> GroupSparseAutoencoder:
        if isinstance(stored, SparseModel):
            raise ValueError(f"{path} holds a sparse network; read it with SparseAutoencoder.load")
        model = cls(stored.n_groups, lam=stored.lam, **stored.options)
        model.components_ = stored.A.T
        return model


class SparseAutoencoder(Autoencoder):
    """Dictionary of atoms, for codes with few non-zero entries. [N19] Eq. (2).

    It is also the sparse network with which T21 compares its group-sparse one.

    Parameters
    ----------
    n_components : int
        Atoms.
    lam : float or "auto"
        Threshold of "soft" and "hard"; for "relu" the bias starts at -lam. "auto": as in
        :class:`GroupSparseAutoencoder`; for "relu" at the start only.
    activation : {"soft", "hard", "relu"}
        sign(z) (|z| - lam)_+; z 1{|z| > lam}; max(z, 0) with a bias b.
    fit_bias : bool
        For "relu": whether the bias is learned with the atoms, or stays at -lam.
    n_epochs, batch_size, optimizer, step_size, constraint, tangent, init, random_state, verbose
        As in :class:`GroupSparseAutoencoder`, for groups of one atom.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.sparse_loss_and_grad`.
    n_active, debias, tol
        As in :class:`GroupSparseAutoencoder`, of atoms.

    Attributes
    ----------
    lam_ : float
        The threshold in use; for "relu" minus the bias of the start.
    components_ : ndarray of shape (n_components, n_features)
        Atoms as rows, the transpose of the weights W.
    bias_ : ndarray of shape (n_components,)
        The encoder's bias; zero for "soft" and "hard".
    loss_curve_, active_groups_, dead_groups_, empty_codes_
        As in :class:`GroupSparseAutoencoder`, for groups of one atom.
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
        lam: float | str = 0.1,
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
        n_active: float | None = None,
        debias: bool = False,
        tol: float = 0.0,
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
        self.n_active = n_active
        self.debias = debias
        self.tol = tol

    def _sizes(self) -> tuple[int, int]:
        return checks.count("n_components", self.n_components), 1

    def _build_network(self) -> _SparseNetwork:
        activation = checks.option("activation", self.activation, ("soft", "hard", "relu"))
        learns_bias = checks.flag("fit_bias", self.fit_bias) and activation == "relu"
        return _SparseNetwork(activation, *self._threshold(), learns_bias, self.engine)

    def _parameters(self) -> dict[str, Array]:
        bias = checks.per_atom("bias_", self.bias_, len(self.components_))
        return super()._parameters() | {"bias": bias}

    def _set_parameters(self, parameters: dict[str, Array]) -> None:
        super()._set_parameters(parameters)
        self.bias_ = parameters["bias"]

    @classmethod
    def _of_stored(cls, path: str | Path, stored: Model | SparseModel) -> SparseAutoencoder:
        if isinstance(stored, Model):
            raise ValueError(
                f"{path} holds a network of groups; read it with GroupSparseAutoencoder.load"
            )
        lam = stored.lam
        if stored.activation == "relu":
            lam = max(0.0, -float(stored.bias.max()))
        model = cls(stored.n_groups, lam, stored.activation)
        model.components_ = stored.W.T
        model.bias_ = stored.bias
        return model


@dataclass
class _GroupNetwork:
    """A group-sparse network with its threshold, as functions of the parameters A."""

    network: Network
    threshold: float
    n_active: float | None = None
    weight_decay: float = 0.0

    def at(self, threshold: float) -> _GroupNetwork:
        """The network with another threshold."""
        return replace(self, threshold=threshold)

    def tune(self, parameters: Parameters, Y: Array) -> None:
        """Set the threshold such that ``n_active`` groups are active in Y, unless it is None."""
        if self.n_active is not None:
            A = parameters["A"]
            self.threshold = tuned(
                lambda lam: self.network.active(A, Y, lam),
                self.n_active,
                groups.norms(Y @ A, self.group_size),
                self.threshold,
            )

    @property
    def group_size(self) -> int:
        return self.network.group_size

    def model(self, parameters: Parameters) -> Model:
        """What a file holds."""
        network = self.network
        options = {
            "group_size": network.group_size,
            "n_unfold": getattr(network, "n_unfold", 1),
            "unfold_step": getattr(network, "step_size", None),
            "accelerated": getattr(network, "accelerated", True),
            "nonnegative": getattr(network, "nonnegative", False),
            "l1": getattr(network, "l1", 0.0),
        }
        return Model(np.ascontiguousarray(parameters["A"]), self.threshold, options)

    def start(self, A: Array) -> Parameters:
        """The parameters that training starts from."""
        return {"A": A}

    def loss_and_grad(self, parameters: Parameters, Y: Array) -> tuple[float, Parameters]:
        """Cost of samples, weight decay included, and its gradient."""
        A = parameters["A"]
        cost, G = self.network.loss_and_grad(A, Y, self.threshold)
        cost, G = decayed(self.weight_decay, A, cost, G)
        return cost, {"A": G}

    def encode(self, parameters: Parameters, Y: Array) -> Array:
        """Codes."""
        return self.network.encode(parameters["A"], Y, self.threshold)

    def loss(self, parameters: Parameters, Y: Array) -> float:
        """Cost of samples."""
        return self.network.loss(parameters["A"], Y, self.threshold)

    def relative_step(self, watch: StepWatch, A: Array, epoch: int, level: int) -> dict[str, float]:
        """The relative step of an unfolded network, with a warning if it is long."""
        return watch.measure(self.network, A, epoch, level + 1)

    @property
    def advice(self) -> str:
        """What to do about a cost above that of zero codes."""
        return advice_on(self.network)


@dataclass
class _SparseNetwork:
    """A sparse network, as functions of the parameters A and bias."""

    activation: str
    threshold: float
    n_active: float | None
    learns_bias: bool
    engine: str
    started: bool = False

    group_size = 1
    advice = ADVICE
    weight_decay = 0.0

    @property
    def lam(self) -> float:
        """The threshold of the activation; 0 for ReLU, which has a bias instead."""
        return 0.0 if self.activation == "relu" else self.threshold

    def at(self, threshold: float) -> _SparseNetwork:
        """The network with another threshold."""
        return replace(self, threshold=threshold)

    def tune(self, parameters: Parameters, Y: Array) -> None:
        """As for groups; of ReLU before the first step only, as it learns a bias from then on."""
        one_sided = self.activation == "relu"
        if self.n_active is None or (one_sided and self.started):
            return
        self.started = True
        Z = Y @ parameters["A"]
        norms = np.maximum(Z, 0) if one_sided else np.abs(Z)
        self.threshold = tuned(lambda lam: norms > lam, self.n_active, norms, self.threshold)

    def model(self, parameters: Parameters) -> SparseModel:
        """What a file holds."""
        W = np.ascontiguousarray(parameters["A"])
        return SparseModel(W, parameters["bias"], self.activation, self.lam)

    def start(self, A: Array) -> Parameters:
        """The parameters that training starts from."""
        bias = -self.threshold if self.activation == "relu" else 0.0
        return {"A": A, "bias": np.full(A.shape[1], bias, A.dtype)}

    def loss_and_grad(self, parameters: Parameters, Y: Array) -> tuple[float, Parameters]:
        """Cost of samples, and its gradient in the parameters that are learned."""
        W = parameters["A"]
        bias = parameters["bias"]
        cost, dW, db = ops.sparse_loss_and_grad(
            W, Y, bias, self.activation, self.lam, engine=self.engine
        )
        return cost, {"A": dW, "bias": db} if self.learns_bias else {"A": dW}

    def encode(self, parameters: Parameters, Y: Array) -> Array:
        """Codes."""
        W = parameters["A"]
        return ops.sparse_encode(W, Y, parameters["bias"], self.activation, self.lam)

    def loss(self, parameters: Parameters, Y: Array) -> float:
        """Cost of samples."""
        W = parameters["A"]
        return ops.sparse_loss(W, Y, parameters["bias"], self.activation, self.lam)

    def relative_step(self, watch: StepWatch, A: Array, epoch: int, level: int) -> dict[str, float]:
        """Nothing: the network has one step."""
        return {}
