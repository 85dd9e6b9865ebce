"""T21 Figure 4: the dictionaries of the sparse and of the group-sparse network as images, and a code of each."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import checks, groups
from ...arrays import Array, IntArray
from ..common.cache import ResultCache
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table
from .table_1.compute import add_sizes, settled
from .table_1.networks import codes, images
from .table_1.restarts import models

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .table_1.networks import Images, Setting

TITLE = "T21 Figure 4: what the atoms of sparse and group-sparse networks look like, and which are active"
NEAREST = 0.01  # share of the test images, those with the most of their code in a block, whose digits are counted
EXAMPLES = 3  # codes shown


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this figure: those of t21-table-1 that concern training, and where its networks are."""
    add_sizes(parser)
    parser.add_argument(
        "--saved",
        metavar="DIR",
        help="the --out of a t21-table-1 with the same options, whose networks are taken (default: they are "
        "trained)",
    )


def networks_of(cache: ResultCache, saved: str | Path | None) -> ResultCache:
    """Where the units of work of t21-table-1 are: in the folder of a finished one, or among those of this figure."""
    return cache if saved is None else ResultCache(os.path.join(saved, "cache"), cache.progress)


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    saved: str | Path | None = None,
    **options: Any,
) -> Study:
    """Train the networks of Table 1, or read them back, and show them.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        As for t21-table-1.
    seed, n_seeds : int
        The figure is of the first seed; numbers are of all.
    saved : str, optional
        Folder of a finished t21-table-1; what it has not is trained, and kept there.
    **options
        Arguments of :func:`gsae_ref.experiments.t21.table_1.compute.settled`.

    Returns
    -------
    study : Study
    """
    size = settled(quick, **options)
    networks = networks_of(cache, saved)
    seeds = range(checks.count("seed", seed, minimum=0), seed + checks.count("n_seeds", n_seeds))
    Y = images(size.data, size.source, size.n_train, size.n_test)
    found = {s: {name: of for name, of in models(networks, size, s).items()} for s in seeds}
    measured = {
        s: {name: described(of["A"], Y, name, size.setting) for name, of in found[s].items()}
        for s in seeds
    }
    first = measured[seed]
    data = {
        "width": int(np.sqrt(Y.train.shape[1])),
        "group_size": size.setting.group_size,
        **{name: {"A": found[seed][name]["A"], **first[name]} for name in first},
        "labels": Y.labels[shown(Y.labels)],
    }

    def mean(name: str, what: str) -> float:
        return float(np.mean([measured[s][name][what] for s in seeds]))

    rows = [
        [
            name,
            *(
                mean(name, what)
                for what in ("active_atoms", "active_groups", "top_share", "purity")
            ),
        ]
        for name in first
    ]
    columns = (
        "network",
        "active atoms",
        f"blocks of {size.setting.group_size} atoms that are active",
        "share of a code's norm in its largest block",
        "images of a block's commonest digit",
    )
    applies = size.data == "mnist" and size.n_train is None and size.epochs >= 34
    group, sparse = (first[name] for name in ("group", "sparse"))
    claims = [
        Claim(
            "T21 Figures 4a, 4c",
            "groups of the group-sparse network stand for digits, blocks of as many atoms of the sparse one do not",
            f"of the {NEAREST:.0%} of the test images with the most of their code in a block, {mean('group', 'purity'):.0%} show its "
            f"commonest digit; of the sparse network's blocks {mean('sparse', 'purity'):.0%}",
            bool(mean("group", "purity") > mean("sparse", "purity") + 0.2) if applies else None,
        ),
        Claim(
            "T21 Figures 4b, 4d",
            "the support is spread through the sparse code, and structured in the group-sparse one",
            f"active blocks: {group['active_groups']:.2f} of the group-sparse code, {sparse['active_groups']:.2f} of the sparse one; active "
            f"atoms: {group['active_atoms']:.1f}, {sparse['active_atoms']:.1f}",
            bool(group["active_groups"] < sparse["active_groups"] / 2) if applies else None,
        ),
    ]
    notes = [
        "Atoms have no sign of their own: each is drawn so that its largest entry in size is positive. Black is the largest entry of the atom, "
        "white its negative.",
        "Blocks of the sparse network are consecutive atoms; it has no groups, and its atoms start as principal directions in their order.",
        "The digits of the blocks come from test labels, which played no part in training.",
    ]
    recipe = {
        **size.setting._asdict(),
        "data": size.data,
        "restarts": size.restarts,
        "seeds": list(seeds),
    }
    return Study(
        "t21-figure-4",
        TITLE,
        recipe,
        data,
        [Table("Codes of the test images, mean over seeds", columns, rows)],
        claims,
        notes,
    )


def shown(labels: IntArray) -> list[int]:
    """The first test image of each of the first classes."""
    return [int(np.argmax(labels == label)) for label in np.unique(labels)[:EXAMPLES]]


def described(A: Array, Y: Images, network: str, setting: Setting) -> dict[str, Any]:
    """Codes of some test images, and how structured those of all are.

    Parameters
    ----------
    A : ndarray of shape (n_features, n_atoms)
    Y : Images
    network : {"group", "sparse"}
    setting : Setting

    Returns
    -------
    dict
        ``codes`` (of the images :func:`shown`), ``active_atoms`` and ``active_groups`` (means),
        ``top_share`` (of a code's norm that its largest block has, mean), ``digits`` (commonest one
        among the images that have most of their code in a block), ``purity`` (its share).
    """
    X = codes(A, Y.test, network, setting)
    norms = groups.norms(X, setting.group_size)
    share = norms / np.maximum(
        np.linalg.norm(norms, axis=1, keepdims=True), np.finfo(np.float32).tiny
    )
    digits = []
    purity = []
    for k in range(norms.shape[1]):
        of = Y.labels[np.argsort(-norms[:, k], kind="stable")[: max(int(NEAREST * len(X)), 5)]]
        values, counts = np.unique(of, return_counts=True)
        digits.append(int(values[counts.argmax()]))
        purity.append(counts.max() / len(of))
    return {
        "codes": X[shown(Y.labels)],
        "active_atoms": float((X != 0).sum(axis=1).mean()),
        "active_groups": float((norms > 0).sum(axis=1).mean()),
        "top_share": float(share.max(axis=1).mean()),
        "digits": digits,
        "purity": float(np.mean(purity)),
    }


def _atoms(name: str, title: str) -> Any:
    def plot(data: Any, ax: Axes) -> Any:
        A = np.asarray(data[name]["A"])
        width = data["width"]
        d = data["group_size"]
        sign = np.sign(np.take_along_axis(A, np.abs(A).argmax(axis=0)[None], axis=0))
        atoms = A * sign / np.abs(A).max(axis=0)
        n_rows = atoms.shape[1] // d
        pad = 1
        picture = np.full((n_rows * (width + pad) + pad, d * (width + pad) + pad), np.nan)
        for k in range(atoms.shape[1]):
            i, j = (pad + index * (width + pad) for index in divmod(k, d))
            picture[i : i + width, j : j + width] = atoms[:, k].reshape(width, width)
        ax.imshow(picture, cmap="gray_r", vmin=-1, vmax=1, interpolation="nearest")
        ax.set(title=title, xticks=[], ylabel="block of atoms" if name == "sparse" else "group")
        middles = pad + width / 2 + np.arange(n_rows) * (width + pad)
        ax.set_yticks(middles, [str(row) for row in range(n_rows)])
        ax.set_xlabel(
            "atoms, one block in a row; at the right its commonest digit"
            if name == "sparse"
            else "atoms, one group in a row; at the right its commonest digit"
        )
        ax.tick_params(length=0)
        for middle, digit in zip(middles, data[name]["digits"], strict=True):
            ax.text(picture.shape[1] + width / 4, middle, str(digit), va="center", fontsize=8)
        for side in ax.spines.values():
            side.set_visible(False)
        return ax.images

    return plot


def _codes(name: str, title: str) -> Any:
    def plot(data: Any, ax: Axes) -> list[Any]:
        X = np.asarray(data[name]["codes"])
        d = data["group_size"]
        artists = []
        highest = np.abs(X).max() or 1.0
        for row, (x, label) in enumerate(zip(X, data["labels"], strict=True)):
            level = -2.2 * row
            artists.append(
                ax.vlines(
                    np.arange(len(x)), level, level + x / highest, color=COLOURS[row], linewidth=1
                )
            )
            ax.text(len(x) + 1, level, f"a {label}", va="center", fontsize=8, color=COLOURS[row])
        for edge in range(0, X.shape[1] + 1, d):
            ax.axvline(edge - 0.5, color="0.85", linewidth=0.6, zorder=0)
        ax.set(
            title=title,
            xlabel=f"atom (lines: blocks of {d})",
            ylabel="coefficient",
            yticks=[],
            xlim=(-1, X.shape[1] + 12 * X.shape[1] / 160),
        )
        return artists

    return plot


FIGURES = {
    "t21-figure-4": [
        [_atoms("sparse", "(a) sparse dictionary"), _atoms("group", "(c) group-sparse dictionary")],
        [
            _codes("sparse", "(b) sparse codes of three test images"),
            _codes("group", "(d) group-sparse codes of the same"),
        ],
    ]
}
