"""Table 2 of L23: parameters of the linear layers in latent space, counted."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from ...ops import ConvolutionalAutoencoder
from ..common.study import Claim, Study, Table
from .figure_10 import compute as dglnn_figure_10

if TYPE_CHECKING:
    from ..common.cache import ResultCache

TITLE = "L23 Table 2: number of parameters of the hidden layers in latent space"
PRINTED = {"IRMAE": "786K", "GAE4": "196K", "GAE8": "98K"}
NETWORKS = {name: dglnn_figure_10.NETWORKS[name] for name in ("AE", *PRINTED)}
FIGURES: dict[str, Any] = {}


def compute(cache: ResultCache, quick: bool = False, seed: int = 0, n_seeds: int = 1) -> Study:
    """Count. Nothing is random and nothing is trained: ``quick``, ``seed`` and ``n_seeds`` change nothing."""
    counts = {
        name: _counts(ConvolutionalAutoencoder(**options)) for name, options in NETWORKS.items()
    }
    linear = {name: counts[name]["linear"] for name in PRINTED}
    claims = [
        Claim(
            "L23 Table 2",
            "IRMAE 786K, GAE4 196K, GAE8 98K",
            ", ".join(f"{name} {count}" for name, count in linear.items()),
            all(f"{count // 1000}K" == PRINTED[name] for name, count in linear.items()),
        ),
        Claim(
            "L23 E.2",
            "g groups divide the parameters of the latent layers by g",
            "786432 / 196608 / 98304 = 1 : 1/4 : 1/8",
            linear["IRMAE"] == 4 * linear["GAE4"] == 8 * linear["GAE8"],
        ),
    ]
    rows = [
        (
            name,
            NETWORKS[name]["n_groups"],
            NETWORKS[name]["n_linear"],
            *counts[name].values(),
            PRINTED.get(name, "-"),
        )
        for name in NETWORKS
    ]
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
    notes = [
        "The printed numbers are cut, not rounded: 196608 would round to 197K.",
        "They leave n_linear and n_latent open: n d^2 = 786432 also for "
        + ", ".join(f"{n} layers of {d}" for n, d in _factorings(786432)[1:4])
        + " and so on; 3 layers of 512 is the reading with the fewest layers.",
        "The linear layers are absorbed into the last convolution after training, so at use IRMAE costs what AE costs; grouping divides the last "
        "convolution too.",
    ]
    data = {name: dict(found) for name, found in counts.items()}
    return Study(
        "l23-table-2",
        TITLE,
        {"networks": NETWORKS, "n_latent": 512},
        data,
        [Table("Parameters", columns, rows)],
        claims,
        notes,
    )


def _counts(network: ConvolutionalAutoencoder) -> dict[str, int]:
    """Parameters of the linear layers, of the last convolution of the encoder, of the rest, of all."""
    last = f"conv{len(network.channels) + 1}."
    linear = network.n_linear_parameters
    convolution = sum(
        prod(shape) for name, shape in network.shapes.items() if name.startswith(last)
    )
    every = sum(prod(shape) for shape in network.shapes.values())
    return {
        "linear": linear,
        "last convolution": convolution,
        "other layers": every - linear - convolution,
        "all": every,
    }


def _factorings(count: int) -> list[tuple[int, int]]:
    """All (n, d) with n d^2 = count, few layers first.

    >>> _factorings(48)
    [(3, 4), (12, 2), (48, 1)]
    """
    return [(count // d**2, d) for d in range(int(count**0.5), 0, -1) if count % d**2 == 0]
