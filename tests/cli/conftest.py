"""The command line run in this process."""

import pytest

from gsae_ref.cli import main


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No colour settings from outside, and a terminal of 110 columns."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "110")


@pytest.fixture
def run(capsys):
    """Run the command; return its status, standard output and standard error."""

    def command(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def refuse(capsys):
    """Run a command that its parser must refuse; return the last line of the message."""

    def command(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert (end.value.code, captured.out) == (2, "")
        assert captured.err.startswith("usage: gsae-ref")
        return captured.err.splitlines()[-1]

    return command
