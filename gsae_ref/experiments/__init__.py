"""Figures and tables of the papers: one file each. May import every room but cli.

A file has ``TITLE``, ``compute(cells, quick, seed, n_seeds, **options) -> Study``, ``FIGURES``
(name of a picture -> grid of functions ``plot(study, ax) -> artists``) and, where it takes options
of its own, ``add_options(parser)``. study.py says what a result is, cells.py keeps finished units
of work so that a run resumes, publishing.py writes pictures, numbers and report.
"""

from importlib import import_module
from types import ModuleType

from .. import checks

__all__ = ["EXPERIMENTS", "load"]

EXPERIMENTS = {
    "figure-3": "t21.figure_3.compute",
    "figure-4": "t21.figure_4",
    "figure-5": "t21.figure_5",
    "dglnn-figure-2": "l23.figure_2",
    "dglnn-figure-3": "l23.figure_3",
    "dglnn-figure-4": "l23.figure_4",
    "dglnn-figure-5": "l23.figure_5",
    "dglnn-figure-6": "l23.figure_6",
    "dglnn-figure-7": "l23.figure_7",
    "dglnn-figure-10": "l23.figure_10.compute",
    "dglnn-figure-11": "l23.figure_11",
    "dglnn-figure-12": "l23.figure_12",
    "dglnn-table-2": "l23.table_2",
    "dglnn-table-3": "l23.table_3",
    "sae-figure-2": "n19.figure_2",
    "sae-figure-3": "n19.figure_3",
    "sparse-against-group": "t21.sparse_against_group",
    "table-1": "t21.table_1.compute",
    "choose-groups": "t21.choose_groups",
}


def load(name: str) -> ModuleType:
    """The module of an experiment.

    Raises
    ------
    ValueError
        For an unknown name; the message lists what there is.
    """
    return import_module(
        f"{__name__}.{EXPERIMENTS[checks.option('experiment', name, tuple(EXPERIMENTS))]}"
    )
