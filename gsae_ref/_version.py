"""The version of this package, for every room; setup.cfg reads it from here."""

__version__ = "0.1.0"
