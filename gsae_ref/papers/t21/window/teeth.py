"""How the evidence of R16 is spoiled: what is known to go unnoticed, and why."""

from .statements import SOME_INACTIVE

NO_LOW = {SOME_INACTIVE.text: "for gamma = Gamma no group is outside the support: there is no low"}
NOT_ATTAINED = {
    ("R16", "no lam works where high <= 0"): (0.6, "low has a term more than the code"),
}
NOT_NEEDED: dict[tuple[str, str], dict[str, str]] = {
    ("R16", "low is attained by a code"): NO_LOW,
    ("R16", "no lam works where high <= 0"): NO_LOW,
}
