"""L23 Figure 6: whether the large step on v makes Algorithm 1 unstable; a factor 2 decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from . import plots
from .recovery import RECIPES, NetworkRun, follow_network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..common.cache import ResultCache
    from .recovery import Recipe

TITLE = "L23 Figure 6: stability of the directions in Algorithm 1"
PICTURE_EPOCHS = 500  # of the paper's picture
SAMPLE_SIZES = (40, 60, 100, 150, 250, 500, 1000)
# The step on v is c / u^4, with c = 1 for the loss "half" and 2 for "mean". gamma is halved where
# the loss is doubled, so that u takes the same steps in all four cases.
CASES: dict[str, dict[str, Any]] = {
    "paper": {"loss_scale": "half", "jacobi": False, "gamma": 2e-3},
    "paper, both at once": {"loss_scale": "half", "jacobi": True, "gamma": 2e-3},
    "paper, step 2/u^4": {"loss_scale": "mean", "jacobi": False, "gamma": 1e-3},
    "code": {"loss_scale": "mean", "jacobi": True, "gamma": 1e-3},
}
STEP_FACTORS = {name: {"half": 1, "mean": 2}[case["loss_scale"]] for name, case in CASES.items()}
SETTLED_CHANGE = 1e-3  # largest late change of an entry of v that has settled
UNSETTLED_CHANGE = 1e-2  # least late change for the claim that v does not settle
MAX_OFF_SUPPORT = 0.01  # larger weights off the support take part: the rule's S is another set
PLOT_FLOOR = 1e-17  # changes below are drawn at this height


@dataclass(frozen=True)
class Draw:
    """Both versions on one draw: late changes of v, last errors, and the eigenvalue of the rule."""

    n_samples: int
    seed: int
    eigenvalue: float
    paper_change: float
    paper_error: float
    paper_off_support: float
    code_change: float
    code_error: float

    @property
    def decidable(self) -> bool:
        """Whether the groups of the support are the only ones of any size."""
        return self.paper_off_support < MAX_OFF_SUPPORT

    @property
    def obeys_rule(self) -> bool:
        """Whether v settles in each version if and only if c times the eigenvalue is below 2."""
        paper = (self.paper_change < SETTLED_CHANGE) == (self.eigenvalue < 2)
        code = (self.code_change < SETTLED_CHANGE) == (2 * self.eigenvalue < 2)
        return paper and code


@dataclass(frozen=True)
class Figure6:
    """Numbers of the figure: ``runs`` of all cases on the authors' draw, ``draws`` of ours."""

    runs: dict[str, NetworkRun]
    draws: list[Draw]


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    recipe: Recipe = RECIPES["2"],
    sizes: Sequence[int] | None = None,
) -> Study:
    """Combine step and order on the authors' draw; follow both versions for other sample sizes.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        Two numbers of samples in place of seven.
    seed, n_seeds : int
        Seeds of our draws: seed, ..., seed + n_seeds - 1.
    recipe : Recipe
    sizes : sequence of int, optional
        Other numbers of samples.

    Returns
    -------
    Study
        With a :class:`Figure6` as its data.
    """
    if sizes is None:
        sizes = SAMPLE_SIZES[1:4:2] if quick else SAMPLE_SIZES
    seeds = seed_range(seed, n_seeds)
    data = Figure6(_cases_on_authors_draw(cache, recipe), _draws(cache, recipe, sizes, seeds))
    settings = {
        **asdict(recipe),
        "cases": CASES,
        "sizes": list(sizes),
        "seeds": list(seeds),
    }
    return Study(
        "l23-figure-6",
        TITLE + " (reduced size)" * quick,
        settings,
        data,
        _tables(data),
        [*_claims_on_authors_draw(data.runs), _rule_claim(data.draws)],
        _notes(),
    )


def _cases_on_authors_draw(cache: ResultCache, recipe: Recipe) -> dict[str, NetworkRun]:
    """All four cases; the code's version in float32, as the authors' code computes."""
    runs = {}
    for i, (name, case) in enumerate(CASES.items()):
        dtype = "float32" if name == "code" else "float64"
        options = {**case, "source": "authors", "dtype": dtype}
        runs[name] = follow_network(cache, f"case{i}", recipe, recipe.author_seed, **options)
    return runs


def _draws(
    cache: ResultCache, recipe: Recipe, sizes: Iterable[int], seeds: Iterable[int]
) -> list[Draw]:
    draws = []
    for n in sizes:
        other = replace(recipe, n_samples=n)
        for k in seeds:
            paper = follow_network(cache, f"n{n}-paper-{k}", other, k, **CASES["paper"])
            code = follow_network(cache, f"n{n}-code-{k}", other, k, **CASES["code"])
            draws.append(
                Draw(
                    n,
                    k,
                    paper.eigenvalue,
                    paper.late_change,
                    paper.last_error,
                    float(paper.off_support[-1]),
                    code.late_change,
                    code.last_error,
                )
            )
    return draws


def _tables(data: Figure6) -> list[Table]:
    end = data.runs["paper"].recipe.n_epochs
    columns = (
        "version",
        "c",
        "order",
        "late change of v",
        f"error at {PICTURE_EPOCHS}",
        f"error at {end}",
    )
    rows = [
        (
            name + ", float32" * (name == "code"),
            STEP_FACTORS[name],
            "both at once" if CASES[name]["jacobi"] else "v first",
            run.late_change,
            run.error_at(PICTURE_EPOCHS),
            run.last_error,
        )
        for name, run in data.runs.items()
    ]
    draw_columns = (
        "n",
        "seed",
        "largest eigenvalue",
        "late change, paper",
        "error, paper",
        "off the support, paper",
        "late change, code",
        "error, code",
    )
    return [
        Table("The authors' draw", columns, rows),
        Table("Other numbers of samples", draw_columns, [astuple(draw) for draw in data.draws]),
    ]


# ------------------------------------------------------------ claims


def _claims_on_authors_draw(runs: dict[str, NetworkRun]) -> list[Claim]:
    late = {name: run.late_change for name, run in runs.items()}
    code = runs["code"]
    end = code.recipe.n_epochs
    pictured = code.error_at(PICTURE_EPOCHS)
    return [
        Claim(
            "L23 Figure 6a",
            "directions do not settle, because of the large step on v: paper's version",
            f"in the last tenth of {end} epochs no entry of v changes by more than "
            f"{late['paper']:.2g} an epoch",
            late["paper"] > UNSETTLED_CHANGE,
        ),
        Claim(
            "L23 Figure 6a",
            "directions do not settle, because of the large step on v: code's version",
            f"entries of v change by up to {late['code']:.2g} an epoch; with the step 2/u^4 but v "
            f"first, {late['paper, step 2/u^4']:.2g}; with 1/u^4 but both at once, "
            f"{late['paper, both at once']:.2g}",
            late["code"] > UNSETTLED_CHANGE,
        ),
        Claim(
            "L23 Figure 6b",
            "the estimation error remains small all the same: code's version",
            f"smallest {code.best_error:.3g} at epoch {code.best_epoch}, {pictured:.3g} at "
            f"{PICTURE_EPOCHS}, {code.last_error:.3g} at {end}",
            pictured <= 10 * code.best_error,
        ),
    ]


def _rule_claim(draws: list[Draw]) -> Claim:
    decided = [draw.obeys_rule for draw in draws if draw.decidable]
    return Claim(
        "ours",
        "v settles if and only if c times the largest eigenvalue of P X_S^T X_S P / n is below 2, "
        "where c/u^4 is the step and P projects every group away from its true weights",
        f"right in {sum(decided)} of the {len(decided)} draws in which the paper's version has no "
        f"weight above {MAX_OFF_SUPPORT} off the support, of {len(draws)} draws in all",
        all(decided) if decided else None,
    )


def _notes() -> list[str]:
    return [
        "Near the solution, w_l + c q_l is off by (I - c X_S^T X_S / n) times the error of w, and "
        "normalising removes its part along the weights: an epoch multiplies the error of v by "
        "P (I - c X_S^T X_S / n) P. Over directions across the weights the eigenvalues are about "
        "1 on average, so the doubled step (c = 2) is hardly ever stable; the paper's (c = 1) "
        "fails only where one exceeds 2. This is linearised, for groups of one norm and fixed u: "
        "a rule, tested on the draws below, not a theorem.",
        "The authors' code computes in float32, and so do the panels of the code's version on the "
        "authors' draw; everything else is in float64. Rounding decides this path from about "
        "epoch 250 on, and with it the smallest error; l23-figure-2 compares both precisions.",
        '"Late" is the largest change of an entry of v on the support between two epochs, over '
        "the last tenth of the run. gamma is such that u grows at the same rate in all cases.",
        f"The paper's picture ends at epoch {PICTURE_EPOCHS}.",
    ]


# ------------------------------------------------------------ pictures


def plot_changes(data: Figure6, ax: Axes) -> list[Any]:
    """Change of v in every epoch, for the four cases."""
    styles = (("-", 1.5), ("--", 1.5), ("-", 4.0), ("-.", 1.5))  # two pairs of cases coincide
    colours = (COLOURS[0], COLOURS[5], COLOURS[4], COLOURS[1])
    artists = []
    for (name, run), (style, width), colour in zip(data.runs.items(), styles, colours, strict=True):
        change = np.maximum(run.v_change, PLOT_FLOOR)
        label = name + " (float32)" * (name == "code")
        artists += ax.plot(run.epochs, change, style, color=colour, linewidth=width, label=label)
    ax.set(title="Change of v in one epoch", xlabel="epoch", yscale="log")
    ax.set_ylabel(r"$\max_i |v_i(t) - v_i(t-1)|$")
    plots.legend_below(ax, 2)
    return artists


def plot_rule(data: Figure6, ax: Axes) -> list[Any]:
    """Late change of v against the eigenvalue that the rule compares with 2/c."""
    eigenvalues = [draw.eigenvalue for draw in data.draws]
    changes = {
        "paper": [draw.paper_change for draw in data.draws],
        "code": [draw.code_change for draw in data.draws],
    }
    artists = []
    for (name, values), marker, colour in zip(changes.items(), "os", COLOURS, strict=False):
        heights = np.maximum(values, PLOT_FLOOR)
        artists += ax.plot(eigenvalues, heights, marker, color=colour, markersize=5, label=name)
        edge = ax.axvline(2 / STEP_FACTORS[name], color=colour, linestyle=":", linewidth=1.2)
        edge.set_label(f"edge of the rule, {name}")
        artists.append(edge)
    ax.set(title="Late change of v on other draws", ylabel="largest change in one epoch")
    ax.set(xlabel=r"largest eigenvalue of $P X_S^T X_S P / n$", yscale="log")
    plots.legend_below(ax, 2)
    return artists


FIGURES = {
    "l23-figure-6": [
        [
            plots.directions("Directions, code (float32)", "code"),
            plots.entries("Entries, code (float32)", "code"),
            plot_changes,
        ],
        [
            plots.directions("Directions, paper", "paper"),
            plots.entries("Entries, paper", "paper"),
            plot_rule,
        ],
    ]
}
