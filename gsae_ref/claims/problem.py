"""A claim at one choice of sizes, ready to be evaluated: on batches of floats, and exactly."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from keyword import iskeyword
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..arrays import Array, BoolArray
from .fields import WORDS, Exact, Floats, Unsuitable
from .model import Block, Instance, Layout, Model, find_model
from .quantities import FaultInModel, Quantity, blocks_of
from .rational import Matrix, Undecided
from .sentences import Expression, Formula, Items, Scope, Sentence, check_names, parsed
from .tape import Recording, Tape, Unrecordable, are_same

FREE = "free"  # the block of the numbers that a claim leaves free
STRICT = 1e-8  # margin in floats of a hypothesis with <
CLEAR = 1e-9  # a violation that is more than rounding
TINY = 1e-300
MOST_PARAMETERS = 10_000  # of an instance: with more a search does not get far
LARGEST_RECORDED = 256  # instances of a batch: with more, the arithmetic takes the time
AGAIN = 4  # batches of one size, of which the last is recorded
NOWHERE: Array = np.array(np.nan)  # no distance


class Stated(Protocol):
    """What a problem needs of a claim; see :class:`gsae_ref.Claim`."""

    @property
    def conclusion(self) -> Any: ...
    @property
    def model(self) -> str | Model: ...
    @property
    def given(self) -> Sequence[str]: ...
    @property
    def where(self) -> Sequence[str]: ...
    @property
    def let(self) -> Mapping[str, str]: ...
    @property
    def away(self) -> Sequence[str]: ...
    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def floor(self) -> float: ...


class Sides(NamedTuple):
    """Both sides of the conclusion, and the margins of the conditions, for a batch."""

    left: Array  # (K,)
    right: Array
    margins: Array  # (K, conditions): at least 0 where a condition holds
    floor: float = 0.0  # a search leaves out instances whose sides are both below it
    distance: Array = NOWHERE  # (K,) from degenerate instances, where it is asked for

    @property
    def conditions(self) -> Array:
        """What a search is held to: the margins, and how far a side is above the floor."""
        if not self.floor:
            return self.margins
        size = np.maximum(np.abs(self.left), np.abs(self.right))
        return np.concatenate([self.margins, (size - self.floor)[:, None]], axis=1)

    @property
    def gap(self) -> Array:
        """(left - right) / (|left| + |right|) and what continues it, in [-2, 2].

        It has no scale and is above 0 where the claim fails. Where the sides have different signs
        the quotient is constant; there a second one is added, so that a search finds its way.
        """
        return gap(self.left, self.right)


def gap(left: Array, right: Array) -> Array:
    """See :attr:`Sides.gap`."""
    with np.errstate(all="ignore"):
        size = np.abs(left) + np.abs(right) + TINY
        result: Array = (left - right) / size
        if not np.abs(result).max() < 1:
            below = np.where((left < 0) & (right > 0), left, 0)
            above = np.where((left > 0) & (right < 0), -right, 0)
            result = result + (below + above) / size
        return result


Pair = tuple[Any, str, Any]  # left, relation, right


class Values(NamedTuple):
    """What the sentences of a problem give at a batch."""

    pairs: list[Pair]  # of the conclusion
    conditions: list[Pair]
    distance: Any


@dataclass(frozen=True)
class Free:
    """A number that a claim leaves free: anything in [low, high]."""

    low: Expression
    high: Expression
    k: int
    n_free: int

    def __call__(self, scope: Scope) -> Any:
        assert isinstance(scope, Instance)
        shares = scope.each(self.n_free, lambda part: part.share(FREE))
        return scope.field.between(self.low(scope), self.high(scope), shares[self.k])


def read_lets(let: Mapping[str, str]) -> dict[str, Expression | Free]:
    """The names that a claim defines: expressions, and ``between(low, high)``."""
    trees = {}
    for name, text in let.items():
        if not isinstance(text, str):
            raise TypeError(f"let: {name} = {text!r}; it must be a string")
        trees[name] = parsed(text)
    free = [name for name, tree in trees.items() if _is_free(tree)]
    result: dict[str, Expression | Free] = {}
    for name, tree in trees.items():
        if isinstance(tree, ast.Call) and name in free:
            if len(tree.args) != 2 or tree.keywords:
                raise ValueError(f"let: {name} = {let[name]!r}; write between(low, high)")
            low, high = map(Expression, tree.args)
            result[name] = Free(low, high, free.index(name), len(free))
        else:
            result[name] = Expression(tree)
    return result


def _is_free(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Call) and ast.unparse(tree.func) == "between"


class Problem:
    """A claim at one choice of sizes.

    Parameters
    ----------
    claim : Claim
    sizes : dict
    """

    def __init__(self, claim: Stated, sizes: Mapping[str, int]) -> None:
        self.claim = claim
        self.distance: Expression | None = None
        self.model: Model = find_model(claim.model)
        self.model.check_sizes(sizes)
        self.sizes = {name: int(size) for name, size in sizes.items()}
        self.model.check_given(claim.given)
        self.given = frozenset(claim.given)
        self.lets = read_lets(claim.let)
        self.conclusion = (
            Sentence.parse(claim.conclusion) if isinstance(claim.conclusion, str) else None
        )
        if self.conclusion and len(self.conclusion.links) > 1:
            raise ValueError(f"{claim.conclusion!r} is a chain; state one comparison in a claim")
        self._check_names()
        self._n_batches: Counter[int] = Counter()
        self._tapes: dict[int, Tape | None] = {}

    def again(self, distance: str = "") -> Problem:
        """The problem for a search of its own: what the claim says is shared, no tape is.

        ``distance`` is an expression that :meth:`sides` evaluates too: the distance from degenerate
        instances.
        """
        result = copy.copy(self)
        result.distance = Expression.parse(distance) if distance else None
        result._n_batches = Counter()
        result._tapes = {}
        if distance:
            result._check_names()
        return result

    # what the claim consists of

    def _check_names(self) -> None:
        known = set(self.model.names)
        reserved = {*self.model.sizes, *self.model.basics}
        for name, formula in self.lets.items():
            if name in known or name in WORDS:
                raise ValueError(f"let: {name} is a name already; choose another")
            if not name.isidentifier() or iskeyword(name):
                raise ValueError(f"let: {name!r} is no name; write letters, digits and _")
            bounds = (formula.low, formula.high) if isinstance(formula, Free) else (formula,)
            for expression in bounds:
                check_names(expression, self.claim.let[name], known, reserved)
            known.add(name)
        for sentence in (*filter(None, [self.conclusion]), *self.where, *self.away):
            check_names(sentence, sentence.text, known, reserved)
        if self.distance:
            check_names(self.distance, self.distance.text, known, reserved)

    @property
    def is_identity(self) -> bool:
        """Whether the conclusion is an equation."""
        return self.conclusion is not None and self.conclusion.relation == "=="

    @cached_property
    def where(self) -> list[Sentence]:
        """The hypotheses that the claim states."""
        return list(map(Sentence.parse, self.claim.where))

    @cached_property
    def away(self) -> list[Sentence]:
        """Conditions of the search only."""
        return list(map(Sentence.parse, self.claim.away))

    @cached_property
    def formulas(self) -> dict[str, Formula]:
        """A formula for every name."""
        result: dict[str, Formula] = {
            name: Expression(ast.Constant(value)) for name, value in self.sizes.items()
        }
        basics = self.model.basics
        result |= {name: Quantity(self.model.name, name, basics[name]) for name in basics}
        result |= {name: Expression.parse(text) for name, text in self.model.definitions.items()}
        return result | self.lets

    @cached_property
    def basics(self) -> tuple[str, ...]:
        """The basic quantities that the claim speaks of, in the order of the model."""
        sentences = [*filter(None, [self.conclusion]), *self.where]
        used = self.closure(name for sentence in sentences for name in sentence.names)
        return tuple(name for name in self.model.basics if name in used)

    @cached_property
    def used(self) -> set[str]:
        """Every name that the hypotheses and the conclusion need."""
        sentences = [*filter(None, [self.conclusion]), *self.hypotheses]
        return self.closure(name for sentence in sentences for name in sentence.names)

    @cached_property
    def defined(self) -> list[str]:
        """The used names that are defined by others, each after those that it needs."""
        order: list[str] = []

        def visit(name: str) -> None:
            if isinstance(self.formulas[name], Expression) and name not in self.sizes:
                for needed in self._needs(name):
                    visit(needed)
                order.extend([] if name in order else [name])

        for name in (*self.model.definitions, *self.lets):
            if name in self.used:
                visit(name)
        return order

    def closure(self, names: Iterable[str]) -> set[str]:
        """The names and all that their definitions need."""
        waiting = list(names)
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._needs(name)
        return found

    def _needs(self, name: str) -> Sequence[str]:
        formula = self.formulas.get(name)
        if formula is None:
            raise FaultInModel(
                f"the model {self.model.name!r}: a definition or a hypothesis speaks of {name}, "
                f"which is unknown; the names are {', '.join(self.model.names)}"
            )
        if isinstance(formula, Free):
            return (*formula.low.names, *formula.high.names)
        return formula.names if isinstance(formula, Expression) else ()

    @cached_property
    def stated(self) -> list[Sentence]:
        """The hypotheses that are built in."""
        return [
            Sentence.parse(text) for name in self.claim.given for text in self.model.given[name]
        ]

    @cached_property
    def hypotheses(self) -> list[Sentence]:
        """Every hypothesis that bears on the claim, as a proof asserts them."""
        sentences = [s for s in self.stated if self._shared(s) >= 1]
        always = map(Sentence.parse, self.model.always(self.given))
        sentences += [s for s in always if self._shared(s) >= min(2, self._spoken_of(s))]
        for name, formula in self.lets.items():
            if isinstance(formula, Free):
                sentences.append(Sentence.parse(f"{formula.low.text} <= {name}"))
                sentences.append(Sentence.parse(f"{name} <= {formula.high.text}"))
        return sentences + self.where

    def _shared(self, sentence: Sentence) -> int:
        """How many basic quantities of the claim a sentence speaks of."""
        return len(self.closure(sentence.names) & set(self.basics))

    def _spoken_of(self, sentence: Sentence) -> int:
        """How many basic quantities a sentence speaks of."""
        return len(self.closure(sentence.names) & set(self.model.basics))

    @cached_property
    def conditions(self) -> list[Sentence]:
        """What the search must be held to: hypotheses that are not built in, and ``away``."""
        ranges = [
            Sentence.parse(f"{formula.low.text} <= {formula.high.text}")
            for formula in self.lets.values()
            if isinstance(formula, Free)
        ]
        return ranges + self.where + self.away

    # evaluation

    @cached_property
    def _blocks(self) -> dict[str, Block]:
        n_free = sum(isinstance(formula, Free) for formula in self.lets.values())
        result = {**blocks_of(self.model, self.sizes), FREE: Block(n_free)}
        n_parameters = sum(block.count for block in result.values())
        if n_parameters > MOST_PARAMETERS:
            raise ValueError(
                f"sizes = {self.sizes}: an instance has {n_parameters:,} free parameters, and at "
                f"most {MOST_PARAMETERS:,} are searched; choose smaller sizes"
            )
        return result

    @cached_property
    def layout(self) -> Layout:
        """The parameters that matter to the claim."""
        everything = Layout(self._blocks, self.given)
        if self.conclusion is None:
            return everything
        theta = [Fraction(k % 5 - 2, 4) for k in range(everything.size)]
        instance = self._instance(Exact(), everything, theta)
        for sentence in dict.fromkeys((*self.hypotheses, *self.conditions, self.conclusion)):
            _evaluate(sentence, instance)
        return Layout(self._blocks, self.given, instance.read)

    def _instance(self, field: Exact | Floats, layout: Layout, theta: Any) -> Instance:
        return Instance(field, self.formulas, layout, theta, self.given)

    def exact_instance(self, theta: Sequence[Fraction], precision: int = 100) -> Instance:
        """The instance at rational parameters."""
        return self._instance(Exact(precision), self.layout, list(theta))

    def float_instance(self, theta: Array) -> Instance:
        """The instances at parameters (K, size)."""
        return self._batch(Floats(), np.atleast_2d(theta))

    def _batch(self, field: Floats, theta: Any) -> Instance:
        instance = self._instance(field, self.layout, theta)
        instance.update(self._constants)
        return instance

    @cached_property
    def _constants(self) -> dict[str, Any]:
        """The quantities that are the same for all instances, such as the sizes and p."""
        free = {*self.model.basics, *(n for n, f in self.lets.items() if isinstance(f, Free))}
        names = [name for name in self.used if not self.closure([name]) & free]
        scope = self._instance(Floats(), self.layout, np.zeros((1, self.layout.size)))
        values = {name: scope[name] for name in names}
        return {name: list(x) if isinstance(x, Items) else x for name, x in values.items()}

    def on_data(self, values: Mapping[str, Any], n_instances: int) -> Sides:
        """Both sides and the margins of every hypothesis, on instances of a user's own.

        ``values`` are (K, rows, columns) arrays by name, or lists of them, for every name that is
        not defined by others; ``n_instances`` is K.
        """
        known = {name: _constantly(value) for name, value in values.items()}
        scope = Scope(Floats(), {**self.formulas, **known})
        left, right = self._worst_pair(self._read(scope, (), n_instances).pairs, n_instances)
        margins = [
            np.min([_margin(*pair, n_instances) for pair in sentence.pairs(scope)], axis=0)
            for sentence in self.hypotheses
        ]
        return Sides(left, right, _columns(margins, n_instances))

    def check(self) -> None:
        """Refuse sentences whose shapes do not fit, or that speak of nothing at these sizes."""
        try:
            self.closure(self.used)  # of names that the model has
            n = self.layout.size  # evaluates every sentence exactly, once
            self._check_floats(n)
        except RecursionError as error:
            raise ValueError(
                f"{self.claim.text!r} is nested too deeply, or a name is defined by itself"
            ) from error
        except (ValueError, TypeError):
            raise
        except Exception as error:
            raise self.failure(error) from error

    def failure(self, error: Exception) -> ValueError:
        """What is raised where the model raises an error."""
        return ValueError(
            f"{self.claim.text!r}: the model {self.model.name!r} fails with "
            f"{type(error).__name__}: {error}"
        )

    def _check_floats(self, n: int) -> None:
        try:
            self.sides(np.full((1, n), 0.25))
        except FaultInModel:
            raise
        except (ValueError, TypeError, IndexError) as error:
            if self.conclusion is None:
                raise
            raise ValueError(f"{self.claim.text!r}: shapes do not fit ({error})") from error

    def violated(self, theta: Array) -> BoolArray:
        """Whether instances violate the claim clearly and meet every hypothesis, in floats."""
        sides = self.sides(theta, full=True)
        clear = sides.left > CLEAR * sides.right if self.is_identity else sides.gap > CLEAR
        result: BoolArray = clear & (sides.conditions >= -CLEAR).all(axis=1)
        return result

    def sides(self, theta: Array, full: bool = False) -> Sides:
        """Both sides of the conclusion and the margins of the conditions, of a batch.

        With ``full`` the hypotheses that are built in count among the conditions.
        """
        theta = np.atleast_2d(theta)
        n_instances = len(theta)
        conditions = [*self.hypotheses, *self.away] if full else self.conditions
        with np.errstate(all="ignore"):
            values = self._values(theta, conditions, full)
            left, right = self._worst_pair(values.pairs, n_instances)
            margins = [_margin(*pair, n_instances) for pair in values.conditions]
        floor = 0.0 if self.is_identity else self.claim.floor
        distance = _flat(values.distance, n_instances) if self.distance else NOWHERE
        return Sides(left, right, _columns(margins, n_instances), floor, distance)

    def _values(self, theta: Array, conditions: Sequence[Sentence], full: bool) -> Values:
        """What the sentences give at a batch; from a tape where batches of its size come again."""
        n_instances = len(theta)
        if self.conclusion is None or full or n_instances > LARGEST_RECORDED:
            return self._read(self.float_instance(theta), conditions, n_instances)
        self._n_batches[n_instances] += 1
        if self._n_batches[n_instances] == AGAIN:
            self._tapes[n_instances] = self._record(theta, conditions)
        tape = self._tapes.get(n_instances)
        if tape is None:
            return self._read(self.float_instance(theta), conditions, n_instances)
        return Values(*tape.play(theta))

    def _record(self, theta: Array, conditions: Sequence[Sentence]) -> Tape | None:
        """A tape for batches of this size; None where the calls are not the same for each."""
        tape = Tape(theta)
        try:
            field = Recording(tape)
            wanted = self._read(self._batch(field, tape.theta), conditions, len(theta))
            tape.finish(wanted, field.costly)
            other = theta[::-1] / 2
            played = tape.play(other)
        except (Unrecordable, TypeError, ValueError, AttributeError, LookupError):
            return None  # the sentences themselves are read
        plain = self._read(self._batch(Floats(), other), conditions, len(theta))
        return tape if are_same(played, plain) else None

    def _read(self, scope: Scope, conditions: Sequence[Sentence], n_instances: int) -> Values:
        pairs = (
            self.conclusion.pairs(scope) if self.conclusion else self._called(scope, n_instances)
        )
        return Values(
            list(pairs),
            [pair for sentence in conditions for pair in sentence.pairs(scope)],
            self.distance(scope) if self.distance else NOWHERE,
        )

    def _worst_pair(self, pairs: list[Pair], n_instances: int) -> tuple[Array, Array]:
        """Of every instance the pair of sides that comes closest to a violation."""
        if self.is_identity:
            pairs = [_distance(a, b, self.claim.floor) for a, _, b in pairs]
        if len(pairs) == 1:
            return _flat(pairs[0][0], n_instances), _flat(pairs[0][2], n_instances)
        left = np.stack([_flat(a, n_instances) for a, _, _ in pairs])
        right = np.stack([_flat(b, n_instances) for _, _, b in pairs])
        gaps = np.nan_to_num(gap(left, right), nan=3.0)
        worst = gaps.argmax(axis=0), np.arange(n_instances)
        return left[worst], right[worst]

    def _called(self, instance: Scope, n_instances: int) -> list[Pair]:
        """A conclusion that is a callable: one instance at a time."""
        assert callable(self.claim.conclusion)
        names = [*self.model.names, *self.lets]
        values = {name: instance[name] for name in names}
        found = []
        for k in range(n_instances):
            one = SimpleNamespace(**{name: item(value, k) for name, value in values.items()})
            found.append(_two_numbers(self.claim.conclusion, one))
        left, right = np.array(found).T
        return [(left, "<=", right)]


def _two_numbers(conclusion: Callable[[Any], Any], instance: SimpleNamespace) -> list[float]:
    """Both sides of a conclusion that is a callable."""
    name = getattr(conclusion, "__name__", "conclusion")
    try:
        sides = conclusion(instance)
    except Exception as error:
        raise ValueError(
            f"{name}(instance) fails with {type(error).__name__}: {error}; the instance has "
            f"{', '.join(vars(instance))}"
        ) from error
    try:
        left, right = sides
        return [float(left), float(right)]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name}(instance) returned {sides!r}; it must return two numbers, left and right"
        ) from error


def _constantly(value: Any) -> Formula:
    return lambda scope: value


def item(value: Any, k: int) -> Any:
    """Instance k of a value of a batch: a 2-D array, a number, or a list of them."""
    if isinstance(value, (list, Items)):
        return [item(each, k) for each in value]
    if not isinstance(value, np.ndarray):
        return value
    one = value[k % len(value)]
    return float(one[0, 0]) if one.shape == (1, 1) else one


def _flat(value: Any, n_instances: int) -> Array:
    """A number of every instance, as a vector."""
    array: Array = np.asarray(value, dtype=float).reshape(-1)
    return array if len(array) == n_instances else np.full(n_instances, array[0])


def _columns(margins: list[Array], n_instances: int) -> Array:
    """Margins as columns; of no conditions one that holds."""
    result = np.ones((n_instances, max(1, len(margins))))
    for k in range(len(margins)):
        result[:, k] = margins[k]
    return result


def _margin(left: Any, relation: str, right: Any, n_instances: int) -> Array:
    """How far every instance is inside a condition."""
    if relation == "==":
        defect = np.abs(np.atleast_3d(left - right)).max(axis=(1, 2))
        return -np.broadcast_to(defect, n_instances)
    return _flat(right - left, n_instances) - STRICT * (relation == "<")


def _distance(left: Any, right: Any, floor: float) -> tuple[Any, str, Any]:
    """An equation as a pair: ||left - right|| and the scale ||left|| + ||right|| + floor."""
    gap, a, b = (
        np.sqrt((np.atleast_3d(M) ** 2).sum(axis=(-2, -1), keepdims=True))
        for M in (left - right, left, right)
    )
    return gap, "<=", a + b + floor


def _evaluate(sentence: Sentence, instance: Instance) -> None:
    """Evaluate a sentence exactly, for its shapes; what cannot be decided is no error here."""
    try:
        pairs = list(sentence.pairs(instance))
    except (Undecided, ZeroDivisionError):
        return
    except FaultInModel:
        raise
    except Unsuitable as error:
        raise ValueError(f"{sentence.text!r}: {error}") from error
    except IndexError as error:
        raise ValueError(
            f"{sentence.text!r}: an index is out of range, or det is of a matrix that is not "
            "square; indices count from 0, and `gsae-ref claim --names MODEL` lists what names hold"
        ) from error
    except (TypeError, ValueError) as error:
        reason = "" if str(error).startswith("zip()") else f" ({error})"
        if "not iterable" in reason or "not subscriptable" in reason:
            reason = " (a number stands where a matrix or a list is needed)"
        raise ValueError(
            f"{sentence.text!r}: shapes do not fit{reason}; a column is a matrix, and "
            "inner(a, b) or entry(M, i, j) is a number"
        ) from error
    if not pairs:
        raise ValueError(f"{sentence.text!r} speaks of nothing at these sizes; choose others")
    for left, relation, right in pairs:
        if isinstance(left, (list, range, Items)) or isinstance(right, (list, range, Items)):
            raise ValueError(
                f"{sentence.text!r} compares a list; write its items, as in "
                "`tau[g] <= 1 for g in groups`"
            )
        matrices = isinstance(left, Matrix) + isinstance(right, Matrix)
        if matrices == 1 or (matrices == 2 and relation != "=="):
            what = "a matrix with something else than a matrix"
            if matrices == 2:
                what = f"two matrices by {relation}; only == compares matrices"
            raise ValueError(
                f"{sentence.text!r} compares {what}; "
                "use norm(M), inner(a, b) or entry(M, i, j) for a number"
            )
