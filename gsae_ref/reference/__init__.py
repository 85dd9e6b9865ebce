"""The text a student reads: every formula in NumPy, gradients next to what they differentiate. May import groups and numpy only.

Samples are rows: ``Y`` is (n_samples, n_features), ``X`` and ``Z`` are (n_samples, n_atoms), ``A``
is (n_features, n_atoms). Input is taken as checked by :mod:`gsae_ref.ops`.
"""
