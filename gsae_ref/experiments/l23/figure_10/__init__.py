"""L23, Figure 10 and what it trains."""
