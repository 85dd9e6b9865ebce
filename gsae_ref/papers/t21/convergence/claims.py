"""T21 on convergence in sentences: (77), rho of Theorem 2 in both versions, and R4.

(77) and rho are of groups of any shape; ``c`` and ``e`` are those of the claims on the direction.
"""

from __future__ import annotations

from ....claims.evidence import Stress
from ..direction.claims import FRAMES, LET, SIZES
from ..models import T21

ONE_ACTIVE = tuple(
    {"n": n, "d": d, "Gamma": Gamma, "gamma": 1}
    for n, d, Gamma in ((3, 1, 2), (4, 2, 2), (6, 2, 3), (9, 3, 3))
)
POSITIVE = ("0 < alpha[i] for i in range(d)",)
STEP_ALLOWED = ("eta <= 1 / (c * largest(alpha))",)
OF_A_STEP = LET | {
    "eta": "between(0, 2 / (c * largest(alpha)))",
    "spread": "largest(omega) * sqrt(d**2 + 1) + delta",
    "rho": "eta * c * (least(alpha) - 2 * d * spread**2 / least(alpha))",
    "room": "least(alpha) - sqrt(2 * d) * spread",
    "rho_v1": "eta * c * (least(alpha)"
    " - d * (largest(alpha) * sqrt(d**2 + 1) + delta)**2 / least(alpha))",
}
CHAIN = Stress(
    "the chain, with the actual v_i",
    "norm2(A[0] - eta * G[0] - S[0]) <= e**2 + eta**2 * norm2(G[0])"
    " - eta * (c * least(alpha) * e**2 + norm2(G[0]) / (c * largest(alpha))"
    " - total(norm2(v[i]) for i in range(d)) / (c * least(alpha)))",
    T21.name,
    SIZES,
    where=POSITIVE,
    let=OF_A_STEP,
)
STEP = "col(A[0] - S[0], i)"
# Of all epsilon with which (61) is an alignment, with the bound of (33) in place of ||v_i||
GAPS = (
    f"[c * alpha[i] * norm2({STEP}) + (norm2(col(G[0], i)) - bound[i]**2) / (c * alpha[i])"
    f" - 2 * inner({STEP}, col(G[0], i)) for i in range(d)]"
)
IMPLICATION = Stress(
    "one step, with the smallest epsilon",
    "norm2(A[0] - eta * G[0] - S[0]) <= (1 - rho) * e**2 + eta * d * epsilon",
    T21.name,
    SIZES,
    where=(*POSITIVE, *STEP_ALLOWED),
    let=OF_A_STEP
    | {
        "bound": "[c * (omega[i] * sqrt(d**2 + 1) + delta) * e for i in range(d)]",
        "gaps": GAPS,
        "epsilon": "largest([0] + gaps)",
    },
)
RHO_AT_MOST_1 = Stress(
    "rho <= 1", "rho <= 1", T21.name, SIZES, where=(*POSITIVE, *STEP_ALLOWED), let=OF_A_STEP
)
SIGN_OF_RHO = Stress(
    "its sign",
    "rho * abs(room) == abs(rho) * room",
    T21.name,
    SIZES,
    where=POSITIVE,
    let=OF_A_STEP,
)
RHO_V1_POSITIVE = Stress(
    "0 < rho",
    "0 < rho_v1",
    T21.name,
    SIZES,
    FRAMES,
    ("delta <= 1", *POSITIVE, *STEP_ALLOWED),
    OF_A_STEP,
    expect="fails",
)
LEAST_REMAINDER = Stress(
    "2 tau (1 - tau) p alpha_i <= ||v_i||",
    "2 * tau[0] * (1 - tau[0]) * p[1] * alpha[i] <= norm(v[i]) for i in range(d)",
    T21.name,
    ONE_ACTIVE,
    FRAMES,
)
