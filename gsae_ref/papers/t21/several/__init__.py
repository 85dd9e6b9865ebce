"""Gradient descent with several active groups: R10, its linearisation; R11, an explicit basin."""
