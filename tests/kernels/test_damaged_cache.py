"""A damaged cache of compiled kernels: the right result, and a warning that names the folder."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys, warnings
import numpy as np
import gsae_ref as gs
rng = np.random.default_rng(0)
A = rng.normal(size=(8, 6))
U, G, first, second = rng.normal(size=(4, 6))
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = gs.ops.adam_step(U, G, first, second**2, 3, 0.1, "numba")
    again = gs.ops.adam_step(U, G, first, second**2, 3, 0.1, "numba")
expected = gs.ops.adam_step(U, G, first, second**2, 3, 0.1, "reference")
for left, right in zip(found, expected):
    np.testing.assert_allclose(left, right, rtol=1e-12)
print([str(one.message) for one in said])
"""


def run(cache):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_a_damaged_cache_is_named_and_changes_no_result(tmp_path):
    assert run(tmp_path) == "[]\n"
    for suffix, content in ((".nbi", b"\x80\x04garbage"), (".nbc", b"")):
        files = sorted(tmp_path.rglob(f"*{suffix}"))
        assert files
        kept = {path: path.read_bytes() for path in files}
        for path in files:
            path.write_bytes(content)
        out = run(tmp_path)
        assert out.count("compiled kernels in") == 1
        assert str(tmp_path) in out
        assert "delete the .nbi and .nbc files" in out
        for path, whole in kept.items():
            path.write_bytes(whole)
