"""One Hypothesis profile, the same examples on every run, no deadline; fixtures of many tests."""

import os

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the processors already
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("gsae", deadline=None, derandomize=True)
settings.load_profile("gsae")


def pytest_collection_modifyitems(items):
    """Refuse names with an address in them: they differ from process to process (pytest -n)."""
    wrong = [item.nodeid for item in items if " at 0x" in item.nodeid.lower()]
    assert not wrong, f"names of tests hold addresses: {wrong}"


@pytest.fixture
def built():
    """Certificates by name."""
    from certificates import certificates

    return certificates()


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line, on 110 columns; return status, standard output and standard error."""
    from gsae_ref.cli import main

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "110")

    def command(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def refuse(capsys):
    """Run a command that its parser must refuse; return the last line of the message."""
    from gsae_ref.cli import main

    def command(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert (end.value.code, captured.out) == (2, "")
        assert captured.err.startswith("usage: gsae-ref")
        return captured.err.splitlines()[-1]

    return command
