"""Figures and tables of T21."""
