"""T21 Figure 3; the study is in compute.py."""
