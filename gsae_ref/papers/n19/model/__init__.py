"""N19: model."""
