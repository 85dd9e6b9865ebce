"""T21, Table 1: networks and their starts, restarts, rivals, claims, and the study (compute)."""
