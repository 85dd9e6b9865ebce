"""L23: gradient flow."""
