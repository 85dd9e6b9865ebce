"""The picture on the front page: three statements as printed, as they hold, and as they are measured.

python notebooks/front_page.py [FILE.png]    writes front_page.png beside this file, or FILE.png; seconds
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


def interference(sizes=(1, 2, 4, 8), cosine=0.6, norm=2.0):
    """[T21] Proposition 2 on two d-dimensional groups that lean towards each other: printed, corrected and measured, for every d."""
    rows = []
    for d in sizes:
        A = np.hstack(
            [
                np.eye(2 * d)[:, :d],
                np.vstack([cosine * np.eye(d), np.sqrt(1 - cosine**2) * np.eye(d)]),
            ]
        )
        bounds = [
            support.cross_term_bound(1, norm, gs.block_coherence(A, d), 0.0, d, form)
            for form in ("printed", "corrected")
        ]
        y = (
            norm * A[:, d]
        )  # a sample of the second group; what it sends into the first is interference
        rows.append([*bounds, np.linalg.norm(A[:, :d].T @ y)])
    return np.array(sizes), *np.transpose(rows)


def gradient(shares, d=8, h=1e-6):
    """Slope of the loss as a dictionary shrinks, A = s I at s = 1: by (41) of [T21], by the exact gradient, and by central difference."""
    y = np.random.default_rng(0).standard_normal(d)
    y /= np.linalg.norm(y)
    rows = []
    for lam in shares:
        slopes = [
            -np.trace(gs.loss_and_grad(np.eye(d), y, lam, d, name)[1])
            for name in ("appendix_b", "exact")
        ]
        ends = [gs.loss((1 + s * h) * np.eye(d), y, lam, d) for s in (1, -1)]
        rows.append([*slopes, (ends[1] - ends[0]) / (2 * h)])
    return np.transpose(rows)


def fixed_bias(biases, theta=1e-3):
    """Share of the angle to the truth that one step of [N19]'s ReLU autoencoder leaves when its bias is fixed: by R7, and measured."""
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

    style = {
        "font.size": 10.5,
        "axes.titlesize": 11.5,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    printed = {"color": RED, "ls": "--", "lw": 2.2}
    holds = {"color": BLUE, "lw": 2.4}
    measured = {"color": BLACK, "ls": "", "marker": "o", "ms": 6.5}
    with plt.rc_context(style):
        fig, (bound, slope, rate) = plt.subplots(
            1, 3, figsize=(11, 3.9), dpi=100, layout="constrained"
        )

        d, by_paper, corrected, found = interference()
        for values, how in ((by_paper, printed), (corrected, holds), (found, measured)):
            bound.plot(d, values, **how)
        bound.set(
            xscale="log",
            xticks=d,
            ylim=(0, 1.5),
            xlabel="group size $d$",
            ylabel="interference of a group",
            title="A bound that is exceeded",
        )
        bound.set_xticklabels(d)
        bound.minorticks_off()
        bound.text(
            0.97, 0.04, "Proposition 2 of T21", transform=bound.transAxes, ha="right", color=GREY
        )

        share = np.linspace(0, 0.999, 100)
        dots = np.linspace(0.1, 0.9, 9)
        by_paper, exact, _ = gradient(share)
        slope.plot(share, by_paper, **printed)
        slope.plot(share, exact, **holds)
        slope.plot(dots, gradient(dots)[2], **measured)
        slope.set(
            xlabel="share of the norm lost to the threshold",
            ylabel="slope of the loss",
            ylim=(0, 1.1),
            xlim=(0, 1),
            title="A gradient that is not one",
        )
        slope.text(
            0.97, 0.04, "(41) of T21, $d=8$", transform=slope.transAxes, ha="right", color=GREY
        )

        bias = np.linspace(-1, 0, 100)
        dots = np.linspace(-0.9, -0.1, 9)
        rate.axhline(1, **printed)
        rate.plot(bias, fixed_bias_formulas.linear_rate(1.0, bias, 1.0), **holds)
        rate.plot(dots, fixed_bias(dots)[1], **measured)
        rate.set(
            xlabel="fixed bias $b$",
            ylabel="error left after one step",
            ylim=(0, 1.1),
            xlim=(-1, 0),
            title="A method that was ruled out",
        )
        rate.text(-0.97, 1.02, '"a fixed bias ... would not work"', color=RED)
        rate.text(0.03, 0.04, "N19, Section 5", transform=rate.transAxes, color=GREY)

        handles = [bound.lines[k] for k in range(3)]
        fig.legend(
            handles,
            ["as printed", "what holds", "measured"],
            loc="outside upper center",
            ncols=3,
            frameon=False,
            fontsize=12,
        )
    return fig


def main(path=HERE / "front_page.png"):
    """Draw and write the picture; return its path."""
    from PIL import Image

    drawn = io.BytesIO()
    draw().savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        path, "png", optimize=True
    )
    return Path(path)


if __name__ == "__main__":
    print(main(*sys.argv[1:2]))
