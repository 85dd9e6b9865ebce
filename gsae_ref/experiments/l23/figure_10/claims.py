"""Claims of L23 about Figure 10, and the measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...common.study import Claim
from .measures import Gains, Quality, better, compare, describe, what_would_settle
from .networks import BLEND, GROUPED

COMPARABLE_SHARE = 0.5  # least share of IRMAE's gain over AE that counts as comparable
PRINTED_COUNTS = {"IRMAE": 786, "GAE4": 196, "GAE8": 98}  # thousands of parameters, L23 Table 2
RANKED_NETWORKS = ("AE", "IRMAE", *GROUPED)


def interpolation_claims(pooled: Mapping[str, Quality]) -> list[Claim]:
    """Grouped networks against AE and VAE, against IRMAE, and the control.

    The claims are judged by the measures that pass the control: those that put the interpolations
    of AE above a blend of pixels.
    """
    control = compare(pooled["AE"], pooled[BLEND])
    counted = [name for name, gain in control.items() if gain.significant]
    claims = []
    for rival in ("AE", "VAE"):
        gains = {name: compare(pooled[name], pooled[rival]) for name in GROUPED}
        verdicts = {better(_only(counted, g)) for g in gains.values()}
        claims.append(
            Claim(
                "L23 E.2, Figure 10",
                f"GAE interpolates better than {rival}",
                "; ".join(f"{name}: {_measured(g, counted)}" for name, g in gains.items()),
                verdicts.pop() if len(verdicts) == 1 else None,
            )
        )
    over_plain = {name: compare(pooled[name], pooled["AE"]) for name in ("IRMAE", *GROUPED)}
    return [
        *claims,
        _comparable_claim(over_plain, counted),
        Claim(
            "control",
            "in the middle of the path AE is better than a blend of the two images, pixel by "
            "pixel, in one measure at least: this measure counts",
            f"AE: {_measured(control, list(control))}; counted: {', '.join(counted) or 'none'}",
            True if counted else better(control),
        ),
    ]


def _only(counted: list[str], gains: Gains) -> Gains:
    return {name: gains[name] for name in counted}


def _measured(gains: Gains, counted: list[str]) -> str:
    """The gains and, if those that count give no verdict, what would settle it."""
    missing = what_would_settle(_only(counted, gains))
    return f"{describe(gains)} ({missing})" if missing else describe(gains)


def _comparable_claim(over_plain: dict[str, Gains], counted: list[str]) -> Claim:
    """Shares of IRMAE's gains over AE in the measures that count, if it has these gains."""
    parts = [f"IRMAE over AE: {describe(over_plain['IRMAE'])}"]
    shares = list[float]()
    gained = bool(counted)
    for measure in counted:
        gain = over_plain["IRMAE"][measure]
        gained = gained and gain.significant
        if gain.significant:
            found = {name: over_plain[name][measure].mean / gain.mean for name in GROUPED}
            texts = [f"{name} has {share:.2f}" for name, share in found.items()]
            parts.append(f"of that gain in {measure} {', '.join(texts)}")
            shares += found.values()
        else:
            needed = f": two standard errors take {gain.pairs_needed:,.0f} pairs"
            parts.append(f"no gain in {measure} to compare with{'' if gain.negative else needed}")
    return Claim(
        "L23 E.2, Figure 10",
        "GAE is comparable with IRMAE (at least half of IRMAE's gain over AE)",
        "; ".join(parts),
        all(share >= COMPARABLE_SHARE for share in shares) if gained else None,
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
