"""Figures and tables of L23."""
