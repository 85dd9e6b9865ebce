"""Figures of N19."""
