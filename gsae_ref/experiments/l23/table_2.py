"""L23 Table 2: parameters of the linear layers in latent space, counted."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import isqrt, prod
from typing import TYPE_CHECKING

from ...ops import ConvolutionalAutoencoder
from ..common.study import Claim, Study, Table
from .figure_10 import networks

if TYPE_CHECKING:
    from ..common.cache import ResultCache
    from ..common.publishing import Grid

TITLE = "L23 Table 2: number of parameters of the hidden layers in latent space"
PRINTED = {"IRMAE": "786K", "GAE4": "196K", "GAE8": "98K"}
NETWORKS = {name: networks.NETWORKS[name] for name in ("AE", *PRINTED)}
FIGURES: dict[str, Grid] = {}


@dataclass(frozen=True)
class Counts:
    """Parameters of one network: linear layers, last convolution of the encoder, rest, all."""

    linear: int
    last_convolution: int
    other: int
    total: int


@dataclass(frozen=True)
class Table2:
    """Numbers of the table: counts by network."""

    counts: dict[str, Counts]


def compute(cache: ResultCache) -> Study:
    """Count the parameters; nothing is random and nothing is stored.

    Parameters
    ----------
    cache : ResultCache
        Not used.

    Returns
    -------
    Study
        With a :class:`Table2` as its data.
    """
    data = Table2(
        {
            name: count_parameters(ConvolutionalAutoencoder(**options))
            for name, options in NETWORKS.items()
        }
    )
    settings = {"networks": NETWORKS, "n_latent": 512}
    return Study("l23-table-2", TITLE, settings, data, [_table(data)], _claims(data), _notes())


def count_parameters(network: ConvolutionalAutoencoder) -> Counts:
    """Count the parameters of a network by layer."""
    last = f"conv{len(network.channels) + 1}."
    linear = network.n_linear_parameters
    sizes = {name: prod(shape) for name, shape in network.shapes.items()}
    last_convolution = sum(size for name, size in sizes.items() if name.startswith(last))
    total = sum(sizes.values())
    return Counts(linear, last_convolution, total - linear - last_convolution, total)


def layers_and_widths(count: int) -> list[tuple[int, int]]:
    """All (n, d) with n d^2 = count, few layers first.

    >>> layers_and_widths(48)
    [(3, 4), (12, 2), (48, 1)]
    """
    return [(count // d**2, d) for d in range(isqrt(count), 0, -1) if count % d**2 == 0]


def _table(data: Table2) -> Table:
    columns = (
        "network",
        "groups",
        "linear layers",
        "in linear layers",
        "last convolution",
        "other layers",
        "all",
        "printed",
    )
    rows = [
        (
            name,
            NETWORKS[name]["n_groups"],
            NETWORKS[name]["n_linear"],
            *astuple(counts),
            PRINTED.get(name, "-"),
        )
        for name, counts in data.counts.items()
    ]
    return Table("Parameters", columns, rows)


def _claims(data: Table2) -> list[Claim]:
    linear = {name: data.counts[name].linear for name in PRINTED}
    counted = {name: f"{count // 1000}K" for name, count in linear.items()}
    return [
        Claim(
            "L23 Table 2",
            "IRMAE 786K, GAE4 196K, GAE8 98K",
            ", ".join(f"{name} {count}" for name, count in linear.items()),
            counted == PRINTED,
        ),
        Claim(
            "L23 E.2",
            "g groups divide the parameters of the latent layers by g",
            "786432 / 196608 / 98304 = 1 : 1/4 : 1/8",
            linear["IRMAE"] == 4 * linear["GAE4"] == 8 * linear["GAE8"],
        ),
    ]


def _notes() -> list[str]:
    others = [f"{n} layers of {d}" for n, d in layers_and_widths(786432)[1:4]]
    return [
        "The printed numbers are truncated, not rounded: 196608 would round to 197K.",
        "They do not determine n_linear and n_latent: n d^2 = 786432 also for "
        f"{', '.join(others)} and so on; 3 layers of 512 is the reading with the fewest layers.",
        "The linear layers are absorbed into the last convolution after training, so a trained "
        "IRMAE costs as much as AE; grouping divides the last convolution too.",
    ]
