"""L23 Figure 10: its networks, their interpolations, and the claims about them."""
