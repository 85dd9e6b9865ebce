"""Models for claims: "l23", "l23_gram", "l23_step", "l23_group".

"l23" has designs, true weights, noise, and a state of the network. "l23_gram" has all groups beside
w*, with X^T X / n near the identity in place of a design. "l23_step" is a step of one group by
itself with perturbations, "l23_group" the brackets of Section 3.1.

The design and the noise are divided by sqrt(n), so that ``X[l].T @ X[k]`` is X_l^T X_k / n and
``X[l].T @ xi`` is X_l^T xi / n, both rational. Groups have d entries; the first s are the support.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from ...claims.model import Block, Instance, Model, Parts, Sizes, register, share

SIZES = {
    "n": "number of samples",
    "L": "number of groups",
    "d": "entries of a group",
    "s": "number of groups in the support",
}
MEANINGS = SIZES | {
    "X": "X[l]: columns of group l of the design, divided by sqrt(n), n x d",
    "w_star": "w_star[l]: true weights of group l, d x 1; 0 off the support",
    "xi": "the noise, divided by sqrt(n), n x 1",
    "y": "the response, sum of X[l] @ w_star[l] over the support, plus xi, n x 1",
    "u": "u[l]: magnitude of group l in the network, at least 0",
    "v": "v[l]: direction of group l in the network, d x 1",
    "groups": "range(L)",
    "active": "range(s), the support",
    "inactive": "range(s, L)",
    "m": "lower bound of norm(w_star[l]) on the support; it is 1, which fixes the unit",
    "M": "upper bound of norm(w_star[l]) on the support",
    "alpha": "upper bound of u[l]**2 off the support",
    "gamma": "step size of u, at least 0",
    "eta": "step size of v, at least 0",
    "eps": "the precision of (11), at least 0",
    "delta_in": "largest spectral(X[l].T @ X[l] - eye(d)), (1)",
    "delta_out": "largest spectral(X[l].T @ X[k]), l != k, (2); 0 for one group",
    "nu": "nu[l] = X[l].T @ xi, d x 1",
    "noise": "largest norm(nu[l])",
    "zeta": "80 * largest([noise, eps]): that of Section 4 with the 2-norm",
    "w": "w[l] = u[l]**2 * v[l], d x 1",
    "q": "q[l] = X[l].T @ (y - sum of X[k] @ w[k]): minus the gradient of the loss in w[l]",
    "b": "b[l] = w[l] + q[l] - w_star[l]: the perturbation in (4)",
    "u_dot": "u_dot[l] = 2 * u[l] * inner(v[l], q[l]): the gradient flow (3)",
    "v_dot": "v_dot[l] = u[l]**2 * q[l]: the gradient flow (3)",
    "v_next": "v_next[l]: direction after a step of Algorithm 1, along w[l] + q[l]",
    "w_next": "w_next[l] = u[l]**2 * v_next[l]: where Algorithm 1 takes the gradient in u",
    "u_next": "u_next[l]: magnitude after a step of Algorithm 1",
}


def refuse(sizes: Sizes) -> str:
    """Why no instance has these sizes."""
    if sizes["s"] > sizes["L"]:
        return "s <= L: at most all groups are in the support"
    return "d <= n: a group has at most n columns" if sizes["d"] > sizes["n"] else ""


def blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters."""
    n, L, d, s = (sizes[name] for name in SIZES)
    p = L * d
    orthogonal = ("orthogonal design",)
    return {
        "frame_skew": Block(p * (p - 1) // 2),
        "frame_tilt": Block(max(n - p, 0) * p),
        "X_skew": Block(L * d * (d - 1) // 2, 0.3, orthogonal),
        "X_tilt": Block(L * (n - d) * d, 0.3, orthogonal),
        "X_stretch": Block(L * d * d, 0.1, ("orthonormal groups", *orthogonal)),
        "weights": Block(s * (d - 1)),
        "size": Block(s),
        "oversize": Block(s, 0.5, ("weights bounded",)),
        "width": Block(1),
        "noise": Block(n, 0.1, ("no noise",)),
        "magnitude": Block(L),
        "direction": Block(L * (d - 1)),
        "flip": Block(L, signs=True),
        "v_stretch": Block(L, 0.3, ("unit v",)),
        "slack": Block(1, 0.3),
        "step": Block(1),
        "v_step": Block(1),
        "precision": Block(1, 0.1),
    }


def _design(i: Instance) -> list[Any]:
    n = i["n"]
    d = i["d"]
    if "orthogonal design" in i.given:
        return _cut_frame(i)

    def build(part: Parts) -> Any:
        frame = part.frame(part.skew("X_skew", d), part.matrix("X_tilt", n - d, d))
        group = part.rolled(frame, [k * d for k in range(i["L"])])
        if "orthonormal groups" in i.given:
            return group
        return group @ (i.field.words["eye"](d) + part.matrix("X_stretch", d, d))

    return i.each(i["L"], build)


def _cut_frame(i: Instance) -> list[Any]:
    """The groups of L d orthonormal columns."""
    d = i["d"]
    p = i["L"] * d
    if p > i["n"]:
        raise ValueError(f"an orthogonal design needs n >= L * d = {p}")
    words = i.field.words
    frame = i.one(
        lambda part: part.frame(
            part.skew("frame_skew", p), part.matrix("frame_tilt", i["n"] - p, p)
        )
    )
    columns = [words["col"](frame, j) for j in range(p)]
    return [words["beside"](columns[k * d : (k + 1) * d]) for k in range(i["L"])]


def _weights(i: Instance) -> list[Any]:
    def build(part: Parts) -> Any:
        size = 1 + (part.same(i["M"]) - 1) * part.share("size")
        if "weights bounded" not in i.given:
            size = size * (1 + part.number("oversize")) ** 2
        return part.sphere(part.matrix("weights", i["d"] - 1, 1)) * size

    active = i.each(i["s"], build)
    return active + [0 * active[0]] * (i["L"] - i["s"])


def _directions(i: Instance) -> list[Any]:
    def build(part: Parts) -> Any:
        unit = part.sphere(part.matrix("direction", i["d"] - 1, 1))
        signed = i.field.choose(part.number("flip"), -unit, unit)
        return signed if "unit v" in i.given else signed * (1 + part.number("v_stretch"))

    return i.each(i["L"], build)


def _alpha(i: Instance) -> Any:
    squares = [u**2 for u in i["u"][i["s"] :]]
    slack = i.number("slack") ** 2
    return i.field.words["largest"](squares) + slack if squares else slack


def always(given: Collection[str]) -> tuple[str, ...]:
    """What alpha bounds."""
    return ("largest([0] + [u[l]**2 for l in inactive]) <= alpha",)


BASICS = {
    "X": _design,
    "w_star": _weights,
    "xi": lambda i: i.one(lambda part: part.matrix("noise", i["n"], 1)),
    "u": lambda i: i.each(i["L"], lambda part: part.number("magnitude") ** 2),
    "v": _directions,
    "m": lambda i: 1 + 0 * i.number("width"),
    "M": lambda i: 1 + i.number("width") ** 2,
    "alpha": _alpha,
    "gamma": lambda i: i.number("step") ** 2,
    "eta": lambda i: i.number("v_step") ** 2,
    "eps": lambda i: i.number("precision") ** 2,
}
DEFINITIONS = {
    "groups": "range(L)",
    "active": "range(s)",
    "inactive": "range(s, L)",
    "y": "total(X[l] @ w_star[l] for l in active) + xi",
    "delta_in": "largest([spectral(X[l].T @ X[l] - eye(d)) for l in groups])",
    "delta_out": "largest([0] + [spectral(X[l].T @ X[k]) for l in groups for k in range(l)])",
    "nu": "[X[l].T @ xi for l in groups]",
    "noise": "largest([norm(nu[l]) for l in groups])",
    "zeta": "80 * largest([noise, eps])",
    "w": "[u[l]**2 * v[l] for l in groups]",
    "q": "[X[l].T @ (y - total(X[k] @ w[k] for k in groups)) for l in groups]",
    "b": "[w[l] + q[l] - w_star[l] for l in groups]",
    "u_dot": "[2 * u[l] * inner(v[l], q[l]) for l in groups]",
    "v_dot": "[u[l]**2 * q[l] for l in groups]",
    "v_next": "[(w[l] + q[l]) / norm(w[l] + q[l]) for l in groups]",
    "w_next": "[u[l]**2 * v_next[l] for l in groups]",
    "u_next": "[u[l] + 2 * gamma * u[l] * inner(v_next[l], X[l].T"
    " @ (y - total(X[k] @ w_next[k] for k in groups))) for l in groups]",
}
GIVEN = {
    "orthonormal groups": ("X[l].T @ X[l] == eye(d) for l in groups",),
    "orthogonal design": (
        "X[l].T @ X[l] == eye(d) for l in groups",
        "largest([0] + [norm(X[l].T @ X[k]) for l in groups for k in range(l)]) == 0",
    ),
    "weights bounded": ("m <= norm(w_star[l]) <= M for l in active",),
    "no noise": ("norm(xi) == 0",),
    "unit v": ("norm(v[l]) == 1 for l in groups",),
}
TRIED = (
    {"n": 4, "L": 2, "d": 2, "s": 1},
    {"n": 4, "L": 3, "d": 2, "s": 2},
    {"n": 3, "L": 3, "d": 1, "s": 2},
)
L23 = register(
    Model(
        name="l23",
        sizes=SIZES,
        tried=TRIED,
        refuse=refuse,
        blocks=blocks,
        basics=BASICS,
        definitions=DEFINITIONS,
        always=always,
        given=GIVEN,
        meanings=MEANINGS,
        distance="delta_in + delta_out",
        symbols={
            "w_star": "w^*",
            "xi": r"\xi / \sqrt n",
            "m": r"u_{\min}^{*2}",
            "M": r"u_{\max}^{*2}",
            "eps": r"\epsilon",
            "delta_in": r"\delta_{in}",
            "delta_out": r"\delta_{out}",
            "u_dot": r"\dot u",
            "v_dot": r"\dot v",
            "v_next": "v^+",
            "w_next": "w^+",
            "u_next": "u^+",
            "noise": r"\max_l \|\nu_l\|",
            "active": r"\mathcal S",
            "inactive": r"\mathcal S^c",
        },
    )
)

# ---- a step of one group by itself


def step_blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters; at 0 u = u*, v = v*, and there are no perturbations."""
    d = sizes["d"]
    numbers = ("more_b", "more_e", "gamma", "eta", "tau", "power", "alpha", "width")
    return {
        "v_star": Block(d - 1),
        "v": Block(d - 1, 0.3),
        "flip": Block(1, signs=True),
        "b": Block(d, 0.1),
        "u": Block(1, 0.3),
        "e": Block(1, 0.1),
        **dict.fromkeys(numbers, Block(1, 0.3)),
    }


def _true_direction(i: Instance) -> Any:
    return i.one(lambda part: part.sphere(part.matrix("v_star", i["d"] - 1, 1)))


def _direction(i: Instance) -> Any:
    def build(part: Parts) -> Any:
        rows = i["d"] - 1
        unit = part.sphere(part.matrix("v_star", rows, 1) + part.matrix("v", rows, 1))
        return i.field.choose(part.number("flip"), -unit, unit)

    return i.one(build)


def _square(name: str, root: int) -> Callable[[Instance], Any]:
    """(t + 1/root)^2 for a block t of one number."""
    return lambda i: (i.number(name) + i.field.divide(1, root)) ** 2


STEP_BASICS: dict[str, Any] = {
    "v_star": _true_direction,
    "v": _direction,
    "b": lambda i: i.one(lambda part: part.matrix("b", i["d"], 1)),
    "u": _square("u", 1),
    "e": lambda i: i.number("e"),
    "u_star": lambda i: 1 + 0 * i.number("width"),
    "M": lambda i: 1 + i.number("width") ** 2,
    "B": lambda i: i.field.words["abs"](i["e"]) + i.number("more_e") ** 2,
    "B_2": lambda i: i.field.above(i.field.words["norm"](i["b"])) + i.number("more_b") ** 2,
    "gamma": _square("gamma", 4),
    "eta": _square("eta", 2),
    "tau": _square("tau", 2),
    "power": _square("power", 2),
    "alpha": lambda i: 1 / (1 + _square("alpha", 1)(i)),
}
STEP = register(
    Model(
        name="l23_step",
        sizes={"d": "entries of the group"},
        blocks=step_blocks,
        basics=STEP_BASICS,
        definitions={
            "z": "v + eta * u**2 * (u_star**2 * v_star - u**2 * v) + eta * u**2 * b",
            "z_6": "u_star**2 * v_star + b",
            "cosine": "inner(z_6, v_star) / norm(z_6)",
            "u_next": "u + 2 * gamma * u * (u_star**2 * cosine - u**2 + e)",
        },
        always=lambda given: (
            "norm(v_star) == 1",
            "norm(v) == 1",
            "abs(e) <= B",
            "norm(b) <= B_2 * u_star**2",
            "u_star**2 <= M",
        ),
        tried=({"d": 2}, {"d": 1}, {"d": 3}),
        meanings={
            "d": "entries of the group",
            "u_star": "root of the norm of the true weights; it is 1, which fixes the unit",
            "v_star": "direction of the true weights, d x 1",
            "u": "magnitude, at least 0",
            "v": "direction, a unit vector, d x 1",
            "b": "perturbation in (4), d x 1",
            "e": "perturbation in (5), a number",
            "B": "upper bound of abs(e)",
            "B_2": "upper bound of norm(b) / u_star**2",
            "gamma": "step size of u, at least 0",
            "eta": "step size of v, at least 0",
            "M": "upper bound of u_star**2",
            "tau": "precision of Lemmas 11 and 16, at least 0",
            "power": "2^-m_0 in (9), at least 0",
            "alpha": "start of Lemma 14, in (0, 1]",
            "z": "z(t+1) of (4), d x 1",
            "z_6": "u(t)**2 * z(t+1) of (6), d x 1",
            "cosine": "inner product of v_star and v(t+1) of (6)",
            "u_next": "u(t+1) of (5), with the direction of (6)",
        },
        distance="norm(v - v_star) + norm(b)",
        symbols={
            "u_star": "u^*",
            "v_star": "v^*",
            "gamma": r"\gamma",
            "eta": r"\eta",
            "tau": r"\tau",
            "power": "2^{-m_0}",
            "alpha": r"\alpha",
            "M": r"u_{\max}^{*2}",
            "u_next": "u^+",
            "z_6": "u^2 z",
            "cosine": r"\langle v^+, v^* \rangle",
        },
    )
)

# ---- X^T X / n near the identity: groups beside w*, before and after a step

GRAM_SIZES = {name: SIZES[name] for name in ("L", "d", "s")}


def gram_blocks(sizes: Sizes) -> dict[str, Block]:
    """The free parameters; at 0 u = u* and v = v* on the support, and there is no noise."""
    L, d, s = (sizes[name] for name in GRAM_SIZES)
    pairs = L * (L - 1) // 2
    turns = d * (d - 1) // 2
    numbers = ("tau", "tau_0", "width", "delta_in", "delta_out")
    return {
        "turn": Block(L * turns),
        "stretch": Block(L * d),
        "left_turn": Block(pairs * turns),
        "right_turn": Block(pairs * turns),
        "cross": Block(pairs * d),
        "v_star": Block(L * (d - 1)),
        "size": Block(s),
        "v": Block(L * (d - 1), 0.5),
        "v_next": Block(L * (d - 1), 0.5),
        "nu": Block(L * d),
        "u": Block(s, 0.1),
        "u_off": Block(L - s, 0.1),
        "slack": Block(1, 0.03),
        "precision": Block(1, 0.05),
        **dict.fromkeys(numbers, Block(1, 0.3)),
    }


def _turned(part: Parts, block: str, d: int) -> Any:
    """A rotation."""
    return part.frame(part.skew(block, d), part.matrix(block, 0, d))


def _columns_times(part: Parts, M: Any, block: str, d: int) -> Any:
    """The columns of M, each times a number in [-1, 1]."""
    words = part.field.words
    numbers = part.matrix(block, 1, d)
    factors = [2 * share(words["entry"](numbers, 0, j)) - 1 for j in range(d)]
    return words["beside"]([words["col"](M, j) * factors[j] for j in range(d)])


def _gram(i: Instance) -> list[list[Any]]:
    """Symmetric blocks of norm at most delta_in, and others of norm at most delta_out."""
    L = i["L"]
    d = i["d"]
    transpose = i.field.transpose

    def inside(part: Parts) -> Any:
        turn = _turned(part, "turn", d)
        return part.same(i["delta_in"]) * (
            _columns_times(part, turn, "stretch", d) @ transpose(turn)
        )

    def outside(part: Parts) -> Any:
        left = _columns_times(part, _turned(part, "left_turn", d), "cross", d)
        return part.same(i["delta_out"]) * (left @ transpose(_turned(part, "right_turn", d)))

    own = i.each(L, inside)
    cross = i.each(L * (L - 1) // 2, outside) if L > 1 else []

    def block(k: int, j: int) -> Any:
        if k == j:
            return own[k]
        return cross[k * (k - 1) // 2 + j] if j < k else transpose(cross[j * (j - 1) // 2 + k])

    def row(k: int) -> list[Any]:
        return [block(k, j) for j in range(L)]

    return [row(k) for k in range(L)]


def _beside_star(block: str) -> Callable[[Instance], list[Any]]:
    """Unit vectors, v* turned by twice the angle to a unit vector beside it."""

    def build(part: Parts, i: Instance) -> Any:
        rows = i["d"] - 1
        star = part.matrix("v_star", rows, 1)
        half = part.sphere(star + part.matrix(block, rows, 1))
        unit = part.sphere(star)
        return 2 * part.field.words["inner"](half, unit) * half - unit

    return lambda i: i.each(i["L"], lambda part: build(part, i))


def _root_of_M(i: Instance) -> Any:
    return 1 + i.number("width") ** 2


def _gram_u_star(i: Instance) -> list[Any]:
    active = i.each(i["s"], lambda part: 1 + part.same(_root_of_M(i) - 1) * part.share("size"))
    return active + [0 * active[0]] * (i["L"] - i["s"])


def _gram_u(i: Instance) -> list[Any]:
    near = i.each(i["s"], lambda part: (1 + part.number("u")) ** 2)
    active = [i["u_star"][k] * near[k] for k in range(i["s"])]
    if i["L"] == i["s"]:
        return active
    return active + i.each(i["L"] - i["s"], lambda part: part.number("u_off") ** 2)


def _small(name: str) -> Callable[[Instance], Any]:
    """t^2/120 for a block t of one number."""
    return lambda i: i.field.divide(i.number(name) ** 2, 120)


GRAM_BASICS: dict[str, Any] = {
    "delta_in": _small("delta_in"),
    "delta_out": _small("delta_out"),
    "E": _gram,
    "v_star": lambda i: i.each(
        i["L"], lambda part: part.sphere(part.matrix("v_star", i["d"] - 1, 1))
    ),
    "u_star": _gram_u_star,
    "v": _beside_star("v"),
    "v_next": _beside_star("v_next"),
    "nu": lambda i: i.each(
        i["L"], lambda part: part.matrix("nu", i["d"], 1) * i.field.divide(1, 80)
    ),
    "u": _gram_u,
    "m": lambda i: 1 + 0 * i.number("width"),
    "M": lambda i: _root_of_M(i) ** 2,
    "alpha": _alpha,
    "eps": BASICS["eps"],
    "tau": _square("tau", 2),
    "tau_0": _square("tau_0", 3),
}
GRAM = register(
    Model(
        name="l23_gram",
        sizes=GRAM_SIZES,
        refuse=lambda sizes: refuse({"n": sizes["d"], **sizes}),
        blocks=gram_blocks,
        basics=GRAM_BASICS,
        definitions={
            "groups": "range(L)",
            "active": "range(s)",
            "inactive": "range(s, L)",
            "star": "[u_star[l]**2 for l in groups]",
            "w_star": "[star[l] * v_star[l] for l in groups]",
            "signal": "[w_star[l] + total(E[l][k] @ w_star[k] for k in groups) + nu[l]"
            " for l in groups]",
            "noise": "largest([norm(nu[l]) for l in groups])",
            "zeta": "80 * largest([noise, eps])",
            "Z": "largest([zeta, m])",
            "gap": "[w_star[l] - u[l]**2 * v[l] for l in groups]",
            "gap_next": "[w_star[l] - u[l]**2 * v_next[l] for l in groups]",
            "b": "[total(E[l][k] @ gap[k] for k in groups) + nu[l] for l in groups]",
            "b_next": "[total(E[l][k] @ gap_next[k] for k in groups) + nu[l] for l in groups]",
            "e": "[inner(v_next[l], b_next[l]) for l in groups]",
            "growth": "[inner(v_next[l], gap_next[l] + b_next[l]) for l in groups]",
        },
        always=lambda given: (
            *always(given),
            "largest([spectral(E[l][l]) for l in groups]) <= delta_in",
            "largest([0] + [spectral(E[l][k]) for l in groups for k in range(l)]) <= delta_out",
            "norm(v[l]) == 1 for l in groups",
            "norm(v_next[l]) == 1 for l in groups",
            "m <= star[l] <= M for l in active",
        ),
        tried=({"L": 2, "d": 2, "s": 2}, {"L": 2, "d": 2, "s": 1}, {"L": 3, "d": 1, "s": 2}),
        meanings={
            **GRAM_SIZES,
            "E": "E[l][k] = X_l^T X_k / n, minus eye(d) where l == k, d x d",
            "delta_in": "upper bound of spectral(E[l][l]), (1)",
            "delta_out": "upper bound of spectral(E[l][k]), l != k, (2)",
            "v_star": "v_star[l]: direction of the true weights, a unit vector, d x 1",
            "u_star": "u_star[l]: root of the norm of the true weights; 0 off the support",
            "star": "star[l] = u_star[l]**2",
            "w_star": "w_star[l] = star[l] * v_star[l]",
            "v": "v[l]: direction of group l, a unit vector, d x 1",
            "v_next": "v_next[l]: direction after a step; here any unit vector, d x 1",
            "nu": "nu[l] = X_l^T xi / n, d x 1",
            "signal": "signal[l] = X_l^T y / n, sum of E[l][k] @ w_star[k], plus w_star[l] + nu[l]",
            "u": "u[l]: magnitude of group l, at least 0",
            "m": "lower bound of star[l] on the support; it is 1, which fixes the unit",
            "M": "upper bound of star[l]",
            "alpha": "upper bound of u[l]**2 off the support",
            "eps": "the precision of (11), at least 0",
            "tau": "precision of Lemmas 12, 13 and 17, at least 0",
            "tau_0": "least precision of Lemmas 12, 13 and 17, at least 0",
            "groups": "range(L)",
            "active": "range(s), the support",
            "inactive": "range(s, L)",
            "noise": "largest norm(nu[l])",
            "zeta": "80 * largest([noise, eps])",
            "Z": "largest([zeta, m])",
            "gap": "gap[l] = w_star[l] - u[l]**2 * v[l]",
            "gap_next": "the same with v_next",
            "b": "b[l]: the perturbation in (4), sum of E[l][k] @ gap[k], plus nu[l]",
            "b_next": "the same with gap_next",
            "e": "e[l] = inner(v_next[l], b_next[l]): the perturbation in (5) on the support",
            "growth": "inner(v_next[l], gap_next[l] + b_next[l]); off the support e_{l,t} of (8)",
        },
        distance="delta_in + delta_out",
        symbols={
            "u_star": "u^*",
            "v_star": "v^*",
            "w_star": "w^*",
            "star": "u^{*2}",
            "v_next": "v^+",
            "b_next": "b^+",
            "gap": "g",
            "gap_next": "g^+",
            "m": r"u_{\min}^{*2}",
            "M": r"u_{\max}^{*2}",
            "eps": r"\epsilon",
            "delta_in": r"\delta_{in}",
            "delta_out": r"\delta_{out}",
            "noise": r"\max_l \|\nu_l\|",
            "active": r"\mathcal S",
            "inactive": r"\mathcal S^c",
        },
    )
)

# ---- Section 3.1: a group as a function of u and v, and its derivatives

HESSIAN = (
    "2 * entry({at}, k + 1, 0) * axis[0] @ axis[0].T"
    " + 2 * entry({at}, 0, 0) * (axis[0] @ axis[k + 1].T + axis[k + 1] @ axis[0].T)"
)
GROUP_BASICS: dict[str, Any] = {
    "point": lambda i: i.one(lambda part: part.matrix("point", i["d"] + 1, 1)),
    "way": lambda i: i.one(lambda part: part.matrix("way", i["d"] + 1, 1)),
}
GROUP = register(
    Model(
        name="l23_group",
        sizes={"d": "entries of the group, at least 2"},
        refuse=lambda sizes: "" if sizes["d"] > 1 else "d >= 2: a bracket is one of two entries",
        blocks=lambda sizes: {"point": Block(sizes["d"] + 1), "way": Block(sizes["d"] + 1)},
        basics=GROUP_BASICS,
        definitions={
            "entries": "range(d)",
            "axis": "[col(eye(d + 1), k) for k in range(d + 1)]",
            "u": "entry(point, 0, 0)",
            "v": "[entry(point, k + 1, 0) for k in entries]",
            "grad": "[2 * u * v[k] * axis[0] + u**2 * axis[k + 1] for k in entries]",
            "hess": f"[{HESSIAN.format(at='point')} for k in entries]",
            "third": f"[{HESSIAN.format(at='way')} for k in entries]",
            "turn": f"[{HESSIAN.format(at='grad[0]')} for k in entries]",
            "bracket": "hess[1] @ grad[0] - hess[0] @ grad[1]",
            "double": "turn[1] @ grad[0] + hess[1] @ hess[0] @ grad[0] - turn[0] @ grad[1]"
            " - hess[0] @ hess[1] @ grad[0] - hess[0] @ bracket",
        },
        tried=({"d": 2}, {"d": 3}),
        meanings={
            "d": "entries of the group, at least 2",
            "point": "u above the entries of v, (d + 1) x 1",
            "way": "a direction in which the point may move, (d + 1) x 1",
            "entries": "range(d)",
            "axis": "axis[k]: column k of the identity, (d + 1) x 1",
            "u": "magnitude",
            "v": "v[k]: entry k of the direction, a number",
            "grad": "grad[k]: gradient of G_k = u**2 * v[k] at the point, (d + 1) x 1",
            "hess": "hess[k]: Hessian of G_k at the point",
            "third": "third[k]: derivative of hess[k] along way",
            "turn": "turn[k]: derivative of hess[k] along grad[0]",
            "bracket": "[grad[0], grad[1]] of Definition 1, (d + 1) x 1",
            "double": "[grad[0], bracket] of Definition 1, (d + 1) x 1",
        },
        distance="abs(u)",
        symbols={
            "grad": r"\nabla G",
            "hess": r"\nabla^2 G",
            "bracket": r"[\nabla G_1, \nabla G_2]",
            "double": r"[\nabla G_1, [\nabla G_1, \nabla G_2]]",
        },
    )
)
