"""L23: perturbations."""
