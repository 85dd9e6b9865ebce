"""L23: mirror flow."""
