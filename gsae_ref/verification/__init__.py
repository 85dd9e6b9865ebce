"""Runs the ledger: draws instances, evaluates both sides, searches for the worst case, and compares with the recorded verdicts.

May import papers, claims, ops, sampling, metrics, checks, groups, files.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from .._version import __version__
from ..ops.engine import one_blas_thread
from ..papers import counterexamples, measurements  # noqa: F401  (registers them)
from ..papers.ledger import LEDGER
from ..papers.row import VERDICTS
from .dictionary import DictionaryReport, check_dictionary
from .evidence import run
from .report import RowResult, VerificationReport

if TYPE_CHECKING:
    from ..claims.finding import Finding
    from ..papers.row import Row

__all__ = [
    "DictionaryReport",
    "LEDGER",
    "RowResult",
    "VERDICTS",
    "VerificationReport",
    "check_dictionary",
    "find_row",
    "verify",
]

BACKENDS = ("loky", "threading", "dask")


def find_row(row_id: str) -> Row:
    """Return the ledger row with an id, in any letter case.

    Raises
    ------
    ValueError
        For an unknown id; the message lists near matches.

    Examples
    --------
    >>> find_row("t21-prop2").number
    'Proposition 2'
    """
    by_name = {key.lower(): row for key, row in LEDGER.items()}
    name = str(row_id).lower()
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=3, cutoff=0.5)
        hint = (
            "near matches: " + ", ".join(by_name[key].id for key in near)
            if near
            else "see gsae-ref verify --list"
        )
        raise ValueError(
            f"ledger id {row_id!r} is unknown; it must be one of the {len(LEDGER)} ids of the ledger, in only; {hint}"
        )
    return by_name[name]


def verify(
    papers: str | Sequence[str] = "all",
    quick: bool = False,
    rng: int = 0,
    n_jobs: int = 1,
    progress: bool = False,
    only: Sequence[str] | None = None,
    backend: str = "loky",
    callback: Callable[..., Any] | None = None,
) -> VerificationReport:
    """Run the evidence of every statement in the ledger and compare it with the recorded verdicts.

    Parameters
    ----------
    papers : str or sequence of str
        "all", or some of the papers in the ledger ("T21", and "own" for this project's theorems).
    quick : bool
        Fewer instances and a shorter search.
    rng : int
        Seed. Every row has its own stream, so the numbers do not depend on ``n_jobs`` or on which
        other rows run.
    n_jobs : int
        Processes (joblib; needs the ``parallel`` extra when not 1); -1 for all cores.
    progress : bool
        Show a progress bar on standard error (tqdm if installed).
    only : sequence of str, optional
        Ids of the rows to run, in this order.
    backend : {"loky", "threading", "dask"}
        joblib backend; "dask" runs on the active :class:`dask.distributed.Client`.
    callback : callable, optional
        Called with each :class:`RowResult` as soon as it is known, in the order of the report.

    Returns
    -------
    report : VerificationReport
        ``.rows``, ``.ok``, ``.counts``, ``.to_dict()``, ``.to_json(path)``.

    Raises
    ------
    TypeError, ValueError
        For an unknown paper, id or backend, or a bad seed; the message lists what there is.
    ImportError
        When ``n_jobs`` or ``backend`` asks for an extra that is not installed.

    Examples
    --------
    >>> report = verify(only=["T21-prop2"], quick=True)
    >>> report.ok, report.rows[0].verdict
    (True, 'corrected')
    """
    seed = checks.count("rng", rng, minimum=0)
    checks.option("backend", backend, BACKENDS)
    known = sorted({row.paper for row in LEDGER.values()})
    wanted = known if papers == "all" else [papers] if isinstance(papers, str) else list(papers)
    for paper in wanted:
        checks.option("papers", paper, [*known, "all"])
    if not isinstance(only, (list, tuple, set, type(None))):
        raise TypeError(
            f"only = {only!r} is a {type(only).__name__}; it must be a list of ledger ids; pass for example ['T21-prop2']"
        )
    chosen = list(LEDGER.values()) if only is None else [find_row(row_id) for row_id in only]
    rows = [row for row in chosen if only is not None or row.paper in wanted]
    if not rows:
        raise ValueError(
            f"papers = {papers!r} and only = {only!r} select no statement; at least one must run; leave both out for all"
        )
    if checks.count("n_jobs", n_jobs, minimum=-1) == 0:
        raise ValueError(
            "n_jobs = 0; it must be a number of processes, or -1 for all cores; use n_jobs=1"
        )
    sources = list(dict.fromkeys(row.same_as or row.id for row in rows))

    results: list[RowResult] = []
    found: dict[str, tuple[Finding, ...]] = {}
    outcomes = _outcomes(sources, quick, seed, n_jobs, backend)
    for source, findings in _watched(zip(sources, outcomes, strict=True), len(sources), progress):
        found[source] = findings
        while (
            len(results) < len(rows)
            and (rows[len(results)].same_as or rows[len(results)].id) in found
        ):
            results.append(_result(rows[len(results)], found))
            if callback is not None:
                callback(results[-1])
    return VerificationReport(tuple(results), {"papers": wanted, "quick": bool(quick), "rng": seed})


def _result(row: Row, found: dict[str, tuple[Finding, ...]]) -> RowResult:
    findings = found[row.same_as or row.id]
    confirmed = all(f.ok for f in findings)
    return RowResult(
        row.id,
        row.number,
        row.verdict,
        row.statement,
        row.corrected,
        confirmed,
        findings,
        row.same_as,
    )


def _run_row(row_id: str, quick: bool, seed: int) -> tuple[Finding, ...]:
    """Findings of one row, from a random stream of its own and with one BLAS thread: the same numbers wherever it runs."""
    rng = np.random.default_rng([seed, zlib.crc32(row_id.encode())])
    with one_blas_thread():
        findings = [run(row_id, item, rng, quick) for item in LEDGER[row_id].evidence]
        return tuple(finding for several in findings for finding in several)


def _outcomes(
    row_ids: list[str], quick: bool, seed: int, n_jobs: int, backend: str
) -> Iterator[Any]:
    """Findings of the rows, in order, as they become known."""
    if n_jobs == 1 and backend != "dask":
        return (_run_row(row_id, quick, seed) for row_id in row_ids)
    try:
        from joblib import Parallel, delayed, parallel_config
    except ImportError as error:
        raise ImportError(
            f"n_jobs = {n_jobs} needs joblib, which is not installed; pip install 'gsae_ref[parallel]'"
        ) from error
    if backend == "dask":
        _check_cluster()

    def outcomes() -> Iterator[tuple[Finding, ...]]:
        workers = -1 if backend == "dask" else n_jobs  # a cluster is used whole
        with parallel_config(backend=backend):
            yield from Parallel(n_jobs=workers, return_as="generator")(
                delayed(_run_row)(row_id, quick, seed) for row_id in row_ids
            )

    return outcomes()


def _check_cluster() -> None:
    """Refuse a Dask cluster whose workers cannot import this package, or have another version of it: joblib would wait for ever."""
    from dask.distributed import get_client

    try:
        client = get_client()
    except ValueError as error:
        raise ValueError(
            "backend = 'dask', but no Dask client is active; one must be; make one: dask.distributed.Client()"
        ) from error
    try:
        versions = client.run(_version)
    except Exception as error:  # whatever the import raised on the worker
        raise ImportError(
            f"a Dask worker cannot import gsae_ref ({error}); all workers must; install it there"
        ) from error
    if set(versions.values()) != {_version()}:
        raise ImportError(
            f"Dask workers have gsae_ref {sorted(set(versions.values()))}, here is {_version()}; they must agree; update them"
        )


def _version() -> str:
    """The version here; called on a worker, the version there."""
    return __version__


def _watched(items: Iterable[Any], total: int, progress: bool) -> Any:
    if not progress:
        return items
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    return tqdm(items, total=total, unit="statement", desc="verify", leave=False)
