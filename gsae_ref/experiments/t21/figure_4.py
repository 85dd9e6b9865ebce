"""T21 Figure 4: dictionaries of the sparse and the group-sparse network as images, and codes."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import groups
from ...arrays import Array, IntArray
from ..common.cache import ResultCache
from ..common.publishing import COLOURS
from ..common.study import Claim, Study, Table, seed_range
from .table_1 import settings
from .table_1.networks import Images, codes, images
from .table_1.restarts import n_trainings, train_networks
from .table_1.settings import Setting, Sizes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = (
    "T21 Figure 4: what the atoms of sparse and group-sparse networks look like, "
    "and which are active"
)
NEAREST = 0.01  # share of the test images, those with the most of their code in a block
EXAMPLES = 3  # codes shown
PURER = 0.2  # by how much groups must be purer than blocks of the sparse network
NOTES = [
    "Atoms have no sign of their own: each is drawn so that its largest entry in size is positive. "
    "Black is the largest entry of the atom, white its negative.",
    "Blocks of the sparse network are consecutive atoms; it has no groups, and its atoms start as "
    "principal directions in their order.",
    "The digits of the blocks come from test labels, which played no part in training.",
]


@dataclass(frozen=True)
class Network:
    """One network.

    Attributes
    ----------
    A : ndarray of shape (n_features, n_atoms)
    codes : ndarray of shape (n_shown, n_atoms)
        Of the images :func:`shown`.
    digits : list of int
        Of every block of atoms: the commonest digit among the images with most of their code in it.
    purity : float
        Share of that digit among these images, mean over the blocks.
    active_atoms, active_blocks : float
        Mean over the test images.
    top_share : float
        Share of a code's norm in its largest block, mean.
    """

    A: Array
    codes: Array
    digits: list[int]
    purity: float
    active_atoms: float
    active_blocks: float
    top_share: float


@dataclass(frozen=True)
class Figure4:
    """The networks of the first seed, the width of an image, and the labels of the codes shown."""

    networks: dict[str, Network]
    width: int
    group_size: int
    labels: IntArray


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this figure: those of training, and where the networks are."""
    settings.add_options(parser)
    parser.add_argument(
        "--saved",
        metavar="DIR",
        help="the --out of a t21-table-1 with the same options, whose networks are taken "
        "(default: they are trained)",
    )


def networks_cache(cache: ResultCache, saved: str | Path | None) -> ResultCache:
    """The cache of the networks: that of a finished table, or the one of this figure."""
    return cache if saved is None else ResultCache(os.path.join(saved, "cache"), cache.progress)


def compute(
    cache: ResultCache,
    quick: bool = False,
    seed: int = 0,
    n_seeds: int = 1,
    saved: str | Path | None = None,
    **options: Any,
) -> Study:
    """Train the networks of Table 1, or read them back, and describe them.

    Parameters
    ----------
    cache : ResultCache
    quick : bool
        As for t21-table-1.
    seed, n_seeds : int
        The figure shows the first seed; tables and claims use all.
    saved : str or path, optional
        Folder of a t21-table-1; networks that it lacks are trained, and stored there.
    **options
        Arguments of :meth:`.table_1.settings.Sizes.resolve`.

    Returns
    -------
    Study
    """
    size = Sizes.resolve(quick, **options)
    seeds = seed_range(seed, n_seeds)
    networks = networks_cache(cache, saved)
    networks.expect(len(seeds) * n_trainings(size))
    Y = images(size.data, size.source, size.n_train, size.n_test)
    described = []
    for s in seeds:
        trained = train_networks(networks, size, s)
        described.append(
            {name: describe(run["A"], Y, name, size.setting) for name, run in trained.items()}
        )
    width = int(np.sqrt(Y.train.shape[1]))
    data = Figure4(described[0], width, size.setting.group_size, Y.labels[shown(Y.labels)])
    recipe = {**size.recipe(), "seeds": list(seeds)}
    tables = [_table(described, size)]
    title = size.titled(TITLE)
    return Study("t21-figure-4", title, recipe, data, tables, _claims(described, size), NOTES)


def shown(labels: IntArray) -> list[int]:
    """The first test image of each of the first classes."""
    return [int(np.argmax(labels == label)) for label in np.unique(labels)[:EXAMPLES]]


def describe(A: Array, Y: Images, network: str, setting: Setting) -> Network:
    """Encode the test images, and measure how structured their codes are.

    Parameters
    ----------
    A : ndarray of shape (n_features, n_atoms)
    Y : Images
    network : {"group", "sparse"}
    setting : Setting

    Returns
    -------
    Network
    """
    X = codes(A, Y.test, network, setting)
    norms = groups.norms(X, setting.group_size)
    tiny = np.finfo(np.float32).tiny
    share = norms / np.maximum(np.linalg.norm(norms, axis=1, keepdims=True), tiny)
    n_nearest = max(int(NEAREST * len(X)), 5)
    digits = []
    purities = []
    for block in norms.T:
        nearest = Y.labels[np.argsort(-block, kind="stable")[:n_nearest]]
        values, counts = np.unique(nearest, return_counts=True)
        digits.append(int(values[counts.argmax()]))
        purities.append(counts.max() / len(nearest))
    return Network(
        A=A,
        codes=X[shown(Y.labels)],
        digits=digits,
        purity=float(np.mean(purities)),
        active_atoms=float((X != 0).sum(axis=1).mean()),
        active_blocks=float((norms > 0).sum(axis=1).mean()),
        top_share=float(share.max(axis=1).mean()),
    )


def _mean(described: list[dict[str, Network]], network: str, name: str) -> float:
    """A number of a network, mean over the seeds."""
    return float(np.mean([getattr(networks[network], name) for networks in described]))


def _table(described: list[dict[str, Network]], size: Sizes) -> Table:
    numbers = ("active_atoms", "active_blocks", "top_share", "purity")
    rows = [
        [network, *(_mean(described, network, name) for name in numbers)]
        for network in described[0]
    ]
    columns = (
        "network",
        "active atoms",
        f"blocks of {size.setting.group_size} atoms that are active",
        "share of a code's norm in its largest block",
        "images of a block's commonest digit",
    )
    return Table("Codes of the test images, mean over seeds", columns, rows)


def _claims(described: list[dict[str, Network]], size: Sizes) -> list[Claim]:
    purity = {network: _mean(described, network, "purity") for network in described[0]}
    group = described[0]["group"]
    sparse = described[0]["sparse"]
    purer = bool(purity["group"] > purity["sparse"] + PURER)
    fewer = bool(group.active_blocks < sparse.active_blocks / 2)
    return [
        Claim(
            "T21 Figures 4a, 4c",
            "groups of the group-sparse network stand for digits, blocks of as many atoms of the "
            "sparse one do not",
            f"of the {NEAREST:.0%} of the test images with the most of their code in a group, "
            f"{purity['group']:.0%} show its commonest digit; in a block of the sparse network "
            f"{purity['sparse']:.0%}",
            purer if size.settles_claims else None,
        ),
        Claim(
            "T21 Figures 4b, 4d",
            "the support is spread through the sparse code, and structured in the group-sparse one",
            f"active blocks: {group.active_blocks:.2f} of the group-sparse code, "
            f"{sparse.active_blocks:.2f} of the sparse one; active atoms: "
            f"{group.active_atoms:.1f}, {sparse.active_atoms:.1f}",
            fewer if size.settles_claims else None,
        ),
    ]


# ---------------------------------------------------------------------------------------- plots


def atoms_sheet(A: Array, width: int, group_size: int) -> Array:
    """Atoms as square images on one sheet, a block in a row; each has a positive largest entry."""
    sign = np.sign(np.take_along_axis(A, np.abs(A).argmax(axis=0)[None], axis=0))
    atoms = A * sign / np.abs(A).max(axis=0)
    n_rows = atoms.shape[1] // group_size
    pitch = width + 1
    sheet = np.full((n_rows * pitch + 1, group_size * pitch + 1), np.nan)
    for k, atom in enumerate(atoms.T):
        row, column = divmod(k, group_size)
        i = 1 + row * pitch
        j = 1 + column * pitch
        sheet[i : i + width, j : j + width] = atom.reshape(width, width)
    return sheet


def _atoms(network: str, title: str, block: str) -> Any:
    def plot(data: Figure4, ax: Axes) -> Any:
        of = data.networks[network]
        sheet = atoms_sheet(of.A, data.width, data.group_size)
        ax.imshow(sheet, cmap="gray_r", vmin=-1, vmax=1, interpolation="nearest")
        ax.set(title=title, xticks=[], ylabel=block)
        middles = 1 + data.width / 2 + np.arange(len(of.digits)) * (data.width + 1)
        ax.set_yticks(middles, [str(row) for row in range(len(of.digits))])
        ax.set_xlabel(f"atoms, one {block} in a row; at the right its commonest digit")
        ax.tick_params(length=0)
        for middle, digit in zip(middles, of.digits, strict=True):
            right = sheet.shape[1] + data.width / 4
            ax.text(right, middle, str(digit), va="center", fontsize=8)
        for side in ax.spines.values():
            side.set_visible(False)
        return ax.images

    return plot


def _codes(network: str, title: str) -> Any:
    def plot(data: Figure4, ax: Axes) -> list[Any]:
        X = data.networks[network].codes
        n_atoms = X.shape[1]
        artists = []
        highest = np.abs(X).max() or 1.0
        for row, (x, label) in enumerate(zip(X, data.labels, strict=True)):
            level = -2.2 * row
            colour = COLOURS[row]
            top = level + x / highest
            artists.append(ax.vlines(np.arange(n_atoms), level, top, color=colour, linewidth=1))
            ax.text(n_atoms + 1, level, f"a {label}", va="center", fontsize=8, color=colour)
        for edge in range(0, n_atoms + 1, data.group_size):
            ax.axvline(edge - 0.5, color="0.85", linewidth=0.6, zorder=0)
        ax.set(
            title=title,
            xlabel=f"atom (lines: blocks of {data.group_size})",
            ylabel="coefficient",
            yticks=[],
            xlim=(-1, n_atoms + 12 * n_atoms / 160),
        )
        return artists

    return plot


FIGURES = {
    "t21-figure-4": [
        [
            _atoms("sparse", "(a) sparse dictionary", "block"),
            _atoms("group", "(c) group-sparse dictionary", "group"),
        ],
        [
            _codes("sparse", "(b) sparse codes of three test images"),
            _codes("group", "(d) group-sparse codes of the same"),
        ],
    ]
}
