"""Figures and tables of the papers: a file or folder each. May import every room but cli.

A file has ``TITLE``; ``compute(cache, **options) -> Study``; ``FIGURES``, name of a picture -> grid
of functions ``plot(data, ax) -> artists`` of the study's data; and, where it has options of its
own, ``add_options(parser)``. ``compute`` takes those of ``quick``, ``seed`` and ``n_seeds`` that
change something. In common/: study.py (what a study is), cache.py (results that are stored, so that
a run resumes), publishing.py (pictures, numbers, report), clustering.py.
"""

from importlib import import_module
from types import ModuleType

from .. import checks

__all__ = ["EXPERIMENTS", "load"]

EXPERIMENTS = {
    "t21-figure-3": "t21.figure_3.compute",
    "t21-figure-4": "t21.figure_4",
    "t21-figure-5": "t21.figure_5",
    "t21-table-1": "t21.table_1.compute",
    "t21-sparse-against-group": "t21.sparse_against_group",
    "n19-figure-2": "n19.figure_2",
    "n19-figure-3": "n19.figure_3",
    "l23-figure-2": "l23.figure_2",
    "l23-figure-3": "l23.figure_3",
    "l23-figure-4": "l23.figure_4",
    "l23-figure-5": "l23.figure_5",
    "l23-figure-6": "l23.figure_6",
    "l23-figure-7": "l23.figure_7",
    "l23-figure-10": "l23.figure_10.compute",
    "l23-figure-11": "l23.figure_11",
    "l23-figure-12": "l23.figure_12",
    "l23-table-2": "l23.table_2",
    "l23-table-3": "l23.table_3",
}


def load(name: str) -> ModuleType:
    """The module of an experiment.

    Raises
    ------
    ValueError
        For an unknown name; the message lists the names.
    """
    file = EXPERIMENTS[checks.option("experiment", name, tuple(EXPERIMENTS))]
    return import_module(f"{__name__}.{file}")
