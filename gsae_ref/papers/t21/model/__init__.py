"""T21: model."""
