"""L23: simulations."""
