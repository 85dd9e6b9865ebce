"""L23: model."""
