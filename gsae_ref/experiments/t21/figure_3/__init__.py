"""T21, Figure 3: one network (runs), theorems beside the runs (theory), claims, plots, and the study (compute)."""
