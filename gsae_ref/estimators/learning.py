"""The base class of both autoencoders: fit, partial_fit, fit_blocks, transformer methods.

May import training, ops, checks, groups.
"""

from __future__ import annotations

import itertools
import numbers
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import checks, groups, ops
from ..arrays import Array, IntArray
from ..training.blocks import mean_cost, mini_batches, of_one_size, rows
from ..training.constraints import CONSTRAINTS, AllDictionaries, Constraint, constraint_set
from ..training.descent import descend, one_epoch
from ..training.optimizers import OPTIMIZERS, start
from ..training.starts import starting_dictionary

if TYPE_CHECKING:
    from ..training.optimizers import State

DTYPES = [np.float64, np.float32]


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A dictionary learned by mini-batches.

    A subclass defines ``_sizes()``, the number of groups and the group size; ``_start(A)``, the
    parameters, by name, that training starts from, with the dictionary A among them;
    ``_objective()``, a function (parameters, samples, epoch) -> (cost, gradient);
    ``_set_attributes(parameters)``, which sets the learned attributes; and the learned network,
    ``_encode(X)`` and ``_loss(X)``.
    """

    def fit(self, X: ArrayLike, y: Any | None = None) -> Autoencoder:
        """Learn the dictionary.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows. A memory-mapped float array is read batch by batch and never copied.
        y : None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, after what has been learned is set as attributes.
        """
        checks.refuse_mask("X", X)
        samples = self._validated(X)
        self._begin(samples)
        batch_size = self._batch_size() or len(samples)
        seed = self._seed
        return self._learn(lambda epoch: mini_batches(samples, batch_size, seed, epoch), samples)

    def fit_blocks(self, blocks: Any) -> Autoencoder:
        """Learn the dictionary from samples that need not fit in memory, in their order.

        Parameters
        ----------
        blocks : iterable of array_like (rows, n_features), or callable that returns one
            Read once in every epoch; unless ``n_epochs=1``, an iterator, which can be read only
            once, must therefore come from a callable. Blocks of any sizes are cut into mini-batches
            of ``batch_size`` samples; with ``batch_size=None`` each block is a mini-batch. ``init``
            uses the first block only.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For an iterator and several epochs; if there are no blocks.
        KeyboardInterrupt
            On Ctrl-C, after what has been learned is set as attributes.
        """
        read_once = isinstance(blocks, Iterator)
        if read_once and self.n_epochs != 1:
            raise ValueError(
                f"blocks is an iterator, a {type(blocks).__name__}, which can be read once, "
                f"and n_epochs = {self.n_epochs}; "
                f"pass a list, or a function that returns a new iterator"
            )
        source = iter(blocks() if callable(blocks) else blocks)
        first = next(source, None)
        if first is None:
            raise ValueError("blocks is empty; there must be at least one; check their source")
        first = validate_data(self, first, dtype=DTYPES)
        self._begin(first)
        if read_once:
            blocks = itertools.chain([first], source)
        size = self._batch_size()

        def batches(epoch: int) -> Iterable[Array]:
            every = blocks() if callable(blocks) else blocks
            checked = (validate_data(self, block, dtype=DTYPES, reset=False) for block in every)
            return of_one_size(checked, size) if size else checked

        return self._learn(batches, first)

    def partial_fit(self, X: ArrayLike, y: IntArray | None = None) -> Autoencoder:
        """Make one step on these samples, as one mini-batch.

        ``init`` uses the samples of the first call.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.
        y : None
            Ignored.

        Returns
        -------
        self : object

        Notes
        -----
        Calls on the mini-batches of :meth:`fit` or :meth:`fit_blocks`, in their order and from the
        same start, give the same bits.
        """
        checks.refuse_mask("X", X)
        begun = hasattr(self, "_state")
        samples = self._validated(X, reset=not begun)
        if not begun:
            self._begin(samples)
        step = OPTIMIZERS[checks.option("optimizer", self.optimizer, OPTIMIZERS)]
        step_size = checks.step(self.step_size)
        state, cost = one_epoch(
            self._state, [samples], self._objective(), step, step_size, self._constrain()
        )
        self.loss_curve_.append(cost)
        return self._finish(state)

    def transform(self, X: ArrayLike) -> Array:
        """Codes of the samples.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
        """
        X = self._samples(X)
        codes = np.empty((len(X), len(self.components_)), np.result_type(X, self.components_))
        for block, place in zip(rows(X), rows(codes), strict=True):
            place[...] = self._encode(block)
        return codes

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Reconstructions of codes, X @ components_.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_components)
            Codes as rows.

        Returns
        -------
        samples : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        return ops.decode(self.components_.T, X)

    def predict(self, X: ArrayLike) -> IntArray:
        """The cluster of every sample: the group of largest code, argmax_g ||x_g||.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Integers from 0; -1, scikit-learn's label of noise, without an active group.
        """
        _, group_size = self._sizes()
        labels = []
        for block in rows(self._samples(X)):
            norms = groups.norms(self._encode(block), group_size)
            labels.append(np.where(norms.any(axis=1), norms.argmax(axis=1), -1))
        return np.concatenate(labels)

    def score(self, X: ArrayLike, y: IntArray | None = None) -> float:
        """Minus the mean reconstruction cost, -1/(2N) sum_i ||x_i - reconstruction||^2.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.
        y : None
            Ignored.

        Returns
        -------
        score : float
        """
        return -mean_cost(self._loss, self._samples(X))

    # -------------------------------------------------------------------------------- learning

    def _samples(self, X: Any) -> Array:
        """Check samples for a fitted estimator."""
        check_is_fitted(self)
        checks.refuse_mask("X", X)
        return self._validated(X, reset=False)

    def _validated(self, X: Any, reset: bool = True) -> Array:
        """Samples as scikit-learn wants them."""
        with np.errstate(over="ignore", invalid="ignore"):  # it sums X to find infinities
            samples: Array = validate_data(self, X, dtype=DTYPES, reset=reset)
        return samples

    def _batch_size(self) -> int | None:
        return None if self.batch_size is None else checks.count("batch_size", self.batch_size)

    def _constraint_set(self) -> Constraint:
        _, group_size = self._sizes()
        checks.option("constraint", self.constraint, CONSTRAINTS)
        return constraint_set(self.constraint, group_size)

    def _constrain(self) -> Callable[..., Any]:
        """The map (parameters, epoch) -> parameters that follows every step."""
        retract = self._constraint_set().retract
        return lambda parameters, epoch: parameters | {"A": retract(parameters["A"])}

    def _tangent(self) -> Callable[[Array, Array], Array]:
        """The map (A, G) -> the part of the gradient G that is used in a step."""
        constraint = self._constraint_set()
        if checks.flag("tangent", self.tangent):
            return constraint.tangent
        return AllDictionaries().tangent

    def _begin(self, X: Array) -> None:
        """Set the seed and the state before the first step."""
        if isinstance(self.random_state, numbers.Integral):
            self._seed = checks.count("random_state", self.random_state, 0)
        else:
            self._seed = check_random_state(self.random_state).randint(2**31)
        self._state = start(self._start(self._starting_dictionary(X)))
        self.loss_curve_: list[float] = []

    def _starting_dictionary(self, X: Array) -> Array:
        """The dictionary that ``init`` names or gives."""
        n_groups, group_size = self._sizes()
        if isinstance(self.init, str):
            return starting_dictionary(X, n_groups, group_size, self.init, self._seed)
        A = checks.array("init", self.init, ndim=(2,)).T.astype(X.dtype)
        if A.shape != (X.shape[1], n_groups * group_size):
            raise ValueError(
                f"init has shape {A.T.shape}; it must be {(n_groups * group_size, X.shape[1])}, "
                f"(n_components, n_features); "
                f"pass a dictionary's transpose, or one of 'samples', 'principal', 'random'"
            )
        return A

    def _learn(self, batches: Callable[[int], Iterable[Array]], samples: Array) -> Autoencoder:
        """Run all epochs; ``samples`` are all or the first of those in ``batches``."""
        run = descend(
            self._state.parameters,
            self._objective(),
            batches,
            self.n_epochs,
            optimizer=self.optimizer,
            step_size=self.step_size,
            constrain=self._constrain(),
            progress=bool(self.verbose),
        )
        self.loss_curve_ = run.history.get("loss", [])
        self._finish(run.state)
        if run.status == 2:
            raise KeyboardInterrupt
        if not any(self._encode(block).any() for block in rows(samples)):
            warnings.warn(
                f"no sample has a non-zero code (lam = {self.lam!r}), so nothing was learned; "
                f"a code needs a group with ||A_g^T x|| > lam; lower lam, or scale the samples up",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    def _finish(self, state: State) -> Autoencoder:
        """Set the learned attributes."""
        self._state = state
        self.n_iter_ = state.epoch
        self.components_ = state.parameters["A"].T
        self._set_attributes(state.parameters)
        return self

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
