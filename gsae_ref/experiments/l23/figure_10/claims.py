"""Claims of L23 about Figure 10, and the measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ...common.study import Claim
from .measures import Gain, Gains, Quality, better, compare, describe, what_would_settle
from .networks import BLEND, GROUPED

COMPARABLE_SHARE = 0.5  # least share of IRMAE's gain over AE that counts as comparable
PRINTED_COUNTS = {"IRMAE": 786, "GAE4": 196, "GAE8": 98}  # thousands of parameters, L23 Table 2
RANKED_NETWORKS = ("AE", "IRMAE", *GROUPED)


def interpolation_claims(pooled: Mapping[str, Quality]) -> list[Claim]:
    """Grouped networks against AE and VAE, against IRMAE, and the control.

    The claims are judged by the measures that pass the control: those that put the interpolations
    of AE above a blend of pixels. A claim about GAE has a verdict if GAE4 and GAE8 have the same.
    """
    control = compare(pooled["AE"], pooled[BLEND])
    counted = [name for name, gain in control.items() if gain.positive]
    claims = []
    for rival in ("AE", "VAE"):
        gains = {name: compare(pooled[name], pooled[rival]) for name in GROUPED}
        claims.append(
            Claim(
                "L23 E.2, Figure 10",
                f"GAE interpolates better than {rival}",
                "; ".join(
                    f"{name} over {rival}: {_measured(g, counted)}" for name, g in gains.items()
                ),
                _agreed(_only(counted, g) for g in gains.values()),
            )
        )
    over_plain = {name: compare(pooled[name], pooled["AE"]) for name in ("IRMAE", *GROUPED)}
    return [
        *claims,
        _comparable_claim(over_plain, counted),
        Claim(
            "control",
            "along the path AE is better than a blend of the two images, pixel by pixel, in one "
            "measure at least: this measure counts",
            f"AE over the blend: {_measured(control, counted or list(control))}; "
            f"counted: {', '.join(counted) or 'none'}",
            True if counted else better(control),
        ),
    ]


def _agreed(several: Iterable[Gains]) -> bool | None:
    """The verdict of all groupings, if it is one."""
    verdicts = {better(gains) for gains in several}
    return verdicts.pop() if len(verdicts) == 1 else None


def _only(counted: list[str], gains: Gains) -> Gains:
    return {name: gains[name] for name in counted}


def _measured(gains: Gains, counted: list[str]) -> str:
    """The gains and, if those that count give no verdict, what would settle it."""
    missing = what_would_settle(_only(counted, gains))
    return f"{describe(gains)} ({missing})" if missing else describe(gains)


def _comparable_claim(over_plain: dict[str, Gains], counted: list[str]) -> Claim:
    """Gains over half of IRMAE's gain, in the measures that count, if IRMAE gains in them."""
    gained = _only(counted, over_plain["IRMAE"])
    parts = [f"IRMAE over AE: {_measured(over_plain['IRMAE'], counted)}"]
    verdict = None
    if better(gained):
        surplus = {name: _surplus(over_plain[name], gained) for name in GROUPED}
        parts += [f"{name} over half of it: {_measured(g, counted)}" for name, g in surplus.items()]
        verdict = _agreed(surplus.values())
    elif counted:
        parts.append("no gain to compare with")
    return Claim(
        "L23 E.2, Figure 10",
        "GAE is comparable with IRMAE (at least half of IRMAE's gain over AE)",
        "; ".join(parts),
        verdict,
    )


def _surplus(gains: Gains, reference: Gains) -> Gains:
    """Gains minus the share of the reference's that counts as comparable, by training."""
    found = {}
    for name, gain in reference.items():
        least = COMPARABLE_SHARE * np.array(gain.by_training)
        found[name] = Gain(tuple((np.array(gains[name].by_training) - least).tolist()))
    return found


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
