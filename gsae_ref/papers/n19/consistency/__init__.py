"""N19: consistency."""
