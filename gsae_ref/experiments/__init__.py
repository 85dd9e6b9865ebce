"""Figures and tables of the papers: one file each. May import every room but cli.

A file has ``TITLE``, ``compute(cells, quick, seed, n_seeds, **options) -> Study``, ``FIGURES`` (name of a picture -> grid of functions
``plot(study, ax) -> artists``) and, where it takes options of its own, ``add_options(parser)``. study.py says what a result is, cells.py keeps
finished units of work so that a run resumes, publishing.py writes pictures, numbers and report.
"""

from importlib import import_module

from .. import checks

__all__ = ["EXPERIMENTS", "load"]

EXPERIMENTS = {
    "sae-figure-2": "sae_figure_2",
    "sae-figure-3": "sae_figure_3",
    "sparse-against-group": "sparse_against_group",
}


def load(name):
    """The module of an experiment.

    Raises
    ------
    ValueError
        For an unknown name; the message lists what there is.
    """
    return import_module(f"{__name__}.{EXPERIMENTS[checks.option('experiment', name, tuple(EXPERIMENTS))]}")
