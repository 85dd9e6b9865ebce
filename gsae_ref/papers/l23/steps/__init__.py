"""L23: steps."""
