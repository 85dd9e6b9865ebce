"""Options, header and legend of ``python -m pytest benchmarks``, and the fixture ``compare``."""

from functools import partial

import pytest

from . import harness

PEERS = ("torch", "jax", "skglm", "pyproximal", "spams")
KEY = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption("--full-size", action="store_true", help="also the sizes of the papers")


def pytest_configure(config):
    harness.machine()  # before a rival is imported that has a BLAS of its own
    config.stash[KEY] = {}


def pytest_report_header(config):
    about = harness.machine()
    missing = [library for library in PEERS if not harness.installed(library)]
    lines = [f"processor: {about['processor']}", f"BLAS: {about['BLAS']}"]
    lines.append(f"threads of the kernels: {about['threads']}")
    if missing:
        install = 'python -m pip install ".[bench,peers]"'
        lines.append(f"not installed, rows left out: {', '.join(missing)} ({install})")
    return lines


def pytest_collection_modifyitems(config, items):
    """Leave out the full sizes unless they are asked for; a rival's warnings are its own."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore"))
    if not config.getoption("--full-size"):
        left_out = [item for item in items if item.get_closest_marker("full_size")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_benchmark_update_machine_info(config, machine_info):
    machine_info["gsae_ref"] = {
        **harness.machine(),
        "full_size": config.getoption("--full-size"),
    }


@pytest.fixture
def compare(benchmark, implementation, request):
    """Check and time an implementation: :func:`harness.compare` with this test's benchmark."""
    legends = request.config.stash[KEY].setdefault(benchmark.group, {})
    legends[implementation.name] = implementation.legend
    return partial(harness.compare, benchmark, implementation)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    """Print what the names of the rows stand for, below the tables."""
    if config.stash[KEY]:
        terminalreporter.section("rows")
    for group, legends in config.stash[KEY].items():
        terminalreporter.write_line(group)
        for name, legend in legends.items():
            terminalreporter.write_line(f"  {name:26} {legend}")
