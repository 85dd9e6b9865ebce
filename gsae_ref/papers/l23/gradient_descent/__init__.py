"""L23: gradient descent."""
