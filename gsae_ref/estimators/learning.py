"""What both autoencoders share: fit, partial_fit, fit_blocks and the methods of a transformer. May import training, ops, checks, groups."""

from __future__ import annotations

import itertools
import numbers
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import checks, groups, ops
from ..arrays import Array, IntArray
from ..training.blocks import of_one_size, rows, shuffled
from ..training.descent import descend, one_epoch
from ..training.dictionary import mean_cost
from ..training.optimizers import (
    CONSTRAINTS,
    OPTIMIZERS,
    constraint_on,
    start,
    step_rule,
    tangent_to,
)
from ..training.starts import starting_dictionary

if TYPE_CHECKING:
    from ..training.optimizers import State

DTYPES = [np.float64, np.float32]


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A dictionary learned by mini-batches. A subclass names its parameters and says how they encode.

    ``_start(A)`` gives the parameters, by name, that go with a dictionary A, and checks the
    options; ``_objective()`` a function (parameters, samples, epoch) -> (cost, gradient);
    ``_keep(parameters)`` sets the learned attributes; ``_encode(X)`` and ``_loss(X)`` are the
    network as learned; ``_sizes()`` is (number of groups, group size).
    """

    def fit(self, X: ArrayLike, y: Any | None = None) -> Autoencoder:
        """Learn the dictionary, from the start.

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
            On Ctrl-C, when the estimator has kept what it has learned.
        """
        checks.refuse_mask("X", X)
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # scikit-learn sums X to see whether it is finite
            samples: Array = validate_data(self, X, dtype=DTYPES)
        self._begin(samples)
        seed = self._seed
        n_samples = len(samples)
        batch_size = self._batch_size() or n_samples
        return self._learn(
            lambda epoch: (
                samples[batch] for batch in shuffled(n_samples, batch_size, seed, epoch)
            ),
            samples,
        )

    def fit_blocks(self, blocks: Any) -> Autoencoder:
        """Learn the dictionary from samples that do not fit in memory, in the order in which they come.

        Parameters
        ----------
        blocks : iterable of array_like (rows, n_features), or callable that returns one
            Read once in every epoch, so an iterator, which can be read only once, must come from a
            callable unless ``n_epochs=1``. Blocks are cut into mini-batches of ``batch_size``
            samples whatever their sizes; with ``batch_size=None`` each block is one. ``init`` sees
            the first block only.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For an iterator and several epochs; for no blocks.
        KeyboardInterrupt
            On Ctrl-C, when the estimator has kept what it has learned.
        """
        once = None if callable(blocks) else iter(blocks)
        if once is blocks and self.n_epochs != 1:
            raise ValueError(
                f"blocks is an iterator, a {type(blocks).__name__}, which can be read once, and n_epochs = {self.n_epochs}; "
                f"pass a list, or a function that returns a new iterator"
            )
        first = next(iter(blocks() if once is None else once), None)
        if first is None:
            raise ValueError(
                "blocks is empty; there must be at least one block; check where they come from"
            )
        first = validate_data(self, first, dtype=DTYPES)
        self._begin(first)
        size = self._batch_size()

        def batches(epoch: int) -> Iterator[Any]:
            source = (
                itertools.chain([first], once)
                if once is blocks
                else blocks()
                if callable(blocks)
                else blocks
            )
            checked = (validate_data(self, block, dtype=DTYPES, reset=False) for block in source)
            return of_one_size(checked, size) if size else checked

        return self._learn(batches, first)

    def partial_fit(self, X: ArrayLike, y: IntArray | None = None) -> Autoencoder:
        """Make one step on these samples, taken as one mini-batch. ``init`` sees the samples of the first call.

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
        same ``init``, give the same bits.
        """
        checks.refuse_mask("X", X)
        begun = hasattr(self, "_state")
        samples: Array = validate_data(self, X, dtype=DTYPES, reset=not begun)
        if not begun:
            self._begin(samples)
        step = step_rule(checks.option("optimizer", self.optimizer, OPTIMIZERS))
        step_size = checks.step(self.step_size)
        state, cost = one_epoch(
            self._state, [samples], self._objective(), step, step_size, self._constraint()
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
        """The cluster of every sample: its group of largest code, argmax_g ||x_g||.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Integers from 0; -1 for a sample without an active group, as scikit-learn marks noise.
        """
        sizes = (
            groups.norms(self._encode(block), self._sizes()[1]) for block in rows(self._samples(X))
        )
        return np.concatenate(
            [np.where(size.any(axis=1), size.argmax(axis=1), -1) for size in sizes]
        )

    def score(self, X: ArrayLike, y: IntArray | None = None) -> float:
        """Minus the mean reconstruction cost, -1/(2N) sum_i ||x_i - reconstruction||^2: higher is better.

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

    # -------------------------------------------------------------------------------- how it learns

    def _samples(self, X: Any) -> Array:
        check_is_fitted(self)
        checks.refuse_mask("X", X)
        with np.errstate(over="ignore", invalid="ignore"):
            return validate_data(self, X, dtype=DTYPES, reset=False)

    def _batch_size(self) -> int | None:
        return None if self.batch_size is None else checks.count("batch_size", self.batch_size)

    def _constraint(self) -> Callable[..., Any]:
        checks.option("constraint", self.constraint, CONSTRAINTS)
        restrict = constraint_on(self.constraint, self._sizes()[1])
        return lambda parameters, epoch: parameters | {"A": restrict(parameters["A"])}

    def _projection(self) -> Callable[..., Any]:
        """What is done to a gradient before the step: (A, G) -> G."""
        constraint = checks.option("constraint", self.constraint, CONSTRAINTS)
        return tangent_to(
            constraint if checks.flag("tangent", self.tangent) else "none", self._sizes()[1]
        )

    def _begin(self, X: Array) -> None:
        """The state before the first step, and the seed of everything random."""
        fixed = isinstance(self.random_state, numbers.Integral)
        self._seed = (
            checks.count("random_state", self.random_state, 0)
            if fixed
            else check_random_state(self.random_state).randint(2**31)
        )
        n_groups, group_size = self._sizes()
        if isinstance(self.init, str):
            A = starting_dictionary(X, n_groups, group_size, self.init, self._seed)
        else:
            A = checks.array("init", self.init, ndim=(2,)).T.astype(X.dtype)
            if A.shape != (X.shape[1], n_groups * group_size):
                raise ValueError(
                    f"init has shape {A.T.shape}; it must be {(n_groups * group_size, X.shape[1])}, (n_components, n_features); "
                    f"pass a dictionary's transpose, or one of 'samples', 'principal', 'random'"
                )
        self._state = start(self._start(A))
        self.loss_curve_: list[float] = []

    def _learn(self, batches: Callable[..., Any], samples: Array) -> Autoencoder:
        """Run all epochs; ``samples`` are some of those that are learned from."""
        run = descend(
            self._state.parameters,
            self._objective(),
            batches,
            self.n_epochs,
            optimizer=self.optimizer,
            step_size=self.step_size,
            constrain=self._constraint(),
            progress=bool(self.verbose),
        )
        self.loss_curve_ = run.history.get("loss", [])
        self._finish(run.state)
        if run.status == 2:
            raise KeyboardInterrupt
        if not any(self._encode(block).any() for block in rows(samples)):
            warnings.warn(
                f"no sample has a non-zero code (lam = {self.lam!r}), so nothing was learned; a code needs a group with ||A_g^T x|| > lam; "
                f"lower lam, or scale the samples up",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    def _finish(self, state: State) -> Autoencoder:
        self._state = state
        self.n_iter_ = state.epoch
        self.components_ = state.parameters["A"].T
        self._keep(state.parameters)
        return self

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
