"""T21: convergence."""
