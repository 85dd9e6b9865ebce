"""The text a student reads: every formula in NumPy, gradients next to what they differentiate.

Samples are rows: ``Y`` is (n_samples, n_features), ``X`` and ``Z`` are (n_samples, n_atoms), ``A``
is (n_features, n_atoms). Input is taken as checked, and as scaled where it is extreme, by
:mod:`gsae_ref.ops`. May import groups and numpy only.
"""
