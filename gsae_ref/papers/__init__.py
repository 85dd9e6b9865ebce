"""Statements of the papers as pure functions of matrices and constants: no data, no training, no implementation.

May import groups and checks, never ops, reference or kernels: a bound that calls the implementation
cannot refute it.
"""
