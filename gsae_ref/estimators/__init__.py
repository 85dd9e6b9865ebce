"""scikit-learn estimators. This file does not import scikit-learn, those beside it do.

May import training, ops, metrics, checks, groups, files.
"""

import importlib
from typing import Any

ESTIMATORS = {  # name -> file that defines it
    "DiagonallyGroupedLinearRegressor": "grouped_regression",
    "GroupSparseAutoencoder": "autoencoders",
    "SparseAutoencoder": "autoencoders",
}

__all__ = [*ESTIMATORS]


def __getattr__(name: str) -> type[Any]:
    """Import the file of an estimator at the first access to it."""
    if name not in ESTIMATORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{ESTIMATORS[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "sklearn":
            raise
        raise ImportError(
            f"{name} needs scikit-learn, which is not installed; pip install 'gsae_ref[sklearn]'"
        ) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *ESTIMATORS])
