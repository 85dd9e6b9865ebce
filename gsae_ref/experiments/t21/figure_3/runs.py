"""Figure 3's units of work: one network trained on one draw of the data of T21 Section 4.1, with everything measured on the way."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array, IntArray
from ....ops.engine import one_blas_thread
from ....papers.t21.support.formulas import support_interval
from ....training.checkpoints import Checkpoints, fingerprint
from ....training.descent import descend
from .theory import hypotheses, rotation_free_distances

NETWORKS = ("group", "soft", "hard", "relu")
RECIPES = ("literal", "unit", "scaled", "ramp")


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


PAPER = Setting()
QUICK = PAPER._replace(
    n_groups=30, n_samples=600, n_epochs=150
)  # as many samples of every group, the same n, norms and thresholds


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
    """Train one network by Adam on all samples, and measure it before every epoch and at the end.

    Parameters
    ----------
    network : {"group", "soft", "hard", "relu"}
        Group soft threshold (T21's network), soft threshold, hard threshold, ReLU with the fixed
        bias -lam.
    recipe : {"literal", "unit", "scaled", "ramp"}
        Start and threshold. "literal": A* + B as the paper has it, constant lam. "unit": its
        columns divided by their norms, constant lam. With lam_0 from :func:`starting_threshold` at
        unit columns, "scaled": columns of norm lam / lam_0, constant lam, and "ramp": unit columns,
        the threshold rising linearly from lam_0 to lam over the first half of the epochs.
    lam : float
        The threshold at the end.
    snr_db : float
    seed : int
    setting : dict
        Fields of :class:`Setting`.
    gradient : {"exact", "appendix_b", "approximate"}
        Of the group network.
    checkpoint : str, optional
        Where the run continues from, and is kept meanwhile.
    progress : bool

    Returns
    -------
    dict of str to ndarray
        Curves of n_epochs + 1 numbers: ``loss``, ``lam``, ``error`` and ``rotation_free_error``
        (||A - A*||_F^2 of normalised columns, as they are and modulo a rotation in each group, per
        atom), ``active_groups``, ``active_atoms``, ``recall``, ``precision``, ``exact`` of the
        supports of groups, ``column_norm``; of the group network also the numbers of
        :func:`hypotheses` and ``tau_min``, ``tau_median`` (1 - lam / ||A_g^T y|| over the truly
        active groups that are found). At the end ``code`` and ``true_code`` of the first sample,
        and ``sharp``, the thresholds that surely recover every support without noise; ``lam_0``.

    Raises
    ------
    KeyboardInterrupt
        When interrupted, after the checkpoint is written.
    """
    s = Setting(**setting)
    cost_and_gradient, encode = _network(network, s.group_size, gradient)
    probe = slice(
        max(s.n_samples // 10, 200)
    )  # sets the quantile of the rule, and supports are counted on it
    with one_blas_thread():  # the bits of a product depend on the number of threads, and a checkpoint is of one start only
        A_star = sampling.make_dictionary(s.n_features, s.n_groups, s.group_size, rng=seed)
        Y, X, support = sampling.sample(
            A_star, s.n_samples, s.n_active, s.group_size, s.norm_range, snr_db, rng=seed
        )
        start = sampling.perturb_dictionary(A_star, correlation=s.correlation, rng=seed)
        unit = start / np.linalg.norm(start, axis=0)
        lam_0 = starting_threshold(unit, Y[probe], network, s.group_size, s.n_active)
    A = {"literal": start, "unit": unit, "scaled": lam / lam_0 * unit, "ramp": unit}[recipe]

    def lam_at(epoch: int) -> float:
        risen = min(epoch / (s.n_epochs / 2), 1) if recipe == "ramp" else 1
        return lam_0 + (lam - lam_0) * risen

    def objective(
        parameters: dict[str, Array], samples: Array, epoch: int
    ) -> tuple[float, dict[str, Array]]:
        cost, G = cost_and_gradient(parameters["A"], samples, lam_at(epoch))
        return cost, {"A": G}

    def measure(parameters: dict[str, Array], epoch: int) -> dict[str, float]:
        A = parameters["A"]
        now = lam_at(epoch)
        codes = encode(A, Y[probe], now)
        active = groups.norms(codes, s.group_size)
        found = metrics.support_recovery(support[probe], active > 0)
        return {
            "lam": now,
            "error": metrics.dictionary_error(A, A_star) / A.shape[1],
            "rotation_free_error": np.sum(rotation_free_distances(A, A_star, s.group_size) ** 2)
            / A.shape[1],
            "active_groups": found.n_active_mean,
            "active_atoms": np.mean(np.sum(codes != 0, axis=1)),
            "recall": found.recall,
            "precision": found.precision,
            "exact": found.exact,
            "column_norm": np.mean(np.linalg.norm(A, axis=0)),
            **(
                hypotheses(A, A_star, s.group_size) | _shrinkage(active, support[probe], now)
                if network == "group"
                else {}
            ),
        }

    recipe_of_the_run = (network, recipe, lam, snr_db, seed, gradient, sorted(setting.items()))
    run = descend(
        {"A": A},
        objective,
        lambda epoch: [Y],
        s.n_epochs,
        step_size=s.step_size,
        measure=measure,
        progress=progress,
        checkpoints=Checkpoints(
            checkpoint,
            every=20,
            resume=True,
            fingerprint=lambda: fingerprint({"A": A}, Y, recipe_of_the_run),
        ),
    )
    if run.status == 2:
        raise KeyboardInterrupt
    learned = run.state.parameters
    end = {"loss": objective(learned, Y, s.n_epochs)[0], **measure(learned, s.n_epochs)}
    curves = {name: np.array([*run.history[name], value]) for name, value in end.items()}
    sharp = support_interval(
        learned["A"], A_star, s.group_size, s.n_active, *s.norm_range, form="sharp"
    )
    return {
        **curves,
        "lam_0": lam_0,
        "sharp": np.array(sharp),
        "code": encode(learned["A"], Y[0], lam),
        "true_code": X[0],
    }


def starting_threshold(A: Array, Y: Array, network: str, group_size: int, n_active: int) -> float:
    """The rule: the threshold at which the code has a tenth of the data's active groups (gamma / 10), or of their atoms, on average.

    That is a quantile of what the threshold is compared with: ||A_g^T y||, |a_i^T y|, or a_i^T y
    for ReLU. It uses the sparsity of the data, which T21 takes as known, and neither A* nor the
    supports.

    >>> starting_threshold(np.eye(10), np.arange(1.0, 11.0)[None], "soft", 1, 10)  # 9 of 10 entries stay below
    9.1
    """
    Z = Y @ A
    compared = (
        groups.norms(Z, group_size) if network == "group" else Z if network == "relu" else np.abs(Z)
    )
    units = n_active * (1 if network == "group" else group_size)
    return float(np.quantile(compared, 1 - 0.1 * units / compared.shape[1]))


def _network(
    network: str, group_size: int, gradient: str
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The functions (A, Y, lam) -> (cost, gradient) and (A, Y, lam) -> codes."""
    if network in ("group", "soft"):
        size = group_size if network == "group" else 1
        return lambda A, Y, lam: ops.loss_and_grad(
            A, Y, lam, size, gradient
        ), lambda A, Y, lam: ops.encode(A, Y, lam, size)

    def options(lam: float) -> dict[str, Any]:
        return (
            {"activation": "hard", "lam": lam}
            if network == "hard"
            else {"activation": "relu", "bias": -lam}
        )

    return (
        lambda A, Y, lam: ops.sparse_loss_and_grad(A, Y, **options(lam))[:2],
        lambda A, Y, lam: ops.sparse_encode(A, Y, **options(lam)),
    )


def _shrinkage(norms: Array, support: IntArray, lam: float) -> dict[str, float]:
    """tau_g = 1 - lam / ||A_g^T y|| = ||x_g|| / (||x_g|| + lam): smallest and median."""
    found = np.take_along_axis(norms, support, axis=1)
    tau = found[found > 0] / (found[found > 0] + lam)
    return (
        {"tau_min": tau.min(), "tau_median": np.median(tau)}
        if tau.size
        else {"tau_min": np.nan, "tau_median": np.nan}
    )
