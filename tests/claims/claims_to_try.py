"""Claims that tests and the benchmark put to the test."""

import gsae_ref as gs

BUILT_IN = ("orthonormal A", "orthonormal S", "norms bounded")
CLOSE = ("delta <= 1",)


def groups(n, d, Gamma, gamma):
    """Sizes of the model "groups"."""
    return {"n": n, "d": d, "Gamma": Gamma, "gamma": gamma}


EXAMPLE = gs.Claim(
    "norm(A[v].T @ y) <= sqrt(gamma) * B_max * (d * mu + delta) for v in inactive",
    model="groups",
    sizes=groups(4, 2, 3, 2),
    given=BUILT_IN,
    where=CLOSE,
)
TRUE = EXAMPLE.but(
    conclusion="norm(A[v].T @ y) <= gamma * B_max * (d * mu + delta) for v in inactive"
)
