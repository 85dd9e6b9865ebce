"""Counterexamples to statements of [N19] (Nguyen, Wong, Hegde, AISTATS 2019).

setting.py is the paper's model and assumptions; the certificates are in consistency.py (the encoder), descent.py (mixtures of Gaussians),
sparse.py (k-sparse codes) and nonnegative.py (Theorem 4 (iii)).
"""

from . import consistency, descent, nonnegative, sparse

__all__ = ["CERTIFICATES"]

CERTIFICATES = {
    "N19_" + name.removeprefix("ce_"): getattr(topic, name)
    for topic in (consistency, descent, sparse, nonnegative) for name in topic.__all__ if name.startswith("ce_")
}
