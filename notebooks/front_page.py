"""The picture of the front page: three statements as printed, as they hold, and as measured.

python notebooks/front_page.py [FILE.png]    writes front_page.png beside this file, or FILE.png
"""

import io
import sys
from pathlib import Path

import numpy as np

import gsae_ref as gs
from gsae_ref.papers.n19.fixed_bias import formulas as fixed_bias_formulas
from gsae_ref.papers.t21.support import formulas as support

HERE = Path(__file__).resolve().parent
BLUE = "#0072B2"
RED = "#D55E00"
BLACK = "#000000"
GREY = "#5f5f5f"  # Okabe and Ito: safe for colour-blind readers
PRINTED = {"color": RED, "ls": "--", "lw": 2.2}
HOLDS = {"color": BLUE, "lw": 2.4}
MEASURED = {"color": BLACK, "ls": "", "marker": "o", "ms": 6.5}
STYLE = {
    "font.size": 10.5,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def interference(sizes=(1, 2, 4, 8), cosine=0.6, norm=2.0):
    """[T21] Proposition 2 for two groups at an angle: group sizes, printed, corrected, measured."""
    rows = []
    for d in sizes:
        tilted = np.vstack([cosine * np.eye(d), np.sqrt(1 - cosine**2) * np.eye(d)])
        A = np.hstack([np.eye(2 * d)[:, :d], tilted])
        mu_block = gs.block_coherence(A, d)
        bounds = [
            support.cross_term_bound(1, norm, mu_block, 0.0, d, form)
            for form in ("printed", "corrected")
        ]
        y = norm * A[:, d]  # a sample of the second group; the first group sees interference
        rows.append([*bounds, np.linalg.norm(A[:, :d].T @ y)])
    return np.array(sizes), *np.transpose(rows)


def gradient(shares, d=8, h=1e-6):
    """Slope of the loss at A = s I, s = 1: by [T21] Eq. (41), exact, and by central difference."""
    y = np.random.default_rng(0).standard_normal(d)
    y /= np.linalg.norm(y)
    rows = []
    for lam in shares:
        slopes = [
            -np.trace(gs.loss_and_grad(np.eye(d), y, lam, d, name)[1])
            for name in ("appendix_b", "exact")
        ]
        above, below = (gs.loss((1 + s * h) * np.eye(d), y, lam, d) for s in (1, -1))
        rows.append([*slopes, (below - above) / (2 * h)])
    return np.transpose(rows)


def fixed_bias(biases, theta=1e-3):
    """Share of the angle to the truth after one step of [N19]'s network: by R7, and measured."""
    basis = gs.make_dictionary(12, 10, 1, kind="orthonormal", rng=0)
    A = basis[:, :5]
    W = np.cos(theta) * basis[:, :5] + np.sin(theta) * basis[:, 5:]
    measured = []
    for b in biases:
        moved = gs.train_sparse(W, A.T, 1, bias=b, normalise=True, bias_schedule="fixed").x
        measured.append(max(gs.principal_angles(moved, A, 1)) / theta)
    return fixed_bias_formulas.linear_rate(1.0, np.asarray(biases), 1.0), np.ravel(measured)


def draw():
    """The figure: one panel for every statement."""
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        fig, axes = plt.subplots(1, 3, figsize=(11, 3.9), dpi=100, layout="constrained")
        draw_interference(axes[0])
        draw_gradient(axes[1])
        draw_fixed_bias(axes[2])
        fig.legend(
            axes[0].lines[:3],
            ["as printed", "what holds", "measured"],
            loc="outside upper center",
            ncols=3,
            frameon=False,
            fontsize=12,
        )
    return fig


def draw_interference(ax):
    """Proposition 2 of T21 against the group size."""
    d, by_paper, corrected, found = interference()
    for values, style in ((by_paper, PRINTED), (corrected, HOLDS), (found, MEASURED)):
        ax.plot(d, values, **style)
    ax.set(
        xscale="log",
        xticks=d,
        ylim=(0, 1.5),
        xlabel="group size $d$",
        ylabel="interference of a group",
        title="A bound that is exceeded",
    )
    ax.set_xticklabels(d)
    ax.minorticks_off()
    ax.text(0.97, 0.04, "Proposition 2 of T21", transform=ax.transAxes, ha="right", color=GREY)


def draw_gradient(ax):
    """Equation (41) of T21 against the threshold."""
    share = np.linspace(0, 0.999, 100)
    dots = np.linspace(0.1, 0.9, 9)
    by_paper, exact, _ = gradient(share)
    ax.plot(share, by_paper, **PRINTED)
    ax.plot(share, exact, **HOLDS)
    ax.plot(dots, gradient(dots)[2], **MEASURED)
    ax.set(
        xlabel="share of the norm lost to the threshold",
        ylabel="slope of the loss",
        ylim=(0, 1.1),
        xlim=(0, 1),
        title="A gradient that is not one",
    )
    ax.text(0.97, 0.04, "(41) of T21, $d=8$", transform=ax.transAxes, ha="right", color=GREY)


def draw_fixed_bias(ax):
    """A sentence of N19, Section 5, against the bias."""
    bias = np.linspace(-1, 0, 100)
    dots = np.linspace(-0.9, -0.1, 9)
    ax.axhline(1, **PRINTED)
    ax.plot(bias, fixed_bias_formulas.linear_rate(1.0, bias, 1.0), **HOLDS)
    ax.plot(dots, fixed_bias(dots)[1], **MEASURED)
    ax.set(
        xlabel="fixed bias $b$",
        ylabel="error left after one step",
        ylim=(0, 1.1),
        xlim=(-1, 0),
        title="A method that was ruled out",
    )
    ax.text(-0.97, 1.02, '"a fixed bias ... would not work"', color=RED)
    ax.text(0.03, 0.04, "N19, Section 5", transform=ax.transAxes, color=GREY)


def main(path=HERE / "front_page.png"):
    """Draw and write the picture; return its path."""
    from PIL import Image

    drawn = io.BytesIO()
    draw().savefig(drawn, format="png")
    small = Image.open(drawn).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, "png", optimize=True)
    return Path(path)


if __name__ == "__main__":
    print(main(*sys.argv[1:2]))
