"""Statements of the three papers, topic by topic, with their evidence.

Formulas and statements import groups and checks, never ops, reference or kernels: a bound that
calls the implementation cannot refute it.
"""
