"""The workbench: what a claim is made of and how it is tried. Knows no paper. May import groups and checks."""
