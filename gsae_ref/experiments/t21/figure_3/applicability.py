"""Figure 3, beyond the paper: which of the theorems R0 to R17 apply at its sizes.

Hypotheses are evaluated on a dictionary of Gaussian atoms, as the paper's, and on one with
orthonormal groups, both at A = A*.
"""

from __future__ import annotations

import math
from itertools import combinations, product
from typing import Any

import numpy as np

from .... import groups, metrics, ops, sampling
from ....arrays import Array, BoolArray
from ....papers.t21.model.formulas import cross_block_norms, orthonormality_defect
from ....papers.t21.several.formulas import Setting, setting
from ....papers.t21.several.formulas_basin import basin, iterate, start_sines
from ....papers.t21.several.formulas_linear import sampling_spread
from ....papers.t21.support.formulas import recovery_interval, window_ends
from ....papers.t21.threshold.formulas import data_threshold, debiasing_threshold
from ....verification import certify_samples
from ...common.study import Claim, Table
from .results import Theorems

LAM = 2.0
KINDS = {"gaussian": "Gaussian atoms", "orthonormal_groups": "orthonormal groups"}
SUPPORTS = 50  # drawn, to see how far active groups are from orthonormal jointly
STEPS = 12
LAM_11 = 0.45  # of B_min, where R11 has a wide basin
SMALL = (25, 2)  # groups, active groups
BLOCK = 5  # groups that are turned within the span of their A*
STEPS_11 = 20
SHOWN = (0, 1, 2, 5, 10, STEPS_11)
N_SAMPLES = 10_000  # the paper's


def measure(
    n_features: int,
    n_groups: int,
    group_size: int,
    n_active: int,
    norm_range: tuple[float, float],
    seed: int,
) -> dict[str, float]:
    """Numbers in the hypotheses of R0 to R17 at A = A*, for both kinds of dictionary.

    Returns
    -------
    dict of str to float
        ``debiasing``, R12's threshold, nan where there is none; ``r11_low`` and ``r11_high``, what
        R11 asks of lam at A = A* with orthonormal groups, and ``r11_void``, 1 if not even A* is
        certified in their middle; those of :func:`_of_dictionary` for each kind, after its name and
        a point.
    """
    lam = debiasing_threshold(np.linspace(*norm_range, 101), group_size)
    found = {"debiasing": math.nan if lam is None else lam}
    for kind in KINDS:
        A = sampling.make_dictionary(n_features, n_groups, group_size, kind=kind, rng=seed)
        numbers = _of_dictionary(A, group_size, n_active, norm_range, seed)
        found |= {f"{kind}.{name}": float(value) for name, value in numbers.items()}
    s = setting(groups.blocks(A, group_size), n_active, np.linspace(*norm_range, 101))
    low, high = s.support_ends(0.0)
    at_the_truth = iterate(s, s.largest_a, (low + high) / 2, 0.0, 0.0, 0)
    return found | {"r11_low": low, "r11_high": high, "r11_void": float(at_the_truth.failure != "")}


def _of_dictionary(
    A: Array, group_size: int, n_active: int, norm_range: tuple[float, float], seed: int
) -> dict[str, float]:
    """Numbers of one dictionary.

    ``cross`` d mu_B; ``defect`` max ||A_g^T A_g - I||_2; ``joint`` the largest ||A_S^T A_S - I||_2
    of drawn supports; ``nu`` the largest root of the sum over h of ||A*_h^T A*_g||_F^2, and
    ``interference`` of the sum over g and h; ``corrected``, ``exact`` and ``necessary`` intervals;
    ``data``, R17's from samples without noise.
    """
    d = group_size
    n_groups = A.shape[1] // d
    gram = A.T @ A
    squares = (gram**2).reshape(n_groups, d, n_groups, d).sum(axis=(1, 3))
    np.fill_diagonal(squares, 0)
    norms = cross_block_norms(A, A, d)
    np.fill_diagonal(norms, 0)
    cross = float(norms.max())
    sample = sampling.sample(A, 4 * n_groups, n_active, d, norm_range=norm_range, rng=seed)
    window = data_threshold(A, sample.Y, n_active, d)
    ends = window_ends(A, A, d, n_active, *norm_range)
    corrected = recovery_interval(n_active, *norm_range, cross / d, 0.0, d)
    found = {
        "cross": cross,
        "defect": float(orthonormality_defect(A, d).max()),
        "joint": _joint_defect(gram, d, sample.support[:SUPPORTS]),
        "nu": math.sqrt(squares.sum(axis=1).max()),
        "interference": math.sqrt(squares.sum()),
    }
    intervals = {
        "corrected": corrected,
        "exact": ends[:2],
        "necessary": ends[2:],
        "data": (window.low, window.high),
    }
    for name, (low, high) in intervals.items():
        found |= {f"{name}_low": low, f"{name}_high": high}
    return found


def _joint_defect(gram: Array, d: int, supports: BoolArray) -> float:
    """Largest ||A_S^T A_S - I||_2 of the supports (n_supports, n_groups)."""
    largest = 0.0
    for support in supports:
        inside = np.flatnonzero(groups.expand(support, d))
        block = gram[np.ix_(inside, inside)]
        largest = max(largest, float(np.linalg.norm(block - np.eye(len(inside)), ord=2)))
    return largest


def one_active(
    n_features: int, n_groups: int, group_size: int, norm_range: tuple[float, float], seed: int
) -> dict[str, float]:
    """R9 with one active group and orthonormal groups: what is certified, and a run.

    lam = 2. Every group starts at nine tenths of the largest angle that the support condition
    allows, and has d samples, orthogonal to each other. The step is 1 / L, L the largest eigenvalue
    of the groups' sample moments.

    Returns
    -------
    dict of str to float
        ``angle`` in degrees at the start, and the largest one ``allowed``, nan where none is;
        ``certified``, 1 or 0; largest tangents, ``at_the_start``, and ``guaranteed`` and
        ``measured`` after ``STEPS`` steps.
    """
    d = group_size
    b_min, b_max = norm_range
    star = sampling.make_dictionary(n_features, n_groups, d, kind="orthonormal_groups", rng=seed)
    norms = cross_block_norms(star, star, d)
    np.fill_diagonal(norms, 0)
    sine = LAM / b_max - float(norms.max())
    if not (0 < sine < 1 and b_min * math.sqrt(1 - sine**2) > LAM):
        return {"allowed": math.nan}
    rng = np.random.default_rng(seed)
    theta = 0.9 * math.asin(sine)
    A = _turned(star, d, theta, rng)
    x = groups.blocks(groups.polar(rng.normal(size=(d, n_groups * d)), d), d)
    x = x * rng.uniform(b_min, b_max, (n_groups, d, 1))
    Y = (x @ groups.blocks(star, d).transpose(0, 2, 1)).reshape(-1, n_features)
    step = 1 / float(np.linalg.norm(x, axis=2).max() ** 2 / len(Y))
    found = certify_samples(A, Y, LAM, d, step, STEPS)
    return {
        "allowed": math.degrees(math.asin(sine)),
        "angle": math.degrees(theta),
        "certified": float(found.certified),
        "at_the_start": math.tan(theta),
        "guaranteed": float(found.guaranteed.max()),
        "measured": float(found.measured.max()),
    }


def several_active(
    n_groups: int, group_size: int, n_active: int, norm_range: tuple[float, float], seed: int
) -> dict[str, float]:
    """R11 for an orthonormal A*, n = Gamma d: the basin, the bounds of a run, and the run.

    lam is ``LAM_11`` B_min, the step the largest of R11; every group starts at nine tenths of the
    basin. Codes have both signs of d orthogonal directions, and the norms B_min and B_max.

    Returns
    -------
    dict of str to float
        ``lam``; ``basin`` and ``start``, of max_g ||sin Theta_g||_F; ``bound`` after the steps and
        ``floor``; ``measured``; ``sampled``, R13's root mean square over the groups of what the
        paper's number of samples leaves; after each k of ``SHOWN`` steps the largest angle in
        degrees, ``guaranteed_k`` and ``angle_k``.
    """
    d = group_size
    ends = np.array(norm_range)
    law = (float(ends[0]), float(ends[1]), float(np.mean(ends**2)) / d)
    s = Setting(n_groups, d, n_active, *law, 1.0, 0.0, 0.0, (0.0, 0.0))
    lam = LAM_11 * float(ends[0])
    largest = basin(s, s.largest_a, lam)
    start = 0.9 * largest
    found = iterate(s, s.largest_a, lam, start, math.sqrt(n_groups) * start, STEPS_11)
    runs = [math.nan] * (STEPS_11 + 1), [math.nan] * (STEPS_11 + 1)
    if largest > 0:
        runs = _several_run(s, lam, start, ends, np.random.default_rng(seed))
    sines, angles = runs
    spread = sampling_spread(ends, d, lam, n_active, n_groups)
    numbers = {
        "sampled": math.sqrt(spread / (N_SAMPLES * n_groups)),
        "lam": lam,
        "basin": largest,
        "start": start,
        "bound": float(found.deltas[min(STEPS_11, len(found.deltas) - 1)]),
        "floor": found.floor,
        "measured": sines[-1],
    }
    for k in SHOWN:
        bound = min(float(found.deltas[min(k, len(found.deltas) - 1)]), 1.0)
        numbers[f"guaranteed_{k}"] = math.degrees(math.asin(bound))
        numbers[f"angle_{k}"] = angles[k]
    return numbers


def _several_run(
    s: Setting, lam: float, start: float, ends: Array, rng: np.random.Generator
) -> tuple[list[float], list[float]]:
    """max_g ||sin Theta_g||_F and the largest angle in degrees after 0, 1, ... steps.

    The groups are turned in blocks of ``BLOCK``, all blocks alike and each within the span of its
    groups of A*. So the norms ||A_g^T y|| of a block depend on its own part of y, and given that
    part those of the other blocks in y and in y - A phi have mean 0, by the signs. The gradient of
    the population in a block is therefore that of the block alone, of which t groups are active
    with the hypergeometric probability; all of its samples are enumerated.
    """
    d = s.group_size
    star = np.eye(BLOCK * d)
    A = _turned(star, d, math.asin(start / math.sqrt(d)), rng)
    samples = _block_samples(s, ends)
    sines = []
    angles = []
    for _ in range(STEPS_11 + 1):
        sines.append(float(start_sines(A, star, d).max()))
        angles.append(math.degrees(metrics.principal_angles(A, star, d).max()))
        G = sum(p * ops.loss_and_grad(A, Y, lam, d)[1] for p, Y in samples)
        A = groups.polar(A - s.largest_a / s.kappa * G, d)
    return sines, angles


def _block_samples(s: Setting, ends: Array) -> list[tuple[float, Array]]:
    """For t = 1, 2, ...: the probability that t groups of a block are active, and the samples."""
    d = s.group_size
    signed = np.concatenate([np.eye(d), -np.eye(d)])
    codes = (ends[:, None, None] * signed).reshape(-1, d)
    found: list[tuple[float, Array]] = []
    for t in range(1, min(s.n_active, BLOCK) + 1):
        others = math.comb(s.n_groups - BLOCK, s.n_active - t)
        p = math.comb(BLOCK, t) * others / math.comb(s.n_groups, s.n_active)
        choices = np.array(list(product(range(len(codes)), repeat=t)))
        Y = []
        for support in combinations(range(BLOCK), t):
            x = np.zeros((len(choices), BLOCK, d))
            x[:, list(support)] = codes[choices]
            Y.append(x.reshape(len(choices), -1))
        found.append((p, np.concatenate(Y)))
    return found


def _turned(star: Array, d: int, theta: float, rng: np.random.Generator) -> Array:
    """Every group of A* turned by theta, all principal angles equal."""
    S = groups.blocks(star, d)
    U = rng.normal(size=S.shape)
    U -= S @ (S.transpose(0, 2, 1) @ U)
    normal = groups.blocks(groups.polar(groups.unblock(U), d), d)
    return groups.unblock(math.cos(theta) * S + math.sin(theta) * normal)


# ------------------------------------------------------------------------------------------- tables


def verdicts(
    found: dict[str, float], run: dict[str, float], sizes: dict[str, Any]
) -> list[list[str]]:
    """Theorem, what it asks, what is found, and whether it applies; a row for each theorem."""
    n_active = sizes["n_active"]
    n_features = sizes["n_features"]
    n_atoms = sizes["n_groups"] * sizes["group_size"]
    one = f"gamma = {n_active}"
    with_one = f"void; with one active group every start within {run['allowed']:.3g} degrees"
    asked = f"{found['r11_low']:.3f} <= lam < {found['r11_high']:.3f} at A*"
    low = found["orthonormal_groups.exact_low"]
    high = found["orthonormal_groups.exact_high"]
    where = "below" if low > LAM else "above" if high <= LAM else "inside"
    sums = f"n = {n_features}, Gamma d = {n_atoms}, ||N||_F = {_both(found, 'interference')}"
    small = "void" if n_atoms > n_features else "to first order in ||N||_F"
    joint = _both(found, "joint")
    windows = _intervals(found, "exact")
    return [
        ["R0", "nothing", "", "applies"],
        ["R1, R15", "A_S orthonormal jointly", f"||A_S^T A_S - I||_2 = {joint}", "void"],
        ["R2", "one active group, orthonormal groups", one, with_one],
        ["R3", "orthonormal groups, constant tau", "tau varies by sample", "void"],
        ["R4", "one active group", one, "void; false for several in general"],
        ["R5", "an interval that is not empty", _intervals(found, "corrected"), "void"],
        ["R6", "constant tau", "tau varies by sample", "void for the run's gradient"],
        ["R9", "one active group, no noise", one, with_one],
        ["R10", "Gamma d <= n, small ||N||_F", sums, small],
        [
            "R11",
            "supports that stay exact",
            f"{asked}; A* itself is {'not ' if found['r11_void'] else ''}certified",
            "void" if found["r11_void"] else "see gs.certify_run",
        ],
        ["R12", "small ||N||_F", f"lam* = {found['debiasing']:.3f}, R16: {windows}", small],
        ["R13", "as R9, with noise; or as R10", sums, small],
        ["R14", "one active group, one norm", one, "void"],
        ["R16", "nothing", f"{windows}; lam = {LAM:g} is {where}", "applies"],
        ["R17", "exchangeable samples", _intervals(found, "data"), "applies"],
    ]


def _both(found: dict[str, float], name: str) -> str:
    """A number of both dictionaries."""
    return " / ".join(f"{found[f'{kind}.{name}']:.3g}" for kind in KINDS)


def _intervals(found: dict[str, float], name: str) -> str:
    """An interval of both dictionaries."""
    parts = []
    for kind in KINDS:
        low = found[f"{kind}.{name}_low"]
        high = found[f"{kind}.{name}_high"]
        parts.append(f"[{low:.3f}, {high:.3f})" if low < high else "empty")
    return " / ".join(parts)


def tables(data: Theorems) -> list[Table]:
    """The theorems at the paper's sizes, and the run where one of them applies."""
    sizes = data.sizes
    where = f"n = {sizes['n_features']}, Gamma = {sizes['n_groups']}, d = {sizes['group_size']}"
    title = (
        f"Theorems at {where}, gamma = {sizes['n_active']} and A = A* "
        f"({' / '.join(KINDS.values())})"
    )
    columns = ("theorem", "asks", "found", "outcome")
    rows = verdicts(data.found, data.run, sizes)
    first = Table(title, columns, rows)
    certified = [run for run in data.several if run["basin"] > 0]
    steps = [_steps_table(run, sizes["group_size"]) for run in certified[:1]]
    return [first, _run_table(data.run, where), *steps, _several_table(data)]


def _run_table(run: dict[str, float], where: str) -> Table:
    """R9 against a run."""
    title = f"R9 at {where}, orthonormal groups, one active group, lam = {LAM:g}, no noise"
    columns = ("largest tangent of a principal angle", "predicted", "measured")
    if math.isnan(run["allowed"]):
        return Table(title, columns, [["no start is certified at this lam", "", ""]])
    start = f"start, {run['angle']:.3g} degrees where {run['allowed']:.3g} are allowed"
    rows = [
        [start, "", f"{run['at_the_start']:.3g}"],
        [f"after {STEPS} steps", f"at most {run['guaranteed']:.3g}", f"{run['measured']:.3g}"],
        ["floor", "0", f"below {run['measured']:.1g}"],
    ]
    return Table(title, columns, rows)


def _steps_table(run: dict[str, float], group_size: int) -> Table:
    """R11's bound on the largest angle after k steps, and what gradient descent does."""
    n_groups = int(run["n_groups"])
    title = (
        f"R11 step by step: Gamma = {n_groups}, gamma = {int(run['n_active'])}, d = {group_size}, "
        f"n = {n_groups * group_size}, lam = {run['lam']:.3g}, A* orthonormal, population; every "
        f"group starts at {run['angle_0']:.3g} degrees, turned within blocks of {BLOCK}"
    )
    columns = ("steps", "largest angle guaranteed, degrees", "measured")
    rows = [[k, f"{run[f'guaranteed_{k}']:.3g}", f"{run[f'angle_{k}']:.3g}"] for k in SHOWN]
    return Table(title, columns, rows)


def _several_table(data: Theorems) -> Table:
    """R11's basin, bound and run."""
    columns = (
        "Gamma",
        "gamma",
        "n",
        "lam",
        "basin of max_g ||sin Theta_g||_F",
        "start",
        f"bound after {STEPS_11} steps",
        "measured",
        "floor",
        f"floor at {N_SAMPLES} samples (R13, rms)",
    )
    rows = []
    for run in data.several:
        n_groups = int(run["n_groups"])
        n = n_groups * data.sizes["group_size"]
        measured = "" if math.isnan(run["measured"]) else f"{run['measured']:.3g}"
        numbers = [f"{run[name]:.3g}" for name in ("lam", "basin", "start", "bound")]
        floors = [f"{run[name]:.3g}" for name in ("floor", "sampled")]
        rows.append([n_groups, int(run["n_active"]), n, *numbers, measured, *floors])
    title = "R11 at the nearest sizes where it applies: A* orthonormal, n = Gamma d, population"
    return Table(title, columns, rows)


def judge(data: Theorems) -> Claim:
    """Whether the run where R9 applies stays below its bound."""
    run = data.run
    text = "spans of one active group per sample go to A*'s, within R9's bound, without a floor"
    if math.isnan(run["allowed"]):
        return Claim("R9, this project", text, "no start is certified at this lam", None)
    measured = (
        f"from {run['angle']:.3g} degrees, after {STEPS} steps the largest tangent is "
        f"{run['measured']:.2g}, guaranteed {run['guaranteed']:.2g}"
    )
    holds = bool(run["certified"] and run["measured"] <= run["guaranteed"] * (1 + 1e-6) + 1e-12)
    return Claim("R9, this project", text, measured, holds)
