"""The base class of both autoencoders: fit, partial_fit, fit_blocks, transformer methods.

May import training, ops, checks, groups.
"""

from __future__ import annotations

import itertools
import numbers
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import checks, groups, ops
from ..arrays import Array, IntArray
from ..checks.blockwise import is_read_in_blocks, of_one_size, rows
from ..training.blocks import mean_cost, mini_batches, samples_that_fit
from ..training.checkpoints import Checkpoints, fingerprint, settings_of
from ..training.constraints import CONSTRAINTS, AllDictionaries, Constraint, constraint_set
from ..training.descent import descend, one_epoch, reporter
from ..training.models import read_model, write_model
from ..training.optimizers import OPTIMIZERS, State, start
from ..training.outcomes import Outcome, StepWatch, above_zero, cost_of_zero_codes
from ..training.starts import starting_dictionary
from ..training.thresholds import spread_rows

PATIENCE = 3  # epochs without progress that end a run
DTYPES = [np.float64, np.float32]
# Parameters that no step depends on, and those that a checkpoint compares otherwise.
NOT_COMPARED = "debias init n_epochs optimizer random_state step_size tol verbose".split()


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A dictionary learned by mini-batches.

    A subclass defines ``_sizes()``, the number of groups and the group size; ``_build_network()``,
    the network that its parameters describe; and, if it learns more than the dictionary A,
    ``_parameters()`` and ``_set_parameters(parameters)``, which read and set fitted attributes; and
    ``_of_stored(path, model)``, the estimator of a model that was read from a file.

    The fitted attributes are the state. Besides them a fitted estimator keeps the network with
    which it was fitted, and the moments of the optimiser, for :meth:`partial_fit`.
    """

    loss_curve_: list[float]
    components_: Array

    def fit(
        self,
        X: ArrayLike,
        y: Any | None = None,
        *,
        callback: Callable[..., Any] | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 10,
        resume: bool = False,
    ) -> Autoencoder:
        """Learn the dictionary.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows. A memory-mapped array or a Dask array is read batch by batch.
        y : None
            Ignored.
        callback : callable, optional
            Called as ``callback(intermediate_result=...)`` after every epoch, as in
            :func:`gsae_ref.train`: the field ``x`` is the dictionary, the transpose of
            ``components_``. Raising StopIteration ends the run.
        checkpoint : str or path, optional
            File (.npz) for the state, written every ``checkpoint_every`` epochs and at the end.
        checkpoint_every : int
            Epochs between checkpoints.
        resume : bool
            Whether the fit continues from the checkpoint if there is one, to the bits of a fit that
            was not interrupted. Samples, seed and parameters must be the same but ``n_epochs``,
            ``tol``, ``debias`` and ``verbose``, so ``random_state`` must be an integer.

        Returns
        -------
        self : object

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, after what has been learned is set as attributes and saved in the checkpoint.
        ValueError
            For a checkpoint of another fit.

        Warns
        -----
        ConvergenceWarning
            If the cost exceeds that of codes that are all zero, if groups are active in no sample,
            or if most samples have no active group.
        RuntimeWarning
            As :func:`gsae_ref.train`, when ``unfold_step`` is too long.
        """
        samples = self._validated(X)
        network, state = self._begin(samples)
        batch_size = self._batch_size() or len(samples)
        seed = self._seed
        learn = self._objective(network)
        batches = lambda epoch: mini_batches(samples, batch_size, seed, epoch)
        mark = partial(fingerprint, state.parameters, samples)
        saved = Checkpoints(checkpoint, checkpoint_every, resume, mark, self._settings())
        saved.stacklevel = 5
        self._learn(network, state, learn, batches, samples, callback, saved)
        return self._report(network, self._outcome(network, [samples]))

    def fit_blocks(
        self,
        blocks: Any,
        *,
        callback: Callable[..., Any] | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 10,
        resume: bool = False,
    ) -> Autoencoder:
        """Learn the dictionary from samples that need not fit in memory, in their order.

        Parameters
        ----------
        blocks : iterable of array_like (rows, n_features), or callable that returns one
            Read once in every epoch; unless ``n_epochs=1``, an iterator, which can be read only
            once, must therefore come from a callable that returns a new one. Blocks of any sizes
            are cut into mini-batches of ``batch_size`` samples; with ``batch_size=None`` each block
            is a mini-batch. ``init`` uses the first block only.
        callback, checkpoint, checkpoint_every, resume
            As in :meth:`fit`. Of the samples the first block is compared with the one of the run
            that wrote the checkpoint; the others must be the same.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For an iterator and several epochs; if there are no blocks in an epoch; for a checkpoint
            of another fit.
        KeyboardInterrupt
            On Ctrl-C, after what has been learned is set as attributes and saved in the checkpoint.

        Warns
        -----
        ConvergenceWarning, RuntimeWarning
            As :meth:`fit`, of the samples of the last epoch.
        """
        if isinstance(blocks, Iterator) and self.n_epochs != 1:
            raise ValueError(
                f"blocks is an iterator, a {type(blocks).__name__}, which can be read once, "
                f"and n_epochs = {self.n_epochs}; "
                f"pass a list, or a function that returns a new iterator"
            )
        source = _Blocks(blocks)
        first = self._validated(source.first)
        network, state = self._begin(first)
        size = self._batch_size()

        def batches(epoch: int) -> Iterable[Array]:
            checked = (self._validated(block, reset=False) for block in source.of_epoch(epoch))
            if size is None:
                return checked
            return of_one_size(itertools.chain.from_iterable(map(rows, checked)), size)

        learn = self._objective(network)
        outcome = Outcome(network.group_size)
        counted = -1
        last = checks.count("n_epochs", self.n_epochs) - 1
        any_may_be_last = self.tol > 0 or callback is not None

        def learn_and_count(
            parameters: dict[str, Array], samples: Array, epoch: int
        ) -> tuple[float, dict[str, Array]]:
            nonlocal outcome, counted
            if epoch == last or any_may_be_last:
                outcome = outcome if epoch == counted else Outcome(network.group_size)
                counted = epoch
                for block in rows(samples):
                    outcome.add(block, network.encode(parameters, block), parameters["A"])
            return learn(parameters, samples, epoch)

        mark = partial(fingerprint, state.parameters, first)
        saved = Checkpoints(checkpoint, checkpoint_every, resume, mark, self._settings())
        saved.stacklevel = 5
        self._learn(network, state, learn_and_count, batches, first, callback, saved)
        if not outcome.n_samples:  # the checkpoint was complete
            outcome = self._outcome(network, batches(0))
        return self._report(network, outcome)

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
        same start, give the same bits. A step starts from the fitted attributes as they are, also
        if they have been changed, with the moments of the steps before.

        Warns
        -----
        RuntimeWarning
            Once, as :func:`gsae_ref.train`, when ``unfold_step`` is too long.
        ConvergenceWarning
            Once, when the cost exceeds that of codes that are all zero and is ten times what it was
            in an earlier call: the steps diverge.
        """
        begun = hasattr(self, "components_")
        samples = self._validated(X, reset=not begun)
        network, state = self._continue() if begun else self._begin(samples)
        if not self._watch.has_warned:
            network.relative_step(self._watch, state.parameters["A"], state.epoch, 2)
        step = OPTIMIZERS[checks.option("optimizer", self.optimizer, OPTIMIZERS)]
        step_size = checks.step(self.step_size)
        network.tune(state.parameters, spread_rows(samples))
        state, cost = one_epoch(
            state, [samples], self._objective(network), step, step_size, self._constrain()
        )
        self.loss_curve_ = [*self.loss_curve_, cost]
        if self._watch.diverges(cost, samples):
            advice = f"the steps diverge: lower step_size; or {network.advice}"
            warnings.warn(
                above_zero(cost, cost_of_zero_codes(samples), advice),
                ConvergenceWarning,
                stacklevel=2,
            )
        return self._finish(network, state)

    def transform(self, X: ArrayLike) -> Array:
        """Codes of the samples.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_components)
            With ``debias``, the least-squares codes on the supports that the encoder finds.
        """
        X = self._samples(X)
        network = self._fitted_network()
        parameters = self._parameters()
        debias, _ = self._fitted_refit()
        dtype = np.result_type(checks.array("X", X[:1]), parameters["A"])
        codes = np.empty((len(X), len(self.components_)), dtype)
        for block, place in zip(rows(X), rows(codes), strict=True):
            place[...] = network.encode(parameters, block)
            if debias:
                place[...] = _refit(parameters["A"], block, place, network.group_size)
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
        return ops.decode(self._parameters()["A"], X)

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
        X = self._samples(X)
        network = self._fitted_network()
        parameters = self._parameters()
        labels = []
        for block in rows(X):
            norms = groups.norms(network.encode(parameters, block), network.group_size)
            labels.append(np.where(norms.any(axis=1), norms.argmax(axis=1), -1))
        return np.concatenate(labels)

    def score(self, X: ArrayLike, y: IntArray | None = None) -> float:
        """Minus the mean reconstruction cost, -1/(2N) sum_i ||x_i - reconstruction||^2.

        Without ``debias`` it is largest for lam = 0. To choose lam, set ``debias=True`` and
        ``n_active``: of every sample at most the ``n_active`` groups of largest code are kept, and
        refitted by least squares. So all values of lam are compared at equal sparsity.

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
        X = self._samples(X)
        network = self._fitted_network()
        parameters = self._parameters()
        debias, wanted = self._fitted_refit()
        if not debias:
            return -mean_cost(lambda block: network.loss(parameters, block), X)
        most = None if wanted is None else max(1, round(wanted))

        def refitted_loss(block: Array) -> float:
            codes = network.encode(parameters, block)
            A = parameters["A"]
            E: Array = block - _refit(A, block, codes, network.group_size, most) @ A.T
            return float(np.sum(E**2, dtype=np.float64)) / (2 * len(block))

        return -mean_cost(refitted_loss, X)

    def fit_predict(self, X: ArrayLike, y: Any | None = None) -> IntArray:
        """Fit, and return the cluster of every sample.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples as rows.
        y : None
            Ignored.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            As :meth:`predict`; also kept as ``labels_``.
        """
        self.labels_ = self.fit(X).predict(X)
        return self.labels_

    def save(self, path: str | Path) -> None:
        """Write the fitted model to a file (.npz) that ``gsae-ref encode`` reads.

        Parameters
        ----------
        path : str or path
            The file. It holds what the codes depend on: the dictionary, ``lam_``, a bias, and the
            options of the network; not ``debias``, as its codes are those of the encoder, and not
            the moments of the optimiser, so that training does not continue from it bit for bit.
        """
        check_is_fitted(self)
        write_model(path, self._fitted_network().model(self._parameters()))

    @classmethod
    def load(cls, path: str | Path) -> Any:
        """Read a model that :meth:`save` or ``gsae-ref fit`` wrote, as a fitted estimator.

        Parameters
        ----------
        path : str or path
            The file (.npz).

        Returns
        -------
        model : object
            An estimator of this class.

        Raises
        ------
        ValueError
            If there is no such file, or it does not hold a model of this class.
        """
        stored = read_model(path)
        model = cls._of_stored(path, stored)
        model.lam_ = model.lam
        model.n_features_in_ = stored.A.shape[0]
        model.loss_curve_ = []
        model.n_iter_ = 0
        return model

    # -------------------------------------------------------------------------------- learning

    def _samples(self, X: Any) -> Array:
        """Check samples for a fitted estimator."""
        check_is_fitted(self)
        return self._validated(X, reset=False)

    def _validated(self, X: Any, reset: bool = True) -> Array:
        """Samples as scikit-learn wants them; an array that is read in blocks stays as it is."""
        X = checks.table("X", X)
        if len(getattr(X, "shape", ())) > 2:
            raise ValueError(
                f"X has shape {X.shape}; it must be 2-D, samples as rows; "
                f"pass X.reshape(len(X), -1)"
            )
        if is_read_in_blocks(X):
            X = samples_that_fit(X)
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        with np.errstate(over="ignore", invalid="ignore"):  # it sums X to find infinities
            samples: Array = validate_data(self, X, dtype=DTYPES, reset=reset)
        return samples

    def _wanted(self) -> float | None:
        """The wanted mean number of active groups."""
        if self.n_active is None:
            return None
        n_groups, _ = self._sizes()
        wanted = checks.real("n_active", self.n_active)
        if not 0 < wanted < n_groups:
            raise ValueError(
                f"n_active = {self.n_active!r}; it must lie between 0 and the {n_groups} groups"
            )
        return wanted

    def _threshold(self) -> tuple[float, float | None]:
        """Return lam, and the number of active groups that it is tuned to, if it is "auto".

        Tuning starts from the ``lam_`` of the calls before.
        """
        if not isinstance(self.lam, str):
            return checks.threshold(self.lam), None
        checks.option("lam", self.lam, ("auto",))
        wanted = self._wanted()
        if wanted is None:
            raise ValueError(
                "lam = 'auto' without n_active; give n_active, the mean number of active groups "
                "that is wanted"
            )
        return getattr(self, "lam_", 0.0), wanted

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

    def _begin(self, X: Array) -> tuple[Any, State]:
        """Set the seed; return the network and the state before the first step."""
        self._refit_options()  # refused before the work
        if isinstance(self.random_state, numbers.Integral):
            self._seed = checks.count("random_state", self.random_state, 0)
        else:
            self._seed = check_random_state(self.random_state).randint(2**31)
        self._watch = StepWatch()
        self.loss_curve_ = []
        self.lam_ = 0.0
        network = self._build_network()
        A = self._starting_dictionary(X)
        network.tune(network.start(A), spread_rows(X))
        return network, start(network.start(A))

    def _continue(self) -> tuple[Any, State]:
        """The network, and the state that the fitted attributes and the moments are."""
        network = self._build_network()
        parameters = self._parameters()
        n_groups, group_size = self._sizes()
        if parameters["A"].shape[1] != n_groups * group_size:
            raise ValueError(
                f"components_ has {parameters['A'].shape[1]} atoms, but the parameters ask for "
                f"{n_groups} groups of {group_size}; set both, or fit again"
            )
        fresh = start(parameters)
        if not hasattr(self, "_moments"):  # components_ was assigned, not fitted
            self._watch = StepWatch()
            self.loss_curve_ = []
            return network, fresh
        moments: State = self._moments
        if any(moments.first[name].shape != value.shape for name, value in parameters.items()):
            return network, fresh._replace(epoch=moments.epoch)
        as_before = {
            name: value.astype(moments.first[name].dtype, copy=False)
            for name, value in fresh.parameters.items()
        }
        return network, moments._replace(parameters=as_before)

    def _parameters(self) -> dict[str, Array]:
        """What has been learned, from the fitted attributes."""
        components = checks.array("components_", self.components_, ndim=(2,))
        return {"A": components.T}

    def _set_parameters(self, parameters: dict[str, Array]) -> None:
        """Set the fitted attributes."""
        self.components_ = parameters["A"].T

    def _fitted_network(self) -> Any:
        """The network of the last fit; of the parameters, if components_ was assigned."""
        if not hasattr(self, "_network"):
            return self._build_network()
        return self._network.at(checks.threshold(self.lam_, "lam_"))

    def _refit_options(self) -> tuple[bool, float | None]:
        """Whether codes are refitted, and to how many groups in a score; by the parameters."""
        return checks.flag("debias", self.debias), self._wanted()

    def _fitted_refit(self) -> tuple[bool, float | None]:
        """The options of the last fit; of the parameters, if components_ was assigned."""
        return self._refit if hasattr(self, "_refit") else self._refit_options()

    def _objective(self, network: Any) -> Callable[..., Any]:
        """The cost of a batch, and the part of its gradient that is used."""
        tangent = self._tangent()

        def objective(
            parameters: dict[str, Array], samples: Array, epoch: int
        ) -> tuple[float, dict[str, Array]]:
            cost, gradient = network.loss_and_grad(parameters, samples)
            return cost, gradient | {"A": tangent(parameters["A"], gradient["A"])}

        return objective

    def _starting_dictionary(self, X: Array) -> Array:
        """The dictionary that ``init`` names or gives."""
        n_groups, group_size = self._sizes()
        if isinstance(self.init, str):
            return starting_dictionary(X, n_groups, group_size, self.init, self._seed)
        dtype = checks.array("X", X[:1]).dtype
        A = checks.array("init", self.init, ndim=(2,)).T.astype(dtype)
        if A.shape != (X.shape[1], n_groups * group_size):
            raise ValueError(
                f"init has shape {A.T.shape}; it must be {(n_groups * group_size, X.shape[1])}, "
                f"(n_components, n_features); "
                f"pass a dictionary's transpose, or one of 'samples', 'principal', 'random'"
            )
        return checks.nonzero_atoms("init", A, "row")

    def _settings(self) -> dict[str, Any]:
        """The parameters that a step depends on, for a checkpoint."""
        settings = {
            name: value
            for name, value in self.get_params(deep=False).items()
            if name not in NOT_COMPARED
        }
        if not isinstance(self.lam, str):
            del settings["n_active"]
        return settings_of(**settings, random_state=self._seed)

    def _learn(
        self,
        network: Any,
        state: State,
        objective: Callable[..., Any],
        batches: Callable[[int], Iterable[Array]],
        samples: Array,
        callback: Callable[..., Any] | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """Run all epochs, called by a public method; ``samples`` are all, or the first of them."""
        some = spread_rows(samples)
        tol = checks.threshold(self.tol, "tol")
        checkpoints = checkpoints or Checkpoints(None)
        others = {name: name for name in state.parameters if name != "A"}
        call = reporter(callback, x="A", **others)

        def measure(parameters: dict[str, Array], epoch: int) -> dict[str, float]:
            continued = checkpoints.restored  # grows with the run
            _end_without_progress(continued.get("loss", []), tol)
            if "lam" in continued:
                network.threshold = continued["lam"][-1]
            network.tune(parameters, some)
            step = network.relative_step(self._watch, parameters["A"], epoch, 5)
            return {"lam": network.threshold, **step}

        def report(state: State, history: dict[str, list[float]]) -> None:
            if call is not None:
                call(state, history)
            _end_without_progress(history["loss"], tol)

        run = descend(
            state.parameters,
            objective,
            batches,
            self.n_epochs,
            optimizer=self.optimizer,
            step_size=self.step_size,
            constrain=self._constrain(),
            measure=measure,
            report=report,
            progress=bool(self.verbose),
            checkpoints=checkpoints,
        )
        self.loss_curve_ = run.history.get("loss", [])
        if self.loss_curve_:
            network.threshold = run.history["lam"][-1]
        network.tune(run.state.parameters, some)
        self._finish(network, run.state)
        if run.status == 2:
            raise KeyboardInterrupt

    def _finish(self, network: Any, state: State) -> Autoencoder:
        """Set the learned attributes."""
        self._network = network
        self._refit = self._refit_options()
        self.lam_ = network.threshold
        self._moments = state._replace(parameters={})
        self.n_iter_ = state.epoch
        self._set_parameters(state.parameters)
        return self

    def _outcome(self, network: Any, batches: Iterable[Array]) -> Outcome:
        """What the codes of samples come to."""
        outcome = Outcome(network.group_size)
        parameters = self._parameters()
        for block in itertools.chain.from_iterable(map(rows, batches)):
            outcome.add(block, network.encode(parameters, block), parameters["A"])
        return outcome

    def _report(self, network: Any, outcome: Outcome) -> Autoencoder:
        """Set the attributes that count, and warn of an outcome that cannot be meant."""
        self.active_groups_ = outcome.active_groups
        self.dead_groups_ = outcome.dead_groups
        self.empty_codes_ = outcome.empty_codes
        for complaint in outcome.complaints(self.lam_, network.advice, network.weight_decay):
            warnings.warn(complaint, ConvergenceWarning, stacklevel=3)
        return self

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _end_without_progress(costs: list[float], tol: float) -> None:
    """Raise StopIteration if the cost has not fallen by the share tol in ``PATIENCE`` epochs."""
    if tol and len(costs) > PATIENCE:
        before = min(costs[:-PATIENCE])
        if min(costs[-PATIENCE:]) > (1 - tol) * before:
            raise StopIteration


def _refit(A: Array, X: Array, codes: Array, group_size: int, most: int | None = None) -> Array:
    """Least-squares codes on the supports of ``codes``, on at most the ``most`` largest groups."""
    norms = groups.norms(codes, group_size)
    active = norms > 0
    if most is not None and most < norms.shape[1]:
        kth = -np.sort(-norms, axis=1)[:, most - 1 : most]
        active &= norms >= kth
    return ops.refit(A, checks.array("X", X), groups.expand(active, group_size).astype(bool))


class _Blocks:
    """Blocks of samples, read once in every epoch; the first is read ahead, and not lost."""

    def __init__(self, blocks: Any) -> None:
        self.blocks = blocks
        self.source: Iterator[Any] = self._new()
        found = list(itertools.islice(self.source, 1))
        if not found:
            raise ValueError("blocks is empty; there must be at least one; check their source")
        self.first = found[0]

    def _new(self) -> Iterator[Any]:
        blocks = self.blocks() if callable(self.blocks) else self.blocks
        one = isinstance(blocks, (str, bytes, os.PathLike, dict)) or getattr(blocks, "ndim", 3) < 3
        if one or not isinstance(blocks, Iterable):
            raise TypeError(
                f"blocks is of type {type(blocks).__name__}; it must be an iterable of arrays "
                f"(rows, n_features), or a function that returns one; pass an array A as [A]"
            )
        return iter(blocks)

    def of_epoch(self, epoch: int) -> Iterator[Any]:
        """The blocks of an epoch, in their order."""
        if epoch == 0:
            return itertools.chain([self.first], self.source)
        source = self._new()
        if source is self.source:
            raise ValueError(
                f"blocks returned the same iterator, a {type(source).__name__}, in two epochs, "
                f"but it can be read once; return a new one at each call, or use n_epochs=1"
            )
        return source
