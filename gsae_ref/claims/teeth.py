"""The teeth of a claim: spoilt versions of it, which a search that can see must refute.

A bound is multiplied by 0.9, a term of it dropped, an integer factor lowered, a factor that is a
size dropped, a hypothesis dropped. A spoilt claim that survives is a conjecture: that part of the
claim was never needed.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .claim import Claim
from .problem import Free
from .searches import VIOLATION, Best, search
from .sentences import Sentence, parsed

SAMPLE = 200  # instances at which a spoilt claim is compared with the claim
SPOILT_BY = 0.9
JUST_BELOW = 0.999  # of the largest left/right found: a search that reached it notices this


class Mutant(NamedTuple):
    """A spoilt claim, and how it was spoilt."""

    text: str
    claim: Claim


@dataclass(frozen=True)
class Tooth:
    """What a search made of a spoilt claim.

    Attributes
    ----------
    text : str
        How the claim was spoilt.
    ratio : float
        Largest left/right of the spoilt claim.
    n_noticed, n_searches : int
        Searches that violated it, of how many.
    """

    text: str
    ratio: float
    n_noticed: int
    n_searches: int

    @property
    def noticed(self) -> bool:
        """Whether any search violated the spoilt claim."""
        return self.n_noticed > 0

    def __str__(self) -> str:
        if self.noticed:
            searches = f"{self.n_noticed} of {self.n_searches} searches"
            return f"noticed    {self.text} (left/right {self.ratio:.4g}, by {searches})"
        return f"UNNOTICED  {self.text} (never needed? largest left/right {self.ratio:.5f})"


def bite(claim: Claim, **settings: Any) -> tuple[Tooth, ...]:
    """Search every spoilt version of a claim; ``settings`` are those of the search.

    The first tooth says how far the search is to be trusted: the bound times just less than the
    largest left/right that was found, which every search should notice.
    """
    best = search(claim, **settings)
    spoilt = list(mutants(claim))
    if np.isfinite(best.ratio) and isinstance(claim.conclusion, str):
        factor = round(JUST_BELOW * best.ratio, 6)
        spoilt.insert(0, Mutant(f"bound x {factor}", scaled(claim, factor)))
    found = []
    for k, mutant in enumerate(spoilt, 1):
        if settings.get("progress"):
            settings["progress"] = f"spoilt claim {k} of {len(spoilt)}"
        found.append(_tooth(mutant, search(mutant.claim, **settings)))
    return tuple(found)


def _tooth(mutant: Mutant, best: Best) -> Tooth:
    gaps = [worst.gap for _, worst in best.searches]
    return Tooth(mutant.text, best.ratio, sum(gap > VIOLATION for gap in gaps), len(gaps))


def mutants(claim: Claim) -> Iterator[Mutant]:
    """Every spoilt version of a claim.

    >>> sizes = dict(n=2, d=1, Gamma=2, gamma=1)
    >>> claim = Claim("mu <= 1 + delta", sizes=sizes, given=("orthonormal S",))
    >>> [mutant.text for mutant in mutants(claim)]
    ['bound x 0.9', 'without delta in 1 + delta', 'without 1 in 1 + delta',
     'without "orthonormal S"']
    """
    if isinstance(claim.conclusion, str) and not claim.is_identity:
        yield Mutant(f"bound x {SPOILT_BY}", scaled(claim, SPOILT_BY))
        candidates = [*_bound_mutants(claim), *_let_mutants(claim)]
        yield from (mutant for mutant in candidates if _is_stronger(mutant.claim, claim))
    for name in claim.given:
        rest = tuple(other for other in claim.given if other != name)
        yield Mutant(f'without "{name}"', claim.but(given=rest))
    for text in claim.where:
        rest = tuple(other for other in claim.where if other != text)
        yield Mutant(f'without "{text}"', claim.but(where=rest))


def scaled(claim: Claim, factor: float) -> Claim:
    """The claim with its right side times a factor."""
    sentence = Sentence.parse(str(claim.conclusion))
    right = f"{factor} * ({sentence.right})"
    return claim.but(conclusion=_joined(sentence, right))


def _joined(sentence: Sentence, right: str) -> str:
    return f"{sentence.left} {sentence.relation} {right}{sentence.tail}"


def _bound_mutants(claim: Claim) -> Iterator[Mutant]:
    sentence = Sentence.parse(str(claim.conclusion))
    for text, right in _spoilt(sentence.right, claim):
        yield from _sensible(text, claim, conclusion=_joined(sentence, right))
    for text, left in _spoilt(sentence.left, claim, numbers_only=True):
        changed = f"{left} {sentence.relation} {sentence.right}{sentence.tail}"
        yield from _sensible(text, claim, conclusion=changed)


def _let_mutants(claim: Claim) -> Iterator[Mutant]:
    """Spoilt versions of the expressions that the bound is made of."""
    problem = claim.problems[0]
    used = problem.closure(Sentence.parse(str(claim.conclusion)).names)
    for name, formula in problem.lets.items():
        if name in used and not isinstance(formula, Free):
            for text, expression in _spoilt(claim.let[name], claim):
                changed = {**claim.let, name: expression}
                yield from _sensible(f"{name}: {text}", claim, let=changed)


def _sensible(text: str, claim: Claim, **changes: Any) -> Iterator[Mutant]:
    """A spoilt claim; none where it speaks of nothing, such as a list of no items."""
    try:
        yield Mutant(text, claim.but(**changes))
    except ValueError:
        return


def _is_stronger(spoilt: Claim, claim: Claim) -> bool:
    """Whether a spoilt claim asks for more than the claim, on a sample of instances."""
    rng = np.random.default_rng(0)
    asks_more = False
    for ours, theirs in zip(claim.problems, spoilt.problems, strict=True):
        theta = ours.layout.draw(rng, SAMPLE)
        if theirs.layout.blocks != ours.layout.blocks:
            return True  # it speaks of less, so the parameters are others
        with np.errstate(all="ignore"):
            difference = theirs.sides(theta).gap - ours.sides(theta).gap
        if np.nanmin(difference) < -VIOLATION:
            return False
        asks_more |= bool(np.nanmax(difference) > VIOLATION)
    return asks_more


Edit = tuple[str, Callable[[Any], ast.expr]]


def _spoilt(text: str, claim: Claim, numbers_only: bool = False) -> Iterator[tuple[str, str]]:
    """(how, new text) for every edit of an expression; or of what is no part of a matrix in it."""
    tree = parsed(text)
    numbers = set(_numbers(tree))
    for k, node in enumerate(ast.walk(tree)):
        if numbers_only and node not in numbers:
            continue
        for how, make in _edits(node, set(claim.all_sizes[0])):
            new = copy.deepcopy(tree)
            target = list(ast.walk(new))[k]
            yield how, ast.unparse(_Replace(target, make(target)).visit(new))


OF_NUMBERS = {"sqrt", "log", "abs", "largest", "least", "prod"}


def _numbers(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are not inside of a norm, an inner product, or an index."""
    yield tree
    is_other = isinstance(tree, ast.Call) and ast.unparse(tree.func) not in OF_NUMBERS
    if not is_other and not isinstance(tree, ast.Subscript):
        for child in ast.iter_child_nodes(tree):
            yield from _numbers(child)


class _Replace(ast.NodeTransformer):
    """Puts a tree in the place of a node."""

    def __init__(self, target: ast.AST, replacement: ast.expr) -> None:
        self.target = target
        self.replacement = replacement

    def visit(self, node: ast.AST) -> Any:
        return self.replacement if node is self.target else self.generic_visit(node)


def _edits(node: ast.AST, sizes: set[str]) -> Iterator[Edit]:
    if not isinstance(node, ast.BinOp):
        return
    whole = ast.unparse(node)
    if isinstance(node.op, ast.Add):
        yield f"without {ast.unparse(node.right)} in {whole}", lambda m: m.left
        yield f"without {ast.unparse(node.left)} in {whole}", lambda m: m.right
    if isinstance(node.op, ast.Sub):
        yield f"without {ast.unparse(node.right)} in {whole}", lambda m: m.left
    if isinstance(node.op, ast.Mult):
        yield from _factor_edits(node, whole, sizes)


def _factor_edits(node: ast.BinOp, whole: str, sizes: set[str]) -> Iterator[Edit]:
    for side, other in (("left", "right"), ("right", "left")):
        factor = getattr(node, side)
        rest = lambda m, other=other: getattr(m, other)
        if isinstance(factor, ast.Name) and factor.id in sizes:
            yield f"without the factor {factor.id} in {whole}", rest
        if isinstance(factor, ast.Call) and ast.unparse(factor.func) == "sqrt":
            yield f"without the factor {ast.unparse(factor)} in {whole}", rest
        if isinstance(factor, ast.Constant) and isinstance(factor.value, int) and factor.value > 1:
            less = factor.value - 1
            make = lambda m, other=other, less=less: ast.BinOp(
                ast.Constant(less), ast.Mult(), getattr(m, other)
            )
            yield f"{less} for {factor.value} in {whole}", make
