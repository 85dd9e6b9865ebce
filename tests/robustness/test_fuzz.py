"""Hostile input to a public function gives the right result, or an error that names the argument.

There is no warning, no NaN, and no modified input. GSAE_REF_FUZZ is the number of inputs in all.
"""

import dataclasses
import inspect
import os
import re
import signal
import warnings
from collections import Counter

import numpy as np
import pytest
from fuzz_rows import ROWS
from hostile import OTHER, SAME, contents, hostile_array, hostile_number
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

import gsae_ref as gs

INPUTS = int(os.environ.get("GSAE_REF_FUZZ", "1200"))
SECONDS = 30  # limit of a call; the arrays are small
COUNTS = Counter()
# A run worse than none, one that learns nothing, a step too long.
DOCUMENTED = r"the mean cost is |no sample has a non-zero code|.*\|\|A\|\|_2\^2 = "


def share(name):
    return max(int(INPUTS * ROWS[name].share / sum(row.share for row in ROWS.values())) + 1, 2)


def is_public_function(name):
    """Whether a name is a function or an estimator, not a type of results, an error or a table."""
    thing = getattr(gs, name)
    if inspect.isclass(thing):
        return hasattr(thing, "fit")
    return callable(thing) and bool(inspect.signature(thing).parameters)


def test_every_public_function_has_a_row():
    public = {
        name
        for name in dir(gs)
        if not name.startswith("_") and not inspect.ismodule(getattr(gs, name))
    }
    assert {name for name in public if is_public_function(name)} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_the_arguments_of_a_row_are_accepted(name):
    row = ROWS[name]
    if not row.only:
        for seed in range(3):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", DOCUMENTED, RuntimeWarning)
                row.call(**row.draw(np.random.default_rng(seed)))


def mutate(row, arguments, rng):
    """Change one argument or two; return them, and whether the result must be the same."""
    changed = {}
    expected = SAME
    names = list(row.only or (name for name in arguments if name not in row.fixed))
    for name in rng.permutation(names)[: 1 + (rng.random() < 0.15)].tolist() if names else ():
        value = arguments.get(name)
        if row.only:
            changed[name] = row.only[name][rng.integers(len(row.only[name]))]
            expected = OTHER
        elif isinstance(value, np.ndarray):
            mutation = hostile_array(value, rng)
            if mutation is None:
                continue
            _, kind, changed[name] = mutation
            expected = OTHER if kind == OTHER else expected
        else:
            changed[name] = hostile_number(value, rng, name in row.work)
            expected = OTHER
    return changed, expected


def flat(result):
    """The numbers of a result, in order."""
    if dataclasses.is_dataclass(result):
        result = tuple(getattr(result, f.name) for f in dataclasses.fields(result))
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, (tuple, list)):
        return np.concatenate([np.zeros(0), *(flat(part) for part in result)])
    result = np.asarray(result)
    return result.ravel().astype(float) if result.dtype.kind in "fiub" else np.zeros(0)


def attempt(name, seed):
    """Try one hostile input; return what is wrong, or None."""
    row = ROWS[name]
    rng = np.random.default_rng(seed)
    plain = row.draw(rng)
    changed, expected = mutate(row, plain, rng)
    arguments = {**plain, **changed}
    before = {key: contents(value) for key, value in arguments.items()}
    problem = outcome(row, plain, arguments, changed, expected)
    for key, value in before.items():
        if contents(arguments[key]) != value:
            problem = f"changed its argument {key}"
    if problem is None:
        return None
    given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return f"{problem}\n{name}({given})"


def outcome(row, plain, arguments, changed, expected):
    """Call the function; return what is wrong with its result or error, or None."""
    COUNTS["tried"] += 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ConvergenceWarning)  # documented
            warnings.filterwarnings("ignore", DOCUMENTED, RuntimeWarning)
            result = row.call(**arguments)
    except (ValueError, TypeError, *row.also) as error:
        COUNTS["refused"] += 1
        if isinstance(error, row.also) or is_named(row, {*arguments, *changed}, str(error)):
            return None
        names = " or ".join(changed)
        return f"refused without naming {names}: {type(error).__name__}: {error}"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"
    COUNTS["answered"] += 1
    numbers = flat(result)
    if not row.nan and not np.isfinite(numbers).all():
        return f"returned {result!r}"
    if expected == SAME and not row.only:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", DOCUMENTED, RuntimeWarning)
            right = flat(row.call(**plain))
        if not same_numbers(numbers, right):
            return f"returned {result!r}\ninstead of {right!r}"
    return None


def is_named(row, names, message):
    """Whether a message names an argument, of two that do not fit either, or need not."""
    named = any(re.search(rf"\b{name}\b", message) for name in names)
    return named or re.search(row.words, message)


def same_numbers(found, right):
    scale = max(np.abs(right[np.isfinite(right)]).max(initial=0), 1e-300)
    close = {"rtol": 1e-9, "atol": 1e-9 * scale, "equal_nan": True}
    return found.shape == right.shape and np.allclose(found, right, **close)


def too_long(*_):
    raise TimeoutError(f"a call took more than {SECONDS} s")


@pytest.mark.parametrize("name", ROWS)
def test_hostile_input(name):
    @settings(max_examples=share(name), database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**63))
    def runs(seed):
        signal.alarm(SECONDS)
        try:
            problem = attempt(name, seed)
        finally:
            signal.alarm(0)
        assert problem is None, problem

    handler = signal.signal(signal.SIGALRM, too_long)
    try:
        runs()
    finally:
        signal.signal(signal.SIGALRM, handler)


def test_all_inputs_were_tried(capsys):
    with capsys.disabled():
        counts = f"{COUNTS['answered']} answered, {COUNTS['refused']} refused by name"
        print(f"\n{COUNTS['tried']} hostile inputs: {counts}")
    assert COUNTS["tried"] >= INPUTS
