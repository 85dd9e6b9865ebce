"""N19 Figure 2: reconstruction loss against training step from three starts, for three noise levels."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Array
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table
from .runs import NAMES, STARTS, VARIANTS, Setting, floor, train_mixture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache

TITLE = "N19 Figure 2: loss of a ReLU autoencoder on a mixture of Gaussians, from three starts"
NOISES = (0.01, 0.02, 0.03)
USUAL = next(iter(VARIANTS))  # the algorithm of the theory with the numbers of Section 6
LEFT = 0.1  # the loss has fallen to the floor if this share of what it could fall, or less, is left


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this experiment."""
    parser.add_argument(
        "--variant",
        choices=sorted(VARIANTS),
        default=USUAL,
        help="column norms, step size and bias rule",
    )
    parser.add_argument("--n-samples", type=int, default=None, help="samples (10,000 in the paper)")


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    variant: str = USUAL,
    n_samples: int | None = None,
    **setting: int,
) -> Study:
    """Train from every start at every noise level.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        1000 samples.
    seed, n_seeds : int
        Seeds seed, ..., seed + n_seeds - 1; each draws means, data and start.
    variant : str
        One of ``VARIANTS`` of sae_runs.
    n_samples : int, optional
    **setting
        Other fields of ``Setting`` of sae_runs.

    Returns
    -------
    Study
    """
    n_samples = n_samples or (1000 if quick else Setting().n_samples)
    s = Setting(**{**setting, "n_samples": n_samples})
    runs = {
        (start, noise): [
            cache.run(
                f"{start}-{noise}-{VARIANT_KEYS[variant]}-{k}",
                train_mixture,
                start=start,
                noise=noise,
                variant=VARIANTS[variant],
                seed=k,
                setting=s._asdict(),
            )
            for k in range(seed, seed + n_seeds)
        ]
        for start in STARTS
        for noise in NOISES
    }
    losses = {key: np.array([run["loss"] for run in values]) for key, values in runs.items()}
    left = {key: _left(loss, floor(s, key[1])) for key, loss in losses.items()}
    data = {
        "steps": np.arange(s.n_steps + 1),
        "floor": {str(noise): floor(s, noise) for noise in NOISES},
        "loss": {start: {str(noise): losses[start, noise] for noise in NOISES} for start in STARTS},
    }
    rows = [
        [
            NAMES[start],
            noise,
            floor(s, noise),
            *(float(np.mean(losses[start, noise][:, t])) for t in _shown(s.n_steps)),
            f"{sum(int(run['found']) for run in runs[start, noise]) / n_seeds:.3g} of {s.n_atoms}",
        ]
        for start in STARTS
        for noise in NOISES
    ]
    columns = (
        "start",
        "noise",
        "floor n sigma^2 / 2",
        *(f"loss at {t}" for t in _shown(s.n_steps)),
        "columns found",
    )
    claims = [
        Claim(
            "N19 Figure 2, left",
            "the loss falls to a low level from a perturbed truth",
            *_fallen(left, ["perturbation"], NOISES),
        ),
        Claim(
            "N19 Figure 2, middle",
            "it also falls from the top principal directions",
            *_fallen(left, ["pca"], NOISES),
        ),
        Claim(
            "N19 Figure 2, right",
            "it falls even from a random start when the noise is small",
            *_fallen(left, ["random"], NOISES[:1]),
        ),
    ]
    notes = [
        '"Left" is (loss - floor) / (first loss - floor) at the last step; a loss counts as fallen where this is at most '
        f"{LEFT}, in every seed.",
        "At step 0 no unit is active: b = -2.5 delta = -1.25 is outside every range that Theorem 3 (ii) admits. The first step changes nothing.",
        "The paper's N(0, 1/sqrt(n)) is read as a standard deviation squared to 1/n; its means are drawn Gaussian and divided by their norms.",
        "Section 6 does not say whether columns are normalised after a step; the theory does it. See n19-figure-3 for the other readings.",
    ]
    recipe = {
        **s._asdict(),
        "variant": variant,
        **VARIANTS[variant],
        "noises": NOISES,
        "seeds": list(range(seed, seed + n_seeds)),
    }
    return Study(
        "n19-figure-2",
        TITLE,
        recipe,
        data,
        [Table("Loss, mean over seeds", columns, rows)],
        claims,
        notes,
    )


VARIANT_KEYS = {name: f"v{k}" for k, name in enumerate(VARIANTS)}


def _shown(n_steps: int) -> list[int]:
    """Steps of the table."""
    return sorted({min(t, n_steps) for t in (0, 5, 10, n_steps)})


def _left(loss: Array, lowest: float) -> Array:
    """What is left at the end of how far each loss could fall; infinite for a run that diverged."""
    left = (loss[:, -1] - lowest) / (loss[:, 0] - lowest)
    return np.where(np.isfinite(left), left, np.inf)


def _fallen(
    left: dict[tuple[str, float], Array], starts: list[str], noises: tuple[float, ...]
) -> tuple[str, bool]:
    """The numbers that speak to a claim, and whether it holds."""
    worst = {
        (start, noise): float(left[start, noise].max()) for start in starts for noise in noises
    }
    text = ", ".join(f"{value:.2g} left at noise {noise}" for (_, noise), value in worst.items())
    return text, all(value <= LEFT for value in worst.values())


def _panel(start: Any) -> Any:
    def plot(data: Any, ax: Axes) -> list[Any]:
        artists: list[Any] = []
        for colour, style, noise in zip(COLOURS, ("-", "--", ":"), NOISES, strict=False):
            loss = np.asarray(data["loss"][start][str(noise)])
            artists += ax.plot(
                data["steps"],
                loss.mean(axis=0),
                style,
                color=colour,
                label=f"$\\sigma_\\eta$ = {noise}",
            )
            if len(loss) > 1:
                artists.append(
                    ax.fill_between(
                        data["steps"],
                        loss.min(axis=0),
                        loss.max(axis=0),
                        color=colour,
                        alpha=0.2,
                        linewidth=0,
                    )
                )
            artists.append(
                ax.axhline(data["floor"][str(noise)], color=colour, linewidth=0.6, alpha=0.7)
            )
        ax.set(
            title=f"start: {NAMES[start]}",
            xlabel="step",
            ylabel="loss (thin line: noise alone)",
            ylim=(0, None),
        )
        ax.legend()
        return artists

    return plot


FIGURES = {"n19-figure-2": [[_panel(start) for start in STARTS]]}
