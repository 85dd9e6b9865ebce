"""N19: nonnegative."""
