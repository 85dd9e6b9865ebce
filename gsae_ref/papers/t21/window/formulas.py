"""R16: the thresholds that recover every support, exactly, for any dictionaries A and A*.

T21's Lemma 1 and the intervals of ``support_interval`` are sufficient conditions. Here is the one
that is also necessary. Throughout C_vh = A*_h^T A_v, gamma = n_active and d is the group size.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product

import numpy as np

from ....arrays import Array, IntArray
from ....groups import spectral_norm

TOLERANCE = 1e-9  # width of an enclosure, over the scale of its terms
WORK = 1e8  # products that the subdivision may spend
ROUND = 1e5  # what a round counts at least
BATCH = 2000  # cones that are halved at a time
ASCENT = 4
LARGE = 3  # group size from which largest eigenvalues bound all directions at once
MOST_CHOICES = 20_000  # choices of other groups that are bounded one by one
REFINED = 30


@dataclass(frozen=True)
class Extreme:
    """Largest value over groups v and unit vectors u, enclosed: value <= maximum <= bound.

    Attributes
    ----------
    value, bound : float
    group : int
    direction : ndarray (d,)
        Where ``value`` is attained.

    Examples
    --------
    >>> frame = np.array([[1.0, 0.6], [0.0, 0.8]])
    >>> largest(cross_blocks(frame, frame, 1), 5.0, 1, 0.0).value
    3.0
    """

    value: float
    bound: float
    group: int
    direction: Array = field(repr=False)


@dataclass(frozen=True)
class Window:
    """R16's two ends: lam recovers every support iff low <= lam < high.

    ``leak`` encloses low; ``loss`` encloses -high.

    Examples
    --------
    >>> window = exact_window(np.eye(2), np.eye(2), 1, 1, 4.0, 5.0)
    >>> window.certified, window.possible
    ((0.0, 4.0), (0.0, 4.0))
    """

    leak: Extreme
    loss: Extreme

    @property
    def certified(self) -> tuple[float, float]:
        """(low, high): every lam with low <= lam < high recovers every support."""
        return self.leak.bound, 0.0 - self.loss.bound

    @property
    def possible(self) -> tuple[float, float]:
        """(low, high): no lam outside low <= lam < high recovers every support."""
        return self.leak.value, 0.0 - self.loss.value


def cross_blocks(A: Array, A_star: Array, group_size: int) -> Array:
    """All C_vh = A*_h^T A_v, an array (n_groups, n_groups, d, d) with axes v, h.

    >>> cross_blocks(np.eye(2), np.array([[1.0, 0.6], [0.0, 0.8]]), 1)[:, :, 0, 0]
    array([[1. , 0.6],
           [0. , 0.8]])
    """
    d = group_size
    G = A.shape[1] // d
    return (A.T @ A_star).reshape(G, d, G, d).transpose(0, 2, 3, 1)


def exact_window(
    A: Array,
    A_star: Array,
    group_size: int,
    n_active: int,
    b_min: float,
    b_max: float,
    tolerance: float = TOLERANCE,
) -> Window:
    """R16: low and high, each enclosed from both sides.

        low  = max_v max_u  B_max (sum of the gamma largest |C_vh u|, h != v)
        high = min_g min_u  B_min |C_gg u| - B_max (sum of the gamma - 1 largest |C_gh u|, h != g)

    over the groups and the unit vectors u of R^d, |.| the Euclidean norm. For gamma = Gamma no
    group is outside the support and low = 0.

    **Theorem (R16).** A and A* are any two matrices, gamma < Gamma. One pass of the encoder with
    lam >= 0 recovers the support of y = A* x for every code x with exactly gamma active groups and
    B_min <= ||x_g|| <= B_max, if and only if low <= lam < high. For gamma = Gamma, lam < high is
    sufficient, and necessary if high > 0.

    At A = A* with orthonormal groups |C_gg u| = 1, so high = B_min - B_max Lambda_(gamma - 1) and
    low = B_max Lambda_gamma, where Lambda_k is the maximum over v and u of the sum of the k largest
    |C_vh u|, h != v. Such lam exist iff Lambda_gamma + Lambda_(gamma - 1) < B_min / B_max.

    Proof. *Left end.* Let v be outside S. For a unit vector u, u^T A_v^T y is the sum over h in S
    of (C_vh u)^T x_h. The codes x_h are independent vectors of norm at most B_max, so its maximum
    over them is B_max times the sum of |C_vh u|, attained at x_h = B_max C_vh u / |C_vh u|. The
    maximum over S, u and v of this is low, and it is the largest ||A_v^T y|| of an inactive group.
    Inactive groups stay inactive, for every code, iff low <= lam.

    *Right end.* Let g be in S, M = A_g^T A*_g, E = M {||x|| <= B_min}, and W the set of sums of
    A_g^T A*_h x_h over the other h in S, ||x_h|| <= B_max. E and W are convex and symmetric, with
    support functions h_E(u) = B_min |C_gg u| and h_W(u) = B_max sum |C_gh u|. Let high > 0. Then
    h_E > h_W, whatever S, so W lies in the interior of E, which has dimension d. For w in W the
    point M x + w with ||x|| >= B_min is outside the interior of E shifted by w, and W + r U, with U
    the closed unit ball, is in E iff h_W(u) + r <= h_E(u) for all u. So the distance between W and
    {M x: ||x|| >= B_min} is min_u [h_E(u) - h_W(u)]; over all S and g it is high, the smallest
    ||A_g^T y|| of an active group. At a minimiser u it is attained by x_g = -B_min C_gg u / |C_gg
    u| and x_h = B_max C_gh u / |C_gh u|, which are codes of the class. A group is active only above
    lam, so every active group is found iff lam < high.

    *No threshold where high <= 0.* Then h_E(u) <= h_W(u) for some g, S and u. The w in W with u^T w
    = h_W(u), made of x_h with ||x_h|| = B_max, is not in the interior of E. If M is singular take
    x_g with M x_g = 0, so A_g^T y = w. Otherwise w = -s M x_g with ||x_g|| = B_min and s >= 1, so
    A_g^T y = (1 - 1/s) w. In both cases ||A_g^T y|| <= ||w|| <= low, the last by the left end, as W
    has gamma - 1 < gamma terms: lam >= low misses the group g, lam < low admits another.

    *Computation.* F(u) = sum of the k largest |C_vh u| is convex and F(c u) = c F(u), c >= 0. Let u
    be a unit vector in the cone of unit vectors u_1, ..., u_d, u = sum a_i u_i, a_i >= 0. For every
    q with |q| <= 1

        B_max F(u) - B_min |C_vv u| <= sum a_i t_i,   t_i = B_max F(u_i) - B_min <q, C_vv u_i>,

    and 1 <= sum a_i <= s, 1 / s = min_i <n, u_i>, n the direction of sum u_i, as <n, u> <= 1. So
    the maximum over the cone is at most max t_i, times s if that is positive. Cones are halved
    until every bound is within ``tolerance`` of the largest value found, or the work is spent; both
    sides hold at any time. The error of a cone is quadratic in its width: for d = 2 and width w, s
    = 1 / cos(w / 2). The spectral norms of C_vh and the smallest singular value of C_vv bound every
    u at once (the sharp interval); for d = 1 they are exact, and nothing is subdivided.

    For d >= 3, where cones are many, eigenvalues bound every u at once. With a, b the extreme
    singular values of C_vv, |C_vv u| >= (|C_vv u|^2 + a b) / (a + b), as (t - a)(b - t) >= 0 for t
    between them, and |C_vh u| <= (|C_vh u|^2 / alpha_h + alpha_h) / 2 for every alpha_h > 0. So for
    k groups h the maximum is at most

        lmax(sum B_max C_vh^T C_vh / (2 alpha_h) - B_min C_vv^T C_vv / (a + b))
        + B_max sum alpha_h / 2 - B_min a b / (a + b).

    For at most two terms and C_vv = I the least of these over the alpha is the maximum itself: the
    pairs of values of two quadratic forms on the sphere are a convex set for d >= 3 (Brickman
    1961), on which a sum of roots is concave. Choices of h whose spectral norms do not add up to
    more than the best value decide nothing; where too many are left the spectral norms remain.

    *Attribution.* For d = 1 and A = A*, Lambda_k is the Babel function of Tropp (2004), and the
    left end his exact recovery argument; block coherence is that of Eldar, Kuppinger and Boelcskei
    (2010). The common direction u is what groups add.

    >>> A = np.array([[1.0, 0.6], [0.0, 0.8]])
    >>> exact_window(A, A, 1, 1, 4.0, 5.0).certified
    (3.0, 4.0)
    """
    C = cross_blocks(A.astype(np.float64), A_star.astype(np.float64), group_size)
    # Powers of two, so that no square is beyond the range: both ends are linear in C and in B.
    size = np.frexp(np.abs(C).max())[1]
    unit = np.frexp(b_max)[1]
    C = np.ldexp(C, -size)
    low, high = np.ldexp([b_min, b_max], -unit).tolist()
    leak = largest(C, high, n_active, 0.0, tolerance)
    loss = largest(C, high, n_active - 1, low, tolerance)
    if n_active == len(C):
        leak = Extreme(0.0, 0.0, leak.group, leak.direction)
        loss = replace(loss, value=-_smallest_found(C, loss, n_active, low, high))
    return Window(_scaled(leak, size + unit), _scaled(loss, size + unit))


def _scaled(extreme: Extreme, exponent: int) -> Extreme:
    """The extreme times 2^exponent."""
    value, bound = np.ldexp([extreme.value, extreme.bound], exponent) + 0.0
    return replace(extreme, value=float(value), bound=float(bound))


def _smallest_found(C: Array, loss: Extreme, n_active: int, b_min: float, b_max: float) -> float:
    """high as attained; where it is not positive, the norm of A_g^T y of one code."""
    if loss.value < 0:
        return -loss.value
    x = worst_code(C, loss, n_active, b_min, b_max, active=True)
    return float(np.linalg.norm(np.einsum("hij,hi->j", C[loss.group], x)))


def largest(C: Array, b_max: float, k: int, b_min: float, tolerance: float = TOLERANCE) -> Extreme:
    """Maximum over v, u of B_max (sum of k largest |C_vh u|, h != v) - B_min |C_vv u|, enclosed.

    >>> frame = np.array([[1.0, 0.6], [0.0, 0.8]])
    >>> found = largest(cross_blocks(frame, frame, 1), 1.0, 1, 0.0)
    >>> found.value, found.bound
    (0.6, 0.6)
    """
    search = _Search(C, b_max, k, b_min, tolerance)
    v, cones = search.orthants()
    upper = search.ceilings[v]
    closed = float(np.delete(search.ceilings, v).max(initial=-np.inf))
    while len(v) and search.work < WORK:
        order = np.argsort(-upper, kind="stable")
        head = order[:BATCH]
        tail = order[BATCH:]
        halves = _halves(cones[head])
        owners = np.repeat(v[head], 2)
        search.work += ROUND
        bounds = np.minimum(search.bounds(owners, halves), np.repeat(upper[head], 2))
        v = np.concatenate([owners, v[tail]])
        cones = np.concatenate([halves, cones[tail]])
        upper = np.concatenate([bounds, upper[tail]])
        narrow = upper <= search.value + search.slack
        closed = max(closed, float(upper[narrow].max(initial=-np.inf)))
        v, cones, upper = v[~narrow], cones[~narrow], upper[~narrow]
    bound = max(closed, search.value, float(upper.max(initial=-np.inf)))
    return Extreme(search.value, bound, search.group, search.direction)


class _Search:
    """Terms and best value so far of the maximum that :func:`largest` encloses."""

    def __init__(self, C: Array, b_max: float, k: int, b_min: float, tolerance: float) -> None:
        G, _, d, _ = C.shape
        self.C = C
        self.b_max = b_max
        self.b_min = b_min
        self.k = min(k, G - 1)
        self.value = -np.inf
        self.group = 0
        self.direction = np.eye(d)[0]
        self.work = 0.0
        self.eigen_work = 0.0  # on its own: cones keep theirs
        _, sizes, frames = np.linalg.svd(C)
        norms = sizes[:, :, 0]
        own = np.arange(G)
        largest_own = sizes[own, own, 0]
        smallest = sizes[own, own, -1]
        signal = b_min * float(largest_own.max())
        norms[own, own] = 0
        sums = b_max * _sum_of_largest(norms, self.k)
        self.ceilings = sums - b_min * smallest
        self.slack = tolerance * (float(sums.max()) + signal)
        if d > 1:  # the right singular vectors that belong to a term each
            self._climb(np.stack([frames[own, own, -1], frames[own, norms.argmax(axis=1), 0]], 2))
        else:
            self.at(own, np.ones((G, 1)))
        if d >= LARGE:
            for v in np.argsort(-self.ceilings):
                if self.ceilings[v] <= self.value + self.slack:
                    break  # this one and the rest are within the tolerance
                ends = float(smallest[v]), float(largest_own[v])
                above = (self.value + b_min * ends[0]) / b_max
                others = np.delete(own, v)
                chosen = _choices(norms[v, others], self.k, above, MOST_CHOICES)
                if chosen is None or self.eigen_work > WORK:
                    break
                self._lower_ceiling(int(v), *ends, others[chosen])

    def _lower_ceiling(self, v: int, a: float, b: float, chosen: IntArray) -> None:
        """Bound group v by largest eigenvalues, one of every choice of k other groups.

        a and b are the smallest and the largest singular value of C_vv. Other choices than
        ``chosen`` cannot exceed the best value.
        """
        forms = np.swapaxes(self.C[v], 1, 2) @ self.C[v]
        own = self.b_min / max(a + b, 1e-300) * forms[v]
        constant = self.b_min * a * b / max(a + b, 1e-300)
        floor = 1e-12 * max(float(np.sqrt(np.trace(forms, axis1=1, axis2=2)).max()), 1e-300)
        norms = spectral_norm(self.C[v])
        bounds = self.b_max * norms[chosen].sum(axis=1) - self.b_min * a
        parts = self.C[v][chosen]
        forms = forms[chosen]
        alpha = _lengths(parts, (2, 3)) + floor
        for _ in range(REFINED):
            high = bounds > self.value  # the others decide nothing any more
            if not high.all():
                parts, forms = parts[high], forms[high]
                alpha, bounds = alpha[high], bounds[high]
            if not len(bounds):
                break
            M = self.b_max / 2 * np.sum(forms / alpha[:, :, None, None], axis=1) - own
            values, vectors = np.linalg.eigh(M)
            found = values[:, -1] + self.b_max / 2 * alpha.sum(axis=1) - constant
            bounds = np.minimum(bounds, found)
            u = vectors[:, :, -1]
            sizes = _lengths(np.einsum("skij,sj->ski", parts, u), 2)
            alpha = np.sqrt(alpha * (sizes + floor))
            self._try(v, u[found.argmax()])
            self.eigen_work += float(len(u) * (self.k + 4) * u.shape[1] ** 2)
        bound = max(self.value, float(bounds.max(initial=-np.inf)))
        self.ceilings[v] = min(float(self.ceilings[v]), bound)

    def _try(self, v: int, u: Array) -> None:
        """Keep a direction of group v, if it is the best."""
        images = np.einsum("hij,j->hi", self.C[v], u)
        self.work += float(images.size * len(u))
        norms = _lengths(images, 1)
        own = norms[v]
        norms[v] = 0
        value = float(self.b_max * _sum_of_largest(norms[None], self.k)[0] - self.b_min * own)
        if value > self.value:
            self.value = value
            self.group = v
            self.direction = u

    def at(self, v: IntArray, u: Array) -> tuple[Array, Array]:
        """B_max F(u) and C_vv u at unit vectors u (m, d) of groups v (m,); the best is kept."""
        G, _, d, _ = self.C.shape
        size = max(1, 2**24 // (G * d * d))
        if len(v) <= size:
            sums = self._interference(v, u)
        else:
            parts = range(0, len(v), size)
            F = [self._interference(v[i : i + size], u[i : i + size]) for i in parts]
            sums = np.concatenate(F)
        interference = self.b_max * sums
        images = np.einsum("mij,mj->mi", self.C[v, v], u)
        self.work += float(len(v) * G * d * d)
        values = interference - self.b_min * _lengths(images, 1)
        best = int(values.argmax())
        if values[best] > self.value:
            self.value = float(values[best])
            self.group = int(v[best])
            self.direction = u[best]
        return interference, images

    def _interference(self, v: IntArray, u: Array) -> Array:
        """Sum of the k largest |C_vh u|, h != v."""
        norms = _lengths(np.einsum("mhij,mj->mhi", self.C[v], u), 2)
        norms[np.arange(len(v)), v] = 0
        return _sum_of_largest(norms, self.k)

    def _climb(self, u: Array) -> None:
        """Improve directions u (n_groups, d, n_starts): u becomes the gradient's, and so on."""
        G, _, d, _ = self.C.shape
        groups = np.arange(G)
        flat = self.C.reshape(G, G * d, d)
        for _ in range(ASCENT):
            images = (flat @ u).reshape(G, G, d, -1)
            norms = np.sqrt(np.einsum("vhis,vhis->vhs", images, images))
            self._keep(norms, u)
            weights = np.full(norms.shape, self.b_max)
            weights[groups, groups] = 0
            norms[groups, groups] = -1
            if self.k < G - 1:
                least = -np.partition(-norms, self.k, axis=1)[:, self.k : self.k + 1]
                weights[norms <= np.broadcast_to(least, norms.shape)] = 0
            weights[groups, groups] = -self.b_min
            norms[groups, groups] = _lengths(images[groups, groups], 1)
            scaled = (weights / np.maximum(norms, 1e-300))[:, :, None] * images
            moved = np.swapaxes(flat, 1, 2) @ scaled.reshape(G, G * d, -1)
            size = np.linalg.norm(moved, axis=1, keepdims=True)
            u = np.where(size > 0, moved / np.maximum(size, 1e-300), u)
        self.work += float(ASCENT * G * G * d * d * u.shape[2])

    def _keep(self, norms: Array, u: Array) -> None:
        """Keep the best of the directions u (n_groups, d, n_starts), given norms of the images."""
        groups = np.arange(len(norms))
        others = norms.copy()
        others[groups, groups] = 0
        sums = np.partition(others, len(norms) - 1 - self.k, axis=1)[:, len(norms) - self.k :]
        values = self.b_max * sums.sum(axis=1) - self.b_min * norms[groups, groups]
        v, start = np.unravel_index(values.argmax(), values.shape)
        if values[v, start] > self.value:
            self.value = float(values[v, start])
            self.group = int(v)
            self.direction = u[v, :, start]

    def orthants(self) -> tuple[IntArray, Array]:
        """Groups and cones that cover, up to sign, what may exceed the best value.

        No cones where their number alone would take all of the work.
        """
        G, _, d, _ = self.C.shape
        v = np.flatnonzero(self.ceilings > self.value + self.slack)
        if len(v) * 2.0 ** (d - 1) * d * G * d * d > WORK:
            return np.zeros(0, dtype=int), np.zeros((0, d, d))
        signs = np.array([(1.0, *s) for s in product((1.0, -1.0), repeat=d - 1)])
        corners = signs[:, :, None] * np.eye(d)
        return np.repeat(v, len(corners)), np.tile(corners, (len(v), 1, 1))

    def bounds(self, v: IntArray, cones: Array) -> Array:
        """Upper bounds of the values in cones (m, d, d), whose rows are unit vectors."""
        m, d, _ = cones.shape
        interference, images = self.at(np.repeat(v, d), cones.reshape(-1, d))
        images = images.reshape(m, d, d)
        middle = images.sum(axis=1)
        q = middle / np.maximum(np.linalg.norm(middle, axis=1), 1e-300)[:, None]
        terms = interference.reshape(m, d) - self.b_min * np.einsum("mij,mj->mi", images, q)
        axis = cones.sum(axis=1)
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        stretch = 1 / np.einsum("mij,mj->mi", cones, axis).min(axis=1)
        worst: Array = terms.max(axis=1)
        return np.where(worst > 0, worst * stretch, worst)


def _choices(norms: Array, k: int, above: float, most: int) -> IntArray | None:
    """All choices of k of the norms with a sum above a number; None if there are too many.

    >>> _choices(np.array([1.0, 3.0, 2.0]), 2, 3.5, 10).tolist()
    [[1, 0], [1, 2]]
    """
    order = np.argsort(-norms)
    sums = np.concatenate([[0.0], np.cumsum(norms[order])])
    found = []
    partial: list[tuple[int, ...]] = [()]
    while partial:
        chosen = partial.pop()
        left = k - len(chosen)
        if not left:
            found.append(chosen)
            if len(found) > most:
                return None
            continue
        total = sum(sums[i + 1] - sums[i] for i in chosen)
        for i in range(chosen[-1] + 1 if chosen else 0, len(norms) - left + 1):
            if total + sums[i + left] - sums[i] <= above:
                break
            partial.append((*chosen, i))
    return order[np.array(found, dtype=int).reshape(len(found), k)]


def _lengths(X: Array, axis: int | tuple[int, int]) -> Array:
    """As np.linalg.norm, in half the time for small arrays."""
    return np.sqrt(np.add.reduce(X * X, axis))


def _sum_of_largest(values: Array, k: int) -> Array:
    """Sum of the k largest of every row."""
    return np.partition(values, values.shape[1] - 1 - k, axis=1)[:, values.shape[1] - k :].sum(1)


@cache
def _edges(d: int) -> tuple[IntArray, IntArray]:
    """Pairs of the d vectors that span a cone."""
    return np.triu_indices(d, 1)


def _halves(cones: Array) -> Array:
    """Cones (m, d, d) cut in two at the middle of their widest edge: (2 m, d, d), in turn."""
    m, d, _ = cones.shape
    i, j = _edges(d)
    cosines = np.einsum("mij,mkj->mik", cones, cones)[:, i, j]
    edge = cosines.argmin(axis=1)
    row = np.arange(m)
    middle = cones[row, i[edge]] + cones[row, j[edge]]
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    halves = np.repeat(cones, 2, axis=0)
    halves[2 * row, i[edge]] = middle
    halves[2 * row + 1, j[edge]] = middle
    return halves


def worst_code(
    C: Array, extreme: Extreme, n_active: int, b_min: float, b_max: float, active: bool
) -> Array:
    """R16: the code (n_groups, d) that attains an end, of the group and the direction found.

    ``active``: whether the group belongs to the support (the right end) or not (the left end).

    >>> frame = np.array([[1.0, 0.6], [0.0, 0.8]])
    >>> C = cross_blocks(frame, frame, 1)
    >>> worst_code(C, largest(C, 5.0, 1, 0.0), 1, 4.0, 5.0, active=False)
    array([[0.],
           [5.]])
    """
    v = extreme.group
    u = extreme.direction
    images = C[v] @ u
    norms = np.linalg.norm(images, axis=1)
    ranked = np.where(np.arange(len(C)) == v, -1.0, norms)
    others = np.argsort(-ranked, kind="stable")[: n_active - active]
    first = np.eye(len(u))[0]
    units = np.where(norms[:, None] > 0, images / np.maximum(norms, 1e-300)[:, None], first)
    x = np.zeros_like(images)
    x[others] = b_max * units[others]
    if active:
        x[v] = -b_min * units[v]
    return x


def missed_code(C: Array, extreme: Extreme, n_active: int, b_min: float, b_max: float) -> Array:
    """R16, high <= 0: a code (n_groups, d) with ||A_g^T y|| <= low for an active group g.

    >>> frame = np.array([[1.0, 0.8], [0.0, 0.6]])
    >>> C = cross_blocks(frame, frame, 1)
    >>> missed_code(C, largest(C, 2.0, 1, 1.0), 2, 1.0, 2.0).ravel()
    array([-1.,  2.])
    """
    g = extreme.group
    x = worst_code(C, extreme, n_active, b_min, b_max, active=True)
    x[g] = 0
    w = np.einsum("hij,hi->j", C[g], x)
    _, sizes, right = np.linalg.svd(C[g, g].T)
    if sizes[-1] > 1e-12 * max(sizes[0], 1e-300):
        towards = np.linalg.solve(C[g, g].T, w)
        x[g] = -b_min * towards / np.linalg.norm(towards)
    else:
        x[g] = b_min * right[-1]
    return x
