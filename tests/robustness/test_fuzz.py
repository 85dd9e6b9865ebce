"""Hostile input to every public function: the right answer, or a refusal that names the argument; never a warning, a NaN, a changed input.

GSAE_REF_FUZZ is how many inputs are tried in all: a few by default, 20,000 in the gate, any number
by hand.
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
from hostile import OTHER, SAME, copied, hostile_array, hostile_number
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

import gsae_ref as gs

INPUTS = int(os.environ.get("GSAE_REF_FUZZ", "1200"))
SECONDS = 30  # what no call on arrays of this size needs
COUNTS = Counter()
ARRAYS = (np.ndarray,)


def share(name):
    return max(int(INPUTS * ROWS[name].share / sum(row.share for row in ROWS.values())) + 1, 2)


def is_public_function(name):
    """Whether a name takes arrays or numbers: functions and estimators, not the types of results, errors or tables."""
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
            row.call(**row.draw(np.random.default_rng(seed)))


def mutate(row, arguments, rng):
    """Change one argument or two; return what was changed, in words, and whether the result must stay the same."""
    changed = {}
    asked = SAME
    names = list(row.only or (name for name in arguments if name not in row.fixed))
    for name in rng.permutation(names)[: 1 + (rng.random() < 0.15)].tolist() if names else ():
        value = arguments.get(name)
        if row.only:
            changed[name], asked = row.only[name][rng.integers(len(row.only[name]))], OTHER
        elif isinstance(value, ARRAYS):
            mutation = hostile_array(value, rng)
            if mutation is None:
                continue
            label, kind, changed[name] = mutation
            asked = OTHER if kind == OTHER else asked
        else:
            changed[name], asked = hostile_number(value, rng, name in row.work), OTHER
    return changed, asked


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
    """Try one hostile input; say what is wrong with what happened, or nothing."""
    row = ROWS[name]
    rng = np.random.default_rng(seed)
    plain = row.draw(rng)
    changed, asked = mutate(row, plain, rng)
    arguments = {**plain, **changed}
    before = {key: copied(value) for key, value in arguments.items()}
    told = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
    COUNTS["tried"] += 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ConvergenceWarning)  # in our words, to the point
            result = row.call(**arguments)
    except (ValueError, TypeError, *row.also) as error:
        COUNTS["refused"] += 1
        named = any(
            re.search(rf"\b{key}\b", str(error)) for key in {*arguments, *changed}
        )  # of two that do not fit, either
        if not (named or isinstance(error, row.also) or re.search(row.words, str(error))):
            return f"refused without naming {' or '.join(changed)}: {type(error).__name__}: {error}\n{told}"
    except Exception as error:
        return f"raised {type(error).__name__}: {error}\n{told}"
    else:
        COUNTS["answered"] += 1
        numbers = flat(result)
        if not row.nan and not np.isfinite(numbers).all():
            return f"gave {result!r}\n{told}"
        if asked == SAME and not row.only:
            expected = flat(row.call(**plain))
            scale = max(np.abs(expected[np.isfinite(expected)]).max(initial=0), 1e-300)
            if expected.shape != numbers.shape or not np.allclose(
                numbers, expected, rtol=1e-9, atol=1e-9 * scale, equal_nan=True
            ):
                return f"gave {result!r}\ninstead of {expected!r}\n{told}"
    for key, bytes_before in before.items():
        if copied(arguments[key]) != bytes_before:
            return f"changed its argument {key}\n{told}"
    return None


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
        print(
            f"\n{COUNTS['tried']} hostile inputs: {COUNTS['answered']} answered, {COUNTS['refused']} refused by name"
        )
    assert COUNTS["tried"] >= INPUTS
