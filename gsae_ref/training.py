"""Gradient descent on the dictionary of the group-sparse autoencoder. May import ops, metrics, checks, groups.

The state of a run is the dictionary, the optimiser's moments and the number of the epoch. Mini-batches are drawn from the seed and that
number, so a run resumed from a checkpoint continues bit for bit as if it had never stopped.
"""

import contextlib
import hashlib
import os
import zipfile
from typing import NamedTuple

import numpy as np

from . import checks, groups, metrics, ops

__all__ = ["DivergenceError", "train"]

OPTIMIZERS = ("adam", "gradient_descent")
CONSTRAINTS = ("none", "columns", "groups")
BLOCK = 4096  # samples whose pre-activations are held at a time
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # of the Adam paper, as T21 leaves them unsaid


class DivergenceError(ArithmeticError):
    """A run left the finite numbers; the message names the epoch, the quantity and the remedy."""


class State(NamedTuple):
    """All that the next epoch depends on: dictionary, Adam's first and second moment, its steps so far, epochs done."""

    A: np.ndarray
    first: np.ndarray
    second: np.ndarray
    steps: int
    epoch: int


def train(
    A, Y, lam, group_size, n_epochs, *, gradient="exact", optimizer="adam", step_size=1e-3, batch_size=None, constraint="none",
    A_star=None, support=None, rng=0, callback=None, progress=False, checkpoint=None, checkpoint_every=10, resume=False, engine="auto",
):
    """Learn a dictionary by gradient descent or Adam on the cost (13). [T21] Eq. (14), Section 4.1.

    Parameters
    ----------
    A : array_like of shape (n_features, n_atoms)
        Dictionary to start from; not modified.
    Y : array_like of shape (n_samples, n_features)
        Samples as rows.
    lam : float or callable
        Threshold, or a schedule: a function of the epoch (0, 1, ...).
    group_size : int
        Atoms per group; divides n_atoms.
    n_epochs : int
        Passes over the data.
    gradient : {"exact", "appendix_b", "approximate"}
        As in :func:`gsae_ref.loss_and_grad`.
    optimizer : {"adam", "gradient_descent"}
        Adam as published, bias-corrected, with constants 0.9, 0.999, 1e-8; or A - step_size * grad, Eq. (14).
    step_size : float or callable
        Learning rate, or a schedule like ``lam``.
    batch_size : int, optional
        Samples in a mini-batch, drawn without replacement in every epoch; None: all samples.
    constraint : {"none", "columns", "groups"}
        After every step: nothing (as T21), atoms scaled to norm 1, or every group replaced by its polar factor (the retraction of R2, R3).
    A_star : array_like of shape (n_features, n_atoms), optional
        The generating dictionary; adds its distances to the history.
    support : array_like, optional
        The true active groups, a mask or indices as in :func:`gsae_ref.support_recovery`; adds their recovery to the history.
    rng : int
        Seed of the mini-batches.
    callback : callable, optional
        Called as ``callback(intermediate_result=...)`` after every epoch, with fields ``x``, ``fun``, ``nit``, ``history``; raising
        StopIteration ends the run cleanly.
    progress : bool
        Show a bar on standard error (tqdm if installed).
    checkpoint : str or path, optional
        File (.npz) for the state, written every ``checkpoint_every`` epochs and at the end; the one before is kept with ``.previous`` added.
    checkpoint_every : int
        Epochs between checkpoints.
    resume : bool
        Continue from the checkpoint if there is one. A damaged one is passed over for the previous one, with a warning.
    engine : {"auto", "reference", "numba"}
        As in :func:`gsae_ref.loss_and_grad`.

    Returns
    -------
    result : scipy.optimize.OptimizeResult
        ``x`` (the dictionary), ``fun`` (cost at x), ``nit`` (epochs done), ``success``, ``status`` (0 all epochs done, 1 stopped by the
        callback, 2 interrupted), ``message``, and ``history``: lists with one entry per epoch, ``loss`` (mean over the epoch's batches, each
        before its step) and, measured before the epoch's first step, ``active_groups`` (mean per sample); with A_star ``error`` (T21's
        measure, columns normalised) and ``rotation_free_error`` (the same modulo a rotation inside each group); with support ``recall``,
        ``precision`` and ``exact``.

    Raises
    ------
    TypeError, ValueError
        As :func:`gsae_ref.loss_and_grad`; for an unknown option; for a checkpoint that belongs to another run.
    DivergenceError
        When the cost or the dictionary is no longer finite; the last checkpoint stays.

    Notes
    -----
    Ctrl-C ends the run with what has been learned (status 2), after writing the checkpoint.
    [T21] Section 4.1 is ``train(A, Y, 2.0, 2, 300)``: Adam, all samples, step size 1e-3, no constraint. Its constants of Adam and its use of
    the exact gradient are not stated there.

    Examples
    --------
    >>> Y = np.array([[3.0, 0.0], [0.0, 4.0], [-5.0, 0.0]])
    >>> result = train(2 * np.eye(2), Y, 0.5, 1, 300, optimizer="gradient_descent", step_size=0.02)
    >>> result.message, result.history["loss"][0] > 10 * result.fun
    ('all epochs done', True)
    """
    from scipy.optimize import OptimizeResult

    A, Y = checks.common_dtype(*_network(A, Y, group_size))
    for name, value, options in (
        ("gradient", gradient, ops.GRADIENTS), ("optimizer", optimizer, OPTIMIZERS), ("constraint", constraint, CONSTRAINTS)
    ):
        checks.option(name, value, options)
    n_epochs, seed = checks.count("n_epochs", n_epochs), checks.count("rng", rng, minimum=0)
    checkpoint_every = checks.count("checkpoint_every", checkpoint_every)
    batch_size = len(Y) if batch_size is None else min(checks.count("batch_size", batch_size), len(Y))
    lam_at, step_at = _schedule(lam, checks.threshold), _schedule(step_size, checks.step)
    measure = _measures(Y, group_size, A_star, support, A)
    run = _fingerprint(A, Y, group_size, gradient, optimizer, batch_size, constraint, seed)
    step = _step_rule(optimizer, constraint, group_size)

    state, history = State(A.copy(), np.zeros_like(A), np.zeros_like(A), 0, 0), {}
    if resume and checkpoint is not None:
        state, history = _restore(checkpoint, run) or (state, history)
    status, message = 0, "all epochs done"

    def one_epoch(state):
        """The state after an epoch, and its entries of the history."""
        threshold, step_length = lam_at(state.epoch), step_at(state.epoch)
        values = measure(state.A, threshold)
        A, *moments = state.A, state.first, state.second, state.steps
        costs, sizes = [], []
        for batch in _batches(len(Y), batch_size, seed, state.epoch):
            samples = Y[batch]
            cost, G = ops.loss_and_grad(A, samples, threshold, group_size, gradient, engine)
            A, *moments = step(A, G, step_length, *moments)
            _refuse_divergence(state.epoch, cost, A)
            costs.append(cost)
            sizes.append(len(samples))
        return State(A, *moments, state.epoch + 1), {"loss": np.average(costs, weights=sizes), **values}

    try:
        with _bar(n_epochs, state.epoch, progress) as advance, np.errstate(over="ignore", invalid="ignore"):
            while state.epoch < n_epochs:
                after, values = one_epoch(state)
                for name, value in values.items():
                    history.setdefault(name, []).append(float(value))
                state = after
                advance(history["loss"][-1])
                if checkpoint is not None and state.epoch % checkpoint_every == 0:
                    _save(checkpoint, run, state, history)
                if callback is not None:
                    now = OptimizeResult(x=state.A.copy(), fun=history["loss"][-1], nit=state.epoch, history=history)
                    callback(intermediate_result=now)
    except StopIteration:
        status, message = 1, "stopped by the callback"
    except KeyboardInterrupt:
        status, message = 2, "interrupted"
    history = {name: values[: state.epoch] for name, values in history.items()}  # an interrupt can fall between the two
    if checkpoint is not None:
        _save(checkpoint, run, state, history)
    fun = ops.loss(state.A, Y, lam_at(max(state.epoch - 1, 0)), group_size)
    return OptimizeResult(x=state.A, fun=fun, nit=state.epoch, success=status == 0, status=status, message=message, history=history)


def _network(A, Y, group_size):
    A = checks.dictionary("A", A, group_size)
    Y = checks.batch("Y", Y, A.shape[0], f"A of shape {A.shape}")
    if Y.ndim == 1:
        raise ValueError(f"Y has shape {Y.shape}, one sample; training takes samples as rows; use Y[None]")
    return A, Y


def _schedule(value, check):
    """A function of the epoch, checked at every epoch."""
    if callable(value):
        return lambda epoch: check(value(epoch))
    constant = check(value)
    return lambda epoch: constant


def _batches(n_samples, batch_size, seed, epoch):
    """Index of every mini-batch of an epoch; all samples, in place, when one batch holds them."""
    if batch_size == n_samples:
        return [slice(None)]
    order = np.random.default_rng([seed, epoch]).permutation(n_samples)
    return [order[start : start + batch_size] for start in range(0, n_samples, batch_size)]


def _step_rule(optimizer, constraint, group_size):
    """The map (A, G, step_size, first, second, steps) -> (A, first, second, steps) of one step, constraint included."""

    def descend(A, G, step_size, first, second, steps):
        return A - step_size * G, first, second, steps + 1

    def adam(A, G, step_size, first, second, steps):
        """Kingma and Ba, Algorithm 1: moments corrected for their start at zero."""
        steps += 1
        first = BETA_1 * first + (1 - BETA_1) * G
        second = BETA_2 * second + (1 - BETA_2) * G**2
        unbiased_first, unbiased_second = first / (1 - BETA_1**steps), second / (1 - BETA_2**steps)
        return A - step_size * unbiased_first / (np.sqrt(unbiased_second) + EPSILON), first, second, steps

    def columns(A):
        norms = np.linalg.norm(A, axis=0)
        return A / np.where(norms > 0, norms, 1)

    move = adam if optimizer == "adam" else descend
    constrain = {"none": lambda A: A, "columns": columns, "groups": lambda A: groups.polar(A, group_size)}[constraint]

    def step(A, G, step_size, first, second, steps):
        A, *moments = move(A, G, step_size, first, second, steps)
        if np.isfinite(A).all():  # otherwise the run is refused just after, with a message that says more than an SVD would
            A = constrain(A)
        return A, *moments

    return step


def _refuse_divergence(epoch, cost, A):
    bad = "cost" if not np.isfinite(cost) else "dictionary" if not np.isfinite(A).all() else None
    if bad:
        raise DivergenceError(
            f"in epoch {epoch} the {bad} is no longer finite (cost {cost:.3g}); a step must keep it finite; "
            f"lower step_size, or use a constraint"
        )


def _measures(Y, group_size, A_star, support, A):
    """The function (A, lam) -> values of the history that are measured at the start of an epoch."""
    n_groups = A.shape[1] // group_size
    if A_star is not None:
        A_star = checks.dictionary("A_star", A_star, group_size)
        checks.same_shape("A", A, "A_star", A_star)
    if support is not None:
        support = checks.support("support", support, len(Y), n_groups)

    def measure(A, lam):
        blocks = (Y[start : start + BLOCK] for start in range(0, len(Y), BLOCK))
        active = np.concatenate([groups.norms(block @ A, group_size) > lam for block in blocks])
        values = {"active_groups": active.sum(axis=1).mean()}
        if A_star is not None:
            values["error"] = metrics.dictionary_error(A, A_star)
            values["rotation_free_error"] = _rotation_free_error(A, A_star, group_size)
        if support is not None:
            found = metrics.support_recovery(support, active)
            values |= {"recall": found.recall, "precision": found.precision, "exact": found.exact}
        return values

    return measure


def _rotation_free_error(A, A_star, group_size):
    """sum_g min_Q ||A_g - A*_g Q||_F^2 over rotations Q inside the groups, columns normalised: no matching of groups."""
    B, S = (groups.blocks(M / np.linalg.norm(M, axis=0), group_size) for M in (A, A_star))
    U, _, Vt = np.linalg.svd(np.swapaxes(S, 1, 2) @ B)
    return float(np.sum((B - S @ (U @ Vt)) ** 2))


@contextlib.contextmanager
def _bar(total, done, progress):
    """A progress bar; yields the function to call with the cost after every epoch."""
    try:
        from tqdm import tqdm
    except ImportError:
        progress = False
    if not progress:
        yield lambda cost: None
        return
    with tqdm(total=total, initial=done, unit="epoch", desc="train") as bar:

        def advance(cost):
            bar.set_postfix_str(f"loss {cost:.4g}")
            bar.update()

        yield advance


def _fingerprint(A, Y, group_size, gradient, optimizer, batch_size, constraint, seed):
    """What a checkpoint must agree on to be continued: start, data and recipe. (Schedules and the number of epochs may change.)"""
    digest = hashlib.sha256(repr((A.shape, A.dtype.name, Y.shape, group_size, gradient, optimizer, batch_size, constraint, seed)).encode())
    digest.update(np.ascontiguousarray(A))
    for start in range(0, len(Y), BLOCK):
        digest.update(np.ascontiguousarray(Y[start : start + BLOCK]))
    return digest.hexdigest()


def _save(path, run, state, history):
    """Write the state under a temporary name, keep the file that was there as .previous, rename: one whole checkpoint is always there."""
    path = os.fspath(path)
    temporary = f"{path}.{os.getpid()}.tmp"
    arrays = {f"history_{name}": np.array(values) for name, values in history.items()}
    try:
        with open(temporary, "wb") as file:
            np.savez(file, run=np.array(run), **state._asdict(), **arrays)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise ValueError(f"checkpoint {path} cannot be written ({error.strerror}); its folder must exist and have room; choose another") from error
    if os.path.exists(path):
        os.replace(path, f"{path}.previous")
    os.replace(temporary, path)


def _restore(path, run):
    """State and history of the newest checkpoint that can be read; None if there is none."""
    import warnings

    path = os.fspath(path)
    for candidate in (path, f"{path}.previous"):
        if not os.path.exists(candidate):
            continue
        try:
            with open(candidate, "rb") as file, np.load(file, allow_pickle=False) as saved:
                held = {name: saved[name] for name in saved.files}
            state = State(held["A"], held["first"], held["second"], int(held["steps"]), int(held["epoch"]))
            owner = str(held["run"])
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError) as error:
            warnings.warn(f"checkpoint {candidate} is damaged ({error}); trying the one before it", RuntimeWarning, stacklevel=3)
            continue
        if owner != run:
            raise ValueError(
                f"checkpoint {candidate} belongs to another run (start, data or recipe differ); a run continues its own only; "
                f"give another file, or resume=False"
            )
        history = {name.removeprefix("history_"): held[name].tolist() for name in held if name.startswith("history_")}
        return state, history
    return None
