"""Claims of L23 about Figure 10, and the measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...common.study import Claim
from .measures import Gains, Quality, compare
from .networks import BLEND, GROUPED

COMPARABLE_SHARE = 0.5  # least share of IRMAE's gain over AE that counts as comparable
PRINTED_COUNTS = {"IRMAE": 786, "GAE4": 196, "GAE8": 98}  # thousands of parameters, L23 Table 2
RANKED_NETWORKS = ("AE", "IRMAE", *GROUPED)


def interpolation_claims(pooled: Mapping[str, Quality]) -> list[Claim]:
    """Grouped networks against AE and VAE, against IRMAE, and the control."""
    claims = []
    for rival in ("AE", "VAE"):
        gains = {name: compare(pooled[name], pooled[rival]) for name in GROUPED}
        verdicts = {g.better for g in gains.values()}
        claims.append(
            Claim(
                "L23 E.2, Figure 10",
                f"GAE interpolates better than {rival}",
                "; ".join(f"{name}: {_measured(g)}" for name, g in gains.items()),
                verdicts.pop() if len(verdicts) == 1 else None,
            )
        )
    over_plain = {name: compare(pooled[name], pooled["AE"]) for name in ("IRMAE", *GROUPED)}
    control = compare(pooled["AE"], pooled[BLEND])
    return [
        *claims,
        _comparable_claim(over_plain),
        Claim(
            "control",
            "in the middle of the path AE is better than a blend of the two images, pixel by pixel",
            f"AE: {control}",
            control.better,
        ),
    ]


def _measured(gains: Gains) -> str:
    """Both gains and, if they give no verdict, what would settle it."""
    missing = gains.what_would_settle
    return f"{gains} ({missing})" if missing else str(gains)


def _comparable_claim(over_plain: dict[str, Gains]) -> Claim:
    """Shares of IRMAE's gain in excess over AE, if it has a gain."""
    gain = over_plain["IRMAE"].excess
    shares = {}
    if gain.significant:
        shares = {name: over_plain[name].excess.mean / gain.mean for name in GROUPED}
    parts = [f"{name} has {share:.2f} of that gain" for name, share in shares.items()]
    if not shares:
        parts = ["no gain to compare with"]
        if not gain.negative:
            parts.append(f"two standard errors take {gain.pairs_needed:,.0f} pairs")
    return Claim(
        "L23 E.2, Figure 10",
        "GAE is comparable with IRMAE (at least half of IRMAE's gain in excess over AE)",
        f"IRMAE over AE: {over_plain['IRMAE']}; {', '.join(parts)}",
        all(share >= COMPARABLE_SHARE for share in shares.values()) if shares else None,
    )


def rank_claims(ranks: Mapping[str, Sequence[float]]) -> list[Claim]:
    """Effective ranks of the codes; ``ranks`` holds one for every seed, by network."""
    parts = [f"{name} {np.mean(ranks[name]):.2f}" for name in RANKED_NETWORKS]
    measured = f"effective rank {', '.join(parts)}"
    plain = min(ranks["AE"])
    return [
        Claim(
            "L23 E.2 (Jing et al. 2020)",
            "linear layers in latent space lower the rank of the codes (IRMAE below AE)",
            measured,
            max(ranks["IRMAE"]) < plain,
        ),
        Claim(
            "L23 E.2 (Jing et al. 2020)",
            "so do linear layers within groups (GAE4 and GAE8 below AE)",
            measured,
            all(max(ranks[name]) < plain for name in GROUPED),
        ),
    ]


def count_claim(n_linear_parameters: Mapping[str, int]) -> Claim:
    """The parameters that Table 2 prints."""
    counts = {name: n_linear_parameters[name] for name in PRINTED_COUNTS}
    return Claim(
        "L23 Table 2",
        "linear layers of IRMAE, GAE4, GAE8 have 786K, 196K, 98K parameters",
        str(list(counts.values())),
        {name: count // 1000 for name, count in counts.items()} == PRINTED_COUNTS,
    )
