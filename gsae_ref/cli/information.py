"""``gsae-ref info``: versions, and what is installed."""

import os

from .. import __version__
from ..files import write_json
from .printing import common

__all__ = ["add", "run"]


def add(commands):
    """Add the command to the parser."""
    command = commands.add_parser("info", help="print versions and what is installed")
    common(command)
    command.set_defaults(run=run)


def run(arguments):
    """Print a line for every library."""
    import importlib.metadata
    import platform

    versions = {"gsae_ref": __version__, "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
    for name in ("numpy", "scipy", "numba", "matplotlib", "scikit-learn", "joblib", "threadpoolctl", "tqdm", "dask"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    if arguments.json:
        write_json(versions, arguments.json)
    for name, version in versions.items():
        print(f"{name:14} {version}")
    return 0
