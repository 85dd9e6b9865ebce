"""T21 Table 1; the study is in compute.py."""
