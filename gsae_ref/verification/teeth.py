"""What the evidence of the ledger would not notice.

Every item of evidence for a statement is spoiled in turn: a bound is lowered, a side of an identity
scaled, a hypothesis or a term dropped, the functions that a measurement compares scaled by 1.01.
The item must then fail, or the row must say why it cannot.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..claims.claim import Claim
from ..claims.evidence import Evidence, Identity, Inequality, Measurement, Stress
from ..claims.finding import MEASUREMENTS
from ..claims.hypothesis import ROUNDING
from ..claims.problem import Problem
from ..claims.proof import prove_at
from ..claims.refutation import Point
from ..claims.teeth import mutants, scaled
from ..claims.trials import try_claim, try_on_family
from ..ops import DivergenceError
from ..papers import counterexamples, measurements  # noqa: F401  (registers them)
from ..papers.families import FAMILIES
from ..papers.ledger import LEDGER
from ..papers.row import Row
from ..papers.teeth import (
    MOVED_BY,
    NOT_ATTAINED,
    NOT_NEEDED,
    REACHED,
    SHOWN,
    TERMS,
    VARIED,
    WRITTEN,
)

USED = 0.98  # of a bound: the share that quick evidence finds, where no other is recorded
SCALED = 1.001  # a side of an identity
MOVED = 1.01  # what the functions return that a measurement compares
BEYOND = 1e-6  # by which a statement fails without a hypothesis
DRAWN = 40  # instances of a family at which a hypothesis is dropped
PAPERS = "gsae_ref.papers."
ROOMS = ("gsae_ref.ops", "gsae_ref.metrics", "gsae_ref.sampling")  # and formulas


@dataclass(frozen=True)
class Tooth:
    """One spoiled item of evidence.

    Attributes
    ----------
    row, evidence : str
        Id of the row, label of the item.
    spoiled : str
        How it was spoiled.
    noticed : bool
        Whether the item failed then.
    reason : str
        Why it cannot fail, or why the bound is not attained; "" where there is nothing to say.
    """

    row: str
    evidence: str
    spoiled: str
    noticed: bool
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was noticed or explained."""
        return self.noticed or bool(self.reason)


@dataclass(frozen=True)
class TeethReport:
    """Spoiled items of evidence, in the order of the ledger."""

    teeth: tuple[Tooth, ...]

    @property
    def ok(self) -> bool:
        """Whether every tooth was noticed or explained."""
        return all(tooth.ok for tooth in self.teeth)

    def summary(self) -> str:
        """The last line of the command."""
        n_noticed = sum(tooth.noticed for tooth in self.teeth)
        n_ok = sum(tooth.ok for tooth in self.teeth)
        return (
            f"{len(self.teeth)} spoiled items of evidence: {n_noticed} noticed, "
            f"{n_ok - n_noticed} not noticed with the row's reason, "
            f"{len(self.teeth) - n_ok} without one; "
            f"{100 * n_ok / max(len(self.teeth), 1):.1f} % noticed or explained"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "ok": self.ok,
            "summary": self.summary(),
            "teeth": [vars(tooth) for tooth in self.teeth],
        }


class Variant(NamedTuple):
    """A spoiled item: how, whether its evidence notices (a function of quick), a reason."""

    text: str
    notices: Callable[[bool], bool]
    reason: str = ""


def teeth(rows: Sequence[Row], quick: bool = False) -> Iterator[Tooth]:
    """Spoil the evidence of rows, each item once, and yield the outcomes."""
    seen = set()
    for row in rows:
        for item in row.evidence:
            key = _key(item)
            if key not in seen:
                seen.add(key)
                for variant in variants(row, item):
                    noticed = variant.notices(quick)
                    yield Tooth(row.id, label(item), variant.text, noticed, variant.reason)


def label(item: Evidence) -> str:
    """What an item of evidence is called."""
    return str(getattr(item, "label", getattr(item, "name", "")))


def variants(row: Row, item: Evidence) -> Iterator[Variant]:
    """Every spoiled version of an item that speaks for the row or its repaired form."""
    if isinstance(item, Measurement):
        if item.shows == "support":
            yield from _of_measurement(row, item)
    elif isinstance(item, Stress) and item.expect == "holds":
        yield from _of_claim(row, item)
    elif isinstance(item, (Inequality, Identity)) and item.expect == "holds":
        used, reason = recorded(NOT_ATTAINED, row, item, (USED, ""))
        yield _scaled(item, used, reason, recorded(REACHED, row, item, None))
        for hypothesis in item.hypotheses:
            yield Variant(
                f"without “{hypothesis.text}”",
                functools.partial(_fails_without, item, hypothesis),
                recorded(NOT_NEEDED, row, item, {}).get(hypothesis.text, ""),
            )
        for text, sides in recorded(TERMS, row, item, {}).items():
            yield Variant(text, functools.partial(_refuted, replace(item, sides=sides)))


def recorded(table: dict[tuple[str, str], Any], row: Row, item: Evidence, other: Any) -> Any:
    """What is recorded of an item, for this row or for another that has the same item."""
    name = label(item)
    if (row.id, name) in table:
        return table[row.id, name]
    for row_id, each in table:
        if each == name and any(_key(item) == _key(same) for same in LEDGER[row_id].evidence):
            return table[row_id, name]
    return other


def _key(item: Evidence) -> tuple[Any, ...]:
    """What makes two items of evidence the same one."""
    if isinstance(item, Stress):
        return (repr(item),)  # its dicts have no hash
    return tuple(getattr(item, each.name) for each in fields(item))


# ---- sides


def _scaled(
    item: Inequality | Identity, used: float, reason: str, reached: Callable[[], Any] | None = None
) -> Variant:
    """A bound times the share of it that is used; a side of an identity times 1.001.

    ``reached`` returns an instance at which that share of the bound is used, if one is recorded.
    """
    if isinstance(item, Identity):

        def off(i: Any) -> tuple[Any, Any]:
            left, right = item.sides(i)
            return left, SCALED * np.asarray(right, dtype=float)

        spoiled = replace(item, sides=off)
        return Variant(f"a side x {SCALED}", functools.partial(_refuted, spoiled), reason)

    def smaller(i: Any) -> tuple[Any, Any]:
        left, right = item.sides(i)
        return left, used * right if right > 0 else right / used

    text = f"bound x {used}" + (f" ({reason})" if reason else "")
    lowered = replace(item, sides=smaller)
    if reached is not None:
        return Variant(text, functools.partial(_refuted_on, lowered, reached))
    return Variant(text, functools.partial(_refuted, lowered))


def _refuted_on(item: Inequality, reached: Callable[[], Any], quick: bool) -> bool:
    """Whether a spoiled inequality is false at an instance that meets its hypotheses."""
    i = reached()
    left, right = item.sides(i)
    return all(h.holds(i) for h in item.hypotheses) and bool(left > right)


def _refuted(item: Inequality | Identity, quick: bool) -> bool:
    """Whether the evidence fails; random instances first, then the search."""
    rng = np.random.default_rng(zlib.crc32(item.label.encode()))
    family = FAMILIES[item.family]
    if isinstance(item, Identity):
        return not try_on_family(item, family, rng, quick).ok
    at_random = try_on_family(replace(item, expect="fails"), family, rng, quick).ok
    return at_random or not try_on_family(item, family, rng, quick).ok


# ---- claims


def _of_claim(row: Row, item: Stress) -> Iterator[Variant]:
    """A claim with its right side scaled, and without each of its terms and hypotheses."""
    used, why = recorded(NOT_ATTAINED, row, item, (USED, ""))
    factor = SCALED if item.claim.is_identity else used
    text = f"right side x {factor}" + (f" ({why})" if why else "")
    reached = recorded(REACHED, row, item, None)
    if reached is not None:
        yield Variant(text, functools.partial(_used_at, item, factor, reached))
    else:
        yield Variant(text, functools.partial(_claim_refuted, item, scaled(item.claim, factor)))
    shown = recorded(SHOWN, row, item, {})
    for mutant in mutants(item.claim):
        if mutant.text in shown:
            at = functools.partial(_refuted_at, mutant.claim, *shown[mutant.text])
            yield Variant(mutant.text, at)
        elif not mutant.text.startswith("bound x"):
            reason = recorded(NOT_NEEDED, row, item, {}).get(mutant.text, "")
            yield Variant(
                mutant.text, functools.partial(_claim_refuted, item, mutant.claim), reason
            )


def _used_at(item: Stress, share: float, reached: Callable[[], Any], quick: bool) -> bool:
    """Whether more than a share of the bound is used at an instance that meets the hypotheses."""
    left, right, met = claim_at(item, *reached())
    return met and left > share * right


def claim_at(
    item: Stress, sizes: dict[str, int], values: dict[str, Any]
) -> tuple[float, float, bool]:
    """Both sides of a claim on one instance, and whether it meets the hypotheses."""
    sides = Problem(item.claim, sizes).on_data(values, 1)
    return float(sides.left[0]), float(sides.right[0]), bool(sides.margins.min() >= -ROUNDING)


def _refuted_at(claim: Claim, sizes: dict[str, int], point: Point, quick: bool) -> bool:
    """Whether a spoiled claim is false at the point that is stored, in exact arithmetic."""
    return prove_at(claim.but(sizes=(sizes,)).problems[0], point) is not None


def _claim_refuted(item: Stress, claim: Claim, quick: bool) -> bool:
    """Whether the evidence fails for a spoiled claim."""
    rng = np.random.default_rng(zlib.crc32(item.label.encode()))
    return not try_claim(claim, item.expect, rng, quick).ok


# ---- hypotheses


def _fails_without(item: Inequality | Identity, hypothesis: Any, quick: bool) -> bool:
    """Whether the statement fails on an instance that misses only this hypothesis."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return any(_breaks(item, i) for i in outside(item, hypothesis))


def outside(item: Inequality | Identity, hypothesis: Any) -> Iterator[Any]:
    """Instances that meet every hypothesis of an item but one."""
    others = [h for h in item.hypotheses if h is not hypothesis]
    for i in _candidates(item):
        with contextlib.suppress(ValueError, ArithmeticError):  # not defined for this instance
            if hypothesis.holds(i) or not all(h.holds(i) for h in others):
                continue
            yield i


def _candidates(item: Inequality | Identity) -> Iterator[Any]:
    """Instances written by hand, instances of the family, and these with one change."""
    rng = np.random.default_rng(1)
    family = FAMILIES[item.family]
    shapes = [family.shapes[k % len(family.shapes)] for k in range(DRAWN)]
    drawn = (family.build(shape, family.draw(shape, rng)) for shape in shapes)
    for i in itertools.chain(WRITTEN.get(item.family, ()), drawn):
        yield i
        vary: Callable[[Any], Iterator[Any]] = VARIED[type(i)]
        yield from vary(i)


def _breaks(item: Inequality | Identity, i: Any) -> bool:
    try:
        left, right = item.sides(i)
    except (ValueError, TypeError, ArithmeticError):  # the statement is not defined here
        return False
    if isinstance(item, Inequality):
        return bool(left > right + BEYOND)
    difference = np.linalg.norm(np.asarray(left, dtype=float) - np.asarray(right, dtype=float))
    return bool(difference > BEYOND)


# ---- measurements


def _of_measurement(row: Row, item: Measurement) -> Iterator[Variant]:
    """Results that a measurement compares, times 1.01; or its limit times the share reached."""
    if used := recorded(NOT_ATTAINED, row, item, ()):
        text = f"limit x {used[0]} ({used[1]})"
        yield Variant(text, functools.partial(_misses_limit, item.name, used[0]))
        return
    factor, why = recorded(MOVED_BY, row, item, (MOVED, ""))
    yield Variant(
        f"one of the compared results x {factor}" + (f" ({why})" if why else ""),
        functools.partial(_notices_any, item.name, factor),
        recorded(NOT_NEEDED, row, item, {}).get("", ""),
    )


def _misses_limit(measure: str, used: float, quick: bool) -> bool:
    """Whether the measured value misses its limit times the share that is used."""
    finding = MEASUREMENTS[measure](np.random.default_rng(0), quick)
    if not {"value", "limit"} <= set(finding.numbers):
        return False
    value = finding.numbers["value"]
    limit = finding.numbers["limit"]
    return bool(value > used * limit if "<=" in finding.summary else value < limit / used)


def _notices_any(measure: str, factor: float, quick: bool) -> bool:
    """Whether a measurement notices a function whose result is moved, or attains its limit."""
    for module, name in _called(MEASUREMENTS[measure]):
        for move in (_times, _times_first, _times_every_other):
            if _notices_moved(measure, module, name, functools.partial(move, factor=factor), quick):
                return True
    return _misses_limit(measure, USED, quick)


def _called(measure: Callable[..., Any]) -> list[tuple[ModuleType, str]]:
    """(module, name) of functions it may call, of papers, ops, metrics, sampling."""
    found = dict[tuple[str, str], tuple[ModuleType, str]]()
    waiting = [measure]
    seen = set()
    while waiting:
        function = waiting.pop()
        seen.add(function)
        module = sys.modules[function.__module__]
        names = set(_names(function))
        for name in names & set(vars(module)):
            value = vars(module)[name]
            if isinstance(value, ModuleType) and _is_compared(value.__name__):
                for each in names & set(vars(value)):
                    if isinstance(vars(value)[each], FunctionType):
                        found[value.__name__, each] = value, each
            elif getattr(value, "__module__", "") == function.__module__ and value not in seen:
                waiting.append(value)
            if isinstance(value, FunctionType) and value.__module__.startswith(PAPERS):
                found[module.__name__, name] = module, name
    return [found[key] for key in sorted(found)]


def _is_compared(module: str) -> bool:
    return module in ROOMS or module.rpartition(".")[2].startswith("formulas")


def _names(thing: Any) -> Iterator[str]:
    """Names in the code of a function, or of the methods of a class."""
    if isinstance(thing, type):
        for value in vars(thing).values():
            yield from _names(getattr(value, "fget", getattr(value, "func", value)))
    codes = [getattr(thing, "__code__", None)]
    while codes:
        code = codes.pop()
        if code is not None:
            yield from code.co_names
            codes += [const for const in code.co_consts if hasattr(const, "co_names")]


def _notices_moved(
    measure: str, module: ModuleType, name: str, move: Callable[..., Any], quick: bool
) -> bool:
    """Whether a measurement fails, or cannot run, when the result of a function is moved."""
    exact = getattr(module, name)

    @functools.wraps(exact)
    def moved(*arguments: Any, **options: Any) -> Any:
        return move(exact(*arguments, **options))

    setattr(module, name, moved)
    try:
        return not MEASUREMENTS[measure](np.random.default_rng(0), quick).ok
    except (ArithmeticError, ValueError, DivergenceError):
        return True
    finally:
        setattr(module, name, exact)


def _times(value: Any, factor: float) -> Any:
    """A result with every real number in it multiplied."""
    if isinstance(value, (float, np.floating)):
        return value * factor
    if isinstance(value, np.ndarray):
        return value * factor if value.dtype.kind == "f" else value
    if isinstance(value, tuple):
        several = [_times(each, factor) for each in value]
        return type(value)(*several) if hasattr(value, "_fields") else tuple(several)
    if isinstance(value, dict):
        return type(value)({key: _times(each, factor) for key, each in value.items()})
    if is_dataclass(value) and not isinstance(value, type):
        changed = {each.name: _times(getattr(value, each.name), factor) for each in fields(value)}
        return replace(value, **changed)
    return value


def _times_first(value: Any, factor: float) -> Any:
    """A tuple with its first entry multiplied; anything else multiplied."""
    if not isinstance(value, tuple) or not value:
        return _times(value, factor)
    several = [_times(value[0], factor), *value[1:]]
    return type(value)(*several) if hasattr(value, "_fields") else tuple(several)


def _times_every_other(value: Any, factor: float) -> Any:
    """Arrays with every other entry along the last axis multiplied, in a tuple or record too."""
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "f":
        factors = np.where(np.arange(value.shape[-1]) % 2, 1.0, factor)
        return value * factors.astype(value.dtype)
    if isinstance(value, tuple):
        several = [_times_every_other(each, factor) for each in value]
        return type(value)(*several) if hasattr(value, "_fields") else tuple(several)
    if isinstance(value, dict):
        return type(value)({key: _times_every_other(x, factor) for key, x in value.items()})
    if is_dataclass(value) and not isinstance(value, type):
        old = {each.name: getattr(value, each.name) for each in fields(value)}
        return replace(value, **{name: _times_every_other(old[name], factor) for name in old})
    return value
