"""Run the evidence of the ledger's rows, in this process, in several, or on a Dask cluster."""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from .._version import __version__
from ..claims.progress import progress_bar
from ..ops.engine import one_blas_thread
from ..papers import counterexamples, measurements  # noqa: F401  (registers them)
from ..papers.ledger import LEDGER
from . import evidence
from .report import RowResult, VerificationReport

if TYPE_CHECKING:
    from ..claims.finding import Finding
    from ..notation.account import Account
    from ..papers.row import Row

BACKENDS = ("loky", "threading", "dask")
SLOWEST = "R16"  # takes minutes; started first, so that no process ends alone with it
SLOW = ("R2", "R4", "R9", "R10", "R11", "R13", "R17")  # for the same reason not started last


def find_row(row_id: str) -> Row:
    """Return the ledger row with an id, in any letter case.

    Parameters
    ----------
    row_id : str

    Returns
    -------
    row : Row

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
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=3, cutoff=0.5)
    hint = "see gsae-ref verify --list"
    if near:
        hint = f"near matches: {', '.join(by_name[key].id for key in near)}"
    raise ValueError(f"ledger id {row_id!r} is unknown; the ledger has {len(LEDGER)} ids; {hint}")


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
    """Run the evidence of every statement in the ledger and compare with the recorded verdicts.

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
        For an unknown paper, id or backend, a bad seed, or a selection without rows; the message
        lists what there is.
    ImportError
        When ``n_jobs`` or ``backend`` needs an extra that is not installed.

    Examples
    --------
    >>> report = verify(only=["T21-prop2"], quick=True)
    >>> report.ok, report.rows[0].verdict
    (True, 'corrected')
    """
    seed = checks.count("rng", rng, minimum=0)
    quick = checks.flag("quick", quick)
    progress = checks.flag("progress", progress)
    checks.option("backend", backend, BACKENDS)
    wanted = _papers(papers)
    rows = _rows(wanted, only)
    if checks.count("n_jobs", n_jobs, minimum=-1) == 0:
        raise ValueError(
            "n_jobs = 0; it must be a number of processes, or -1 for all cores; use n_jobs=1"
        )
    sources = list(dict.fromkeys(row.same_as or row.id for row in rows))
    outcomes = zip(sources, _outcomes(sources, quick, seed, n_jobs, backend), strict=True)
    found: dict[str, tuple[Finding, ...]] = {}
    results: list[RowResult] = []
    with progress_bar("verify" * progress, len(sources), "statement") as advance:
        for source, findings in outcomes:
            found[source] = findings
            for row in rows[len(results) :]:
                if (row.same_as or row.id) not in found:
                    break
                results.append(_result(row, found[row.same_as or row.id]))
                if callback is not None:
                    callback(results[-1])
            advance(1)
    return VerificationReport(tuple(results), {"papers": wanted, "quick": quick, "rng": seed})


def explain(row_id: str, quick: bool = True, rng: int = 0) -> Account:
    """Run the evidence of one statement and show it in full.

    Parameters
    ----------
    row_id : str
        An id of :data:`gsae_ref.LEDGER`, such as "T21-prop2".
    quick : bool
        As for :func:`verify`.
    rng : int
        Seed.

    Returns
    -------
    account : Account
        As printed, hypotheses, verdict, the form that holds, evidence, counterexamples: text when
        printed, set formulas in a notebook.

    Raises
    ------
    TypeError, ValueError
        For an unknown id, or a bad seed.

    Examples
    --------
    >>> explain("T21-eq4").heading
    'T21-eq4  definition  confirmed  Eq. (4)'
    """
    return verify(only=[row_id], quick=quick, rng=rng).rows[0].account()


def _papers(papers: str | Sequence[str]) -> list[str]:
    """The names of the papers asked for, checked."""
    known = sorted({row.paper for row in LEDGER.values()})
    if isinstance(papers, str):
        papers = known if papers == "all" else [papers]
    return [checks.option("papers", paper, [*known, "all"]) for paper in papers]


def _rows(papers: list[str], only: Sequence[str] | None) -> list[Row]:
    """The rows with the ids in ``only``, or those of the papers; at least one."""
    if not isinstance(only, (list, tuple, set, type(None))):
        raise TypeError(
            f"only = {only!r} is a {type(only).__name__}; it must be a list of ledger ids; "
            "pass for example ['T21-prop2']"
        )
    if only is None:
        rows = [row for row in LEDGER.values() if row.paper in papers]
    else:
        rows = [find_row(row_id) for row_id in only]
    if not rows:
        empty = f"papers = {papers!r}" if only is None else f"only = {only!r}"
        raise ValueError(
            f"{empty} selects no statement; at least one must run; leave it out to run all"
        )
    return rows


def _result(row: Row, findings: tuple[Finding, ...]) -> RowResult:
    return RowResult(
        id=row.id,
        number=row.number,
        kind=row.kind,
        truth=row.truth,
        verdict=row.verdict,
        printed=row.printed,
        reading=row.reading,
        repaired=row.repaired,
        remark=row.remark,
        confirmed=all(finding.ok for finding in findings),
        findings=findings,
        same_as=row.same_as,
    )


def _run_row(row_id: str, quick: bool, seed: int) -> tuple[Finding, ...]:
    """Findings of one row, the same wherever it runs.

    The row has a random stream of its own and one BLAS thread.
    """
    rng = np.random.default_rng([seed, zlib.crc32(row_id.encode())])
    with one_blas_thread():
        findings = [evidence.run(row_id, item, rng, quick) for item in LEDGER[row_id].evidence]
    return tuple(finding for several in findings for finding in several)


def _run_named(row_id: str, quick: bool, seed: int) -> tuple[str, tuple[Finding, ...]]:
    """A row's id and its findings."""
    return row_id, _run_row(row_id, quick, seed)


def _outcomes(
    row_ids: list[str], quick: bool, seed: int, n_jobs: int, backend: str
) -> Iterable[tuple[Finding, ...]]:
    """Findings of the rows, in order, each as soon as it is known."""
    if n_jobs == 1 and backend != "dask":
        return (_run_row(row_id, quick, seed) for row_id in row_ids)
    try:
        from joblib import Parallel, delayed, parallel_config
    except ImportError as error:
        raise ImportError(
            f"n_jobs = {n_jobs} needs joblib, which is not installed; "
            "pip install 'gsae_ref[parallel]'"
        ) from error
    if backend == "dask":
        _check_cluster()

    def outcomes() -> Iterator[tuple[Finding, ...]]:
        workers = -1 if backend == "dask" else n_jobs  # a cluster is used whole
        done: dict[str, tuple[Finding, ...]] = {}
        waiting = iter(row_ids)
        awaited = next(waiting)
        with parallel_config(backend=backend):
            for row_id, findings in Parallel(n_jobs=workers, return_as="generator_unordered")(
                delayed(_run_named)(row_id, quick, seed) for row_id in _in_turn(row_ids)
            ):
                done[row_id] = findings
                while awaited in done:
                    yield done.pop(awaited)
                    awaited = next(waiting, "")

    return outcomes()


def _in_turn(row_ids: list[str]) -> list[str]:
    """The order in which rows are started in processes.

    >>> _in_turn(["T21-eq1", "T21-eq2", "N19-eq1", "R2", "R16", "R17"])
    ['R16', 'T21-eq1', 'R2', 'R17', 'T21-eq2', 'N19-eq1']
    """
    first = [row_id for row_id in row_ids if row_id == SLOWEST]
    slow = [row_id for row_id in row_ids if row_id in SLOW]
    quick = [row_id for row_id in row_ids if row_id not in (SLOWEST, *SLOW)]
    soon = len(quick) // 3  # printed before the slow ones are known
    return [*first, *quick[:soon], *slow, *quick[soon:]]


def _check_cluster() -> None:
    """Refuse a Dask cluster whose workers lack this package or have another version of it.

    With such workers joblib would wait for ever.
    """
    from dask.distributed import get_client

    try:
        client = get_client()
    except ValueError as error:
        raise ValueError(
            "backend = 'dask', but no Dask client is active; one must be; "
            "create one: dask.distributed.Client()"
        ) from error
    try:
        versions = set(client.run(_version).values())
    except Exception as error:  # whatever the import raised on the worker
        raise ImportError(
            f"a Dask worker cannot import gsae_ref ({error}); all workers must; install it there"
        ) from error
    if versions != {_version()}:
        raise ImportError(
            f"Dask workers have gsae_ref {sorted(versions)}, this process has {_version()}; "
            "they must agree; update them"
        )


def _version() -> str:
    """The version here; when a worker calls it, the version there."""
    return __version__
