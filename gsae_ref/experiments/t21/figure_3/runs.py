"""One network of Figure 3, trained on one draw of the data of T21 Section 4.1, and measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array, IntArray
from ....ops.engine import one_blas_thread
from ....training.checkpoints import Checkpoints, fingerprint
from ....training.descent import descend
from .theory import hypotheses, rotation_free_distances

NETWORKS = ("group", "soft", "hard", "relu")
RECIPES = ("literal", "unit", "scaled", "ramp")
Parameters = dict[str, Array]


class Setting(NamedTuple):
    """T21 Section 4.1."""

    n_features: int = 950
    n_groups: int = 500
    group_size: int = 2
    n_samples: int = 10_000
    n_active: int = 3
    norm_range: tuple[float, float] = (4.0, 5.0)
    correlation: float = 0.15
    step_size: float = 1e-3
    n_epochs: int = 300

    @property
    def n_probed(self) -> int:
        """Samples that set the quantile of the rule, and on which supports are counted."""
        return max(self.n_samples // 10, 200)


PAPER = Setting()
# As many samples of every group, the same n, norms and thresholds.
QUICK = PAPER._replace(n_groups=30, n_samples=600, n_epochs=150)


class Draw(NamedTuple):
    """The data of one seed; ``support`` has the indices of the active groups."""

    A_star: Array
    Y: Array
    X: Array
    support: IntArray
    start: Array


@dataclass(frozen=True)
class Network:
    """A network with shared weights, by its activation.

    Attributes
    ----------
    kind : {"group", "soft", "hard", "relu"}
        Group soft threshold (T21's network), soft threshold, hard threshold, ReLU with the bias
        -lam.
    group_size : int
    gradient : {"exact", "appendix_b", "approximate"}
        For "group" and "soft".
    """

    kind: str
    group_size: int
    gradient: str = "exact"

    def loss_and_grad(self, A: Array, Y: Array, lam: float) -> tuple[float, Array]:
        """Loss (13) and its gradient."""
        if self.kind in ("group", "soft"):
            return ops.loss_and_grad(A, Y, lam, self._threshold_size, self.gradient)
        cost, G, _ = ops.sparse_loss_and_grad(A, Y, **self._activation(lam))
        return cost, G

    def encode(self, A: Array, Y: Array, lam: float) -> Array:
        """The codes."""
        if self.kind in ("group", "soft"):
            return ops.encode(A, Y, lam, self._threshold_size)
        return ops.sparse_encode(A, Y, **self._activation(lam))

    def starting_threshold(self, A: Array, Y: Array, n_active: int) -> float:
        """The threshold at which the code has a tenth of the data's active groups on average.

        That is n_active / 10 active groups, or, for the networks without groups, a tenth of the
        active groups' atoms: a quantile of what the threshold is compared with, ||A_g^T y||,
        |a_i^T y|, or a_i^T y for ReLU. The rule uses the sparsity of the data, which T21 takes as
        known, and neither A* nor the supports.

        With 9 of 10 entries below the threshold:

        >>> A = np.eye(10)
        >>> Network("soft", 1).starting_threshold(A, np.arange(1.0, 11.0)[None], n_active=10)
        9.1
        """
        Z = Y @ A
        n_units = n_active * self.group_size
        compared = Z if self.kind == "relu" else np.abs(Z)
        if self.kind == "group":
            n_units = n_active
            compared = groups.norms(Z, self.group_size)
        return float(np.quantile(compared, 1 - 0.1 * n_units / compared.shape[1]))

    @property
    def _threshold_size(self) -> int:
        """Soft thresholding has groups of one atom."""
        return self.group_size if self.kind == "group" else 1

    def _activation(self, lam: float) -> dict[str, Any]:
        if self.kind == "hard":
            return {"activation": "hard", "lam": lam}
        return {"activation": "relu", "bias": -lam}


def train_network(
    network: str,
    recipe: str,
    lam: float,
    snr_db: float,
    seed: int,
    setting: dict[str, Any],
    gradient: str = "exact",
    checkpoint: str | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Train one network by Adam on all samples; measure it before every epoch and at the end.

    Parameters
    ----------
    network : {"group", "soft", "hard", "relu"}
        As in :class:`Network`.
    recipe : {"literal", "unit", "scaled", "ramp"}
        Start and threshold. "literal": A* + B as the paper has it, constant lam. "unit": its
        columns divided by their norms, constant lam. With lam_0 the starting threshold of
        :class:`Network` at unit columns, "scaled": columns of norm lam / lam_0, constant lam, and
        "ramp": unit columns, the threshold rising linearly from lam_0 to lam over the first half of
        the epochs.
    lam : float
        The threshold at the end.
    snr_db : float
    seed : int
    setting : dict
        Fields of :class:`Setting`.
    gradient : {"exact", "appendix_b", "approximate"}
        Of the group network.
    checkpoint : str, optional
        File that the run resumes from, and that it updates every 20 epochs.
    progress : bool

    Returns
    -------
    dict of str to ndarray
        Curves of n_epochs + 1 numbers: ``loss`` and those of :func:`measure`. ``lam_0``. ``code``,
        the first sample's at the end, and ``true_code``.

    Raises
    ------
    KeyboardInterrupt
        When interrupted, after the checkpoint is written.
    """
    s = Setting(**setting)
    net = Network(network, s.group_size, gradient)
    # The bits of a product depend on the number of threads, and a checkpoint belongs to one start.
    with one_blas_thread():
        data = draw(s, snr_db, seed)
        A, lam_0 = start(net, recipe, lam, data, s)
    lam_at = threshold_schedule(recipe, lam_0, lam, s.n_epochs)

    def objective(parameters: Parameters, Y: Array, epoch: int) -> tuple[float, Parameters]:
        cost, G = net.loss_and_grad(parameters["A"], Y, lam_at(epoch))
        return cost, {"A": G}

    def measured(parameters: Parameters, epoch: int) -> dict[str, float]:
        return measure(net, parameters["A"], data, lam_at(epoch), s)

    identity = (network, recipe, lam, snr_db, seed, gradient, sorted(setting.items()))
    checkpoints = Checkpoints(
        checkpoint,
        every=20,
        resume=checkpoint is not None,
        fingerprint=lambda: fingerprint({"A": A}, data.Y, identity),
    )
    run = descend(
        {"A": A},
        objective,
        lambda epoch: [data.Y],
        s.n_epochs,
        step_size=s.step_size,
        measure=measured,
        progress=progress,
        checkpoints=checkpoints,
    )
    if run.status == 2:
        raise KeyboardInterrupt
    learned = run.state.parameters
    end = {"loss": objective(learned, data.Y, s.n_epochs)[0], **measured(learned, s.n_epochs)}
    curves = {name: np.array([*run.history[name], value]) for name, value in end.items()}
    code = net.encode(learned["A"], data.Y[0], lam)
    return {**curves, "lam_0": lam_0, "code": code, "true_code": data.X[0]}


def draw(s: Setting, snr_db: float, seed: int) -> Draw:
    """Draw A*, samples at a signal-to-noise ratio, and the start A* + B."""
    A_star = sampling.make_dictionary(s.n_features, s.n_groups, s.group_size, rng=seed)
    Y, X, support = sampling.sample(
        A_star, s.n_samples, s.n_active, s.group_size, s.norm_range, snr_db, rng=seed
    )
    start = sampling.perturb_dictionary(A_star, correlation=s.correlation, rng=seed)
    return Draw(A_star, Y, X, support, start)


def start(net: Network, recipe: str, lam: float, data: Draw, s: Setting) -> tuple[Array, float]:
    """The dictionary to start from, and the starting threshold lam_0."""
    unit = data.start / np.linalg.norm(data.start, axis=0)
    lam_0 = net.starting_threshold(unit, data.Y[: s.n_probed], s.n_active)
    A = {"literal": data.start, "scaled": lam / lam_0 * unit}.get(recipe, unit)
    return A, lam_0


def threshold_schedule(
    recipe: str, lam_0: float, lam: float, n_epochs: int
) -> Callable[[int], float]:
    """Threshold by epoch: constant, or for "ramp" rising from lam_0 in half of the epochs."""

    def lam_at(epoch: int) -> float:
        risen = min(epoch / (n_epochs / 2), 1) if recipe == "ramp" else 1
        return lam_0 + (lam - lam_0) * risen

    return lam_at


def measure(net: Network, A: Array, data: Draw, lam: float, s: Setting) -> dict[str, float]:
    """Measure a dictionary and its codes.

    Returns
    -------
    dict of str to float
        ``lam``; ``error`` and ``rotation_free_error``, ||A - A*||_F^2 of normalised columns, as
        they are and modulo a rotation in each group, per atom; ``active_groups``, ``active_atoms``,
        ``recall``, ``precision``, ``exact`` of the supports of groups; ``column_norm``. Of the
        group network also the numbers of :func:`.theory.hypotheses`, ``tau_min``, ``tau_median``.
    """
    codes = net.encode(A, data.Y[: s.n_probed], lam)
    support = data.support[: s.n_probed]
    norms = groups.norms(codes, s.group_size)
    found = metrics.support_recovery(support, norms > 0)
    distances = rotation_free_distances(A, data.A_star, s.group_size)
    measured = {
        "lam": lam,
        "error": metrics.dictionary_error(A, data.A_star) / A.shape[1],
        "rotation_free_error": np.sum(distances**2) / A.shape[1],
        "active_groups": found.n_active_mean,
        "active_atoms": np.mean(np.sum(codes != 0, axis=1)),
        "recall": found.recall,
        "precision": found.precision,
        "exact": found.exact,
        "column_norm": np.mean(np.linalg.norm(A, axis=0)),
    }
    if net.kind == "group":
        measured |= hypotheses(A, data.A_star, s.group_size) | _shrinkage(norms, support, lam)
    return measured


def _shrinkage(norms: Array, support: IntArray, lam: float) -> dict[str, float]:
    """tau_g = 1 - lam / ||A_g^T y|| over the truly active groups that are found.

    It equals ||x_g|| / (||x_g|| + lam).
    """
    found = np.take_along_axis(norms, support, axis=1)
    tau = found[found > 0] / (found[found > 0] + lam)
    if not tau.size:
        return {"tau_min": np.nan, "tau_median": np.nan}
    return {"tau_min": tau.min(), "tau_median": np.median(tau)}
